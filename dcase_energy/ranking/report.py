"""What the sheets of a ranking show: tables for people and programs, the page, the charts. No format is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dcase_energy import __version__
from dcase_energy.ranking.bases import name_basis, official_basis
from dcase_energy.ranking.charts import charts_of
from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.page import findings_table, overview_of
from dcase_energy.ranking.sheet import SystemColumn, columns_of
from dcase_energy.ranking.site import site_of
from dcase_energy.ranking.tables import (
    describe_formulas,
    describe_intervals,
    describe_reference,
    group_tables,
    left_out,
    not_divided,
    sensitivity_tables,
    view_table,
)
from dcase_energy.ranking.tradeoffs import all_views, why_no_track
from dcase_energy.ranking.views import View
from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Table, data_table

SCHEMA_VERSION = "1.1"
_ENDING = "An empty cell is a figure that is not known. A system without a rank says why. Equal scores share a rank."


def report_of(ranking: Ranking) -> Report:
    """Return everything that the sheets of a ranking show."""
    edition, columns, views = ranking.edition, columns_of(ranking), all_views(ranking)
    main, checks = systems_table(ranking, columns), sensitivity_tables(ranking)
    below = [*checks.values(), *(view_table(view) for view in views if view.name != "score")]
    tables = [*group_tables(ranking), *below, *not_divided(ranking), *left_out(ranking)]
    origin = ", ".join(filter(None, [f"Edition {edition.name}", name_basis(edition), f"dcase-energy {__version__}."]))
    notes = [
        *describe_formulas(edition),
        *describe_reference(ranking),
        *describe_intervals(ranking),
        *why_no_track(ranking),
        _ENDING,
    ]
    return Report(
        "ranking",
        edition.title,
        sheets=[Sheet("ranking", edition.title, tables, notes)],
        data=[main, _all_views(views), *_all_checks(checks)],
        facts=_facts(ranking, main, views, checks),
        book=[main, *below],
        page=[*filter(None, [findings_table(ranking)]), *checks.values()],
        overview=overview_of(ranking, columns, views),
        charts=charts_of(ranking),
        site=site_of(ranking),
        origin=origin,
    )


def systems_table(ranking: Ranking, columns: Sequence[SystemColumn]) -> Table:
    """Return all systems with their figures in some columns, for programs."""
    rows = [[column.value(one) for column in columns] for one in ranking.systems]
    return Table("ranking", "Ranking", [column.head for column in columns], rows)


def _all_views(views: Sequence[View]) -> Table:
    """All views below each other; ``figure`` is what a view is ordered by, or what its front is against."""
    rows = [
        [view.name, place, one.entry.label, one.entry.team, one.figures.ranking_score, view.figure(one)]
        for view in views
        for place, one in view.rows
    ]
    return data_table("ranking_views", ["view", "place", "label", "team", "ranking_score", "figure"], rows)


def _all_checks(checks: Mapping[str, Table]) -> list[Table]:
    """The sensitivity to the baseline energy, all stages below each other."""
    if not checks:
        return []
    rows = [[stage, *row] for stage, check in checks.items() for row in check.rows]
    columns = next(iter(checks.values())).columns
    return [data_table("ranking_sensitivity", ["stage", *(column.name for column in columns)], rows)]


def _facts(ranking: Ranking, main: Table, views: Sequence[View], checks: Mapping[str, Table]) -> dict[str, Any]:
    """The content of the JSON file; `schemas/records/ranking.schema.json` describes it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "edition": ranking.edition.name,
        "basis": official_basis(ranking.edition),
        "formulas": describe_formulas(ranking.edition),
        "reference_kwh": None if ranking.reference is None else dict(ranking.reference),
        "systems": main.records,
        "views": {
            view.name: [
                {"place": place, "label": one.entry.label, "figure": view.figure(one)} for place, one in view.rows
            ]
            for view in views
        },
        "sensitivity": {stage: check.records for stage, check in checks.items()},
    }
