"""What a journal says about energy: the windows between marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dcase_energy.measure.meter import COMPONENTS, Reading
from dcase_energy.stats import sum_known

if TYPE_CHECKING:
    from dcase_energy.measure.entries import JournalEntry, MarkEntry

_NO_PAYLOAD = {"entry", "previous", "edge", "phase", "reading", "counters", "sample", "own_cpu_s"}


@dataclass(frozen=True)
class Window:
    """The time between the begin and the end of a phase.

    Attributes
    ----------
    phase, epoch
        As marked.
    payload
        What the work said at the end.
    begin, end
        The readings at both marks.
    segment
        How often a meter had been started anew: readings of different segments come from different meters.
    run
        Number of the repetition, from 1; 0 where nothing was to be repeated.
    begin_cpu_s, end_cpu_s
        CPU seconds that the session and all it started had used at the marks; None where they are not known.
    pauses
        Times within it in which the work was stopped for a probe; they count in none of its quantities.
    """

    phase: str
    epoch: int
    payload: dict[str, Any]
    begin: Reading
    end: Reading
    segment: int = 0
    run: int = 0
    begin_cpu_s: float | None = None
    end_cpu_s: float | None = None
    pauses: tuple[Window, ...] = ()

    @property
    def duration_s(self) -> float:
        """Seconds between the marks, without pauses."""
        return math.fsum(end.time_s - begin.time_s for begin, end in self._pieces)

    @property
    def _pieces(self) -> Iterator[tuple[Reading, Reading]]:
        """The readings around each time in which the work was not stopped."""
        readings = [self.begin, *(one for pause in self.pauses for one in (pause.begin, pause.end)), self.end]
        return zip(readings[::2], readings[1::2], strict=True)

    def component_kwh(self, name: str) -> float | None:
        """Energy of one component in the window; None where it is not measured."""
        pairs = ((begin.component(name), end.component(name)) for begin, end in self._pieces)
        return sum_known(None if begin is None or end is None else end - begin for begin, end in pairs)

    @property
    def own_cpu_s(self) -> float | None:
        """CPU seconds of the session and all it started in the window; None where they are not known."""
        paused = [pause.own_cpu_s for pause in self.pauses]
        if self.begin_cpu_s is None or self.end_cpu_s is None or None in paused:
            return None
        return max(0.0, self.end_cpu_s - self.begin_cpu_s - math.fsum(one for one in paused if one is not None))

    @property
    def energy_kwh(self) -> float:
        """Energy of all measured components in the window."""
        return sum(kwh for name in COMPONENTS if (kwh := self.component_kwh(name)) is not None)


def windows_of(entries: Iterable[JournalEntry]) -> list[Window]:
    """Pair the marks of a journal.

    A phase that was not ended (the work was killed) gives no window, or ends at its last mark ``so_far``, up to which
    all went well; so does one whose end is marked ``failed``. Between ``paused`` and ``resumed`` the work was stopped.
    """
    begun: dict[str, MarkEntry] = {}
    so_far: dict[str, MarkEntry] = {}
    paused: dict[str, list[MarkEntry]] = {}
    windows: list[Window] = []
    segment = run = 0

    def end(phase: str, entry: MarkEntry | None) -> None:
        start, marks = begun.pop(phase, None), paused.pop(phase, [])
        so_far.pop(phase, None)
        if start is not None and entry is not None:
            windows.append(_window(start, entry, segment, run, marks))

    for entry in entries:
        if entry["entry"] in {"resume", "run"}:
            for phase in list(begun):
                end(phase, so_far.get(phase))
            segment += 1
            if "number" in entry:
                run = entry["number"]
        if entry["entry"] != "mark":
            continue
        edge, phase = entry["edge"], entry["phase"]
        if edge == "begin":
            begun[phase] = entry
        elif edge == "so_far":
            so_far[phase] = entry
        elif edge in {"paused", "resumed"}:
            paused.setdefault(phase, []).append(entry)
        elif edge in {"end", "failed"}:
            end(phase, entry if edge == "end" else so_far.get(phase))
    for phase in list(begun):
        end(phase, so_far.get(phase))
    return windows


def _window(start: MarkEntry, entry: MarkEntry, segment: int, run: int, paused: Sequence[MarkEntry] = ()) -> Window:
    """The window between two marks, with the pauses up to the second of them."""
    end_s = entry["reading"]["time_s"]
    pairs = [pair for pair in zip(paused[::2], paused[1::2], strict=False) if pair[1]["reading"]["time_s"] <= end_s]
    return Window(
        phase=entry["phase"],
        epoch=int(entry.get("epoch", 0)),
        payload={key: value for key, value in entry.items() if key not in _NO_PAYLOAD},
        begin=Reading(**start["reading"]),
        end=Reading(**entry["reading"]),
        segment=segment,
        run=run,
        begin_cpu_s=start.get("own_cpu_s"),
        end_cpu_s=entry.get("own_cpu_s"),
        pauses=tuple(_window(first, last, segment, run) for first, last in pairs),
    )


def failed_repetition(entries: Iterable[JournalEntry]) -> str | None:
    """How the repetition ended that failed, up to which the windows reach; None where none did."""
    for entry in entries:
        if entry["entry"] == "mark" and entry["edge"] == "failed":
            how = f"exit code {entry['exit_code']}" if entry["exit_code"] else str(entry["signal"])
            execution = f"execution {entry['executions'] + 1} of window {entry['epoch']}"
            return f"{execution} ended with {how}; what was measured before it counts"
    return None


def failed_kwh(entries: Iterable[JournalEntry]) -> float:
    """Energy of the repetitions that failed: since the last mark up to which all went well."""
    total, undecided, since = 0.0, 0.0, None
    for entry in entries:
        if entry["entry"] != "mark" or entry["phase"] != "window":
            continue
        edge, reading = entry["edge"], Reading(**entry["reading"])
        if since is not None and edge in {"failed", "paused"}:
            undecided += kwh_between(since, reading)
        if edge == "failed":
            total += undecided
        if edge not in {"paused", "resumed"}:
            undecided = 0.0
        since = reading
    return total


def kwh_between(begin: Reading, end: Reading) -> float:
    """Energy of all measured components between two readings of one meter."""
    return Window("between", 0, {}, begin, end).energy_kwh


@dataclass(frozen=True)
class Segment:
    """What one meter read, from its start to its end or to where it was cut off.

    Attributes
    ----------
    readings
        In order.
    ended
        Whether the session ended it itself.
    resumed
        Whether its run went on in the next segment.
    """

    readings: tuple[Reading, ...]
    ended: bool
    resumed: bool

    @property
    def energy_kwh(self) -> float | None:
        """Energy from the first to the last reading; None where there are no two."""
        return kwh_between(self.readings[0], self.readings[-1]) if len(self.readings) > 1 else None


def segments_of(entries: Iterable[JournalEntry]) -> list[Segment]:
    """The segments of a journal, numbered as windows number theirs."""
    parts: list[list[JournalEntry]] = [[]]
    for entry in entries:
        if entry["entry"] in {"run", "resume"}:
            parts.append([])
        parts[-1].append(entry)
    return [
        Segment(
            readings=tuple(Reading(**entry["reading"]) for entry in part if "reading" in entry),
            ended=any(entry["entry"] == "finish" for entry in part),
            resumed=bool(after) and after[0]["entry"] == "resume",
        )
        for part, after in zip(parts, [*parts[1:], []], strict=True)
    ]


def of_phase(windows: Sequence[Window], *phases: str) -> list[Window]:
    """The windows of some phases, in order."""
    return [window for window in windows if window.phase in phases]


@dataclass(frozen=True)
class Span:
    """The time from the first begin to the last end of some windows; where a run was resumed, of each segment."""

    parts: tuple[Window, ...]

    @property
    def duration_s(self) -> float:
        """Seconds measured."""
        return math.fsum(part.duration_s for part in self.parts)

    @property
    def energy_kwh(self) -> float:
        """Energy of all measured components."""
        return math.fsum(part.energy_kwh for part in self.parts)

    def component_kwh(self, name: str) -> float | None:
        """Energy of one component; None where it is not measured."""
        return sum_known(part.component_kwh(name) for part in self.parts)

    @property
    def components_kwh(self) -> dict[Literal["gpu", "cpu", "ram"], float | None]:
        """Energy by component; None where it is not measured."""
        return {"gpu": self.component_kwh("gpu"), "cpu": self.component_kwh("cpu"), "ram": self.component_kwh("ram")}

    @property
    def own_cpu_s(self) -> float | None:
        """CPU seconds of the session and all it started; None where they are not known."""
        return sum_known(part.own_cpu_s for part in self.parts)


def span(windows: Sequence[Window]) -> Span:
    """What lies between the first and the last of some windows, what they leave out between them included."""
    parts = []
    for segment in sorted({window.segment for window in windows}):
        rows = [window for window in windows if window.segment == segment]
        first = min(rows, key=lambda window: window.begin.time_s)
        last = max(rows, key=lambda window: window.end.time_s)
        cpu_s = first.begin_cpu_s, last.end_cpu_s
        parts.append(Window("span", 0, {}, first.begin, last.end, segment, first.run, *cpu_s))
    return Span(tuple(parts))
