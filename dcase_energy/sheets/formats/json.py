"""JSON, for programs; missing figures are null."""

from __future__ import annotations

import json
from typing import Any

from dcase_energy.sheets.table import Report


def write(report: Report) -> dict[str, bytes]:
    """Write the facts of a report, or else the rows of its tables of data."""
    facts = report.facts or {table.name: table.records for table in report.data}
    return {f"{report.name}.json": document(facts).encode()}


def document(content: Any) -> str:
    """Write a document; the same content gives the same bytes."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
