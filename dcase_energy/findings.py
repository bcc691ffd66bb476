"""A finding is a value: what is wrong, where, what was expected and how to fix it.

Reading and checking never raise to the user and never print; they yield findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from dcase_energy.text import more

SHOWN_ROWS = 5


class Severity(StrEnum):
    """How much a finding matters. Errors fail a submission, warnings only under ``--strict``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an input.

    Attributes
    ----------
    file
        Path as the user gave it, or the archive that holds ``member``.
    member
        Name inside an archive, None outside one.
    line, column
        Counted from 1; None where the finding concerns the whole file.
    path
        Key path in the document (``system.complexity.macs``), None outside one.
    """

    file: str
    member: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        place = self.file if self.member is None else f"{self.file}!{self.member}"
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that validation found.

    ``expected`` and ``found`` are short texts for people; ``hint`` says what to do.

    ``withholds`` names the canonical fields whose figures `report` and `rank` do not divide because of it: with the
    system's own (``energy_training_kwh``) its stage has no ratio whatever the baseline; with the declared baseline's
    (``energy_baseline_training_kwh``, or ``energy_baseline_kwh`` for both stages) it has none where the declared figure
    is the one divided by. The message then stands in the row as the reason. The place of such a finding is in the
    system's metadata, or in a file of its folder or the one above.

    ``waived`` is why the organiser accepts it, None where they do not.
    """

    code: str
    severity: Severity
    where: Where
    message: str
    expected: str | None = None
    found: str | None = None
    hint: str | None = None
    withholds: tuple[str, ...] = ()
    waived: str | None = None

    def sort_key(self) -> tuple[str, str, int, int, str, str]:
        """File order, then position, then code: a total, stable order for reports."""
        where = self.where
        return (
            where.file,
            where.member or "",
            where.line or 0,
            where.column or 0,
            self.code,
            self.message,
        )

    def with_severity(self, severity: Severity) -> Finding:
        """The same finding as an edition weighs it."""
        return replace(self, severity=severity)

    def waive(self, reason: str) -> Finding:
        """The same finding accepted by the organiser: it fails nothing and withholds nothing."""
        return replace(self, severity=Severity.INFO, withholds=(), waived=reason)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _code_and_file(finding: Finding) -> tuple[str, str, str | None]:
    return finding.code, finding.where.file, finding.where.member


class Capped:
    """Collects findings, the first few of each family; the last one kept says how many more there are.

    Parameters
    ----------
    shown
        How many units of a family are kept.
    family
        What belongs together; by default the findings of one code in one file.
    unit
        What is counted; by default each finding. Findings of the same unit are kept or left out together.
    what
        Words behind the count: ``(and 29 more files)``.

    Attributes
    ----------
    findings, left_out
        Those kept and the others, in the order in which they were added.
    """

    def __init__(
        self,
        shown: int = SHOWN_ROWS,
        *,
        family: Callable[[Finding], Any] = _code_and_file,
        unit: Callable[[Finding], Any] | None = None,
        what: str = "",
    ) -> None:
        self.findings: list[Finding] = []
        self.left_out: list[Finding] = []
        self._shown, self._family, self._unit, self._what = shown, family, unit, what
        self._units: dict[Any, dict[Any, int]] = {}
        self._last: dict[Any, tuple[int, Finding]] = {}

    def add(self, finding: Finding) -> None:
        """Keep or count a finding."""
        key = self._family(finding)
        units = self._units.setdefault(key, {})
        rank = units.setdefault(len(units) if self._unit is None else self._unit(finding), len(units))
        if rank < self._shown:
            self._last[key] = len(self.findings), finding
            self.findings.append(finding)
            return
        self.left_out.append(finding)
        index, last = self._last[key]
        self.findings[index] = replace(last, message=f"{last.message}{more(len(units) - self._shown, self._what)}")


def capped(findings: Iterable[Finding], shown: int = SHOWN_ROWS, **how: Any) -> list[Finding]:
    """The first few findings of each family, as `Capped` collects them."""
    kept = Capped(shown, **how)
    for finding in findings:
        kept.add(finding)
    return kept.findings
