"""Intervals and ties of a ranking, carried through from the intervals of what went in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import STAGES, Entry, Figures, Reference, figures, psds_references
from dcase_energy.ranking.interval import combined, standard_deviation
from dcase_energy.ranking.normalize import ranking_score
from dcase_energy.stats import Interval

_PSDS = ("psds1", "psds2")


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is known of how sure a system's figures are.

    Attributes
    ----------
    intervals
        By column name, of inputs and of what follows from them.
    rank
        The best and the worst rank within the intervals of all scores; None unless all of them are known.
    tied_with
        Number of systems whose score's interval overlaps this one's; None where its own is not known.
    beats_next
        Probability that its score is higher than that of the system in the next row, and what that rests on.
    """

    intervals: Mapping[str, Interval] = field(default_factory=dict)
    rank: Interval | None = None
    tied_with: int | None = None
    beats_next: tuple[float, str] | None = None


def carried(entry: Entry, edition: Edition, reference: Reference | None) -> dict[str, Interval]:
    """The intervals of a system's inputs and of every figure that follows from them."""
    known = dict(entry.intervals)
    if not known:
        return known
    best = _values(figures(_moved(entry, favourable=True), edition, reference))
    worst = _values(figures(_moved(entry, favourable=False), edition, reference))
    for name, inputs in _inputs(edition).items():
        sources = {source: known[source] for source in inputs if source in entry.intervals}
        low, high = worst[name], best[name]
        if sources and low is not None and high is not None:
            known[name] = combined(low, high, sources)
    if entry.replicates and "psds1" in entry.intervals:
        known |= _of_replicates(entry, edition, reference)
    return known


def _of_replicates(entry: Entry, edition: Edition, reference: Reference | None) -> dict[str, Interval]:
    """Intervals of scores straight from a bootstrap, which knows how both PSDS go together."""
    import numpy as np

    kind = entry.intervals["psds1"]
    drawn, result = _replicated(entry, edition), figures(entry, edition, reference)
    if kind.level is None or result.ranking_score is None or not drawn:
        return {}
    low, high = (float(np.quantile(drawn, (1 + sign * kind.level) / 2)) for sign in (-1, 1))
    if not low <= result.ranking_score <= high:
        return {}
    found = {"ranking_score": Interval(low, high, kind.kind, kind.level)}
    for stage in STAGES:
        # The energy-weighted score is the score times what the energy says, if that is known exactly.
        weighted = result.ew_ranking_score[stage]
        inputs = set(_inputs(edition)[f"ew_ranking_score_{stage}"]) - {*_PSDS}
        if weighted is not None and result.ranking_score > 0 and not inputs & set(entry.intervals):
            factor = weighted / result.ranking_score
            found[f"ew_ranking_score_{stage}"] = Interval(low * factor, high * factor, kind.kind, kind.level)
    return found


def score_interval(known: Mapping[str, Interval]) -> Interval | None:
    """The interval of the ranking score, if both PSDS have one: half of it would look twice as sure as it is."""
    return known.get("ranking_score") if all(name in known for name in _PSDS) else None


def judge(
    scored: Sequence[tuple[Entry, float]], known: Sequence[Mapping[str, Interval]], edition: Edition
) -> list[Uncertainty]:
    """Ranks, ties and probabilities of systems in the order of their scores, highest first."""
    intervals = [score_interval(one) for one in known]
    lows = sorted(one.low for one in intervals if one is not None)
    highs = sorted(one.high for one in intervals if one is not None)
    complete = len(lows) == len(intervals)
    judged = []
    for place, (own, interval) in enumerate(zip(known, intervals, strict=True)):
        rank, tied = None, None
        if interval is not None:
            above = len(lows) - bisect_right(lows, interval.high)
            below = bisect_left(highs, interval.low)
            tied = len(lows) - above - below - 1
            if complete:
                others_above = len(highs) - bisect_right(highs, interval.low) - (interval.high > interval.low)
                rank = Interval(above + 1, others_above + 1, "from the intervals of all scores")
        beats = _beats(scored, known, place, edition) if place + 1 < len(scored) else None
        judged.append(Uncertainty(own, rank, tied, beats))
    return judged


