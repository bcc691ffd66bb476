"""CodeCarbon's emissions.csv: time and energy of a training, and nothing about what it learned."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from dcase_energy.documents.tables import Table
from dcase_energy.study.rules import SHEET_CONTRADICTS, SHEET_VALUE
from dcase_energy.study.runs import Figures
from dcase_energy.study.sheet_row import Row

# How far the sum of the components may be from the total, as a share of it: CodeCarbon rounds neither.
_SUM_TOLERANCE = 0.01


def is_one(columns: Sequence[str]) -> bool:
    """Whether a header is CodeCarbon's."""
    return {"run_id", "duration", "energy_consumed"} <= set(columns)


def rows(table: Table) -> Iterator[Row]:
    """One run for each ``run_id``: a tracker that writes as it goes leaves several rows, of which the last counts."""
    last = {_text(table, index, "run_id"): index for index in range(len(table.rows))}
    for index in last.values():
        values = {name: _amount(table, index, name) for name in ("duration", "energy_consumed")}
        _check(table, index, values["energy_consumed"])
        yield Row(
            line=table.row_lines[index],
            gpu=_hardware(table, index),
            batch_size=None,
            epochs=None,
            figures=Figures(duration_s=values["duration"], total_kwh=values["energy_consumed"]),
        )


def _hardware(table: Table, index: int) -> str | None:
    """The GPU, or the processor where CodeCarbon saw no GPU."""
    gpu = _text(table, index, "gpu_model")
    if not gpu:
        return _text(table, index, "cpu_model") or None
    match = re.fullmatch(r"1 x (.+)", gpu)
    if match is None:
        message = "CodeCarbon lists every GPU of the machine, not the one that trained"
        where = table.where(index, "gpu_model")
        hint = "give the GPU that trained by --gpu"
        table.findings.append(SHEET_CONTRADICTS.finding(where, message, found=gpu[:80], hint=hint))
        return gpu
    return match[1]


def _check(table: Table, index: int, total: float | None) -> None:
    """Components that do not add up, and a GPU that is said to have used nothing."""
    parts = {name: _amount(table, index, f"{name}_energy") for name in ("cpu", "gpu", "ram")}
    known = [part for part in parts.values() if part is not None]
    where = table.where(index, "energy_consumed")
    if total is not None and len(known) == len(parts) and abs(math.fsum(known) - total) > _SUM_TOLERANCE * total:
        message = f"the components add up to {math.fsum(known):.6g} kWh"
        table.findings.append(SHEET_CONTRADICTS.finding(where, message, found=f"{total:.6g} kWh in all"))
    if _text(table, index, "gpu_model") and parts["gpu"] == 0:
        message = "a GPU is listed and its energy is 0: releases before 3.3.2 do not count some GPUs"
        table.findings.append(SHEET_CONTRADICTS.finding(where, message))


def _amount(table: Table, index: int, name: str) -> float | None:
    if name not in table.columns:
        return None
    value = table.number(index, name, empty=True)
    if value is not None and value < 0:
        message = f"{name} is negative"
        table.findings.append(SHEET_VALUE.finding(table.where(index, name), message, found=f"{value:g}"))
        return None
    return value


def _text(table: Table, index: int, name: str) -> str:
    return table.rows[index][table.columns.index(name)].strip() if name in table.columns else ""
