"""The header of a score file: which column is which, and what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.documents.names import folded
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


def header_finding(where: Where, header: str, classes: Sequence[str]) -> Finding:
    """Say what is wrong with a header, and which columns were probably meant; ``where`` is the file."""
    names = header.split("\t")
    wanted = [*_TIMES, *classes]
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted]
    doubled = sorted({name for name in names if names.count(name) > 1})
    parts = [
        f"{what}: {', '.join(which[:_SHOWN])}{', ...' if len(which) > _SHOWN else ''}"
        for what, which in (("missing", missing), ("unknown", unknown), ("more than once", doubled))
        if which
    ]
    message = "columns " + ("; ".join(parts) or "not in the order onset, offset, classes")
    return SCORE_HEADER.finding(
        replace(where, line=1),
        message[:500],
        expected=f"onset, offset and the {len(classes)} classes, separated by tabs",
        found=", ".join(names)[:200],
        hint=_advice(missing, unknown, header),
    )


def _advice(missing: Sequence[str], unknown: Sequence[str], header: str) -> str | None:
    if "\t" not in header and ("," in header or ";" in header):
        return "separate the columns by tabs"
    by_form = {_form(name): name for name in missing}
    renamed = []
    for name in unknown[:_SHOWN]:
        near = difflib.get_close_matches(_form(name[:100]), by_form, n=1, cutoff=0.75)
        renamed += [f"{name!r:.60} as {by_form[near[0]]!r}"] if near else []
    return f"write {', '.join(renamed)}" if renamed else None


def _form(name: str) -> str:
    """A name without what people get wrong in it: case, blanks, underscores, look-alike letters."""
    return "_".join(folded(name).replace("_", " ").split())
