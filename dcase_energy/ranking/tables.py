"""The tables of a ranking for people: what goes on a page, into a report and on the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import STAGES, named_score, psds_references
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import COLUMNS, Cell, Column, interval_of
from dcase_energy.ranking.views import View, views_of
from dcase_energy.units import format_significant

DIGITS = 4
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


@dataclass(frozen=True)
class Table:
    """A table: cells as they are, and as people read them.

    Attributes
    ----------
    name, title, note
        For programs, for a heading, and a sentence below it (may be empty).
    columns
        Name and title of each column.
    rows
        Cells; None is missing.
    intervals
        Beside each row, the ends of the intervals by column index.
    """

    name: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    intervals: Sequence[dict[int, tuple[float, float]]] = ()

    def shown(self, row: int, column: int) -> str:
        """A cell for people: four significant digits, the interval behind it."""
        text, ends = self.parts(row, column)
        return f"{text} ({ends})" if ends else text

    def parts(self, row: int, column: int) -> tuple[str, str]:
        """A cell for people, and its interval; empty where there is none."""
        text = show(self.rows[row][column], grouped=self.columns[column][0] not in {"rank", "place"})
        ends = self.intervals[row].get(column) if self.intervals else None
        return text, "" if ends is None or not text else f"{show(ends[0])} to {show(ends[1])}"


def show(value: Cell, *, grouped: bool = True) -> str:
    """A cell for people: a float with four significant digits, a count with separators, nothing for what is missing."""
    if value is None:
        return ""
    if isinstance(value, float):
        return format_significant(value, DIGITS)
    return f"{value:,}" if isinstance(value, int) and grouped else str(value)


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
        name,
        title,
        [(column.name, column.title) for column in chosen],
        [[column.value(one) for column in chosen] for one in ranking.placed],
        intervals=[_intervals(one, chosen) for one in ranking.placed],
    )


def _intervals(one: Ranked, columns: Sequence[Column]) -> dict[int, tuple[float, float]]:
    found = {place: interval_of(one, column.name) for place, column in enumerate(columns)}
    return {place: (interval.low, interval.high) for place, interval in found.items() if interval is not None}


def sensitivity_tables(ranking: Ranking) -> list[Table]:
    """One table a stage: how the energy-weighted rank of each system depends on its own baseline energy."""
    if ranking.edition.normalisation.kind == "none":
        return []
    columns = (
        ("label", "System"), ("team", "Team"), ("gpu_model", "GPU"), ("baseline_kwh", "Baseline, kWh"),
        ("baseline_evidence", "Baseline is"), ("peers", "Other teams"), ("peers_kwh", "Their median, kWh"),
        ("over_peers", "Own / theirs"), ("ew_rank", "EW rank"), ("ew_rank_low", "at low end"),
        ("ew_rank_high", "at high end"), ("ew_rank_peers", "with their median"),
    )  # fmt: skip
    tables = []
    for stage in STAGES:
        checked = [(one, one.baselines[stage]) for one in ranking.placed if stage in one.baselines]
        checked.sort(key=lambda pair: (pair[1].ew_rank, pair[0].entry.label))
        rows: list[list[Cell]] = [
            [one.entry.label, one.entry.team, one.entry.gpu_model, one.entry.baseline_kwh.get(stage),
             one.entry.baseline_evidence, check.peers, check.peers_kwh, check.over_peers, check.ew_rank,
             check.ew_rank_low, check.ew_rank_high, check.ew_rank_peers]
            for one, check in checked
        ]  # fmt: skip
        if rows:
            note = "The rank by energy-weighted score if only this system's baseline energy were another: an end of "
            note += "its interval, or the median of the other teams with the same GPU model."
            name, title = f"sensitivity_{stage}", f"Sensitivity to the baseline energy, {stage}"
            tables.append(Table(name, title, columns, rows, note))
    return tables


def view_tables(ranking: Ranking) -> list[Table]:
    """One table a view, but for the ranking itself."""
    return [_view(view) for view in views_of(ranking) if view.name != "score"]


def _view(view: View) -> Table:
    score = (("ranking_score", "Ranking score"),) if view.name.startswith("front_") else ()
    figure = view.name if view.name.startswith("front_") else "figure"
    columns = (("place", "Place"), ("label", "System"), ("team", "Team"), *score, (figure, view.figure_title))
    rows: list[list[Cell]] = [
        [place, one.entry.label, one.entry.team, *([one.figures.ranking_score] if score else []), view.figure(one)]
        for place, one in view.rows
    ]
    return Table(view.name, view.title, columns, rows)


def _not_divided(ranking: Ranking) -> list[Table]:
    rows: list[list[Cell]] = [
        [one.entry.label, one.entry.team, " and ".join(stages), reason]
        for one in ranking.systems
        for reason, stages in _by_reason(one.entry.not_comparable).items()
    ]
    columns = (("label", "System"), ("team", "Team"), ("stage", "Stage"), ("not_comparable", "Not divided because"))
    title = "Energies that are not divided by the baseline's"
    return [Table("not_divided", title, columns, rows)] if rows else []


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for stage, reason in reasons.items():
        found.setdefault(reason, []).append(stage)
    return found


def _left_out(ranking: Ranking) -> list[Table]:
    rows: list[list[Cell]] = [
        [one.entry.label, one.entry.team, one.entry.excluded or "it has no score", " ".join(one.entry.findings)]
        for one in ranking.systems
        if one.rank is None
    ]
    columns = (("label", "System"), ("team", "Team"), ("excluded", "Without rank because"), ("findings", "Findings"))
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
