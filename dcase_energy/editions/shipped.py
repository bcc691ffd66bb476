"""The editions and recipes that come with the program, in one table made from `schemas/*.toml`.

``make editions`` writes the table; a test compares it with the files. Reading it takes a millisecond, and needs neither
TOML nor pydantic.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TABLE = "shipped.json"
COUNTS = ("batch_size", "epochs", "steps_per_epoch", "validation_clips", "test_clips")


def schemas_dir() -> Path:
    """Folder of the editions: inside the installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


@cache
def shipped() -> dict[str, Any]:
    """The table: ``editions`` and ``recipes``, each by name. Not to be changed."""
    tables: dict[str, Any] = json.loads((schemas_dir() / TABLE).read_bytes())
    return tables


def edition_names() -> list[str]:
    """Names of the editions that come with the program."""
    return sorted(shipped()["editions"])


def titles() -> dict[str, str]:
    """Titles of the editions that come with the program."""
    return {name: str(shipped()["editions"][name]["title"]) for name in edition_names()}


# Results of past years that come with the program, and what they hold.
FIELDS = {
    "dcase2022": ("dcase2022-task4/results.csv", "DCASE 2022 task 4 (101 systems)"),
    "dcase2023": ("dcase2023-task4a/results.csv", "DCASE 2023 task 4A (49 of its 84 systems)"),
}


def field_of_year(name: str) -> tuple[Path, str] | None:
    """Return the file and the title of a past year's results; None where the name is another."""
    if name not in FIELDS:
        return None
    file, title = FIELDS[name]
    return schemas_dir() / file, title


@dataclass(frozen=True, slots=True)
class KnownRecipe:
    """What identifies a recipe of the baseline, known without the baseline's code.

    Attributes
    ----------
    sha256
        The hash of all values.
    counts
        What follows from them, by the names of `COUNTS`: a calibration is scaled by these.
    energy_kwh
        Range of the energies that a stage is known to take, by stage.
    stage_ratios
        Range of the energy of one stage over that of another.
    """

    name: str
    sha256: str
    counts: dict[str, int]
    energy_kwh: dict[str, tuple[float, float]] = field(default_factory=dict)
    stage_ratios: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)


@cache
def known_recipe(name: str) -> KnownRecipe | None:
    """The recipe of this name, or None; ``schemas/recipes.toml`` holds the figures.

    Examples
    --------
    >>> known_recipe("dcase2023").counts["steps_per_epoch"], known_recipe("dcase2024")
    (118, None)
    """
    table = shipped()["recipes"].get(name)
    if table is None:
        return None
    counts = {count: table[count] for count in COUNTS}
    return KnownRecipe(name, table["sha256"], counts, table.get("energy_kwh", {}), table.get("stage_ratios", {}))
