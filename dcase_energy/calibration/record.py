"""From the entries of a journal to a calibration record. Anybody can do it again: nothing else goes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.calibration.command_record import command_record_of
from dcase_energy.calibration.stages import (
    TRAINING_PHASES,
    between_sessions_of,
    by_epoch,
    session_intervals,
    stage_records,
    with_journal,
)
from dcase_energy.errors import JournalError
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.plan import BASELINE_STAGES, SCORING
from dcase_energy.measure.records import (
    Calibration,
    ComponentEnergy,
    EpochRow,
    Implementation,
    RecipeWork,
    Repeats,
    Stage,
)
from dcase_energy.measure.summary import (
    PARTIAL_BASES,
    basis_kwh,
    evidence,
    phases_of,
    repeats_of,
)
from dcase_energy.measure.view import JournalView, is_1_0, marks_of, meters_of
from dcase_energy.measure.windows import (
    Segment,
    Window,
    kwh_between,
    of_phase,
    segments_of,
    span,
    windows_of,
)
from dcase_energy.stats import BetweenSessions, sample_mean, sum_known, times

if TYPE_CHECKING:
    from dcase_energy.measure.entries import BetweenSessionsFields, CalibrationHeader, Entries

OUTSIDE = ("data_preparation", "warmup", "settling_window")
_SCORES = ("intersection_f1_05", "intersection_f1_07", "intersection_f1_05_nanmean", "collar_f1", "psds1", "psds2")


def record_of(entries: Entries) -> Calibration:
    """Compute the record of a calibration from its journal.

    Raises
    ------
    JournalError
        If the journal does not even say what was to be done, or nothing was measured.
    """
    header = next((entry for entry in entries if entry["entry"] == "calibration"), None)
    if header is None or not meters_of(entries):
        raise JournalError("nothing was measured: the journal ends before the first reading")
    if "workload" in header:
        return command_record_of(entries)
    header = _with_sessions(header, entries)
    recipe: Mapping[str, Any] = header["recipe"]
    every = windows_of(entries)
    windows = last_attempts(every)
    view = _view(header, entries, windows, repeated_kwh(header, entries, every))
    stages, repeats = view.stages, view.repeats
    if not stages:
        raise JournalError("nothing was measured: the journal ends before a stage was complete")
    return Calibration(
        **evidence(view),
        edition=header["edition"],
        recipe=recipe["name"],
        recipe_sha256=recipe["sha256"],
        recipe_work=RecipeWork(**{name: recipe.get(name) for name in RecipeWork.model_fields}),
        measured_work=_measured_work(header, windows, stages, _data(header, entries)),
        implementation=Implementation(
            name=header["implementation"], version=header["version"], execution_path=view.session["execution_path"]
        ),
        quick=header["quick"] is not None,
        between_sessions=between_sessions_of(header),
        stages={name: stages[name] for name in BASELINE_STAGES if name in stages},
        scoring=view.scoring,
        outside=phases_of(of_phase(windows, *OUTSIDE)),
        repeats={name: repeats[name] for name in BASELINE_STAGES if name in repeats},
        data=_data(header, entries),
        scores=_final_scores(windows),
        epochs_log=list(view.epochs),
    ).seal()


def _with_sessions(header: CalibrationHeader, entries: Entries) -> CalibrationHeader:
    """The header with how much sessions differ, which is known once the work says which device it uses."""
    for entry in entries:
        if entry["entry"] == "between_sessions":
            found: BetweenSessionsFields = {"relative_sd": entry["relative_sd"], "sessions": entry["sessions"]}
            header = {**header, "between_sessions": found}
    return header


def _view(
    header: CalibrationHeader,
    entries: Entries,
    windows: Sequence[Window],
    repeated: Sequence[float | None],
) -> JournalView:
    """The figures of all runs."""
    methods = meters_of(entries)[-1]["methods"]
    runs = [[w for w in windows if w.run == run] for run in sorted({w.run for w in windows})]
    found = [stage_records(header, rows, methods) for rows in runs]
    stages, repeats = _stages(header, found, entries)
    scoring = stages.pop(SCORING, None)
    done = sum(entry["complete"] for entry in entries if entry["entry"] == "finish")
    return JournalView(
        header,
        entries,
        stages,
        done >= header.get("repeats", 1) and set(header["stages"]) <= set(stages),
        scoring=scoring,
        epochs=_epoch_rows(windows),
        repeats=repeats,
        repeated_kwh=repeated,
        stages_kwh=math.fsum(stage.energy_kwh for one in found for stage in one.values()),
        outside_kwh=math.fsum(window.energy_kwh for window in of_phase(windows, *OUTSIDE)),
    )


def _stages(
    header: CalibrationHeader, found: Sequence[Mapping[str, Stage]], entries: Entries
) -> tuple[dict[str, Stage], dict[str, Repeats]]:
    """The stages over all runs that reached their end, of the first run where none did; several runs as their mean."""
    whole = [one for one in found if set(one) >= set(header["stages"])] or found[:1]
    stages, repeats = {}, {}
    for name in whole[0] if whole else ():
        runs = [one[name] for one in whole if name in one]
        repeats[name] = repeats_of(
            [run.full_recipe_energy_kwh for run in runs], [run.full_recipe_own_cpu_s for run in runs]
        )
        stage = _mean_stage(runs, between_sessions_of(header)) if len(runs) > 1 else runs[0]
        stages[name] = with_journal(stage, entries)
    return stages, repeats


def _measured_work(
    header: CalibrationHeader, windows: Sequence[Window], stages: Mapping[str, Stage], data: Mapping[str, Any]
) -> RecipeWork:
    """The amounts of work that were run, by what the work stated at its marks; clips that were run again count once."""
    quick = header["quick"] is not None
    steps = of_phase(windows, "training_window" if quick else "training_steps")
    training = next((w.payload for w in steps if w.payload.get("steps") and w.payload.get("clips")), None)
    validated = next((w.payload.get("clips") for w in of_phase(windows, "validation_forward")), None)
    return RecipeWork(
        batch_size=None if training is None else round(training["clips"] / training["steps"]),
        epochs=stages["training"].epochs if "training" in stages else None,
        steps_per_epoch=None if quick or training is None else training["steps"],
        validation_clips=validated,
        test_clips=data.get("test_clips") if "test" in stages else None,
    )


def _data(header: CalibrationHeader, entries: Entries) -> dict[str, Any]:
    """What was planned to be used, and what was: of DESED on disk clips may be missing."""
    prepared = [e for e in marks_of(entries) if e["phase"] == "data_preparation" and e["edge"] == "end"]
    used: Mapping[str, Any] = prepared[-1] if prepared else {}
    counts = {f"{subset}_clips": count for subset, count in used.get("clips", {}).items()}
    return {**header["data"], **counts, **used.get("data", {})}


def _mean_stage(runs: Sequence[Stage], between: BetweenSessions | None) -> Stage:
    first, n = runs[0], len(runs)
    mean = sample_mean([run.full_recipe_energy_kwh for run in runs])
    within, whole = session_intervals(mean, "mean-of-runs", n, between)
    kwh = ("energy_kwh", "full_recipe_energy_kwh")
    figures = (*kwh, "duration_s", "full_recipe_duration_s", "own_cpu_s", "full_recipe_own_cpu_s")
    return first.model_copy(
        update={
            **_means(runs, figures),
            "work": f"{first.work}; mean of {n} runs",
            "full_recipe_energy_interval": whole,
            "within_session_interval": within,
            "full_recipe_energy_kwh_median": None,
            "basis_intervals": {
                basis: bounds
                for basis in PARTIAL_BASES
                if (known := [one for run in runs if (one := basis_kwh(run, basis)) is not None])
                and (bounds := session_intervals(sample_mean(known), "mean-of-runs", n, between)[1]) is not None
            },
            "components": {
                name: one.model_copy(update=_means([run.components[name] for run in runs], kwh))
                for name, one in first.components.items()
            },
        }
    )


def _means(runs: Sequence[Stage | ComponentEnergy], names: Sequence[str]) -> dict[str, float | None]:
    """The mean of each figure over the runs; None where one run does not have it."""
    return {name: times(sum_known(getattr(run, name) for run in runs), 1 / len(runs)) for name in names}


def _epoch_rows(windows: Sequence[Window]) -> list[EpochRow]:
    """One row an epoch of the first run, with the energy so far."""
    first = min((window.run for window in windows), default=0)
    rows: list[EpochRow] = []
    so_far = 0.0
    for epoch in by_epoch([window for window in windows if window.run == first]):
        whole = span(epoch)
        so_far += whole.energy_kwh
        losses: dict[str, float] = next((w.payload["losses"] for w in epoch if "losses" in w.payload), {})
        student: dict[str, float] = next((w.payload["metrics"]["student"] for w in epoch if "metrics" in w.payload), {})
        rows.append(
            EpochRow(
                epoch=epoch[0].epoch,
                energy_kwh=whole.energy_kwh,
                cumulated_energy_kwh=so_far,
                phases=phases_of(epoch),
                gpu_kwh=whole.component_kwh("gpu"),
                cpu_kwh=whole.component_kwh("cpu"),
                ram_kwh=whole.component_kwh("ram"),
                duration_s=whole.duration_s,
                train_loss=losses.get("total"),
                intersection_f1_05=student.get("intersection_f1_05"),
                intersection_f1_07=student.get("intersection_f1_07"),
                intersection_f1_05_nanmean=student.get("intersection_f1_05_nanmean"),
            )
        )
    return rows


def _final_scores(windows: Sequence[Window]) -> dict[str, float | None]:
    """Scores of the student in the test stage."""
    metrics = of_phase(windows, "test_metrics")
    student = metrics[-1].payload["metrics"]["student"] if metrics else {}
    return {name: student.get(name) for name in _SCORES} if student else {}


# Runs that were cut off and resumed: which windows count, and what energy was spent on the others.


def last_attempts(windows: Sequence[Window]) -> list[Window]:
    """The windows that count where a run was resumed.

    An epoch that was cut off before its checkpoint was written is trained again: its last attempt counts.
    """
    last = {_work(window): window.segment for window in windows}
    return [window for window in windows if window.segment == last[_work(window)]]


def _work(window: Window) -> tuple[int, int, str]:
    """What a window is an attempt at: an epoch's phases belong together."""
    if window.phase in TRAINING_PHASES and window.epoch > 0:
        return window.run, window.epoch, "training"
    return window.run, 0, window.phase


