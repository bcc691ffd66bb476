"""Running a calibration: measure, compute the record, write it; resume one that was cut off."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy.calibration.plan import Plan, StoppingRule
from dcase_energy.calibration.prepare import (
    calibration_header,
    check_memory,
    check_packages,
    child_task,
    clips_of,
    environment_of,
    identity_of,
    recipe_of,
)
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.store import between_sessions
from dcase_energy.errors import CalibrationError, JournalError, RecipeError
from dcase_energy.locks import only_session
from dcase_energy.measure.counters import Tick
from dcase_energy.measure.gpu import hidden_uuid
from dcase_energy.measure.instruments import gpus_of_torch, instruments_for, unused_gpus
from dcase_energy.measure.journal import JournalWriter, computed, read_journal
from dcase_energy.measure.machine import host_state
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.preflight import HostCheck, gpus_of_device, loud
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import SCHEMA_VERSION, Calibration
from dcase_energy.measure.session import Session, least_window_s
from dcase_energy.measure.view import version_of
from dcase_energy.stats import BetweenSessions

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries, JournalEntry

Progress = Callable[[dict[str, Any], Reading], None]
MakeTaskInstruments = Callable[[dict[str, Any]], Instruments]


def run_calibration(
    plan: Plan,
    output: Path | RecordFile,
    progress: Progress | None = None,
    *,
    resume: bool = False,
    keep_checkpoints: bool = False,
    make_instruments: MakeTaskInstruments | None = None,
    host: HostCheck | None = None,
) -> Calibration:
    """Run a calibration and write its record, with the journal beside it.

    Parameters
    ----------
    plan
        What to do.
    output
        The record to write. A complete record is never replaced: `dcase_energy.measure.record_file.RecordFile` says
        where the new one goes.
    progress
        Called with each mark and its reading.
    resume
        Resume what the last, interrupted call left beside ``output``; begin anew if there is nothing.
    keep_checkpoints
        Leave the folder that `checkpoints_of` names when all is done.
    make_instruments
        In place of the machine's own, for tests.
    host
        Looks at the machine before the work begins, and reports while it runs; None does neither.

    Raises
    ------
    CalibrationError
        If the baseline's packages are missing, the machine cannot hold it, or there is nothing to resume.
    MeterError
        If energy cannot be measured here.
    ChildFailedError
        If training failed; what was measured is in the journal.
    KeyboardInterrupt
        On SIGINT and SIGTERM; likewise.
    """
    try:
        recipe = recipe_of(plan.recipe, plan.batch_size)
    except RecipeError as error:
        raise CalibrationError(str(error)) from None
    plan = replace(plan, clips=plan.clips or clips_of(plan, recipe))
    file = output if isinstance(output, RecordFile) else RecordFile(output)
    before: list[JournalEntry] = []
    if resume:
        file.newest()
        before = _earlier(file.journal, plan)
    if not before or _runs_done(before) < plan.repeats:
        check_packages()
        check_memory(plan, recipe)
        if host is not None:
            host.require(file.path.parent, gpus_of_device(plan.device), allow_estimate=plan.allow_estimate)
        with only_session() as locked:
            journal = JournalWriter(file.journal, resume=True) if before else file.begin()
            try:
                if not before:
                    shutil.rmtree(checkpoints_of(file.path), ignore_errors=True)  # those of another run
                    journal.write("calibration", **calibration_header(plan, recipe, locked))
                _run_all(plan, file.path, journal, before, progress, make_instruments or _instruments(plan, host))
            except BaseException:
                with contextlib.suppress(JournalError, OSError):
                    journal.close()
                    _write_record(file)
                raise
            finally:
                journal.close()
    checkpoints = checkpoints_of(file.path)
    record = _write_record(file)
    if not keep_checkpoints:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return record


def _write_record(file: RecordFile) -> Calibration:
    """The record of what was measured; of a run that was cut off it is not complete, and no denominator."""
    record = computed(record_of, read_journal(file.journal), str(file.journal))
    file.write(record, resumable=True)
    return record


def checkpoints_of(output: Path) -> Path:
    """Where an unfinished run keeps what it needs to be resumed: beside its record, a folder ``run<number>`` each."""
    return output.with_name(f"{output.stem}.checkpoints")


def _run_all(
    plan: Plan,
    output: Path,
    journal: JournalWriter,
    before: Entries,
    progress: Progress | None,
    make_instruments: MakeTaskInstruments,
) -> None:
    """All runs that are not done yet; the first of them continues where it was cut off."""
    begun = sum(entry["entry"] == "run" for entry in before)
    done = _runs_done(before)
    for number in range(done + 1, plan.repeats + 1):
        resume = number <= begun
        if resume:
            journal.write("resume", **_gap(before))
        else:
            journal.write("run", number=number, seed=plan.seed + number - 1)
        checkpoints = checkpoints_of(output).resolve() / f"run{number}"
        _run(plan, child_task(plan, checkpoints, number, resume), journal, progress, make_instruments)


def _run(
    plan: Plan,
    task: Mapping[str, Any],
    journal: JournalWriter,
    progress: Progress | None,
    make_instruments: MakeTaskInstruments,
) -> None:
    """One run, or the rest of it, under its session."""
    rule = StoppingRule(plan.quick)

    def measured_by(mark: dict[str, Any]) -> Instruments:
        journal.write("between_sessions", **asdict(_between(plan, mark)))
        return make_instruments(mark)

    session = Session(measured_by, journal, idle_s=plan.idle_s)

    def on_mark(mark: dict[str, Any], reading: Reading) -> dict[str, Any]:
        if progress is not None:
            progress(mark, reading)
        recorder, waiting = session.recorder, rule.steady is None
        answer: dict[str, Any] = {"go_on": rule.go_on(mark, reading, recorder.last_sample if recorder else {})}
        if waiting and rule.steady is not None:
            journal.write("steady", **rule.steady.model_dump())
        if (mark["edge"], mark["phase"]) == ("begin", "session") and recorder is not None:
            answer["window_s"] = _window_s(plan, recorder.ticks)
        return answer

    with tempfile.TemporaryDirectory(prefix="dcase-energy-") as work:
        path = Path(work) / "task.json"
        path.write_text(json.dumps(task), encoding="utf-8")
        command = [sys.executable, "-m", "dcase_baseline.started", str(path)]
        session.run(command, environment_of(plan).variables, on_mark, Path(work))


def _window_s(plan: Plan, ticks: Mapping[str, Tick | None]) -> float:
    """Seconds that a window must last; see `dcase_energy.measure.session.least_window_s`.

    Nothing is looped where the plan has windows of 0 s.
    """
    planned_s = plan.window_s if plan.quick is None else plan.quick.window_s
    return least_window_s(planned_s, ticks) if planned_s > 0 else 0.0


def _between(plan: Plan, mark: Mapping[str, Any]) -> BetweenSessions:
    """How much the kept sessions of the same work on the device of the first mark differ."""
    recipe_sha256 = recipe_of(plan.recipe, plan.batch_size).sha256()
    uuid = mark.get("gpu_uuid")
    device, hidden = mark["device"], None if uuid is None else hidden_uuid(uuid)
    return between_sessions(recipe_sha256, mark["execution_path"], device, hidden)


def _instruments(plan: Plan, host: HostCheck | None) -> MakeTaskInstruments:
    """How to make the machine's own."""

    def make(mark: dict[str, Any]) -> Instruments:
        gpus = gpus_of_torch(mark["device"], mark.get("gpu_uuid"))
        found = instruments_for(gpus, allow_estimate=plan.allow_estimate)
        left = unused_gpus() if (plan.device, mark["device"]) == ("auto", "cpu") else []
        if left:
            found = replace(found, about={**found.about, "unused_gpus": left})
        if host is None:
            return found
        if left:
            host.say(
                f"warning: the work runs on the processor: torch does not see {', '.join(left)}; --device cpu states "
                "that this is intended"
            )
        return loud(found, host.say)

    return make


