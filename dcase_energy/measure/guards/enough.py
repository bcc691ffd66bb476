"""Guards that look at whether enough was measured, on a machine that was warm."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.measure.guards.model import Limits, guard, invalid, ok, warn
from dcase_energy.measure.record_parts import Guard
from dcase_energy.measure.view import JournalView
from dcase_energy.units import format_duration

# Large GPUs work at their power limit all the time; what else lowers their clocks comes and goes.
_USUAL = "software power cap"


@guard(
    32,
    "steady-state",
    "during",
    "the machine is warm before the measured part begins",
    "the energy of a step rises by 4 to 8 % while a GPU gets warm; a laptop's turbo lasts 28 s",
    fix="calibrate with the default time limits, on a machine that is not throttled; if a minute is too short to show "
    "the usual state of the machine, train whole epochs",
    advisory=True,
)
def _steady_state(view: JournalView) -> Iterator[Guard]:
    quick = view.header.get("quick")
    if not quick:
        return
    steady = view.steady
    if steady is None:
        yield warn(None, "nothing was waited for: the machine may have got warm while it was measured")
        return
    span_s = quick.get("settle_s", 60.0)
    span = "minute" if span_s == 60.0 else format_duration(span_s)
    trend = "" if steady.trend is None else f"energy of a step changed by {steady.trend:+.1%} in the last {span}"
    heat = "" if steady.gpu_temperature_c is None else f", GPU {steady.gpu_temperature_c:.0f} C"
    value = None if steady.trend is None else round(steady.trend, 6)
    waited = f"waited {format_duration(steady.waited_s)}"
    if steady.reached:
        yield ok(value, f"{waited}: {trend}{heat}")
    else:
        yield warn(value, f"{waited}, which was not enough: {trend}{heat}")
    odd = sorted({*steady.throttled, *_throttled(view)} - {_USUAL})
    if odd:
        yield warn(", ".join(odd), f"the GPU's clocks were lowered: {', '.join(odd)}")


def _throttled(view: JournalView) -> set[str]:
    return {reason for part in view.samples for entry in part for reason in entry["sample"].get("gpu_throttled") or ()}


@guard(
    33,
    "resolution",
    "during",
    "the counter changed at least a hundred times in the measured part",
    "counters of GPUs change every 20 to 100 ms; windows of only a few changes were wrong by 6 to 28 %",
    limits={"ticks": 100.0, "fewest": 10.0},
    fix="measure for longer (`measure --min-window`, `calibrate --budget`, or more epochs)",
)
def _resolution(view: JournalView, limits: Limits) -> Iterator[Guard]:
    tick_s = view.tick_s
    if tick_s is None:
        return
    stages = {**view.stages, **({} if view.scoring is None else {"scoring": view.scoring})}
    for name, stage in stages.items():
        # The parts of a quick calibration are scaled each by itself.
        parts = {phase: part.duration_s for phase, part in stage.phases.items()} if view.header.get("quick") else {}
        phase, seconds = min((parts or {"what was measured": stage.duration_s}).items(), key=lambda one: one[1])
        ticks = seconds / tick_s
        make = ok if ticks >= limits["ticks"] else warn if ticks >= limits["fewest"] else invalid
        steps = f"{ticks:.0f} steps of the slowest counter ({1000 * tick_s:.3g} ms)"
        yield make(round(ticks, 1), f"{name}: {steps} in {phase}")


@guard(
    34,
    "rare-events",
    "during",
    "mean and median of the measured windows agree",
    "bursts of other work, 60 s in every 600 s, change the energy of a minute by up to 60 %",
    limits={"off": 0.005},
    fix="close programs that work now and then, measure for longer (`calibrate --budget`, more epochs), or use probes",
    advisory=True,
)
def _rare_events(view: JournalView, limits: Limits) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        within, median = stage.within_session_interval, stage.full_recipe_energy_kwh_median
        if within is None or not median:
            continue
        off = stage.full_recipe_energy_kwh / median - 1
        message = f"{name}: the mean is {off:+.1%} from the median of means"
        if abs(off) > limits["off"] and not within.low <= median <= within.high:
            yield warn(round(off, 6), f"{message}, more than the session's interval: a few windows weigh in it")
        else:
            yield ok(round(off, 6), message)
