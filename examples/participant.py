"""A participant's journey, as a program: calibrate, measure, write the metadata, validate, score, report, pack.

``python examples/participant.py --output-dir journey [--calibration RECORD]``. Without a record the baseline is
calibrated quickly, which takes about five minutes. The system is a stand-in: `plain_loop.py` for its training, and the
outputs of a finished example for its outputs, so its figures mean nothing. `init` takes your own energy records by
`--training` and `--test`; it refuses one that a guard found invalid.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABEL = "Baker_LAB_task4_1"
TRUTH = ["--ground-truth", str(HERE / "truth.tsv"), "--durations", str(HERE / "durations.tsv")]


def main() -> int:
    """Go the whole way; the exit code is that of the first step that does not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("journey"))
    parser.add_argument("--calibration", type=Path, help="a record of this machine, in place of a new one")
    options = parser.parse_args()
    out: Path = options.output_dir
    out.mkdir(parents=True, exist_ok=True)
    calibration = options.calibration or out / "calibration.json"
    package = out / "Baker_LAB"
    shutil.copytree(HERE / "packages" / "Baker_LAB" / LABEL, package / LABEL, dirs_exist_ok=True)
    train = ["measure", "--stage", "training", "--output", str(out / "training.json"), "--force", "--"]
    train += [sys.executable, str(HERE / "plain_loop.py"), "--epochs", "2", "--unmeasured"]
    steps = [
        ["calibrate", "--quick", "--output", str(calibration), "--force"],
        train,
        [
            "init",
            LABEL,
            "--calibration",
            str(calibration),
            "--output",
            str(out / f"{LABEL}.meta.yaml"),
            "--force",
        ],
        ["validate", str(package)],
        ["score", str(package), *TRUTH],
        ["report", str(package), "--calibration", str(calibration), *TRUTH],
        ["pack", str(package), "--output", str(out / "Baker_LAB.zip")],
    ]
    for arguments in steps[1:] if options.calibration else steps:
        print(f"\n$ {shlex.join(['dcase-energy', *arguments])}", flush=True)
        code = subprocess.run([sys.executable, "-m", "dcase_energy", *arguments], check=False).returncode
        if code:
            print(f"this step ended with {code}", file=sys.stderr)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
