"""What the last few per cent of a score cost, from a log of epochs (`epochs.csv`, as studies write it)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from dcase_energy.documents.tables import read_table
from dcase_energy.findings import Finding
from dcase_energy.submission.package import SystemFiles

LOG = "epochs.csv"
MAX_LOG_BYTES = 10_000_000
SCORE = "intersection_f1_05"


def share_of_last(energies_kwh: Sequence[float], scores: Sequence[float], last: float = 0.05) -> float | None:
    """Share of the energy spent after the score first reached all but the ``last`` part of its best.

    Parameters
    ----------
    energies_kwh, scores
        Of each epoch, in their order.
    last
        0.05 for the last 5 %.

    Returns
    -------
    float or None
        A fraction; None where nothing was spent or no score was above 0.
    """
    total, best = sum(energies_kwh), max(scores, default=0.0)
    if total <= 0 or best <= 0:
        return None
    reached = next(place for place, score in enumerate(scores) if score >= (1 - last) * best)
    return sum(energies_kwh[reached + 1 :]) / total


def last_share(files: SystemFiles) -> float | None:
    """The same from a system's own log; None without one, or where a row of it is not complete."""
    name = str(PurePosixPath(files.meta).parent / LOG)
    if name not in files.tree.names():
        return None
    data = files.tree.read(name, MAX_LOG_BYTES)
    if isinstance(data, Finding):
        return None
    table = read_table(data, name, required=("epoch", "energy_kwh", SCORE), delimiter=",")
    rows = [(table.number(row, "energy_kwh"), table.number(row, SCORE)) for row in range(len(table.rows))]
    complete = [(energy, score) for energy, score in rows if energy is not None and score is not None]
    if table.findings or any(energy < 0 for energy, _ in complete):
        return None
    return share_of_last([energy for energy, _ in complete], [score for _, score in complete])
