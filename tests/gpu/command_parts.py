"""Parts about `measure`: its figure, every way to name a GPU, what it refuses, and other work on the GPU."""

from __future__ import annotations

import subprocess
import time
from typing import Any

from tests.gpu.bench import Bench, gpu_j, guard_state, refusals
from tests.gpu.results import Results, State

_MIG = "MIG-00000000-0000-0000-0000-000000000000"
_FAILED = 125


def measured(
    bench: Bench, name: str, *options: str, **changes: str | None
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any] | None]:
    """Measure the load; the exit code and the record."""
    plain = ("--stage", "training", "--min-window", "0", "--allow-estimate", "--probe", "none")
    command = bench.product("measure", *plain, *options, "--output", f"{name}.json", "--", *bench.burn())
    with bench.sampling():
        done = bench.run(command, 120, **changes)
    return done, bench.record(name)


def why(done: subprocess.CompletedProcess[str]) -> str:
    """The reason that a refused command printed."""
    return next((line for line in done.stderr.splitlines() if "INVALID" in line or "gpu-" in line), done.stderr[-160:])


def naming(bench: Bench, results: Results) -> None:
    """Every way to name the GPU gives the energy of the counter."""
    uuid, index = bench.uuid(), str(bench.index)
    ways: dict[str, tuple[list[str], dict[str, str | None]]] = {
        "number": (["--gpu", index], {}),
        "uuid": (["--gpu", uuid], {}),
        "visible-uuid": ([], {"CUDA_VISIBLE_DEVICES": uuid}),
        "visible-number": ([], {"CUDA_VISIBLE_DEVICES": index, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}),
        "all": (["--gpu", "all"], {"CUDA_VISIBLE_DEVICES": uuid}),
    }
    if bench.nvml.nvmlDeviceGetCount() == 1:
        ways["auto"] = ([], {"CUDA_VISIBLE_DEVICES": None})
    for name, (options, changes) in ways.items():
        done, record = measured(bench, name, *options, **changes)
        judge_measured(bench, results, name, done, record)


def judge_measured(
    bench: Bench,
    results: Results,
    name: str,
    done: subprocess.CompletedProcess[str],
    record: dict[str, Any] | None,
) -> None:
    """The energy of the GPU in a record, against the samples beside it."""
    windows = bench.windows(name) if record is not None and record["stages"] else []
    if done.returncode or not windows or record is None:
        results.add(f"measure, GPU by {name}", State.FAIL, f"exit code {done.returncode}: {done.stderr[-300:]}")
        return
    window = windows[-1]
    sampled_j = bench.samples.between_j(window.begin.time_s, window.end.time_s)
    results.close_to(f"measure, GPU by {name}", gpu_j(window), sampled_j, 0.02, "J")
    if not record["valid"]:
        results.add(f"measure, GPU by {name}: the record is valid", State.WARN, refusals(record))


def refused(bench: Bench, results: Results) -> None:
    """A part of a GPU and an unknown GPU are refused; `--gpu none` hides the GPU; no nvidia-smi."""
    cases = {
        "a MIG part": ("mig", "gpu-mode", {"CUDA_VISIBLE_DEVICES": _MIG}, []),
        "an unknown UUID": ("unknown", "gpu-identity", {"CUDA_VISIBLE_DEVICES": "GPU-ffffffff"}, []),
        "an unknown --gpu": ("unnamed", "gpu-identity", {}, ["--gpu", "GPU-ffffffff"]),
    }
    for what, (name, code, changes, options) in cases.items():
        done, record = measured(bench, name, *options, **changes)
        ok = done.returncode == _FAILED and (record is None or not record["stages"])
        results.add(f"{what} is refused", ok, f"exit code {done.returncode}: {why(done)}", f"125, {code}")
    done, record = measured(bench, "none", "--gpu", "none")
    energy = record and record["stages"] and record["stages"]["training"]["components"]["gpu"]["energy_kwh"]
    hidden = "cuda False" in done.stdout and bool(record and record["stages"]) and energy is None
    results.add(
        "--gpu none hides the GPU", hidden, f"{done.stdout.strip()}, energy {energy}", "cuda False, energy None"
    )
    without_smi(bench, results)


def without_smi(bench: Bench, results: Results) -> None:
    """Without nvidia-smi on the PATH the measurement is refused or right, never a zero."""
    empty = bench.work / "empty"
    empty.mkdir(exist_ok=True)
    done, record = measured(bench, "nosmi", "--gpu", str(bench.index), PATH=str(empty))
    if done.returncode == _FAILED:
        named = "nvidia-smi" in done.stderr + str(record)
        results.add("without nvidia-smi", named, f"refused: {why(done)}", "the message names nvidia-smi")
    else:
        judge_measured(bench, results, "nosmi", done, record)


def others(bench: Bench, results: Results) -> None:
    """A second process on the GPU is seen."""
    other = subprocess.Popen(bench.burn(60), env=bench.environment(), stdout=subprocess.PIPE, text=True)
    try:
        started = "cuda True" in (other.stdout.readline() if other.stdout else "")
        time.sleep(min(3.0, bench.burn_s))
        _, record = measured(bench, "others", "--gpu", str(bench.index))
    finally:
        other.kill()
        other.wait()
        if other.stdout:
            other.stdout.close()
    results.add("the second process computes", started, "on the GPU" if started else "not started")
    judge_others(record, results)


def judge_others(record: dict[str, Any] | None, results: Results) -> None:
    """The guard's verdict; where processes are hidden from NVML (a container) it can only warn."""
    state = "no record" if record is None else guard_state(record, "gpu-exclusive")
    verdict = {"invalid": State.PASS, "warn": State.WARN}.get(state, State.FAIL)
    results.add("a second process on the GPU is seen", verdict, f"gpu-exclusive {state}", "invalid")
