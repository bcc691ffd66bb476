"""A journal as guards and records look at it: its entries, what follows from them, and what was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import JournalError
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.record_parts import EpochRow, Idle, Interruption, Repeats, Stage, SteadyState, Tier
from dcase_energy.measure.recorder import POLL_S
from dcase_energy.measure.records import VERSIONS
from dcase_energy.measure.windows import Segment, segments_of

if TYPE_CHECKING:
    from dcase_energy.measure.entries import (
        AboutFields,
        Entries,
        EntryWithReading,
        HeaderEntry,
        MarkEntry,
        MeterEntry,
        Methods,
        TickFields,
        TicksEntry,
    )


def version_of(header: Mapping[str, Any]) -> str:
    """The version of records by whose formulas a journal with this first entry is computed.

    Raises
    ------
    JournalError
        If this program does not know it.
    """
    version = header.get("schema_version", VERSIONS[0])  # journals did not state it before 1.1
    if version not in VERSIONS:
        raise JournalError(f"the journal has version {version!s:.20}; this program reads {' and '.join(VERSIONS)}")
    return str(version)


def is_1_0(header: Mapping[str, Any]) -> bool:
    """Whether a journal is computed by the formulas of records of version 1.0."""
    return version_of(header) == VERSIONS[0]


def meters_of(entries: Entries) -> list[MeterEntry]:
    """One entry for each time a meter was started: more than one where a run was resumed."""
    return [entry for entry in entries if entry["entry"] == "meter"]


def marks_of(entries: Entries) -> list[MarkEntry]:
    """The marks of the work, in order."""
    return [entry for entry in entries if entry["entry"] == "mark"]


def ticks_of(entries: Entries) -> list[TicksEntry]:
    """The steps of the counters, as each meter that was started saw them."""
    return [entry for entry in entries if entry["entry"] == "ticks"]


def tier_of(methods: Methods) -> Tier:
    """How much is counted of the devices the work ran on. Memory, which only servers count, does not decide."""
    used = [m["obtained"] for name, m in methods.items() if name != "ram" and m["obtained"] != Obtained.NOT_MEASURED]
    counted = [obtained == Obtained.COUNTED for obtained in used]
    if counted and all(counted):
        return Tier.MEASURED
    return Tier.MIXED if any(counted) else Tier.ESTIMATED


@dataclass(frozen=True)
class JournalView:
    """A journal, and what was computed from it.

    Attributes
    ----------
    header, entries
        The first entry, and all of them.
    stages, epochs, repeats
        Figures of the record to be.
    complete
        Whether the work reached its end.
    scoring
        The figures of a calibration's metrics, where its test stage is inference alone.
    failure
        Why nothing, or not all, was measured: a guard's code, a colon, a reason; None where all went well.
    exit_reason
        Why the work did not reach its end, for people.
    repeated_kwh
        For each resumption, energy of work that was done again after it; None where it is not known.
    stages_kwh, outside_kwh, failed_kwh, probes_kwh
        Energy measured in stages, around them, in repetitions that failed, and in probes of the baseline.
    """

    header: HeaderEntry
    entries: Entries
    stages: Mapping[str, Stage]
    complete: bool
    scoring: Stage | None = None
    epochs: Sequence[EpochRow] = ()
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    failure: str | None = None
    exit_reason: str | None = None
    repeated_kwh: Sequence[float | None] = ()
    stages_kwh: float = 0.0
    outside_kwh: float = 0.0
    failed_kwh: float = 0.0
    probes_kwh: float = 0.0

    @cached_property
    def meters(self) -> list[MeterEntry]:
        """As of `meters_of`."""
        return meters_of(self.entries)

    @property
    def methods(self) -> Methods:
        """How each component was measured; empty where no meter was started, as the next two are."""
        return self.meters[-1].get("methods", {}) if self.meters else {}

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings of the meter."""
        return self.meters[-1].get("settings", {}) if self.meters else {}

    @property
    def about(self) -> AboutFields:
        """GPUs, limits of the counters."""
        return self.meters[-1].get("about", {}) if self.meters else {}

    def obtained(self, name: str) -> str:
        """How a component was obtained."""
        method: Mapping[str, Any] = self.methods.get(name, {})
        value: str = method.get("obtained", Obtained.NOT_MEASURED)
        return value

    @property
    def host(self) -> Mapping[str, Any]:
        """The state of the host at the start."""
        return self.header.get("host", {})

    @property
    def gpus(self) -> list[dict[str, Any]]:
        """The GPUs that were counted; empty for work on the processor."""
        return [dict(board) for board in self.about.get("gpus", [])]

    @cached_property
    def ticks(self) -> Mapping[str, TickFields | None]:
        """The step of each component's counters when a meter was last started; None where it was not seen."""
        found = ticks_of(self.entries)
        return found[-1]["components"] if found else {}

    @property
    def tick_s(self) -> float | None:
        """Seconds between two values of the slowest counter of a counted component; None where none was seen."""
        return tick_s_of(self.entries)

    @cached_property
    def steady(self) -> SteadyState | None:
        """What the last run waited for before its work counted; None where it did not."""
        found: list[Mapping[str, Any]] = [entry for entry in self.entries if entry["entry"] == "steady"]
        names = SteadyState.model_fields
        return SteadyState(**{name: found[-1][name] for name in names if name in found[-1]}) if found else None

    @cached_property
    def session(self) -> Mapping[str, Any]:
        """What the work said about itself: at its first mark, a block at its last; empty for a command."""
        marks = marks_of(self.entries)
        return next((entry for entry in marks if entry["phase"] == "session" or "backends" in entry), {})

    @cached_property
    def tier(self) -> Tier:
        """How much of the devices was counted."""
        return tier_of(self.methods)

    @cached_property
    def warnings(self) -> list[str]:
        """What the tracker complained about, each message once."""
        return list(dict.fromkeys(entry["message"] for entry in self.entries if entry["entry"] == "warning"))

    @cached_property
    def idle(self) -> Idle:
        """Idle power as it was measured first before the work and last after it."""
        return idle_of(self.entries)

    @cached_property
    def interruptions(self) -> list[Interruption]:
        """One for each time the run was resumed; records of 1.0 do not say how long nothing was read before it."""
        cut = [segment for segment in segments_of(self.entries) if segment.resumed]
        resumed = [entry for entry in self.entries if entry["entry"] == "resume"]
        repeated = [*self.repeated_kwh, *[None] * len(cut)]
        return [
            Interruption(
                resumed=entry["at"],
                gap_s=entry["gap_s"],
                repeated_energy_kwh=None if kwh is None else max(0.0, kwh),
                unseen_s=None if is_1_0(self.header) else _unseen_s(segment, entry["gap_s"]),
            )
            for entry, segment, kwh in zip(resumed, cut, repeated, strict=False)
        ]

    @cached_property
    def segments(self) -> list[list[EntryWithReading]]:
        """The entries with readings, by the life of each meter."""
        found: list[list[EntryWithReading]] = []
        for entry in self.entries:
            if entry["entry"] == "meter":
                found.append([])
            elif "reading" in entry and found:
                found[-1].append(entry)
        return [segment for segment in found if segment]

    @cached_property
    def samples(self) -> list[list[EntryWithReading]]:
        """The entries with a sample of the host, by segment."""
        return [[entry for entry in segment if entry.get("sample")] for segment in self.segments]


