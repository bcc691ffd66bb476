"""All benchmarks, one after the other: each prints ratios taken in its own run.

``python benchmarks/run.py [NAME...] [--long]``
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Not benchmarks of their own: this script, and what the others start or import.
HELPERS = {"run", "oracle", "scoring_work"}
LONG = {"quick_calibration": ["--long"]}


def main() -> int:
    """Run the named benchmarks, or all; the exit code is 1 if one failed."""
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in HELPERS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *names], help=", ".join(names))
    parser.add_argument("--long", action="store_true", help="with the comparisons that take an hour")
    options = parser.parse_args()
    print(f"{date.today().isoformat()}, {platform.platform()}, Python {platform.python_version()}, {_processor()}")
    failed = []
    for name in options.names or names:
        print(f"\n=== {name}", flush=True)
        more = LONG.get(name, []) if options.long else []
        if subprocess.run([sys.executable, HERE / f"{name}.py", *more], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
