"""Teams beside each other: what the baseline costs on one GPU model (S704)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.across import BASELINES
from dcase_energy.submission.checks.plausibility import boards_of
from dcase_energy.submission.checks.system import Peer, System, all_systems
from dcase_energy.submission.model import team_of

BASELINE_OUT_OF_LINE = define(
    Rule(
        code="S704",
        name="baseline-out-of-line",
        title="The baseline's energy is in line with that of other teams on the same GPU model",
        why="On an A100 the baseline of 2023 cost 0.007, 0.025, 0.032 and 0.150 kWh: a factor of 22 on one model of "
        "GPU, and the team with the largest gets the best rank.",
        bad="baseline: 0.150 on an A100, where other teams have 0.025 and 0.032",
        good="baseline: 0.030 on an A100",
        fix="check what was measured: the whole node or one GPU, all epochs or ten, and the same baseline",
        severity=Severity.WARNING,
    )
)


def peer_of(system: System) -> Peer:
    """A validated system as one to compare others with."""
    figures = {name: value for name in BASELINES if (value := system.figures.get(name)) is not None}
    return Peer(team_of(system.name), boards_of(system), figures)


@all_systems
def baselines_in_line(systems: Sequence[System], pool: Sequence[Peer]) -> Iterator[Finding]:
    """A baseline's energy is near the other teams' median on the same GPU model, or near half of them.

    A team counts once, with the median of its figures. An outlier may shift the median of few teams.
    """
    own_peers = [peer_of(system) for system in systems]
    usual_of = _medians([*own_peers, *pool])
    for system, own in zip(systems, own_peers, strict=True):
        for field, value in own.baseline_kwh.items() if own.boards else ():
            others = {team: kwh for team, kwh in usual_of[own.boards, field].items() if team != own.team}
            if not others:
                continue
            spread, usual = system.edition.plausible.baseline_spread, median(others.values())
            near = [figure for figure in (usual, *others.values()) if 1 / spread <= value / figure <= spread]
            if usual in near or 2 * len(near) >= len(others):
                continue
            model = ", ".join(sorted(own.boards))
            message = (
                f"the baseline's energy on {model} is {value / usual:.3g} times the median of "
                f"{len(others)} other team{'s' * (len(others) != 1)}"
            )
            figures = ", ".join(f"{figure:g} ({team})" for team, figure in sorted(others.items())[:6])
            where = system.where(field)
            expected = f"near {usual:g} kWh: {figures}"
            yield BASELINE_OUT_OF_LINE.finding(where, message, expected=expected, found=f"{value:g} kWh")


def median(values: Iterable[float]) -> float:
    """The middle value; of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _medians(peers: Sequence[Peer]) -> dict[tuple[frozenset[str], str], dict[str, float]]:
    """Each team's median figure, by GPU models and field."""
    figures: dict[tuple[frozenset[str], str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for peer in peers:
        for field, value in peer.baseline_kwh.items():
            figures[peer.boards, field][peer.team].append(value)
    return {key: {team: median(values) for team, values in teams.items()} for key, teams in figures.items()}
