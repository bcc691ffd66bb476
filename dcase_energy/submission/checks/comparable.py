"""Whether a system's energy may be divided by a baseline's (K801): the same hardware, tracker, tier and stage.

Two records are compared by the guards of measuring (`measure.guards.pairs`), as after `dcase-energy measure`. For a
system without a record there are only texts, written by its team or in a table, in any spelling, and most of them are
missing; they are compared here. Energies are compared stage by stage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcase_energy.documents.device_names import gpu_model, gpu_models, is_processor, names_gpu, processor_models
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.stage_runs import stages_of
from dcase_energy.submission.training_time import parse_training_time

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy, Evidence
    from dcase_energy.submission.evidence import Recorded

NOT_COMPARABLE = define(
    Rule(
        code="K801",
        name="not-comparable",
        title="A system's energy is divided by the baseline's only where both were measured in the same way",
        why="The same baseline training cost 0.38 to 1.83 kWh on different GPUs, and a tracker's figure changed by a "
        "factor of two between its versions: a ratio across either says nothing about the system.",
        bad="system on an RTX 3090, baseline on an A100",
        good="both on the RTX 3090 the system was trained on",
        fix="calibrate on the hardware the system was measured on, with the same tracker and the same settings",
        severity=Severity.WARNING,
    )
)
SCOPE_NOT_STATED = define(
    Rule(
        code="K810",
        name="scope-not-stated",
        title="The record of a stage that is divided states whether it holds scoring",
        why="The baseline records inference and scoring apart, and a ratio divides like by like. A command that also "
        "scores its outputs, measured without a stated scope, is divided by inference alone: its ratio is too high.",
        bad="dcase-energy measure --stage test -- python test.py",
        good="dcase-energy measure --stage test --scope inference -- python predict.py",
        fix="measure again with --scope inference, or inference+scoring for a command that also scores",
        severity=Severity.WARNING,
    )
)
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
    """Return why the two may not be divided, with both values; None where nothing shows that."""
    models = gpu_model(system.hardware), gpu_model(baseline.hardware)
    hardware = models if None not in models else (system.hardware, baseline.hardware)
    pairs = [("tracker", system.tracker, baseline.tracker), ("tier", system.tier, baseline.tier)]
    for name, own, other in [("hardware", *hardware), *pairs]:
        if own and other and _plain(own) != _plain(other):
            return f"another {name}: system {own}, baseline {other}"
    return None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def own_records(system: System) -> dict[str, Recorded[Energy]]:
    """Return the energy records that hold the figures of the metadata, by stage; the first counts."""
    found: dict[str, Recorded[Energy]] = {}
    for stage, part in system.edition.stages.items():
        for one in system.records.measured:
            if system.states(part.energy, one.energy_kwh(stage)):
                found.setdefault(stage, one)
    return found


def why_not_divided(system: System, baseline: Calibration, stage: str) -> str | None:
    """Return why a stage of a system may not be divided by a calibration; None where nothing shows that."""
    own = own_records(system).get(stage)
    if own is not None:
        from dcase_energy.measure.guards.pairs import compare
        from dcase_energy.measure.records import GuardState

        # What the guards only warn of does not keep two records apart.
        scope = system.edition.stages[stage].scope
        found = compare(baseline, own.record, scope)
        return next((one.message for one in found if one.state is GuardState.INVALID), None)
    base = _gpus(gpu_of(baseline))
    for field, text in _hardware_texts(system, stage):
        gpus = _gpus(text)
        differ = _UNNAMED not in gpus | base and gpus != base
        if (gpus and not base) or (base and not gpus and is_processor(text)) or (gpus and base and differ):
            other = ", ".join(sorted(base)) or f"{baseline.hardware.get('cpu_model') or 'a processor'}, no GPU"
            return f"another hardware: system {', '.join(sorted(gpus)) or text} ({field}), baseline {other}"
    return None


def is_same_hardware(system: System, baseline: Calibration) -> bool:
    """Whether something shows that a system was measured on the hardware of a calibration, and nothing the contrary.

    The system's own records do, or a model of GPU or processor that its metadata or files name.
    """
    if any(why_not_divided(system, baseline, stage) is not None for stage in baseline.stages):
        return False
    base = _models(gpu_of(baseline) or str(baseline.hardware.get("cpu_model") or ""))
    texts = [text for stage in baseline.stages for _, text in _hardware_texts(system, stage)]
    return bool(own_records(system).keys() & baseline.stages.keys()) or any(base & _models(text) for text in texts)


def gpu_of(record: Evidence) -> str | None:
    """Return the name of the GPU, if all devices of a record have the same."""
    names = {str(device["name"]) for device in record.devices if device.get("name")}
    name = record.hardware.get("gpu_name") or (names.pop() if len(names) == 1 else None)
    return None if name is None else str(name)


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


@each_system
def measured_alike(system: System) -> Iterator[Finding]:
    """System and calibration were measured on the same hardware in the same way; else no stage is divided."""
    found = system.baseline.calibration
    if found is None:
        return
    stages: dict[str, list[str]] = {}
    for stage, part in system.edition.stages.items():
        both = found.energy_kwh(stage) is not None and system.figures.get(part.energy) is not None
        if both and (reason := why_not_divided(system, found.record, stage)):
            stages.setdefault(reason, []).append(stage)
    for reason, names in stages.items():
        fields = tuple(system.edition.stages[name].energy for name in names)
        message = f"{' and '.join(names)} not divided by the baseline's: {reason[:200]}"
        yield system.finding(NOT_COMPARABLE, fields[0], message, withholds=fields)


@each_system
def scope_is_stated(system: System) -> Iterator[Finding]:
    """Of each stage that is divided, in editions that say what the baseline's figure holds."""
    found = system.baseline.calibration
    if found is None:
        return
    from dcase_energy.measure.scopes import holds_scoring, in_words

    for stage, own in own_records(system).items():
        scope, held = system.edition.stages[stage].scope, own.record.figures.get(stage)
        stated = held is None or holds_scoring(held.scope) is not None
        if stated or holds_scoring(scope) is None or system.baseline.energy_kwh.get(stage) is None:
            continue
        if why_not_divided(system, found.record, stage) is None:
            field = system.edition.stages[stage].energy
            message = f"{stage}: divided by the baseline's {in_words(scope)}; its record does not state what it holds"
            yield system.finding(
                SCOPE_NOT_STATED, field, message, expected=f"a record of {in_words(scope)}", found="no scope"
            )
