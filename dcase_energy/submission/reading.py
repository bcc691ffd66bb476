"""From the bytes of a metadata file to a canonical submission and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dcase_energy.documents.document import Document, dotted
from dcase_energy.documents.numbers import parse_khz, parse_short_count
from dcase_energy.documents.rules import YAML_OTHER_READERS
from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.fields import FieldKind
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding
from dcase_energy.submission.canonical import FIELD_TYPE, Canonical, canonicalise
from dcase_energy.submission.model import Submission
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
    shape = [] if document.data is None else list(shape_findings(canonical))
    findings = [*_of_document(document, canonical), *canonical.findings, *shape]
    return Metadata(document, canonical, _build(canonical, findings), findings)


def _of_document(document: Document, canonical: Canonical) -> list[Finding]:
    """What is wrong with the document, except for the `yes` and `no` of a truth value, which all readers understand."""
    flags = {path for name, path in canonical.paths.items() if canonical.edition.fields[name].kind is FieldKind.FLAG}
    shown = {dotted(path) for path in flags}
    other = YAML_OTHER_READERS.code
    return [one for one in document.findings if not (one.code == other and one.where.path in shown)]


def _build(canonical: Canonical, findings: list[Finding]) -> Submission:
    """Build the canonical submission of the fields that passed the schema."""
    known, fields = Submission.model_fields, canonical.edition.fields
    values = {
        name: _rate_khz(value) if name == "input_sampling_rate_khz" else _as_model(value, fields[name].kind)
        for name, value in canonical.values.items()
        if name in known and value is not None
    }
    try:
        return Submission.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0])
            if values.pop(name, None) is not None:
                findings.append(FIELD_TYPE.finding(canonical.where(name), f"{name}: {detail['msg']}"))
        return Submission.model_validate(values)


def _rate_khz(value: Any) -> float | None:
    """A sampling rate as a number or as text with its unit; None for several, and for other texts."""
    return parse_khz(value) if isinstance(value, str) else None if isinstance(value, list) else value


def _as_model(value: Any, kind: FieldKind) -> Any:
    """A value of a kind as the model has it: whole floats are counts to JSON Schema, lists are tuples."""
    if kind is FieldKind.DATASETS:
        names = (item.get("name") for item in (value if isinstance(value, list) else [value]))
        return tuple(str(name) for name in names if name is not None) or None
    if kind is FieldKind.SHORT_COUNT and isinstance(value, str):
        return parse_short_count(value)
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
