"""CodeCarbon's files in a study: time and energy of a training, and nothing about what it learned."""

from __future__ import annotations

import re

from dcase_energy.documents.codecarbon.rows import Emissions
from dcase_energy.findings import Finding
from dcase_energy.study.rules import SHEET_CONTRADICTS
from dcase_energy.study.runs import Figures
from dcase_energy.study.sheet_row import Row


def rows(emissions: Emissions, gpu: str | None) -> tuple[list[Row], list[Finding]]:
    """One run for each run of the file whose energy can be used; ``gpu`` is the GPU that trained, where it is known."""
    found: list[Row] = []
    findings: list[Finding] = []
    for run in emissions.usable():
        listed = run.texts["gpu_model"]
        single = re.fullmatch(r"1 x (.+)", listed)
        # The processor where CodeCarbon saw no GPU.
        hardware = gpu or (single[1] if single else listed) or run.texts["cpu_model"] or None
        if listed and not single and not gpu:
            message, hint = "CodeCarbon lists every GPU of the machine, not the one that trained", "give it by --gpu"
            findings.append(SHEET_CONTRADICTS.finding(run.where, message, found=listed[:80], hint=hint))
        figures = Figures(duration_s=run.duration_s, total_kwh=run.energy_kwh)
        found.append(Row(line=run.where.line or 1, gpu=hardware, batch_size=None, epochs=None, figures=figures))
    return found, findings
