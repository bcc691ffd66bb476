"""The fast tests with the oldest and the newest libraries and Pythons that are allowed: ``make matrix``.

Each environment is set up in ``.matrix/`` with venv and pip: *oldest* is Python 3.11 with the releases of
``oldest.txt``, *newest* the newest Python of this machine, up to 3.13, with what pip finds: ``constraints.txt`` is not
read, so that a release that breaks something is seen here first. Arguments are pytest's;
without any all tests are run that are neither slow nor in a browser or on a cluster. The exit code is 1 if tests fail
anywhere.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".matrix"
CONSTRAINTS = Path(__file__).resolve().parent / "oldest.txt"
PYTHONS = ("3.11", "3.12", "3.13")
SHOWN = ("numpy", "pandas", "pydantic", "click", "torch")


@dataclass(frozen=True)
class Environment:
    """A Python, and what holds its libraries back."""

    name: str
    pythons: tuple[str, ...]
    constraints: Path | None = None

    @property
    def python(self) -> Path:
        return FOLDER / self.name / "bin" / "python"


ENVIRONMENTS = (Environment("oldest", PYTHONS[:1], CONSTRAINTS), Environment("newest", PYTHONS[::-1]))


def main() -> int:
    """Set up and test each environment; prints a line on each at the end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=[one.name for one in ENVIRONMENTS], help="this environment alone")
    parser.add_argument("--jobs", default="1", metavar="N", help="tests at a time [default: %(default)s]")
    options, tests = parser.parse_known_args()
    lines, failed = [], False
    for environment in ENVIRONMENTS:
        if options.only in {None, environment.name}:
            reason = set_up(environment) or run(environment, tests, options.jobs)
            failed |= reason is not None
            lines.append(f"{environment.name:<8} {versions(environment)}: {reason or 'all tests pass'}")
    print("\n".join(lines))
    return int(failed)


def interpreter(versions: tuple[str, ...]) -> str | None:
    """The first of these Pythons that this machine has, on its search path or from pyenv."""
    for version in versions:
        own = [sys.executable] if sys.version.startswith(f"{version}.") else []
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"), key=_number, reverse=True)
        on_path = [found] if (found := shutil.which(f"python{version}")) else []
        for candidate in [*own, *on_path, *map(str, pyenv)]:
            # A shim of pyenv may name a version that is not activated.
            done = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.startswith(f"Python {version}."):
                return candidate
    return None


def _number(path: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", path.parent.parent.name)]


def set_up(environment: Environment) -> str | None:
    """Create an environment, or bring it up to date; what went wrong, or None."""
    if not environment.python.exists():
        python = interpreter(environment.pythons)
        if python is None:
            return f"no Python {' or '.join(environment.pythons)} on this machine"
        subprocess.run([python, "-m", "venv", "--clear", FOLDER / environment.name], check=True)
    pip = [environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    held = ["--constraint", environment.constraints] if environment.constraints else ["--upgrade-strategy", "eager"]
    done = subprocess.run([*pip, *held, "-e", f"{ROOT}[train,test]"], check=False)
    return "cannot be installed" if done.returncode else None


def run(environment: Environment, tests: list[str], jobs: str) -> str | None:
    """Run the fast tests; what went wrong, or None."""
    # Nothing of a checkout that is named here may stand in for what was installed.
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    # What tests install themselves is not held to the tested set either.
    clean["CONSTRAINTS"] = ""
    chosen = [] if jobs == "1" else ["-n", jobs, "--dist", "worksteal"]
    left_out = [f"--ignore=tests/{name}" for name in ("browser", "cluster")]
    command = [environment.python, "-m", "pytest", "-q", "-m", "not slow", *left_out, *chosen, *tests]
    print(f"{environment.name}: {versions(environment)}", flush=True)
    code = subprocess.run(command, cwd=ROOT, env=clean, check=False).returncode
    return f"pytest ended with {code}" if code else None


def versions(environment: Environment) -> str:
    """Python and the libraries that matter most, as they are installed."""
    code = (
        "import platform; from importlib.metadata import version;"
        f"print('Python', platform.python_version(), *(f'{{n}} {{version(n)}}' for n in {SHOWN}))"
    )
    if not environment.python.exists():
        return "-"
    done = subprocess.run([environment.python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "not set up"


if __name__ == "__main__":
    sys.exit(main())
