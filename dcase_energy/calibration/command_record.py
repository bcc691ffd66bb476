"""From the journal of a baseline that is a command to its calibration record. Nothing else goes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dcase_energy.calibration.stages import MeasuredStage, between_sessions_of, with_journal
from dcase_energy.errors import JournalError
from dcase_energy.measure.baseline_parts import CommandWorkload
from dcase_energy.measure.energy_record import executed_windows, last_finish, repeats_of_windows, view_of_commands
from dcase_energy.measure.memory import ON_GPU, STARTED, highest
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.measure.probe_record import probe_spans, probes_of
from dcase_energy.measure.records import Calibration, Implementation, RecipeWork, Repeats, Stage
from dcase_energy.measure.summary import evidence
from dcase_energy.measure.view import meters_of
from dcase_energy.measure.windows import Span, Window
from dcase_energy.stats import Mean, sample_mean, weighted_sum
from dcase_energy.text import plural

if TYPE_CHECKING:
    from dcase_energy.measure.entries import CommandCalibrationHeader, Entries

COMMAND = "command"


def command_record_of(entries: Entries) -> Calibration:
    """Compute the record of a command's calibration from its journal.

    Raises
    ------
    JournalError
        If nothing was measured.
    """
    header = next(e for e in entries if e["entry"] == "calibration" and "workload" in e)
    executed = executed_windows(entries)
    windows: dict[str, list[Window]] = {
        stage: [window for window in executed if window.payload["stage"] == stage] for stage in BASELINE_STAGES
    }
    stages: dict[Any, Stage] = {stage: _stage(header, entries, stage, windows) for stage in windows if windows[stage]}
    repeats: dict[Any, Repeats] = {stage: repeats_of_windows(windows[stage]) for stage in stages}
    view = view_of_commands(header, entries, stages, repeats)
    if not stages:
        raise JournalError(f"nothing was measured: {view.failure or view.exit_reason or 'no command was executed'}")
    recipe = header["recipe"]
    return Calibration(
        **evidence(view),
        edition=header["edition"],
        recipe=recipe["name"],
        recipe_sha256=recipe["sha256"],
        recipe_work=RecipeWork(epochs=recipe["epochs"]),
        measured_work=RecipeWork(epochs=recipe["epochs_measured"] if "training" in stages else None),
        implementation=Implementation(name=header["implementation"], version=header["version"], execution_path=COMMAND),
        workload=CommandWorkload(**header["workload"], exit_code=last_finish(entries).get("exit_code")),
        quick=False,
        between_sessions=between_sessions_of(header),
        stages=stages,
        repeats=repeats,
        command_probes=probes_of(entries, probe_spans(entries)),
        data={},
        scores={},
        epochs_log=[],
    ).seal()


def _stage(
    header: CommandCalibrationHeader, entries: Entries, stage: str, windows: Mapping[str, Sequence[Window]]
) -> Stage:
    """The mean of all executions; of a training that tests at its end without what the test takes by itself."""
    own = windows[stage]
    tested = windows["test"] if stage == "training" and "test" in header["recipe"]["includes"] else ()

    def total(value: Any) -> Mean | None:
        terms = [(1.0, _mean(own, value)), *([(-1.0, _mean(tested, value))] if tested else [])]
        known = [(sign, mean) for sign, mean in terms if mean is not None]
        return weighted_sum(known) if len(known) == len(terms) else None

    measured = total(attrgetter("energy_kwh"))
    if measured is None or measured.value <= 0:
        raise JournalError("the test by itself took more energy than the training command, which holds it")
    executions = sum(window.payload["executions"] for window in own)
    found = MeasuredStage(
        work=_work(header, stage, executions, len(own), tested=bool(tested)),
        used=own,
        whole=Span(tuple(own)),
        total=total,
        interval_kind="mean-of-windows",
        n=len(own),
        between=between_sessions_of(header),
        epochs=(header["recipe"]["epochs_measured"] or 0) if stage == "training" else 0,
        scope=tuple(header["scope"]) if stage == "test" and header["scope"] else None,
    ).stage(meters_of(entries)[-1]["methods"])
    more = {
        "memory_bytes": highest(entries, own, STARTED),
        "gpu_memory_bytes": highest(entries, own, ON_GPU),
        **({"within_session_interval": None} if len(own) < 2 else {}),
    }
    return with_journal(found, entries).model_copy(update=more)


def _mean(windows: Sequence[Window], value: Any) -> Mean | None:
    """The mean of one execution over windows; of a single window its error is not known, and what sessions differ by
    is all there is.
    """
    values = [value(window) for window in windows]
    if None in values or not values:
        return None
    mean = sample_mean([one / window.payload["executions"] for one, window in zip(values, windows, strict=True)])
    return mean if len(values) > 1 else Mean(mean.value, 0.0, 1e9)


def _work(header: CommandCalibrationHeader, stage: str, executions: int, count: int, *, tested: bool) -> str:
    recipe = header["recipe"]
    how = "one execution" if executions == 1 else f"mean of {executions} executions in {plural(count, 'window')}"
    work = f"{how} of the {stage} command of {recipe['name']}"
    if stage == "training" and recipe["epochs_measured"]:
        of = f" of {recipe['epochs']}" if recipe["epochs"] else ""
        work += f", {recipe['epochs_measured']}{of} epochs, as the edition divides by"
    return f"{work}, without the test at its end" if tested else work
