"""What is to be measured of a user's own system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dcase_energy.errors import InputError

BASELINE_STAGES: tuple[Literal["training", "test"], ...] = ("training", "test")  # what a baseline run executes
STAGES = (*BASELINE_STAGES, "evaluation")
INFERENCE, SCORING = "inference", "scoring"
# What a user may declare the measured window to hold. Of a test: whether it holds scoring besides inference.
SCOPES = (
    INFERENCE, SCORING, "data-preparation", "embedding-extraction", "hyper-parameter-search", "pretraining",
)  # fmt: skip


def scope_of(parts: Iterable[str], stage: str) -> tuple[str, ...]:
    """Return the scope that a user states: names of `SCOPES`, several of them joined by ``+`` or given one by one.

    Raises
    ------
    InputError
        If one is not known, or says what no figure of the stage is divided by: inference of a training, scoring alone.

    Examples
    --------
    >>> scope_of(["inference+scoring", "data-preparation"], "test")
    ('inference', 'scoring', 'data-preparation')
    """
    found = tuple(dict.fromkeys(name.strip() for part in parts for name in part.split("+")))
    if unknown := [name for name in found if name not in SCOPES]:
        raise InputError(f"scope {unknown[0]!r} is not known; choose from {', '.join(SCOPES)}")
    if stage == BASELINE_STAGES[0] and {INFERENCE, SCORING} & set(found):
        raise InputError(f"scope {'+'.join(found)} is not that of a training: measure inference with --stage test")
    if SCORING in found and INFERENCE not in found:
        raise InputError("scope scoring needs inference: no figure of a baseline holds scoring alone")
    return found


@dataclass(frozen=True)
class MeasurePlan:
    """One measurement.

    Attributes
    ----------
    stage
        ``training``, ``test`` or ``evaluation``.
    scope
        Of `SCOPES`, as the user declares it.
    gpu
        Which GPUs to count, as `dcase_energy.measure.gpu.select_gpus` takes it.
    repeat
        Windows, each with at least one execution.
    min_window_s
        A command that ends sooner is executed again until a window has lasted this long.
    idle_s
        Seconds of idle power measured before and after, where a sensor would see them.
    allow_estimate
        Estimate the processor where its counters exist and may not be read.
    folder
        Where the command runs; None is the current folder.
    """

    stage: str
    scope: tuple[str, ...] = ()
    gpu: str = "auto"
    repeat: int = 1
    min_window_s: float = 60.0
    idle_s: float = 0.0
    allow_estimate: bool = False
    folder: Path | None = None

    def header(self) -> Mapping[str, object]:
        """What the journal says about it."""
        return {
            "stage": self.stage,
            "scope": list(self.scope),
            "repeat": self.repeat,
            "min_window_s": self.min_window_s,
        }


@dataclass(frozen=True, slots=True)
class Executed:
    """One command of a session.

    Attributes
    ----------
    command
        Its words.
    repeat, min_window_s
        As fields of `dcase_energy.measure.plan.MeasurePlan`.
    marked
        What its marks say besides.
    folder
        Where it runs; None is the current folder.
    """

    command: Sequence[str]
    repeat: int
    min_window_s: float
    marked: Mapping[str, Any]
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class MeasuredWork:
    """What is measured, and what its journal says about it.

    Attributes
    ----------
    kind, header
        The first entry of the journal; the header is asked for once, with whether the session's lock is held.
    parts
        Executed one after the other, each only if all before it ended well; none of a block.
    idle_s
        Seconds of idle power before and after.
    variables
        Environment of the commands; None is the caller's.
    """

    kind: str
    header: Callable[[bool], Mapping[str, Any]]
    parts: Sequence[Executed] = ()
    idle_s: float = 0.0
    variables: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """What messages call it: a command or a block."""
        return "command" if self.parts else "block"
