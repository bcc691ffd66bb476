"""Does the interval of a calibration hold what a full run costs, and how wide is it?

``python benchmarks/quick_calibration.py`` simulates machines that warm up, throttle, share their host and drift
(`scenarios`), 200 of each, and prints how often three intervals hold the energy of the training that follows: that of a
quick calibration, that of probes before and after the run, and that of a probe every five minutes. Then it replays
recorded traces. ``--scenarios`` and ``--trace FILE`` do one of both, ``--seeds N`` another number of them. The rule
that ends a quick calibration, the journal and the record are the program's own.

``--live`` compares a quick calibration with whole epochs of the small recipe on this machine (some minutes);
``--live --recipe dcase2023 --epochs 10`` with those of the published one (hours; ``make bench-long``).
``--record FILE`` records a trace of this machine: single training steps and validation batches.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from replay import ReplayMeter
from scenarios import PIECES, POWER_W, SCENARIOS, SEES_INDEPENDENT_NOISE, TRAINING_S, Asked, Machine, Scenario, fewest
from trace_files import Piece, load_trace, record_trace

from dcase_energy.calibration.plan import WINDOW_UNITS, Plan, QuickSettings, StoppingRule
from dcase_energy.calibration.prepare import calibration_header, recipe_of
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.meter import COMPONENTS, Reading
from dcase_energy.measure.probed import probed_cost
from dcase_energy.measure.recorder import Instruments, Recorder
from dcase_energy.measure.records import Calibration, Stage
from dcase_energy.stats import Interval
from dcase_energy.units import joules_to_kwh

TRACES = Path(__file__).parent / "traces"
SEEDS = 200
# Journals are written to the end of each entry, thousands of times: not to a disk where there is memory for files.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
PHASES = ("settling_window", "training_window", "validation_window", "validation_metrics")
PLAN = Plan("generic", "smoke", stages=("training",), quick=QuickSettings())
BEHIND_S = 30.0  # from the end of a quick calibration to the training


# Gives the piece of a phase that begins at a moment.
NextPiece = Callable[[str, float], Piece]


@dataclass(frozen=True)
class Outcome:
    """An interval of a full run's energy, over that energy; ``within``: without the difference between sessions."""

    error: float
    low: float
    high: float
    within: float | None = None
    waited_s: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= 1.0 <= self.high


def quick_run(next_piece: NextPiece, folder: Path, components: Sequence[str]) -> tuple[Calibration, float]:
    """A quick calibration of a machine, from its start on; the real rule decides, the real record is computed."""
    settings = PLAN.quick or QuickSettings()
    nothing = [0.0 if name in components else None for name in COMPONENTS]
    readings = [Reading(0.0, *nothing)]
    marks: list[tuple[str, str, dict[str, int]]] = [("begin", "session", {})]
    rule = StoppingRule(settings)
    for phase in PHASES:
        go_on = True
        for number in itertools.count(1):
            begin = end = readings[-1]
            rule.go_on({"edge": "begin", "phase": phase}, begin)
            amount = 0
            while end.time_s - begin.time_s < settings.window_s:
                piece = next_piece(phase, end.time_s)
                end, amount = _after(end, piece), amount + piece.amount
            payload = {WINDOW_UNITS[phase]: amount, "epoch": number}
            readings += [begin, end]
            marks += [("begin", phase, {"epoch": number}), ("end", phase, payload)]
            go_on = rule.go_on({"edge": "end", "phase": phase, **payload}, end)
            if not go_on:
                break
    path = folder / f"{os.getpid()}.journal.jsonl"
    path.unlink(missing_ok=True)
    journal = JournalWriter(path)
    journal.write("calibration", **calibration_header(PLAN, recipe_of(PLAN.recipe), True))
    recorder = Recorder(Instruments(ReplayMeter(readings)), journal)
    recorder.start()
    for place, (edge, phase, payload) in enumerate(marks):
        about = {"device": "cpu", "execution_path": "fast/2"} if not place else {}
        recorder.mark(edge=edge, phase=phase, **about, **payload)
    journal.write("finish", complete=True)
    journal.close()
    return record_of(read_journal(path)), readings[-1].time_s


def _after(reading: Reading, piece: Piece) -> Reading:
    kwh = [None if (before := reading.component(name)) is None else before + piece.kwh[name] for name in COMPONENTS]
    return Reading(reading.time_s + piece.duration_s, *kwh)


def outcome_of(interval: Interval | None, value: float, truth: float, within: Interval | None = None) -> Outcome:
    """An interval beside the truth; one that is not known holds nothing."""
    low, high = (math.nan, math.nan) if interval is None else (interval.low / truth, interval.high / truth)
    half = None if within is None else math.sqrt(within.high / within.low) - 1
    return Outcome(value / truth - 1, low, high, half)


# --- scenarios


