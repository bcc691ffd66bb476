"""Makes the JSON Schema of what ``rank --formats json`` writes: ``make editions``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.bases import BASES
from dcase_energy.ranking.report import SCHEMA_VERSION
from dcase_energy.ranking.sheet import SystemColumn, base_columns, interval_columns

SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "records" / "ranking.schema.json"


def ranking_schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of a ranking."""
    text, place = {"type": "string"}, {"type": "integer", "minimum": 1}
    check = {"type": "object", "required": ["label"], "additionalProperties": {"type": ["string", "number", "null"]}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Ranking",
        "description": "Written by `dcase-energy rank --formats json`. Energies are in kWh, scores are fractions, null "
        "is a figure that is not known. Other columns of an input table are kept as text.",
        "type": "object",
        "required": ["schema_version", "tool_version", "edition", "formulas", "reference_kwh", "systems", "views"],
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "tool_version": text,
            "edition": text,
            "basis": {"enum": list(BASES)},
            "formulas": _list_of(text),
            "reference_kwh": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
            "systems": _list_of(_system_schema()),
            "views": {
                "type": "object",
                "additionalProperties": _list_of(
                    {
                        "type": "object",
                        "required": ["place", "label", "figure"],
                        "additionalProperties": False,
                        "properties": {"place": place, "label": text, "figure": {"type": "number"}},
                    }
                ),
            },
            "sensitivity": {"type": "object", "additionalProperties": _list_of(check)},
        },
    }


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _system_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for column in base_columns(load_edition("generic")):
        properties[column.name] = _column_schema(column)
        if column.kind == "number" or column.name == "rank":
            properties |= {part.name: _column_schema(part) for part in interval_columns(column)}
    return {
        "type": "object",
        "required": ["rank", "label", "team", "ranking_score", "excluded", "findings"],
        "properties": properties,
        "additionalProperties": {"type": ["string", "number", "null"]},
    }


def _column_schema(column: SystemColumn) -> dict[str, Any]:
    """A count may be the text that stood in its place in an input table."""
    types: dict[str, list[str]] = {
        "text": ["string", "null"],
        "number": ["number", "null"],
        "integer": ["integer", "string", "null"] if column.group == "Complexity" else ["integer", "null"],
    }
    return {"type": types[column.kind], "description": column.title}


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(ranking_schema(), indent=2) + "\n", encoding="utf-8")