def _earlier(path: Path, plan: Plan) -> list[JournalEntry]:
    """What an earlier call wrote; empty if it had not got as far as its header."""
    if not path.exists():
        return []
    try:
        entries = read_journal(path)
    except JournalError as error:
        raise CalibrationError(f"cannot resume: {error}; without --resume it is moved aside") from None
    if not entries:
        path.unlink()
        return []
    header = entries[0]
    if header["entry"] != "calibration" or "plan" not in header:
        raise CalibrationError(f"cannot resume: {path} is not the journal of a calibration that can be resumed")
    if version_of(header) != SCHEMA_VERSION:
        raise CalibrationError(f"cannot resume: {path} was made by an earlier version of dcase-energy; omit --resume")
    now = identity_of(plan)
    differing = sorted(key for key in now if header["plan"].get(key) != now[key])
    if differing:
        # Amounts of data follow from the rest.
        differing = [key for key in differing if key != "clips"] or differing
        shown = ", ".join(f"{key}: was {header['plan'].get(key)!r}, is {now[key]!r}" for key in differing)
        raise CalibrationError(f"cannot resume with another plan ({shown}); give the same options, or omit --resume")
    return entries


def _runs_done(entries: Entries) -> int:
    return sum(entry["entry"] == "finish" and entry["complete"] for entry in entries)


def _gap(before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """When the run continues and how long nothing was measured; None after a restart of the machine."""
    boot = host_state()["boot_sha256"]
    earlier = [entry.get("boot_sha256") or entry.get("host", {}).get("boot_sha256") for entry in before]
    last_boot = next((one for one in reversed(earlier) if one), None)
    times = [entry["reading"]["time_s"] for entry in before if "reading" in entry]
    gap_s: float | None = time.monotonic() - times[-1] if times else 0.0
    if boot != last_boot or (gap_s is not None and gap_s < 0):
        gap_s = None
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "gap_s": gap_s,
        "boot_sha256": boot,
    }
