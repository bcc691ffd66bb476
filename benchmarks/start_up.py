"""How long quick commands take to start, over a bare interpreter and over check-jsonschema (`make oracle`).

``python benchmarks/start_up.py [--rounds 10]``. The commands take turns; printed are medians, and ratios to the bare
interpreter of the same rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from scoring import default_oracle, has

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "tests" / "acceptance" / "positive" / "M101" / "Adams_UNI_task4_1.meta.yaml"
SCHEMA = ROOT / "schemas" / "generic" / "submission.schema.json"
OURS = [sys.executable, "-m", "dcase_energy"]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "dcase-energy --help": [*OURS, "--help"],
        "dcase-energy explain": [*OURS, "explain", "E201"],
        "dcase-energy validate": [*OURS, "validate", str(EXAMPLE)],
    }
    peer = default_oracle()
    if not has(peer, "check_jsonschema"):
        print("check-jsonschema: not built, left out; run `make oracle`")
    else:
        judge = [str(peer), "-m", "check_jsonschema", "--schemafile", str(SCHEMA), str(EXAMPLE)]
        commands["check-jsonschema (shape only)"] = judge
    # Bytecode is kept, as it is for the libraries and for users who install the program.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
            seconds[name].append(time.perf_counter() - began)
    # The first round fills caches.
    medians = {name: statistics.median(taken[1:]) for name, taken in seconds.items()}
    bare = medians["python -c pass"]
    for name, taken in medians.items():
        print(f"{name:<32} {taken * 1000:7.0f} ms   {taken / bare:5.1f} times a bare interpreter")
    return 0


if __name__ == "__main__":
    sys.exit(main())
