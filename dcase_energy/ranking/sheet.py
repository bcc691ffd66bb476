"""The columns of a ranking sheet: one list that every format writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dcase_energy.ranking.entry import STAGES
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.stats import Interval

Cell = str | int | float | None
Kind = Literal["text", "integer", "number"]
ENDS = ("low", "high", "interval")


@dataclass(frozen=True, slots=True)
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
    kind
        What its cells hold.
    group
        What it belongs to, for pages that show some columns at a time.
    extra
        Whether the column came with an input table.
    interval_of
        Name of the figure whose interval it is a part of; None for the figures themselves.
    """

    name: str
    title: str
    value: Callable[[Ranked], Cell]
    kind: Kind = "number"
    group: str = "Scores"
    extra: bool = False
    interval_of: str | None = None


def _text(name: str, title: str, value: Callable[[Ranked], Cell], group: str) -> Column:
    return Column(name, title, value, "text", group)


def _integer(name: str, title: str, value: Callable[[Ranked], Cell], group: str) -> Column:
    return Column(name, title, value, "integer", group)


def _energies() -> Iterator[Column]:
    def by_stage(name: str, title: str, table: Callable[[Ranked], object], group: str = "Energy") -> Iterator[Column]:
        for stage in STAGES:
            value = _of_stage(table, stage)
            yield Column(name.format(stage), title.format(stage.capitalize()), value, group=group)

    yield from by_stage("energy_{}_kwh", "{}, kWh", lambda r: r.entry.energy_kwh)
    yield Column("energy_baseline_kwh", "Baseline, kWh", lambda r: _single_baseline(r), group="Energy")
    yield from by_stage("energy_baseline_{}_kwh", "Baseline, {}, kWh", lambda r: r.entry.baseline_kwh)
    yield _text("baseline_evidence", "Baseline is", lambda r: r.entry.baseline_evidence, "Energy")
    yield _text("baseline_source", "Baseline from", lambda r: r.entry.baseline_source, "Energy")
    yield _text("gpu_model", "GPU", lambda r: r.entry.gpu_model, "Energy")
    yield from by_stage("energy_ratio_{}", "{} / baseline", lambda r: r.figures.energy_ratio)
    yield Column(
        "energy_ratio_training_gpu",
        "Training / baseline, GPU alone",
        lambda r: r.figures.energy_ratio_training_gpu,
        group="Energy",
    )
    yield from by_stage("energy_{}_normalized_kwh", "{}, normalised kWh", lambda r: r.figures.energy_normalized_kwh)
    yield _text("not_comparable", "Not divided because", _not_comparable, "Energy")
    weighted = "Energy-weighted"
    yield from by_stage("ew_psds1_{}", "EW-PSDS1, {}", lambda r: r.figures.ew_psds1, weighted)
    yield from by_stage("ew_psds2_{}", "EW-PSDS2, {}", lambda r: r.figures.ew_psds2, weighted)
    yield Column("ranking_score", "Ranking score", lambda r: r.figures.ranking_score)
    yield from by_stage("ew_ranking_score_{}", "EW score, {}", lambda r: r.figures.ew_ranking_score, weighted)
    for stage in STAGES:
        yield _integer(f"ew_rank_{stage}", f"EW rank, {stage.capitalize()}", _ew_rank(stage), weighted)
    yield from by_stage(
        "kwh_per_psds1_point_{}", "kWh per PSDS1 point, {}", lambda r: r.figures.kwh_per_point, weighted
    )
    for part in ("gpu", "cpu", "ram"):
        yield Column(f"energy_training_{part}_kwh", f"Training, {part.upper()}, kWh", _component(part), group="Parts")
    for part in ("gpu", "cpu", "ram"):
        title = f"Baseline training, {part.upper()}, kWh"
        yield Column(f"energy_baseline_training_{part}_kwh", title, _baseline_component(part), group="Parts")
    yield Column("training_share_last_5_percent", "Share for last 5 %", lambda r: r.entry.last_share, group="Parts")


