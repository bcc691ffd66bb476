"""Table and page for dcase.community and BioDCASE, which publish by js-datatable and pelican-datatable.

Two programs with different rules read the cells: one when the site is built, the other in the browser. Both put text
into the page as it stands, so text is escaped for HTML in the YAML, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dcase_energy.sheets.formats.md import markdown_table
from dcase_energy.sheets.report import Report, SiteColumn, SiteTable, SiteValue
from dcase_energy.sheets.table import Table
from dcase_energy.text import one_line
from dcase_energy.writing.escape import html, markdown

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_NO_FIELD = re.compile(r"[^A-Za-z0-9_]")
# Decimals that the readers know, and how many digits of the smallest figure must be seen.
_DECIMALS, _SEEN = (3, 4), 2


def write(report: Report) -> dict[str, bytes]:
    """Write data, table and text of the website's table; of a report without one, data and table of each table."""
    if report.site is None:
        tables = {table.name: _site_of(table) for table in report.data}
        return {name: text for stem, table in tables.items() for name, text in _files(stem, table).items()}
    files = _files(report.name, report.site)
    head = files[f"{report.name}_datatable.html"].decode()
    return {**files, f"{report.name}_datatable.md": _page(report, report.site, head).encode()}


def _files(stem: str, site: SiteTable) -> dict[str, bytes]:
    site, types = _typed(site)
    return {
        f"{stem}_datatable.yaml": datatable_yaml(site, types).encode(),
        f"{stem}_datatable.html": datatable_html(site, types).encode(),
    }


def _site_of(table: Table) -> SiteTable:
    columns = [
        SiteColumn(column.name, column.title, column.kind, axis="" if column.kind == "text" else column.title)
        for column in table.columns
    ]
    return SiteTable(columns, table.values, f"content/data/{table.name}_datatable.yaml", columns[0].field)


def _typed(site: SiteTable) -> tuple[SiteTable, list[str]]:
    """The table in columns that the readers can show, and the value type of each; empty: text."""
    columns: list[SiteColumn] = []
    types: list[str] = []
    cells: list[list[SiteValue]] = []
    for place, column in enumerate(site.columns):
        column = replace(column, field=_NO_FIELD.sub("_", column.field))
        values = [row[place] for row in site.rows]
        with_ends = any(isinstance(value, tuple) for value in values)
        kind = _value_type(column, values, with_ends)
        parts = [(column, values)]
        if with_ends and kind.endswith("-exp"):  # no type has exponents and an interval
            parts = [
                (replace(column, field=column.field + end, title=column.title + words), [_part(v, at) for v in values])
                for at, (end, words) in enumerate((("", ""), ("_low", ", low end"), ("_high", ", high end")))
            ]
        for part, its_values in parts:
            columns.append(part)
            types.append(kind)
            cells.append(its_values)
    return replace(site, columns=columns, rows=list(zip(*cells, strict=True))), types


def _part(value: SiteValue, place: int) -> SiteValue:
    if isinstance(value, tuple):
        return value[place]
    return None if place else value


def _value_type(column: SiteColumn, values: Sequence[SiteValue], with_ends: bool) -> str:
    if column.kind in {"text", "key"}:
        return "anchor" if column.kind == "key" else ""
    if column.kind == "integer":
        return "int"
    figures = [value[0] if isinstance(value, tuple) else value for value in values]
    sizes = [abs(figure) for figure in figures if isinstance(figure, int | float) and figure]
    least = min(sizes, default=1.0)
    decimals = next((number for number in _DECIMALS if least * 10**number >= 10 ** (_SEEN - 1)), None)
    if decimals is None:
        return "float3-exp"
    return f"float{decimals}-interval-muted" if with_ends else f"float{decimals}"


def datatable_html(site: SiteTable, types: Sequence[str]) -> str:
    """Return the head of the table; the readers fill its body from the data."""
    rank = ['      <th data-rank="true">Rank</th>'] if site.numbered else []
    groups: list[tuple[str, int]] = [("", 1)] if rank else []
    for column in site.columns:
        if groups and groups[-1][0] == column.group:
            groups[-1] = (column.group, groups[-1][1] + 1)
        else:
            groups.append((column.group, 1))
    before, heads = "", []
    for column, kind in zip(site.columns, types, strict=True):
        heads.append(_head(column, kind, first=column.group not in {"", before}))
        before = column.group
    lines = [*_attributes(site), "  <thead>", "    <tr>", *(_group(name, count) for name, count in groups), "    </tr>"]
    return "\n".join([*lines, "    <tr>", *rank, *heads, "    </tr>", "  </thead>", "</table>", ""])


