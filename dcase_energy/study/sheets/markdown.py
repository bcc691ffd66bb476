"""Markdown tables, as GitHub and Pandoc read them."""

from __future__ import annotations

import re

from dcase_energy.study.sheet import Block, Cell, Sheet

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#&!$])")


def to_markdown(sheet: Sheet) -> str:
    """Write a sheet; the best figure of a column is bold."""
    parts = [f"# {escape(sheet.caption)}", *(_block(block) for block in sheet.blocks)]
    if sheet.notes:
        parts.append("\n".join(f"- {escape(note)}" for note in sheet.notes))
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    numbers = block.rows[0] if block.rows else ()
    rule = ["---:" if cell.number else ":---" for cell in numbers]
    rows = [[escape(title) for title in block.header], rule, *([_cell(cell) for cell in row] for row in block.rows)]
    return f"## {escape(block.title)}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.deviation:
        text += f" ± {escape(cell.deviation)}"
    if cell.best:
        text = f"**{text}**"
    return f"{text} ({escape(cell.note)})".strip() if cell.note else text


def escape(text: str) -> str:
    """Text that Markdown shows as it stands: no markup, no HTML, no second row."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