def simulated(place: int, folder: Path, seed: int) -> dict[str, Outcome]:
    """The three intervals for one machine of the scenario at a place of `SCENARIOS`."""
    scenario = SCENARIOS[place]
    machine = Machine(scenario, seed)

    def next_piece(phase: str, time_s: float) -> Piece:
        nominal_s, amount = PIECES[phase]
        duration_s, joules = machine.work(time_s, nominal_s)
        return Piece(duration_s, amount, {"cpu": joules_to_kwh(joules)})

    record, end_s = quick_run(next_piece, folder, ("cpu",))
    stage = record.stages["training"]
    truth = machine.truth(end_s + BEHIND_S) * _nominal_kwh()
    found = {
        "quick": outcome_of(
            stage.full_recipe_energy_interval, stage.full_recipe_energy_kwh, truth, stage.within_session_interval
        )
    }
    chance, probe_s = np.random.default_rng([seed, 5]), 35.0
    machine = Machine(scenario, seed + 1_000_000)
    both = [machine.probe(0.0), machine.probe(probe_s + TRAINING_S)]
    # Twenty-two inside, each at any moment of its share of the run.
    moments = (np.arange(22) + chance.random(22)) * (TRAINING_S - probe_s) / 22 + probe_s
    every = [both[0], *map(machine.probe, moments), both[1]]
    for name, costs in (("both", both), ("every", every)):
        mean = probed_cost(costs)
        found[name] = outcome_of(mean.interval("probes", len(costs)), mean.value, machine.truth(probe_s))
    return found


def _nominal_kwh() -> float:
    """Energy of the full recipe where a unit of each work costs what `PIECES` says."""
    recipe = recipe_of(PLAN.recipe)
    amounts = {
        "training_window": recipe.steps_per_epoch,
        "validation_window": recipe.validation_clips,
        "validation_metrics": recipe.validation_clips,
    }
    seconds = sum(amount * PIECES[phase][0] / PIECES[phase][1] for phase, amount in amounts.items())
    return joules_to_kwh(recipe.epochs * seconds * POWER_W)


def scenario_table(seeds: int) -> bool:
    """Print the table; whether every interval holds as often as asked and is as narrow."""
    columns = ("quick", "both", "every")
    print(f"Coverage in {seeds} machines, half-width and bias and rms error of the figure, per cent")
    heads = ("a quick calibration (within the session)", "probes before and after", "a probe every 5 min")
    print(f"{'':<28} " + "   ".join(f"{head:<44}" for head in heads))
    print(f"{'scenario':<28} " + "   ".join(f"{'cover half-w. bias   rms':<44}" for _ in heads))
    good = True
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, ProcessPoolExecutor() as pool:
        for place, scenario in enumerate(SCENARIOS):
            rows = list(pool.map(partial(simulated, place, Path(folder)), range(seeds), chunksize=5))
            cells = []
            for column in columns:
                outcomes = [row[column] for row in rows]
                text, held = cell(outcomes, getattr(scenario.asked, column))
                # A few machines do not say how large the error is.
                narrow = column != "quick" or seeds < 100 or is_narrow(outcomes, scenario)
                good = good and held and narrow
                cells.append(f"{text + ('' if narrow else ' too wide'):<44}")
            print(f"{scenario.name:<28} " + "   ".join(cells).rstrip(), flush=True)
    print("(-): a minute cannot show it, and the output of calibrate says so.")
    for one in SCENARIOS:
        if one.why is not None:
            print(f"{one.name}: {100 * one.beyond:.0f} % of width beyond the error are allowed, not 1 %: {one.why}.")
    return good


def cell(outcomes: Sequence[Outcome], asked: float | None) -> tuple[str, bool]:
    """Coverage, half-width, bias and rms error in words; whether the interval holds often enough."""
    held = sum(one.holds for one in outcomes)
    half = statistics.fmean(math.sqrt(one.high / one.low) - 1 for one in outcomes)
    within = [one.within for one in outcomes if one.within is not None]
    shown = f" ({statistics.fmean(within):.1%})" if within else ""
    errors = [one.error for one in outcomes]
    enough = asked is None or held >= fewest(asked, len(outcomes))
    mark = " (-)" if asked is None else "" if enough else f" asked {asked:.0%}"
    text = (
        f"{held / len(outcomes):>5.1%}{mark} {half:>5.1%}{shown} {statistics.fmean(errors):>+6.1%} {rms(errors):>6.2%}"
    )
    return text.replace("%", ""), enough


def is_narrow(outcomes: Sequence[Outcome], scenario: Scenario) -> bool:
    """Whether the half-width within the session is at most twice what the error asks for, and a little more."""
    within = statistics.fmean(one.within if one.within is not None else math.inf for one in outcomes)
    allowed = 2 * 1.96 * rms([one.error for one in outcomes]) + scenario.beyond
    return within <= allowed and (scenario not in SEES_INDEPENDENT_NOISE or within <= 0.02)


