"""A ranking as the table of a challenge's website: its columns, marked rows, the chart and the text around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.bases import energy_column, official_basis, ratio_column
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import SystemColumn, base_columns, interval_of
from dcase_energy.ranking.tables import left_out, not_divided
from dcase_energy.sheets.report import SiteColumn, SiteTable, SiteValue
from dcase_energy.sheets.table import Value
from dcase_energy.text import plural

_SUBMISSION, _ENERGY, _WEIGHTED = "Submission information", "Energy", "Energy-weighted"
# The columns of a sheet, by name.
_Known = Mapping[str, SystemColumn]
_LEVEL = re.compile(r"[0-9.]+ %")
# What scores are of, by how they are known.
_SCORES_OF = {"scored": "Evaluation dataset", "given": "Evaluation dataset", "stated": "Development dataset, as stated"}


@dataclass(frozen=True, slots=True)
class _Source:
    """A column with its value, and the name of the figure whose interval it may show."""

    column: SiteColumn
    value: Callable[[Ranked], Value]
    figure: str = ""


def site_of(ranking: Ranking) -> SiteTable:
    """Return the table; columns without a figure are left out, and a system without a rank has none in it."""
    systems, edition = ranking.systems, ranking.edition
    known = {column.name: column for column in base_columns(edition)}
    sources = [
        one
        for one in (*_submission(known), *_scores(ranking, known), *_energies(edition, known))
        if one.column.field in {"rank", "code", "ranking_score"} or any(one.value(row) is not None for row in systems)
    ]
    numbered = [one.rank for one in systems] == list(range(1, len(systems) + 1))
    sources = [one for one in sources if not (numbered and one.column.field == "rank")]
    columns = [_with_interval(one, systems) for one in sources]
    shown = [column.field for column in columns]
    stages = [f"energy_{stage}" for stage in edition.stages]
    x = next((name for name in (*stages, "total_parameters", "macs") if name in shown), None)
    y = next(iter(name for name in edition.ranking.names if name in shown), "ranking_score")
    return SiteTable(
        columns,
        [[_cell(one, row) for one in sources] for row in systems],
        f"content/data/{edition.name}/ranking_datatable.yaml",
        "ranking_score",
        descending=edition.ranking_sign > 0,
        scatter=None if x is None else (x, y),
        numbered=numbered,
        highlighted=dict(_highlighted(systems)),
        references={place for place, one in enumerate(systems) if one.entry.is_baseline},
        text=_text(ranking),
        tables=[*not_divided(ranking), *left_out(ranking)],
    )


def _submission(known: _Known) -> Iterator[_Source]:
    yield _Source(SiteColumn("rank", known["rank"].title, "integer"), known["rank"].value)
    yield _Source(SiteColumn("code", "Submission code", "text", _SUBMISSION), known["label"].value)
    yield _Source(
        SiteColumn("name", "Name", "text", _SUBMISSION), lambda one: one.entry.name or one.entry.extra.get("name")
    )
    # The key of the technical report in the bibliography of the page.
    yield _Source(
        SiteColumn("bibtex_key", "Technical report", "key", _SUBMISSION),
        lambda one: one.entry.extra.get("bibtex_key") or None,
    )
    yield _Source(SiteColumn("waived", known["waived"].title, "text", _SUBMISSION), known["waived"].value)


def _number(of: SystemColumn, group: str, field: str = "", *, low: bool = False, axis: bool = True) -> _Source:
    """A column of a sheet with its interval, under another name for programs where one is given."""
    column = SiteColumn(field or of.name, of.title, "number", group, of.title if axis else "", low)
    return _Source(column, of.value, of.name)


def _scores(ranking: Ranking, known: _Known) -> Iterator[_Source]:
    edition = ranking.edition
    group = "Scores"
    if len(origins := {_SCORES_OF.get(one.entry.scores_are or "") for one in ranking.placed}) == 1:
        group = origins.pop() or group
    yield _number(known["ranking_score"], group, low=edition.ranking_sign < 0)
    for name in edition.ranking.names:
        yield _number(known[name], group, low=edition.scores[name].better == "lower")
    for name in ("total_parameters", "macs"):
        if name not in edition.ranking.names:
            title = known[name].title
            yield _Source(SiteColumn(name, title, "integer", group, title), attrgetter(f"entry.{name}"))


def _energies(edition: Edition, known: _Known) -> Iterator[_Source]:
    for stage in edition.stages:
        yield _number(known[energy_column(stage)], _ENERGY, f"energy_{stage}", low=True)
    for stage in edition.stages:
        yield _number(known[f"energy_{stage}_declared_kwh"], _ENERGY, f"energy_{stage}_declared", axis=False)
        yield _number(known[f"energy_{stage}_measured_over_declared"], _ENERGY)
    for stage in edition.stages:
        yield _number(known[ratio_column(stage, official_basis(edition))], _ENERGY, low=True)
    for stage in edition.stages:
        yield _number(known[f"ew_ranking_score_{stage}"], _WEIGHTED)


def _cell(source: _Source, one: Ranked) -> SiteValue:
    value, interval = source.value(one), interval_of(one, source.figure)
    if interval is None or isinstance(value, str | None):
        return value
    return float(value), interval.low, interval.high


def _with_interval(source: _Source, systems: Sequence[Ranked]) -> SiteColumn:
    """The column, whose title says what its intervals are."""
    column = source.column
    labels = [one.label for row in systems if (one := interval_of(row, source.figure)) is not None]
    if not labels:
        return column
    levels = {f"{match[0]} interval" if (match := _LEVEL.search(label)) else label for label in labels}
    words = levels.pop() if len(levels) == 1 else "interval"
    title = f"{column.title} ({words})"
    return replace(column, title=title)


def _highlighted(systems: Sequence[Ranked]) -> Iterator[tuple[int, str]]:
    for place, one in enumerate(systems):
        if one.entry.is_baseline:
            yield place, "active"
        elif one.rank is None:
            yield place, "warning"
        elif one.rank == 1:
            yield place, "info"


def _text(ranking: Ranking) -> list[str]:
    """How many systems of how many teams, and what the marks of rows mean."""
    systems, teams = ranking.systems, {one.entry.team for one in ranking.systems if not one.entry.is_baseline}
    baselines = sum(one.entry.is_baseline for one in systems)
    own = len(systems) - baselines - ranking.unread
    without = len(systems) - len(ranking.placed) - ranking.unread
    first = f"{plural(own, 'system')} of {plural(len(teams), 'team')} were submitted"
    first += f"; {without} without a rank, see below." if without else "; all have a rank."
    if ranking.unread:
        first += f" {plural(ranking.unread, 'package')} had no system that could be read."
    if baselines:
        first += f" The table also has {plural(baselines, 'baseline')}."
    measured = sum(bool(one.entry.declared_kwh) for one in systems)
    if not measured:
        return [first]
    return [first, f"The energy of {plural(measured, 'system')} was measured by the organiser; see both figures below."]
