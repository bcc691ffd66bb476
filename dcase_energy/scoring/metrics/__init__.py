"""Metrics, one module each, found by name: a score with ``metric = "psds"`` is computed by ``psds.py``.

A module has ``OPTIONS``, the names of its options and whether each must be given (a number), or the words it may be,
and two functions.
``prepare(run, wanted)`` matches a run with the ground truth, once for all scores of the metric: from options by name of
the score to what gives its figures, without the scores that these outputs do not allow. ``describe(options,
conventions)`` lists what a figure depends on, in a few words each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol, cast

from dcase_energy.errors import EditionError
from dcase_energy.scoring.clip_tables import ClipTable, ClipTruth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores

# The least and the most that an option may be, whatever metric has it.
_RANGES = {
    "dtc": (0, 1),
    "gtc": (0, 1),
    "cttc": (0, 1),
    "max_fpr": (1e-6, 1),
    "e_max": (1e-6, 1e9),
    "segment_s": (1e-3, 1e9),
}
_USUAL_RANGE = (0, 1e9)
METRICS = tuple(sorted(module.name for module in iter_modules(__path__)))
Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What a metric is computed from.

    Attributes
    ----------
    truth
        Ground truth, after clips were dropped that do not count.
    conventions
        What was chosen.
    scores, points
        Scores of all clips, or the detections of each operating point.
    detections
        Detections at the threshold of the conventions; None if there are none at this threshold.
    """

    truth: GroundTruth
    conventions: Conventions
    scores: Scores | None = None
    points: Sequence[Events] = ()
    detections: Events | None = None


@dataclass(frozen=True, slots=True)
class ClipRun:
    """What a metric of clips (``OUTPUTS = "clips"``) is computed from: the rows, in the order of the ground truth."""

    truth: ClipTruth
    conventions: Conventions
    table: ClipTable


@dataclass(frozen=True)
class Prepared(ABC):
    """A run matched with the ground truth: figures for all clips or for any weighting of them.

    Attributes
    ----------
    labels
        What figures are of besides the whole: the classes, as a rule.
    pooled
        Whether there is a figure of all classes' counts together.
    beside
        Names of what is computed beside the score, such as precision and recall.
    """

    labels: tuple[str, ...]
    pooled: ClassVar[bool] = False
    beside: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def figures(self, clip_weight: Floats) -> Floats:
        """Mean over the classes, figure of each label, and the pooled figure if there is one; NaN is not judged.

        The same follows for each name of ``beside``. ``clip_weight``, shape (n_clips,), is how often each clip counts.
        """


class Metric(Protocol):
    """A module of this package; ``OPTIONS`` says of each option whether a number must be given, or lists its words.

    One that has ``OUTPUTS = "clips"`` is computed from tables of clips, others from scores or events.
    """

    OPTIONS: Mapping[str, bool | tuple[str, ...]]

    def prepare(self, run: Any, wanted: Mapping[str, Options]) -> Mapping[str, Prepared]:
        """Match a run for all scores of this metric."""

    def describe(self, options: Options, conventions: Conventions) -> list[str]:
        """What a figure depends on besides the data."""


def metric_named(name: str) -> Metric:
    """The metric of a name, one of `METRICS`."""
    return cast(Metric, import_module(f"{__name__}.{name}"))


def is_of_clips(name: str) -> bool:
    """Whether a metric is computed from tables of clips."""
    return getattr(metric_named(name), "OUTPUTS", "events") == "clips"


def check_scores(scores: Mapping[str, tuple[str, Options]]) -> None:
    """Raise `EditionError` where a score names a metric that does not exist, or options that it cannot use."""
    for name, (metric, options) in scores.items():
        if metric not in METRICS:
            raise EditionError(f"score {name}: {metric!r} is not a metric; known: {', '.join(METRICS)}")
        known = metric_named(metric).OPTIONS
        if unknown := [option for option in options if option not in known]:
            raise EditionError(f"score {name}: {metric} has no option {', '.join(unknown)}; known: {', '.join(known)}")
        if missing := [option for option, needed in known.items() if needed is True and option not in options]:
            raise EditionError(f"score {name}: {metric} needs the options {', '.join(missing)}")
        for option, value in options.items():
            words = known[option]
            if isinstance(words, tuple):
                if value not in words:
                    raise EditionError(f"score {name}: option {option} is one of {', '.join(words)}, found {value!r}")
                continue
            least, most = _RANGES.get(option, _USUAL_RANGE)
            if not isinstance(value, int | float) or not least <= value <= most:
                wanted = f"a number from {least:g} to {most:g}"
                raise EditionError(f"score {name}: option {option} is {wanted}, found {value!r}")
