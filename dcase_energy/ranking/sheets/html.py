"""One self-contained page: no network, its one script and style sheet named by their hashes, foreign text only text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy import __version__
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.plots.charts import Bars, Chart, charts_of
from dcase_energy.ranking.plots.svg import MOST_NAMED, chart_svg, escape, is_thinned
from dcase_energy.ranking.sheet import Cell, Column, columns_of, interval_of
from dcase_energy.ranking.tables import (
    Table,
    describe_formulas,
    describe_intervals,
    sensitivity_tables,
    show,
)
from dcase_energy.ranking.views import View, views_of
from dcase_energy.rules import get
from dcase_energy.text import one_line

_GROUPS = (
    "System",
    "Team",
    "Scores",
    "Notes",
    "Certainty",
    "Energy-weighted",
    "Energy",
    "Other scores",
    "Complexity",
    "Parts",
)
_OPEN_GROUPS = {"System", "Team", "Notes", "Scores", "Energy-weighted", "Energy"}
# On a phone these wait to be asked for.
_WIDE_GROUPS = {"Team"}
# What a view is sorted by in the page's table, and the way; fronts rise with what the score is set against.
_SORTED_BY = {
    "score": ("ranking_score", -1),
    "team_best": ("ranking_score", -1),
    "no_ensembles": ("ranking_score", -1),
    "ew_training": ("ew_ranking_score_training", -1),
    "ew_test": ("ew_ranking_score_test", -1),
    "front_macs": ("macs", 1),
    "front_parameters": ("total_parameters", 1),
}
_FRONT_ENERGY = {
    "common_reference": "energy_{}_normalized_kwh",
    "ratio": "energy_ratio_{}",
    "none": "energy_{}_kwh",
}
_LONGEST_OPTION = 60
# More rows than a browser lays out at once: the rest waits in a template that the page's script takes them from.
MOST_ROWS = 500
_ALL = {"score", "ew_training", "ew_test"}


def to_html(ranking: Ranking) -> str:
    """Write a ranking as a page; figures with four significant digits, all digits in their tooltips."""
    from markupsafe import Markup

    columns = _columns(ranking)
    groups = list(dict.fromkeys(column.group for column in columns))
    teams = sorted({one.entry.team for one in ranking.systems})
    views = views_of(ranking)
    style, script = _asset("page.css"), _asset("page.js")
    rows = _rows(ranking, columns, groups, {team: place for place, team in enumerate(teams)}, views)
    page: str = _template().render(
        edition=ranking.edition,
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        placed=len(ranking.placed),
        charts=[_chart(chart) for chart in charts_of(ranking)],
        views=[_view(view, ranking) for view in views] or [_NO_VIEW],
        teams=[_short(team) for team in teams],
        groups=[{"name": name, "open": name in _OPEN_GROUPS, "wide": name in _WIDE_GROUPS} for name in groups],
        columns=[_head(column, groups) for column in columns],
        step=MOST_ROWS,
        rows=Markup("\n".join(rows[:MOST_ROWS])),
        rest=Markup("".join(rows[MOST_ROWS:])),
        systems=len(ranking.systems),
        tables=[_static(table) for table in sensitivity_tables(ranking)],
        notes=[*describe_formulas(ranking.edition), *describe_intervals(ranking)],
        version=__version__,
    )
    return page


_NO_VIEW = {"title": "All systems", "sort": "label", "direction": 1, "flag": ""}


def _short(team: str) -> str:
    """A team's name for a list to choose from."""
    name = one_line(team) or "(no name)"
    return name if len(name) <= _LONGEST_OPTION else f"{name[:_LONGEST_OPTION]}…"


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _chart(chart: Chart) -> dict[str, Any]:
    from markupsafe import Markup

    missing = f"{chart.missing} systems without the figure are not in it." if chart.missing else ""
    if isinstance(chart, Bars):
        note = f"{chart.missing} more are left out." if chart.missing else ""
    elif chart.ranks:
        note = f"Above the dashed line a system gains by its energy, below it loses. {missing}"
    else:
        note = f"The line is the Pareto front. {missing}"
    if is_thinned(chart):
        note += f" More than {MOST_NAMED} systems: points that are not on the line have no names and are not links."
    return {"svg": Markup(chart_svg(chart)), "title": chart.title, "note": note}


def _view(view: View, ranking: Ranking) -> dict[str, Any]:
    if view.name in _SORTED_BY:
        sort, direction = _SORTED_BY[view.name]
    else:
        kind = ranking.edition.normalisation.kind
        pattern = _FRONT_ENERGY["common_reference" if ranking.reference and kind == "ratio" else kind]
        sort, direction = pattern.format(view.name.removeprefix("front_")), 1
    return {"title": view.title, "sort": sort, "direction": direction, "flag": "" if view.name in _ALL else view.name}


