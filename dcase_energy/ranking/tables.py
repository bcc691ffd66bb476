"""The tables of a ranking for people, and what its formulas and intervals are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import STAGES, named_score, psds_references
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import COLUMNS, Column, interval_of
from dcase_energy.ranking.views import View, views_of
from dcase_energy.sheets.table import Cell, Table, show
from dcase_energy.sheets.table import Column as SheetColumn

_BY_NAME = {column.name: column for column in COLUMNS}
_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "ranking",
        "Ranking",
        ("psds1", "psds2", "ranking_score", "ew_ranking_score_training", "ew_ranking_score_test", "ew_rank_training",
         "ew_rank_test", "tied_with", "beats_next_probability", "findings"),
    ),
    (
        "energy",
        "Energy",
        ("energy_training_kwh", "energy_test_kwh", "energy_baseline_training_kwh", "energy_baseline_test_kwh",
         "baseline_evidence", "baseline_source", "energy_ratio_training", "energy_ratio_test",
         "energy_ratio_training_gpu", "energy_training_normalized_kwh", "energy_test_normalized_kwh"),
    ),
    (
        "weighted",
        "Energy-weighted PSDS",
        ("ew_psds1_training", "ew_psds1_test", "ew_psds2_training", "ew_psds2_test", "kwh_per_psds1_point_training",
         "kwh_per_psds1_point_test"),
    ),
    (
        "complexity",
        "Other scores and complexity",
        ("collar_f1", "intersection_f1", "total_parameters", "macs", "ensemble_subsystems",
         "training_share_last_5_percent"),
    ),
)  # fmt: skip


_LABEL, _TEAM = SheetColumn("label", "System", "text"), SheetColumn("team", "Team", "text")
_CHECK = (
    _LABEL,
    _TEAM,
    SheetColumn("gpu_model", "GPU", "text"),
    SheetColumn("baseline_kwh", "Baseline, kWh"),
    SheetColumn("baseline_evidence", "Baseline is", "text"),
    SheetColumn("peers", "Other teams", "integer"),
    SheetColumn("peers_kwh", "Their median, kWh"),
    SheetColumn("over_peers", "Own / theirs"),
    SheetColumn("ew_rank", "EW rank", "integer"),
    SheetColumn("ew_rank_low", "at low end", "integer"),
    SheetColumn("ew_rank_high", "at high end", "integer"),
    SheetColumn("ew_rank_peers", "with their median", "integer"),
)


def sheet_columns(columns: Iterable[Column]) -> list[SheetColumn]:
    """Columns of a ranking as those of a sheet."""
    return [SheetColumn(column.name, column.title, column.kind, column.group) for column in columns]


def noted(one: Ranked, column: Column) -> Cell:
    """A figure of a system, with the ends of its interval beside it."""
    value, interval = column.value(one), interval_of(one, column.name)
    known = value is not None and interval is not None
    return Cell(value, note=f"{show(interval.low)} to {show(interval.high)}" if known and interval else "")


def tables_of(ranking: Ranking) -> list[Table]:
    """All tables for people, those without a figure left out."""
    tables = [_group(ranking, *group) for group in _GROUPS]
    return [
        *(table for table in tables if table is not None),
        *sensitivity_tables(ranking),
        *view_tables(ranking),
        *_not_divided(ranking),
        *_left_out(ranking),
    ]


def _group(ranking: Ranking, name: str, title: str, names: Sequence[str]) -> Table | None:
    columns = [_BY_NAME[one] for one in names]
    columns = [column for column in columns if any(column.value(one) is not None for one in ranking.placed)]
    if not columns:
        return None
    head = [_BY_NAME["rank"], _BY_NAME["label"], *([_BY_NAME["team"]] if name == "ranking" else [])]
    chosen = [*head, *columns]
    return Table(
        name, title, sheet_columns(chosen), [[noted(one, column) for column in chosen] for one in ranking.placed]
    )


def sensitivity_tables(ranking: Ranking) -> list[Table]:
    """Return one table per stage: how the energy-weighted rank of each system depends on its own baseline energy."""
    if ranking.edition.normalisation.kind == "none":
        return []
    tables = []
    for stage in STAGES:
        checked = [(one, one.baselines[stage]) for one in ranking.placed if stage in one.baselines]
        checked.sort(key=lambda pair: (pair[1].ew_rank, pair[0].entry.label))
        rows = [
            [one.entry.label, one.entry.team, one.entry.gpu_model, one.entry.baseline_kwh.get(stage),
             one.entry.baseline_evidence, check.peers, check.peers_kwh, check.over_peers, check.ew_rank,
             check.ew_rank_low, check.ew_rank_high, check.ew_rank_peers]
            for one, check in checked
        ]  # fmt: skip
        if rows:
            note = "The rank by energy-weighted score if only this system's baseline energy were another: an end of "
            note += "its interval, or the median of the other teams with the same GPU model."
            name, title = f"sensitivity_{stage}", f"Sensitivity to the baseline energy, {stage}"
            tables.append(Table(name, title, _CHECK, rows, note))
    return tables


def view_tables(ranking: Ranking) -> list[Table]:
    """Return one table per view, except for the ranking itself."""
    return [_view(view) for view in views_of(ranking) if view.name != "score"]


def _view(view: View) -> Table:
    front = view.name.startswith("front_")
    score = [SheetColumn("ranking_score", "Ranking score")] if front else []
    figure = SheetColumn(view.name if front else "figure", view.figure_title)
    columns = [SheetColumn("place", "Place", "integer"), _LABEL, _TEAM, *score, figure]
    rows = [
        [place, one.entry.label, one.entry.team, *([one.figures.ranking_score] if score else []), view.figure(one)]
        for place, one in view.rows
    ]
    return Table(view.name, view.title, columns, rows)


def _not_divided(ranking: Ranking) -> list[Table]:
    rows = [
        [one.entry.label, one.entry.team, " and ".join(stages), reason]
        for one in ranking.systems
        for reason, stages in _by_reason(one.entry.not_comparable).items()
    ]
    columns = [
        _LABEL,
        _TEAM,
        SheetColumn("stage", "Stage", "text"),
        SheetColumn("not_comparable", "Not divided because", "text"),
    ]
    title = "Energies that are not divided by the baseline's"
    return [Table("not_divided", title, columns, rows)] if rows else []


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for stage, reason in reasons.items():
        found.setdefault(reason, []).append(stage)
    return found


def _left_out(ranking: Ranking) -> list[Table]:
    rows = [
        [one.entry.label, one.entry.team, one.entry.excluded or "it has no score", " ".join(one.entry.findings)]
        for one in ranking.systems
        if one.rank is None
    ]
    columns = [
        _LABEL,
        _TEAM,
        SheetColumn("excluded", "Without rank because", "text"),
        SheetColumn("findings", "Findings", "text"),
    ]
    return [Table("left_out", "Systems without a rank", columns, rows)] if rows else []


def describe_formulas(edition: Edition) -> list[str]:
    """The formulas of an edition with their constants, one sentence each."""
    rule, weights = edition.normalisation, [stage.reference_kwh for stage in edition.stages.values()]
    lines = []
    if rule.kind == "ratio":
        lines.append("Energy ratio = energy of the system / energy of the baseline, same stage, same hardware.")
        lines.append("Energy-weighted PSDS = PSDS / energy ratio.")
    if rule.kind == "common_reference":
        rounding = "" if rule.decimals is None else f", rounded to {rule.decimals} decimals"
        lines.append(
            f"Normalised energy = energy of the system x {rule.baseline_kwh:g} kWh / baseline energy{rounding}."
        )
    if rule.kind != "ratio":
        energy = "energy" if rule.kind == "none" else "normalised energy"
        lines.append(
            f"Energy-weighted PSDS = PSDS x {weights[0]:g} kWh / training {energy}, "
            f"or PSDS x {weights[1]:g} kWh / test {energy}."
        )
    if name := named_score(edition):
        return [*lines[:1], f"Ranking score = {edition.scores[name].title}, as the table gives it."]
    first, second = psds_references(edition)
    lines.append(
        f"Ranking score = mean of PSDS1 / {first:.6g} and PSDS2 / {second:.6g}; "
        "the energy-weighted one takes the energy-weighted PSDS."
    )
    return lines


def describe_intervals(ranking: Ranking) -> list[str]:
    """What the intervals are; nothing where there is none."""
    if not any(one.uncertainty.intervals for one in ranking.systems):
        return []
    kinds = dict.fromkeys(i.label for one in ranking.systems for i in one.entry.intervals.values())
    return [
        f"Intervals: {'; '.join(kinds)}. That of a figure computed from others holds if every input lies in its own.",
        "Tied with: systems whose score's interval overlaps. Ranks get an interval where every score has one.",
    ]
