"""The wheel works away from the checkout and without torch; so does one built from the sdist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

from tests.matrix import trials

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.slow


def environment() -> dict[str, str]:
    """The environment for pip: it installs the releases that `make test` installs, the build backend included."""
    named = os.environ.get("CONSTRAINTS", "constraints.txt")
    held = (ROOT / named).as_uri() if named else ""
    return {**os.environ, "PIP_CONSTRAINT": held, "PIP_BUILD_CONSTRAINT": held}


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode in {0, 1}, f"{command}: {result.stdout}{result.stderr}"
    return result


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment with the wheel that was built from the sdist, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("packaging")
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)
    wheel = next((folder / "dist").glob("*.whl"))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=folder)
    return folder, python


def test_it_validates_an_example_without_torch(installed):
    folder, python = installed
    packages = json.loads(run(python, "-m", "pip", "list", "--format", "json", cwd=folder).stdout)
    names = {package["name"].lower() for package in packages}
    assert "dcase-energy" in names
    assert not names & {"torch", "torchaudio", "codecarbon"}
    example = ROOT / "tests" / "acceptance" / "positive" / "M101"
    result = run(python, "-m", "dcase_energy", "validate", example, "--edition", "dcase2023-task4a", cwd=folder)
    assert "E203" not in result.stdout
    assert "energy_consumption.baseline" in result.stdout
    assert run(folder / "venv/bin/dcase-energy", "validate", example, cwd=folder).returncode == 0


def test_it_ranks_real_results_without_torch(installed):
    folder, python = installed
    table = ROOT / "tests" / "data" / "dcase2022_task4_results.csv"
    out = folder / "out"
    result = run(
        python, "-m", "dcase_energy", "rank", table, "--edition", "dcase2022-task4", "--output-dir", out, cwd=folder
    )
    assert result.returncode == 0
    assert len((out / "ranking.csv").read_text().splitlines()) == 102


def test_calibrating_without_the_extra_says_what_to_install(installed):
    folder, python = installed
    result = run(python, "-m", "dcase_energy", "calibrate", "--quick", cwd=folder)
    assert result.returncode == 1
    assert "pip install 'dcase-energy[train]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_it_installs_no_import_that_others_use(installed):
    folder, python = installed
    code = "import importlib.util as u; print([n for n in ('baseline', 'schemas', 'tests') if u.find_spec(n)])"
    assert run(python, "-c", code, cwd=folder).stdout == "[]\n"


def test_it_brings_its_manual_pages(installed):
    folder, _ = installed
    pages = folder / "venv" / "share" / "man" / "man1"
    assert {path.name for path in pages.glob("dcase-energy*.1")} == {path.name for path in (ROOT / "man").iterdir()}


def test_the_action_runs_with_the_wheel(installed):
    folder, python = installed
    (folder / "workspace").mkdir()
    wheel = next((folder / "dist").glob("*.whl"))
    assert trials.try_action(folder / "workspace", python.parent.parent, wheel) == []


def test_the_source_archive_has_every_file_of_the_checkout(installed):
    folder, _ = installed
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    with tarfile.open(next((folder / "dist").glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(listed.splitlines()) - names == {".gitignore"} - names


def test_the_readme_of_the_package_index_has_whole_links(installed):
    folder, python = installed
    code = "from importlib.metadata import metadata; print(metadata('dcase-energy')['Description'])"
    shown = run(python, "-c", code, cwd=folder).stdout
    links = re.findall(r"\]\(([^)\s]+)\)", shown)
    assert len(links) > 20
    assert [link for link in links if not link.startswith("https://")] == []
    places = [re.sub(r".*?/(?:blob|raw)/v[0-9.]+/|#.*", "", link) for link in links if "/dcase-energy/" in link]
    assert all((ROOT / place).exists() for place in places)