def _head(column: Column, groups: Sequence[str]) -> dict[str, Any]:
    return {"name": column.name, "title": one_line(column.title), "css": _css(column, column.kind != "text", groups)}


def _css(column: Column, number: bool, groups: Sequence[str]) -> str:
    label = " label" if column.name == "label" else ""
    return f"g{groups.index(column.group)}{' n' if number else ''}{label}"


def _rows(
    ranking: Ranking, columns: Sequence[Column], groups: Sequence[str], teams: Mapping[str, int], views: Sequence[View]
) -> list[str]:
    """The rows of the table. Not by the template: a table of 10,000 systems has a third of a million cells."""
    flags: dict[int, list[str]] = {}
    for view in views:
        if view.name not in _ALL:
            for _, one in view.rows:
                flags.setdefault(id(one), []).append(view.name)
    styles = [(column, _css(column, True, groups), _css(column, False, groups)) for column in columns]
    rows = []
    for place, one in enumerate(ranking.systems):
        excluded = ' class="excluded"' if one.rank is None else ""
        about = f'data-team="{teams[one.entry.team]}" data-flags="{" ".join(flags.get(id(one), ()))}"{excluded}'
        cells = "".join([_cell(column, one, *css) for column, *css in styles])
        rank = "" if one.rank is None else one.rank
        rows.append(f'<tr id="s{place}" {about}><td class="n place">{rank}</td>{cells}</tr>')
    return rows


def _cell(column: Column, one: Ranked, number_css: str, text_css: str) -> str:
    value = column.value(one)
    if value is None or value == "":
        return f'<td class="{text_css}"></td>'
    if column.name == "findings" and not column.extra:
        return f'<td class="{text_css} marked"><bdi>{_codes(one)}</bdi></td>'
    if isinstance(value, str):
        text = escape(value)
        if column.name == "label":
            text = text.replace("_", "_<wbr>")
        return f'<td class="{text_css}"><bdi>{text}</bdi></td>'
    interval = interval_of(one, column.name)
    ends = "" if interval is None else f"{show(interval.low)} to {show(interval.high)}"
    if column.name == "rank" and one.uncertainty.tied_with:
        ends = f"{ends}{' ' * bool(ends)}≈ {one.uncertainty.tied_with}"
    small = f"<small>{ends}</small>" if ends else ""
    text = show(value, grouped=column.name != "rank")
    return f'<td class="{number_css}" data-v="{value!r}">{text}{small}</td>'


def _codes(one: Ranked) -> str:
    """The codes of what was found in a system, each with what its rule demands."""
    rules = {code: get(code) for code in one.entry.findings}
    return " ".join(
        escape(code) if rule is None else f'<abbr title="{escape(rule.title)}">{escape(code)}</abbr>'
        for code, rule in rules.items()
    )


def _static(table: Table) -> dict[str, Any]:
    from markupsafe import Markup

    def cell(value: Cell) -> str:
        if value is None or isinstance(value, str):
            return f"<td><bdi>{escape(value or '')}</bdi></td>"
        return f'<td class="n" title="{value!r}">{show(value)}</td>'

    rows = "\n".join(f"<tr>{''.join([cell(value) for value in row])}</tr>" for row in table.rows[:MOST_ROWS])
    cut = f" The first {MOST_ROWS}; all are in the other sheets." if len(table.rows) > MOST_ROWS else ""
    return {
        "name": table.name,
        "title": table.title,
        "note": f"{table.note}{cut}",
        "head": [title for _, title in table.columns],
        "rows": Markup(rows),
        "count": len(table.rows),
    }


def _columns(ranking: Ranking) -> list[Column]:
    """The columns with something in them, by group; intervals stand in the cells of their figures."""
    single = ranking.edition.normalisation.kind != "ratio"
    other = {"energy_baseline_training_kwh", "energy_baseline_test_kwh"} if single else {"energy_baseline_kwh"}
    found = [c for c in columns_of(ranking) if c.interval_of is None and c.name not in other and _filled(c, ranking)]
    order = [*_GROUPS, *dict.fromkeys(column.group for column in found)]
    return sorted(found, key=lambda column: order.index(column.group))


def _filled(column: Column, ranking: Ranking) -> bool:
    return column.name == "rank" or any(column.value(one) is not None for one in ranking.systems)


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_asset("ranking.html.jinja"))
