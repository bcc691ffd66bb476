"""The header of a score file: which column is which, and what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_ENCODING
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.rules import SCORE_HEADER

_SHOWN = 5
_TIMES = ("onset", "offset")


def column_order(header: bytes, classes: Sequence[str]) -> list[int] | None:
    """Column of onset, offset and each class; None if the header is not one of each."""
    names = header.decode("utf-8", errors="replace").split("\t")
    if tuple(names[:2]) != _TIMES or sorted(names[2:]) != sorted(classes):
        return None
    return [0, 1, *(names.index(name, 2) for name in classes)]


def wrong_header(where: Where, header: bytes, classes: Sequence[str]) -> Finding:
    """Say what is wrong with the first line of a file, whatever its bytes; ``where`` is the file."""
    where = replace(where, line=1)
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{header[error.start]:02x} is not UTF-8")
    if "\x00" in text:
        return TABLE_ENCODING.finding(where, "NUL bytes: a file in UTF-16, or no text")
    return header_finding(where, text, classes)


def header_finding(where: Where, header: str, classes: Sequence[str]) -> Finding:
    """Say what is wrong with a header, and which columns were probably meant; ``where`` is the file."""
    expected = f"onset, offset and the {len(classes)} classes, separated by tabs"
    if not header.strip(" "):
        where = replace(where, line=1)
        return SCORE_HEADER.finding(where, "the first line is empty", expected=expected, hint="remove the empty line")
    names = header.split("\t")
    wanted = [*_TIMES, *classes]
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    parts = [
        f"{what}: {', '.join(map(_shown, which[:_SHOWN]))}{', ...' if len(which) > _SHOWN else ''}"
        for what, which in (("missing", missing), ("unknown", list(filter(None, unknown))), ("more than once", doubled))
        if which
    ]
    if "" in names:
        last = names[-1] == ""
        parts.append("an empty last column (a tab before the line end)" if last else "an empty name (a tab too many)")
    message = "columns " + ("; ".join(parts) or "not in the order onset, offset, classes")
    return SCORE_HEADER.finding(
        replace(where, line=1),
        message[:500],
        expected=expected,
        found=", ".join(map(_shown, names))[:200],
        hint=_advice(missing, unknown, header),
    )


def _shown(name: str) -> str:
    """A column name, quoted where it would not be seen as it is: empty, or with blanks or odd characters."""
    return name if name and name.isprintable() and not set(name) & set(" \u00a0") and name.isascii() else repr(name)


def _advice(missing: Sequence[str], unknown: Sequence[str], header: str) -> str | None:
    if "\t" not in header and ("," in header or ";" in header):
        return "separate the columns by tabs"
    if "" in unknown:
        return "remove the tab from the header, and from every row that has it"
    by_form = {_form(name): name for name in missing}
    renamed = []
    for name in unknown[:_SHOWN]:
        near = difflib.get_close_matches(_form(name[:100]), by_form, n=1, cutoff=0.75)
        renamed += [f"{name!r:.60} as {by_form[near[0]]!r}"] if near else []
    return f"write {', '.join(renamed)}" if renamed else None


def _form(name: str) -> str:
    """A name without what people get wrong in it: case, blanks, underscores, confusable letters."""
    return "_".join(folded(name).replace("_", " ").split())