def _attributes(site: SiteTable) -> Iterator[str]:
    named = next((column.field for column in site.columns if column.kind == "text"), site.columns[0].field)
    order = "desc" if site.descending else "asc"
    drawn = any(column.axis for column in site.columns)
    scatter = site.scatter and tuple(_NO_FIELD.sub("_", field) for field in site.scatter)
    modes, default = ("bar,scatter", "scatter") if scatter else ("bar", "bar")
    yield f'<table class="datatable table table-hover table-condensed" data-yaml="{html(site.source)}"'
    sort = _NO_FIELD.sub("_", site.sort)
    yield (
        f'       data-id-field="{named}" data-sort-name="{sort}" data-sort-order="{order}" '
        'data-rank-mode="grouped_muted"'
    )
    chart = f'data-show-chart="true" data-chart-modes="{modes}"' if drawn else 'data-show-chart="false"'
    yield f'       data-row-highlighting="true" data-pagination="false" {chart}'
    axes = f' data-scatter-x="{scatter[0]}" data-scatter-y="{scatter[1]}"' if scatter else ""
    yield f'       data-chart-default-mode="{default}"{axes} data-bar-hline="true">'


def _group(name: str, count: int) -> str:
    css = ' class="sep-left-cell text-center"' if name else ""
    return f'      <th{css} colspan="{count}">{html(name)}</th>'


def _head(column: SiteColumn, kind: str, *, first: bool) -> str:
    css = [*(["sep-left-cell"] if first else []), *(["text-center"] if column.kind != "text" else [])]
    said = {"class": " ".join(css), "data-field": column.field}
    if column.kind != "key":
        said["data-sortable"] = "true"
    if column.axis:
        said["data-chartable"] = "true"
    if column.low_is_best:
        said["data-reversed"] = "true"
    said |= {"data-value-type": kind, "data-axis-label": column.axis}
    attributes = "".join(f' {name}="{html(value)}"' for name, value in said.items() if value)
    return f"      <th{attributes}>{html(column.title)}</th>"


def datatable_yaml(site: SiteTable, types: Sequence[str]) -> str:
    """Return the data: one mapping a row; what makes the row stand out follows its first group of columns."""
    groups = list(dict.fromkeys(column.group for column in site.columns if column.group))
    opening = groups[0] if groups else ""
    lines = ["data:"]
    for place, row in enumerate(site.rows):
        cells = list(zip(site.columns, types, row, strict=True))
        first = [one for one in cells if one[0].group in {"", opening}]
        pairs = [*_pairs(first), *_marks(site, place), *_pairs([one for one in cells if one not in first])]
        lines += [f"{'    ' if number else '  - '}{name}: {text}" for number, (name, text) in enumerate(pairs)]
    return "\n".join([*lines, ""]) if site.rows else "data: []\n"


def _marks(site: SiteTable, place: int) -> Iterator[tuple[str, str]]:
    if place in site.references:
        yield from (("hline", "true"), ("baseline", "true"))
    if place in site.highlighted:
        yield "row_css", site.highlighted[place]


def _pairs(cells: Sequence[tuple[SiteColumn, str, SiteValue]]) -> Iterator[tuple[str, str]]:
    for column, kind, value in cells:
        # Of a whole number that is missing one of the readers writes "None".
        if value is not None or kind != "int":
            yield column.field, _scalar(kind, value)


def _scalar(kind: str, value: SiteValue) -> str:
    if value is None:
        return "null"
    if "interval" in kind:
        # One digit more than is shown; a decimal point in every number, spaces round the hyphen, no exponent.
        decimals = int(kind[5]) + 1
        numbers = [f"{one:.{decimals}f}" for one in (value if isinstance(value, tuple) else (value,))]
        return f'"{numbers[0]} ({numbers[1]} - {numbers[2]})"' if len(numbers) == 3 else f'"{numbers[0]}"'
    if kind in {"", "anchor"} or isinstance(value, str | tuple):
        return _text(str(value))
    text = repr(float(f"{value:.10g}") if isinstance(value, float) else value)
    return text if "." in text or "e" not in text else text.replace("e", ".0e")


def _text(text: str) -> str:
    safe = html(text)
    plain = _PLAIN.fullmatch(safe) and safe.casefold() not in _YAML_WORDS
    return safe if plain else json.dumps(safe, ensure_ascii=False)


def _page(report: Report, site: SiteTable, table: str) -> str:
    """The text of a results page for Pelican, with the table in it."""
    parts = [f"Title: {one_line(report.title)}", *map(markdown, site.text), "## Systems ranking", table.rstrip("\n")]
    parts += map(markdown_table, site.tables)
    if report.notes:
        parts += ["## How the figures are computed", "\n".join(f"- {markdown(note)}" for note in report.notes)]
    return "\n\n".join([*parts, *([markdown(report.origin)] if report.origin else [])]) + "\n"
