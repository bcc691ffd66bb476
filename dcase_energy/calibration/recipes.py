"""Facts about recipes for those who plan trainings; the baseline itself is imported inside."""

from __future__ import annotations

from dataclasses import dataclass


class UnknownRecipeError(ValueError):
    """A recipe, or a batch size of it, cannot be had; the message says why."""


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


def recipe_facts(recipe: str, batch_size: int | None = None) -> RecipeFacts:
    """Load a recipe by its name or path, with another batch size if one is given.

    Raises
    ------
    UnknownRecipeError
        If there is no such recipe, it cannot have this batch size, or the baseline is not installed.
    """
    try:
        from dcase_baseline.recipe import RecipeError, load_recipe
    except ImportError as error:
        message = f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'"
        raise UnknownRecipeError(message) from None
    try:
        found = load_recipe(recipe)
        found = found if batch_size is None else found.with_batch_size(batch_size)
    except (RecipeError, ValueError) as error:
        raise UnknownRecipeError(str(error)) from None
    return RecipeFacts(found.name, found.sha256(), found.batch.total, found.epochs)


def execution_path_version(name: str) -> str:
    """The execution path with its version: ``fast/1``."""
    from dcase_baseline.runtime import EXECUTION_PATHS

    return str(EXECUTION_PATHS[name])
