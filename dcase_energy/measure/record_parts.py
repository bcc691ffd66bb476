"""The parts of which records are made, version 1.1: stages, phases, intervals, probes, surroundings.

None means not measured or not known; 0 is a measured zero.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from dcase_energy.errors import RecordError
from dcase_energy.measure.meter import Obtained
from dcase_energy.stats import Interval
from dcase_energy.text import visible

EnergyKwh = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Watts = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Component = Literal["gpu", "cpu", "ram"]
_Model = TypeVar("_Model", bound=BaseModel)

_MAX_SHOWN = 200
_NOMINAL = re.compile(r"([0-9]+(?:\.[0-9]+)?) W nominal power")


def _of_energies(interval: Interval) -> Interval:
    if interval.level is None or not 0 <= interval.level <= 1:
        raise ValueError("the level is not a fraction")
    if not 0 <= interval.low <= interval.high < math.inf or (interval.n or 0) < 0:
        raise ValueError("not an interval of energies")
    return interval


# What `_of_energies` demands, for those who check a record by its JSON Schema alone.
_INTERVAL_SCHEMA = {
    "title": "Interval",
    "description": "An interval of an energy in kWh; `n` values (epochs, windows, runs, probes) are behind it.",
    "type": "object",
    "properties": {
        "low": {"type": "number", "minimum": 0},
        "high": {"type": "number", "minimum": 0},
        "kind": {"type": "string"},
        "level": {"type": "number", "minimum": 0, "maximum": 1},
        "n": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
    },
    "required": ["low", "high", "kind", "level"],
    "additionalProperties": False,
}
EnergyInterval = Annotated[Interval, AfterValidator(_of_energies), WithJsonSchema(_INTERVAL_SCHEMA)]


class Tier(StrEnum):
    """How much of the energy was counted by sensors: all of the devices used, some, or none."""

    MEASURED = "measured"
    MIXED = "mixed"
    ESTIMATED = "estimated"


class GuardState(StrEnum):
    """What a guard says."""

    OK = "ok"
    WARN = "warn"
    INVALID = "invalid"


class Basis(StrEnum):
    """What an energy ratio can be made of: see `docs/reference/records.md`."""

    COUNTED = "counted"
    GPU = "gpu"
    TOTAL = "total"
    WORK = "work"


class RecordPart(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ComponentEnergy(RecordPart):
    """Energy of one component in a stage; None means that it was not measured."""

    energy_kwh: EnergyKwh | None
    full_recipe_energy_kwh: EnergyKwh | None
    method: Obtained
    detail: str

    @property
    def nominal_w(self) -> float | None:
        """The nominal power that an estimate is made of, which records of 1.0 state in the text alone."""
        match = _NOMINAL.match(self.detail)
        return None if match is None else float(match[1])


class PhaseEnergy(RecordPart):
    """Energy of all windows of one phase (training steps, validation forward, ...), over the measured components.

    ``steps`` and ``clips`` are the work in them, None where the work did not state it. ``own_cpu_s`` are CPU seconds of
    the measured process and all it started. ``ticks`` are steps of the slowest counter in it.
    ``components`` is the energy by component, empty where it was not recorded.
    """

    energy_kwh: EnergyKwh
    components: dict[Component, EnergyKwh | None] = {}
    duration_s: Seconds
    windows: Count
    steps: Count | None = None
    clips: Count | None = None
    own_cpu_s: Seconds | None = None
    ticks: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Stage(RecordPart):
    """One stage: training, or inference on the dev-test set.

    ``energy_kwh`` is what was measured, gross: the official figure. ``net_energy_kwh`` is without what the machine
    takes idle, for information. ``full_recipe_energy_kwh`` is scaled to the whole recipe (``work`` says how; of a
    command it is the energy of one execution). Each has an interval, None where none is known.
    ``within_session_interval`` is the full recipe's without what differs between sessions, and
    ``full_recipe_energy_kwh_median`` the same figure by a median of means. ``estimated_share`` is the part that no
    sensor measured. ``bases`` are those that a ratio of this stage can have, ``basis_intervals`` the full recipe's for
    the energies of ``counted`` and ``gpu`` alone, and ``scope`` what the window holds, None where it is not stated.
    ``own_cpu_s`` are CPU seconds of the measured process and all it started, ``memory_bytes`` and ``gpu_memory_bytes``
    the most memory that was seen of them; None where it was not.
    """

    work: str
    scope: list[str] | None = None
    bases: list[Basis] = []
    energy_kwh: EnergyKwh
    energy_interval: EnergyInterval | None = None
    net_energy_kwh: EnergyKwh | None = None
    estimated_share: Fraction | None = None
    full_recipe_energy_kwh: EnergyKwh
    full_recipe_energy_interval: EnergyInterval | None = None
    within_session_interval: EnergyInterval | None = None
    full_recipe_energy_kwh_median: EnergyKwh | None = None
    basis_intervals: dict[Basis, EnergyInterval] = {}
    epochs: Annotated[float, Field(ge=0)]
    steps: int
    clips: int
    duration_s: Seconds
    full_recipe_duration_s: Seconds
    own_cpu_s: Seconds | None = None
    full_recipe_own_cpu_s: Seconds | None = None
    components: dict[str, ComponentEnergy]
    phases: dict[str, PhaseEnergy]
    memory_bytes: Count | None = None
    gpu_memory_bytes: Count | None = None

    @property
    def methods(self) -> dict[str, Obtained]:
        """How each component was obtained."""
        return {name: part.method for name, part in self.components.items()}

    @property
    def timed_s(self) -> float:
        """Seconds in which ``energy_kwh`` was used: of a looped command those of one execution."""
        return self.full_recipe_duration_s if self.energy_kwh == self.full_recipe_energy_kwh else self.duration_s


class EpochRow(RecordPart):
    """One epoch: energy of everything in it and of all so far, by phase, losses and F1 of the student."""

    epoch: int
    energy_kwh: EnergyKwh
    cumulated_energy_kwh: EnergyKwh = 0.0
    phases: dict[str, PhaseEnergy] = {}
    gpu_kwh: EnergyKwh | None
    cpu_kwh: EnergyKwh | None
    ram_kwh: EnergyKwh | None
    duration_s: Seconds
    train_loss: float | None
    intersection_f1_05: Fraction | None
    intersection_f1_07: Fraction | None
    intersection_f1_05_nanmean: Fraction | None


class Guard(RecordPart):
    """One guard's verdict, with the value it judged."""

    code: str
    state: GuardState
    value: str | float | int | bool | None
    message: str


