"""Intervals by resampling clips: one weight a clip and resample, nothing is matched or sorted again.

Two ways, both those of sed_scores_eval, so that the same resamples give the same figures:

``bootstrap``
    Balanced bootstrap (Davison, Hinkley and Schechtman, Biometrika 1986): every clip occurs equally often over all
    resamples; as in sed_scores_eval from 2024 on.
``subsample80``
    The clips are shuffled and cut into five folds, each resample leaves one fold out: what sed_scores_eval 0.0.4 calls
    a bootstrap, and what the intervals of DCASE 2023 fit. Without replacement, so about half as wide.

Systems compared on the same resamples are paired: their difference has a far narrower interval than their scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from dcase_energy.scoring.data import Floats, Ints
from dcase_energy.stats import Interval

ResamplingKind = Literal["bootstrap", "subsample80", "none"]
_FOLDS = 5


@dataclass(frozen=True)
class Resampling:
    """How to resample.

    Attributes
    ----------
    kind
        ``bootstrap``, ``subsample80`` or ``none``.
    n
        Number of resamples; with ``none`` it does not matter.
    level
        Level of the percentile interval: 0.9 is from the 5th to the 95th percentile.
    seed
        First seed of the shuffles; 0 gives the resamples of sed_scores_eval.
    """

    kind: ResamplingKind = "bootstrap"
    n: int = 1000
    level: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.kind not in ("bootstrap", "subsample80", "none"):
            raise ValueError(f"interval kind {self.kind!r} is none of bootstrap, subsample80, none")
        if self.n < 1:
            raise ValueError(f"{self.n} resamples; there must be at least 1")
        if not 0 < self.level < 1:
            raise ValueError(f"level {self.level} is not between 0 and 1")
        # Later shuffles add to it, and NumPy takes no larger seeds.
        if not 0 <= self.seed < 2**32 - self.n:
            raise ValueError(f"seed {self.seed} is not from 0 to {2**32 - 1 - self.n}")

    @property
    def count(self) -> int:
        """How many resamples are drawn: 0 for ``none``."""
        return 0 if self.kind == "none" else self.n


@dataclass(frozen=True, slots=True)
class SampledInterval(Interval):
    """The interval of resamples or runs; ``mean`` is their mean, which is not the figure on all clips."""

    mean: float = math.nan

    def to_dict(self) -> dict[str, float | int | str | None]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """How much better one system is than another, on the same resamples.

    Attributes
    ----------
    value
        Difference of the figures on all clips, first less second.
    interval
        Of the differences of the resamples; None without resampling.
    probability_better
        Share of the resamples in which the first is better, ties counting half; None without resampling.
    """

    value: float
    interval: SampledInterval | None
    probability_better: float | None


def resample_weights(clips: Sequence[str], resampling: Resampling) -> Iterator[Floats]:
    """Draw resamples: how often each clip occurs, shape (n_clips,), whole numbers in floats.

    Clips are shuffled in the order of their names, so the resamples do not depend on the order of files.
    """
    # The balanced bootstrap holds all draws at once: two bytes each for up to 65,536 clips.
    by_name = np.array(
        sorted(range(len(clips)), key=clips.__getitem__), dtype=np.uint16 if len(clips) <= 1 << 16 else np.uint32
    )
    match resampling.kind:
        case "bootstrap":
            yield from _balanced(by_name, resampling)
        case "subsample80":
            yield from _subsamples(by_name, resampling)


def _balanced(by_name: np.ndarray, resampling: Resampling) -> Iterator[Floats]:
    n_clips = len(by_name)
    draws = np.tile(by_name, resampling.n)
    np.random.RandomState(resampling.seed).shuffle(draws)
    for chunk in draws.reshape(resampling.n, n_clips):
        yield np.bincount(chunk, minlength=n_clips).astype(np.float64)


def _subsamples(by_name: np.ndarray, resampling: Resampling) -> Iterator[Floats]:
    n_clips = len(by_name)
    edges: Ints = np.linspace(0, n_clips, _FOLDS + 1).astype(np.int64)
    order = by_name.copy()
    for number in range(resampling.n):
        iteration, fold = divmod(number, _FOLDS)
        if fold == 0:
            # Each shuffle starts from the order of the previous one, as in sed_scores_eval.
            np.random.RandomState(resampling.seed + iteration).shuffle(order)
        weight = np.ones(n_clips)
        weight[order[edges[fold] : edges[fold + 1]]] = 0.0
        yield weight


def resample(statistic: Callable[[Floats], Floats], clips: Sequence[str], resampling: Resampling) -> Floats:
    """Compute figures on every resample.

    Parameters
    ----------
    statistic
        From weights of the clips, shape (n_clips,), to figures, shape (n_figures,).
    clips
        Names of the clips.
    resampling
        How to resample.

    Returns
    -------
    Floats
        Shape (n_resamples, n_figures); NaN where a resample leaves nothing to judge.
    """
    return np.array([statistic(weight) for weight in resample_weights(clips, resampling)])


def percentile_interval(samples: Floats, resampling: Resampling) -> SampledInterval | None:
    """The interval of a figure's resamples, shape (n,); None if none of them is a number.

    Resamples without anything to judge (NaN: a class none of whose events was drawn) are left out.
    """
    known = samples[~np.isnan(samples)]
    if not len(known):
        return None
    tail = (1 - resampling.level) / 2 * 100
    low, high = np.percentile(known, [tail, 100 - tail])
    return SampledInterval(float(low), float(high), resampling.kind, resampling.level, len(known), float(known.mean()))


def runs_interval(values: Sequence[float]) -> SampledInterval | None:
    """From the smallest to the largest run, as the organisers print it; None for fewer than two runs."""
    if len(values) < 2:
        return None
    return SampledInterval(min(values), max(values), "runs", None, len(values), float(np.mean(values)))


def paired_difference(
    first: float, second: float, first_samples: Floats, second_samples: Floats, resampling: Resampling
) -> Difference:
    """Compare two systems whose resamples, shape (n,), were drawn with the same weights."""
    both = first_samples - second_samples
    both = both[~np.isnan(both)]
    if not len(both):
        return Difference(first - second, None, None)
    better = float(np.mean(both > 0) + np.mean(both == 0) / 2)
    return Difference(first - second, percentile_interval(both, resampling), better)
