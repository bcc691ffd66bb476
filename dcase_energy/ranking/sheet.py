"""The columns of a ranking sheet: one list that every format writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from dcase_energy.editions.model import Edition
from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.ranking.bases import WORK, basis_of, ratio_by, ratio_column, time_ratio, work_ratio
from dcase_energy.ranking.entry import component_column
from dcase_energy.ranking.interval import ENDS
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.sheets.table import Column, ColumnKind, Value
from dcase_energy.stats import Interval

Of = Callable[[Ranked], Mapping[str, float | None]]


@dataclass(frozen=True, slots=True)
class SystemColumn:
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
    group, table
        What it belongs to, for pages that show some columns at a time, and for tables; empty: in no table.
    extra
        Whether the column came with an input table.
    optional
        Whether it is left out where no system has it.
    interval_of
        Name of the figure whose interval it is a part of; None for the figures themselves.
    """

    name: str
    title: str
    value: Callable[[Ranked], Value]
    kind: ColumnKind = "number"
    group: str = "Scores"
    table: str = ""
    extra: bool = False
    optional: bool = False
    interval_of: str | None = None

    @property
    def head(self) -> Column:
        """The column as one of a table."""
        return Column(self.name, self.title, self.kind, self.group)


def _entry(name: str, title: str, kind: ColumnKind, group: str, table: str = "") -> SystemColumn:
    return SystemColumn(name, title, attrgetter(f"entry.{name}"), kind, group, table)


def _not_comparable(ranked: Ranked) -> Value:
    return "; ".join(dict.fromkeys(ranked.entry.not_comparable.values())) or None


# Columns that are the same in every edition, and stand in other tables, too.
COMMON_COLUMNS = {
    column.name: column
    for column in (
        SystemColumn("rank", "Rank", lambda one: one.rank, "integer", "System"),
        _entry("label", "System", "text", "System"),
        _entry("team", "Team", "text", "Team"),
        _entry("gpu_model", "GPU", "text", "Energy"),
        _entry("baseline_evidence", "Baseline is", "text", "Energy", "energy"),
        SystemColumn("not_comparable", "Reason not divided", _not_comparable, "text", "Energy"),
        SystemColumn("ranking_score", "Ranking score", lambda one: one.figures.ranking_score, table="ranking"),
        _entry("excluded", "Reason excluded", "text", "Notes"),
        SystemColumn("findings", "Findings", lambda one: one.entry.open_findings, "text", "Notes", "ranking"),
    )
}


def base_columns(edition: Edition) -> list[SystemColumn]:
    """The columns of an edition, without intervals and other columns of an input table; each name once."""
    counts = [("total_parameters", "Parameters"), ("macs", edition.macs_title), ("ensemble_subsystems", "Subsystems")]
    columns = [
        *(COMMON_COLUMNS[name] for name in ("rank", "label", "team")),
        *(_score(name, score.title, name in edition.ranking.names) for name, score in edition.scores.items()),
        _entry("scores_are", "Scores are", "text", "Other scores"),
        *_energies(edition),
        SystemColumn(
            "tied_with", "Tied with", lambda one: one.uncertainty.tied_with, "integer", "Certainty", "ranking"
        ),
        SystemColumn(
            "beats_next_probability", "Better than next, probability", _beats(0), "number", "Certainty", "ranking"
        ),
        SystemColumn("beats_next_basis", "from", _beats(1), "text", "Certainty"),
        *(SystemColumn(name, title, _count(name), "integer", "Complexity", "complexity") for name, title in counts),
        COMMON_COLUMNS["excluded"],
        COMMON_COLUMNS["findings"],
        SystemColumn(
            "waived",
            "Waived findings",
            lambda one: one.entry.waived_findings,
            "text",
            "Notes",
            "ranking",
            optional=True,
        ),
    ]
    # A score may be a count or an energy, which has a column already: the first is taken.
    return list({column.name: column for column in reversed(columns)}.values())[::-1]


def _by_stage(
    edition: Edition,
    name: str,
    title: str,
    table: Of,
    group: str = "Energy",
    part: str = "energy",
    *,
    optional: bool = False,
) -> Iterator[SystemColumn]:
    """A column for each stage, ``{}`` in name and title being the stage."""
    for stage, one in edition.stages.items():
        heading = title.format(one.title if title.startswith("{}") else one.title.lower())
        yield SystemColumn(name.format(stage), heading, _of(table, stage), "number", group, part, optional=optional)


