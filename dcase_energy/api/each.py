"""`measure --each`: every system of a list on one machine, one after the other."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from dcase_energy.api.energy import Measured, measure
from dcase_energy.api.records import beside_baseline
from dcase_energy.api.shared import Log, PathLike, read_calibration, silent
from dcase_energy.arguments import AtLeastOne, ProbeGapSeconds, SomeSeconds, checked
from dcase_energy.calibration.workload import baseline_in_words
from dcase_energy.errors import InputError, JournalError, RecordError, WriteError
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import canonical_json, computed, read_journal, sha256_text
from dcase_energy.measure.measured_table import MeasuredSystem, StageCost, write_measured
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.records import Calibration, Energy, GuardState, load_energy
from dcase_energy.measure.systems import ListedSystem, read_systems
from dcase_energy.text import plural
from dcase_energy.units import format_duration, format_energy

# How a command ends that a signal to `measure` has reached, too.
_INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


class MeasureChoices(TypedDict, total=False):
    """Arguments of `dcase_energy.api.energy.measure` that hold for every system of a list."""

    repeats: AtLeastOne
    min_window_s: SomeSeconds | None
    idle_s: SomeSeconds
    allow_estimate: bool
    wait_idle_s: SomeSeconds | None
    probe_every_s: ProbeGapSeconds | None


@dataclass(frozen=True, slots=True)
class MeasuredList:
    """What `measure_each` gives.

    Attributes
    ----------
    systems
        The rows of the table, in the order of the list.
    table
        Where it was written.
    interrupted
        Whether a signal ended it: the same call continues.
    """

    systems: tuple[MeasuredSystem, ...]
    table: Path
    interrupted: bool

    @property
    def complete(self) -> bool:
        """Whether every figure was measured."""
        return not self.interrupted and all(system.problem is None for system in self.systems)


@checked
def measure_each(
    systems: PathLike,
    output: PathLike = "measured.csv",
    *,
    calibration: PathLike | None = None,
    probe: Literal["auto", "none", "both"] = "auto",
    gpu: str = "auto",
    log: Log = silent,
    **options: Unpack[MeasureChoices],
) -> MeasuredList:
    """Measure all systems of a list, and write the table that `rank --measured` reads.

    A command whose record is there, complete and valid and computed from its journal, is not executed again: after an
    interruption, or where a record was not valid, the same call does what is missing. The table is written after each.

    Parameters
    ----------
    systems
        The list, as `dcase_energy.measure.systems.read_systems` reads it.
    output
        The table; records and journals lie in a folder beside it, ``measured.records``.
    calibration
        The baseline's record of this machine; None is the newest that was kept here. Its energy stands in the table.
    probe
        Whether the baseline is measured again around every command; ``auto`` does so where ``calibration`` is given.
    gpu, options
        As for `dcase_energy.api.energy.measure`; a system of the list may name its own GPUs.
    log
        Receives messages.

    Raises
    ------
    InputError
        If the list or an option cannot be used.
    WriteError
        If a record or the table cannot be written.
    """
    listed, table = read_systems(Path(systems)), Path(output)
    baseline = None if calibration is None else read_calibration(calibration)
    if not table.parent.is_dir():
        raise InputError(f"the folder {table.parent} does not exist")
    probing = "any" if probe == "both" or (probe == "auto" and baseline is not None) else probe
    run = partial(measure, force=True, probe=probing, calibration=calibration, log=log, **options)
    records = table.with_name(f"{table.stem}.records")
    rows: list[MeasuredSystem] = []
    interrupted = False
    for number, system in enumerate(listed, 1):
        found: dict[str, Energy | str] = {}
        for stage in system.commands:
            if interrupted:
                found[stage] = "not measured yet"
                continue
            log(f"[{number}/{len(listed)}] {system.label}, {stage}")
            found[stage], code = _measured(system, stage, records, log, partial(run, gpu=system.gpu or gpu))
            interrupted = code in _INTERRUPTED
        rows.append(_row(system, found, baseline))
        try:
            write_measured(table, rows)
        except OSError as error:
            raise WriteError(f"{table} cannot be written: {error.strerror}") from None
    return MeasuredList(tuple(rows), table, interrupted)


def _measured(
    system: ListedSystem, stage: str, records: Path, log: Log, run: Callable[..., Measured]
) -> tuple[Energy | str, int]:
    """The record of a command, the one that is there or a new one, or why there is none; and its exit code."""
    folder = records / system.label
    path = folder / f"energy_{stage}.json"
    scope = system.scope if stage != "training" else ()
    if (kept := _kept(path, system.commands[stage], scope)) is not None:
        log(f"  measured before: {path}")
        return kept, 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {error.strerror}") from None
    try:
        done = run(system.commands[stage], stage=stage, output=path, scope=scope, folder=system.folder)
    except JournalError as error:
        return str(error), 0
    record = done.record
    if record.valid and (energy := record.figures.get(stage)) is not None:
        log(f"  {format_energy(energy.energy_kwh)} in {format_duration(energy.full_recipe_duration_s)}")
    else:
        log(f"  NOT VALID: {'; '.join(record.reasons)}")
    return record, done.exit_code


def _kept(path: Path, command: Sequence[str], scope: Sequence[str]) -> Energy | None:
    """A valid record of this very command and scope that follows from the journal beside it; None without one."""
    try:
        record = load_energy(path)
        again = computed(energy_of, read_journal(journal_of(path)), path.name)
    except (RecordError, JournalError, OSError):
        return None
    same = record.command_sha256 == sha256_text(canonical_json(list(command))) and again.digest == record.digest
    return record if same and record.scope == list(scope) and record.complete and record.valid else None


def _row(system: ListedSystem, found: dict[str, Energy | str], baseline: Calibration | None) -> MeasuredSystem:
    """The row of a system: figures of valid records, and why the others are missing."""
    costs: dict[str, StageCost] = {}
    problems: list[str] = []
    valid: list[Energy] = []
    recipes: list[str | None] = []
    for stage, record in found.items():
        if isinstance(record, str):
            problems.append(f"{stage}: {record}")
        elif not record.valid or stage not in record.figures:
            problems.append(f"{stage}: not valid: {'; '.join(record.reasons)}")
        else:
            costs[stage], recipe, problem = _cost(record, stage, baseline)
            problems += [f"{stage}: not divided: {problem}"] if problem else []
            valid.append(record)
            recipes.append(recipe)
    return MeasuredSystem(
        system.label,
        costs,
        hardware=_joined([str(one.hardware.get("gpu_name") or one.hardware.get("cpu_model")) for one in valid]),
        tracker=_joined([f"CodeCarbon {one.software.get('codecarbon_version')}" for one in valid]),
        tier=_joined([one.tier.value for one in valid]),
        baseline=_joined(recipes),
        problem="; ".join(problems) or None,
    )


def _joined(texts: Sequence[str | None]) -> str | None:
    return " / ".join(dict.fromkeys(text for text in texts if text is not None)) or None


def _cost(record: Energy, stage: str, given: Calibration | None) -> tuple[StageCost, str | None, str | None]:
    """What a stage cost, the recipe of the baseline whose energy stands beside it, and why none does."""
    own, compared = record.figures[stage], beside_baseline(record, given)
    baseline_kwh, recipe, problem = None, None, None
    if compared is not None:
        problem = next((one.message for one in compared.guards if one.state is GuardState.INVALID), None)
        pair = next((one for one in compared.stages if one.name == stage), None)
        if problem is None and pair is not None and pair.ratio is not None and isinstance(compared.first, Calibration):
            baseline_kwh, recipe = pair.first.full_recipe_energy_kwh, baseline_in_words(compared.first)
    cost = StageCost(own.energy_kwh, baseline_kwh, own.full_recipe_duration_s, own.memory_bytes, own.gpu_memory_bytes)
    return cost, recipe, problem


def summary_of(found: MeasuredList) -> list[str]:
    """What was measured, what is missing and how to get it, for people."""
    missing = [system for system in found.systems if system.problem is not None]
    done = f"{len(found.systems) - len(missing)} of {plural(len(found.systems), 'system')} measured"
    lines = [done, *(f"  {one.label}: {one.problem}" for one in missing)]
    if found.complete:
        return [*lines, f"next: `dcase-energy rank PACKAGES --measured {found.table}` ranks by these figures"]
    return [*lines, "next: the same command again measures what is missing"]
