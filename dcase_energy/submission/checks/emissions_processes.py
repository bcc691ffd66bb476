"""Energies of processes that were tracked side by side (W816)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcase_energy.documents.codecarbon.rules import EMISSIONS_PARALLEL
from dcase_energy.documents.device_names import board_power_w, gpu_model
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.checks.plausibility import works_of
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.stage_runs import Run, Side, stages_of
from dcase_energy.units import mean_power_w

# A board may pass its nominal power for a moment; two boards draw more than this.
_ONE_BOARD = 1.3
# Trackers of the same machine over the same time agree better than this, GPUs of one training rarely do.
_SAME = 0.95


@each_system
def processes_added_rightly(system: System) -> Iterator[Finding]:
    """The sum of trackers that ran at the same time is declared where each counted its own GPUs, else one of them."""
    for stage in stages_of(system):
        for side in (stage.own, stage.baseline):
            runs = [run for run in side.runs if run.problem is None and not run.backup]
            parallel = len(runs) > 1 and all(run.row.beside(runs[0].row) for run in runs[1:])
            if side.value_kwh is not None and parallel and (side is stage.own or side.runs != stage.own.runs):
                yield from _judge(system, side, runs)


def _judge(system: System, side: Side, runs: Sequence[Run]) -> Iterator[Finding]:
    same = Side(side.field, side.value_kwh, side.text, tuple(runs))
    where, count = system.where(side.field), len(runs)
    # Of several runs in one file the file has a finding that says as much.
    several = len({run.name for run in runs}) > 1
    finding = None
    if same.is_sum():
        message = f"{side.field} is the sum of {count} processes"
        if not _each_counts_all(system, runs):
            message += ", each of which is taken to have counted its own GPUs; the machine's CPU and RAM are in each"
            finding = EMISSIONS_PARALLEL.finding(where, message).with_severity(Severity.INFO)
        else:
            message += ", each of which counted all GPUs of the machine"
            finding = EMISSIONS_PARALLEL.finding(where, message, withholds=(side.field,))
    elif same.is_one() and not _each_counts_all(system, runs):
        message = f"{side.field} is the energy of one of {count} processes"
        if not _each_counts_its_own(system, runs):
            message += ", which is taken to have counted the whole machine"
            finding = EMISSIONS_PARALLEL.finding(where, message).with_severity(Severity.INFO)
        else:
            message += ", each of which counted its own GPUs"
            finding = EMISSIONS_PARALLEL.finding(where, message, withholds=(side.field,))
    if finding is not None and (several or finding.withholds):
        yield finding


def _devices(system: System) -> int:
    """The GPUs that the metadata name."""
    return sum(work.devices for work in works_of(system) if work.hardware is not None)


def _each_counts_all(system: System, runs: Sequence[Run]) -> bool:
    """All files have the same energy and list the same GPUs, which drew more than one could, or all that are named.

    The count alone does not show it: it lists all GPUs of the machine even where gpu_ids restricts the tracker.
    """
    energies = [run.energy_kwh for run in runs]
    listed = {run.row.gpu_count or 0 for run in runs}
    if len(listed) != 1 or max(listed) < 2 or min(energies) < _SAME * max(energies):
        return False
    model = gpu_model(runs[0].row.texts["gpu_model"])
    board_w = board_power_w(model, system.edition.plausible.gpu_board_power_w)
    if board_w is None:
        return max(listed) == _devices(system)
    return all(_gpu_power_w(run) > _ONE_BOARD * board_w for run in runs)


def _gpu_power_w(run: Run) -> float:
    energy_kwh, duration_s = run.row.components_kwh["gpu_energy"], run.row.duration_s
    return mean_power_w(energy_kwh / (run.row.pue or 1.0), duration_s) if energy_kwh and duration_s else 0.0


def _each_counts_its_own(system: System, runs: Sequence[Run]) -> bool:
    """All GPUs that the metadata name are those listed in all files together."""
    listed = sum(run.row.gpu_count or 0 for run in runs)
    return _devices(system) > 1 and listed == _devices(system)
