"""What holds in every row that CodeCarbon writes, and so tells a row that somebody changed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dcase_energy.documents.emissions_rows import Emissions, EmissionsRow
from dcase_energy.documents.emissions_rules import (
    EMISSIONS_GPU,
    EMISSIONS_ORDER,
    EMISSIONS_RATE,
    EMISSIONS_RUNS,
    EMISSIONS_SUM,
    EMISSIONS_UNITS,
)
from dcase_energy.findings import Finding, Where
from dcase_energy.units import JOULES_PER_KWH

# The file has all digits; a spreadsheet keeps at least four of them.
_RELATIVE = 1e-3
_RAM_W_PER_GB = 3 / 8
# Powers are those of the last sample, so energy over power and time may well be off by ten.
_POWER_SLACK = 100.0
_UNITS = {1000.0: "Wh", JOULES_PER_KWH: "joule", JOULES_PER_KWH / 1000: "kilojoule", 1e-3: "MWh"}
_SHOWN = 5


def identities(emissions: Emissions) -> list[Finding]:
    """All findings within and between the rows; the first few of each rule."""
    found = [finding for row in emissions.rows for finding in _of_row(row, emissions.versions)]
    found += _order(emissions)
    found += _runs(emissions)
    counts: dict[str, int] = {}
    kept = []
    for finding in found:
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if counts[finding.code] <= _SHOWN:
            kept.append(finding)
    return kept


def _of_row(row: EmissionsRow, versions: str | None) -> Iterator[Finding]:
    yield from _sum(row)
    yield from _rate(row, versions)
    yield from _units(row)
    yield from _gpu(row)


def _sum(row: EmissionsRow) -> Iterator[Finding]:
    parts = [value for value in row.components_kwh.values() if value is not None]
    if not parts:
        return
    total = sum(parts)  # not fsum: it raises where the sum is infinite
    if not _close(total, row.energy_kwh):
        message = f"CPU, GPU and RAM add up to {total:.6g} kWh, energy_consumed is {row.energy_kwh:.6g}"
        yield EMISSIONS_SUM.finding(row.where, message, expected=f"{total:.6g}", found=f"{row.energy_kwh:.6g}")


def _rate(row: EmissionsRow, versions: str | None) -> Iterator[Finding]:
    if row.emissions_rate and row.emissions_kg and row.duration_s > 0:
        rate = row.emissions_kg / row.duration_s
        if not _close(rate, row.emissions_rate):
            message = f"emissions over duration is {rate:.4g} kg/s, emissions_rate is {row.emissions_rate:.4g}"
            yield EMISSIONS_RATE.finding(row.where, message)
    version = row.texts["codecarbon_version"] or versions or "3"
    ram_w = row.powers_w["ram_power"]
    process = row.texts["tracking_mode"] == "process"
    if version.startswith("2.") and ram_w and row.ram_total_gb and not process:
        expected_w = _RAM_W_PER_GB * row.ram_total_gb
        if not _close(expected_w, ram_w):
            message = (
                f"RAM power is {ram_w:.4g} W; this version writes {expected_w:.4g} W for {row.ram_total_gb:.4g} GB"
            )
            yield EMISSIONS_RATE.finding(row.where, message)


def _units(row: EmissionsRow) -> Iterator[Finding]:
    """Energy against power and duration: far off, the factor names the unit."""
    power_w = sum(value for value in row.powers_w.values() if value is not None)
    if power_w <= 0 or row.duration_s <= 0 or row.energy_kwh <= 0:
        return
    expected_kwh = power_w * (row.duration_s / JOULES_PER_KWH)
    factor = row.energy_kwh / expected_kwh if expected_kwh else math.inf
    if 1 / _POWER_SLACK < factor < _POWER_SLACK or not 0 < factor < math.inf:
        return
    near = min(_UNITS, key=lambda known: abs(math.log(factor / known)))
    suspect = f"; in {_UNITS[near]}?" if abs(math.log(factor / near)) < math.log(10) else ""
    message = f"energy_consumed is {_times(factor)} times power by duration{suspect}"
    yield EMISSIONS_UNITS.finding(row.where, message, expected=f"about {row.energy_kwh / factor:.3g} kWh")


def _times(factor: float) -> str:
    return f"{factor:,.0f}" if 1 <= factor < 1e7 else f"{factor:.2g}"


def _gpu(row: EmissionsRow) -> Iterator[Finding]:
    energy_kwh, listed = row.components_kwh["gpu_energy"], bool(row.gpu_count)
    if energy_kwh == 0 and listed and row.texts["gpu_model"]:
        yield EMISSIONS_GPU.finding(row.where, f"{row.texts['gpu_model'][:60]} is listed with 0 kWh")
    elif energy_kwh and row.gpu_count == 0:
        yield EMISSIONS_GPU.finding(row.where, f"{energy_kwh:.4g} kWh of GPU energy, and gpu_count is 0")


def _order(emissions: Emissions) -> Iterator[Finding]:
    before: dict[str, EmissionsRow] = {}
    for row in emissions.rows:
        last = before.get(row.run)
        if row.duration_s <= 0 or row.energy_kwh <= 0:
            message = f"{row.energy_kwh:g} kWh in {row.duration_s:g} s"
            yield EMISSIONS_ORDER.finding(row.where, message, expected="both greater than 0")
        elif last and (row.duration_s < last.duration_s or row.energy_kwh < last.energy_kwh):
            message = f"run {row.run[:36]} has less energy or time than in line {last.where.line}"
            yield EMISSIONS_ORDER.finding(row.where, message)
        before[row.run] = row


def _runs(emissions: Emissions) -> Iterator[Finding]:
    runs = emissions.last_of_run
    if len(runs) > 1:
        total = sum(row.energy_kwh for row in runs.values())
        message = f"{len(runs)} runs in one file, {total:.6g} kWh together"
        yield EMISSIONS_RUNS.finding(Where(emissions.file, emissions.member, 2), message, expected="one run")


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=1e-12)
