"""Every rule is held by files: one folder that breaks it, one that comes close and does not.

A case is a folder ``negative/<CODE>`` or ``positive/<CODE>``. ``edition.name`` in it names an edition other than the
generic one; ``edition.toml`` is a separate edition.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import dcase_energy.submission.validate as validate
from dcase_energy import rules
from dcase_energy.editions.loader import load_edition
from tests.acceptance import make_packages

HERE = Path(__file__).parent
# Rules about tables, truth, event lists, results, study runs, guesses and files given by themselves have their examples
# where those are tested.
ELSEWHERE = ("E209", "G", "K", "N103", "N112", "O607", "O608", "O609", "O61", "O646", "T", "U")


def codes() -> list[str]:
    return [rule.code for rule in rules.all_rules() if not rule.code.startswith(ELSEWHERE)]


def run(folder: Path) -> validate.Validation:
    name, own = folder / "edition.name", folder / "edition.toml"
    edition = str(own) if own.exists() else name.read_text().strip() if name.exists() else "generic"
    found = validate.validate_paths([folder], load_edition(edition))
    # What says which edition a case is of belongs to no package.
    beside = {str(name), str(own)}
    return replace(found, findings=[one for one in found.findings if one.where.file not in beside])


@pytest.mark.parametrize("code", codes())
def test_a_bad_example_is_found(code):
    found = run(HERE / "negative" / code).findings
    assert code in {finding.code for finding in found}
    for finding in found:
        assert finding.message
        assert finding.hint
        assert str(HERE) in finding.where.file


@pytest.mark.parametrize("code", codes())
def test_a_good_example_is_clean(code):
    assert run(HERE / "positive" / code).findings == []


def test_every_example_belongs_to_a_rule():
    folders = {path.name for kind in ("positive", "negative") for path in (HERE / kind).iterdir()}
    assert folders == set(codes())


def test_findings_of_all_bad_examples_are_as_reviewed():
    """The golden lists place, code and message of each finding: read its diff when a message changes."""
    lines = []
    for code in codes():
        for finding in run(HERE / "negative" / code).findings:
            where = finding.where
            member = f"!{where.member}" if where.member else ""
            place = f"{Path(where.file).relative_to(HERE / 'negative')}{member}:{where.line}:{where.column}"
            lines.append(f"{place} {finding.severity} {finding.code} {finding.message} | {finding.hint}")
    golden = HERE / "findings.txt"
    assert "\n".join(lines).replace(str(HERE), "") + "\n" == golden.read_text()


def test_the_editions_schemas_are_those_that_are_shipped():
    """`schemas/<edition>/submission.schema.json` is made from the edition: `dcase-energy schema` writes it anew."""
    from dcase_energy.editions.schema import submission_schema
    from dcase_energy.editions.shipped import edition_names, schemas_dir

    for name in edition_names():
        shipped = json.loads((schemas_dir() / name / "submission.schema.json").read_text())
        assert shipped == submission_schema(load_edition(name)), (
            f"run: dcase-energy schema --edition {name} --output ..."
        )


def test_the_examples_of_packages_are_what_their_script_makes(tmp_path):
    """`python -m tests.acceptance.make_packages` writes them."""
    for folder, files in make_packages.examples().items():
        kept = {path.relative_to(HERE / folder).as_posix() for path in (HERE / folder).rglob("*") if path.is_file()}
        assert kept == set(files)
        assert all((HERE / folder / name).read_bytes() == data for name, data in files.items())
