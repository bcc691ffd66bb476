"""How energy-weighted ranks change with each team's baseline energy."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Where
from dcase_energy.ranking.entry import Entry, Figures, figures
from dcase_energy.ranking.rules import BASELINE_ODD
from dcase_energy.text import plural

ODD_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """One system's baseline of one stage, and the rank it gives.

    Attributes
    ----------
    ew_rank
        By energy-weighted ranking score among all systems with a rank; equal scores share it.
    ew_rank_low, ew_rank_high
        With the baseline at the low and the high end of its interval; None without one.
    peers
        Number of other teams with a baseline on the same GPU model.
    peers_kwh
        Median of theirs, each team counting once; None without peers.
    over_peers
        The own baseline over that median.
    ew_rank_peers
        With that median as the baseline.
    """

    ew_rank: int
    ew_rank_low: int | None = None
    ew_rank_high: int | None = None
    peers: int = 0
    peers_kwh: float | None = None
    over_peers: float | None = None
    ew_rank_peers: int | None = None

    @property
    def odd(self) -> bool:
        """Whether the baseline is unlike that of other teams."""
        return self.over_peers is not None and not 1 / ODD_FACTOR <= self.over_peers <= ODD_FACTOR


def check_baselines(systems: Sequence[tuple[Entry, Figures]], edition: Edition) -> list[dict[str, BaselineCheck]]:
    """For each of the ranked systems, by stage; a stage without an energy-weighted score is left out.

    A common reference beside an edition of ratios changes no energy-weighted score, so none is asked for.
    """
    checks: list[dict[str, BaselineCheck]] = [{} for _ in systems]
    for stage in edition.stages:
        scores = sorted(score for _, result in systems if (score := result.ew_ranking_score[stage]) is not None)
        peers = _Peers([entry for entry, _ in systems], stage)
        for place, (entry, result) in enumerate(systems):
            own = result.ew_ranking_score[stage]
            if own is not None:
                rank = _Ranks(scores, own, entry, stage, edition)
                checks[place][stage] = _check(rank, peers, entry, stage)
    return checks


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Ranks of one system among the others' scores as its baseline changes."""

    scores: list[float]
    own: float
    entry: Entry
    stage: str
    edition: Edition

    def now(self) -> int:
        return len(self.scores) - bisect_right(self.scores, self.own) + 1

    def with_baseline(self, baseline_kwh: float) -> int | None:
        """Only this system's baseline changes; the others' scores stay."""
        changed = replace(self.entry, baseline_kwh={**self.entry.baseline_kwh, self.stage: baseline_kwh})
        score = figures(changed, self.edition).ew_ranking_score[self.stage]
        if score is None:
            return None
        above = len(self.scores) - bisect_right(self.scores, score)
        return above + 1 - (self.own > score)


def _check(rank: _Ranks, peers: _Peers, entry: Entry, stage: str) -> BaselineCheck:
    own = entry.comparable_baseline_kwh(stage)
    # An edition that does not divide by a baseline has nothing that could be sensitive to one.
    if own is None or rank.edition.normalisation.kind == "none":
        return BaselineCheck(rank.now())
    interval = entry.intervals.get(rank.edition.stages[stage].baseline)
    count, middle = peers.of(entry)
    return BaselineCheck(
        ew_rank=rank.now(),
        ew_rank_low=None if interval is None or interval.low <= 0 else rank.with_baseline(interval.low),
        ew_rank_high=None if interval is None else rank.with_baseline(interval.high),
        peers=count,
        peers_kwh=middle,
        over_peers=None if middle is None else own / middle,
        ew_rank_peers=None if middle is None else rank.with_baseline(middle),
    )


class _Peers:
    """Baselines by GPU model: one figure a team, the median of its systems'."""

    def __init__(self, entries: Sequence[Entry], stage: str):
        figures_of: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for entry in entries:
            value = entry.comparable_baseline_kwh(stage)
            if entry.gpu_model and value is not None:
                figures_of[entry.gpu_model][entry.team].append(value)
        self._of_team: Mapping[str, Mapping[str, float]] = {
            model: {team: median(values) for team, values in teams.items()} for model, teams in figures_of.items()
        }
        self._sorted = {model: sorted(teams.values()) for model, teams in self._of_team.items()}

    def of(self, entry: Entry) -> tuple[int, float | None]:
        """Number and median of the other teams with this system's GPU model."""
        if entry.gpu_model is None:
            return 0, None
        values = self._sorted.get(entry.gpu_model, [])
        own = self._of_team.get(entry.gpu_model, {}).get(entry.team)
        without = None if own is None else bisect_left(values, own)
        count = len(values) - (without is not None)
        return count, _median_without(values, without) if count else None


def _median_without(values: Sequence[float], place: int | None) -> float:
    """Median of sorted values but the one at a place, without making a list of the others for every system."""
    count = len(values) - (place is not None)

    def at(index: int) -> float:
        return values[index + (place is not None and index >= place)]

    return at(count // 2) if count % 2 else (at(count // 2 - 1) + at(count // 2)) / 2


def odd_baselines(systems: Sequence[tuple[Entry, Mapping[str, BaselineCheck]]]) -> list[Finding]:
    """Baselines unlike those of other teams on the same GPU model: one finding a team and figure."""
    found: dict[tuple[str, str, float | None], Finding] = {}
    for entry, checks in systems:
        for stage, check in checks.items():
            if not check.odd or check.over_peers is None or check.peers_kwh is None:
                continue
            own = entry.baseline_kwh.get(stage)
            single = len(set(entry.baseline_kwh.values())) == 1
            message = (
                f"baseline {'' if single else stage + ' '}energy is {check.over_peers:.3g} times the median of "
                f"{plural(check.peers, 'other team')} on {entry.gpu_model}"
            )
            key = entry.team, "" if single else stage, own
            text = f"{own:g} kWh, others {check.peers_kwh:g} kWh"
            found.setdefault(key, BASELINE_ODD.finding(Where(entry.label[:120]), message, found=text))
    return list(found.values())
