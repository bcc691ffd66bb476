"""Does the interval of a quick calibration hold what a full run costs?

``python benchmarks/quick_calibration.py`` replays recorded traces: of each, twenty full runs and twenty quick
calibrations of the same machine are drawn, block by block so that neighbours stay neighbours, and compared. Traces
named ``busy`` show what to expect where other work comes and goes within minutes: no single minute represents such a
machine, and the guard `host-load` names it.

``--live`` compares a quick calibration with whole epochs of the small recipe on this machine (some minutes);
``--live --recipe dcase2023 --epochs 10`` with those of the published one (hours; ``make bench-long``).
``--record FILE`` records a trace of this machine: single training steps and validation batches.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from replay import ReplayMeter

from dcase_energy.calibration.plan import Plan, QuickSettings, StoppingRule
from dcase_energy.calibration.prepare import calibration_header, recipe_of
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.meter import COMPONENTS, Reading
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.recorder import Instruments, Recorder
from dcase_energy.measure.records import Calibration, Stage
from dcase_energy.measure.windows import of_phase, windows_of

TRACES = Path(__file__).parent / "traces"
SEEDS, NEEDED = 20, 19
BLOCK = 8
UNITS = {"training_window": "steps", "validation_window": "clips"}


@dataclass(frozen=True)
class Piece:
    """The least work that was recorded: a training step, or some validated clips."""

    duration_s: float
    amount: int
    kwh: dict[str, float]


def load_trace(path: Path) -> dict[str, list[Piece]]:
    """Pieces by phase."""
    found: dict[str, list[Piece]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            kwh = {name: float(row[f"{name}_kwh"]) for name in COMPONENTS if row[f"{name}_kwh"]}
            found.setdefault(row["phase"], []).append(Piece(float(row["duration_s"]), int(row["amount"]), kwh))
    return found


def drawn(pieces: list[Piece], chance: random.Random) -> Iterator[Piece]:
    """A run like the recorded one, without end: blocks of it in another order."""
    while True:
        first = chance.randrange(max(1, len(pieces) - BLOCK + 1))
        yield from pieces[first : first + BLOCK]


def full_run(trace: dict[str, list[Piece]], plan: Plan, chance: random.Random) -> dict[str, float]:
    """What every step and every validated clip of the recipe cost, by component and in seconds."""
    recipe = recipe_of(plan.recipe, plan.batch_size)
    wanted = {
        "training_window": recipe.optimisation.epochs * recipe.steps_per_epoch,
        "validation_window": recipe.optimisation.epochs * recipe.validation_clips,
    }
    total = dict.fromkeys((*COMPONENTS, "seconds"), 0.0)
    for phase, amount in wanted.items():
        done = 0
        for piece in drawn(trace[phase], chance):
            share = min(1.0, (amount - done) / piece.amount)
            total["seconds"] += share * piece.duration_s
            for name, kwh in piece.kwh.items():
                total[name] += share * kwh
            done += piece.amount
            if done >= amount:
                break
    return total


def quick_run(trace: dict[str, list[Piece]], plan: Plan, chance: random.Random, folder: Path) -> Calibration:
    """A quick calibration of the drawn machine: the real rule decides, the real record is computed."""
    settings = plan.quick or QuickSettings()
    rule, readings, marks = StoppingRule(settings), [Reading(0.0, *_nothing(trace))], [("begin", "session", {})]
    for phase, unit in UNITS.items():
        pieces = drawn(trace[phase], chance)
        go_on, number = True, 0
        while go_on and number < 100:
            number += 1
            begin = readings[-1]
            rule.go_on({"edge": "begin", "phase": phase}, begin)
            end, amount = begin, 0
            while end.time_s - begin.time_s < settings.window_s:
                piece = next(pieces)
                end, amount = _after(end, piece), amount + piece.amount
            readings += [begin, end]
            marks += [("begin", phase, {}), ("end", phase, {unit: amount})]
            go_on = rule.go_on({"edge": "end", "phase": phase, unit: amount}, end)
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    journal = JournalWriter(path)
    journal.write("calibration", **calibration_header(plan, recipe_of(plan.recipe, plan.batch_size), True))
    recorder = Recorder(Instruments(ReplayMeter(readings)), journal)
    recorder.start()
    for number, (edge, phase, payload) in enumerate(marks):
        about = {"device": "cpu", "execution_path": "fast/1"} if not number else {}
        recorder.mark(edge=edge, phase=phase, **about, **payload)
    journal.write("finish", complete=True)
    journal.close()
    return record_of(read_journal(path))


def _nothing(trace: dict[str, list[Piece]]) -> list[float | None]:
    return [0.0 if name in trace["training_window"][0].kwh else None for name in COMPONENTS]


def _after(reading: Reading, piece: Piece) -> Reading:
    kwh = [None if (before := reading.component(name)) is None else before + piece.kwh[name] for name in COMPONENTS]
    return Reading(reading.time_s + piece.duration_s, *kwh)


def replay(path: Path) -> tuple[int, list[str]]:
    """How many of twenty intervals hold, and lines about the rest."""
    trace = load_trace(path)
    plan = Plan("generic", "smoke", stages=("training",), quick=QuickSettings())
    held, errors, halves, windows = 0, [], [], []
    parts: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(SEEDS):
            truth = full_run(trace, plan, random.Random(f"full {seed}"))
            stage = quick_run(trace, plan, random.Random(f"quick {seed}"), Path(folder)).stages["training"]
            full = sum(truth[name] for name in COMPONENTS)
            bounds = stage.full_recipe_energy_interval
            low, high = (0.0, 0.0) if bounds is None else (bounds.low, bounds.high)
            held += low <= full <= high
            errors.append(stage.full_recipe_energy_kwh / full - 1)
            halves.append((high - low) / 2 / stage.full_recipe_energy_kwh)
            windows.append(stage.phases["training_window"].windows)
            for name, value in _parts(stage, truth).items():
                parts.setdefault(name, []).append(value)
    lines = [
        f"{path.name}: the interval holds the full run's energy {held} of {SEEDS} times"
        + ("" if "busy" in path.stem else f" (needed {NEEDED})"),
        f"  half-width {mean(halves):.2%}, error {mean([abs(e) for e in errors]):.2%} on average, "
        f"{max(map(abs, errors)):.2%} at most, {mean(windows):.1f} windows",
        "  mean error of " + ", ".join(f"{name} {mean([abs(v) for v in rows]):.2%}" for name, rows in parts.items()),
    ]
    return held, lines


def _parts(stage: Stage, truth: dict[str, float]) -> dict[str, float]:
    """Errors of time and of each component by itself."""
    found = {"time": stage.full_recipe_duration_s / truth["seconds"] - 1}
    for name, one in stage.components.items():
        if one.full_recipe_energy_kwh is not None and truth[name] > 0:
            found[name] = one.full_recipe_energy_kwh / truth[name] - 1
    return found


def mean(values: list[float] | list[int]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)


def record_trace(recipe: str, budget_s: float, output: Path) -> None:
    """Record single steps and validation batches of this machine."""
    settings = QuickSettings(
        precision=1e-9, budget_s=budget_s, window_steps=1, window_clips=16, window_s=0.0, min_windows=30
    )
    plan = Plan("generic", recipe, stages=("training",), quick=settings, idle_s=0.0, allow_estimate=True)
    with tempfile.TemporaryDirectory() as folder:
        record = run_calibration(plan, Path(folder) / "trace.json")
        windows = windows_of(read_journal(journal_of(Path(folder) / "trace.json")))
    with output.open("w", encoding="utf-8", newline="") as file:
        how = ", ".join(f"{name} {one.method}" for name, one in record.stages["training"].components.items())
        file.write(f"# one training step, or some validated clips, a row; recipe {recipe}; {how}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["phase", "duration_s", "amount", *(f"{name}_kwh" for name in COMPONENTS)])
        for window in of_phase(windows, *UNITS):
            kwh = [window.component_kwh(name) for name in COMPONENTS]
            amount = window.payload[UNITS[window.phase]]
            shown = ["" if value is None else f"{value:.6g}" for value in kwh]
            writer.writerow([window.phase, f"{window.duration_s:.6f}", amount, *shown])


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
    if whole.tier == "estimated":
        print("  no sensor is read here: energy is time multiplied by a constant, so its error is that of time")
    for guard in (*quick.guards, *whole.guards):
        if guard.code == "host-exclusive":
            print(f"  {guard.state}: {guard.message}")


def main() -> int:
    """Run what the options ask for; exit code 1 if an interval holds too seldom."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    for path in sorted(TRACES.glob("*.csv")):
        held, lines = replay(path)
        good = good and (held >= NEEDED or "busy" in path.stem)
        print("\n".join(lines))
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
