"""How energy-weighted ranks change with each team's baseline energy."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Where
from dcase_energy.ranking.bases import official_basis, pair_by
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.figures import Figures, figures
from dcase_energy.ranking.rules import BASELINE_ODD
from dcase_energy.text import plural

ODD_FACTOR = 2.0
_NO_PEERS = (0, None)


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """One system's baseline of one stage, and the rank it gives.

    Attributes
    ----------
    baseline_kwh
        Its energy by the basis of the sheet; None where the system is not divided by one.
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
    baseline_kwh: float | None = None
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
        peers = _peers([entry for entry, _ in systems], edition, stage)
        for check, (entry, result) in zip(checks, systems, strict=True):
            own = result.ew_ranking_score[stage]
            if own is not None:
                others = peers.get((entry.gpu_model, entry.team), _NO_PEERS)
                check[stage] = _check(entry, stage, edition, own, scores, *others)
    return checks


def _check(
    entry: Entry, stage: str, edition: Edition, own: float, scores: Sequence[float], peers: int, middle: float | None
) -> BaselineCheck:
    """The rank of one system among all energy-weighted scores as its baseline changes; the others' scores stay."""
    pair, rank = pair_by(entry, edition, stage, official_basis(edition)), len(scores) - bisect_right(scores, own) + 1
    # An edition that does not divide by a baseline has nothing that could be sensitive to one.
    if pair is None or edition.normalisation.kind == "none":
        return BaselineCheck(rank)
    baseline, interval = pair.baseline, pair.baseline_interval

    def rank_with(baseline_kwh: float | None) -> int | None:
        if baseline_kwh is None or baseline_kwh <= 0:
            return None
        score = figures(entry.with_baseline(edition, stage, baseline_kwh / baseline), edition).ew_ranking_score[stage]
        return None if score is None else len(scores) - bisect_right(scores, score) + 1 - (own > score)

    return BaselineCheck(
        ew_rank=rank,
        baseline_kwh=baseline,
        ew_rank_low=rank_with(None if interval is None else interval.low),
        ew_rank_high=rank_with(None if interval is None else interval.high),
        peers=peers,
        peers_kwh=middle,
        over_peers=None if middle is None else baseline / middle,
        ew_rank_peers=rank_with(middle),
    )


def _peers(
    entries: Sequence[Entry], edition: Edition, stage: str
) -> dict[tuple[str | None, str], tuple[int, float | None]]:
    """By GPU model and team, how many other teams have a baseline on it, and the median of theirs."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        pair = pair_by(entry, edition, stage, official_basis(edition))
        if entry.gpu_model and pair is not None:
            found[entry.gpu_model][entry.team].append(pair.baseline)
    peers: dict[tuple[str | None, str], tuple[int, float | None]] = {}
    for model, teams in found.items():
        own = {team: median(values) for team, values in teams.items()}
        ordered = sorted(own.values())  # once: what is left of sorted values has its median at little cost
        for team, value in own.items():
            others = ordered.copy()
            others.remove(value)
            peers[model, team] = len(others), median(others) if others else None
    return peers


def odd_baselines(systems: Sequence[tuple[Entry, Mapping[str, BaselineCheck]]]) -> list[Finding]:
    """Baselines unlike those of other teams on the same GPU model: one finding a team and figure."""
    found: dict[tuple[str, str, float | None], Finding] = {}
    for entry, checks in systems:
        for stage, check in checks.items():
            if not check.odd or check.over_peers is None or check.peers_kwh is None:
                continue
            own = check.baseline_kwh
            single = len({one.baseline_kwh for one in checks.values()}) == 1
            message = (
                f"baseline {'' if single else stage + ' '}energy is {check.over_peers:.3g} times the median of "
                f"{plural(check.peers, 'other team')} on {entry.gpu_model}"
            )
            key = entry.team, "" if single else stage, own
            text = f"{own:g} kWh, others {check.peers_kwh:g} kWh"
            found.setdefault(key, BASELINE_ODD.finding(Where(entry.label[:120]), message, found=text))
    return list(found.values())