def rms(errors: Sequence[float]) -> float:
    """Root mean square."""
    return math.sqrt(statistics.fmean(error * error for error in errors))


# --- recorded traces


def replayed(trace: dict[str, list[Piece]], folder: Path, seed: int) -> Outcome:
    """A quick calibration that begins somewhere in a trace and goes through it in its order, again and again."""
    chance = np.random.default_rng(seed)
    place = chance.random()
    rows = {
        phase: itertools.cycle(pieces[(first := int(place * len(pieces))) :] + pieces[:first])
        for phase, pieces in trace.items()
    }

    def next_piece(phase: str, _: float) -> Piece:
        if phase == "validation_metrics":  # not in traces: no time, no energy
            return Piece(3.0, 1, dict.fromkeys(trace["training_window"][0].kwh, 0.0))
        return next(rows["training_window" if phase == "settling_window" else phase])

    record, _ = quick_run(next_piece, folder, list(trace["training_window"][0].kwh))
    stage = record.stages["training"]
    return outcome_of(
        stage.full_recipe_energy_interval,
        stage.full_recipe_energy_kwh,
        full_run_kwh(trace),
        stage.within_session_interval,
    )


def full_run_kwh(trace: dict[str, list[Piece]]) -> float:
    """Energy of all steps and validated clips of the recipe, if it goes through the trace again and again."""
    recipe, total = recipe_of(PLAN.recipe), 0.0
    amounts = {"training_window": recipe.steps_per_epoch, "validation_window": recipe.validation_clips}
    for phase, amount in amounts.items():
        kwh = math.fsum(value for piece in trace[phase] for value in piece.kwh.values())
        total += recipe.epochs * amount * kwh / sum(piece.amount for piece in trace[phase])
    return total


def trace_lines(path: Path, seeds: int) -> tuple[list[str], bool]:
    """Coverage, half-width, bias and rms error of quick calibrations in a trace."""
    trace = load_trace(path)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(partial(replayed, trace, Path(folder)), range(seeds), chunksize=5))
    text, good = cell(outcomes, Asked().quick)
    length_s = sum(piece.duration_s for piece in trace["training_window"])
    line = f"{path.name:<28} {text}   ({len(trace['training_window'])} steps in {length_s:.0f} s)"
    return [line], good


def live(recipe: str, epochs: int) -> None:
    """A quick calibration against whole epochs, on this machine, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        common = {"stages": ("training",), "allow_estimate": True}
        quick = run_calibration(Plan("generic", recipe, quick=QuickSettings(), **common), Path(folder) / "quick.json")  # type: ignore[arg-type]
        whole = run_calibration(Plan("generic", recipe, epochs=epochs, **common), Path(folder) / "whole.json")  # type: ignore[arg-type]
    ours, theirs = quick.stages["training"], whole.stages["training"]
    print(f"{recipe}: quick {ours.work}; whole {theirs.work}; tier {whole.tier}")
    print(f"  time: quick {ours.full_recipe_duration_s / theirs.full_recipe_duration_s - 1:+.1%}")
    for name, one in theirs.components.items():
        mine = ours.components[name].full_recipe_energy_kwh
        if one.full_recipe_energy_kwh and mine is not None:
            print(f"  {name} ({one.method}): quick {mine / one.full_recipe_energy_kwh - 1:+.1%}")
    print(f"  energy: quick {_shown(ours)}, whole epochs {_shown(theirs)}")
    if whole.tier == "estimated":
        print("  no sensor is read here: energy is time multiplied by a constant, so its error is that of time")
    for guard in (*quick.guards, *whole.guards):
        if guard.code == "host-exclusive":
            print(f"  {guard.state}: {guard.message}")


def _shown(stage: Stage) -> str:
    bounds = stage.full_recipe_energy_interval
    between = "" if bounds is None else f" ({bounds.low:.4g} to {bounds.high:.4g})"
    return f"{stage.full_recipe_energy_kwh:.4g} kWh{between}"


def main() -> int:
    """Run what the options ask for; exit code 1 if an interval holds too seldom or is too wide."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", action="store_true")
    parser.add_argument("--trace", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--record", type=Path, metavar="FILE")
    parser.add_argument("--recipe", default="smoke")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--budget", type=float, default=60.0)
    options = parser.parse_args()
    if options.record:
        record_trace(options.recipe, options.budget, options.record)
        return 0
    if options.live:
        live(options.recipe, options.epochs)
        return 0
    good = True
    if options.scenarios or not options.trace:
        good = scenario_table(options.seeds)
    if options.trace or not options.scenarios:
        print("Recorded traces, replayed in their order from any moment on: as the first column")
        for path in options.trace or sorted(TRACES.glob("*.csv")):
            lines, held = trace_lines(path, options.seeds)
            good = good and held
            print("\n".join(lines), flush=True)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
