"""Which calibration belongs to which edition: what is measured, what it divides, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.calibration.workload import how_to_calibrate
from dcase_energy.documents.document import dotted
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.measure.scopes import in_words
from dcase_energy.text import plural

GENERIC = "For a ratio of your own, divide by the record of `dcase-energy calibrate --edition generic --quick`."


def calibration_sentences(edition: Edition) -> list[str]:
    """Return what an edition divides by and how to measure it, one sentence each.

    Editions whose energies are not divided, or whose baseline is not known, say so.
    """
    return list(_lines(edition))


def _lines(edition: Edition) -> Iterator[str]:
    how = how_to_calibrate(edition)
    if edition.normalisation.kind == "none":
        fixed = [f"{one.reference_kwh:g} kWh ({stage})" for stage, one in edition.stages.items() if one.reference_kwh]
        published = (
            f"; scores are weighted by published energies of the baseline, {' and '.join(fixed)}" if fixed else ""
        )
        yield f"No calibration is needed: the edition does not divide by a baseline on your hardware{published}."
    elif how is not None:
        yield f"Run {how}."
        yield from _of_recipe(edition) if edition.baseline.kind == "recipe" else _of_command(edition)
    else:
        yield from _declared(edition)


def _declared(edition: Edition) -> Iterator[str]:
    """Sentences of an edition whose baseline cannot be measured by `calibrate`."""
    baselines = [edition.fields[one.baseline] for one in edition.stages.values() if one.baseline in edition.fields]
    keys = " and ".join(dict.fromkeys(f"`{dotted(field.path)}`" for field in baselines))
    if not keys:
        yield "The metadata have no fields for energy, and the edition names no baseline: no calibration is needed."
        yield GENERIC
        return
    yield f"Denominator: {keys} of the metadata, measured with the organisers' own baseline on the same hardware."
    yield "`dcase-energy calibrate` does not measure this baseline, and its records are not accepted as denominator."


def _of_recipe(edition: Edition) -> Iterator[str]:
    known = known_recipe(edition.baseline.recipe)
    yield f"Baseline: recipe `{edition.baseline.recipe}`, execution path `{edition.baseline.execution_path}`."
    if known is not None:
        named = {name: format(count, ",") for name, count in known.counts.items()}
        if "training" in edition.stages:
            yield (
                f"Denominator of the training: {named['epochs']} epochs of {named['steps_per_epoch']} steps with "
                f"{named['batch_size']} clips each, and after each epoch the validation of "
                f"{named['validation_clips']} clips."
            )
        if "test" in edition.stages:
            yield f"Denominator of the test: {_scope(edition)} for {named['test_clips']} clips."
    yield (
        "Time: about five minutes with `--quick`, at most ten, on a laptop as well as on a GPU. Without `--quick`, "
        "the default, 10 epochs are trained: a few minutes on a GPU, hours on a laptop. Both are extrapolated to all "
        "epochs."
    )


def _of_command(edition: Edition) -> Iterator[str]:
    baseline = edition.baseline
    epochs = "" if baseline.epochs_measured is None else f" for {plural(baseline.epochs_measured, 'epoch')}"
    whole = f" (of {baseline.epochs}; the energy is not scaled)" if epochs and baseline.epochs else ""
    yield f"Denominator of the training: the energy of `{baseline.command}`{epochs}{whole}."
    if baseline.includes:
        yield f"That command also runs the stage {' and '.join(baseline.includes)}; its energy is subtracted."
    for stage, command in baseline.stage_commands.items():
        yield f"Denominator of the {stage}: the energy of `{command}` ({_scope(edition, stage)})."
    yield "Time: as long as the organisers' commands take on your machine; `--quick` and `--resume` are not possible."


def _scope(edition: Edition, stage: str = "test") -> str:
    return in_words(edition.stages[stage].scope) or "inference"
