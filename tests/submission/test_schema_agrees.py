"""The schema for editors and the judging of single fields find the same faults, in all metadata files of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.schema import submission_schema
from dcase_energy.editions.shipped import edition_names
from dcase_energy.submission.metadata import Metadata, canonicalise
from dcase_energy.submission.values import violations

ROOT = Path(__file__).parent.parent.parent
FILES = [path for folder in ("tests", "examples") for path in sorted((ROOT / folder).rglob("*.yaml"))]


def as_template(metadata: Metadata) -> dict[str, Any]:
    """The values at the template's key paths; the mappings of fields that must be there are there."""
    edition, root = metadata.edition, {}
    for name in (*edition.required, *edition.present, *metadata.values):
        node = root
        *parents, last = edition.fields[name].path
        for parent in parents:
            node = node.setdefault(parent, {})
        if name in metadata.values:
            node[last] = metadata.values[name]
    return root


def faults_of_document(metadata: Metadata, whole: Draft7Validator) -> set[tuple[str | int, ...]]:
    faults = set()
    for error in whole.iter_errors(as_template(metadata)):
        at = tuple(error.absolute_path)
        missing = error.validator_value if error.validator == "required" else ()
        faults |= {(*at, key) for key in missing if key not in error.instance} if missing else {at}
    return faults


def faults_of_fields(metadata: Metadata) -> set[tuple[str | int, ...]]:
    edition = metadata.edition
    faults = {edition.fields[name].path for name in {*edition.required, *edition.present} - set(metadata.values)}
    for name, value in metadata.values.items():
        faults |= {(*edition.fields[name].path, *place) for place in violations(edition, name, value)}
    return faults


VALUES = [
    None, "", " ", "x", "x" * 11, "x" * 2001, "16", "16 kHz", "44.1kHz", "1.2M", "mono", "yes", "Adams_UNI_task4_1",
    0, -1, 1, 16.0, 0.5, 1.5, 101, 1e300, True, [], [None], ["x"], [16, "16kHz"], {}, {"name": None}, {"name": 3},
    [{"name": "x", "url": 3, "total_audio_length": -1}], [{"lastname": "A"}], [{"lastname": None, "firstname": "B"}],
    [{"lastname": "A", "firstname": "B", "affiliation": 3}, 3],
]  # fmt: skip


@pytest.mark.parametrize("name", edition_names())
def test_faults_are_the_same(name):
    edition, number = load_edition(name), 0
    whole = Draft7Validator(submission_schema(edition))
    read = [load_yaml(path.read_bytes(), str(path)) for path in FILES]
    cases = [canonicalise(document, edition)[0] for document in read if document.data is not None]
    cases += [Metadata(read[0], edition, dict.fromkeys(edition.fields, value)) for value in VALUES]
    for metadata in cases:
        faults = faults_of_fields(metadata)
        assert faults == faults_of_document(metadata, whole), (metadata.document.file, metadata.values)
        number += len(faults)
    # The comparison is not one of nothing with nothing.
    assert number > len(VALUES)
