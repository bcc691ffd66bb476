"""Every real row of 2022 and 2023 has exactly the findings that its annotation names, written before the rules ran."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.findings import Severity
from dcase_energy.rules import get
from dcase_energy.submission.validate import Validation, validate_paths
from tests.real.make_submissions import write_submissions

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
YEARS = {
    "2022": ("dcase2022_task4_results.csv", "dcase2022-task4"),
    "2023": ("dcase2023_task4a_results_sample.csv", "dcase2023-task4a"),
}


def annotation(year: str) -> dict[str, set[str]]:
    with (HERE / f"expected_{year}.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["label"]: set(row["codes"].split()) - {"-"} for row in rows}


@pytest.fixture(scope="module", params=YEARS)
def judged(request, tmp_path_factory) -> tuple[str, Validation]:
    table, edition_name = YEARS[request.param]
    edition, output = load_edition(edition_name), tmp_path_factory.mktemp(request.param)
    write_submissions(DATA / table, edition, output)
    return request.param, validate_paths([output], edition)


def test_each_row_has_the_findings_of_its_annotation_and_no_others(judged):
    year, validation = judged
    found = {system.files.stem: {f.code for f in validation.of_system(system)} for system in validation.systems}
    expected = annotation(year)
    assert set(found) == set(expected)
    assert {label: sorted(codes) for label, codes in found.items()} == {
        label: sorted(codes) for label, codes in expected.items()
    }


def test_no_error_stands_on_a_row_whose_annotation_names_none(judged):
    year, validation = judged
    expected = annotation(year)
    for system in validation.systems:
        errors = {f.code for f in validation.of_system(system) if f.severity is Severity.ERROR}
        assert errors <= expected[system.files.stem]


def test_every_annotated_code_is_a_rule_and_every_row_has_one_annotation():
    for year, (table, _) in YEARS.items():
        expected = annotation(year)
        with (DATA / table).open(encoding="utf-8", newline="") as file:
            assert [row["label"] for row in csv.DictReader(file)] == list(expected)
        assert all(get(code) is not None for codes in expected.values() for code in codes)
    assert sum(len(annotation(year)) for year in YEARS) == 101 + 49


def test_groups_named_in_the_public_analyses_are_complete():
    """15 groups with 36 systems of 2022 share a pair of energies; 20 rows lack one energy or the other, 19 both."""
    expected = annotation("2022")
    assert sum("S701" in codes for codes in expected.values()) == 36
    assert sum("E208" in codes for codes in expected.values()) == 19
    assert sum("E202" in codes for codes in expected.values()) == 2
    assert sum("C301" in codes for codes in expected.values()) == 11 + 4
