"""Every plausible spelling of an energy or a count is found; a near miss is named; a key of another unit never is."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions import spelling
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import EditionError
from dcase_energy.findings import Finding
from dcase_energy.submission.metadata import Metadata, canonicalise

HERE = Path(__file__).parent


def read(path: str, value: object, edition: str = "generic") -> tuple[Metadata, list[Finding]]:
    """A document with one value at a key path."""
    keys = path.split(".")
    text = "".join(f"{'  ' * depth}{key!r}:\n" for depth, key in enumerate(keys[:-1]))
    return canonicalise(
        load_yaml(f"{text}{'  ' * (len(keys) - 1)}{keys[-1]!r}: {value}\n".encode(), "x"), load_edition(edition)
    )


SPELLINGS = [line.split() for line in (HERE / "spellings.txt").read_text().splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize(("edition", "field", "path"), SPELLINGS, ids=lambda text: text)
def test_a_plausible_spelling_is_found(edition, field, path):
    metadata, findings = read(path, 3, edition)
    assert metadata.values == {field: 3}
    assert findings == []


MISSES = [line.split("\t") for line in (HERE / "near_misses.tsv").read_text().splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize(("path", "hint"), MISSES, ids=lambda text: text)
def test_a_near_miss_is_named(path, hint):
    metadata, findings = read(path, 3)
    assert metadata.values == {}
    assert [finding.code for finding in findings] == ["M104"]
    assert findings[0].hint == hint or (hint == "-" and "remove the key" in str(findings[0].hint))


def test_two_spellings_of_one_field_with_different_figures_are_an_error():
    text = b"system:\n  energy_consumption:\n    training: 1.39\n  Energy:\n    Train_kWh: 1.40\n"
    _, findings = canonicalise(load_yaml(text, "x"), load_edition("generic"))
    assert [finding.code for finding in findings] == ["M105"]


def test_an_organiser_adds_a_spelling_without_python(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text(
        'base = "generic"\nname = "own"\n[aliases]\nenergy_training_kwh = ["system.footprint.{learn,learning}"]\n'
        'macs = "system.complexity.operations"\n'
    )
    edition = load_edition(str(own))
    metadata, findings = canonicalise(
        load_yaml(b"system:\n  footprint: {learning: 1.5}\n  complexity: {operations: 7}\n", "x"), edition
    )
    assert metadata.values == {"energy_training_kwh": 1.5, "macs": 7}
    assert findings == []
    # The template's own path stays the first, and the base is as it was.
    assert edition.fields["macs"].paths[0] == "system.complexity.macs"
    assert "system.complexity.operations" not in load_edition("generic").fields["macs"].paths


@pytest.mark.parametrize(
    ("aliases", "words"),
    [
        ('energy_trainin_kwh = ["a.b"]', "did you mean 'energy_training_kwh'?"),
        ("macs = 3", "must be a key path or a list"),
        ('macs = ["system.{a,b"]', "is not a key path"),
        ('macs = ["system..a"]', "is not a key path"),
        ('macs = ["system.complexity.total_parameters"]', "belongs to both"),
        (f'macs = ["{"{a,b}" * 13}"]', "8,192 paths"),
    ],
)
def test_an_alias_that_cannot_be_is_told(tmp_path, aliases, words):
    own = tmp_path / "edition.toml"
    own.write_text(f'base = "generic"\nname = "own"\n[aliases]\n{aliases}\n')
    with pytest.raises(EditionError) as caught:
        load_edition(str(own))
    assert words in str(caught.value)


@pytest.mark.parametrize("name", edition_names())
def test_no_loose_spelling_stands_for_two_fields(name):
    edition = load_edition(name)
    owners: dict[tuple[str | int, ...], set[str]] = {}
    for path, field in edition.field_of_path.items():
        if edition.fields[field].loose:
            owners.setdefault(spelling.folded_path(path), set()).add(field)
    assert {path: fields for path, fields in owners.items() if len(fields) > 1} == {}
    # A key holds a value or further keys, never both.
    assert not set(edition.field_of_path) & edition.parents


def test_examples_in_docstrings():
    assert doctest.testmod(spelling).failed == 0
