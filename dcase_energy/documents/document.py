"""A document as it was read: data, and where everything stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1."""

    line: int
    column: int


@dataclass
class Document:
    """A document as read.

    Attributes
    ----------
    file, member
        As in `Where`.
    data
        The root mapping, or None if there is none to be had. Values that were refused are absent.
    keys, values
        Place of each key and of each value, by key path.
    texts
        Plain and quoted scalars as they were written, by key path.
    refused
        Key paths whose value was refused: they are not missing.
    findings
        What is wrong with the document itself.
    lines
        The text, for excerpts.
    """

    file: str
    member: str | None = None
    data: dict[str, Any] | None = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    refused: set[Path] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def note(self, rule: Rule, message: str, at: Place | int | None = None, path: Path = (), **words: Any) -> None:
        """Add a finding of a rule at a place or a line; ``words`` are those of `Rule.finding`."""
        line, column = (at.line, at.column) if isinstance(at, Place) else (at, None)
        where = Where(self.file, self.member, line, column, dotted(path) or None)
        self.findings.append(rule.finding(where, message, **words))

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of a value (or of its key), or of the nearest parent that exists."""
        # A missing field is shown at the key it belongs under, not at whatever comes first there.
        places: Mapping[Path, Place] = self.keys if key or path not in self.values else self.values
        for end in range(len(path), 0, -1):
            place = places.get(path[:end]) or self.values.get(path[:end])
            if place is not None:
                return Where(self.file, self.member, place.line, place.column, dotted(path))
        return Where(self.file, self.member, 1, 1, dotted(path) or None)


def dotted(path: Path) -> str:
    """Write a key path as people do: ``submission.authors[0].email``.

    A key that holds a dot is written in quotes, as in TOML.

    Examples
    --------
    >>> dotted(("results", "bsd10k-v1.2", 0))
    'results."bsd10k-v1.2"[0]'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{quoted(part)}"
    return text.removeprefix(".")


def quoted(key: str) -> str:
    """A key as a segment of a key path."""
    return f'"{key}"' if "." in key else key
