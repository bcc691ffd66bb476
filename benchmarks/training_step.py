"""How fast a training step is, beside the same step written straightforwardly, in one run.

``python benchmarks/training_step.py [--batch-size 48] [--steps 4] [--rounds 2] [--threads 2] [--json FILE]``

Arms, each in a separate process because allocator and thread settings must stand before torch starts:

- ``straightforward``: the ``reference`` execution path: stock dropout, contiguous tensors, default allocator;
- ``fast``: the ``fast`` execution path as `calibrate` runs it.

The arms take turns (one round each, several rounds), so that a change of the machine's speed falls on all; what is
printed are ratios of medians within this run. The floor is the step's floating-point operations over the rate of the
fastest convolution of the network's shapes, measured here. What measuring costs is timed by itself, as the meter's two
readings around a window: a difference between two arms would drown in noise.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

ARMS = {"straightforward": "reference", "fast": "fast"}
# Multiply-accumulates of a training step over those of a forward pass: the student's forward, its backward with
# respect to weights and inputs, and the teacher's forward.
PASSES = 4
FORWARD_MACS = 917_553_152  # dcase-energy macs baseline


def main() -> int:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=48)
    parser.add_argument("--steps", type=int, default=4, help="a round, after two of warm-up")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arm:
        print(json.dumps(run_arm(options)))
        return 0
    seconds: dict[str, list[float]] = defaultdict(list)
    last: dict[str, Any] = {}
    for _ in range(options.rounds):
        for arm in ARMS:
            last[arm] = result = start_arm(arm, options)
            seconds[arm].extend(result["steps_s"])
    figures = table(seconds, last, options)
    for line in figures["lines"]:
        print(line)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:  # noqa: PTH123
            json.dump(figures, out, indent=2)
    return 0


def start_arm(arm: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one round of one arm in a separate process."""
    from dcase_baseline.runtime import process_environment

    arguments = [f"--{name}={getattr(options, name.replace('-', '_'))}" for name in ("batch-size", "steps", "threads")]
    done = subprocess.run(
        [sys.executable, __file__, "--arm", arm, "--device", options.device, *arguments],
        env={**os.environ, **process_environment(ARMS[arm], options.threads)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def run_arm(options: argparse.Namespace) -> dict[str, Any]:
    """Time steps, and where their time goes."""
    import torch
    from dcase_baseline.batches import BatchLoader
    from dcase_baseline.data import SyntheticSource, load_pools
    from dcase_baseline.mean_teacher import TrainStep
    from dcase_baseline.recipe import load_recipe

    torch.set_num_threads(options.threads)
    recipe = load_recipe("dcase2023").with_batch_size(options.batch_size)
    batch = recipe.batch
    clips = {"strong": batch.strong, "weak": batch.weak, "unlabelled": batch.unlabelled, "strong_validation": 24}
    pools = load_pools(SyntheticSource(seed=1), recipe, clips)
    trainer = TrainStep(recipe, execution_path=ARMS[options.arm], device=options.device, seed=1)
    loader = iter(BatchLoader(recipe, pools, 1, pin_memory=options.device != "cpu").epoch(1))
    for _ in range(2):
        trainer.step(next(loader))
    parts = Parts(trainer)
    steps_s = []
    for number in range(options.steps):
        with parts.timing() if number == options.steps - 1 else _nothing():
            began = time.perf_counter()
            with parts.part("waiting for data"):
                coming = next(loader)
            trainer.step(coming)
            _wait(options.device)
            steps_s.append(time.perf_counter() - began)
    result = {"steps_s": steps_s, "parts_s": parts.seconds}
    if options.arm == "fast":
        result |= {"gflops": convolution_rate_gflops(options), **validation(trainer, pools, recipe)}
        result["reading_s"] = reading_s()
    return result


class Parts:
    """Times the parts of a step by wrapping what it calls, while `timing` is on."""

    def __init__(self, trainer: Any) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._on = False
        for owner, name, label in (
            (trainer.front_end, "magnitudes", "features"),
            (trainer.front_end, "forward", "features"),
            (trainer.student, "forward", "forward, student"),
            (trainer.teacher, "forward", "forward, teacher"),
            (trainer, "losses", "losses"),
            (trainer, "_update_teacher", "optimiser and average"),
            (trainer.optimiser, "step", "optimiser and average"),
        ):
            setattr(owner, name, self._timed(getattr(owner, name), label))
        import torch

        torch.Tensor.backward = self._timed(torch.Tensor.backward, "backward")  # type: ignore[method-assign]

    def _timed(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(label):
                return function(*args, **kwargs)

        return timed

    @contextmanager
    def part(self, label: str) -> Iterator[None]:
        """Add the time inside to a part."""
        began = time.perf_counter()
        yield
        if self._on:
            self.seconds[label] += time.perf_counter() - began

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Count from here."""
        self._on = True
        yield
        self._on = False


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def reading_s() -> float:
    """Seconds that one reading of this machine's meter takes."""
    from dcase_energy.measure.codecarbon_meter import CodeCarbonMeter

    meter = CodeCarbonMeter()
    meter.start()
    durations_s = []
    for _ in range(20):
        began = time.perf_counter()
        meter.read()
        durations_s.append(time.perf_counter() - began)
    meter.stop()
    return statistics.median(durations_s)


def _wait(device: str) -> None:
    if device != "cpu":
        import torch

        torch.cuda.synchronize()


def convolution_rate_gflops(options: argparse.Namespace) -> float:
    """The highest rate of a forward convolution of the network's shapes here, in 1e9 operations a second."""
    import torch
    from torch import nn

    best = 0.0
    for n_in, n_out, frames, mels in ((32, 64, 156, 32), (64, 128, 156, 16), (128, 128, 156, 8)):
        layer = nn.Conv2d(n_in, n_out, 3, padding=1).to(options.device, memory_format=torch.channels_last)
        x = torch.rand(8, n_in, frames, mels, device=options.device).to(memory_format=torch.channels_last)
        flop = 2 * 8 * 9 * n_in * n_out * frames * mels
        with torch.no_grad():
            layer(x)
            for _ in range(10):
                began = time.perf_counter()
                layer(x)
                _wait(options.device)
                best = max(best, flop / (time.perf_counter() - began) / 1e9)
    return best


def validation(trainer: Any, pools: Any, recipe: Any) -> dict[str, float]:
    """Seconds of an epoch's validation: both networks over all clips, and their metrics."""
    import numpy as np
    from dcase_baseline.data import SyntheticSource
    from dcase_baseline.evaluate import score_clips
    from dcase_baseline.measured import figures_of
    from dcase_baseline.train import detection_figures

    pool, clips = pools["strong_validation"], recipe.validation_clips
    began = time.perf_counter()
    scores = score_clips(trainer.networks(), trainer.front_end, pool, recipe)
    forward_s = (time.perf_counter() - began) / len(pool) * clips
    # Metrics of as many clips as an epoch validates: the events of a few, many times over under other names.
    few = SyntheticSource(seed=2).load(recipe, "strong_validation", 24)
    times = -(-recipe.data.strong_validation_clips // len(few))
    many = type(few)(
        **{
            **vars(few),
            "clips": tuple(f"{name}_{i}" for i in range(times) for name in few.clips),
            "events": few.events * times,
        }
    )
    one = type(scores["student"])(
        np.tile(scores["student"].frames, (times, 1, 1)), np.tile(scores["student"].clips, (times, 1))
    )
    began = time.perf_counter()
    detection_figures(one, many, recipe, partial(figures_of, recipe=recipe, final=False))
    metrics_s = 2 * (time.perf_counter() - began)
    return {"validation_forward_s": forward_s, "validation_metrics_s": metrics_s}


def table(seconds: dict[str, list[float]], last: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """The figures and the lines that are printed."""
    from dcase_baseline.recipe import load_recipe

    median = {arm: statistics.median(values) for arm, values in seconds.items()}
    fast, steps = last["fast"], load_recipe("dcase2023").with_batch_size(options.batch_size).steps_per_epoch
    floor_s = options.batch_size * FORWARD_MACS * 2 * PASSES / fast["gflops"] / 1e9
    epoch_s = steps * median["fast"] + fast["validation_forward_s"] + fast["validation_metrics_s"]
    figures = {
        "ratio_to_straightforward": median["straightforward"] / median["fast"],
        "measuring_share": 2 * fast["reading_s"] / median["fast"],
        "ratio_to_floor": median["fast"] / floor_s,
        "validation_forward_share": fast["validation_forward_s"] / epoch_s,
        "validation_metrics_share": fast["validation_metrics_s"] / epoch_s,
    }
    lines = [f"training step, dcase2023, batch {options.batch_size}, {options.device}, {options.threads} threads"]
    lines += [f"  {arm:18} {median[arm]:8.3f} s a step (median of {len(seconds[arm])})" for arm in ARMS]
    lines += [f"  straightforward / fast: {figures['ratio_to_straightforward']:.2f}"]
    lines += [f"  measuring costs {figures['measuring_share']:.3%} of a step, were every step a separate window"]
    lines += [
        f"  floor {floor_s:.3f} s a step at {fast['gflops']:.0f} GFLOP/s of convolution: the fast step takes "
        f"{figures['ratio_to_floor']:.1f} times that"
    ]
    lines += [
        f"  validation of an epoch: forward {figures['validation_forward_share']:.1%}, metrics "
        f"{figures['validation_metrics_share']:.2%} of the epoch's time"
    ]
    for arm in ("straightforward", "fast"):
        parts = last[arm]["parts_s"]
        total = last[arm]["steps_s"][-1]
        shares = ", ".join(f"{name} {value / total:.1%}" for name, value in parts.items())
        lines += [f"  where the {arm} step's time goes: {shares}, rest {1 - sum(parts.values()) / total:.1%}"]
    return {**figures, "seconds": median, "lines": lines}


if __name__ == "__main__":
    sys.exit(main())
