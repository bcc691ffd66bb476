"""What each kind of entry of a journal says: types for those who read journals.

They state what the program writes. A journal that others made may hold anything: these types check nothing when a
program runs, and whatever a reader then stumbles over is reported by `dcase_energy.measure.journal.computed`. What the
first version did not write, or what is not always there, is ``NotRequired``. Only type checkers import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, final


class ReadingFields(TypedDict):
    """A `dcase_energy.measure.meter.Reading`: energy of each component since the meter's start."""

    time_s: float  # of the monotonic clock
    gpu_kwh: float | None
    cpu_kwh: float | None
    ram_kwh: float | None


class SampleFields(TypedDict, total=False):
    """What a watch saw of the host: clocks, work of others, memory; of GPUs only where some are counted."""

    boottime_s: float | None
    cpu_busy_s: float | None
    cpu_own_s: float | None
    session_memory_bytes: int | None
    started_memory_bytes: int | None
    gpu_own: int  # processes, as the next three
    gpu_own_elsewhere: int
    gpu_foreign: int
    gpu_graphics: int
    gpu_graphics_utilisation: float | None  # share of the time
    gpu_own_memory_bytes: int | None
    gpu_power_w: float | None
    gpu_temperature_c: float | None
    gpu_throttled: list[str]


class MethodFields(TypedDict):
    """A `dcase_energy.measure.meter.Method`: how one component is measured."""

    obtained: str
    detail: str
    constant_w: NotRequired[float | None]


class AboutFields(TypedDict, total=False):
    """What is known of the instruments: the GPUs that are counted, limits of the counters."""

    gpus: list[dict[str, Any]]
    unused_gpus: list[str]
    cpu_wrap_s: float | None
    cpu_limit_w: float | None
    ram_limit_w: float | None
    mps: bool


class TickFields(TypedDict):
    """A `dcase_energy.measure.counters.Tick`: the step of a counter."""

    interval_s: float
    energy_kwh: float


class QuickFields(TypedDict, total=False):
    """How long a quick calibration measures (`dcase_energy.calibration.plan.QuickSettings`)."""

    precision: float
    budget_s: float
    min_s: float
    settle_s: float
    settle_trend: float
    max_settle_s: float
    warmup_steps: int
    window_steps: int
    window_clips: int
    window_s: float
    min_windows: int
    min_other_windows: int
    min_validation_windows: int  # of the first version


class RecipeFields(TypedDict):
    """The amounts of work of the baseline's recipe."""

    name: str
    sha256: str
    epochs: int
    steps_per_epoch: int
    validation_clips: int
    strong_validation_clips: NotRequired[int]
    test_clips: int
    batch_size: NotRequired[int]


class CommandRecipeFields(TypedDict):
    """What is known of the work of a baseline that is a command."""

    name: str
    sha256: str
    epochs: int | None
    epochs_measured: int | None
    includes: list[str]


class BetweenSessionsFields(TypedDict):
    """A `dcase_energy.stats.BetweenSessions`: how much sessions differ on this machine."""

    relative_sd: float
    sessions: int


# The first entry: what was to be done, by which program, on which machine.


class _Entry(TypedDict):
    previous: str  # SHA-256 of the line before


class _SessionHeader(_Entry):
    run_id: str
    created: str
    hardware: dict[str, Any]
    software: dict[str, Any]
    schema_version: NotRequired[str]
    locked: NotRequired[bool]
    host: NotRequired[dict[str, Any]]  # its state at the start
    batch_job: NotRequired[dict[str, Any] | None]
    hidden_settings: NotRequired[list[dict[str, str]]]
    environment: NotRequired[dict[str, Any] | None]
    probing: NotRequired[dict[str, Any]]  # the baseline that probes execute, where there are probes
    quick: NotRequired[QuickFields | None]


@final
class EnergyHeader(_SessionHeader):
    """A command or block of a user is measured."""

    entry: Literal["energy"]
    stage: Literal["training", "test", "evaluation"]
    scope: list[str]
    repeat: int
    min_window_s: float
    command_sha256: str | None  # None for a block


class _CalibrationHeader(_SessionHeader):
    entry: Literal["calibration"]
    edition: str
    implementation: str
    version: str
    stages: list[str]
    repeats: NotRequired[int]
    between_sessions: NotRequired[BetweenSessionsFields]


@final
class CalibrationHeader(_CalibrationHeader):
    """The baseline of this package is measured by its recipe."""

    recipe: RecipeFields
    epochs: int
    data: dict[str, Any]
    plan: NotRequired[dict[str, Any]]  # what must be equal for the run to be resumed


@final
class CommandCalibrationHeader(_CalibrationHeader):
    """A baseline that is a command is measured."""

    recipe: CommandRecipeFields
    scope: list[str]
    workload: dict[str, Any]


# What follows.


