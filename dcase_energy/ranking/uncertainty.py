"""Intervals and ties of a ranking, carried through from the intervals of what went in."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.bases import (
    TOTAL,
    baseline_column,
    energy_column,
    official_basis,
    pair_by,
    ratio_by,
    ratio_column,
)
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.figures import Reference, figures, inputs_of
from dcase_energy.ranking.interval import combined, standard_deviation
from dcase_energy.ranking.normalize import ranking_score, score_deviation
from dcase_energy.stats import Interval
from dcase_energy.text import plural


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is known of how sure a system's figures are.

    Attributes
    ----------
    intervals
        By column name, of inputs and of what follows from them.
    rank
        The best and the worst rank within the intervals of scores; None where its own is not known. A system whose
        interval is not known counts with its score alone, and the kind says how many there are.
    tied_with
        Number of systems whose score's interval (or score, without one) overlaps this one's; None where its own is not
        known.
    beats_next
        Probability that its score is higher than that of the system in the next row, and what that rests on.
    """

    intervals: Mapping[str, Interval] = field(default_factory=dict)
    rank: Interval | None = None
    tied_with: int | None = None
    beats_next: tuple[float, str] | None = None


def carried(entry: Entry, edition: Edition, reference: Reference) -> dict[str, Interval]:
    """The intervals of a system's inputs and of every figure that follows from them."""
    known = dict(entry.intervals)
    if not known:
        return known
    best, worst = (
        figures(_moved(entry, edition, favourable), edition, reference).by_column() for favourable in (True, False)
    )
    joint = {
        name
        for stage in edition.stages
        if _quotient(entry, edition, stage) is not None
        for name in (energy_column(stage), baseline_column(stage))
    }
    for name, inputs in inputs_of(edition).items():
        sources = {source: known[source] for source in inputs if source in entry.intervals}
        low, high = worst[name], best[name]
        if sources and low is not None and high is not None:
            known[name] = combined(low, high, sources, joint)
    if entry.replicates and set(edition.ranking.names[:1]) & set(entry.intervals):
        known |= _of_replicates(entry, edition, reference)
    return known


def _quotient(entry: Entry, edition: Edition, stage: str) -> Interval | None:
    """The interval of the ratio of a stage, where both energies have one of the same level; None elsewhere."""
    pair = pair_by(entry, edition, stage)
    if edition.normalisation.kind == "none" or pair is None or None in (pair.system_interval, pair.baseline_interval):
        return None
    return pair.interval


def contents_of_ratio(entry: Entry, edition: Edition, stage: str) -> str:
    """What the interval of a ratio contains, as half-widths in per cent of the figures; empty without an interval."""
    basis, within = official_basis(edition), entry.within_session.get(stage)
    pair = pair_by(entry, edition, stage, basis)
    if pair is None:
        return ""
    if basis != TOTAL:
        within = None
    parts, whole = [], _half_width(pair.baseline_interval, pair.baseline)
    inner, repeated = _half_width(within, pair.baseline), _half_width(pair.system_interval, pair.system)
    if whole is not None and inner is not None:
        between = math.sqrt(max(0.0, whole**2 - inner**2))
        parts += [f"the baseline within its session {inner:.1%}", f"between sessions {between:.1%}"]
    elif whole is not None and pair.baseline_interval is not None:
        by = " by its probes" if pair.baseline_interval.kind == "probes" else ""
        parts.append(f"the baseline{by} {whole:.1%}")
    if repeated is not None:
        parts.append(f"repeats of the system {repeated:.1%}")
    elif parts:
        parts.append("nothing for repeats of the system")
    return ", ".join(parts)


def _half_width(interval: Interval | None, value: float) -> float | None:
    return None if interval is None or not value else (interval.high - interval.low) / 2 / value


def _of_replicates(entry: Entry, edition: Edition, reference: Reference) -> dict[str, Interval]:
    """Intervals of scores straight from a bootstrap, which knows how the scores of a system go together."""
    import numpy as np

    kind = entry.intervals[edition.ranking.names[0]]
    drawn, result = _replicated(entry, edition), figures(entry, edition, reference)
    if kind.level is None or result.ranking_score is None or not drawn:
        return {}
    low, high = (float(np.quantile(drawn, (1 + sign * kind.level) / 2)) for sign in (-1, 1))
    if not low <= result.ranking_score <= high:
        return {}
    found = {"ranking_score": Interval(low, high, kind.kind, kind.level)}
    inputs = inputs_of(edition)
    for stage, weighted in result.ew_ranking_score.items():
        # The energy-weighted score is the score times what the energy says, if that is known exactly.
        name = f"ew_ranking_score_{stage}"
        if (
            weighted is not None
            and result.ranking_score > 0
            and not (set(inputs[name]) - set(edition.ranking.names)) & set(entry.intervals)
        ):
            factor = weighted / result.ranking_score
            found[name] = Interval(low * factor, high * factor, kind.kind, kind.level)
    return found


