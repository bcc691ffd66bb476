"""All benchmarks, one after the other: each prints ratios taken in its own run.

``python benchmarks/run.py [NAME...] [--long] [--page docs/benchmarks.md]``. ``--page`` writes what was printed into the
page, with machine, date and the versions of the program and of what it stands on.
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Not benchmarks: this script, the modules that the others start or import, and the figures of other pages.
HELPERS = {
    "__init__",
    "run",
    "oracle",
    "scoring_work",
    "official_2024",
    "replay",
    "scenarios",
    "trace_files",
    "normalisation",
    "scale",
}
LONG: dict[str, list[str]] = {}


def main() -> int:
    """Run the named benchmarks, or all; the exit code is 1 if one failed."""
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in HELPERS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *names], help=", ".join(names))
    parser.add_argument("--long", action="store_true", help="with the comparisons that take an hour")
    parser.add_argument("--page", type=Path, help="write the results into this page too")
    options = parser.parse_args()
    machine = f"{date.today().isoformat()}, {_processor()}, {os.cpu_count()} threads, {platform.system()}, "
    machine += f"Python {platform.python_version()}"
    print(machine)
    failed, results = [], []
    for name in options.names or names:
        print(f"\n=== {name}", flush=True)
        code, printed = _run([sys.executable, str(HERE / f"{name}.py"), *(LONG.get(name, []) if options.long else [])])
        if code:
            failed.append(name)
        results.append((name, printed, code))
    if options.page:
        page = page_of(machine, _versions(), results)
        if options.names and options.page.exists():
            page = with_sections_of(options.page.read_text(encoding="utf-8"), page)
        options.page.write_text(page, encoding="utf-8")
        print(f"\nwritten: {options.page}")
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def page_of(machine: str, versions: str, results: Sequence[tuple[str, str, int]]) -> str:
    """The page: machine and versions, then each benchmark with what it says of itself and what it printed."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. Every ratio is of one run on one machine: compare ratios, not times.",
        "",
        f"{machine}; {versions}.",
    ]
    for name, printed, code in results:
        lines += ["", f"## {name.replace('_', ' ').capitalize()}", "", _first_lines(name), "", "```text"]
        lines += [line.rstrip() for line in printed.strip().splitlines()] or ["(nothing was printed)"]
        lines += ["```"] if not code else ["```", "", f"This benchmark failed with exit code {code}."]
        lines += ["", f"Again: `python benchmarks/run.py {name}`."]
    return "\n".join(lines) + "\n"


def with_sections_of(page: str, newer: str) -> str:
    """The page with its sections replaced by those of a newer one, which holds some; each says when it was measured."""
    head, *old = page.split("\n## ")
    newer_head, *new = newer.split("\n## ")
    when = newer_head.strip().splitlines()[-1]
    titles = {section.partition("\n")[0]: section for section in new}
    kept = [section.partition("\n")[0] for section in old]
    marked = {title: section.rstrip("\n") + f"\n\nMeasured later: {when}\n" for title, section in titles.items()}
    sections = [marked.pop(title, section) for title, section in zip(kept, old, strict=True)]
    return "\n## ".join([head, *sections, *marked.values()])


def _first_lines(name: str) -> str:
    """The first sentence of a benchmark's own text."""
    docstring = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))) or name
    return docstring.split("\n\n")[0].replace("\n", " ")


def _run(command: list[str]) -> tuple[int, str]:
    """Run, show what it prints while it prints it, and keep it."""
    kept = []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            kept.append(line)
    return process.returncode, "".join(kept)


def _versions() -> str:
    """Versions of what the figures depend on."""
    found = []
    for name in ("dcase-energy", "numpy", "pandas", "torch", "codecarbon"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
