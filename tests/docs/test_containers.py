"""The recipes of containers: built and tried by ``make container-test``, else read by a linter, or here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE, DEFINITION = ROOT / "containers/Dockerfile", ROOT / "containers/dcase-energy.def"
BUILDS = os.environ.get("DCASE_ENERGY_BUILD") == "1"


def works(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not (BUILDS and works("docker", "info")), reason="needs `make container-test` and Docker")
def test_the_docker_image_is_built_and_validates():
    subprocess.run(["docker", "build", "-q", "-f", DOCKERFILE, "-t", "dcase-energy-test", ROOT], check=True)
    mounted = f"{ROOT}/tests/acceptance/positive/M101:/work"
    command = ["docker", "run", "--rm", "-v", mounted, "dcase-energy-test", "validate", "."]
    assert subprocess.run(command).returncode == 0


@pytest.mark.skipif(not (BUILDS and works("apptainer", "version")), reason="needs `make container-test` and Apptainer")
def test_the_apptainer_image_is_built_and_validates(tmp_path):
    image = tmp_path / "dcase-energy.sif"
    subprocess.run(["apptainer", "build", image, DEFINITION], cwd=ROOT, check=True)
    assert (
        subprocess.run(["apptainer", "run", image, "validate", ROOT / "tests/acceptance/positive/M101"]).returncode == 0
    )


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_the_linter_finds_nothing():
    assert subprocess.run(["hadolint", DOCKERFILE]).returncode == 0


def test_the_recipes_hold_to_what_linters_ask_for():
    lines = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text()).splitlines()
    instructions = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    known = {"FROM", "ARG", "COPY", "RUN", "WORKDIR", "ENV", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in instructions} <= known
    (base,) = [text for name, text in instructions if name == "FROM"]
    assert re.fullmatch(r"[a-z]+:[0-9][\w.-]+", base), "a base without a version changes by itself"
    installs = [text for name, text in instructions if name == "RUN" and "pip install" in text]
    assert all("--no-cache-dir" in text and "--constraint" in text for text in installs)
    definition = DEFINITION.read_text()
    assert f"From: {base}\n" in definition
    sections = re.findall(r"^%(\w+)", definition, re.MULTILINE)
    assert set(sections) <= {"arguments", "files", "post", "runscript", "help"}
    assert len(set(sections)) == len(sections)


def test_what_the_build_needs_is_let_through():
    """What `.dockerignore` keeps out cannot be installed."""
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    assert {
        "dcase_energy",
        "baseline",
        "schemas",
        "man",
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "constraints.txt",
    } <= kept
