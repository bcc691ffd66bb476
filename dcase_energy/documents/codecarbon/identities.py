"""Check what holds in every row that CodeCarbon writes: find rows that were changed and rows that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcase_energy.documents.codecarbon.columns import close, is_rate
from dcase_energy.documents.codecarbon.rules import (
    EMISSIONS_CPU_POWER,
    EMISSIONS_GPU,
    EMISSIONS_ORDER,
    EMISSIONS_RATE,
    EMISSIONS_RUNS,
    EMISSIONS_SUM,
    EMISSIONS_UNITS,
    EMISSIONS_UNMEASURED,
)
from dcase_energy.documents.device_names import most_power_w
from dcase_energy.findings import Finding
from dcase_energy.units import JOULES_PER_KWH, mean_power_w

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import EmissionsRow

_RAM_W_PER_GB = 3 / 8
# Powers are those of the last sample, so energy over power and time may well be off by ten.
_POWER_SLACK = 100.0
_UNITS = {1000.0: "Wh", JOULES_PER_KWH: "joule", JOULES_PER_KWH / 1000: "kilojoule", 1e-3: "MWh"}


def row_findings(row: EmissionsRow, versions: str | None) -> Iterator[Finding]:
    """Yield what is wrong within a row: figures that do not agree with each other."""
    parts = [value for value in row.components_kwh.values() if value is not None]
    total = sum(parts)  # not fsum: it raises where the sum is infinite
    if parts and row.energy_kwh is not None and not close(total, row.energy_kwh):
        message = f"CPU, GPU and RAM add up to {total:.6g} kWh, energy_consumed is {row.energy_kwh:.6g}"
        yield EMISSIONS_SUM.finding(row.where, message, expected=f"{total:.6g}", found=f"{row.energy_kwh:.6g}")
    version = row.texts["codecarbon_version"]
    rate = (row.emissions_kg or 0.0) / (row.duration_s or 1.0)
    # 2.0.0 to 2.1.4, which do not write their version, wrote grams.
    if (row.duration_s or 0.0) > 0 and not is_rate(
        row.emissions_rate, row.emissions_kg, row.duration_s, grams=not version
    ):
        message = f"emissions over duration is {rate:.4g} kg/s, emissions_rate is {row.emissions_rate:.4g}"
        yield EMISSIONS_RATE.finding(row.where, message)
    ram_w, expected_w = row.powers_w["ram_power"], _RAM_W_PER_GB * (row.ram_total_gb or 0.0)
    of_machine = (version or versions or "3").startswith("2.") and row.texts["tracking_mode"] != "process"
    if of_machine and ram_w and expected_w and not close(expected_w, ram_w):
        message = f"RAM power is {ram_w:.4g} W; this version writes {expected_w:.4g} W for {row.ram_total_gb:.4g} GB"
        yield EMISSIONS_RATE.finding(row.where, message)
    gpu_kwh, gpu = row.components_kwh["gpu_energy"], row.texts["gpu_model"]
    if gpu_kwh == 0 and row.gpu_count and gpu and row.energy_kwh:
        yield EMISSIONS_GPU.finding(row.where, f"{gpu[:60]} is listed with 0 kWh")
    elif gpu_kwh and row.gpu_count == 0:
        yield EMISSIONS_GPU.finding(row.where, f"{gpu_kwh:.4g} kWh of GPU energy, and gpu_count is 0")
    if row.duration_s and row.duration_s > 0:
        yield from _powers(row, row.duration_s)


def _powers(row: EmissionsRow, duration_s: float) -> Iterator[Finding]:
    """Energy against power and duration: far off, the factor names the unit. The CPU's power against its model's."""
    energy_kwh = max(row.energy_kwh or 0.0, 0.0)
    expected_kwh = sum(value for value in row.powers_w.values() if value is not None) * (duration_s / JOULES_PER_KWH)
    factor = energy_kwh / expected_kwh if expected_kwh > 0 else 0.0
    if 0 < factor < math.inf and not 1 / _POWER_SLACK < factor < _POWER_SLACK:
        near = min(_UNITS, key=lambda known: abs(math.log(factor) - math.log(known)))
        suspect = f"; it may be in {_UNITS[near]}" if abs(math.log(factor) - math.log(near)) < math.log(10) else ""
        times = f"{factor:,.0f}" if 1 <= factor < 1e7 else f"{factor:.2g}"
        message = f"energy_consumed is {times} times the power multiplied by the duration{suspect}"
        yield EMISSIONS_UNITS.finding(row.where, message, expected=f"about {energy_kwh / factor:.3g} kWh")
    # PUE multiplies the energies, not the powers.
    power_w = mean_power_w((row.components_kwh["cpu_energy"] or 0.0) / (row.pue or 1.0), duration_s)
    most_w = most_power_w(row.texts["cpu_model"])
    if most_w is not None and power_w > most_w:
        message = f"a mean power of {power_w:.4g} W, which {row.texts['cpu_model'][:60]} cannot draw"
        expected, found = f"at most {most_w:.4g} W", f"{power_w:.4g} W"
        yield EMISSIONS_CPU_POWER.finding(row.where, message, expected=expected, found=found)


def run_problems(chain: Sequence[EmissionsRow]) -> Iterator[Finding]:
    """Yield why rows of a run cannot be used: not measured, negative, or less than in an earlier row of the run."""
    for last, row in zip([None, *chain], chain, strict=False):
        energies = [*row.components_kwh.items(), ("energy_consumed", row.energy_kwh)]
        negative = [(name, value) for name, value in energies if value is not None and value < 0]
        if row.energy_kwh is None or row.duration_s is None:
            column, blank = "duration", []
            if row.energy_kwh is None:
                column, blank = "energy_consumed", [name for name, value in row.components_kwh.items() if value is None]
            what = f" ({blank[0]} is empty too)" if 0 < len(blank) < len(row.components_kwh) else ""
            message = (
                f"{column} is empty{what}: CodeCarbon could not measure on this machine, the run has no usable energy"
            )
            yield EMISSIONS_UNMEASURED.finding(row.where, message)
        elif row.task and row.energy_kwh == 0 and row.duration_s > 0:
            message = f"task {row.task[:40]} has 0 kWh in {row.duration_s:.6g} s (CodeCarbon issue 851, before 3.0.3)"
            hint = "update CodeCarbon, or use start() and stop() in place of tasks, and measure again"
            yield EMISSIONS_UNMEASURED.finding(row.where, message, hint=hint)
        elif negative:
            name, value = negative[0]
            message = f"{name} is {value:.6g} kWh: an energy counter ran over (CodeCarbon issues 309 and 1309)"
            hint, found = "update CodeCarbon and measure the run again", f"{value:.6g}"
            yield EMISSIONS_ORDER.finding(row.where, message, expected="at least 0", found=found, hint=hint)
        elif row.energy_kwh == 0 or row.duration_s <= 0:
            message = f"{row.energy_kwh:g} kWh in {row.duration_s:g} s"
            yield EMISSIONS_ORDER.finding(row.where, message, expected="both greater than 0")
        elif last is not None and last.energy_kwh is not None and last.duration_s is not None:
            if row.duration_s >= last.duration_s and row.energy_kwh >= last.energy_kwh:
                continue
            message = f"run {(row.run or '')[:36]} has less energy or time than in line {last.where.line}"
            yield EMISSIONS_ORDER.finding(row.where, message)


def several_runs(runs: Sequence[EmissionsRow]) -> Iterator[Finding]:
    """Yield a finding where a file has several runs of the same work: which one the metadata describe is not known."""
    same_work: dict[tuple[str, str], list[EmissionsRow]] = {}
    for row in runs:
        same_work.setdefault((row.project, row.task), []).append(row)
    rows = next((rows for rows in same_work.values() if len(rows) > 1), None)
    if rows is not None:
        total = sum(row.energy_kwh or 0.0 for row in rows)
        message = f"{len(rows)} runs in one file, {total:.6g} kWh together"
        if all(row.beside(rows[0]) for row in rows[1:]):
            message += "; they ran at the same time, and each counts the whole machine unless it was restricted"
        yield EMISSIONS_RUNS.finding(rows[0].where, message, expected="one run")
