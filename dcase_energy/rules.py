"""Registry of rules: a rule is one object and its text is its documentation.

`explain`, the table of rules and the documentation pages are all made from these objects.
Rules are defined beside the code that applies them, by calling `define` at import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcase_energy.findings import Finding, Severity, Where

_RULES: dict[str, Rule] = {}
_CODE = re.compile(r"[A-Z]\d{3}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of validation.

    Attributes
    ----------
    code, name
        Stable identifier (``E201``) and its spoken name (``energy-not-positive``).
    title
        What the rule demands, in one line.
    why
        What went wrong in real submissions without it, or whose rule it is.
    bad, good
        The shortest example that breaks the rule and the same one fixed.
    fix
        What to do, as an instruction. It is the default hint of a finding.
    severity
        Default; an edition may weigh the rule otherwise.
    """

    code: str
    name: str
    title: str
    why: str
    bad: str
    good: str
    fix: str
    severity: Severity = Severity.ERROR

    @property
    def anchor(self) -> str:
        """Its place on the page of rules: ``e201-energy-not-positive``."""
        return f"{self.code.casefold()}-{self.name}"

    def finding(
        self,
        where: Where,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
        withholds: tuple[str, ...] = (),
    ) -> Finding:
        """Make a finding of this rule; without ``hint`` the rule's ``fix`` is the hint."""
        return Finding(
            code=self.code,
            severity=self.severity,
            where=where,
            message=message,
            expected=expected,
            found=found,
            hint=hint or self.fix,
            withholds=withholds,
        )


def define(rule: Rule) -> Rule:
    """Register a rule and return it.

    Raises
    ------
    ValueError
        If the code is malformed or taken: both are mistakes of ours, seen at import.
    """
    if not _CODE.fullmatch(rule.code):
        raise ValueError(f"rule code {rule.code!r} is not a letter and three digits")
    if rule.code in _RULES:
        raise ValueError(f"rule code {rule.code} is defined twice")
    _RULES[rule.code] = rule
    return rule


def get(code: str) -> Rule | None:
    """The rule with this code among those of the modules imported so far, or None."""
    return _RULES.get(code.strip().upper())


def all_rules() -> list[Rule]:
    """All rules of the modules imported so far, by code."""
    return [_RULES[code] for code in sorted(_RULES)]
