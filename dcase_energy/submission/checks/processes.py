"""Energies of processes that were tracked side by side (W816)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcase_energy.documents.codecarbon.rules import EMISSIONS_PARALLEL
from dcase_energy.documents.device_names import board_power_w, gpu_model
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.checks.plausibility import works_of
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.stage_runs import Side, StageRuns
from dcase_energy.units import mean_power_w

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import EmissionsRun

# A board may pass its nominal power for a moment; two boards draw more than this.
_ONE_BOARD = 1.3
# Trackers of the same machine over the same time agree better than this, GPUs of one training rarely do.
_SAME = 0.95


def processes_added_rightly(system: System, stages: Sequence[StageRuns]) -> Iterator[Finding]:
    """Yield findings where the sum of trackers that ran at the same time is declared and each counted the same GPUs.

    Where each counted its own GPUs the sum is right, and the energy of one of them is not.
    """
    for stage in stages:
        for side in stage.judged():
            runs = [run for run in side.runs if not run.problems and not run.backup]
            parallel = len(runs) > 1 and all(run.row.beside(runs[0].row) for run in runs[1:])
            if side.value_kwh is not None and parallel:
                yield from _judge(system, side, runs)


def _judge(system: System, side: Side, runs: Sequence[EmissionsRun]) -> Iterator[Finding]:
    all_counted, own_counted = _each_counts_all(system, runs), _each_counts_its_own(system, runs)
    if side.is_figure(sum(run.energy_kwh for run in runs)):
        part, wrong = "sum", all_counted
        how = "each of which is taken to have counted its own GPUs; the machine's CPU and RAM are in each"
        how = "each of which counted all GPUs of the machine" if wrong else how
    elif any(side.is_figure(run.energy_kwh) for run in runs) and not all_counted:
        part, wrong = "energy of one", own_counted
        how = "each of which counted its own GPUs" if wrong else "which is taken to have counted the whole machine"
    else:
        return
    message = f"{side.field} is the {part} of {len(runs)} processes, {how}"
    if wrong:
        yield system.finding(EMISSIONS_PARALLEL, side.field, message, withholds=(side.field,))
    # Of several runs in one file the file has a finding that says as much.
    elif len({run.place for run in runs}) > 1:
        yield system.finding(EMISSIONS_PARALLEL, side.field, message).with_severity(Severity.INFO)


def _devices(system: System) -> int:
    """The GPUs that the metadata name."""
    return sum(work.devices for work in works_of(system) if work.hardware is not None)


def _each_counts_all(system: System, runs: Sequence[EmissionsRun]) -> bool:
    """All files have the same energy and list the same GPUs, which drew more than one could, or all that are named.

    The count alone does not show it: it lists all GPUs of the machine even where gpu_ids restricts the tracker.
    """
    energies = [run.energy_kwh for run in runs]
    listed = {run.row.gpu_count or 0 for run in runs}
    if len(listed) != 1 or max(listed) < 2 or min(energies) < _SAME * max(energies):
        return False
    model = gpu_model(runs[0].row.texts["gpu_model"])
    board_w = board_power_w(model, system.edition.plausible.gpu_board_power_w)
    return (
        max(listed) == _devices(system) if board_w is None else all(_gpu_w(run) > _ONE_BOARD * board_w for run in runs)
    )


def _gpu_w(run: EmissionsRun) -> float:
    energy_kwh, duration_s = run.row.components_kwh["gpu_energy"], run.row.duration_s
    return mean_power_w(energy_kwh / (run.row.pue or 1.0), duration_s) if energy_kwh and duration_s else 0.0


def _each_counts_its_own(system: System, runs: Sequence[EmissionsRun]) -> bool:
    """All GPUs that the metadata name are those listed in all files together."""
    return 1 < _devices(system) == sum(run.row.gpu_count or 0 for run in runs)
