"""The parts of records that are about a baseline besides its figures: its probes, and the command that it may be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dcase_energy.measure.record_parts import (
    Component,
    Count,
    EnergyInterval,
    EnergyKwh,
    Implementation,
    RecordPart,
    Seconds,
)


class CommandWorkload(RecordPart):
    """What is known of a baseline that is a command of its organisers, beside the edition's own words.

    The commands as they were given are named by hashes, since arguments may hold names. ``files`` is the number of
    files that are tracked beside the command or named in it, and ``files_sha256`` their digest; ``program_sha256`` that
    of the program; ``commit`` and ``modified``, the number of files that differ from it, are None outside a checkout.
    ``exit_code`` is None where the command did not end.
    """

    command_sha256: str
    test_command_sha256: str | None = None
    probe_command_sha256: str | None = None
    files: Count
    files_sha256: str
    program_sha256: str | None = None
    commit: str | None = None
    modified: Count | None = None
    exit_code: int | None = None


class ProbeWork(RecordPart):
    """All windows of one kind in a probe: ``units`` training steps, validated clips or executions of a command."""

    units: Count
    windows: Count
    energy_kwh: EnergyKwh
    interval: EnergyInterval | None = None
    components: dict[Component, EnergyKwh | None]
    duration_s: Seconds
    own_cpu_s: Seconds | None = None


class Probe(RecordPart):
    """A short warm run of the baseline before, inside or after a measured run.

    ``begin_s`` and ``end_s`` count from the session's first reading; ``work`` is by phase (``training_window`` and
    ``validation_window``, of a command ``command_window``) and empty where the probe failed: ``failure`` says why.
    ``paused`` says whether the measured command was stopped meanwhile.
    """

    when: Literal["before", "during", "after"]
    begin_s: Seconds
    end_s: Seconds
    recipe: str
    recipe_sha256: str
    implementation: Implementation
    work: dict[str, ProbeWork] = Field(default_factory=dict)
    paused: bool = False
    failure: str | None = None
