"""Ranking a table of results: ours beside a bare pandas script, 1,000 and 10,000 systems, in one run.

Prints seconds, and for each format what one system costs: at 1,000, at 10,000, and the ratio of the two (1 is linear).
pandas only reads, computes the formulas, sorts and writes one CSV; ours also judges every cell, carries intervals
through, and makes all views. Times are of the processor, the least of some runs, and include reading and ranking.

usage: python benchmarks/rank.py [--repeats N]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SIZES = (1_000, 10_000)
FORMATS = ("csv", "md", "html", "latex", "xlsx", "json")


def table(systems: int) -> str:
    """A table like that of 2023, with bootstrap intervals of both PSDS."""
    draw = random.Random(systems)
    lines = [
        "label,psds1,psds1_low,psds1_high,psds1_interval,psds2,psds2_low,psds2_high,psds2_interval,"
        "energy_training_kwh,energy_test_kwh,energy_baseline_kwh,total_parameters,macs,training_time"
    ]
    for number in range(systems):
        psds1, psds2 = draw.uniform(0.1, 0.6), draw.uniform(0.2, 0.9)
        energies = (draw.lognormvariate(2, 1.5), draw.lognormvariate(-2, 1.5), draw.uniform(0.01, 0.05))
        scores = [f"{value},{value - 0.01},{value + 0.01},bootstrap 90 %" for value in (psds1, psds2)]
        gpu = draw.choice(["A100", "V100", "RTX 3090", "RTX 2080 Ti"])
        counts = f"{draw.randint(10**6, 10**8)},{draw.randint(10**9, 10**12)},3h (1 {gpu})"
        lines.append(
            f"Team{number // 4}_U_task4a_{number % 4 + 1},{','.join(scores)},{','.join(map(str, energies))},{counts}"
        )
    return "\n".join(lines) + "\n"


def ours(path: Path, folder: Path, formats: str) -> None:
    """`dcase-energy rank` in this process."""
    from dcase_energy.cli.main import cli

    arguments = ["rank", str(path), "--edition", "dcase2023-task4a", "--output-dir", str(folder), "--formats", formats]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        cli.main(arguments, standalone_mode=False)


def with_pandas(path: Path, folder: Path) -> None:
    """The same figures the way a script computes them."""
    import pandas as pd

    rows = pd.read_csv(path)
    scores = []
    for stage, weight in (("training", 1.390), ("test", 0.019)):
        normalised = (rows[f"energy_{stage}_kwh"] * 0.032 / rows["energy_baseline_kwh"]).round(3)
        rows[f"energy_{stage}_normalized_kwh"] = normalised
        for psds in ("psds1", "psds2"):
            rows[f"ew_{psds}_{stage}"] = rows[psds] * weight / normalised
        scores.append((f"ew_ranking_score_{stage}", f"ew_psds1_{stage}", f"ew_psds2_{stage}"))
    for name, first, second in (("ranking_score", "psds1", "psds2"), *scores):
        rows[name] = (rows[first] / 0.3258087088717042 + rows[second] / 0.53899751065181) / 2
    rows["rank"] = rows["ranking_score"].rank(ascending=False, method="min")
    folder.mkdir(exist_ok=True)
    rows.sort_values(["ranking_score", "label"], ascending=[False, True]).to_csv(folder / "pandas.csv", index=False)


def seconds(work: Callable[[], None], repeats: int) -> float:
    """Least processor time of some runs, after one that loads what is loaded once: a neighbour only ever adds."""
    work()
    taken = []
    for _ in range(repeats):
        gc.collect()
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    found: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory() as work:
        for size in SIZES:
            path = Path(work) / f"{size}.csv"
            path.write_text(table(size))
            folder = Path(work) / "out"
            found["pandas", size] = seconds(lambda path=path, folder=folder: with_pandas(path, folder), repeats)
            for name in FORMATS:
                found[name, size] = seconds(
                    lambda path=path, folder=folder, name=name: ours(path, folder, name), repeats
                )
    head = "".join(f"{f'{size:,}, s':>12}" for size in SIZES) + "".join(f"{f'{size:,}, ms each':>18}" for size in SIZES)
    print(f"{'':<8}{head}{'each over each':>16}{'over pandas':>14}")
    for name in ("pandas", *FORMATS):
        few, many = (found[name, size] for size in SIZES)
        over = many / found["pandas", SIZES[-1]]
        each = [1000 * found[name, size] / size for size in SIZES]
        per_system = "".join(f"{one:>18.3f}" for one in each)
        print(f"{name:<8}{few:>12.3f}{many:>12.3f}{per_system}{each[1] / each[0]:>15.2f}x{over:>13.1f}x")


if __name__ == "__main__":
    main()
