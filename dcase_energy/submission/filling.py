"""Figures for a metadata file, taken from records: what `init` fills in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcase_energy.documents.codecarbon.reading import has_codecarbons_header, read_emissions
from dcase_energy.documents.files import read_bytes
from dcase_energy.editions.model import Edition
from dcase_energy.errors import RecordError
from dcase_energy.findings import Severity
from dcase_energy.measure.records import MAX_RECORD_BYTES, Calibration, parse_energy
from dcase_energy.submission.baseline_choice import recorded, why_no_denominator
from dcase_energy.submission.evidence import Calibrated
from dcase_energy.units import format_significant

# Enough that the rounding is far below any interval, few enough to read.
_DIGITS = 6
_ALLOW = "--allow-invalid takes its figure, with a comment that says so"


@dataclass(frozen=True, slots=True)
class Filled:
    """What a record fills in: texts by canonical field, and why its measurement is not valid (empty if it is)."""

    values: dict[str, str]
    invalid: str = ""


def of_calibration(record: Calibration, edition: Edition, *, allow_invalid: bool = False) -> Filled:
    """The baseline's energies, for the full recipe, and the hardware; of an invalid record only if that is allowed.

    Raises
    ------
    RecordError
        If the record cannot be what the edition divides by; the message says why.
    """
    found = Calibrated(record, "the calibration")
    if (reason := why_no_denominator(found, edition)) is not None:
        others = Calibrated(record.model_copy(update={"valid": True}), found.source)
        only_invalid = not record.valid and why_no_denominator(others, edition) is None
        if not (only_invalid and allow_invalid):
            hint = f"; {_ALLOW}" if only_invalid else ""
            raise RecordError(f"this calibration cannot be the baseline of edition {edition.name}: {reason}{hint}")
    values = {
        edition.stages[stage].baseline: format_significant(energy_kwh, _DIGITS)
        for stage, energy_kwh in recorded(found, edition).energy_kwh.items()
        if energy_kwh is not None and stage in edition.stages
    }
    return Filled(_with_hardware(values, hardware_of(record.hardware)), record.why_invalid)


def of_energy_record(path: Path, stage: str, edition: Edition, *, allow_invalid: bool = False) -> Filled:
    """The energy of one stage of the system itself, and the hardware; of an invalid record only if that is allowed.

    Raises
    ------
    RecordError
        If the file is neither an energy record nor CodeCarbon's with one run, was changed, is of another stage, is not
        complete, or not valid and that is not allowed; or if the edition does not have the stage.
    """
    if stage not in edition.stages:
        raise RecordError(f"{path}: edition {edition.name} has no stage {stage}, only {', '.join(edition.stages)}")
    field = edition.stages[stage].energy
    data, unread = read_bytes(path, MAX_RECORD_BYTES)
    if data is None:
        raise RecordError(f"{path}: {unread[0].message}")
    if has_codecarbons_header(data):
        return Filled(_of_emissions(path, data, stage, field))
    if not data.lstrip().startswith((b"{", b"[")):
        raise RecordError(f"{path} is neither a record of `dcase-energy measure` nor a CodeCarbon file")
    record = parse_energy(data, str(path))
    if stage not in record.figures:
        raise RecordError(f"{path} holds no energy of the stage {stage}")
    energy_kwh = record.figures[stage].energy_kwh
    if energy_kwh <= 0:
        raise RecordError(f"{path}: the energy of the stage {stage} is {energy_kwh} kWh")
    invalid = record.why_invalid
    if not record.complete:
        raise RecordError(f"{path} is a measurement that was cut off: {invalid}")
    if invalid and not allow_invalid:
        raise RecordError(f"{path} is not a valid measurement: {invalid}; {_ALLOW}")
    values = {field: format_significant(energy_kwh, _DIGITS)}
    return Filled(_with_hardware(values, hardware_of(record.hardware)), invalid)


def _with_hardware(values: dict[str, str], hardware: str | None) -> dict[str, str]:
    return {**values, "hardware": hardware} if hardware else values


def _of_emissions(path: Path, data: bytes, stage: str, field: str) -> dict[str, str]:
    """The energy of the run in a file of CodeCarbon, and the GPU or processor that it names."""
    emissions, findings = read_emissions(data, str(path))
    runs = emissions.runs if emissions else ()
    for finding in (*findings, *(problem for run in runs for problem in run.problems)):
        if finding.severity is Severity.ERROR:
            raise RecordError(f"{path} (CodeCarbon): {finding.message}; {finding.hint}")
    if len(runs) != 1 or runs[0].problems:
        message = f"{path} (CodeCarbon) holds {len(runs)} runs; a file with the run of the {stage} alone is needed"
        raise RecordError(message)
    texts = runs[0].row.texts
    hardware = texts["gpu_model"].replace("1 x ", "1 ") or (f"CPU {texts['cpu_model']}" if texts["cpu_model"] else None)
    return _with_hardware({field: format_significant(runs[0].energy_kwh, _DIGITS)}, hardware)


def hardware_of(hardware: dict[str, Any]) -> str | None:
    """The device that a record names: its GPU, or its processor where the work ran on that."""
    name = hardware.get("gpu_name")
    if isinstance(name, str) and name:
        return f"1 {name}"
    model = hardware.get("cpu_model")
    return f"CPU {model}" if isinstance(model, str) and model else None
