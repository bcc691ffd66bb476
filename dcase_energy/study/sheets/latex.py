"""LaTeX tables with the rules of the package booktabs."""

from __future__ import annotations

from dcase_energy.study.sheet import Block, Cell, Sheet
from dcase_energy.writing.escape import LATEX_LONGEST_SENTENCE, latex


def to_latex(sheet: Sheet) -> str:
    """Write a sheet as one table environment; its first line names the packages it needs."""
    lines = ["% needs \\usepackage{booktabs,graphicx} and \\usepackage[T1]{fontenc}"]
    # Characters that the font lacks; a document may define what they become.
    lines += ["\\providecommand{\\foreign}[2]{#2}"]
    lines += ["\\begin{table*}", "\\centering", f"\\caption{{{latex(sheet.caption, LATEX_LONGEST_SENTENCE)}}}"]
    for block in sheet.blocks:
        lines += _block(block)
    lines += [f"\\par\\footnotesize {latex(note, LATEX_LONGEST_SENTENCE)}" for note in sheet.notes]
    return "\n".join([*lines, "\\end{table*}", ""])


def _block(block: Block) -> list[str]:
    numbers = block.rows[0] if block.rows else ()
    columns = "".join("r" if cell.number else "l" for cell in numbers) or "l" * len(block.header)
    return [
        f"\\par\\medskip {latex(block.title)}\\par\\smallskip",
        f"\\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(latex(title) for title in block.header) + " \\\\",
        "\\midrule",
        *(" & ".join(_cell(cell) for cell in row) + " \\\\" for row in block.rows),
        "\\bottomrule",
        "\\end{tabular}}",
    ]


def _cell(cell: Cell) -> str:
    text = latex(cell.text)
    if cell.best:
        text = f"\\textbf{{{text}}}"
    if cell.deviation:
        text += f" $\\pm$ {latex(cell.deviation)}"
    return f"{text} ({latex(cell.note)})".strip() if cell.note else text
