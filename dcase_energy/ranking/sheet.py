"""The columns of a ranking sheet: one list that every format writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dcase_energy.ranking.order import Ranked

Cell = str | int | float | None


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        As in ``ranking.csv``; others' scripts rely on it.
    title
        Heading for people.
    value
        The cell of a system; None is a missing figure.
    extra
        Whether the column came with an input table.
    """

    name: str
    title: str
    value: Callable[[Ranked], Cell]
    extra: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("rank", "Rank", lambda r: r.rank),
    Column("label", "System", lambda r: r.entry.label),
    Column("team", "Team", lambda r: r.entry.team),
    Column("psds1", "PSDS1", lambda r: r.entry.psds1),
    Column("psds2", "PSDS2", lambda r: r.entry.psds2),
    Column("collar_f1", "Collar-based F1", lambda r: r.entry.collar_f1),
    Column("intersection_f1", "Intersection-based F1", lambda r: r.entry.intersection_f1),
    Column("scores_are", "Scores are", lambda r: r.entry.scores_are),
    Column("energy_training_kwh", "Training, kWh", lambda r: r.entry.energy_kwh.get("training")),
    Column("energy_test_kwh", "Test, kWh", lambda r: r.entry.energy_kwh.get("test")),
    Column("energy_baseline_kwh", "Baseline, kWh", lambda r: _single_baseline(r)),
    Column("energy_baseline_training_kwh", "Baseline training, kWh", lambda r: r.entry.baseline_kwh.get("training")),
    Column("energy_baseline_test_kwh", "Baseline test, kWh", lambda r: r.entry.baseline_kwh.get("test")),
    Column("baseline_evidence", "Baseline is", lambda r: r.entry.baseline_evidence),
    Column("energy_ratio_training", "Training / baseline", lambda r: r.figures.energy_ratio["training"]),
    Column("energy_ratio_test", "Test / baseline", lambda r: r.figures.energy_ratio["test"]),
    Column(
        "energy_ratio_training_gpu", "Training / baseline, GPU alone", lambda r: r.figures.energy_ratio_training_gpu
    ),
    Column(
        "energy_training_normalized_kwh",
        "Training, normalised kWh",
        lambda r: r.figures.energy_normalized_kwh["training"],
    ),
    Column("energy_test_normalized_kwh", "Test, normalised kWh", lambda r: r.figures.energy_normalized_kwh["test"]),
    Column("ew_psds1_training", "EW-PSDS1, training", lambda r: r.figures.ew_psds1["training"]),
    Column("ew_psds1_test", "EW-PSDS1, test", lambda r: r.figures.ew_psds1["test"]),
    Column("ew_psds2_training", "EW-PSDS2, training", lambda r: r.figures.ew_psds2["training"]),
    Column("ew_psds2_test", "EW-PSDS2, test", lambda r: r.figures.ew_psds2["test"]),
    Column("ranking_score", "Ranking score", lambda r: r.figures.ranking_score),
    Column("ew_ranking_score_training", "EW ranking score, training", lambda r: r.figures.ew_ranking_score["training"]),
    Column("ew_ranking_score_test", "EW ranking score, test", lambda r: r.figures.ew_ranking_score["test"]),
    Column("total_parameters", "Parameters", lambda r: _count(r, "total_parameters")),
    Column("macs", "MACs for 10 s", lambda r: _count(r, "macs")),
    Column("excluded", "Without rank because", lambda r: r.entry.excluded),
    Column("findings", "Findings", lambda r: " ".join(r.entry.findings) or None),
)


def columns_of(ranked: Sequence[Ranked]) -> list[Column]:
    """The columns of a ranking, then those its input table brought along."""
    own = {column.name for column in COLUMNS}
    extra = dict.fromkeys(name for one in ranked for name in one.entry.extra if name not in own)
    return [*COLUMNS, *(Column(name, name, _carried(name), extra=True) for name in extra)]


def _carried(name: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: ranked.entry.extra.get(name) or None


def _count(ranked: Ranked, name: str) -> Cell:
    """A count, or the text that stood in its place in an input table."""
    value: int | None = getattr(ranked.entry, name)
    return ranked.entry.extra.get(name) or None if value is None else value


def _single_baseline(ranked: Ranked) -> Cell:
    """The one baseline figure of editions that have but one."""
    values = set(ranked.entry.baseline_kwh.values())
    return values.pop() if len(values) == 1 else None
