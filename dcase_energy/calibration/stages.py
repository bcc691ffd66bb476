"""The figures of the stages: what the windows of a run say about training and test, and about the whole recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dcase_energy.measure.evidence import components, parts_only, phases_of
from dcase_energy.measure.records import Stage
from dcase_energy.measure.statistics import Mean, interval, mean_of, steady_mean, weighted_sum
from dcase_energy.measure.windows import Span, Window, of_phase, span

TRAINING_PHASES = ("training_steps", "validation_forward", "validation_metrics", "checkpoint")
TEST_PHASES = ("test_forward", "test_metrics")


def stages_of(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> dict[str, Stage]:
    """The stages that were measured to their end."""
    quick = header["quick"] is not None
    training = _quick_training if quick else _whole_training
    found = {"training": training(header, windows, methods), "test": _test(header, windows, methods)}
    return {name: stage for name, stage in found.items() if stage is not None and name in header["stages"]}


def _whole_training(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Whole epochs, scaled to the recipe's number of them: energy per epoch is stable (ICASSP 2023, section 4)."""
    epochs = by_epoch(windows)
    if not epochs:
        return None
    recipe = header["recipe"]
    used = [window for rows in epochs for window in rows]
    spans = [span(rows) for rows in epochs]
    whole = Span(tuple(part for one in spans for part in one.parts))
    scale = recipe["epochs"] / len(epochs)
    full = weighted_sum([(recipe["epochs"], mean_of([one.energy_kwh for one in spans]))])
    work = f"{len(epochs)} of {recipe['epochs']} epochs of recipe {recipe['name']}"
    kind = "95 %, mean over epochs (Student's t)"
    return _stage(work, whole, Scaled(scale, full, kind, whole.duration_s * scale), used, methods, len(epochs))


def _quick_training(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Windows of steps and of validated clips, scaled to the steps and clips of the whole recipe."""
    recipe = header["recipe"]
    steps, clips = of_phase(windows, "training_window"), of_phase(windows, "validation_window")
    metrics = of_phase(windows, "validation_metrics")
    if not steps or not clips:
        return None
    epochs = recipe["epochs"]
    amounts = [
        Amount(epochs * recipe["steps_per_epoch"], "steps", steps),
        Amount(epochs * recipe["validation_clips"], "clips", clips),
        Amount(epochs * recipe["validation_clips"], "clips", metrics, once=True),
    ]
    n_steps = sum(w.payload["steps"] for w in steps)
    work = (
        f"{n_steps} training steps and {sum(w.payload['clips'] for w in clips)} validated clips of recipe "
        f"{recipe['name']}, scaled to its {epochs} epochs"
    )
    used = [*steps, *clips, *metrics]
    full = _scaled(amounts, lambda w: w.energy_kwh) or Mean(0.0, None, None)
    duration = _scaled(amounts, lambda w: w.duration_s) or Mean(0.0, None, None)
    kind = "95 %, means over windows (Welch; correlation of windows, 1 % systematic)"
    scaled = Scaled(1.0, full, kind, duration.value)
    stage = _stage(work, parts_only(used), scaled, used, methods, n_steps / recipe["steps_per_epoch"])
    parts = {}
    for name, one in stage.components.items():
        total = _scaled(amounts, partial(_component, name))
        parts[name] = one.model_copy(update={"full_recipe_energy_kwh": None if total is None else total.value})
    return stage.model_copy(update={"components": parts})


@dataclass(frozen=True)
class Amount:
    """How much of one kind of work the whole recipe holds, and windows that measured some of it.

    ``once``: done once a validation in the whole; its mean counts, its spread is not known.
    """

    units: float
    unit: str
    windows: Sequence[Window]
    once: bool = False


def _component(name: str, window: Window) -> float | None:
    return window.component_kwh(name)


def _scaled(amounts: Sequence[Amount], value: Callable[[Window], float | None]) -> Mean | None:
    """A quantity of the whole recipe, from the means of its kinds of work; None where it was not measured."""
    terms = []
    for amount in amounts:
        values = [value(window) for window in amount.windows]
        known = [
            v / max(1, w.payload[amount.unit]) for v, w in zip(values, amount.windows, strict=True) if v is not None
        ]
        if len(known) < len(values):
            return None
        if amount.once:
            terms.append((amount.units, Mean(sum(known) / max(1, len(known)), 0.0, 1e9)))
        else:
            terms.append((amount.units, steady_mean(known)))
    return weighted_sum(terms)


def _test(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Inference of student and teacher and all metrics, scaled to the clips of the dev-test set."""
    used = of_phase(windows, *TEST_PHASES)
    if {window.phase for window in used} != set(TEST_PHASES):
        return None
    recipe, whole = header["recipe"], span(used)
    clips = next(window.payload["clips"] for window in used if window.phase == "test_forward")
    scale = recipe["test_clips"] / clips
    work = f"inference of student and teacher on {clips} of {recipe['test_clips']} dev-test clips, with all metrics"
    scaled = Scaled(scale, Mean(whole.energy_kwh * scale, None, None), None, whole.duration_s * scale)
    return _stage(work, whole, scaled, used, methods, 0)


@dataclass(frozen=True)
class Scaled:
    """What the whole recipe costs, by what was measured."""

    factor: float
    energy_kwh: Mean
    interval: str | None
    duration_s: float


def _stage(
    work: str,
    whole: Span,
    scaled: Scaled,
    used: Sequence[Window],
    methods: Mapping[str, Any],
    epochs: float,
) -> Stage:
    full = scaled.energy_kwh
    bounds = interval(full)
    return Stage(
        work=work,
        energy_kwh=whole.energy_kwh,
        full_recipe_energy_kwh=full.value,
        full_recipe_energy_kwh_low=None if bounds is None else max(0.0, bounds[0]),
        full_recipe_energy_kwh_high=None if bounds is None else bounds[1],
        interval=None if bounds is None else scaled.interval,
        epochs=epochs,
        steps=sum(w.payload.get("steps", 0) for w in used),
        clips=sum(w.payload.get("clips", 0) for w in used),
        duration_s=whole.duration_s,
        full_recipe_duration_s=scaled.duration_s,
        components=components(whole, scaled.factor, methods),
        phases=phases_of(used),
    )


def by_epoch(windows: Sequence[Window]) -> list[list[Window]]:
    """The windows of each epoch that was trained and validated to its end."""
    epochs: dict[int, list[Window]] = {}
    for window in of_phase(windows, *TRAINING_PHASES):
        if window.epoch > 0:
            epochs.setdefault(window.epoch, []).append(window)
    needed = {"training_steps", "validation_forward", "validation_metrics"}
    return [rows for _, rows in sorted(epochs.items()) if needed <= {window.phase for window in rows}]
