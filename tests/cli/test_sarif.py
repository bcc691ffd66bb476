"""The SARIF that `validate` writes, against the standard's own JSON Schema (see `tests/data/README.md`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, FormatChecker

from dcase_energy.cli.render.sarif import findings_sarif
from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.validate import validate_paths
from tests.cli.run import ROOT
from tests.hostile import cases_packages, cases_tables, cases_yaml

ACCEPTANCE = ROOT / "tests/acceptance"
# Thousands of the same finding are no other log than one of it, and take long.
LONG = ("Y12-", "P22-", "E18-many-rows")
CASES = [*cases_packages.CASES, *cases_tables.CASES, *cases_yaml.CASES]
HOSTILE = [case for case in CASES if case.codes and not case.name.startswith(LONG)]


@pytest.fixture(scope="module")
def schema():
    document = json.loads((ROOT / "tests/data/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator.check_schema(document)
    formats = FormatChecker()
    assert {"uri", "uri-reference", "date-time"} & set(formats.checkers) >= {"uri", "uri-reference"}
    return Draft4Validator(document, format_checker=formats)


def log_of(path: Path, edition: str = "generic") -> dict:
    return json.loads(findings_sarif(validate_paths([path], load_edition(edition))))


def problems(schema: Draft4Validator, log: dict) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in schema.iter_errors(log)]


def test_every_bad_example_is_told_in_valid_sarif(schema):
    log = log_of(ACCEPTANCE / "negative")
    assert len({result["ruleId"] for result in log["runs"][0]["results"]}) > 70
    assert problems(schema, log) == []


@pytest.mark.parametrize("path", sorted((ACCEPTANCE / "negative").glob("*/edition.*")), ids=lambda p: p.parent.name)
def test_bad_examples_of_other_editions_too(schema, path):
    log = log_of(path.parent, str(path) if path.suffix == ".toml" else path.read_text().strip())
    assert log["runs"][0]["results"]
    assert problems(schema, log) == []


def test_hostile_names_and_values_stay_inside_valid_sarif(schema, tmp_path):
    together: dict = {}
    for case in HOSTILE:
        folder = tmp_path / case.name
        folder.mkdir()
        log = log_of(case.make(folder))
        assert log["runs"][0]["results"], case.name
        # The rules are the same in every log, and most of what there is to check.
        together = together or {**log, "runs": []}
        together["runs"].append({**log["runs"][0], "tool": {"driver": {"name": case.name}}})
    assert problems(schema, together) == []


@pytest.mark.parametrize("name", ["a b#c%ü.meta.yaml", "x:y.meta.yaml", "[1].meta.yaml", "日本.yaml", "q?r=s&t.yaml"])
def test_names_of_files_become_uris(schema, name, tmp_path, monkeypatch):
    (tmp_path / name).write_text("- 1\n")
    monkeypatch.chdir(tmp_path)
    for path in (Path(name), tmp_path / name):
        assert problems(schema, log_of(path)) == []


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda log: log.pop("version"), "$"),
        (lambda log: log["runs"][0]["results"][0].update(level="fatal"), "$.runs[0].results[0].level"),
        (lambda log: log["runs"][0]["results"][0].pop("message"), "$.runs[0].results[0]"),
        (
            lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
            "$.runs[0].results[0].locations[0].physicalLocation.region.startLine",
        ),
        (
            lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].update(
                uri="a b.yaml"
            ),
            "$.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri",
        ),
    ],
)
def test_the_schema_tells_a_log_that_is_not_sarif(schema, spoil, place):
    log = log_of(ACCEPTANCE / "negative/E201")
    spoil(log)
    assert [problem.partition(": ")[0] for problem in problems(schema, log)] == [place]