def idle_of(entries: Entries) -> Idle:
    """Idle power as it was measured first before the work and last after it."""
    rows = [entry for entry in entries if entry["entry"] == "idle"]
    none: Mapping[str, Any] = {}
    before = next((row for row in rows if row["when"] == "before"), none)
    after = next((row for row in reversed(rows) if row["when"] == "after"), none)
    return Idle(
        before_w=before.get("power_w"),
        after_w=after.get("power_w"),
        before_gpu_context=before.get("gpu_context"),
        after_gpu_context=after.get("gpu_context"),
    )


def tick_s_of(entries: Entries) -> float | None:
    """Seconds between two values of the slowest counter of a counted component; None where none was seen."""
    meters, ticks = meters_of(entries), ticks_of(entries)
    if not meters or not ticks:
        return None
    counted = {name for name, how in meters[-1]["methods"].items() if how["obtained"] == Obtained.COUNTED}
    steps = [tick["interval_s"] for name, tick in ticks[-1]["components"].items() if name in counted and tick]
    return max(steps, default=None)


def _unseen_s(segment: Segment, gap_s: float | None) -> float | None:
    """At most so many seconds before a segment was cut off are in no reading; None where it has none at all."""
    if segment.ended or not segment.readings:
        return 0.0 if segment.ended else None
    return POLL_S if gap_s is None else min(POLL_S, gap_s)
