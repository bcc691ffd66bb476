"""Whether a system's energy may be divided by a baseline's: the same hardware, tracker, tier and stage.

Two records are judged by the guards of measuring (`measure.guards.pairs`), here as after `dcase-energy measure`. They
look at fields. For a system without a record there are only words, written by its team or in a table, in any spelling,
and most of them missing: comparing those is another matter, and is done here. Energies are kept by stage, so that a
stage never meets another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcase_energy.documents.device_names import gpu_model, gpu_models, is_processor, names_gpu, processor_models
from dcase_energy.submission.stage_runs import stages_of
from dcase_energy.submission.training_time import parse_training_time

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Evidence
    from dcase_energy.submission.checks.system import System
    from dcase_energy.submission.records import MeasuredStage

# A figure in the metadata is a rounded one of the record; further away it is another figure.
SAME = 0.01
_UNNAMED = "a GPU"


@dataclass(frozen=True)
class Provenance:
    """How an energy was obtained, as stated; None is not known, and what is not known is not compared.

    Attributes
    ----------
    hardware
        What it ran on; where it names a GPU model, only that counts.
    tracker
        Name and version of what measured.
    tier
        Measured, mixed or estimated.
    """

    hardware: str | None = None
    tracker: str | None = None
    tier: str | None = None


def why_not_comparable(system: Provenance, baseline: Provenance) -> str | None:
    """Why the two may not be divided, in words with both values; None where nothing speaks against it."""
    models = gpu_model(system.hardware), gpu_model(baseline.hardware)
    hardware = models if None not in models else (system.hardware, baseline.hardware)
    pairs = [
        ("hardware", *hardware),
        ("tracker", system.tracker, baseline.tracker),
        ("tier", system.tier, baseline.tier),
    ]
    for name, own, other in pairs:
        if own and other and _plain(own) != _plain(other):
            return f"another {name}: system {own}, baseline {other}"
    return None


def why_records_not_comparable(system: Evidence, baseline: Calibration) -> str | None:
    """The same for two records: what their guards hold invalid; what they only warn of does not keep them apart."""
    from dcase_energy.measure.guards.pairs import compare
    from dcase_energy.measure.records import GuardState

    return next((guard.message for guard in compare(baseline, system) if guard.state is GuardState.INVALID), None)


def own_records(system: System) -> dict[str, MeasuredStage]:
    """Energy records by stage, as far as they are of the figures that the metadata state; the nearest counts."""
    found: dict[str, MeasuredStage] = {}
    for one in system.records.measured:
        value = system.figures.get(f"energy_{one.stage}_kwh")
        if value is not None and abs(one.energy_kwh - value) <= SAME * value:
            found.setdefault(one.stage, one)
    return found


def why_not_divided(system: System, baseline: Calibration, stage: str) -> str | None:
    """Why a stage of a system may not be divided by a calibration; None where nothing speaks against it."""
    own = own_records(system).get(stage)
    if own is not None:
        return why_records_not_comparable(own.record, baseline)
    base = _gpus(gpu_of(baseline))
    for field, text in _hardware_texts(system, stage):
        gpus = _gpus(text)
        differ = _UNNAMED not in gpus | base and gpus != base
        if (gpus and not base) or (base and not gpus and is_processor(text)) or (gpus and base and differ):
            shown = [", ".join(sorted(gpus)) or text, ", ".join(sorted(base)) or _processor(baseline)]
            return f"another hardware: system {shown[0]} ({field}), baseline {shown[1]}"
    return None


def is_same_hardware(system: System, baseline: Calibration) -> bool:
    """Whether something shows that a system was measured on the hardware of a calibration, and nothing speaks against.

    The system's own records do, or a model of GPU or processor that its metadata or files name.
    """
    shown = False
    for stage in baseline.stages:
        if why_not_divided(system, baseline, stage) is not None:
            return False
        base = gpu_of(baseline) or str(baseline.hardware.get("cpu_model") or "")
        named = {model for _, text in _hardware_texts(system, stage) for model in _models(text)}
        shown |= stage in own_records(system) or bool(_models(base) & named)
    return shown


def gpu_of(record: Evidence) -> str | None:
    """The name of the GPU, if all devices of a record have the same."""
    names = {str(device["name"]) for device in record.devices if device.get("name")}
    name = record.hardware.get("gpu_name") or (names.pop() if len(names) == 1 else None)
    return None if name is None else str(name)


def _processor(record: Evidence) -> str:
    return f"{record.hardware.get('cpu_model') or 'a processor'}, no GPU"


def _models(text: str) -> frozenset[str]:
    return gpu_models(text) or processor_models(text)


def _gpus(text: str | None) -> frozenset[str]:
    """The GPUs that a text names: models, or at least that there is one."""
    return gpu_models(text) or frozenset({_UNNAMED} if names_gpu(text) else ())


def _hardware_texts(system: System, stage: str) -> Iterator[tuple[str, str]]:
    """What names the hardware of a stage's energy: fields of the metadata, and the CodeCarbon file that holds it."""
    submission = system.submission
    if submission.hardware is not None:
        yield "hardware", submission.hardware
    for work in parse_training_time(submission.training_time or ""):
        if work.hardware is not None:
            yield "training time", work.hardware
    for runs in stages_of(system):
        for run in runs.own.reported() if runs.stage == stage else ():
            if run.row.texts["gpu_model"]:
                yield run.file, run.row.texts["gpu_model"]


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
