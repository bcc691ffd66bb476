"""Scoring beside its peers and beside its floor, in one run: time, peak memory and figures.

    python benchmarks/scoring.py [--oracle PYTHON] [--clips 1168,10000] [--resamples 100]

The floor is what no way of scoring can do without, by the fastest means found: reading the score files, parsing them
in blocks of 2 MB with pandas, and sorting the scores of each class once. Exit code 1 if a ratio is beyond its limit.

Every piece of work runs in a separate process, on the same files. Times include importing and reading; ratios are of
processor seconds, which other load on the machine disturbs least; work below ten seconds is done three times, and
the median counts. ``make oracle`` builds the peers' environment; a peer that is not there is left out and named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "benchmarks" / "scoring_work.py"
SHORT_S = 10.0
SCORES = "PSDS1 and PSDS2 of the score files"
# By number of clips: how many times faster than sed_scores_eval at least, and its memory at most.
LIMITS = {1168: (6.0, 1.0), 10000: (5.0, 0.6)}
RESAMPLES_LIMIT = 45.0
# Time over clips, from the smallest set to the largest; below 1 where starting weighs on the smallest.
GROWTH_LIMIT = 1.1


@dataclass(frozen=True)
class Measured:
    """One piece of work."""

    figures: dict[str, float]
    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--oracle", type=Path, default=default_oracle(), help="python of the peers")
    parser.add_argument("--clips", default="1168,10000", help="numbers of clips [%(default)s]")
    parser.add_argument("--resamples", type=int, default=100, help="resamples at the first number [%(default)s]")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.clips.split(",")]
    peers = [name for name in ("sed_scores_eval", "psds_eval") if has(arguments.oracle, name)]
    for name in {"sed_scores_eval", "psds_eval"} - set(peers):
        print(f"{name}: not built; run `make oracle` or give --oracle")
    measured: dict[str, dict[str, Any]] = {}
    beyond: list[str] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="scoring_") as folder:
            made = work(sys.executable, "make", folder, clips=size)
            note = ", ".join(f"{value:.0f} {name}" for name, value in made.figures.items())
            print(f"\n{size} clips ({note})")
            jobs = jobs_of(arguments.oracle, peers, arguments.resamples if size == sizes[0] else 0)
            for label, result in measure(jobs, folder):
                measured[f"{size} {label}"] = vars(result)
        beyond += judged(measured, size, arguments.resamples if size == sizes[0] else 0)
    if len(sizes) > 1 and growth(measured, sizes) > GROWTH_LIMIT:
        beyond.append("growth")
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=2) + "\n")
    print(f"beyond the limit: {', '.join(beyond)}" if beyond else "all ratios are within their limits")
    return int(bool(beyond))


def judged(measured: dict[str, dict[str, Any]], size: int, resamples: int) -> list[str]:
    """Print how far ours is from the floor, and name the ratios that are beyond their limits."""
    ours, floor = measured[f"{size} {SCORES}: ours"], measured[f"{size} {SCORES}: floor"]
    parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in floor["figures"].items())
    print(f"  floor {floor['cpu_s']:.2f} s cpu ({parts}): ours takes {ours['cpu_s'] / floor['cpu_s']:.1f} times that")
    peer, beyond = measured.get(f"{size} {SCORES}: sed_scores_eval"), []
    if peer is not None and size in LIMITS:
        faster, memory = LIMITS[size]
        beyond += [f"time of {size} clips"] if peer["cpu_s"] < faster * ours["cpu_s"] else []
        beyond += [f"memory of {size} clips"] if ours["peak_mb"] > memory * peer["peak_mb"] else []
    if peer is not None and resamples:
        title = f"the same with {resamples} resamples"
        own, theirs = (measured[f"{size} {title}: {name}"]["cpu_s"] for name in ("ours", "sed_scores_eval"))
        print(f"  resampling itself: {own - ours['cpu_s']:.2f} s cpu")
        beyond += ["resamples"] if resamples == 100 and theirs < RESAMPLES_LIMIT * own else []
    return beyond


def jobs_of(oracle: Path, peers: list[str], resamples: int) -> list[tuple[str, list[tuple[str, Path, str, dict]]]]:
    """Groups of pieces of work that are compared: title, and (label, python, work, options), ours first."""
    here = Path(sys.executable)
    groups = [(SCORES, [("ours", here, "ours", {}), ("floor", here, "floor", {})])]
    groups += [("PSDS1 and PSDS2 of 50 event lists", [("ours", here, "ours", {"input": "lists"})])]
    if resamples:
        options = {"resamples": resamples}
        groups.append((f"the same with {resamples} resamples", [("ours", here, "ours", options)]))
    if "sed_scores_eval" in peers:
        for index in [0, 2] if resamples else [0]:
            groups[index][1].append(("sed_scores_eval", oracle, "sed_scores_eval", groups[index][1][0][3]))
    if "psds_eval" in peers:
        groups[1][1].append(("psds_eval", oracle, "psds_eval", {}))
    return groups


def measure(groups: list, folder: str) -> Iterator[tuple[str, Measured]]:
    """Run all groups and print each beside ours."""
    for title, jobs in groups:
        print(f"  {title}")
        first: Measured | None = None
        for label, python, name, options in jobs:
            result = repeated(str(python), name, folder, **options)
            line = f"    {label:<16} {result.cpu_s:7.2f} s cpu {result.wall_s:8.2f} s wall {result.peak_mb:6.0f} MB"
            if first is not None and label != "floor":
                apart = max(abs(result.figures[key] - first.figures[key]) for key in first.figures)
                line += f"   ours: {result.cpu_s / first.cpu_s:5.1f} times faster, "
                line += f"{first.peak_mb / result.peak_mb:4.2f} of the memory; figures {apart:.0e} apart"
            print(line, flush=True)
            first = first or result
            yield f"{title}: {label}", result


def growth(measured: dict[str, dict[str, Any]], sizes: list[int]) -> float:
    """How our time grows from the smallest set to the largest: 1.0 is linear."""
    key = f"{SCORES}: ours"
    small, large = (measured[f"{size} {key}"]["cpu_s"] for size in (sizes[0], sizes[-1]))
    clips = sizes[-1] / sizes[0]
    print(f"\ngrowth, ours, score files: {clips:.1f} times the clips take {large / small:.1f} times the processor time")
    return float(large / small / clips)


def repeated(python: str, name: str, folder: str, **options: Any) -> Measured:
    """The median of three by processor time; of work that takes long, and so varies little, the first."""
    results = [work(python, name, folder, **options)]
    if results[0].cpu_s < SHORT_S:
        results += [work(python, name, folder, **options) for _ in range(2)]
    return sorted(results, key=lambda result: result.cpu_s)[len(results) // 2]


def work(python: str, name: str, folder: str, **options: Any) -> Measured:
    """Do one piece of work in a separate process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    # Each process finds only what its own environment holds.
    environment.pop("PYTHONPATH", None)
    # Bytecode is kept, as it is for users who install a program.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if name in ("make", "ours", "floor"):
        environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [python, str(WORK), name, folder, json.dumps(options)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def default_oracle() -> Path:
    """What the environment names, else what `make oracle` builds."""
    return Path(os.environ.get("DCASE_ENERGY_ORACLE", ROOT / ".oracle" / "bin" / "python"))


def has(python: Path, name: str) -> bool:
    """Whether a peer can be imported there."""
    if not python.exists():
        return False
    return subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
