"""`doctor`: what can be measured here, and which kept calibrations fit this machine."""

from __future__ import annotations

import platform
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dcase_energy.api.records import ListedRecord, edition_of_record, list_records
from dcase_energy.api.shared import PathLike
from dcase_energy.arguments import checked
from dcase_energy.measure.doctor import Diagnosis, diagnose
from dcase_energy.measure.gpu import ask_nvml, load_nvml
from dcase_energy.measure.records import Calibration
from dcase_energy.submission.baseline_choice import why_no_denominator
from dcase_energy.submission.evidence import Calibrated


@dataclass(frozen=True, slots=True)
class KeptCalibration:
    """A calibration that `calibrate` kept on this machine.

    Attributes
    ----------
    file, created, recipe, quick, how
        Where it is, and what it is.
    editions
        Those that can divide by it; none where it does not fit.
    why_not
        Why no edition can divide by it here; None where one can.
    """

    file: Path
    created: str
    recipe: str
    quick: bool
    how: str
    editions: tuple[str, ...]
    why_not: str | None = None


@checked
def examine_machine(folder: PathLike, *, gpu: str = "auto") -> tuple[Diagnosis, list[KeptCalibration]]:
    """Look at everything that a measurement depends on, as `dcase-energy doctor` does.

    Parameters
    ----------
    folder
        Where records would be written.
    gpu
        As ``--gpu`` takes it.
    """
    found = diagnose(Path(folder), gpu=gpu)
    return found, kept_calibrations({str(board["uuid"]) for board in found.gpus})


def kept_calibrations(gpus: Collection[str]) -> list[KeptCalibration]:
    """List the calibrations that are kept, the newest first.

    Parameters
    ----------
    gpus
        Hashes of the machine's GPUs, or how they begin.
    """
    return [_judged(row, row.record, gpus) for row in list_records() if isinstance(row.record, Calibration)]


def _judged(row: ListedRecord, record: Calibration, gpus: Collection[str]) -> KeptCalibration:
    why_not = _why_not(row, record, gpus)
    return KeptCalibration(
        file=row.path,
        created=record.created,
        recipe=record.recipe,
        quick=record.quick,
        how=record.how,
        editions=row.editions if why_not is None else (),
        why_not=why_not,
    )


def _why_not(row: ListedRecord, record: Calibration, gpus: Collection[str]) -> str | None:
    if not row.here:
        return "it was measured on another machine"
    used = str(record.hardware.get("gpu_uuid_sha256") or "")
    if used and not any(one.startswith(tuple(gpus)) for one in used.split(",")):
        return f"it was measured on a GPU that is not in this machine ({record.hardware.get('gpu_name')})"
    if row.editions:
        return None
    return why_no_denominator(Calibrated(record, row.path.name), edition_of_record(record))


_TOOLS = ("codecarbon", "torch", "numpy", "nvidia-ml-py", "psutil", "pydantic", "click")


def tool_versions() -> dict[str, str | None]:
    """Return the versions that figures depend on: Python, libraries as they are installed, and the GPU's driver.

    None is what is not installed, or a driver that is not there. No library is loaded.
    """
    found: dict[str, str | None] = {"Python": f"{platform.python_version()}, {platform.platform()}"}
    for name in _TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    nvml = load_nvml()
    return {**found, "NVIDIA driver": None if nvml is None else ask_nvml(nvml, "nvmlSystemGetDriverVersion")}
