"""Builds a release and tests what was built, not the checkout: ``make release``.

Wheel and source archive are built into ``dist/`` and checked by twine; the GitHub action and the pre-commit hooks are
tried with them. Then, for each Python from 3.11 to 3.13 that this machine has, both are installed into a fresh
environment in ``.matrix/``, and the fast tests of the source archive run with what was installed. ``--only`` takes one
of the two files, ``--quick`` validates and ranks the examples instead. Nothing is uploaded: the workflow ``release``
does that when a tag is pushed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.matrix.run import FOLDER, PYTHONS, ROOT, interpreter

DIST = ROOT / "dist"
PIP: tuple[str, ...] = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
# What a user runs first; each must end well.
COMMANDS = (
    ("--version",),
    ("validate", "examples/packages/Adams_UNI"),
    ("rank", "tests/data/dcase2022_task4_results.csv", "--edition", "dcase2022-task4", "--output-dir"),
)


def main() -> int:
    """Build, check, install and test; prints a line for each environment. The exit code is 1 if one failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="no tests: validate and rank the examples")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="this one alone; may be given again")
    parser.add_argument("--only", choices=("wheel", "sdist"), help="this file alone")
    options = parser.parse_args()
    wheel, archive = build()
    files = {"wheel": [wheel], "sdist": [archive]}.get(options.only, [wheel, archive])
    problems = try_from_elsewhere(wheel, archive)
    lines, failed = problems or ["GitHub action and pre-commit hooks: passed"], bool(problems)
    for version in options.python or PYTHONS:
        python = interpreter((version,))
        for file in files if python else ():
            begin = time.monotonic()
            problem = try_out(str(python), file, archive, quick=options.quick)
            failed |= problem is not None
            minutes = (time.monotonic() - begin) / 60
            lines.append(f"Python {version}, {file.name}: {problem or 'passed'} ({minutes:.0f} min)")
        if python is None:
            lines.append(f"Python {version}: not on this machine")
    print("\n".join(lines))
    return int(failed)


def build() -> tuple[Path, Path]:
    """Build wheel and source archive into an empty ``dist/``, and check what the package index will show."""
    shutil.rmtree(DIST, ignore_errors=True)
    tools = FOLDER / "tools"
    subprocess.run([sys.executable, "-m", "venv", "--clear", tools], check=True)
    subprocess.run([tools / "bin/python", *PIP, "build>=1.2", "twine>=6", "pre-commit>=4", "PyYAML"], check=True)
    subprocess.run([tools / "bin/python", "-m", "build", "--outdir", DIST, ROOT], check=True, stdout=subprocess.DEVNULL)
    wheel, archive = next(DIST.glob("*.whl")), next(DIST.glob("*.tar.gz"))
    subprocess.run([tools / "bin/twine", "check", "--strict", wheel, archive], check=True)
    return wheel, archive


def try_from_elsewhere(wheel: Path, archive: Path) -> list[str]:
    """Run the GitHub action with the wheel and the hooks with the source archive; what was not as it should be."""
    shutil.rmtree(FOLDER / "trials", ignore_errors=True)
    command = [FOLDER / "tools/bin/python", "-m", "tests.matrix.trials", wheel, archive, FOLDER / "trials"]
    done = _run(command, ROOT, capture_output=True, text=True)
    return [line for line in (done.stdout + done.stderr).splitlines() if line] if done.returncode else []


def try_out(python: str, file: Path, archive: Path, *, quick: bool) -> str | None:
    """Install a file into a fresh environment and test it there with the archive's tests; what went wrong, or None."""
    place = FOLDER / "release"
    subprocess.run([python, "-m", "venv", "--clear", place], check=True)
    extras = "" if quick else "[train,test]"
    held = ["--constraint", str(ROOT / "constraints.txt")]
    if subprocess.run([place / "bin/python", *PIP, *held, f"{file}{extras}"], check=False).returncode:
        return "cannot be installed"
    place_of_tests = source_without_packages(archive)
    origin = "import dcase_energy, dcase_baseline; print(dcase_energy.__file__)"
    found = _run([place / "bin/python", "-c", origin], place_of_tests, capture_output=True, text=True).stdout
    if not Path(found.strip()).is_relative_to(place):
        return f"not what was installed: {found.strip()}"
    if quick:
        return _first_commands(place, place_of_tests)
    chosen = ["-q", "-m", "not slow", "-n", "2", "--dist", "worksteal"]
    # Containers are built from a checkout; the others are about one.
    left_out = [f"--ignore=tests/{name}" for name in ("browser", "cluster", "structure", "docs/test_containers.py")]
    code = _run([place / "bin/pytest", *chosen, *left_out, "tests"], place_of_tests).returncode
    return f"pytest ended with {code}" if code else None


def source_without_packages(archive: Path) -> Path:
    """Unpack the source archive without the packages, so that every process imports those installed."""
    folder = FOLDER / "source"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    for name in ("dcase_energy", "baseline"):
        shutil.rmtree(unpacked / name)
    return unpacked


def _first_commands(place: Path, folder: Path) -> str | None:
    for command in COMMANDS:
        out = [str(place / "out")] if command[-1] == "--output-dir" else []
        done = _run([place / "bin/dcase-energy", *command, *out], folder, capture_output=True, text=True)
        if done.returncode:
            return f"dcase-energy {' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return None


def _run(command: Sequence[str | Path], folder: Path, **how: bool) -> subprocess.CompletedProcess[str]:
    """Run in a folder; no variable of Python puts the checkout in the place of what was installed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=clean, check=False, **how)  # type: ignore[call-overload,no-any-return]


if __name__ == "__main__":
    sys.exit(main())
