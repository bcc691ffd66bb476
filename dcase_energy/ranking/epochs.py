"""What a score cost on the way, from a log of epochs (`epochs.csv`, as studies write it)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from dcase_energy.documents.epochs import EPOCHS_FILE, MAX_EPOCHS_BYTES, read_epoch_rows
from dcase_energy.findings import Finding
from dcase_energy.ranking.normalize import energy_ratio
from dcase_energy.ranking.rules import EPOCHS_UNUSED
from dcase_energy.stats import first_reaching
from dcase_energy.submission.package import SystemFiles
from dcase_energy.text import plural

SCORE = "intersection_f1_05"
_COLUMNS = ("epoch", "energy_kwh", SCORE)


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


def epoch_log(files: SystemFiles) -> tuple[EpochLog | None, list[Finding]]:
    """A system's own log; None without one.

    None and a finding where a row is missing, not complete or cannot be: nothing is computed from a part of a log.
    """
    name = str(PurePosixPath(files.meta).parent / EPOCHS_FILE)
    if name not in files.tree.names():
        return None, []
    data, unread = files.tree.read(name, MAX_EPOCHS_BYTES)
    if data is None:
        return None, [_unused(unread[0])]
    rows, findings = read_epoch_rows(data, files.tree.where(name), EPOCHS_UNUSED, _COLUMNS, _COLUMNS)
    if findings:
        return None, [_unused(findings[0])]
    energies_kwh, scores = (
        tuple(value for row in rows if (value := row[column]) is not None) for column in _COLUMNS[1:]
    )
    return EpochLog(energies_kwh, scores), []


def _unused(problem: Finding) -> Finding:
    """What is wrong with the file costs the figures of the log, not the rank."""
    return EPOCHS_UNUSED.finding(problem.where, problem.message, expected=problem.expected, found=problem.found)
