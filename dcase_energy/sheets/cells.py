"""Cells and tables of a page as HTML; foreign text is only ever text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dcase_energy.sheets.report import Bar, Overview
from dcase_energy.sheets.table import Badge, Cell, Column, Table
from dcase_energy.writing.escape import html


def overview_rows(overview: Overview) -> str:
    """Return a body for each row of an overview, so that what belongs to it moves with it."""
    columns = overview.table.columns
    css = [f"c{place}{number_class(column)}" for place, column in enumerate(columns)]
    label, team = map(overview.table.place, (overview.label, overview.choose))
    cells, choices = overview.table.cells, choices_of(overview)
    bars = {
        place: _Scale.of(overview.bars[column.name], [row[place].value for row in cells])
        for place, column in enumerate(columns)
        if column.name in overview.bars
    }
    same = {place for place, basis in enumerate(column_bases(overview)) if basis}
    cells = [[replace(cell, basis="") if place in same else cell for place, cell in enumerate(row)] for row in cells]
    bodies = []
    for number, row in enumerate(cells):
        kind = overview.references.get(number)
        shown = "".join(
            _cell(cell, css[place], bars.get(place)) if place != label else _heading(cell, css[place], kind)
            for place, cell in enumerate(row)
        )
        about = f'data-choice="{choices[str(row[team].value or "")]}"{_about(overview, number)}'
        why = overview.reasons.get(number)
        below = (
            ""
            if why is None
            else f'<tr class="why"><td colspan="{len(columns) + 1}"><bdi>No rank: {html(why)}</bdi></td></tr>'
        )
        bodies.append(f'<tbody id="s{number}" {about}><tr><td class="n place"></td>{shown}</tr>{below}</tbody>')
    return "\n".join(bodies)


def _about(overview: Overview, number: int) -> str:
    """Of which views a row is, and whether it has no rank or others are compared with it."""
    flags = " ".join(f"v{n}" for n, view in enumerate(overview.views) if view.rows and number in view.rows)
    kinds = [("base", number in overview.references), ("out", number in overview.reasons)]
    kind = " ".join(name for name, fits in kinds if fits)
    return (f' data-flags="{flags}"' if flags else "") + _class(kind)


def column_bases(overview: Overview) -> list[str]:
    """The basis of all figures of each column, for its head; empty where there is none or several."""
    columns = zip(*overview.table.cells, strict=True)
    found = [{cell.basis for cell in column if cell.basis} for column in columns]
    return [next(iter(bases)) if len(bases) == 1 else "" for bases in found] or [""] * len(overview.table.columns)


def choices_of(overview: Overview) -> dict[str, int]:
    """What rows can be marked by, in order, each with its number."""
    at = overview.table.place(overview.choose)
    texts = {str(row[at] or "") for row in overview.table.values}
    return {text: place for place, text in enumerate(sorted(texts))}


def table_rows(table: Table, rows: Mapping[str, int]) -> str:
    """Return head and body of a table below; a cell that names a row of the overview leads to it."""
    css = [number_class(column).strip() for column in table.columns]
    head = "".join(
        f'<th scope="col"{_class(where)}>{html(column.title)}</th>'
        for column, where in zip(table.columns, css, strict=True)
    )
    body = []
    for row in table.cells:
        about = next((rows[text] for cell in row[:1] if (text := str(cell.value)) in rows), None)
        anchor = next((cell.anchor for cell in row if cell.anchor), "")
        which = (f' id="{html(anchor)}"' if anchor else "") + ("" if about is None else f' data-row="{about}"')
        body.append(f"<tr{which}>{''.join(map(_cell, row, css))}</tr>")
    lines = "\n".join(body)
    return f"<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody>"


def number_class(column: Column) -> str:
    """The class of a column: figures stand on the right."""
    return "" if column.kind == "text" else " n"


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""


def _heading(cell: Cell, css: str, kind: str | None) -> str:
    text = html(cell.shown).replace("_", "_<wbr>")
    note = f'<small dir="auto">{html(cell.note)}</small>' if cell.note else ""
    note += f'<small class="badge">{html(kind)}</small>' if kind else ""
    return f'<th scope="row" class="{css} label"><bdi>{text}</bdi>{note}</th>'


def _cell(cell: Cell, css: str, scale: _Scale | None = None) -> str:
    """A figure with all its digits for programs and tooltips, what stands beside it, and its note below it."""
    note = f"<small>{html(cell.note)}</small>" if cell.note else ""
    if cell.badges:
        return f"<td{_class(css)}>{' '.join(map(_badge, cell.badges))}{note}</td>"
    text = html(cell.shown)
    if cell.deviation:
        text += f" ± {html(cell.deviation)}"
    if cell.best:
        text = f"<b>{text}</b>"
    if isinstance(cell.value, str):
        return f"<td{_class(css)}><bdi>{text}</bdi>{note}</td>"
    digits = "" if cell.value is None else f' data-v="{cell.value!r}"'
    basis = f'<small class="basis">{html(cell.basis)}</small>' if cell.basis else ""
    bar = "" if scale is None or cell.value is None else scale.bar(float(cell.value))
    return f"<td{_class(css)}{digits}>{basis}{text}{_change(cell.change)}{bar}{note}</td>"


def _change(places: int | None) -> str:
    """A sign for eyes and words for ears."""
    if places is None:
        return ""
    if not places:
        return ' <span class="same">=<span class="aside"> same place</span></span>'
    kind, sign, words = ("up", "▲", "better") if places > 0 else ("down", "▼", "worse")
    spoken = f'<span class="aside"> places {words}</span>'
    return f' <span class="{kind}"><span aria-hidden="true">{sign}</span>{abs(places)}{spoken}</span>'


def _badge(badge: Badge) -> str:
    text, tip = html(badge.text), f' data-tip="{html(badge.tip)}"' if badge.tip else ""
    if badge.target:
        return f'<a class="badge {badge.kind}" href="#{html(badge.target)}"{tip}>{text}</a>'
    return f'<span class="badge {badge.kind}"{tip}>{text}</span>'


class _Scale:
    """Turns figures into lengths from 0 to 100.

    Parameters
    ----------
    low, high, bar
        The ends, and what the bars are like.
    """

    def __init__(self, low: float, high: float, bar: Bar) -> None:
        self._low, self._high, self._bar = low, high, bar

    @classmethod
    def of(cls, bar: Bar, values: Sequence[object]) -> _Scale | None:
        """A scale for the figures of a column; None where they have none."""
        known = [float(value) for value in values if isinstance(value, int | float) and (value > 0 or not bar.log)]
        ends = [*known, *([] if bar.reference is None else [bar.reference])]
        low, high = (min(ends), max(ends)) if known else (0.0, 0.0)
        if not bar.log:
            return cls(0.0, high, bar) if low >= 0 < high else None
        # At least from half to twice what is marked: small differences stay small.
        middle = bar.reference or math.sqrt(low * high)
        return cls(min(low, middle / 2), max(high, middle * 2), bar) if low > 0 else None

    def _place(self, value: float) -> float:
        if self._bar.log:
            return 100 * math.log(value / self._low) / math.log(self._high / self._low)
        return 100 * (value - self._low) / (self._high - self._low)

    def bar(self, value: float) -> str:
        """A bar, from the reference where there is one and lengths are of logarithms, and a line at the reference."""
        if self._bar.log and value <= 0:
            return ""
        reference = None if self._bar.reference is None else self._place(self._bar.reference)
        start, end = sorted((self._place(value), reference if self._bar.log and reference is not None else 0.0))
        kind = "" if reference is None else ' class="above"' if self._place(value) > reference else ' class="below"'
        line = f'<line x1="{reference:.1f}%" x2="{reference:.1f}%" y1="0" y2="100%"/>' if reference is not None else ""
        rect = f'<rect{kind} x="{start:.1f}%" width="{max(end - start, 0.5):.1f}%" y="25%" height="50%"/>'
        return f'<svg class="bar" aria-hidden="true">{rect}{line}</svg>'
