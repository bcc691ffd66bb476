"""Build the environment of the peers that scores and validation are compared with: ``make oracle``.

psds_eval and sed_scores_eval fail with today's pandas and numpy, and sed_scores_eval needs a C++ compiler; so they are
installed in a separate environment with pinned versions, never beside the program. A peer that cannot be built is
reported and left out; tests and benchmarks that need it are then skipped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT / ".oracle"
BASE = ["pip", "wheel", "setuptools<81", "cython>=3,<4", "numpy==2.3.5", "pandas==2.3.3", "scipy>=1.13,<2"]
PEERS = {
    "psds_eval": ["psds_eval==0.5.3"],
    "sed_scores_eval": ["sed_scores_eval==0.0.4"],
    "sed_eval": ["sed_eval==0.2.1", "dcase_util==0.2.20"],
}
# Installed beside the program itself, as start-up is compared within one environment.
BESIDE = [str(ROOT), "check-jsonschema==0.39.0"]
# The pins hold for what the peers bring along as well.
CONSTRAINTS = "numpy==2.3.5\npandas==2.3.3\nsetuptools<81\n"


def main() -> int:
    """Build what can be built; the exit code is 0 as long as the environment itself stands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", type=Path, default=DEFAULT, help="where [default: %(default)s]")
    folder = parser.parse_args().path
    start_up = folder / "start-up"
    for place in (folder, start_up):
        if not (place / "bin" / "python").exists():
            venv.create(place, with_pip=True)
    constraints = folder / "constraints.txt"
    constraints.write_text(CONSTRAINTS)
    reason = install(folder, BASE, constraints)
    if reason is not None:
        print(f"the environment cannot be built: {reason}", file=sys.stderr)
        return 1
    state = {}
    for name, packages in PEERS.items():
        reason = install(folder, packages, constraints) or importable(folder, name)
        state[name] = reason
        print(f"{name:<16} {'built' if reason is None else 'NOT BUILT: ' + reason}")
    reason = install(start_up, BESIDE, ROOT / "constraints.txt") or importable(start_up, "check_jsonschema")
    print(f"{'check_jsonschema':<16} {'built' if reason is None else 'NOT BUILT: ' + reason}")
    (folder / "peers.json").write_text(json.dumps(state, indent=2) + "\n")
    print(f"python of the oracles: {folder / 'bin' / 'python'}")
    return 0


def install(folder: Path, packages: list[str], constraints: Path) -> str | None:
    """Install packages; the last line of what pip complained about, or None."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "-c", str(constraints), *packages], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else last_line(done.stderr)


def importable(folder: Path, name: str) -> str | None:
    """Why a peer cannot be imported, or None."""
    python = str(folder / "bin" / "python")
    done = subprocess.run([python, "-c", f"import {name}"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else last_line(done.stderr)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if "error" in line.lower()] or text.strip().splitlines()
    return (lines or ["no message"])[-1][:200]


if __name__ == "__main__":
    sys.exit(main())
