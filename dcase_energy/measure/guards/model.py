"""What a guard is: data, and a function beside it that looks at a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dcase_energy.measure.record_parts import Guard, GuardState
from dcase_energy.measure.view import JournalView

GuardValue = str | float | int | bool | None
Limits = Mapping[str, float]
# Takes the view of a journal, and the guard's limits where it has any.
Check = Callable[..., Iterator[Guard]]


@dataclass(frozen=True)
class GuardSpec:
    """One guard.

    Attributes
    ----------
    number, code
        Of the list in docs/guards.md; codes are stable.
    moment
        When what it looks at happens.
    title, source
        When it passes, and why it exists.
    check
        Looks at a journal.
    limits
        The numbers it judges by.
    advisory
        It is our own choice and never makes a record invalid.
    fix
        What to do where it warns or refuses, as an instruction.
    """

    number: int
    code: str
    moment: Literal["before", "during", "after"]
    title: str
    source: str
    check: Check
    limits: Limits = field(default_factory=dict)
    advisory: bool = False
    fix: str = field(kw_only=True)

    def judge(self, view: JournalView) -> list[Guard]:
        """Its verdicts about a journal: always at least one."""
        refusal = f"{self.code}: "
        if view.failure is not None and view.failure.startswith(refusal):
            return self.signed([invalid(None, view.failure.removeprefix(refusal))])
        found = self.check(view, self.limits) if self.limits else self.check(view)
        return self.signed(found) or self.signed([ok(None, "does not apply here")])

    def signed(self, verdicts: Iterable[Guard]) -> list[Guard]:
        """The verdicts with the guard's code; one that is our own choice only warns."""
        return [
            one.model_copy(
                update={
                    "code": self.code,
                    "state": GuardState.WARN if self.advisory and one.state is GuardState.INVALID else one.state,
                }
            )
            for one in verdicts
        ]


def guard(
    number: int,
    code: str,
    moment: Literal["before", "during", "after"],
    title: str,
    source: str,
    *,
    fix: str,
    limits: Limits | None = None,
    advisory: bool = False,
) -> Callable[[Check], GuardSpec]:
    """Make a guard of the check below it."""

    def make(check: Check) -> GuardSpec:
        return GuardSpec(number, code, moment, title, source, check, limits or {}, advisory, fix=fix)

    return make


def ok(value: GuardValue, message: str) -> Guard:
    """A verdict; its code is set by the guard."""
    return Guard(code="", state=GuardState.OK, value=value, message=message)


def warn(value: GuardValue, message: str) -> Guard:
    """A verdict that leaves the record valid."""
    return Guard(code="", state=GuardState.WARN, value=value, message=message)


def invalid(value: GuardValue, message: str) -> Guard:
    """A verdict with which the record cannot be used as evidence."""
    return Guard(code="", state=GuardState.INVALID, value=value, message=message)


def graded(value: float, good: float, bearable: float, message: str) -> Guard:
    """Ok up to ``good``, a warning up to ``bearable``, invalid beyond."""
    make = ok if value <= good else warn if value <= bearable else invalid
    return make(round(value, 6), message)
