"""Other teams to compare with, from a table of results such as organisers keep."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.documents.device_names import gpu_models
from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.tables import read_table
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.checks.across import BASELINES
from dcase_energy.submission.checks.system import Peer
from dcase_energy.submission.model import team_of

MAX_TABLE_BYTES = 100_000_000


def read_pool(path: Path) -> tuple[list[Peer], list[Finding]]:
    """Read a CSV with ``label``, the baseline's energies by canonical name, and ``hardware`` or ``training_time``.

    Other columns are left alone, and so are rows without a baseline energy. Findings are about the table itself.
    """
    data = read_bytes(path, MAX_TABLE_BYTES)
    if isinstance(data, Finding):
        return [], [data]
    table = read_table(data, str(path), required=("label",), delimiter=",")
    peers = []
    for index, cells in enumerate(table.rows):
        row = dict(zip(table.columns, cells, strict=True))
        figures = {
            name: value
            for name in BASELINES
            if row.get(name) and (value := table.number(index, name, empty=True)) is not None and value > 0
        }
        if figures:
            peers.append(
                Peer(
                    row.get("team") or team_of(row["label"]),
                    gpu_models(row.get("hardware") or row.get("training_time")),
                    figures,
                )
            )
    return peers, [finding for finding in table.findings if finding.severity is Severity.ERROR]
