"""One self-contained page: no network, its one script and style sheet named by their hashes, foreign text only text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy.sheets.plots.svg import chart_svg
from dcase_energy.sheets.table import Cell, Column, Overview, Report, Table
from dcase_energy.text import one_line, plural
from dcase_energy.writing.escape import html

_PAGE = Path(__file__).parent.parent / "page"


def write(report: Report) -> dict[str, bytes]:
    """Write a page; figures as people read them, all digits in their tooltips."""
    from markupsafe import Markup

    style, script = _asset("page.css"), _asset("page.js") if report.overview else ""
    page: str = _template().render(
        report=report,
        hashes=[_hash(style), _hash(script)],
        style=Markup(style),
        script=Markup(script),
        charts=[(Markup(chart_svg(chart)), chart) for chart in report.charts],
        overview=None if report.overview is None else _overview(report.overview),
        tables=[(table, Markup(_static(table))) for table in report.page],
        notes=dict.fromkeys(note for sheet in report.sheets for note in sheet.notes),
    )
    return {f"{report.name}.html": page.encode()}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _overview(overview: Overview) -> dict[str, Any]:
    from markupsafe import Markup

    columns = overview.table.columns
    groups = list(dict.fromkeys(column.group for column in columns))
    css = [
        f"g{groups.index(column.group)}{_number(column)}{' label' if column.name == overview.label else ''}"
        for column in columns
    ]
    at = next(place for place, column in enumerate(columns) if column.name == overview.choose)
    chosen = [str(row[at] or "") for row in overview.table.values]
    choices = {text: place for place, text in enumerate(sorted(set(chosen)))}
    views = [(f"v{place}" * (view.rows is not None), view) for place, view in enumerate(overview.views)]
    rows = []
    for place, row in enumerate(overview.table.cells):
        flags = " ".join(flag for flag, view in views if view.rows is not None and place in view.rows)
        about = f'data-choice="{choices[chosen[place]]}" data-flags="{flags}"' + ' class="pale"' * (
            place in overview.pale
        )
        cells = "".join(map(_cell, row, css))
        rows.append(f'<tr id="s{place}" {about}><td class="n place"></td>{cells}</tr>')
    return {
        "summary": overview.summary,
        "choose": columns[at].title,
        "choices": choices,
        "views": views,
        "groups": [(name, name in overview.closed, name in overview.wide) for name in groups],
        "heads": [(column, where, column.name == overview.rank) for column, where in zip(columns, css, strict=True)],
        "rows": Markup("\n".join(rows)),
    }


def _number(column: Column) -> str:
    return "" if column.kind == "text" else " n"


def _static(table: Table) -> str:
    css = [_number(column).strip() for column in table.columns]
    head = "".join(
        f'<th scope="col" class="{where}">{html(column.title)}</th>'
        for column, where in zip(table.columns, css, strict=True)
    )
    rows = "\n".join(f"<tr>{''.join(map(_cell, row, css))}</tr>" for row in table.cells)
    return f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>"


def _cell(cell: Cell, css: str) -> str:
    """A figure with all its digits for programs and tooltips, and its note below it."""
    text = html(cell.shown)
    if cell.tips:
        css += " marked"
        tips = [(html(word), html(cell.tips.get(word, ""))) for word in cell.shown.split(" ")]
        text = " ".join(f'<abbr title="{tip}">{word}</abbr>' if tip else word for word, tip in tips)
    elif css.endswith(" label"):
        text = text.replace("_", "_<wbr>")
    if cell.deviation:
        text += f" ± {html(cell.deviation)}"
    if cell.best:
        text = f"<b>{text}</b>"
    note = f"<small>{html(cell.note)}</small>" if cell.note else ""
    if isinstance(cell.value, str):
        return f'<td class="{css}"><bdi>{text}</bdi>{note}</td>'
    digits = "" if cell.value is None else f' data-v="{cell.value!r}"'
    return f'<td class="{css}"{digits}>{text}{note}</td>'


@cache
def _asset(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"one_line": one_line, "plural": plural}
    return environment.from_string(_asset("page.html.jinja"))
