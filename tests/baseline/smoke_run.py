"""Train the smoke recipe as a measured run would, and print its log: one JSON line an epoch.

``python -m tests.baseline.smoke_run [EPOCHS] [SEED]``
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict

import torch
from dcase_baseline.data import SyntheticSource, load_pools
from dcase_baseline.recipe import load_recipe
from dcase_baseline.train import run_test, train

from tests.baseline.slow_intersection_f1 import score_function


def main(epochs: int | None, seed: int) -> None:
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    recipe = load_recipe("smoke")
    started = time.perf_counter()
    pools = load_pools(SyntheticSource(seed=0, workers=2), recipe, recipe.clips)
    made = time.perf_counter()
    figures = score_function(recipe)
    result = train(recipe, pools, epochs=epochs, seed=seed, score_function=figures)
    for row in result.log:
        print(json.dumps(asdict(row)))
    _, tested = run_test(recipe, pools["test"], result.trainer, score_function=figures)
    print(json.dumps(tested))
    print(f"clips {made - started:.1f} s, training and test {time.perf_counter() - made:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(arguments[0] if arguments else None, arguments[1] if len(arguments) > 1 else 42)
