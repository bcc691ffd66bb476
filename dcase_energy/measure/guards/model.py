"""What a guard is: data, and a function that looks at a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.records import EpochRow, Guard, GuardState, Idle, Interruption, Repeats, Stage, Tier

Value = str | float | int | bool | None
Thresholds = Mapping[str, float]


@dataclass(frozen=True)
class JournalView:
    """What guards look at: the journal, and what was computed from it.

    Attributes
    ----------
    header
        The first entry.
    meters
        One entry for each time a meter was started: more than one where a run was resumed.
    entries
        All entries.
    stages, epochs, repeats, idle, interruptions
        Parts of the record to be.
    tier, warnings, complete
        As the record will have them.
    failure
        Why nothing, or not all, was measured, after the code of the guard that says so; None where all went well.
    """

    header: Mapping[str, Any]
    meters: Sequence[Mapping[str, Any]]
    entries: Sequence[Mapping[str, Any]]
    stages: Mapping[str, Stage]
    tier: Tier
    warnings: Sequence[str]
    complete: bool
    epochs: Sequence[EpochRow] = ()
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    idle: Idle = field(default_factory=Idle)
    interruptions: Sequence[Interruption] = ()
    failure: str | None = None

    @property
    def methods(self) -> Mapping[str, Mapping[str, Any]]:
        """How each component was obtained; empty where no meter was started."""
        return self.meters[-1]["methods"] if self.meters else {}

    @property
    def settings(self) -> Mapping[str, Any]:
        """The meter's settings; empty where none was started."""
        return self.meters[-1]["settings"] if self.meters else {}

    @property
    def about(self) -> Mapping[str, Any]:
        """GPUs and limits of the counters."""
        return self.meters[-1].get("about", {}) if self.meters else {}

    @property
    def host(self) -> Mapping[str, Any]:
        """The state of the host at the start."""
        host: Mapping[str, Any] = self.header.get("host", {})
        return host

    def obtained(self, name: str) -> str:
        """How a component was obtained."""
        value: str = self.methods.get(name, {}).get("obtained", Obtained.NOT_MEASURED)
        return value

    @cached_property
    def segments(self) -> list[list[Mapping[str, Any]]]:
        """The entries with readings, of each meter's life by itself."""
        found: list[list[Mapping[str, Any]]] = []
        for entry in self.entries:
            if entry["entry"] == "meter":
                found.append([])
            elif "reading" in entry and found:
                found[-1].append(entry)
        return [segment for segment in found if segment]

    @cached_property
    def samples(self) -> list[list[Mapping[str, Any]]]:
        """The entries with a look at the host, by segment."""
        return [[entry for entry in segment if entry.get("sample")] for segment in self.segments]


Check = Callable[[JournalView, Thresholds], Iterator[Guard]]


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
        What it holds, and why.
    advisory
        It is our own choice and never makes a record invalid.
    thresholds
        The numbers it judges by.
    check
        Looks at a journal.
    fix
        What to do where it warns or refuses, as an instruction.
    """

    number: int
    code: str
    moment: Literal["before", "during", "after"]
    title: str
    source: str
    check: Check
    thresholds: Thresholds = field(default_factory=dict)
    advisory: bool = False
    fix: str = field(kw_only=True)

    def judge(self, view: JournalView) -> list[Guard]:
        """Its verdicts: always at least one."""
        found = [guard.model_copy(update={"code": self.code}) for guard in self.check(view, self.thresholds)]
        refusal = f"{self.code}: "
        if view.failure is not None and view.failure.startswith(refusal):
            found = [invalid(None, view.failure.removeprefix(refusal)).model_copy(update={"code": self.code})]
        if not found:
            found = [Guard(code=self.code, state=GuardState.OK, value=None, message="does not apply here")]
        if self.advisory:
            found = [
                guard.model_copy(update={"state": GuardState.WARN}) if guard.state is GuardState.INVALID else guard
                for guard in found
            ]
        return found


def ok(value: Value, message: str) -> Guard:
    """A verdict; its code is set by the guard."""
    return Guard(code="", state=GuardState.OK, value=value, message=message)


def warn(value: Value, message: str) -> Guard:
    """A verdict that leaves the record valid."""
    return Guard(code="", state=GuardState.WARN, value=value, message=message)


def invalid(value: Value, message: str) -> Guard:
    """A verdict that makes the record no evidence."""
    return Guard(code="", state=GuardState.INVALID, value=value, message=message)


def graded(value: float, good: float, bearable: float, message: str) -> Guard:
    """Ok up to ``good``, a warning up to ``bearable``, invalid beyond."""
    make = ok if value <= good else warn if value <= bearable else invalid
    return make(round(value, 6), message)
