"""Whether a calibration is of the recipe whose name it bears: by the recipe's hash, and by every count in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.editions.shipped import COUNTS, KnownRecipe, known_recipe

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration
    from dcase_energy.submission.calibrated import Calibrated

_EPOCHS = re.compile(r"(?:\d+ of (\d+) epochs of recipe|scaled to its (\d+) epochs)")
_TEST_CLIPS = re.compile(r"on \d+ of (\d+) dev-test clips")
_SHOWN = 12


def why_another_recipe(found: Calibrated, wanted: str) -> str | None:
    """Why a calibration is not of the recipe that is wanted; None if nothing speaks against it.

    A name says nothing: what the record, and its journal where it is there, say of the recipe must be the recipe's own
    hash and counts, and what was run must go with them.
    """
    record = found.record
    if record.recipe != wanted:
        return f"it is of the recipe {record.recipe}, the edition's is {wanted}"
    known = known_recipe(wanted)
    if known is None:
        return f"of the recipe {wanted} nothing is known by which a calibration could be checked"
    header = next((entry for entry in found.entries if entry.get("entry") == "calibration"), {})
    differing = [
        *_numbers(stated_counts(record, header), known),
        *_digest(record.recipe_sha256, known),
        *_plan(header, known),
        *_batches(found.entries, known),
    ]
    return f"it is not of the recipe {wanted}: {'; '.join(differing)}" if differing else None


def stated_counts(record: Calibration, header: Mapping[str, Any]) -> dict[str, float]:
    """What a calibration says of its recipe's counts: the journal, else the record, whose older ones say less."""
    of_journal = header.get("recipe", {})
    work = record.recipe_work
    stated = {name: of_journal.get(name, getattr(work, name, None)) for name in COUNTS} | {
        name: number for name, number in _in_words(record).items() if not of_journal and work is None
    }
    return {name: number for name, number in stated.items() if isinstance(number, int | float)}


def _in_words(record: Calibration) -> dict[str, int]:
    """What a record of version 1.0 says in its texts."""
    found = {}
    for name, stage, pattern in (("epochs", "training", _EPOCHS), ("test_clips", "test", _TEST_CLIPS)):
        match = pattern.search(record.stages[stage].work) if stage in record.stages else None
        if match is not None:
            found[name] = int(next(filter(None, match.groups())))
    training = record.stages.get("training")
    if record.quick and training is not None and training.epochs > 0:
        # Of a quick calibration these are its steps over those of an epoch.
        found["steps_per_epoch"] = round(training.steps / training.epochs)
    return found


def _numbers(stated: Mapping[str, float], known: KnownRecipe) -> Iterator[str]:
    for name, number in known.counts.items():
        if name in stated and stated[name] != number:
            yield f"{name.replace('_', ' ')} {stated[name]:g}, the recipe has {number}"


def _digest(digest: str, known: KnownRecipe) -> Iterator[str]:
    if digest != known.sha256:
        yield f"its hash is {digest[:_SHOWN]}..., that of the recipe {known.sha256[:_SHOWN]}..."


def _plan(header: Mapping[str, Any], known: KnownRecipe) -> Iterator[str]:
    """What the journal planned to do goes with the recipe it says it was of; a plan may name a recipe by its path."""
    plan = header.get("plan")
    if not isinstance(plan, Mapping):
        return
    recipe, batch = plan.get("recipe"), plan.get("batch_size")
    is_name = isinstance(recipe, str) and not recipe.endswith(".toml") and "/" not in recipe and "\\" not in recipe
    if is_name and recipe != known.name:
        yield f"the journal's plan is of the recipe {recipe}"
    if batch is not None and batch != known.counts["batch_size"]:
        yield f"the journal's plan has batches of {batch}"


def _batches(entries: Sequence[Mapping[str, Any]], known: KnownRecipe) -> Iterator[str]:
    """Every training window has as many clips as its steps take."""
    for entry in entries:
        steps, clips = entry.get("steps"), entry.get("clips")
        training = entry.get("entry") == "mark" and entry.get("phase") in {"training_window", "training_steps"}
        if training and steps and clips and clips != steps * known.counts["batch_size"]:
            yield f"{clips} clips in {steps} training steps, the recipe has {known.counts['batch_size']} a step"
            return
