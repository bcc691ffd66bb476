"""Where a run was cut off and resumed: which windows count, and what energy was spent on the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dcase_energy.calibration.stages import TRAINING_PHASES, by_epoch
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.view import is_1_0
from dcase_energy.measure.windows import Segment, Window, kwh_between, segments_of

OUTSIDE = ("data_preparation", "warmup")


def last_attempts(windows: Sequence[Window]) -> list[Window]:
    """The windows that count where a run was resumed.

    An epoch that was cut off before its checkpoint was written is trained again: its last attempt counts.
    """
    last = {_work(window): window.segment for window in windows}
    return [window for window in windows if window.segment == last[_work(window)]]


def _work(window: Window) -> tuple[int, int, str]:
    """What a window is an attempt at: an epoch's phases belong together."""
    if window.phase in TRAINING_PHASES and window.epoch > 0:
        return window.run, window.epoch, "training"
    return window.run, 0, window.phase


def repeated_kwh(
    header: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], windows: Sequence[Window]
) -> list[float | None]:
    """For each resumption, energy of what was done again after it; None where it is not known."""
    kept = last_attempts(windows)
    if is_1_0(header):
        return _repeated_1_0(entries, windows, kept)
    counted = [window for window in kept if window.phase not in TRAINING_PHASES]
    for run in {window.run for window in kept}:
        counted += [window for rows in by_epoch([w for w in kept if w.run == run]) for window in rows]
    return [
        _done_again(segment, [window for window in counted if window.segment == number])
        for number, segment in enumerate(segments_of(entries))
        if segment.resumed
    ]


def _done_again(segment: Segment, counted: Sequence[Window]) -> float | None:
    """Energy before the first and after the last window that counts; None where the meter saw nothing."""
    if segment.energy_kwh is None:
        return None
    if not counted:
        return segment.energy_kwh
    begin, end = _first([w.begin for w in counted], min), _first([w.end for w in counted], max)
    return kwh_between(segment.readings[0], begin) + kwh_between(end, segment.readings[-1])


def _first(readings: Sequence[Reading], choose: Callable[..., Reading]) -> Reading:
    return choose(readings, key=lambda reading: reading.time_s)


def _repeated_1_0(
    entries: Sequence[Mapping[str, Any]], windows: Sequence[Window], kept: Sequence[Window]
) -> list[float | None]:
    """As records of 1.0 have it: from the last work that counts to the cut, 0 where no window had ended."""
    found: list[float | None] = []
    for number, segment in enumerate(segments_of(entries)):
        if not segment.resumed:
            continue
        rows = [w for w in kept if w.segment == number] or [
            w for w in windows if w.segment == number and w.phase in OUTSIDE
        ]
        ends = [w.end for w in rows]
        found.append(kwh_between(_first(ends, max), segment.readings[-1]) if ends else 0.0)
    return found
