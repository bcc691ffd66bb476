"""A plain training loop, measured with three more lines.

``python examples/plain_loop.py --epochs 5 --output training.json`` needs no torch; put your own training in its place.
"""

from __future__ import annotations

import argparse

import numpy as np

from dcase_energy import EnergyMeter


def main() -> None:
    """Fit a line, and write what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", default="training.json")
    parser.add_argument(
        "--unmeasured", action="store_true", help="only train: `dcase-energy measure` measures from outside"
    )
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(20_000, 64))
    targets = inputs @ rng.normal(size=64)
    weights = np.zeros(64)

    def train_epoch() -> None:
        nonlocal weights
        for _ in range(100):
            weights -= 0.1 * inputs.T @ (inputs @ weights - targets) / len(inputs)

    if options.unmeasured:
        for _ in range(options.epochs):
            train_epoch()
        return
    with EnergyMeter("training", options.output, device="cpu") as meter:
        for epoch in range(1, options.epochs + 1):
            with meter.phase("training_steps", epoch=epoch):
                train_epoch()
    stage = meter.record.stages["training"]
    print(f"{stage.energy_kwh:.3g} kWh in {stage.duration_s:.0f} s, {meter.record.tier}; {meter.path}")


if __name__ == "__main__":
    main()