@final
class RunEntry(_Entry):
    """A run of a calibration begins."""

    entry: Literal["run"]
    number: int  # from 1
    seed: int


@final
class ResumeEntry(_Entry):
    """A run that was cut off continues."""

    entry: Literal["resume"]
    at: str
    gap_s: float | None  # in which nothing was measured; None after a restart of the machine
    boot_sha256: str | None


@final
class BetweenSessionsEntry(_Entry):
    """How much earlier sessions of the same work differed."""

    entry: Literal["between_sessions"]
    relative_sd: float
    sessions: int


@final
class MeterEntry(_Entry):
    """A meter was started."""

    entry: Literal["meter"]
    settings: dict[str, Any]
    methods: dict[str, MethodFields]  # by component
    about: NotRequired[AboutFields]


@final
class TicksEntry(_Entry):
    """The steps of the counters, by component; None where none was seen."""

    entry: Literal["ticks"]
    components: dict[str, TickFields | None]


@final
class IdleEntry(_Entry):
    """The machine was measured while it did nothing."""

    entry: Literal["idle"]
    when: str  # "before" or "after" the work
    duration_s: float
    power_w: dict[str, float | None]
    gpu_context: NotRequired[bool]


class _Read(_Entry):
    reading: ReadingFields
    counters: NotRequired[dict[str, float | None]]  # read beside the meter: kWh by "gpu_kwh", ...
    sample: NotRequired[SampleFields]


@final
class ReadingEntry(_Read):
    """The meter was read between marks."""

    entry: Literal["reading"]


@final
class MarkEntry(_Read):
    """A phase of the work, or of a probe, begins, stands still, or ends."""

    entry: Literal["mark", "probe_mark"]
    edge: str  # "begin", "so_far", "paused", "resumed", "failed", "end", "note"
    phase: str
    epoch: NotRequired[int]
    own_cpu_s: NotRequired[float | None]
    number: NotRequired[int]  # of the probe that marks
    # What the work says, by phase.
    stage: NotRequired[str]
    executions: NotRequired[int]
    exit_code: NotRequired[int]
    signal: NotRequired[str | None]
    steps: NotRequired[int]
    clips: NotRequired[Any]  # their number; at the end of the data's preparation a table by subset
    event_clips: NotRequired[int]
    losses: NotRequired[dict[str, float]]
    metrics: NotRequired[dict[str, dict[str, float | None]]]
    data: NotRequired[dict[str, Any]]
    # What it says about itself when it begins.
    device: NotRequired[str]
    gpu_name: NotRequired[str]
    gpu_uuid_sha256: NotRequired[str]
    execution_path: NotRequired[str]
    front_end: NotRequired[str]
    threads: NotRequired[int | None]
    python: NotRequired[str]
    torch: NotRequired[str | None]
    numpy: NotRequired[str]
    cuda: NotRequired[str | None]
    cudnn: NotRequired[int | None]
    backends: NotRequired[dict[str, Any]]


@final
class ProbeEntry(_Read):
    """A probe of the baseline begins or ends."""

    entry: Literal["probe"]
    number: int
    edge: str  # "begin" or "end"
    own_cpu_s: NotRequired[float | None]
    when: NotRequired[str]  # where it begins, as the next
    paused: NotRequired[bool]
    failure: NotRequired[str | None]  # where it ends, as the next
    probe_cpu_s: NotRequired[float]


@final
class SteadyEntry(_Entry):
    """What was waited for before the work counted."""

    entry: Literal["steady"]
    reached: bool
    waited_s: float
    trend: NotRequired[float | None]
    gpu_temperature_c: NotRequired[float | None]
    throttled: NotRequired[list[str]]


@final
class MessageEntry(_Entry):
    """The meter complained, or a counter began anew while it was read."""

    entry: Literal["warning", "counter_reset"]
    message: str


@final
class FinishEntry(_Entry):
    """The work, or a run of it, ended."""

    entry: Literal["finish"]
    complete: bool
    failure: NotRequired[str | None]
    exit_code: NotRequired[int | None]
    signal: NotRequired[str | None]


AnyCalibrationHeader: TypeAlias = CalibrationHeader | CommandCalibrationHeader
HeaderEntry: TypeAlias = EnergyHeader | CalibrationHeader | CommandCalibrationHeader
EntryWithReading: TypeAlias = ReadingEntry | MarkEntry | ProbeEntry
JournalEntry: TypeAlias = (
    EnergyHeader | CalibrationHeader | CommandCalibrationHeader | RunEntry | ResumeEntry | BetweenSessionsEntry
    | MeterEntry | TicksEntry | IdleEntry | ReadingEntry | MarkEntry | ProbeEntry | SteadyEntry | MessageEntry
    | FinishEntry
)  # fmt: skip
Entries: TypeAlias = Sequence[JournalEntry]
Methods: TypeAlias = Mapping[str, MethodFields]
