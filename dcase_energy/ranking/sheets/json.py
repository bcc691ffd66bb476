"""JSON, for programs. `ranking_schema` says what is in it; the published schema is made from that."""

from __future__ import annotations

import json
from typing import Any

from dcase_energy import __version__
from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.sheet import COLUMNS, Column, columns_of, interval_columns
from dcase_energy.ranking.tables import describe_formulas, sensitivity_tables
from dcase_energy.ranking.views import views_of

SCHEMA_VERSION = "1.1"


def to_json(ranking: Ranking) -> str:
    """Write a ranking with its views; missing figures are null."""
    columns = columns_of(ranking)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "edition": ranking.edition.name,
        "formulas": describe_formulas(ranking.edition),
        "reference_kwh": None if ranking.reference is None else dict(ranking.reference.energy_kwh),
        "systems": [{column.name: column.value(one) for column in columns} for one in ranking.systems],
        "views": {
            view.name: [
                {"place": place, "label": one.entry.label, "figure": view.figure(one)} for place, one in view.rows
            ]
            for view in views_of(ranking)
        },
        "sensitivity": {
            table.name.rpartition("_")[2]: [
                {name: cell for (name, _), cell in zip(table.columns, row, strict=True)} for row in table.rows
            ]
            for table in sensitivity_tables(ranking)
        },
    }
    return _written(document) + "\n"


def _written(value: object, indent: str = "") -> str:
    """Objects and lists with a line each for what is in them; a system, a place or a check stays on its line.

    The standard library indents in Python, cell by cell; without indentation it is compiled code.
    """
    inner = indent + "  "
    if isinstance(value, dict) and any(isinstance(one, (dict, list)) for one in value.values()):
        lines = [f"{inner}{_line(name)}: {_written(one, inner)}" for name, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join([f"{inner}{_line(one)}" for one in value]) + f"\n{indent}]"
    return _line(value)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def ranking_schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of a ranking."""
    required = ["schema_version", "tool_version", "edition", "formulas", "reference_kwh", "systems", "views"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Ranking",
        "description": "Written by `dcase-energy rank --formats json`. Energies are in kWh, scores are fractions, null "
        "is a figure that is not known. Other columns of an input table are kept as text.",
        "type": "object",
        "required": required,
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "tool_version": {"type": "string"},
            "edition": {"type": "string"},
            "formulas": _list_of({"type": "string"}),
            "reference_kwh": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
            "systems": _list_of(_system_schema()),
            "views": {"type": "object", "additionalProperties": _list_of(_place_schema())},
            "sensitivity": {"type": "object", "additionalProperties": _list_of(_check_schema())},
        },
    }


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _system_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for column in COLUMNS:
        properties[column.name] = _schema(column)
        if column.kind == "number" or column.name == "rank":
            properties |= {part.name: _schema(part) for part in interval_columns(column)}
    return {
        "type": "object",
        "required": [column.name for column in COLUMNS],
        "properties": properties,
        "additionalProperties": {"type": ["string", "null"]},
    }


def _place_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["place", "label", "figure"],
        "additionalProperties": False,
        "properties": {
            "place": {"type": "integer", "minimum": 1},
            "label": {"type": "string"},
            "figure": {"type": "number"},
        },
    }


def _check_schema() -> dict[str, Any]:
    cell = {"type": ["string", "number", "null"]}
    return {"type": "object", "required": ["label"], "additionalProperties": cell}


def _schema(column: Column) -> dict[str, Any]:
    """A count may be the text that stood in its place in an input table."""
    types: dict[str, list[str]] = {
        "text": ["string", "null"],
        "number": ["number", "null"],
        "integer": ["integer", "string", "null"] if column.group == "Complexity" else ["integer", "null"],
    }
    return {"type": types[column.kind], "description": column.title}
