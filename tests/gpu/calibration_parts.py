"""Parts about `calibrate`: quick twice, whole epochs, kill -9 and resume, and a recorded trace."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.trace_files import load_trace
from dcase_energy.measure.windows import Window, of_phase
from tests.gpu.bench import ROOT, Bench, gpu_j, guard_state, refusals
from tests.gpu.results import Results, State

# A budget that leaves time for two calibrations and whole epochs in ten minutes.
_BUDGET_S, _SETTLE_S, _SETTLE_AGAIN_S = 40, 70, 30
_EPOCHS = 6
_GUARDS = ("gpu-identity", "gpu-mode", "gpu-exclusive", "host-exclusive", "cross-check", "counter-sane", "resolution")
_KILL_AFTER_EPOCH = 2


def calibrated(bench: Bench, name: str, *options: str, timeout_s: float = 360) -> dict[str, Any] | str:
    """Calibrate; the record, or why there is none."""
    common = ("--allow-estimate", "--threads", str(min(4, os.cpu_count() or 1)), "--output", f"{name}.json")
    with bench.sampling():
        done = bench.run(bench.product("calibrate", *common, *options), timeout_s)
    record = bench.record(name)
    return record if record is not None and not done.returncode else (done.stderr or done.stdout)[-400:]


def quick(bench: Bench, results: Results) -> None:
    """`calibrate --quick`: windows, steady state, guards."""
    _quick(bench, results, "quick", "--settle", str(_SETTLE_S), "--idle", "5", "--device", "cuda:0")


def again(bench: Bench, results: Results) -> None:
    """A second `calibrate --quick` gives the same figure."""
    _quick(bench, results, "again", "--settle", str(_SETTLE_AGAIN_S), "--idle", "0", "--device", "auto")
    first, second = (results.figures.get(f"{name} (kWh)") for name in ("quick", "again"))
    if first and second:
        results.close_to("quick twice", second, first, 0.02, "kWh")


def _quick(bench: Bench, results: Results, name: str, *options: str) -> None:
    record = calibrated(bench, name, "--quick", "--budget", str(_BUDGET_S), "--stage", "training", *options)
    if isinstance(record, str):
        results.add(name, State.FAIL, record)
    else:
        judge_quick(bench, results, name, record)


def judge_quick(bench: Bench, results: Results, name: str, record: dict[str, Any]) -> None:
    """One quick calibration against the samples beside it."""
    stage = record["stages"]["training"]
    results.figures[f"{name} (kWh)"] = stage["components"]["gpu"]["full_recipe_energy_kwh"] or 0.0
    found = f"device {record['hardware']['device']}, tier {record['tier']}, refused because: {refusals(record)}"
    results.add(f"{name}: complete, on the GPU", record["complete"] and record["hardware"]["device"] == "cuda", found)
    windows = bench.windows(name)
    judge_windows(bench, results, name, of_phase(windows, "training_window"))
    judge_lengths(results, name, windows, (record["counter_ticks"].get("gpu") or {}).get("interval_s"))
    steady = record["steady_state"] or {}
    shown = {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in steady.items()}
    about = ", ".join(f"{key} {value}" for key, value in shown.items())
    known = steady.get("gpu_temperature_c") is not None
    results.add(f"{name}: temperature is recorded", known, about or "no steady_state")
    results.add(f"{name}: the machine is steady", bool(steady.get("reached")), about, weak=State.WARN)
    states = {code: guard_state(record, code) for code in _GUARDS}
    worst = State.FAIL if "invalid" in states.values() else State.WARN
    ok = set(states.values()) == {"ok"}
    results.add(f"{name}: guards", ok, ", ".join(f"{k} {v}" for k, v in states.items()), "ok", weak=worst)


def judge_windows(bench: Bench, results: Results, name: str, windows: list[Window]) -> None:
    """Windows of training steps against the samples; J per step against the one of the part `step`."""
    counted = [gpu_j(one) for one in windows]
    sampled = [bench.samples.between_j(one.begin.time_s, one.end.time_s) for one in windows]
    results.close_to(f"{name}: windows / counter", sum(counted), sum(sampled), 0.02, "J")
    worst = max(abs(one / other - 1) for one, other in zip(counted, sampled, strict=True))
    results.figures[f"{name}: worst window / counter"] = worst
    per_step = sum(counted) / sum(one.payload["steps"] for one in windows)
    results.figures[f"{name}: J per step"] = per_step
    if "J per step, warm" in results.figures:
        results.close_to(f"{name}: J per step as in `step`", per_step, results.figures["J per step, warm"], 0.05, "J")


def judge_lengths(results: Results, name: str, windows: list[Window], tick_s: float | None) -> None:
    """Windows last 3 s and a hundred ticks of the counter, those of the metrics too."""
    results.add(f"{name}: tick is recorded", tick_s is not None, f"{tick_s and round(tick_s, 4)} s")
    least_s = max(1.5, 100 * (tick_s or 0.0))  # a budget of 60 s asks for windows of 1.5 s
    phases = ("training_window", "validation_window", "validation_metrics", "test_forward", "test_metrics")
    for phase in phases:
        lengths = [one.duration_s for one in of_phase(windows, phase)]
        if lengths:
            typical_s = statistics.median(lengths)
            found = f"{len(lengths)} windows, median {typical_s:.2f} s, shortest {min(lengths):.2f} s"
            results.add(f"{name}: length of {phase}", typical_s >= 0.9 * least_s, found, f"{least_s:.1f} s")


def epochs(bench: Bench, results: Results) -> None:
    """Whole epochs against the quick calibration of the part `quick`."""
    options = ("--epochs", str(_EPOCHS), "--stage", "training", "--device", "cuda:0", "--idle", "0")
    record = calibrated(bench, "epochs", *options)
    if isinstance(record, str):
        results.add("whole epochs", State.FAIL, record)
        return
    judge_epochs(results, record)


def judge_epochs(results: Results, record: dict[str, Any]) -> None:
    """The GPU's energy of whole epochs, scaled, against a quick calibration's."""
    gpu_kwh = record["stages"]["training"]["components"]["gpu"]["full_recipe_energy_kwh"] or 0.0
    results.figures["whole epochs (kWh)"] = gpu_kwh
    quick_kwh = results.figures.get("quick (kWh)")
    if quick_kwh is None:
        results.add("quick / whole epochs", State.SKIP, "run the part `quick` into the same folder first")
    else:
        results.close_to("quick / whole epochs", quick_kwh, gpu_kwh, 0.05, "kWh")


def resume(bench: Bench, results: Results, device: str = "cuda:0") -> None:
    """kill -9, --resume, and nothing that is left on the GPU."""
    options = ("--recipe", "smoke", "--epochs", "4", "--device", device, "--idle", "0", "--allow-estimate")
    command = bench.product("calibrate", *options, "--threads", "2", "--output", "resumed.json", "--resume")
    before, journal = set(bench.processes()), bench.work / "resumed.journal.jsonl"
    with (bench.output / "resumed.log").open("w") as log:
        first = subprocess.Popen(command, env=bench.environment(), cwd=bench.work, stdout=log, stderr=log)
        ended_s = time.monotonic() + 120
        while time.monotonic() < ended_s and first.poll() is None and not _validates(journal):
            time.sleep(0.02)
        killed = first.poll() is None
        with contextlib.suppress(ProcessLookupError):
            first.send_signal(signal.SIGKILL)
        first.wait()
    time.sleep(3)
    left = set(bench.processes()) - before - {os.getpid()}
    results.add("no orphans after kill -9", not left, f"{len(left)} processes left on the GPU")
    results.add("killed while it trained", killed, "killed" if killed else "it had ended before", weak=State.WARN)
    done = bench.run(command, 180)
    record = bench.record("resumed")
    if record is None or done.returncode:
        results.add("resume after kill -9", State.FAIL, done.stderr[-400:])
        return
    gaps = [f"{one['gap_s']:.1f} s" for one in record["interruptions"]]
    whole = record["complete"] and len(record["epochs_log"]) == 4 and len(gaps) == 1
    results.add("resume after kill -9", whole, f"{len(record['epochs_log'])} epochs, gaps {gaps}", "4 epochs, 1 gap")


def _validates(journal: Path) -> bool:
    """Whether the journal is in the validation of a later epoch."""
    if not journal.exists():
        return False
    lines = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
    return any(one.get("phase") == "validation_forward" and one.get("epoch", 0) >= _KILL_AFTER_EPOCH for one in lines)


def trace(bench: Bench, results: Results, recipe: str = "dcase2023", budget_s: float = 20) -> None:
    """A trace of single training steps and validated clips, for `benchmarks/traces/`."""
    path = bench.output / f"gpu_{recipe}.csv"
    script = ROOT / "benchmarks" / "quick_calibration.py"
    options = ("--record", str(path), "--recipe", recipe, "--budget", str(budget_s))
    done = bench.run([sys.executable, str(script), *options], 240)
    if done.returncode or not path.exists():
        results.add("trace", State.FAIL, (done.stderr or done.stdout)[-400:])
        return
    judge_trace(path, results)


def judge_trace(path: Path, results: Results) -> None:
    """A trace has the GPU's energy; single steps are shorter than a tick, so that many of them show no energy."""
    pieces = load_trace(path)["training_window"]
    joules = [one.kwh.get("gpu", 0.0) for one in pieces]
    none = sum(value == 0 for value in joules) / len(joules)
    results.add("trace", sum(joules) > 0, f"{len(pieces)} steps, {none:.0%} of them without a step of the counter")
