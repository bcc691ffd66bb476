"""JSON, for programs; missing figures are null."""

from __future__ import annotations

import json

from dcase_energy.sheets.report import Report


def write(report: Report) -> dict[str, bytes]:
    """Write the facts of a report, or else the rows of its tables of data; the same report gives the same bytes."""
    facts = report.facts or {table.name: table.records for table in report.data}
    return {f"{report.name}.json": json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"}
