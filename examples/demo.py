"""The main job from end to end, on this machine and on embedded data: calibrate, validate, report, rank.

``python examples/demo.py --output-dir demo-output``. Every step is a command that is printed before it runs, so that it
can be run again by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run all steps; the exit code is that of the first step that did not go as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("demo-output"))
    out: Path = parser.parse_args().output_dir
    out.mkdir(parents=True, exist_ok=True)
    packages, truth = _shown(HERE / "packages"), ["--ground-truth", _shown(HERE / "truth.tsv")]
    truth += ["--durations", _shown(HERE / "durations.tsv")]
    calibration, smoke = str(out / "calibration.json"), str(out / "smoke.json")
    steps: list[tuple[str, list[str], int]] = [
        (
            "1. Calibrate: energy of the reference baseline's training steps on this machine, scaled to its 200 epochs",
            ["calibrate", "--quick", "--budget", "50", "--settle", "60", "--output", calibration, "--force"],
            0,
        ),
        (
            "2. Train: a small model of the same family, to see it learn (synthetic, not comparable)",
            ["calibrate", "--recipe", "smoke", "--epochs", "15", "--threads", "1", "--output", smoke, "--force"],
            0,
        ),
        (
            "3. Validate: three teams' packages; one is broken in ways that really occurred, so this finds errors",
            ["validate", packages, "--output", str(out / "findings.txt")],
            1,
        ),
        (
            "4. Report: scores and energies of team Adams, as ratios to this machine's baseline",
            ["report", f"{packages}/Adams_UNI", "--calibration", calibration, *truth],
            0,
        ),
        (
            "5. Rank: all teams, each normalised by its own baseline; the broken system gets no rank",
            ["rank", packages, *truth, "--output-dir", str(out / "ranking")],
            1,
        ),
    ]
    began = time.monotonic()
    for title, arguments, expected in steps:
        if calibration in arguments[1:] and arguments[0] == "report" and not _is_valid(calibration):
            print("\nThe calibration of this machine is not valid, as step 1 says: the one in the package is used.")
            arguments = [word for word in arguments if word not in {"--calibration", calibration}]
        code = _run(title, arguments)
        if code != expected:
            print(f"\nThis step ended with exit code {code} instead of {expected}.", file=sys.stderr)
            return code or 1
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look at:")
    for name in ("calibration.json", "findings.txt", "ranking/ranking.csv", "ranking/ranking.html"):
        print(f"  {out / name}")
    return 0


def _run(title: str, arguments: list[str]) -> int:
    began = time.monotonic()
    print(f"\n=== {title}\n$ {shlex.join(['dcase-energy', *arguments])}", flush=True)
    command = [sys.executable, "-m", "dcase_energy", *arguments]
    code = subprocess.run(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, check=False).returncode
    print(f"--- {time.monotonic() - began:.0f} s", flush=True)
    return code


def _is_valid(record: str) -> bool:
    """Whether no guard refused a record: on a busy machine one does."""
    return bool(json.loads(Path(record).read_text(encoding="utf-8"))["valid"])


def _shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    return os.path.relpath(path)


if __name__ == "__main__":
    sys.exit(main())
