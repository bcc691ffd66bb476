"""Parts about the board itself: machine, counter, the meter in a program, and the training step."""

from __future__ import annotations

import itertools
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.training_step import FORWARD_MACS, PASSES
from dcase_energy import __version__
from tests.gpu.bench import Bench
from tests.gpu.results import Results, State

# Measures the same work twice: with a synchronising call in the block, and without one.
_METER = """\
import json, sys, time, pynvml, torch
from dcase_energy import EnergyMeter
pynvml.nvmlInit()
handle = pynvml.nvmlDeviceGetHandleByIndex(int(sys.argv[2]))
x, found = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16), {}
def work(products):
    began = time.time()
    for _ in range(products):
        x @ x
    return began
def synchronised(products):
    began = work(products)
    torch.cuda.synchronize()
    return time.time() - began
def counter_j():
    return pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3
synchronised(20)
products = int(50 * float(sys.argv[1]) / synchronised(50))
for name, do in (("waited", synchronised), ("queued", work)):
    with EnergyMeter("training", f"{name}.json", device="cuda:0", allow_estimate=True) as meter:
        before = counter_j()
        do(products)
        found[f"{name}_nvml_j"] = counter_j() - before
    found[f"{name}_j"] = meter.record.stages["training"].components["gpu"].energy_kwh * 3.6e6
print(json.dumps(found))
"""


def machine(bench: Bench, results: Results) -> None:
    """What is there, and what the doctor makes of it."""
    import torch

    doctor(bench, results)  # first: afterwards this process uses the GPU
    properties = torch.cuda.get_device_properties(0)
    results.machine |= machine_facts(bench, torch, properties)
    of_torch = f"GPU-{properties.uuid}"
    results.add(
        "torch's UUID is NVML's",
        of_torch.casefold() == bench.uuid().casefold(),
        f"{of_torch[:8]}.../{bench.uuid()[:8]}...",
    )
    mig, mode = bench.ask("nvmlDeviceGetMigMode"), bench.ask("nvmlDeviceGetVirtualizationMode")
    results.add(
        "a whole board", not (mig and mig[0]) and mode != 2, f"MIG {mig}, virtualisation mode {mode}", "no MIG, no vGPU"
    )
    counter_mj = bench.ask("nvmlDeviceGetTotalEnergyConsumption")
    results.add("energy counter", isinstance(counter_mj, int), f"{counter_mj} mJ")
    torch.zeros(1, device="cuda")
    torch.cuda.synchronize()
    seen = os.getpid() in bench.processes()
    found = f"NVML lists {len(bench.processes())} processes, this one {'is' if seen else 'is not'} among them"
    results.add("NVML shows this process", seen, found, "else gpu-exclusive can only warn", weak=State.WARN)


def doctor(bench: Bench, results: Results) -> None:
    """The product's diagnosis of the machine."""
    done = bench.run(bench.product("doctor", "--format", "json"), 90)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        results.add("doctor", State.FAIL, f"exit code {done.returncode}: {done.stderr[-300:]}", "JSON")
        return
    methods = {one["name"]: one["method"] for one in found["components"]}
    results.add("doctor: the GPU is counted", methods.get("gpu") == "counted", str(methods), "gpu counted")
    # With more than one board `doctor` reports that --gpu is needed; that refuses, too.
    refusing = "; ".join(f"{one['code']}: {one['message']}" for one in found["remarks"] if one["state"] == "invalid")
    results.add("doctor: nothing is refused", not refusing, refusing or "nothing", weak=State.WARN)
    for one in found["counters"]:
        if one["name"] == "gpu" and one["tick"] is not None:
            results.figures["tick of the counter, by the doctor (s)"] = one["tick"]["interval_s"]


