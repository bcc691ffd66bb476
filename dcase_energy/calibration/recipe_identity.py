"""Check that a calibration is of the recipe it names, by the hash of the recipe and every count in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.editions.shipped import COUNTS, KnownRecipe, known_recipe

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration

# A recipe that a plan names by its path: as a hash, or as the path itself in older journals.
_BY_PATH = re.compile(r"sha256 .*|.*\.toml|.*[/\\].*", re.DOTALL)
_EPOCHS = re.compile(r"(?:\d+ of (\d+) epochs of recipe|scaled to its (\d+) epochs)")
_TEST_CLIPS = re.compile(r"on \d+ of (\d+) dev-test clips")
_SHOWN = 12


def why_another_recipe(record: Calibration, entries: Sequence[Mapping[str, Any]], wanted: str) -> str | None:
    """Return why a calibration is not of the recipe that is wanted; None if nothing shows that.

    A name proves nothing: the recipe as recorded, and as the journal has it where ``entries`` are there, must have the
    hash and the counts of the recipe, and what was run must agree with them.
    """
    if record.recipe != wanted:
        return f"it measured the recipe {record.recipe}; the edition requires {wanted}"
    known = known_recipe(wanted)
    if known is None:
        return f"a calibration with the recipe {wanted} cannot be checked: its counts are not known"
    header = next((entry for entry in entries if entry.get("entry") == "calibration"), {})
    differing = [
        f"{name.replace('_', ' ')} {number:g}, the recipe has {known.counts[name]}"
        for name, number in _stated_counts(record, header.get("recipe", {})).items()
        if number != known.counts[name]
    ]
    if record.recipe_sha256 != known.sha256:
        differing.append(
            f"its hash is {record.recipe_sha256[:_SHOWN]}..., that of the recipe {known.sha256[:_SHOWN]}..."
        )
    differing += [*_plan(header.get("plan"), known), *_batches(entries, known)]
    return f"it did not measure the recipe {wanted}: {'; '.join(differing)}" if differing else None


def _stated_counts(record: Calibration, of_journal: Mapping[str, Any]) -> dict[str, float]:
    """The counts of its recipe as the journal states them, else the record; older records have fewer."""
    work, in_words = record.recipe_work, {}
    if not of_journal and work is None:
        in_words = _in_words(record)
    stated = {name: of_journal.get(name, getattr(work, name, None)) for name in COUNTS} | in_words
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


def _plan(plan: object, known: KnownRecipe) -> Iterator[str]:
    """What the journal planned agrees with the recipe it names; a plan may name a recipe by its path."""
    if not isinstance(plan, Mapping):
        return
    recipe, batch = plan.get("recipe"), plan.get("batch_size")
    if isinstance(recipe, str) and not _BY_PATH.fullmatch(recipe) and recipe != known.name:
        yield f"the journal's plan has the recipe {recipe}"
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
