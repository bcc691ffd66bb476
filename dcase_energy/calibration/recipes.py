"""Facts about recipes for those who plan trainings; the baseline itself is imported inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcase_energy.errors import RecipeError

if TYPE_CHECKING:
    from dcase_baseline.recipe import Recipe


@dataclass(frozen=True)
class RecipeFacts:
    """A recipe with the batch size it is trained with.

    Attributes
    ----------
    name, sha256
        The hash covers every value, the batch size included.
    batch_size, epochs
        As trained; epochs are those of the full recipe.
    """

    name: str
    sha256: str
    batch_size: int
    epochs: int


def recipe_named(name_or_path: str, batch_size: int | None = None) -> Recipe:
    """Load a recipe of the baseline, with another batch size if one is given; raises as `recipe_facts` does."""
    try:
        from dcase_baseline.recipe import load_recipe
    except ImportError as error:
        raise RecipeError(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'") from None
    recipe = load_recipe(name_or_path)
    return recipe if batch_size is None else recipe.with_batch_size(batch_size)


def recipe_facts(recipe: str, batch_size: int | None = None) -> RecipeFacts:
    """Load a recipe by its name or path, with another batch size if one is given.

    Raises
    ------
    RecipeError
        If there is no such recipe, it cannot have this batch size, or the baseline is not installed.
    """
    found = recipe_named(recipe, batch_size)
    return RecipeFacts(found.name, found.sha256(), found.batch.total, found.epochs)


def execution_path_version(name: str) -> str:
    """The execution path with its version: ``fast/1``."""
    from dcase_baseline.runtime import EXECUTION_PATHS

    return str(EXECUTION_PATHS[name])
