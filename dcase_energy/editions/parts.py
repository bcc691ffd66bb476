"""The parts of an edition: its scores, stages, limits, outputs, baseline, ranking and what is plausible.

Standard library alone, since shipped editions are built without pydantic. The loader validates editions that are given
by their path against these types with pydantic, which reports what ``__post_init__`` refuses with its place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from dcase_energy.arguments import ConfidenceLevel, ResampleCount, Share, bounds_in
from dcase_energy.editions.fields import FieldKind

Unit = Literal["fraction", "percent", "dB", "nats", "seconds", "bytes", "count"]
Range = tuple[float, float]
# For each unit of a score: its range, and the kind of the field that states it.
UNITS: dict[str | None, tuple[Range, FieldKind]] = {
    None: ((-math.inf, math.inf), FieldKind.NUMBER),
    "fraction": ((0.0, 1.0), FieldKind.SCORE),
    "percent": ((0.0, 100.0), FieldKind.PERCENT),
    "dB": ((-math.inf, math.inf), FieldKind.NUMBER),
    "nats": ((-math.inf, math.inf), FieldKind.NUMBER),
    "seconds": ((0.0, math.inf), FieldKind.QUANTITY),
    "bytes": ((0.0, math.inf), FieldKind.BYTES),
    "count": ((0.0, math.inf), FieldKind.COUNT),
}

# Tools that count MACs, by the words of the field `macs_counter`: they differ by what they leave out.
COUNTERS = ("thop", "torchinfo", "nessi", "deepspeed", "fvcore", "torch", "other")


def stated_field(score: str) -> str:
    """The field of the metadata that states a score for the development set."""
    return f"{score}_dev"


class Part:
    """A table of an edition's file, in which keys that are not known are refused."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def require_positive(self, *names: str) -> None:
        """Refuse figures that are not greater than 0; None is allowed."""
        for name in names:
            value = getattr(self, name)
            for one in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,):
                if one is not None and not 0 < one < math.inf:
                    raise ValueError(f"{name} must be greater than 0 and finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation(Part):
    """How energies of different hardware become comparable.

    ``ratio``: divided by the baseline's energy of the same stage on the same hardware. ``common_reference``: the ratio
    times ``baseline_kwh``, rounded to ``decimals``. ``none``: not at all.

    ``basis`` is what ratios of records are made of: ``total`` energies with all constants, the sum of the ``counted``
    components, the ``gpu`` alone, or the ``best`` of these that all ranked systems have.
    """

    kind: Literal["ratio", "common_reference", "none"]
    baseline_kwh: float | None = None
    decimals: int | None = None
    basis: Literal["total", "counted", "gpu", "best"] = "total"

    def __post_init__(self) -> None:
        if self.basis in {"counted", "gpu"} and self.kind != "ratio":
            raise ValueError(f"basis = '{self.basis}' belongs to kind = 'ratio'")
        if (self.kind == "common_reference") != (self.baseline_kwh is not None):
            raise ValueError("baseline_kwh belongs to kind = 'common_reference', and is needed there")
        self.require_positive("baseline_kwh")
        if self.decimals is not None and not 0 <= self.decimals <= 9:
            raise ValueError("decimals must be from 0 to 9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Part):
    """A named figure of a system: it is ranked by where a term of the ranking names it, and reported elsewhere.

    Attributes
    ----------
    title
        For people.
    metric, options
        The function of `dcase_energy.scoring` that computes it from outputs; without one the score is stated in the
        metadata or stands in a table of results, in the column of its name.
    unit
        One of `UNITS`; None allows any number.
    better
        Direction in which it is better.
    set
        The set of clips whose outputs it is computed from, one of ``sets`` of `Outputs`; the first without one.
    energy_weighted
        Whether it is divided by the energy ratio as well.
    stated
        Key paths of the metadata that state it for the development set.
    """

    title: str
    metric: str | None = None
    options: dict[str, float | str] = field(default_factory=dict)
    set: str | None = None
    unit: Unit | None = None
    better: Literal["higher", "lower"] = "higher"
    energy_weighted: bool = False
    stated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.energy_weighted and self.better == "lower":
            raise ValueError("energy_weighted needs a score of which higher is better")

    @property
    def points(self) -> int:
        """How many points a score of 1 has: a hundred where it is a fraction, one elsewhere."""
        return 100 if self.unit == "fraction" else 1

    def allows(self, value: float) -> bool:
        """Whether a value can be this score."""
        low, high = UNITS[self.unit][0]
        return low <= value <= high and math.isfinite(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStage(Part):
    """A stage whose energy is asked for.

    Attributes
    ----------
    title
        For people; the names of stages are those of ``--stage``.
    energy, baseline
        Columns, and fields of the metadata, of its energy and of the baseline's energy that divides it.
    reference_kwh
        Energy of the organisers' own system, which weights scores; None where the baseline's own energy does.
    components
        Whether its energy is reported by component as well.
    scope
        What its energy holds: inference, or inference and scoring; empty where that does not apply or is not known.
    """

    title: str
    energy: str
    baseline: str
    reference_kwh: float | None = None
    components: bool = False
    scope: tuple[Literal["inference", "scoring"], ...] = ()

    def __post_init__(self) -> None:
        if self.scope[:1] not in ((), ("inference",)) or len(set(self.scope)) < len(self.scope):
            raise ValueError("scope is ['inference'] or ['inference', 'scoring']")
        self.require_positive("reference_kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Part):
    """How a figure of the metadata is counted, and the maximum that an edition sets for it.

    Attributes
    ----------
    max, unit
        The largest figure that is allowed, None for no maximum, and its unit for people.
    per_seconds
        Seconds of audio that the figure is counted for; None where it does not depend on audio.
    counter
        The tool that counts it, one of `COUNTERS`; None where the edition names none.
    """

    max: float | None = None
    unit: str = ""
    per_seconds: float | None = None
    counter: str | None = None

    @property
    def audio(self) -> str:
        """The audio that it is counted for, to be written behind it: `` for 10 s``; empty where that is not known."""
        return "" if self.per_seconds is None else f" for {self.per_seconds:g} s"

    def __post_init__(self) -> None:
        self.require_positive("max", "per_seconds")
        if self.counter not in (None, *COUNTERS):
            raise ValueError(f"counter is one of {', '.join(COUNTERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Part):
    """One score in the ranking score.

    Attributes
    ----------
    score
        Name of a score of the edition.
    reference
        Score of the reference system, the divisor of a ``ratio_mean``.
    weight
        Of this term among all.
    low, high
        The scores that count 0 and 1 in ``min_max``; ``low`` is above ``high`` where lower is better.
    clip
        In ``min_max``: the least and the most that the term counts.
    """

    score: str
    reference: float = 1.0
    weight: float = 1.0
    low: float = 0.0
    high: float = 1.0
    clip: Range = (-math.inf, math.inf)

    def __post_init__(self) -> None:
        self.require_positive("reference", "weight")
        if self.low == self.high or not math.isfinite(self.low) or not math.isfinite(self.high):
            raise ValueError("low and high must differ and be finite")
        if not self.clip[0] < self.clip[1]:
            raise ValueError("clip must be the least and the most that the term counts, in this order")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedBy(Part):
    """How scores become the ranking score; `dcase_energy.ranking.normalize` has the formulas.

    Attributes
    ----------
    kind, terms
        The formula and what goes into it.
    ties
        In ``mean_rank``: equal scores share the smallest of their ranks, or the mean of them.
    missing
        A system without one of the scores gets no rank; or, in ``min_max``, a term counts the least that its ``clip``
        allows.
    reference_system
        Label of the system whose scores are the references of a ``ratio_mean``, in place of those of the terms.
    """

    kind: Literal["ratio_mean", "harmonic_mean", "sum", "mean_rank", "min_max"] = "ratio_mean"
    terms: tuple[Term, ...] = ()
    ties: Literal["smallest", "mean"] = "smallest"
    missing: Literal["unranked", "least"] = "unranked"
    reference_system: str | None = None

    def __post_init__(self) -> None:
        for given, key, kind in (
            (self.ties != "smallest", "ties", "mean_rank"),
            (self.missing != "unranked", "missing", "min_max"),
            (self.reference_system is not None, "reference_system", "ratio_mean"),
        ):
            if given and self.kind != kind:
                raise ValueError(f"{key} belongs to kind = '{kind}'")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scores, in the order of the terms."""
        return tuple(term.score for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficientTrack(Part):
    """A second order of systems: the least energy among those whose ranking score is high enough.

    Attributes
    ----------
    share, of
        The floor, as a share of the ``best`` ranking score or of that of the ``baseline``.
    """

    share: float
    of: Literal["best", "baseline"] = "best"

    def __post_init__(self) -> None:
        self.require_positive("share")
        if self.of == "best" and self.share > 1:
            raise ValueError("share of the best score must be at most 1: no system has more than the best")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring(Part):
    """What the edition chooses where libraries and papers differ; see `dcase_energy.scoring.conventions`."""

    empty_clips: Literal["keep", "drop"] = "keep"
    cross_trigger_average: Literal["others", "all"] = "others"
    dtc: float = 0.5
    gtc: float = 0.5
    threshold: float = 0.5
    classes_without_hits: Literal["zero", "skip", "skip-undetected"] = "zero"
    time_tolerance_us: int = 0
    windows: Literal["separate", "join"] = "separate"
    class_thresholds: Mapping[str, float] = field(default_factory=dict, hash=False)
    interval: Literal["bootstrap", "subsample80", "none"] = "bootstrap"
    resamples: int = 0
    level: float = 0.9

    def __post_init__(self) -> None:
        shares = dict.fromkeys(("dtc", "gtc", "threshold"), Share)
        for name, alias in {**shares, "level": ConfidenceLevel, "resamples": ResampleCount}.items():
            if not bounds_in(alias).holds(getattr(self, name)):
                raise ValueError(f"{name} must be {bounds_in(alias)}")
        if not all(map(bounds_in(Share).holds, self.class_thresholds.values())):
            raise ValueError(f"class_thresholds must be {bounds_in(Share)}")
