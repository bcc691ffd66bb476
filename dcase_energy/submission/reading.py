"""From the bytes of a metadata file to a canonical submission and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dcase_energy.documents.document import Document
from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding
from dcase_energy.submission.canonical import Canonical, canonicalise
from dcase_energy.submission.model import Submission
from dcase_energy.submission.rules import FIELD_TYPE
from dcase_energy.submission.shape import shape_findings


@dataclass
class Metadata:
    """A metadata file as read.

    Attributes
    ----------
    document, canonical
        The document, and its fields by canonical name with their places.
    submission
        The canonical submission, without the fields that were refused.
    findings
        What is wrong with document and fields.
    """

    document: Document
    canonical: Canonical
    submission: Submission
    findings: list[Finding]


def read_metadata(data: bytes, file: str, edition: Edition, member: str | None = None) -> Metadata:
    """Read a metadata file of an edition. Never raises for what it holds."""
    document = load_yaml(data, file, member)
    canonical = canonicalise(document, edition)
    findings = [*document.findings, *canonical.findings]
    if document.data is not None:
        findings += shape_findings(canonical)
    return Metadata(document, canonical, _build(canonical, findings), findings)


def _build(canonical: Canonical, findings: list[Finding]) -> Submission:
    """Build the canonical submission of the fields that passed the schema.

    Where an organiser's own edition gives a field another kind than the model has, the value is a finding, not used.
    """
    known = Submission.model_fields
    values = {name: _as_model(value) for name, value in canonical.values.items() if name in known and value is not None}
    try:
        return Submission.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0])
            if values.pop(name, None) is not None:
                findings.append(FIELD_TYPE.finding(canonical.where(name), f"{name}: {detail['msg']}"))
        return Submission.model_validate(values)


def _as_model(value: Any) -> Any:
    """Whole floats are counts to JSON Schema, lists are tuples to the frozen model."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
