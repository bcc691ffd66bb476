"""What identifies the recipes of the baseline, as data: known without the baseline's code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from dcase_energy.editions.loader import schemas_dir

COUNTS = ("batch_size", "epochs", "steps_per_epoch", "validation_clips", "test_clips")


@dataclass(frozen=True)
class KnownRecipe:
    """One recipe; ``schemas/recipes.toml`` holds the figures.

    Attributes
    ----------
    sha256
        The hash of all values.
    counts
        What follows from them, by the names of `COUNTS`: a calibration is scaled by these.
    training_kwh
        Range of the energies that its training is known to take; None where none is known.
    """

    name: str
    sha256: str
    counts: dict[str, int]
    training_kwh: tuple[float, float] | None = None


@cache
def known_recipe(name: str) -> KnownRecipe | None:
    """The recipe of this name, or None.

    Examples
    --------
    >>> known_recipe("dcase2023").counts["steps_per_epoch"], known_recipe("dcase2024")
    (118, None)
    """
    table = tomllib.loads((schemas_dir() / "recipes.toml").read_text(encoding="utf-8")).get(name)
    if table is None:
        return None
    energies = table.get("training_kwh")
    return KnownRecipe(
        name, table["sha256"], {count: table[count] for count in COUNTS}, None if energies is None else tuple(energies)
    )
