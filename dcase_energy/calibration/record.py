"""From the entries of a journal to a calibration record. Anybody can do it again: nothing else goes in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dcase_energy.calibration.statistics import Mean, interval, mean_of, weighted_sum
from dcase_energy.calibration.windows import Window, of_phase, span, windows_of
from dcase_energy.measure.guards import JournalView, judge, tier_of, validity
from dcase_energy.measure.hardware import fingerprint
from dcase_energy.measure.journal import JournalError, journal_digest
from dcase_energy.measure.meter import COMPONENTS, Obtained
from dcase_energy.measure.records import (
    Calibration,
    ComponentEnergy,
    EpochRow,
    Implementation,
    PhaseEnergy,
    Stage,
)

STAGE_NAMES: tuple[Literal["training", "test"], ...] = ("training", "test")
TRAINING_PHASES = ("training_steps", "validation_forward", "validation_metrics", "checkpoint")
TEST_PHASES = ("test_forward", "test_metrics")
_SCORES = ("intersection_f1_05", "intersection_f1_07", "intersection_f1_05_nanmean", "collar_f1", "psds1", "psds2")


def record_of(entries: Sequence[dict[str, Any]]) -> Calibration:
    """Compute the record of a calibration from its journal.

    Raises
    ------
    JournalError
        If the journal does not even say what was to be done, or nothing was measured.
    """
    header = next((entry for entry in entries if entry["entry"] == "calibration"), None)
    meter = next((entry for entry in entries if entry["entry"] == "meter"), None)
    windows = windows_of(entries)
    if header is None or meter is None:
        raise JournalError("nothing was measured: the journal ends before the first reading")
    recipe, methods = header["recipe"], meter["methods"]
    stages = _stages(header, windows, methods)
    if not stages:
        raise JournalError("nothing was measured: the journal ends before a stage was complete")
    about = next((e for e in entries if e["entry"] == "mark" and e["phase"] == "session"), {})
    complete = any(e["entry"] == "finish" and e["complete"] for e in entries) and set(header["stages"]) <= set(stages)
    hardware = {**header["hardware"], **_device(about)}
    warnings = list(dict.fromkeys(e["message"] for e in entries if e["entry"] == "warning"))
    tier = tier_of(methods)
    guards = judge(JournalView(header, meter, list(entries), stages, tier, warnings, complete))
    return Calibration(
        run_id=header["run_id"],
        created=header["created"],
        edition=header["edition"],
        recipe=recipe["name"],
        recipe_sha256=recipe["sha256"],
        implementation=Implementation(
            name=header["implementation"], version=header["version"], execution_path=about["execution_path"]
        ),
        quick=header["quick"] is not None,
        complete=complete,
        tier=tier,
        **validity(guards),
        stages={name: stages[name] for name in STAGE_NAMES if name in stages},
        hardware=hardware,
        hardware_sha256=fingerprint(hardware),
        software={**header["software"], **_software(about), **meter["settings"]},
        data=header["data"],
        scores=_final_scores(windows),
        epochs_log=[_epoch_row(rows) for rows in _by_epoch(windows)],
        guards=guards,
        warnings=warnings,
        journal_sha256=journal_digest(list(entries)),
    ).seal()


def _stages(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> dict[str, Stage]:
    """The stages that were measured to their end."""
    quick = header["quick"] is not None
    training = _quick_training if quick else _whole_training
    found = {"training": training(header, windows, methods), "test": _test(header, windows, methods)}
    return {name: stage for name, stage in found.items() if stage is not None and name in header["stages"]}


def _whole_training(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Whole epochs, scaled to the recipe's number of them: energy per epoch is stable (ICASSP 2023, section 4)."""
    epochs = _by_epoch(windows)
    if not epochs:
        return None
    recipe = header["recipe"]
    used = [window for rows in epochs for window in rows]
    whole = span(used)
    scale = recipe["epochs"] / len(epochs)
    per_epoch = mean_of([span(rows).energy_kwh for rows in epochs])
    full = weighted_sum([(recipe["epochs"], per_epoch)])
    work = f"{len(epochs)} of {recipe['epochs']} epochs of recipe {recipe['name']}"
    kind = "95 %, mean over epochs (Student's t)"
    return _stage(work, whole.energy_kwh, scale, full, kind, used, methods, whole.duration_s, len(epochs))


