"""The oldest releases that are tested are the oldest that are allowed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TESTED = ("measure", "train", "cluster", "plots")
# Bounded above, and needed only to train: see tests/matrix/oldest.txt.
LEFT_OUT = {"torch", "torchaudio"}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


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