def repeated_kwh(header: CalibrationHeader, entries: Entries, windows: Sequence[Window]) -> list[float | None]:
    """For each resumption, energy of what was done again after it; None where it is not known."""
    kept = last_attempts(windows)
    if is_1_0(header):
        return _repeated_1_0(entries, windows, kept)
    counted = [window for window in kept if window.phase not in TRAINING_PHASES]
    for run in {window.run for window in kept}:
        counted += [window for rows in by_epoch([w for w in kept if w.run == run]) for window in rows]
    return [
        _done_again(segment, [window for window in counted if window.segment == number])
        for number, segment in enumerate(segments_of(entries))
        if segment.resumed
    ]


def _done_again(segment: Segment, counted: Sequence[Window]) -> float | None:
    """Energy before the first and after the last window that counts; None where the meter saw nothing."""
    if segment.energy_kwh is None:
        return None
    if not counted:
        return segment.energy_kwh
    begin, end = _first([w.begin for w in counted], min), _first([w.end for w in counted], max)
    return kwh_between(segment.readings[0], begin) + kwh_between(end, segment.readings[-1])


def _first(readings: Sequence[Reading], choose: Callable[..., Reading]) -> Reading:
    return choose(readings, key=lambda reading: reading.time_s)


def _repeated_1_0(entries: Entries, windows: Sequence[Window], kept: Sequence[Window]) -> list[float | None]:
    """As records of 1.0 have it: from the last work that counts to the cut, 0 where no window had ended."""
    found: list[float | None] = []
    for number, segment in enumerate(segments_of(entries)):
        if not segment.resumed:
            continue
        rows = [w for w in kept if w.segment == number] or [
            w for w in windows if w.segment == number and w.phase in OUTSIDE
        ]
        ends = [w.end for w in rows]
        found.append(kwh_between(_first(ends, max), segment.readings[-1]) if ends else 0.0)
    return found
