"""One self-contained page: no network, its one script and style sheet named by their hashes, foreign text only text."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy.sheets import FORMATS, write_report
from dcase_energy.sheets.cells import choices_of, column_bases, number_class, overview_rows, table_rows
from dcase_energy.sheets.plots.svg import chart_style, chart_svg
from dcase_energy.sheets.report import Overview, PageView, Report
from dcase_energy.sheets.table import Column
from dcase_energy.text import one_line, plural

# What the page carries of other formats; larger sheets are downloaded from where the page lies.
MOST_BYTES = 4_000_000
_PAGE = Path(__file__).parent.parent / "page"


def write(report: Report) -> dict[str, bytes]:
    """Write a page; figures as people read them, all digits in their tooltips."""
    from markupsafe import Markup

    columns = len(report.overview.table.columns) if report.overview else 0
    hiding = "".join(f".x{place} .c{place}{{display:none}}" for place in range(columns))
    style, script = _asset("page.css") + chart_style() + hiding, _asset("page.js") if report.overview else ""
    names = _row_names(report.overview) if report.overview else {}
    page: str = template_at(_PAGE / "page.html.jinja").render(
        report=report,
        hashes=[_hash(style), _hash(script)],
        style=Markup(style),
        script=Markup(script),
        charts=[(Markup(chart_svg(chart)), chart) for chart in report.charts],
        overview=None if report.overview is None else _overview(report.overview),
        downloads=_downloads(report) if report.overview else [],
        tables=[(table, Markup(table_rows(table, names))) for table in report.page],
    )
    return {f"{report.name}.html": page.encode()}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _overview(overview: Overview) -> dict[str, Any]:
    from markupsafe import Markup

    columns = overview.table.columns
    views = [(_view(number, view), view) for number, view in enumerate(overview.views)]
    menus = dict.fromkeys(view.menu for view in overview.views if view.menu)
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.group, []).append(column)
    return {
        "choose": columns[overview.table.place(overview.choose)].title,
        "choices": choices_of(overview),
        "views": [(data, view) for data, view in views if not view.menu],
        "menus": {menu: [(data, view) for data, view in views if view.menu == menu] for menu in menus},
        "groups": groups,
        "heads": [
            (f"c{place}{number_class(column)}", column, basis)
            for place, (column, basis) in enumerate(zip(columns, column_bases(overview), strict=True))
        ],
        "rows": Markup(overview_rows(overview)),
    }


def _view(number: int, view: PageView) -> str:
    """What the script needs to know of a view."""
    flag = "" if view.rows is None else f"v{number}"
    facts = {"name": view.name, "sort": view.sort, "direction": view.direction, "flag": flag}
    return json.dumps({**facts, "columns": list(view.columns)})


def _row_names(overview: Overview) -> dict[str, int]:
    at = overview.table.place(overview.label)
    return {str(row[at]): number for number, row in enumerate(overview.table.values)}


def _downloads(report: Report) -> list[tuple[str, str, str]]:
    """Name, type and content of what the other formats write, except for another page: wherever the page is opened."""
    files: dict[str, bytes] = {}
    for name in FORMATS:
        if name not in {"html", "datatable"}:
            files |= write_report(report, [name])
        if sum(map(len, files.values())) > MOST_BYTES:
            return []
    return [
        (name, mimetypes.guess_type(name)[0] or "application/octet-stream", base64.b64encode(content).decode())
        for name, content in files.items()
    ]


@cache
def _asset(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


@cache
def template_at(path: Path) -> Any:
    """Return a page's template: what it writes is escaped, and a name that is not defined is an error."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"one_line": one_line, "plural": plural}
    return environment.from_string(path.read_text(encoding="utf-8"))