def _energies(edition: Edition) -> Iterator[SystemColumn]:
    titles = {stage: one.title for stage, one in edition.stages.items()}
    yield from _by_stage(edition, "energy_{}_kwh", "{} (kWh)", lambda one: one.entry.energy_kwh)
    yield SystemColumn("energy_baseline_kwh", "Baseline (kWh)", _single_baseline(edition), "number", "Energy")
    yield from _by_stage(edition, "energy_baseline_{}_kwh", "Baseline, {} (kWh)", lambda one: one.entry.baseline_kwh)
    yield COMMON_COLUMNS["baseline_evidence"]
    yield _entry("baseline_source", "Baseline from", "text", "Energy", "energy")
    yield COMMON_COLUMNS["gpu_model"]
    yield from _by_stage(edition, "energy_ratio_{}", "{} / baseline", lambda one: one.figures.energy_ratio)
    for stage, words in titles.items():
        yield from _ratios(edition, stage, words)
    yield from _of_the_organiser(titles)
    yield from _by_stage(
        edition, "energy_{}_normalized_kwh", "{}, normalised (kWh)", lambda one: one.figures.energy_normalized_kwh
    )
    yield from _by_stage(edition, "duration_{}_s", "{} (s)", lambda one: one.entry.duration_s, optional=True)
    yield from _by_stage(edition, "gpu_hours_{}", "{}, GPU-hours", lambda one: one.entry.gpu_hours, optional=True)
    yield SystemColumn("batch_jobs", "Batch jobs", _batch_jobs, "text", "Energy", optional=True)
    yield COMMON_COLUMNS["not_comparable"]
    yield from _energy_weighted(edition)
    if edition.component_stage is not None:
        yield from _components(edition, titles[edition.component_stage], edition.component_stage)


def _energy_weighted(edition: Edition) -> Iterator[SystemColumn]:
    group = "Energy-weighted"
    for name in edition.weighted_scores:
        title = f"EW-{edition.scores[name].title}, {{}}"
        yield from _by_stage(edition, f"ew_{name}_{{}}", title, _weighted(name), group, "weighted")
    yield COMMON_COLUMNS["ranking_score"]
    ew_score: Of = lambda one: one.figures.ew_ranking_score  # noqa: E731
    yield from _by_stage(edition, "ew_ranking_score_{}", "EW score, {}", ew_score, group, "ranking")
    for stage, one in edition.stages.items():
        title = f"EW rank, {one.title.lower()}"
        yield SystemColumn(f"ew_rank_{stage}", title, _ew_rank(stage), "integer", group, "ranking")
    for name in edition.weighted_scores[:1]:
        title, per_point = f"kWh per {edition.scores[name].title} point, {{}}", lambda one: one.figures.kwh_per_point
        yield from _by_stage(edition, f"kwh_per_{name}_point_{{}}", title, per_point, group, "weighted")


def _of_the_organiser(titles: Mapping[str, str]) -> Iterator[SystemColumn]:
    """What was declared where the organiser measured, the ratio of both, and memory; only where they did."""

    def column(name: str, title: str, value: Callable[[Ranked], Value], kind: ColumnKind = "number") -> SystemColumn:
        return SystemColumn(name, title, value, kind, "Energy", "energy", optional=True)

    def memory(stage: str, name: str) -> Callable[[Ranked], Value]:
        def whole(one: Ranked) -> int | None:
            value = getattr(one.entry.measured.get(stage), name, None)
            return None if value is None else int(value)

        return whole

    for stage, words in titles.items():
        declared = _of(lambda one: one.entry.declared_kwh, stage)
        yield column(f"energy_{stage}_declared_kwh", f"{words}, declared (kWh)", declared)
        yield column(f"energy_{stage}_measured_over_declared", f"{words}, measured / declared", _over_declared(stage))
        for name, what in (("memory", "memory"), ("gpu_memory", "GPU memory")):
            own = memory(stage, f"{name}_bytes")
            yield column(f"{name}_{stage}_bytes", f"{words}, {what} (bytes)", own, "integer")


def _over_declared(stage: str) -> Callable[[Ranked], Value]:
    return lambda one: one.entry.measured_over_declared(stage)


def _ratios(edition: Edition, stage: str, words: str) -> Iterator[SystemColumn]:
    """What stands beside the ratio of totals: by other bases, of own CPU seconds, of durations, and which counts."""

    def column(name: str, title: str, value: Callable[[Ranked], Value], kind: ColumnKind = "number") -> SystemColumn:
        return SystemColumn(name, f"{words} / baseline, {title}", value, kind, "Energy", "energy")

    for basis, title in (("counted", "counted alone"), ("gpu", "GPU alone")):
        yield column(ratio_column(stage, basis), title, _ratio_by(edition, stage, basis))
    yield column(ratio_column(stage, WORK), "work (CPU time)", lambda one: work_ratio(one.entry, stage))
    yield column(f"time_ratio_{stage}", "time", lambda one: time_ratio(one.entry, stage))
    yield column(f"energy_ratio_{stage}_basis", "basis", lambda one: basis_of(one.entry, edition, stage), "text")


def _ratio_by(edition: Edition, stage: str, basis: str) -> Callable[[Ranked], Value]:
    return lambda one: ratio_by(one.entry, edition, stage, basis)


