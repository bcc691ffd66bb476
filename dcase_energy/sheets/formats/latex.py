"""LaTeX with the rules of the package booktabs: a document that compiles, or parts for another document."""

from __future__ import annotations

from collections.abc import Sequence

from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Cell, Column, Table
from dcase_energy.text import one_line
from dcase_energy.writing.escape import LATEX_LONGEST_SENTENCE, latex

_PREAMBLE = r"""% Compile it three times: long tables learn the widths of their columns from the last time.
\documentclass[9pt]{extarticle}
\usepackage[a4paper,landscape,margin=12mm]{geometry}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{} % outlines instead of bitmaps
  \newcommand{\foreign}[2]{\texttt{U+#1}}
\else
  \usepackage{fontspec}
  \newcommand{\foreign}[2]{#2}
\fi
\newcommand{\noted}[2]{\begin{tabular}[t]{@{}r@{}}#1\\[-1pt]{\tiny #2}\end{tabular}}
\usepackage{textcomp}
\usepackage{booktabs,longtable,array}
\setlength{\tabcolsep}{3pt}
\setlength{\parindent}{0pt}
\begin{document}
"""
# Characters that the font lacks, and a figure with a note: a document may define what they become.
_FRAGMENT = r"""% needs \usepackage{booktabs,graphicx} and \usepackage[T1]{fontenc}
% \usepackage{lmodern} has outlines in place of bitmaps
\providecommand{\foreign}[2]{#2}
\providecommand{\noted}[2]{#1 (#2)}
\begin{table*}
\centering
"""
_SCALED = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}"
# Text longer than this breaks into lines.
_LONGEST_LINE = 34


def write(report: Report) -> dict[str, bytes]:
    """Write one file for each sheet."""
    make = _fragment if report.fragments else _document
    return {f"{sheet.name}.tex": make(sheet, report.origin).encode() for sheet in report.sheets}


def _document(sheet: Sheet, origin: str) -> str:
    """Each table lies between comments, to be taken out by itself."""
    parts = [_PREAMBLE, f"\\section*{{{latex(sheet.title)}}}\n", *map(_long_table, sheet.tables)]
    parts += [f"{_sentence(text)}\\par\n" for text in (*sheet.notes, origin)]
    return "\n".join([*parts, "\\end{document}\n"])


def _fragment(sheet: Sheet, _: str) -> str:
    parts = [f"{_FRAGMENT}\\caption{{{_sentence(sheet.title)}}}", *map(_scaled_table, sheet.tables)]
    parts += [f"\\par\\footnotesize {_sentence(note)}" for note in sheet.notes]
    return "\n".join([*parts, "\\end{table*}", ""])


def _sentence(text: str) -> str:
    return latex(text, LATEX_LONGEST_SENTENCE)


def _long_table(table: Table) -> str:
    titles = [
        f"\\parbox[b]{{17mm}}{{\\ragged{'right' if column.kind == 'text' else 'left'} {latex(column.title)}}}"
        for column in table.columns
    ]
    lines = [f"% begin table {one_line(table.name)}", f"\\subsection*{{{latex(table.title)}}}"]
    lines += [f"{_sentence(table.note)}\\par"] if table.note else []
    lines += ["{\\footnotesize", f"\\begin{{longtable}}{{@{{}}{_columns(table)}@{{}}}}", "\\toprule", _row(titles)]
    lines += ["\\midrule \\endhead", "\\bottomrule \\endfoot", *_rows(table), "\\end{longtable}}"]
    return "\n".join([*lines, f"% end table {one_line(table.name)}", ""])


def _scaled_table(table: Table) -> str:
    lines = [
        f"\\par\\medskip {latex(table.title)}\\par\\smallskip",
        f"{_SCALED}{{\\begin{{tabular}}{{{_columns(table)}}}",
    ]
    lines += ["\\toprule", _row([latex(column.title) for column in table.columns]), "\\midrule", *_rows(table)]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}}"])


def _columns(table: Table) -> str:
    """Figures to the right; long text in columns that break lines."""
    columns = zip(*table.cells, strict=True) if table.rows else [()] * len(table.columns)
    return "".join(map(_alignment, table.columns, columns))


def _alignment(column: Column, cells: Sequence[Cell]) -> str:
    if column.kind != "text":
        return "r"
    longest = max((len(cell.shown) for cell in cells), default=0)
    return "l" if longest <= _LONGEST_LINE else r">{\raggedright\arraybackslash}p{60mm}"


def _rows(table: Table) -> list[str]:
    return [_row(list(map(_cell, row))) for row in table.cells]


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell) -> str:
    text = latex(cell.shown)
    if cell.best:
        text = f"\\textbf{{{text}}}"
    if cell.deviation:
        text += f" $\\pm$ {latex(cell.deviation)}"
    return f"\\noted{{{text}}}{{{latex(cell.note)}}}" if cell.note else text
