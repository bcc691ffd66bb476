"""What a journal says about energy: the windows between marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dcase_energy.measure.meter import COMPONENTS, Reading


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
    """

    phase: str
    epoch: int
    payload: dict[str, Any]
    begin: Reading
    end: Reading

    @property
    def duration_s(self) -> float:
        """Seconds between the marks."""
        return self.end.time_s - self.begin.time_s

    def component_kwh(self, name: str) -> float | None:
        """Energy of one component in the window; None where it is not measured."""
        begin, end = self.begin.component(name), self.end.component(name)
        return None if begin is None or end is None else end - begin

    @property
    def energy_kwh(self) -> float:
        """Energy of all measured components in the window."""
        return sum(kwh for name in COMPONENTS if (kwh := self.component_kwh(name)) is not None)


def windows_of(entries: Iterable[dict[str, Any]]) -> list[Window]:
    """Pair the marks of a journal. A phase that was not ended (the work was killed) gives no window."""
    begun: dict[str, dict[str, Any]] = {}
    windows: list[Window] = []
    for entry in entries:
        if entry["entry"] != "mark":
            continue
        if entry["edge"] == "begin":
            begun[entry["phase"]] = entry
        elif entry["edge"] == "end" and entry["phase"] in begun:
            start = begun.pop(entry["phase"])
            payload = {k: v for k, v in entry.items() if k not in {"entry", "previous", "edge", "phase", "reading"}}
            windows.append(
                Window(
                    phase=entry["phase"],
                    epoch=int(entry.get("epoch", 0)),
                    payload=payload,
                    begin=Reading(**start["reading"]),
                    end=Reading(**entry["reading"]),
                )
            )
    return windows


def of_phase(windows: Sequence[Window], *phases: str) -> list[Window]:
    """The windows of some phases, in order."""
    return [window for window in windows if window.phase in phases]


def span(windows: Sequence[Window]) -> Window:
    """One window from the first begin to the last end."""
    first = min(windows, key=lambda window: window.begin.time_s)
    last = max(windows, key=lambda window: window.end.time_s)
    return Window("span", 0, {}, first.begin, last.end)