def _of_stage(table: Callable[[Ranked], object], stage: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: table(ranked).get(stage)  # type: ignore[attr-defined]


def _ew_rank(stage: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: ranked.baselines[stage].ew_rank if stage in ranked.baselines else None


def _component(part: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: ranked.entry.components_kwh.get(part)


def _baseline_component(part: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: ranked.entry.baseline_components_kwh.get(part)


def _count(name: str) -> Callable[[Ranked], Cell]:
    """A count, or the text that stood in its place in an input table."""

    def value(ranked: Ranked) -> Cell:
        found: int | None = getattr(ranked.entry, name)
        return ranked.entry.extra.get(name) or found

    return value


def _single_baseline(ranked: Ranked) -> Cell:
    """The one baseline figure of editions that have but one."""
    values = set(ranked.entry.baseline_kwh.values())
    return values.pop() if len(values) == 1 else None


def _not_comparable(ranked: Ranked) -> Cell:
    return "; ".join(dict.fromkeys(ranked.entry.not_comparable.values())) or None


COLUMNS: tuple[Column, ...] = (
    _integer("rank", "Rank", lambda r: r.rank, "System"),
    _text("label", "System", lambda r: r.entry.label, "System"),
    _text("team", "Team", lambda r: r.entry.team, "Team"),
    Column("psds1", "PSDS1", lambda r: r.entry.psds1),
    Column("psds2", "PSDS2", lambda r: r.entry.psds2),
    Column("collar_f1", "Collar-based F1", lambda r: r.entry.collar_f1, group="Other scores"),
    Column("intersection_f1", "Intersection-based F1", lambda r: r.entry.intersection_f1, group="Other scores"),
    _text("scores_are", "Scores are", lambda r: r.entry.scores_are, "Other scores"),
    *_energies(),
    _integer("tied_with", "Tied with", lambda r: r.uncertainty.tied_with, "Certainty"),
    Column(
        "beats_next_probability",
        "Better than next, probability",
        lambda r: r.uncertainty.beats_next and r.uncertainty.beats_next[0],
        group="Certainty",
    ),
    _text("beats_next_basis", "from", lambda r: r.uncertainty.beats_next and r.uncertainty.beats_next[1], "Certainty"),
    _integer("total_parameters", "Parameters", _count("total_parameters"), "Complexity"),
    _integer("macs", "MACs for 10 s", _count("macs"), "Complexity"),
    _integer("ensemble_subsystems", "Subsystems", _count("ensemble_subsystems"), "Complexity"),
    _text("excluded", "Without rank because", lambda r: r.entry.excluded, "Notes"),
    _text("findings", "Findings", lambda r: " ".join(r.entry.findings) or None, "Notes"),
)


def columns_of(ranking: Ranking) -> list[Column]:
    """The columns of a ranking, each with its interval where one is known, then those its input table brought along."""
    with_interval = {name for one in ranking.systems for name in one.uncertainty.intervals}
    if any(one.uncertainty.rank is not None for one in ranking.systems):
        with_interval.add("rank")
    columns = []
    for column in COLUMNS:
        columns.append(column)
        if column.name in with_interval:
            columns += interval_columns(column)
    own = {column.name for column in columns}
    extra = dict.fromkeys(name for one in ranking.systems for name in one.entry.extra if name not in own)
    carried = [Column(name, name, _carried(name), "text", "Other columns", extra=True) for name in extra]
    return [*columns, *carried]


def interval_columns(column: Column) -> list[Column]:
    """The three columns of a figure's interval: its ends, and kind with level."""
    found = []
    for end in ENDS:
        kind: Kind = "text" if end == "interval" else column.kind
        title = f"{column.title}, {end if end != 'interval' else 'interval is'}"
        value = _interval_part(column.name, end)
        found.append(Column(f"{column.name}_{end}", title, value, kind, column.group, interval_of=column.name))
    return found


def interval_of(ranked: Ranked, name: str) -> Interval | None:
    """The interval of a figure of a system, None where none is known."""
    return ranked.uncertainty.rank if name == "rank" else ranked.uncertainty.intervals.get(name)


def _interval_part(name: str, end: str) -> Callable[[Ranked], Cell]:
    def value(ranked: Ranked) -> Cell:
        interval = interval_of(ranked, name)
        if interval is None:
            return None
        return interval.label if end == "interval" else getattr(interval, end)

    return value


def _carried(name: str) -> Callable[[Ranked], Cell]:
    return lambda ranked: ranked.entry.extra.get(name) or None
