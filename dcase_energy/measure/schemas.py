"""JSON Schemas of the records, made from their models."""

from __future__ import annotations

from typing import Any

from dcase_energy.measure.records import SCHEMA_VERSION, Calibration, Energy, Evidence

RECORDS: dict[str, type[Evidence]] = {"calibration": Calibration, "energy": Energy}


def record_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a kind of record, of the version that is written today.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    schema = RECORDS[kind].model_json_schema(mode="serialization")
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version", "type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Made from the program by `dcase-energy schema --record {kind}`; do not edit.",
        **schema,
    }
