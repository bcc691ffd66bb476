"""Teams beside each other: what the baseline costs on one GPU model (S704)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from dcase_energy.documents.device_names import gpu_models
from dcase_energy.documents.files import read_bytes
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.plausibility import boards_of
from dcase_energy.submission.checks.system import Peer, System, all_systems
from dcase_energy.submission.model import team_of
from dcase_energy.text import plural
from dcase_energy.units import format_factor

MAX_POOL_BYTES = 100_000_000
# Columns that name the GPU, as in a table of results; the first that says something counts.
_HARDWARE = ("gpu_model", "hardware", "training_time")

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


def read_pool(path: Path, edition: Edition) -> tuple[list[Peer], list[Finding]]:
    """Read other teams' systems from a table of results such as organisers keep.

    A CSV file with ``label``, the baseline's energies of the edition, and ``gpu_model``, ``hardware`` or
    ``training_time``; other columns are ignored, and so are rows without a baseline energy. Findings are about the
    table itself.
    """
    from dcase_energy.documents.tables import read_table

    data, unread = read_bytes(path, MAX_POOL_BYTES)
    if data is None:
        return [], unread
    energies = {stage.baseline for stage in edition.stages.values()}
    known = {"label", "team", *_HARDWARE, *energies}
    table = read_table(data, str(path), required=("label",), known=known, delimiter=",")
    peers = []
    for index, cells in enumerate(table.rows):
        row = dict(zip(table.columns, cells, strict=True))
        named = {name: table.number(index, name, empty=True) for name in energies if row.get(name)}
        figures = {name: value for name, value in named.items() if value is not None and value > 0}
        if figures:
            models = gpu_models(next(filter(None, map(row.get, _HARDWARE)), None))
            peers.append(Peer(row.get("team") or team_of(row["label"]), models, figures))
    return peers, [finding for finding in table.findings if finding.severity is Severity.ERROR]


@all_systems
def baselines_in_line(systems: Sequence[System], pool: Sequence[Peer]) -> Iterator[Finding]:
    """A baseline's energy is near the other teams' median on the same GPU model, or near half of them.

    A team counts once, with the median of its figures. An outlier may shift the median of few teams.
    """
    own_peers = [Peer(team_of(one.name), boards_of(one), one.baselines) for one in systems]
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
            message = f"the baseline's energy on {model} is {format_factor(value / usual)} times the median of "
            message += plural(len(others), "other team")
            figures = ", ".join(f"{figure:g} ({team})" for team, figure in sorted(others.items())[:6])
            expected = f"near {usual:g} kWh: {figures}"
            yield system.finding(BASELINE_OUT_OF_LINE, field, message, expected=expected, found=f"{value:g} kWh")


def _medians(peers: Sequence[Peer]) -> dict[tuple[frozenset[str], str], dict[str, float]]:
    """Each team's median figure, by GPU models and field."""
    figures: dict[tuple[frozenset[str], str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for peer in peers:
        for field, value in peer.baseline_kwh.items():
            figures[peer.boards, field][peer.team].append(value)
    return {key: {team: median(values) for team, values in teams.items()} for key, teams in figures.items()}
