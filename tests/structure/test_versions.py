"""The oldest releases that are tested are the oldest that are allowed; what the two commands install is allowed too."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.matrix import constraints

ROOT = Path(__file__).parent.parent.parent
TESTED = ("measure", "train", "cluster", "plots")
# Bounded above, and needed only to train: see tests/matrix/oldest.txt.
LEFT_OUT = {"torch", "torchaudio"}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def allowed() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *(one for extra in TESTED for one in project["optional-dependencies"][extra])]
    pairs = [re.match(r"([\w-]+)>=([\d.]+)", one) for one in named if not one.startswith("dcase-energy")]
    return {pair[1].lower(): pair[2] for pair in pairs}


def test_every_lowest_release_is_tested():
    lines = (ROOT / "tests" / "matrix" / "oldest.txt").read_text().splitlines()
    pinned = {name.lower(): version for name, version in (x.split("==") for x in lines if not x.startswith("#"))}
    lowest = {name: version for name, version in allowed().items() if name not in LEFT_OUT}
    assert set(pinned) == set(lowest)
    for name, version in lowest.items():
        # Of a bound such as 12 the first release may be 12.535.77: its first numbers are those of the bound.
        held = numbers(pinned[name])
        assert (*held, 0, 0)[: len(numbers(version))] == numbers(version), name


@pytest.mark.parametrize("name", ["3.11", "3.12", "3.13"])
def test_the_pythons_of_the_matrix_are_those_of_the_project(name):
    from tests.matrix.run import PYTHONS

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert name in PYTHONS
    assert numbers(name) >= numbers(project["requires-python"].removeprefix(">="))


def constrained(python: str) -> dict[str, str]:
    """The release of each package in constraints.txt for one Python."""
    held: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        pin, _, marker = line.partition(" ; ")
        name, version = pin.split("==")
        assert constraints.normal(name) == name
        if marker in {"", f'python_version == "{python}"'}:
            assert held.setdefault(name, version) == version
    return held


@pytest.mark.parametrize("python", constraints.PYTHONS)
def test_what_the_two_commands_install_is_held_to_releases_that_the_project_allows(python):
    held = constrained(python)
    for requirement in constraints.requirements():
        name = constraints.name_of(requirement)
        assert (name in held) == (name not in constraints.LEFT_OUT), requirement
        for sign, bound in re.findall(r"(>=|<)([\d.]+)", requirement if name in held else ""):
            allowed_here = numbers(held[name]) >= numbers(bound)
            assert allowed_here == (sign == ">="), requirement


def test_the_file_says_how_it_is_made():
    assert (ROOT / "constraints.txt").read_text().startswith(constraints.HEAD)


def test_only_torch_and_what_comes_with_its_builds_is_not_held():
    for name in constrained("3.11"):
        assert not re.match(r"torch|nvidia-(?!ml-py)|triton|cuda", name), name


def test_a_package_gets_one_line_unless_the_pythons_need_different_releases():
    sets = {"3.11": {"a": "1", "b": "1", "c": "1"}, "3.12": {"a": "2", "b": "1"}}
    assert constraints.lines(sets) == [
        'a==1 ; python_version == "3.11"',
        'a==2 ; python_version == "3.12"',
        "b==1",
        "c==1",
    ]


def test_constraints_and_makefile_name_no_host():
    for name in ("constraints.txt", "Makefile", "tests/matrix/constraints.py"):
        assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("target", [".demo", ".test"])
def test_the_two_commands_install_the_tested_set(target):
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", f"VENV={target}-none", f"{target}-none/{target}"],
        cwd=ROOT,
        env={**os.environ, "CONSTRAINTS": "constraints.txt"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt" in done.stdout
    assert "pip install" in done.stdout