def _components(edition: Edition, words: str, stage: str) -> Iterator[SystemColumn]:
    for part in COMPONENTS:
        own = _of(lambda one: one.entry.components_kwh, part)
        yield SystemColumn(component_column(edition, part), f"{words}, {part.upper()} (kWh)", own, "number", "Parts")
    for part in COMPONENTS:
        name, title = component_column(edition, part, baseline=True), f"Baseline {words.lower()}, {part.upper()} (kWh)"
        yield SystemColumn(name, title, _of(lambda one: one.entry.baseline_components_kwh, part), "number", "Parts")
    for key, title in (("kwh", "kWh"), ("ratio", "over the baseline's")):
        name, heading = f"to_baseline_score_{key}", f"{words} to the baseline's score, {title}"
        yield SystemColumn(name, heading, _to_baseline(key), "number", "Parts", "complexity", optional=True)
    name, heading = "to_baseline_score_epoch", "Baseline's score reached"
    yield SystemColumn(name, heading, _to_baseline("epoch"), "text", "Parts", "complexity", optional=True)
    name, title = f"{stage}_share_last_5_percent", "Share for last 5 %"
    yield SystemColumn(name, title, _last_share, "number", "Parts", "complexity")


def _score(name: str, title: str, ranked_by: bool) -> SystemColumn:
    group, table = ("Scores", "ranking") if ranked_by else ("Other scores", "complexity")
    return SystemColumn(name, title, lambda one: one.entry.scores.get(name), "number", group, table)


def _of(table: Of, key: str) -> Callable[[Ranked], Value]:
    return lambda one: table(one).get(key)


def _weighted(name: str) -> Of:
    return lambda one: one.figures.weighted[name]


def _ew_rank(stage: str) -> Callable[[Ranked], Value]:
    return lambda one: one.baselines[stage].ew_rank if stage in one.baselines else None


def _beats(place: int) -> Callable[[Ranked], Value]:
    return lambda one: one.uncertainty.beats_next and one.uncertainty.beats_next[place]


def _count(name: str) -> Callable[[Ranked], Value]:
    """A count, or the text that stood in its place in an input table."""
    return lambda one: one.entry.extra.get(name) or getattr(one.entry, name)


def _single_baseline(edition: Edition) -> Callable[[Ranked], Value]:
    """The one baseline figure of editions that have but one."""
    several = len({stage.baseline for stage in edition.stages.values()}) > 1

    def value(one: Ranked) -> float | None:
        values = set(one.entry.baseline_kwh.values())
        return None if several or len(values) != 1 else values.pop()

    return value


def _last_share(ranked: Ranked) -> Value:
    return None if ranked.entry.epochs is None else ranked.entry.epochs.share_of_last


def _to_baseline(name: str) -> Callable[[Ranked], Value]:
    return lambda ranked: None if ranked.to_baseline is None else getattr(ranked.to_baseline, name)


def _batch_jobs(ranked: Ranked) -> Value:
    return "; ".join(f"{stage} {job}" for stage, job in ranked.entry.batch_jobs.items()) or None


def columns_of(ranking: Ranking) -> list[SystemColumn]:
    """The columns of a ranking, each with its interval where one is known, then other columns of its input table."""
    with_interval = {name for one in ranking.systems for name in one.uncertainty.intervals}
    if any(one.uncertainty.rank is not None for one in ranking.systems):
        with_interval.add("rank")
    columns = []
    for column in base_columns(ranking.edition):
        if column.optional and all(column.value(one) is None for one in ranking.systems):
            continue
        columns.append(column)
        if column.name == "macs" and any(one.entry.macs_counter for one in ranking.systems):
            columns.append(_entry("macs_counter", "MACs counted by", "text", "Complexity", "complexity"))
        if column.name in with_interval:
            columns += interval_columns(column)
    own = {column.name for column in columns}
    extra = dict.fromkeys(name for one in ranking.systems for name in one.entry.extra if name not in own)
    others = [SystemColumn(name, name, _other(name), "text", "Other columns", extra=True) for name in extra]
    return [*columns, *others]


def interval_columns(column: SystemColumn) -> list[SystemColumn]:
    """The three columns of a figure's interval: its ends, and kind with level."""
    found = []
    for end in ENDS:
        kind: ColumnKind = "text" if end == "interval" else column.kind
        title = f"{column.title}, {end if end != 'interval' else 'interval is'}"
        value = _interval_part(column.name, end)
        found.append(SystemColumn(f"{column.name}_{end}", title, value, kind, column.group, interval_of=column.name))
    return found


def interval_of(ranked: Ranked, name: str) -> Interval | None:
    """The interval of a figure of a system, None where none is known."""
    return ranked.uncertainty.rank if name == "rank" else ranked.uncertainty.intervals.get(name)


def _interval_part(name: str, end: str) -> Callable[[Ranked], Value]:
    def value(ranked: Ranked) -> Value:
        interval = interval_of(ranked, name)
        if interval is None:
            return None
        return interval.label if end == "interval" else getattr(interval, end)

    return value


def _other(name: str) -> Callable[[Ranked], Value]:
    return lambda ranked: ranked.entry.extra.get(name) or None
