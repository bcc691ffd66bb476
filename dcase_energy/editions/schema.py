"""JSON Schema (draft-07) of an edition's metadata file, made from its table of fields.

Draft-07 is what editors understand. The annotation ``x-rule`` names the rule whose code a violation gets.
"""

from __future__ import annotations

from typing import Any

from dcase_energy.editions.fields import KINDS, TEXT_SCHEMA, FieldKind, FieldSpec
from dcase_energy.editions.model import Edition


def submission_schema(edition: Edition) -> dict[str, Any]:
    """Build the schema of a metadata file with every field at the template's key path.

    Unknown keys are allowed: they are looked at elsewhere, with suggestions.
    """
    root = _object()
    root["$schema"] = "http://json-schema.org/draft-07/schema#"
    root["title"] = f"Submission metadata: {edition.title}"
    for name, spec in edition.fields.items():
        required = name in edition.required
        node = root
        *parents, last = spec.path
        for parent in parents:
            if required and parent not in node["required"]:
                node["required"].append(parent)
            node = node["properties"].setdefault(parent, _object())
        node["properties"][last] = _fragment(spec, edition, required=required)
        if required or name in edition.present:
            node["required"].append(last)
    return root


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": []}


def _fragment(spec: FieldSpec, edition: Edition, *, required: bool) -> dict[str, Any]:
    fragment = _of_kind(spec, edition)
    if not required:
        fragment = _nullable(fragment)
    fragment["description"] = spec.description
    if spec.example is not None:
        fragment["examples"] = [spec.example]
    return fragment


def _of_kind(spec: FieldSpec, edition: Edition) -> dict[str, Any]:
    fragment = dict(KINDS[spec.kind].schema)
    match spec.kind:
        case FieldKind.LABEL:
            fragment["pattern"] = edition.label_pattern
        case FieldKind.CHOICE:
            fragment["enum"] = list(spec.choices)
        case FieldKind.AUTHORS:
            fragment["items"] = _author()
    return fragment


def _author() -> dict[str, Any]:
    affiliation = {
        "type": ["object", "null"],
        "properties": {
            name: {"type": ["string", "null"], "maxLength": 500}
            for name in ("abbreviation", "institute", "institution", "department", "location")
        },
    }
    return {
        "type": "object",
        "properties": {
            "lastname": TEXT_SCHEMA,
            "firstname": TEXT_SCHEMA,
            "email": {"type": ["string", "null"], "maxLength": 500},
            "corresponding": {"type": ["boolean", "null"]},
            "affiliation": {"anyOf": [affiliation, {"type": "array", "items": affiliation}]},
        },
        "required": ["lastname", "firstname"],
    }


def _nullable(fragment: dict[str, Any]) -> dict[str, Any]:
    """Allow null, the template's word for "does not apply"."""
    kind = fragment["type"]
    nullable = {**fragment, "type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    if "enum" in nullable:
        nullable["enum"] = [*nullable["enum"], None]
    return nullable
