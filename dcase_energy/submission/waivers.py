"""Waivers: findings that the organiser decided to accept for one system, each with the reason.

A waiver changes what a finding counts for, never what it says: a figure that was refused stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.rules import TABLE_DUPLICATE, TABLE_EMPTY, TABLE_ROW
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define

if TYPE_CHECKING:
    from dcase_energy.documents.tables import DelimitedTable
    from dcase_energy.submission.checks.system import System

_COLUMNS = ("code", "label", "reason")
_MAX_BYTES = 10_000_000
WAIVER_UNUSED = define(
    Rule(
        code="T110",
        name="waiver-without-finding",
        title="Every waiver waives a finding",
        why="A label with a slip in it leaves the system without its waiver, and a waiver that is left over from an "
        "earlier package would hide the next mistake.",
        bad="P805,Bakr_LAB_task4_1,checked by phone",
        good="P805,Baker_LAB_task4_1,checked by phone",
        fix="compare code and label with the findings, or remove the row",
        severity=Severity.WARNING,
    )
)


@dataclass(frozen=True, slots=True)
class Waiver:
    """One row: the code of a rule, the label of a system, why its findings are accepted, and where this is written."""

    code: str
    label: str
    reason: str
    where: Where


@dataclass(frozen=True)
class Waivers:
    """All rows of a file of waivers; none where no file was given."""

    rows: tuple[Waiver, ...] = field(default=())

    @cached_property
    def _by_label(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for row in self.rows:
            found.setdefault(row.label, {})[row.code] = row.reason
        return found

    def of(self, label: str) -> Mapping[str, str]:
        """The reasons of a system's waivers, by code."""
        return self._by_label.get(label, {})

    def apply(self, findings: Iterable[Finding], label: str) -> list[Finding]:
        """Return findings of one system, with those waived that it has a waiver for."""
        reasons = self.of(label)
        return [one.waive(reasons[one.code]) if one.code in reasons else one for one in findings]

    def apply_to_all(self, findings: Sequence[Finding], systems: Sequence[System]) -> list[Finding]:
        """Return findings of packages, with those waived that every system at their place has a waiver for."""
        if not self.rows:
            return list(findings)
        codes = {row.code for row in self.rows}
        return [self._judged(one, systems) if one.code in codes else one for one in findings]

    def _judged(self, finding: Finding, systems: Sequence[System]) -> Finding:
        near = [one.name for one in systems if one.files.holds(finding.where)]
        near = near or [one.name for one in systems if one.files.is_in_package(finding.where)]
        reasons = [self.of(name).get(finding.code) for name in near]
        known = list(dict.fromkeys(reason for reason in reasons if reason is not None))
        return finding.waive("; ".join(known)) if known and None not in reasons else finding

    def unused(self, found: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
        """Findings about rows without effect, by the codes of what was found in each system."""
        for row in self.rows:
            if row.label not in found:
                message = f"waiver without effect: no system {row.label[:80]!r} was read here"
            elif row.code not in found[row.label]:
                message = f"waiver without effect: {row.label[:80]!r} has no finding {row.code}"
            else:
                continue
            yield WAIVER_UNUSED.finding(row.where, message)


NO_WAIVERS = Waivers()


def read_waivers(path: Path, codes: Mapping[str, str]) -> tuple[Waivers, list[Finding]]:
    """Read a CSV with the columns ``code``, ``label`` and ``reason``.

    Parameters
    ----------
    path
        The file.
    codes
        Code of each rule by its code and its name.

    Returns
    -------
    The waivers, and what is wrong with the file: it must not be used then.
    """
    from dcase_energy.documents.tables import read_table

    data, unread = read_bytes(path, _MAX_BYTES)
    if data is None:
        return NO_WAIVERS, unread
    table = read_table(data, str(path), required=_COLUMNS, known=_COLUMNS, delimiter=",")
    if table.columns and not table.rows and not table.findings:
        table.add(TABLE_EMPTY.finding(table.where(), "no rows"))
    rows = [_waiver(table, index, codes) for index in range(len(table.rows))]
    first: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows):
        other = first.setdefault((row.code, row.label), index)
        if other != index:
            message = f"{row.code} of {row.label[:80]} is also waived in line {table.row_lines[other]}"
            table.add(TABLE_DUPLICATE.finding(row.where, message, hint="remove one of the two rows"))
    return Waivers(tuple(rows)), table.findings


def _waiver(table: DelimitedTable, index: int, codes: Mapping[str, str]) -> Waiver:
    row = dict(zip(table.columns, (cell.strip() for cell in table.rows[index]), strict=True))
    where, code = table.where(index), codes.get(row["code"].upper(), "")
    if not code:
        hint = "write a code such as P805; `dcase-energy explain` lists all"
        table.add(TABLE_ROW.finding(where, "not the code of a rule", found=repr(row["code"][:40]), hint=hint))
    for name in ("label", "reason"):
        if not row[name]:
            hint = f"write the {name} into the row: a waiver is for one system, and says why"
            table.add(TABLE_ROW.finding(where, f"a waiver without a {name}", hint=hint))
    return Waiver(code, row["label"], row["reason"], where)
