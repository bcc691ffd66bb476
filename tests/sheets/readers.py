"""Reads sheets back, knowing nothing of how they were written."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from html.parser import HTMLParser

_LATEX = {
    r"\textbackslash{}": "\\", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\_": "_", r"\%": "%",
    r"\textasciicircum{}": "^", r"\textasciitilde{}": "~", r"\textless{}": "<", r"\textgreater{}": ">",
    r"\textbar{}": "|", r"\textquotedbl{}": '"', r"\textquotesingle{}": "'", r"\textasciigrave{}": "`", "{[}": "[",
    "{]}": "]", "{-}": "-", ",{}": ",",
}  # fmt: skip


_TEXT = {"script", "style", "bdi", "td", "th", "small", "span", "a"}
_ENTITY = re.compile(r"&#([0-9]+);")


def csv_rows(data: bytes) -> list[dict[str, str]]:
    """Rows of a CSV sheet, the quote before what could be a formula taken away."""
    reader = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
    return [{name: _unquoted(cell) for name, cell in row.items()} for row in reader]


def _unquoted(cell: str) -> str:
    start = unicodedata.normalize("NFKC", cell.lstrip("' ")[:1])
    return cell[1:] if cell.startswith("'") and start in {*"=+-@\t\r\n"} - {""} else cell


def markdown_rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the table below a heading, without its head; a cell is what a reader of the rendered page sees."""
    block = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in block.split("\n") if line.startswith("| ")]
    return [_markdown_cells(line) for line in lines[2:]]


def _markdown_cells(line: str) -> list[str]:
    cells, at = [""], 0
    while at < len(line):
        if line[at] == "\\":
            at += 1
            cells[-1] += line[at]
        elif line[at] == "|":
            cells.append("")
        elif match := _ENTITY.match(line, at):
            cells[-1] += chr(int(match[1]))
            at += len(match[0]) - 1
        else:
            # Whatever else means something in Markdown must not stand there unescaped.
            assert line[at] not in "*_`<>[]#!~$&{}", line[:200]
            cells[-1] += line[at]
        at += 1
    return [cell[1:-1] for cell in cells[1:-1]]


def latex_rows(text: str, name: str) -> list[list[str]]:
    """Cells of a table, without its head."""
    block = text.split(f"% begin table {name}\n", 1)[1].split(f"% end table {name}\n", 1)[0]
    body = block.split("\\bottomrule \\endfoot\n", 1)[1].split("\n\\end{longtable}", 1)[0]
    return [_latex_cells(line) for line in body.split("\n")]


def _latex_cells(line: str) -> list[str]:
    assert line.endswith(r" \\"), line[-40:]
    cells, rest = [""], line[: -len(r" \\")]
    while rest:
        known = next((token for token in _LATEX if rest.startswith(token)), None)
        foreign = re.match(r"\\foreign\{[0-9A-F]{4,6}\}\{(.)\}", rest, re.DOTALL)
        interval = re.match(r"\\noted\{([0-9.,]+)\}\{([0-9.,]+ to [0-9.,]+)\}", rest)
        if known:
            cells[-1] += _LATEX[known]
            rest = rest[len(known) :]
        elif foreign:
            cells[-1] += foreign[1]
            rest = rest[len(foreign[0]) :]
        elif interval:
            cells[-1] += f"{interval[1]} ({interval[2]})"
            rest = rest[len(interval[0]) :]
        elif rest.startswith("&"):
            cells.append("")
            rest = rest[1:]
        else:
            assert rest[0] not in "\\{}$&#_%^~", line[:200]
            cells[-1] += rest[0]
            rest = rest[1:]
    stripped = [cell[1:] if place else cell for place, cell in enumerate(cells)]
    return [cell.removesuffix(" ") if place < len(cells) - 1 else cell for place, cell in enumerate(stripped)]


class Page(HTMLParser):
    """What a browser would build from a page: tags, attributes, and the cells of the ranking."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.head: list[str] = []
        self.rows: list[list[tuple[str, dict[str, str]]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside: str | None = None
        self._table: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.tags.append((tag, found))
        if tag == "table":
            self._table = found.get("id")
        if tag in _TEXT:
            self._inside = tag
        if self._table == "rows":
            if tag == "th" and found.get("scope") == "col":
                self.head.append(found.get("data-name", "#"))
            elif tag == "tr":
                self.rows.append([])
            elif tag in {"td", "th"}:
                self.rows[-1].append(("", found))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._table = None
        self._inside = "td" if tag in {"bdi", "small", "span", "a"} else None if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside == "style":
            self.styles.append(data)
        elif self._table == "rows" and self._inside in {"bdi", "td", "span", "a"} and self.rows and self.rows[-1]:
            text, attributes = self.rows[-1][-1]
            self.rows[-1][-1] = (text + data, attributes)

    def systems(self) -> list[dict[str, tuple[str, dict[str, str]]]]:
        """Cells by column of every system."""
        return [dict(zip(self.head, row, strict=True)) for row in self.rows if len(row) > 1]