class Implementation(RecordPart):
    """Which baseline was run: ratios of different implementations or execution paths are not comparable."""

    name: str
    version: str
    execution_path: str


class RecipeWork(RecordPart):
    """Amounts of work: of a recipe, or as they were run.

    As they were run, ``epochs`` may be a part of one, and ``steps_per_epoch`` and ``validation_clips`` are None in a
    quick calibration, which has no epochs: its phases say how many steps and clips it measured.
    """

    batch_size: Count | None = None
    epochs: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    steps_per_epoch: Count | None = None
    validation_clips: Count | None = None
    test_clips: Count | None = None


class Idle(RecordPart):
    """Power of the machine doing nothing, by component, before and after the work; None where it was not measured.

    A process that is ready to compute on a GPU (a context) raises its idle power: whether ours was, None where that is
    not recorded.
    """

    before_w: dict[str, float | None] | None = None
    after_w: dict[str, float | None] | None = None
    before_gpu_context: bool | None = None
    after_gpu_context: bool | None = None


class Interruption(RecordPart):
    """A run that was cut off and resumed: what lay between, and what was done twice.

    ``gap_s`` is None where the machine was restarted in between: its clock began anew. ``repeated_energy_kwh`` is what
    the meter saw of work that was done again, start and preparation included; None where it was cut off before the
    meter saw anything. At most ``unseen_s`` before the cut are in no reading: 0 where the session ended in order, None
    where it is not known.
    """

    resumed: str
    gap_s: Seconds | None
    repeated_energy_kwh: EnergyKwh | None
    unseen_s: Seconds | None = None


class AllEnergy(RecordPart):
    """All energy that the meter saw, from the first to the last reading of each session. The parts sum to it.

    ``stages_kwh`` is in the stages (of all runs and executions), ``outside_kwh`` in data preparation and warm-up,
    ``repeated_kwh`` in work that was done again after an interruption, ``failed_kwh`` in a repetition that failed,
    ``probes_kwh`` in probes of the baseline around a command, their start included; ``other_kwh`` is the rest: start,
    idle power, time between phases, work that did not reach its end.
    """

    energy_kwh: EnergyKwh
    stages_kwh: EnergyKwh
    outside_kwh: EnergyKwh
    repeated_kwh: EnergyKwh
    failed_kwh: EnergyKwh
    probes_kwh: EnergyKwh = 0.0
    other_kwh: EnergyKwh


class Repeats(RecordPart):
    """Several runs of the same work: mean, standard deviation, coefficient of variation (None for one run)."""

    n: Annotated[int, Field(ge=1)]
    values_kwh: list[EnergyKwh]
    values_own_cpu_s: list[Seconds | None] = []
    mean_kwh: EnergyKwh
    standard_deviation_kwh: EnergyKwh | None
    coefficient_of_variation: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    olympic_mean_kwh: EnergyKwh | None = None


class Environment(RecordPart):
    """Environment variables of the measured process, by name: values may identify people.

    ``kept`` come from the caller's environment, ``passed`` were asked for by name, ``dropped`` were left out, and
    ``set`` (name and value) come from the execution path.
    """

    kept: list[str]
    dropped: list[str]
    passed: list[str]
    set: dict[str, str]


class CounterTick(RecordPart):
    """The step of a counter: seconds between two of its values, and the energy of its smallest step."""

    interval_s: Seconds | None = None
    energy_kwh: EnergyKwh | None = None


class BatchJob(RecordPart):
    """The job of a batch system (``slurm``, ``pbs``, ...) in which the session ran."""

    system: str
    id: str


class SteadyState(RecordPart):
    """What was waited for before the first window that counts.

    ``trend`` is the change of energy per step over a minute, as a fraction; ``throttled`` names the reasons why the
    driver lowered clocks; ``reached`` is False where the time limit came first.
    """

    reached: bool
    waited_s: Seconds
    trend: float | None = None
    gpu_temperature_c: float | None = None
    throttled: list[str] = []


def validated(model: type[_Model], document: object, problem: str) -> _Model:
    """Return a document as a model.

    Raises
    ------
    RecordError
        If it is not one: ``problem``, the place and what is wrong there.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = shown_key(".".join(str(part) for part in first["loc"]))
        raise RecordError(f"{problem}: {place}: {first['msg']}") from None


def shown_key(key: str) -> str:
    """A key of a foreign document for a message: it may be as long, and hold whatever, its author likes."""
    return visible(key[:_MAX_SHOWN])
