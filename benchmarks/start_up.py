"""How long `validate` of one metadata file takes beside check-jsonschema in the same environment (`make oracle`).

``python benchmarks/start_up.py [--pairs 25] [--environment .oracle/start-up]``. Both are console scripts of the
environment, with the bytecode kept, and take turns; printed are the medians, and the median of the ratios of the pairs.
check-jsonschema judges the same file by the schema that `dcase-energy schema` makes. Other quick commands are compared
with a bare interpreter.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "acceptance"
FILES = {
    "clean": EXAMPLES / "positive" / "M101" / "Adams_UNI_task4_1.meta.yaml",
    "faulty": EXAMPLES / "negative" / "E201" / "Adams_UNI_task4_1.meta.yaml",
}
SCHEMA = ROOT / "schemas" / "generic" / "submission.schema.json"
BUILT = ROOT / ".oracle" / "start-up"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=25)
    parser.add_argument("--environment", type=Path, default=BUILT if BUILT.exists() else Path(sys.prefix))
    options = parser.parse_args()
    scripts = options.environment / "bin"
    own, peer = str(scripts / "dcase-energy"), str(scripts / "check-jsonschema")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    bare = [str(scripts / "python"), "-c", "pass"]
    for name, command in {"--help": [own, "--help"], "explain E201": [own, "explain", "E201"]}.items():
        report(f"dcase-energy {name}", command, "a bare interpreter", bare, options.pairs)
    if not Path(peer).exists():
        print(f"check-jsonschema: not in {options.environment}, left out; run `make oracle`")
        return 0
    for name, file in FILES.items():
        judge = [peer, "--schemafile", str(SCHEMA), str(file)]
        report(
            f"dcase-energy validate, {name} file",
            [own, "validate", str(file)],
            "check-jsonschema",
            judge,
            options.pairs,
        )
    return 0


def report(name: str, command: list[str], beside: str, other: list[str], pairs: int) -> None:
    """Print how long two commands take in turns."""
    # The first pair fills caches.
    taken = [(seconds(command), seconds(other)) for _ in range(pairs + 1)][1:]
    own_s, other_s = (statistics.median(times) for times in zip(*taken, strict=True))
    ratio = statistics.median(one / two for one, two in taken)
    print(f"{name:<36} {own_s * 1000:5.0f} ms, {beside} {other_s * 1000:5.0f} ms: {ratio:5.2f} times")


def seconds(command: list[str]) -> float:
    """Seconds that a command takes, whatever its exit code."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