def _quick_training(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Windows of steps and of validated clips, scaled to the steps and clips of the whole recipe."""
    recipe = header["recipe"]
    steps, clips = of_phase(windows, "training_window"), of_phase(windows, "validation_window")
    metrics = of_phase(windows, "validation_metrics")
    if not steps or not clips:
        return None
    epochs = recipe["epochs"]
    parts = [
        (epochs * recipe["steps_per_epoch"], [(w.energy_kwh / w.payload["steps"], w) for w in steps]),
        (epochs * recipe["validation_clips"], [(w.energy_kwh / w.payload["clips"], w) for w in clips]),
    ]
    full = weighted_sum([(factor, mean_of([energy for energy, _ in rows])) for factor, rows in parts])
    per_clip = sum(w.energy_kwh for w in metrics) / max(1, sum(w.payload["clips"] for w in metrics))
    extra = epochs * recipe["validation_clips"] * per_clip
    full = Mean(full.value + extra, full.standard_error, full.degrees)
    measured = math.fsum(w.energy_kwh for w in steps)
    n_steps = sum(w.payload["steps"] for w in steps)
    duration_s = math.fsum(w.duration_s for w in steps)
    work = (
        f"{n_steps} training steps and {sum(w.payload['clips'] for w in clips)} validated clips of recipe "
        f"{recipe['name']}, scaled to its {epochs} epochs"
    )
    kind = "95 %, means over windows (Welch)"
    scale = full.value / measured if measured else 0.0
    return _stage(work, measured, scale, full, kind, steps, methods, duration_s, n_steps / recipe["steps_per_epoch"])


def _test(header: Mapping[str, Any], windows: Sequence[Window], methods: Mapping[str, Any]) -> Stage | None:
    """Inference of student and teacher and all metrics, scaled to the clips of the dev-test set."""
    used = of_phase(windows, *TEST_PHASES)
    if {window.phase for window in used} != set(TEST_PHASES):
        return None
    recipe, whole = header["recipe"], span(used)
    clips = next(window.payload["clips"] for window in used if window.phase == "test_forward")
    scale = recipe["test_clips"] / clips
    work = f"inference of student and teacher on {clips} of {recipe['test_clips']} dev-test clips, with all metrics"
    full = Mean(whole.energy_kwh * scale, None, None)
    return _stage(work, whole.energy_kwh, scale, full, None, used, methods, whole.duration_s, 0)


def _stage(
    work: str,
    energy_kwh: float,
    scale: float,
    full: Mean,
    interval_kind: str | None,
    used: Sequence[Window],
    methods: Mapping[str, Any],
    duration_s: float,
    epochs: float,
) -> Stage:
    bounds = interval(full)
    phases = {
        phase: PhaseEnergy(
            energy_kwh=math.fsum(w.energy_kwh for w in rows),
            duration_s=math.fsum(w.duration_s for w in rows),
            windows=len(rows),
        )
        for phase in dict.fromkeys(w.phase for w in used)
        if (rows := of_phase(used, phase))
    }
    return Stage(
        work=work,
        energy_kwh=energy_kwh,
        full_recipe_energy_kwh=full.value,
        full_recipe_energy_kwh_low=None if bounds is None else max(0.0, bounds[0]),
        full_recipe_energy_kwh_high=None if bounds is None else bounds[1],
        interval=None if bounds is None else interval_kind,
        epochs=epochs,
        steps=sum(w.payload.get("steps", 0) for w in used),
        clips=sum(w.payload.get("clips", 0) for w in used),
        duration_s=duration_s,
        full_recipe_duration_s=duration_s * scale,
        components={name: _component(name, used, scale, methods[name]) for name in COMPONENTS},
        phases=phases,
    )


def _component(name: str, used: Sequence[Window], scale: float, method: Mapping[str, Any]) -> ComponentEnergy:
    parts = [window.component_kwh(name) for window in used]
    measured = None if None in parts else math.fsum(part for part in parts if part is not None)
    return ComponentEnergy(
        energy_kwh=measured,
        full_recipe_energy_kwh=None if measured is None else measured * scale,
        method=Obtained(method["obtained"]),
        detail=method["detail"],
    )


def _by_epoch(windows: Sequence[Window]) -> list[list[Window]]:
    """The windows of each epoch that was trained and validated to its end."""
    epochs: dict[int, list[Window]] = {}
    for window in of_phase(windows, *TRAINING_PHASES):
        if window.epoch > 0:
            epochs.setdefault(window.epoch, []).append(window)
    needed = {"training_steps", "validation_forward", "validation_metrics"}
    return [rows for _, rows in sorted(epochs.items()) if needed <= {window.phase for window in rows}]


def _epoch_row(rows: Sequence[Window]) -> EpochRow:
    whole = span(rows)
    losses: dict[str, float] = next((w.payload["losses"] for w in rows if "losses" in w.payload), {})
    student: dict[str, float] = next((w.payload["metrics"]["student"] for w in rows if "metrics" in w.payload), {})
    return EpochRow(
        epoch=rows[0].epoch,
        energy_kwh=whole.energy_kwh,
        gpu_kwh=whole.component_kwh("gpu"),
        cpu_kwh=whole.component_kwh("cpu"),
        ram_kwh=whole.component_kwh("ram"),
        duration_s=whole.duration_s,
        train_loss=losses.get("total"),
        intersection_f1_05=student.get("intersection_f1_05"),
        intersection_f1_07=student.get("intersection_f1_07"),
        intersection_f1_05_nanmean=student.get("intersection_f1_05_nanmean"),
    )


def _final_scores(windows: Sequence[Window]) -> dict[str, float | None]:
    """Scores of the student in the test stage."""
    metrics = of_phase(windows, "test_metrics")
    student = metrics[-1].payload["metrics"]["student"] if metrics else {}
    return {name: student.get(name) for name in _SCORES} if student else {}


def _device(about: Mapping[str, Any]) -> dict[str, Any]:
    """Device of the work; a GPU's identifier only as a hash."""
    from dcase_energy.measure.journal import sha256_text

    uuid = about.get("gpu_uuid")
    return {
        "device": about.get("device"),
        "gpu_name": about.get("gpu_name"),
        "gpu_uuid_sha256": None if uuid is None else sha256_text(uuid),
    }


def _software(about: Mapping[str, Any]) -> dict[str, Any]:
    names = ("python", "torch", "numpy", "cuda", "front_end", "threads")
    return {name: about.get(name) for name in names}
