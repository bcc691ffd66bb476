"""Makes the table of the editions and recipes that the program reads, from `schemas/*.toml`: ``make editions``."""

from __future__ import annotations

import json
import tomllib
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from dcase_energy.editions.assembly import assembled
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import TABLE, schemas_dir


def shipped_tables() -> dict[str, Any]:
    """The tables of all editions and recipes in `schemas`, as `shipped.json` holds them."""
    read = TypeAdapter(Edition).validate_python
    files = sorted(schemas_dir().glob("*/edition.toml"))
    editions = {path.parent.name: typed(table := assembled(path), read(table)) for path in files}
    recipes = tomllib.loads((schemas_dir() / "recipes.toml").read_text(encoding="utf-8"))
    comment = "Made from edition.toml of each folder, its bases and recipes.toml by `make editions`; do not edit."
    return {"$comment": comment, "editions": editions, "recipes": recipes}


def typed(written: Any, read: Any) -> Any:
    """A table with its numbers as the model has them: 1 is 1.0 where a fraction may be."""
    if isinstance(written, dict):
        of = read.get if isinstance(read, dict) else partial(getattr, read)
        return {key: typed(value, of(key)) for key, value in written.items()}
    if isinstance(written, list):
        return [typed(*pair) for pair in zip(written, read, strict=True)]
    return float(written) if isinstance(read, float) else written


if __name__ == "__main__":
    (schemas_dir() / TABLE).write_text(json.dumps(shipped_tables(), indent=1) + "\n", encoding="utf-8")
