"""What a score cost on the way, from a log of epochs (`epochs.csv`, as studies write it)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from dcase_energy.documents.tables import read_table
from dcase_energy.findings import Finding
from dcase_energy.ranking.normalize import LARGEST_KWH, energy_ratio
from dcase_energy.stats import first_reaching
from dcase_energy.submission.package import SystemFiles
from dcase_energy.text import plural

LOG = "epochs.csv"
MAX_LOG_BYTES = 10_000_000
SCORE = "intersection_f1_05"


@dataclass(frozen=True, slots=True)
class EpochLog:
    """Energy (kWh) and score of each epoch of a training, in their order."""

    energies_kwh: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def share_of_last(self) -> float | None:
        """Share of the energy spent after the score first reached 95 % of its best.

        None where nothing was spent or no score was above 0.
        """
        total, reached = sum(self.energies_kwh), first_reaching(self.scores, 0.95 * self.best)
        return (
            sum(self.energies_kwh[reached + 1 :]) / total
            if total > 0 and self.best > 0 and reached is not None
            else None
        )

    @property
    def best(self) -> float:
        """The best score of all epochs."""
        return max(self.scores)

    def epoch_of(self, score: float) -> int | None:
        """The first epoch, from 1 on, whose score is at least as high; None where none is."""
        place = first_reaching(self.scores, score)
        return None if place is None else place + 1

    def kwh_to(self, score: float) -> float | None:
        """Energy up to and with the first epoch whose score is at least as high; None where none is."""
        epoch = self.epoch_of(score)
        return None if epoch is None else sum(self.energies_kwh[:epoch])


@dataclass(frozen=True, slots=True)
class ToBaseline:
    """What a training spent until it reached the best score of the baseline's.

    Attributes
    ----------
    kwh, ratio
        Energy, and the same over the baseline's energy that the system is divided by; None where it was not reached or
        is not known.
    epoch
        When, for people.
    """

    kwh: float | None
    ratio: float | None
    epoch: str


def to_baseline(log: EpochLog, score: float, baseline_kwh: float | None) -> ToBaseline:
    """Find when a training reached the baseline's score, and what it had spent by then."""
    epoch, kwh, count = log.epoch_of(score), log.kwh_to(score), plural(len(log.scores), "epoch")
    when = f"never in {count}" if epoch is None else f"epoch {epoch} of {len(log.scores)}"
    return ToBaseline(kwh, energy_ratio(kwh, baseline_kwh), f"{when} ({SCORE} {score:.3f})")


def epoch_log(files: SystemFiles) -> EpochLog | None:
    """A system's own log; None without one, or where a row of it is missing, not complete or cannot be."""
    name = str(PurePosixPath(files.meta).parent / LOG)
    if name not in files.tree.names():
        return None
    data = files.tree.read(name, MAX_LOG_BYTES)
    if isinstance(data, Finding):
        return None
    table = read_table(data, name, required=("epoch", "energy_kwh", SCORE), delimiter=",")
    rows = [[table.number(row, name) for name in ("epoch", "energy_kwh", SCORE)] for row in range(len(table.rows))]
    known = [
        (energy, score)
        for number, (epoch, energy, score) in enumerate(rows, 1)
        if epoch == number and energy is not None and score is not None and 0 <= energy <= LARGEST_KWH
    ]
    if table.findings or not known or len(known) < len(rows):
        return None
    return EpochLog(tuple(energy for energy, _ in known), tuple(score for _, score in known))
