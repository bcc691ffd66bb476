"""LaTeX tables with the rules of the package booktabs."""

from __future__ import annotations

from dcase_energy.study.sheet import Block, Cell, Sheet

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
}


def to_latex(sheet: Sheet) -> str:
    """Write a sheet as one table environment; its first line names the packages it needs."""
    lines = ["% needs \\usepackage{booktabs,graphicx} and \\usepackage[T1]{fontenc}"]
    lines += ["\\begin{table*}", "\\centering", f"\\caption{{{escape(sheet.caption)}}}"]
    for block in sheet.blocks:
        lines += _block(block)
    lines += [f"\\par\\footnotesize {escape(note)}" for note in sheet.notes]
    return "\n".join([*lines, "\\end{table*}", ""])


def _block(block: Block) -> list[str]:
    numbers = block.rows[0] if block.rows else ()
    columns = "".join("r" if cell.number else "l" for cell in numbers) or "l" * len(block.header)
    return [
        f"\\par\\medskip {escape(block.title)}\\par\\smallskip",
        f"\\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(escape(title) for title in block.header) + " \\\\",
        "\\midrule",
        *(" & ".join(_cell(cell) for cell in row) + " \\\\" for row in block.rows),
        "\\bottomrule",
        "\\end{tabular}}",
    ]


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.best:
        text = f"\\textbf{{{text}}}"
    if cell.deviation:
        text += f" $\\pm$ {escape(cell.deviation)}"
    return f"{text} ({escape(cell.note)})".strip() if cell.note else text


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_ESCAPES.get(character, character) for character in " ".join(text.split()))
