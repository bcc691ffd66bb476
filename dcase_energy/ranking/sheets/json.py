"""JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dcase_energy import __version__
from dcase_energy.editions.model import Edition
from dcase_energy.ranking.order import Ranked
from dcase_energy.ranking.sheet import columns_of


def to_json(ranked: Sequence[Ranked], edition: Edition) -> str:
    """Write a ranking; missing figures are null."""
    columns = columns_of(ranked)
    document = {
        "schema_version": "1.0",
        "tool_version": __version__,
        "edition": edition.name,
        "systems": [{column.name: column.value(one) for column in columns} for one in ranked],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
