"""Markdown tables, as GitHub and Pandoc read them."""

from __future__ import annotations

from dcase_energy.study.sheet import Block, Cell, Sheet
from dcase_energy.writing.escape import markdown


def to_markdown(sheet: Sheet) -> str:
    """Write a sheet; the best figure of a column is bold."""
    parts = [f"# {markdown(sheet.caption)}", *(_block(block) for block in sheet.blocks)]
    if sheet.notes:
        parts.append("\n".join(f"- {markdown(note)}" for note in sheet.notes))
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    numbers = block.rows[0] if block.rows else ()
    rule = ["---:" if cell.number else ":---" for cell in numbers]
    rows = [[markdown(title) for title in block.header], rule, *([_cell(cell) for cell in row] for row in block.rows)]
    return f"## {markdown(block.title)}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Cell) -> str:
    text = markdown(cell.text)
    if cell.deviation:
        text += f" ± {markdown(cell.deviation)}"
    if cell.best:
        text = f"**{text}**"
    return f"{text} ({markdown(cell.note)})".strip() if cell.note else text