def machine_facts(bench: Bench, torch: Any, properties: Any) -> dict[str, str]:
    """Board, driver and versions; nothing that names a person or a place."""
    import codecarbon

    limit_mw = bench.ask("nvmlDeviceGetEnforcedPowerLimit")
    facts = {
        "GPU": properties.name,
        "GPUs of the machine": bench.nvml.nvmlDeviceGetCount(),
        "driver": bench.ask_system("nvmlSystemGetDriverVersion"),
        "VBIOS": bench.ask("nvmlDeviceGetVbiosVersion"),
        "power limit": None if limit_mw is None else f"{limit_mw / 1000:.0f} W",
        "torch": torch.__version__,
        "CUDA, cuDNN": f"{torch.version.cuda}, {torch.backends.cudnn.version()}",
        "CodeCarbon": codecarbon.__version__,
        "dcase-energy": __version__,
        "Python": sys.version.split()[0],
        "processors": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    return {name: "not known" if value is None else str(value) for name, value in facts.items()}


def counter(bench: Bench, results: Results) -> None:
    """Tick and quantum of the counter, and its energy against the integral of power."""
    with bench.sampling() as samples:
        time.sleep(bench.burn_s / 2)
        done = bench.run(bench.burn(2 * bench.burn_s), 60 + 2 * bench.burn_s)
        time.sleep(bench.burn_s / 2)
    results.add("load on the GPU", "cuda True" in done.stdout, done.stdout.strip() or done.stderr[-200:], "cuda True")
    tick_s, longest_s, quantum_j = samples.ticks()
    found = f"median {tick_s * 1e3:.0f} ms, longest {longest_s * 1e3:.0f} ms, smallest step {quantum_j:.3f} J"
    results.add("tick and quantum of the counter", not math.isnan(tick_s), found)
    results.figures |= {"tick of the counter (s)": tick_s, "smallest step of the counter (J)": quantum_j}
    results.close_to("counter / integral of power", samples.counted_j(), samples.integral_j("power_w"), 0.02, "J")
    instant_j = samples.integral_j("instant_w")
    if not math.isnan(instant_j):
        results.figures["counter / integral of instant power"] = samples.counted_j() / instant_j
    results.figures["idle power (W)"] = statistics.median(one.power_w for one in samples[:20])
    results.figures["highest power (W)"] = max(one.power_w for one in samples)


def meter(bench: Bench, results: Results) -> None:
    """`EnergyMeter` agrees with the counter, and waits for queued work."""
    done = bench.run([sys.executable, "-c", _METER, str(bench.burn_s), str(bench.index)], 120)
    if done.returncode:
        results.add("EnergyMeter", State.FAIL, done.stderr[-400:])
        return
    judge_meter(json.loads(done.stdout.splitlines()[-1]), results)


def judge_meter(found: dict[str, float], results: Results) -> None:
    """Energies of the same work: with a synchronising call in the block, and without one."""
    results.close_to("EnergyMeter / counter", found["waited_j"], found["waited_nvml_j"], 0.03, "J")
    results.close_to("queued work is waited for", found["queued_j"], found["waited_j"], 0.05, "J")


def step(bench: Bench, results: Results) -> None:
    """The training step: J per step of both execution paths, cold and warm, against the board's rate."""
    import torch
    from dcase_baseline.batches import BatchLoader
    from dcase_baseline.data import SyntheticSource, load_pools
    from dcase_baseline.mean_teacher import TrainStep
    from dcase_baseline.recipe import load_recipe

    recipe, clips = load_recipe("dcase2023"), {"strong": 24, "weak": 24, "unlabelled": 48}
    pools = load_pools(SyntheticSource(seed=1), recipe, clips)

    def batches() -> Iterator[Any]:
        loader = BatchLoader(recipe, pools, 1, pin_memory=True)
        return itertools.chain.from_iterable(loader.epoch(number) for number in itertools.count(1))

    def timed(trainer: Any, source: Iterable[Any], seconds: float) -> tuple[float, float]:
        source, steps = iter(source), 0
        torch.cuda.synchronize()
        before_j, began_s = bench.sample().energy_j, time.monotonic()
        while time.monotonic() - began_s < seconds:
            for batch in itertools.islice(source, 20):
                trainer.step(batch)
            torch.cuda.synchronize()
            steps += 20
        return (time.monotonic() - began_s) / steps, (bench.sample().energy_j - before_j) / steps

    time.sleep(10)  # the board gets cold
    trainer, source = TrainStep(recipe, device="cuda:0"), batches()
    timed(trainer, source, 1)
    with bench.sampling(0.1) as samples:
        rows = [timed(trainer, source, 2) for _ in range(14)]
    judge_warming([joules for _, joules in rows], results)
    results.figures["temperature, cold (C)"] = samples[0].temperature_c
    results.figures["temperature, warm (C)"] = samples[-1].temperature_c
    busy = statistics.fmean(one.busy for one in samples)
    results.add("the GPU is busy", busy >= 90, f"{busy:.0f} % of the time", "at least 90 %", weak=State.WARN)
    losses = trainer.drain_losses()
    results.add(
        "losses are finite",
        all(map(math.isfinite, losses.values())),
        ", ".join(f"{k} {v:.3g}" for k, v in losses.items()),
    )
    found, first = {}, {}
    for path in ("fast", "reference"):
        trainer, fixed = (
            TrainStep(recipe, execution_path=path, device="cuda:0"),
            next(batches()).to(torch.device("cuda:0")),
        )
        source = batches()
        first[path] = [trainer.step(batch)[0].item() for batch in itertools.islice(source, 6)]
        timed(trainer, source, 1)
        found[path] = timed(trainer, source, 5)
        found[f"{path}, no loader"] = timed(trainer, itertools.repeat(fixed), 4)
        if path == "fast":
            results.add("a step never waits for the GPU", *_waits(torch, trainer, fixed), weak=State.WARN)
    apart = max(abs(one / other - 1) for one, other in zip(first["fast"], first["reference"], strict=True))
    results.add("both paths have the same losses", apart < 0.001, f"{apart:.1e} apart in six steps", "0.1 %")
    judge_steps(found, 2 * PASSES * FORWARD_MACS * recipe.batch.total, _rate(torch), results)


def _waits(torch: Any, trainer: Any, batch: Any) -> tuple[bool, str]:
    """Whether a step makes no synchronising call, and which one it makes."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.step(batch)
    except RuntimeError as error:
        return False, str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return True, "no synchronising call"


def _rate(torch: Any) -> float:
    """Operations per second of a large product in float32."""
    x = torch.randn(8192, 8192, device="cuda")
    for times in (3, 10):
        torch.cuda.synchronize()
        began_s = time.monotonic()
        for _ in range(times):
            x @ x
        torch.cuda.synchronize()
    return 10 * 2 * 8192**3 / (time.monotonic() - began_s)


def judge_warming(joules: list[float], results: Results) -> None:
    """J per step of windows from a cold start on."""
    cold, warm = statistics.fmean(joules[:3]), statistics.fmean(joules[-5:])
    results.figures |= {"J per step, cold": cold, "J per step, warm": warm}
    found = f"{cold:.3f} J, then {warm:.3f} J: {cold / warm - 1:+.2%}"
    expected = "within 1 %, else a quick calibration has to wait"
    results.add("J per step cold and warm", abs(cold / warm - 1) < 0.01, found, expected, weak=State.WARN)


def judge_steps(found: dict[str, tuple[float, float]], operations: float, rate: float, results: Results) -> None:
    """Seconds and joules per step against the floor: operations over the rate of a large product."""
    for name, (seconds, joules) in found.items():
        results.figures[f"ms per step, {name}"] = 1e3 * seconds
        results.figures[f"J per step, {name}"] = joules
    results.figures["TFLOP/s of a large float32 product"] = rate / 1e12
    (fast_s, fast_j), alone_s, floor_s = found["fast"], found["fast, no loader"][0], operations / rate
    times = f"{fast_s * 1e3:.2f} ms / {floor_s * 1e3:.2f} ms = {fast_s / floor_s:.1f}"
    results.add("a step against its floor", fast_s <= 2 * floor_s, times, "at most 2", weak=State.WARN)
    stall = 1 - alone_s / fast_s
    results.add(
        "the loader does not stall the GPU", stall < 0.05, f"{stall:.1%} of a step", "below 5 %", weak=State.WARN
    )
    reference_j = found["reference"][1]
    found_j = f"{fast_j:.3f} J, reference {reference_j:.3f} J"
    results.add("the fast path costs less energy", fast_j <= reference_j, found_j, weak=State.WARN)
