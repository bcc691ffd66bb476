"""LaTeX with booktabs: a document that compiles as it is, each table between comments to be taken out by itself."""

from __future__ import annotations

from dcase_energy import __version__
from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.tables import Table, describe_formulas, describe_intervals, tables_of
from dcase_energy.writing.escape import latex

_PREAMBLE = r"""% Compile it three times: long tables learn the widths of their columns from the last time.
\documentclass[9pt]{extarticle}
\usepackage[a4paper,landscape,margin=12mm]{geometry}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \newcommand{\foreign}[2]{\texttt{U+#1}}
\else
  \usepackage{fontspec}
  \newcommand{\foreign}[2]{#2}
\fi
\newcommand{\interval}[2]{\begin{tabular}[t]{@{}r@{}}#1\\[-1pt]{\tiny #2}\end{tabular}}
\usepackage{textcomp}
\usepackage{booktabs,longtable,array}
\setlength{\tabcolsep}{3pt}
\setlength{\parindent}{0pt}
\begin{document}
"""


def to_latex(ranking: Ranking) -> str:
    """Write all tables of a ranking; figures with four significant digits."""
    parts = [_PREAMBLE, f"\\section*{{{latex(ranking.edition.title)}}}\n"]
    parts += [f"{latex(text)}\\par\n" for text in (*describe_formulas(ranking.edition), *describe_intervals(ranking))]
    parts += [_table(table) for table in tables_of(ranking)]
    parts.append(f"Edition {latex(ranking.edition.name)}, dcase{{-}}energy {latex(__version__)}.\n\\end{{document}}\n")
    return "\n".join(parts)


def _table(table: Table) -> str:
    width = len(table.columns)
    alignments = [_alignment(table, place) for place in range(width)]
    titles = zip(table.columns, alignments, strict=True)
    head = " & ".join(_narrow(latex(title), right=where == "r") for (_, title), where in titles) + r" \\"
    spec = "".join(alignments)
    rows = [
        " & ".join(_cell(table, index, place) for place in range(width)) + r" \\" for index in range(len(table.rows))
    ]
    return "\n".join(
        [
            f"% begin table {table.name}",
            f"\\subsection*{{{latex(table.title)}}}",
            *([latex(table.note) + "\\par"] if table.note else []),
            r"{\footnotesize",
            f"\\begin{{longtable}}{{@{{}}{spec}@{{}}}}",
            r"\toprule",
            head,
            r"\midrule \endhead",
            r"\bottomrule \endfoot",
            *rows,
            r"\end{longtable}}",
            f"% end table {table.name}",
            "",
        ]
    )


def _cell(table: Table, row: int, place: int) -> str:
    text, ends = table.parts(row, place)
    if isinstance(table.rows[row][place], str):
        return latex(text)
    return f"\\interval{{{text}}}{{{ends}}}" if ends else text


def _narrow(title: str, *, right: bool) -> str:
    """A heading that may break: the figures below it are narrower than its words."""
    return f"\\parbox[b]{{17mm}}{{\\{'raggedleft' if right else 'raggedright'} {title}}}"


def _alignment(table: Table, place: int) -> str:
    """Text in columns that break lines, counts and figures to the right."""
    texts = [row[place] for row in table.rows if isinstance(row[place], str)]
    if not texts:
        return "r"
    longest = max(len(str(text)) for text in texts)
    return "l" if longest <= 34 else r">{\raggedright\arraybackslash}p{60mm}"
