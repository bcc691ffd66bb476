"""Builds the cases of `test_cases.py`; to look at them: ``python -m tests.cases.make_cases OUT [FAMILY/CASE ...]``."""

from __future__ import annotations

import argparse
import shutil
from functools import partial
from pathlib import Path

from tests.cases.builders import commands, emissions, metadata, other_tasks, outputs, packages, records
from tests.cases.builders.common import CASES

BUILDERS = (commands, emissions, metadata, other_tasks, outputs, packages, records)


def add_copied_cases() -> None:
    """Cases that lie as files beside this script."""
    for folder in sorted((Path(__file__).resolve().parent / "other-tasks-metadata").iterdir()):
        CASES[f"other-tasks-metadata/{folder.name}"] = partial(_copied, folder)


def _copied(source: Path, at: Path, ex: Path) -> None:
    shutil.copytree(source, at, dirs_exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--examples", type=Path, default=Path("examples"))
    parser.add_argument("cases", nargs="*")
    given = parser.parse_args()
    add_copied_cases()
    for name in given.cases or CASES:
        at = given.out / name
        if at.exists():
            shutil.rmtree(at)
        at.mkdir(parents=True)
        CASES[name](at, given.examples.resolve())
    print(f"{len(given.cases or CASES)} cases in {given.out}")


if __name__ == "__main__":
    main()
