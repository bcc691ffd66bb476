"""The site builds without a warning, knows every page and every command; what stands beside the docs is well formed."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import dcase_energy
from dcase_energy import __version__
from dcase_energy.cli.main import COMMANDS
from dcase_energy.editions.shipped import edition_names
from dcase_energy.submission.template import SCHEMA_URL

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material", reason="pip install 'dcase-energy[docs]'")
    pytest.importorskip("mkdocs_click")
    pytest.importorskip("mkdocstrings")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", out]
    # Not `--quiet`: warnings that are not printed are not counted either.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_every_page_is_in_the_navigation(site):
    text = (ROOT / "mkdocs.yml").read_text()
    named = set(re.findall(r"[\w/-]+\.md", text))
    assert named == {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}


def test_every_command_is_in_the_reference(site):
    page = (site / "reference" / "commands" / "index.html").read_text()
    for name in COMMANDS:
        assert re.search(rf'<h\d id="(dcase-energy-)?{name}"', page), name


def test_every_picture_is_small_shown_and_described():
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "pictures").iterdir()}
    texts = [path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]]
    shown = [pair for text in texts for pair in re.findall(r"!\[(.*?)\]\((?:[\w./]*/)?pictures/([\w.]+)\)", text)]
    assert {name for _, name in shown} == set(pictures)
    assert [name for alt, name in shown if len(alt) < 20] == []
    assert sum(pictures.values()) < 1e6


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_into_the_repository_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / name).read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert citation["license"] == "MIT"


def test_the_workflow_calls_what_runs_here():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    for name, env in (("ci", None), ("newest", {"CONSTRAINTS": ""})):
        job = workflow["jobs"][name]
        assert {"run": ".ci/run"} in job["steps"]
        assert job.get("env") == env
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_forms_for_issues_are_complete():
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 3
    for path in forms:
        form = yaml.safe_load(path.read_text())
        assert form["name"]
        assert form["description"]
        assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_the_architecture_page_tells_the_imports_as_they_are_tested():
    from tests.structure.test_imports import LAYERS

    page = (ROOT / "docs/architecture.md").read_text()
    chain = re.search(r"`(cli\b[^`]* -> .*?)`", page, re.S)[1]
    told = [{name.strip() for name in part.split(",")} for part in chain.split("->")]
    tested = [names - {"__init__"} for names in reversed(LAYERS[:-1])]
    assert told == tested


def test_the_page_for_programs_shows_every_function_with_its_parameters_and_errors(site):
    page = (site / "reference" / "api" / "index.html").read_text()
    sections = re.split(r'<h\d id="dcase_energy\.', page)
    shown = {re.match(r"[\w.]+", part)[0].rpartition(".")[2]: part for part in sections[1:]}
    public = [name for name in dcase_energy.__all__ if name != "__version__"]
    assert set(public) <= set(shown)
    for name in public:
        if not name.endswith("Error"):
            parameters = set(inspect.signature(getattr(dcase_energy, name)).parameters)
            named = set(re.findall(r"\w+", " ".join(re.findall(r"<code>(.*?)</code>", shown[name], re.S))))
            assert parameters <= named, name
            assert "Raises:" in shown[name], name
    # Names that share a line of the docstring are one item: the type of the first is not that of the others.
    assert "<b><code>select</code></b>, <b><code>ignore</code></b>" in shown["validate"]


@pytest.mark.parametrize("name", edition_names())
def test_the_address_that_a_template_names_is_in_the_site(site, name):
    base, _, path = SCHEMA_URL.format(edition=name).partition("/schemas/")
    assert base == yaml.safe_load((ROOT / "mkdocs.yml").read_text().split("theme:")[0])["site_url"].rstrip("/")
    assert json.loads((site / "schemas" / path).read_text())["properties"]


@pytest.mark.parametrize("model", ["Calibration", "Energy", "Stage", "SteadyState", "CounterTick", "Probe", "Idle"])
def test_the_page_of_records_names_every_field(model):
    from dcase_energy.measure import record_parts, records

    page = re.sub(r"^```.*?^```", "", (ROOT / "docs/reference/records.md").read_text(), flags=re.M | re.S)
    fields = getattr(record_parts, model, None) or getattr(records, model)
    used = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", page))))
    assert [name for name in fields.model_fields if name not in used] == []