def _beats(
    scored: Sequence[tuple[Entry, float]], known: Sequence[Mapping[str, Interval]], place: int, edition: Edition
) -> tuple[float, str] | None:
    """From replicates on the same resamples, else from normal distributions as wide as the intervals say."""
    (own, own_score), (other, other_score) = scored[place], scored[place + 1]
    pairs = list(zip(_replicated(own, edition), _replicated(other, edition), strict=False))
    if pairs and len(own.replicates) == len(other.replicates):
        wins = sum(1.0 if mine > theirs else 0.5 if mine == theirs else 0.0 for mine, theirs in pairs)
        return wins / len(pairs), f"paired bootstrap, {len(pairs)} replicates"
    deviations = [_score_deviation(one, edition) for one in known[place : place + 2]]
    if None in deviations:
        return None
    total = sum(deviation**2 for deviation in deviations if deviation is not None) ** 0.5
    if total == 0:
        return None
    kinds = dict.fromkeys(known[row][name].label for row in (place, place + 1) for name in _PSDS)
    return NormalDist().cdf((own_score - other_score) / total), f"normal approximation of {'; '.join(kinds)}"


def _replicated(entry: Entry, edition: Edition) -> list[float]:
    return [
        score
        for psds1, psds2 in entry.replicates
        if (score := ranking_score(psds1, psds2, *psds_references(edition))) is not None
    ]


def _score_deviation(known: Mapping[str, Interval], edition: Edition) -> float | None:
    """Of the ranking score, both PSDS taken as fully correlated: they come from the same outputs."""
    if not all(name in known for name in _PSDS):
        return None
    first, second = (standard_deviation(known[name]) for name in _PSDS)
    return ranking_score(first, second, *psds_references(edition))


def _moved(entry: Entry, *, favourable: bool) -> Entry:
    """The entry with every input at the end of its interval that is good (or bad) for the system."""

    def end(name: str, value: float | None, *, more_is_better: bool) -> float | None:
        interval = entry.intervals.get(name)
        if interval is None or value is None:
            return value
        return interval.high if more_is_better == favourable else interval.low

    energy = {s: end(f"energy_{s}_kwh", entry.energy_kwh.get(s), more_is_better=False) for s in STAGES}
    baseline = {
        s: end(_baseline_name(entry, s), entry.baseline_kwh.get(s), more_is_better=True) for s in entry.baseline_kwh
    }
    psds = {name: end(name, getattr(entry, name), more_is_better=True) for name in _PSDS}
    return replace(entry, energy_kwh=energy, baseline_kwh=baseline, psds1=psds["psds1"], psds2=psds["psds2"])


def _baseline_name(entry: Entry, stage: str) -> str:
    single = "energy_baseline_kwh"
    return single if single in entry.intervals else f"energy_baseline_{stage}_kwh"


def _values(result: Figures) -> dict[str, float | None]:
    """Figures by column name, except those without an interval."""
    values: dict[str, float | None] = {"ranking_score": result.ranking_score}
    for stage in STAGES:
        values[f"energy_ratio_{stage}"] = result.energy_ratio[stage]
        values[f"energy_{stage}_normalized_kwh"] = result.energy_normalized_kwh[stage]
        values[f"ew_psds1_{stage}"] = result.ew_psds1[stage]
        values[f"ew_psds2_{stage}"] = result.ew_psds2[stage]
        values[f"ew_ranking_score_{stage}"] = result.ew_ranking_score[stage]
    return values


def _inputs(edition: Edition) -> dict[str, tuple[str, ...]]:
    """The inputs of each figure, by the formulas of an edition."""
    found: dict[str, tuple[str, ...]] = {"ranking_score": _PSDS}
    for stage in STAGES:
        energy = f"energy_{stage}_kwh"
        divided = (energy, "energy_baseline_kwh", f"energy_baseline_{stage}_kwh")
        weighted = (energy,) if edition.normalisation.kind == "none" else divided
        found[f"energy_ratio_{stage}"] = divided
        found[f"energy_{stage}_normalized_kwh"] = divided
        found[f"ew_psds1_{stage}"] = ("psds1", *weighted)
        found[f"ew_psds2_{stage}"] = ("psds2", *weighted)
        found[f"ew_ranking_score_{stage}"] = (*_PSDS, *weighted)
    return found
