"""Guards that look at what happened while the work ran."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dcase_energy.measure.guards.model import Limits, graded, guard, invalid, ok, warn
from dcase_energy.measure.meter import KWH_OF_READING, Obtained
from dcase_energy.measure.record_parts import Guard
from dcase_energy.measure.view import JournalView
from dcase_energy.measure.windows import failed_repetition
from dcase_energy.stats import sum_known
from dcase_energy.text import plural
from dcase_energy.units import format_duration, mean_power_w

if TYPE_CHECKING:
    from dcase_energy.measure.entries import EntryWithReading

# What it says of choices that are meant, or that another guard reports: it needs no action.
_NO_MATTER = ("No CPU tracking mode found", "Multiple instances of codecarbon", "RAPL - Energy counter at")
# What the tracker says when a figure is lost, and the guard that then speaks.
FATAL_WARNINGS = {
    "went backwards": "a counter was reset",
    "cannot be corrected": "a counter fell and could not be corrected",
    "its energy will be reported as 0": "the GPU's power could not be read",
    "reports 0 W power usage": "the GPU reported no power",
    "Another instance of codecarbon is already running": "a lock kept the tracker from counting",
}


@guard(
    14,
    "api-use",
    "during",
    "counters are read often enough to detect each overflow",
    "in a test with CodeCarbon alone only 12.6 % of the energy was left",
    limits={"wrap_share": 0.5},
    fix="measure again on a machine that is not overloaded: the counter was read too rarely to count its overflows",
)
def _api_use(view: JournalView, limits: Limits) -> Iterator[Guard]:
    wrap_s = view.about.get("cpu_wrap_s")
    gap = longest_gap_s(view)
    if wrap_s is None or view.obtained("cpu") != Obtained.COUNTED:
        yield ok(None, "no counter that wraps is read")
        return
    allowed = wrap_s * limits["wrap_share"]
    message = f"the processor's counter can wrap in {wrap_s:.0f} s and was read every {gap:.1f} s or sooner"
    yield (ok if gap <= allowed else invalid)(round(gap, 3), message)


def longest_gap_s(view: JournalView) -> float:
    """The longest time between two readings of one meter."""
    times = [[entry["reading"]["time_s"] for entry in segment] for segment in view.segments]
    return max((b - a for segment in times for a, b in pairwise(segment)), default=0.0)


@guard(
    15,
    "window",
    "during",
    "the record states what was inside the measured window",
    "start-up inside the window would be counted as training",
    fix="calibrate with a warm-up; use --scope to declare what else a measured command does",
)
def _window(view: JournalView) -> Iterator[Guard]:
    if view.header["entry"] == "energy":
        yield ok("whole", "the whole command or block, with its start and end")
        return
    phases = {entry.get("phase") for entry in view.entries if entry["entry"] == "mark"}
    if view.header.get("quick") and "training_window" in phases and "warmup" not in phases:
        yield warn("no warm-up", "steps were measured from the first one on, without a warm-up")
    else:
        yield ok("marks", "from mark to mark; making data and loading the program lie outside")


@guard(
    16,
    "min-duration",
    "during",
    "a measured window lasts at least a minute",
    "MLPerf Training requires the whole run or 60 samples, whichever is longer",
    limits={"min_s": 60.0},
    fix="measure with --min-window 60, or train more epochs",
)
def _min_duration(view: JournalView, limits: Limits) -> Iterator[Guard]:
    wanted = limits["min_s"]
    for name, stage in view.stages.items():
        # How long a calibration tests is not the user's choice; its interval says what that is worth.
        short = stage.duration_s < wanted and not (view.header["entry"] == "calibration" and name == "test")
        message = f"{name}: {stage.duration_s:.0f} s measured" + (f", {wanted:.0f} s are wanted" if short else "")
        yield (warn if short else ok)(round(stage.duration_s, 3), message)


@guard(
    17,
    "sampling-gap",
    "during",
    "readings are regular, and the machine did not sleep",
    "a gap may be up to three times the sampling interval of 5 s",
    limits={"max_gap_s": 15.0, "suspend_s": 1.0},
    fix="prevent sleep and overload of the machine, and measure again",
)
def _sampling_gap(view: JournalView, limits: Limits) -> Iterator[Guard]:
    slept = max((_slept_s(segment) for segment in view.samples), default=0.0)
    if slept > limits["suspend_s"]:
        yield invalid(round(slept, 3), f"the machine slept for {format_duration(slept)} while it was measured")
        return
    gap = longest_gap_s(view)
    message = f"longest time between two readings {gap:.1f} s"
    yield (warn if gap > limits["max_gap_s"] else ok)(round(gap, 3), message)


def _slept_s(segment: Sequence[EntryWithReading]) -> float:
    """Seconds in which the clock that counts sleep ran and the other did not."""
    both = [(entry["reading"]["time_s"], entry["sample"].get("boottime_s")) for entry in segment]
    known = [(time_s, boot_s) for time_s, boot_s in both if boot_s is not None]
    if len(known) < 2:
        return 0.0
    (first_s, first_boot_s), (last_s, last_boot_s) = known[0], known[-1]
    return float((last_boot_s - first_boot_s) - (last_s - first_s))


@guard(
    18,
    "counter-sane",
    "during",
    "counters only increase, and power stays within its limits",
    "a counter that was reset took 10 MJ from a figure",
    limits={"over_limit": 1.2, "under_idle": 0.8},
    fix="measure again; if it happens again, check the GPU's driver and the counters",
)
def _counter_sane(view: JournalView, limits: Limits) -> Iterator[Guard]:
    resets = [entry["message"] for entry in view.entries if entry["entry"] == "counter_reset"]
    resets += [meaning for text, meaning in FATAL_WARNINGS.items() if any(text in said for said in view.warnings)]
    if resets:
        yield invalid(len(resets), "; ".join(dict.fromkeys(resets)))
    falls = {
        name
        for segment in view.segments
        for before, after in pairwise(entry["reading"] for entry in segment)
        for name in KWH_OF_READING
        if (was := before[name]) is not None and ((now := after[name]) is None or not now >= was)
    }
    if falls:
        yield invalid(len(falls), f"{', '.join(sorted(falls))} fell or vanished")
    yield from _powers(view, limits)
    if not resets and not falls:
        yield ok(0, "no energy ever fell")


def _powers(view: JournalView, limits: Limits) -> Iterator[Guard]:
    idle = view.idle.before_w or {}
    for name, stage in view.stages.items():
        for component, part in stage.components.items():
            energy, bound_w, idle_w = part.energy_kwh, _bound_w(view, component), idle.get(component)
            if not energy or stage.timed_s <= 0:
                continue
            power_w = mean_power_w(energy, stage.timed_s)
            if bound_w and power_w > bound_w * limits["over_limit"]:
                text = f"{name}: {component} took {power_w:.4g} W, it can take {bound_w:.4g} W at most"
                yield invalid(round(power_w, 3), text)
            if idle_w and power_w < idle_w * limits["under_idle"]:
                yield warn(round(power_w, 3), f"{name}: {component} took {power_w:.1f} W, idle it takes {idle_w:.1f} W")


def _bound_w(view: JournalView, component: str) -> float | None:
    """What a component can take by the way in which it was measured: its power limits, or the watts assumed for it."""
    if view.obtained(component) != Obtained.COUNTED:
        method = view.methods.get(component)
        return None if method is None else method.get("constant_w")
    if component != "gpu":
        return view.about.get("cpu_limit_w") if component == "cpu" else view.about.get("ram_limit_w")
    return sum_known(board.get("limit_w") for board in view.gpus)


@guard(
    19,
    "cross-check",
    "during",
    "CodeCarbon agrees with the counters read directly",
    "the difference of a counter between start and end is the reference (as in InferenceX)",
    limits={"ok": 0.02, "warn": 0.05},
    fix="measure again with nothing else running; if it happens again, open an issue with record and journal",
)
def _cross_check(view: JournalView, limits: Limits) -> Iterator[Guard]:
    compared = False
    for component in ("gpu", "cpu"):
        if view.obtained(component) != Obtained.COUNTED:
            continue
        pair = _both_kwh(view, component)
        if pair is None:
            yield warn(None, f"{component}: no counter could be read beside the tracker")
            continue
        compared = True
        told, counted = pair
        difference = abs(told - counted) / counted if counted > 0 else math.inf if told > 0 else 0.0
        message = f"{component}: the tracker and the counter differ by {difference:.1%}"
        yield graded(min(difference, 1e9), limits["ok"], limits["warn"], message)
    if not compared and not any(view.obtained(name) == Obtained.COUNTED for name in ("gpu", "cpu")):
        yield ok(None, "nothing is counted that could be checked")


def _both_kwh(view: JournalView, component: str) -> tuple[float, float] | None:
    """Energy by the tracker and by the counter between the first and the last reading of both."""
    name, told, counted, spans = f"{component}_kwh", 0.0, 0.0, 0
    segments: Sequence[Sequence[Mapping[str, Any]]] = view.segments  # a name that is composed has no type
    for segment in segments:
        rows = [
            (entry["reading"][name], entry["counters"][name])
            for entry in segment
            if entry["reading"][name] is not None and entry.get("counters", {}).get(name) is not None
        ]
        if len(rows) >= 2:
            spans += 1
            told += rows[-1][0] - rows[0][0]
            counted += rows[-1][1] - rows[0][1]
    return (told, counted) if spans else None


@guard(
    20,
    "warnings-captured",
    "during",
    "CodeCarbon's warnings are recorded, and the important ones shown",
    "CodeCarbon logs errors as warnings",
    fix="if CodeCarbon does not know the processor, it assumes its power from the number of threads: use a machine "
    "with counters, or compare only what was measured here; warnings that spoil a figure make another guard invalid",
)
def _warnings_captured(view: JournalView) -> Iterator[Guard]:
    matter = [message for message in view.warnings if not message.startswith(_NO_MATTER)]
    if matter:
        said = "; ".join(message.partition(". ")[0].rstrip(".") for message in matter)
        yield warn(len(matter), f"the tracker: {said}")
    elif count := len(view.warnings):
        yield ok(count, f"{plural(count, 'warning')} of the tracker that need no action, in the record")
    else:
        yield ok(0, "the tracker gave no warning")


@guard(
    21,
    "interrupted",
    "during",
    "the run reached its end",
    "CodeCarbon leaves no figure when it is killed",
    fix="repeat the run until it ends without an error; `calibrate --resume` continues a calibration that was cut off",
)
def _interrupted(view: JournalView) -> Iterator[Guard]:
    if not view.complete:
        reason = view.exit_reason or "the run did not reach its end"
        yield invalid(True, reason)
        return
    if view.interruptions:
        count = len(view.interruptions)
        gaps = [one.gap_s for one in view.interruptions]
        known = sum(gap for gap in gaps if gap is not None)
        lost = [one.repeated_energy_kwh for one in view.interruptions]
        at_least = "at least " if None in lost else ""
        spent = sum(one for one in lost if one is not None)
        yield warn(
            count,
            f"resumed {plural(count, 'time')} after {format_duration(known)}"
            f"{' and a restart of the machine' if None in gaps else ''}; {at_least}{spent:.4g} kWh spent on work done "
            "again are not in the figures",
        )
        return
    failed = failed_repetition(view.entries)
    yield warn(True, failed) if failed else ok(False, "ran to its end")