def score_interval(known: Mapping[str, Interval], edition: Edition) -> Interval | None:
    """The interval of the ranking score, if all its scores have one: a part of them would look surer than it is.

    Its ends change places where lower is better, so that the higher one is always the better one.
    """
    if not all(name in known for name in edition.ranking.names) or "ranking_score" not in known:
        return None
    found = known["ranking_score"]
    return found if edition.ranking_sign > 0 else replace(found, low=-found.high, high=-found.low)


def judge(
    scored: Sequence[tuple[Entry, float]], known: Sequence[Mapping[str, Interval]], edition: Edition
) -> list[Uncertainty]:
    """Ranks, ties and probabilities of systems in the order of their scores, best first."""
    intervals = [score_interval(one, edition) for one in known]
    ends = [
        (edition.ranking_sign * score,) * 2 if interval is None else (interval.low, interval.high)
        for (_, score), interval in zip(scored, intervals, strict=True)
    ]
    lows, highs = sorted(low for low, _ in ends), sorted(high for _, high in ends)
    lacking = sum(interval is None for interval in intervals)
    kind = "from the intervals of all scores"
    if lacking:
        kind = f"from the intervals of scores; {plural(lacking, 'system')} without an interval at the score itself"
    judged = []
    for place, (own, interval) in enumerate(zip(known, intervals, strict=True)):
        rank, tied = None, None
        if interval is not None:
            above = len(lows) - bisect_right(lows, interval.high)
            tied = len(lows) - above - bisect_left(highs, interval.low) - 1
            others_above = len(highs) - bisect_right(highs, interval.low) - (interval.high > interval.low)
            rank = Interval(above + 1, others_above + 1, kind)
        beats = _beats(scored, known, place, edition) if place + 1 < len(scored) else None
        judged.append(Uncertainty(own, rank, tied, beats))
    return judged


def _beats(
    scored: Sequence[tuple[Entry, float]], known: Sequence[Mapping[str, Interval]], place: int, edition: Edition
) -> tuple[float, str] | None:
    """From replicates on the same resamples, else from normal distributions as wide as the intervals say."""
    (own, own_score), (other, other_score) = scored[place], scored[place + 1]
    sign, drawn, others = edition.ranking_sign, _replicated(own, edition), _replicated(other, edition)
    if drawn and len(drawn) == len(others):
        wins = sum(1.0 if sign * (a - b) > 0 else 0.5 if a == b else 0.0 for a, b in zip(drawn, others, strict=True))
        return wins / len(drawn), f"paired bootstrap, {len(drawn)} replicates"
    names = edition.ranking.names
    if not all(name in one for one in known[place : place + 2] for name in names):
        return None
    deviations = [
        score_deviation([standard_deviation(one[name]) for name in names], edition.ranking)
        for one in known[place : place + 2]
    ]
    if None in deviations:
        return None
    total = sum(deviation**2 for deviation in deviations if deviation is not None) ** 0.5
    if total == 0:
        return None
    kinds = dict.fromkeys(known[row][name].label for row in (place, place + 1) for name in names)
    return NormalDist().cdf(sign * (own_score - other_score) / total), f"normal approximation of {'; '.join(kinds)}"


def _replicated(entry: Entry, edition: Edition) -> list[float]:
    """The ranking score of each replicate; none where a score has no replicates."""
    drawn = [entry.replicates.get(name, ()) for name in edition.ranking.names]
    scores = [ranking_score(values, edition.ranking) for values in zip(*drawn, strict=False)]
    return [score for score in scores if score is not None]


def _moved(entry: Entry, edition: Edition, favourable: bool) -> Entry:
    """The entry with every input at the end of its interval that is good (or bad) for the system."""

    def end(name: str, value: float | None, *, more_is_better: bool) -> float | None:
        interval = entry.intervals.get(name)
        if interval is None or value is None:
            return value
        return interval.high if more_is_better == favourable else interval.low

    stages, scores = edition.stages, edition.scores
    energy_kwh, baseline_kwh, compared = dict(entry.energy_kwh), dict(entry.baseline_kwh), dict(entry.compared)
    basis = official_basis(edition)
    for stage in stages:
        own, other = energy_kwh.get(stage), baseline_kwh.get(stage)
        if own is not None and (joint := _quotient(entry, edition, stage)) is not None:
            baseline_kwh[stage] = own / (joint.low if favourable else joint.high)
        else:
            energy_kwh[stage] = end(energy_column(stage), own, more_is_better=False)
            baseline_kwh[stage] = end(baseline_column(stage), other, more_is_better=True)
        ratio = end(ratio_column(stage, basis), ratio_by(entry, edition, stage, basis), more_is_better=False)
        if stage in compared and basis in compared[stage].energies and ratio:
            compared[stage] = compared[stage].with_ratio(basis, ratio)
    return replace(
        entry,
        energy_kwh=energy_kwh,
        baseline_kwh=baseline_kwh,
        compared=compared,
        scores={
            name: end(name, value, more_is_better=scores[name].better == "higher")
            for name, value in entry.scores.items()
            if name in scores
        },
    )
