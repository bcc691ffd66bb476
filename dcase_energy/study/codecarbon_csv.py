"""CodeCarbon's files in a study: time and energy of a training, and nothing about what it learned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dcase_energy.documents.codecarbon.rows import Emissions, EmissionsRow
from dcase_energy.study.rules import SHEET_CONTRADICTS
from dcase_energy.study.runs import Figures
from dcase_energy.study.sheet_row import Row


def rows(emissions: Emissions, gpu: str | None) -> Iterator[Row]:
    """One run for each run of the file whose energy can be used; ``gpu`` is the GPU that trained, where it is known."""
    for run in emissions.runs():
        yield Row(
            line=run.where.line or 1,
            gpu=gpu or _hardware(run, emissions),
            batch_size=None,
            epochs=None,
            figures=Figures(duration_s=run.duration_s, total_kwh=run.energy_kwh),
        )


def _hardware(run: EmissionsRow, emissions: Emissions) -> str | None:
    """The GPU, or the processor where CodeCarbon saw no GPU."""
    gpu = run.texts["gpu_model"]
    if not gpu:
        return run.texts["cpu_model"] or None
    match = re.fullmatch(r"1 x (.+)", gpu)
    if match is None:
        message = "CodeCarbon lists every GPU of the machine, not the one that trained"
        hint = "give the GPU that trained by --gpu"
        emissions.findings.append(SHEET_CONTRADICTS.finding(run.where, message, found=gpu[:80], hint=hint))
        return gpu
    return match[1]
