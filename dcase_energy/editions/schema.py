"""JSON Schema (draft-07) of an edition's metadata file, for editors, made from its fields.

The annotation ``x-rule`` names the rule whose code a violation gets.
"""

from __future__ import annotations

from typing import Any

from dcase_energy.editions.fields import fragment
from dcase_energy.editions.model import Edition


def submission_schema(edition: Edition) -> dict[str, Any]:
    """Build the schema of a metadata file with every field at the template's key path.

    Unknown keys are allowed: validation looks at them separately, with suggestions.
    """
    root = _object()
    root["$schema"] = "http://json-schema.org/draft-07/schema#"
    root["title"] = f"Submission metadata: {edition.title}"
    for name, spec in edition.fields.items():
        required, node = name in edition.required, root
        *parents, last = spec.path
        for parent in parents:
            if required and parent not in node["required"]:
                node["required"].append(parent)
            node = node["properties"].setdefault(parent, _object())
        made = fragment(spec.kind, edition.label_pattern, spec.choices, nullable=not required)
        example = {} if spec.example is None else {"examples": [spec.example]}
        node["properties"][last] = {**made, "description": spec.description, **example}
        if required or name in edition.present:
            node["required"].append(last)
    return root


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": []}
