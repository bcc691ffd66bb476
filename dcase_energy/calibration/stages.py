"""The figures of the stages: what the windows of a run say about training and test, and about the whole recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcase_energy.measure.evidence import components, parts_only, phases_of
from dcase_energy.measure.records import Stage
from dcase_energy.measure.statistics import Mean, interval, mean_of, weighted_sum
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
        (epochs * recipe["steps_per_epoch"], "steps", steps),
        (epochs * recipe["validation_clips"], "clips", clips),
        (epochs * recipe["validation_clips"], "clips", metrics),
    ]

    def whole_recipe(value: Callable[[Window], float | None]) -> Mean | None:
        terms = []
        for factor, unit, rows in amounts:
            values = [None if (v := value(w)) is None else v / max(1, w.payload[unit]) for w in rows]
            if None in values:
                return None
            if rows is metrics:  # once a validation: its mean counts, its spread is not known
                terms.append((factor, Mean(sum(filter(None, values)) / max(1, len(values)), 0.0, 1e9)))
            else:
                terms.append((factor, mean_of([v for v in values if v is not None])))
        return weighted_sum(terms)

    full = whole_recipe(lambda w: w.energy_kwh) or Mean(0.0, None, None)
    duration = whole_recipe(lambda w: w.duration_s)
    n_steps = sum(w.payload["steps"] for w in steps)
    work = (
        f"{n_steps} training steps and {sum(w.payload['clips'] for w in clips)} validated clips of recipe "
        f"{recipe['name']}, scaled to its {epochs} epochs"
    )
    used = [*steps, *clips, *metrics]
    scaled = Scaled(1.0, full, "95 %, means over windows (Welch)", duration.value if duration else 0.0)
    stage = _stage(work, parts_only(used), scaled, used, methods, n_steps / recipe["steps_per_epoch"])
    parts = {}
    for name, one in stage.components.items():
        total = whole_recipe(lambda w, name=name: w.component_kwh(name))  # type: ignore[misc]
        parts[name] = one.model_copy(update={"full_recipe_energy_kwh": None if total is None else total.value})
    return stage.model_copy(update={"components": parts})


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
