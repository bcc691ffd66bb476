"""The tables of a ranking for people, and what its formulas and intervals are."""

from __future__ import annotations

import math

from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import RankedBy, Term
from dcase_energy.measure.scopes import in_words
from dcase_energy.ranking.bases import describe_basis, name_basis
from dcase_energy.ranking.figures import is_normalised
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import COMMON_COLUMNS, SystemColumn, base_columns, interval_of
from dcase_energy.ranking.views import View
from dcase_energy.sheets.table import Cell, Column, Table, Value, show
from dcase_energy.text import more, plural

_GROUPS = {
    "ranking": "Ranking",
    "energy": "Energy",
    "weighted": "Energy-weighted scores",
    "complexity": "Other scores and complexity",
}
_WITH_RATIOS = {"energy", "weighted"}
_FORMULAS = {
    "ratio_mean": "{title} / {reference:.6g}",
    "harmonic_mean": "{title}",
    "sum": "{title}",
    "mean_rank": "rank by {title}",
    "min_max": "({title} - {low:g}) / ({high:g} - {low:g})",
}
_MOST_LACKING = 12


def _common(*names: str) -> list[Column]:
    return [COMMON_COLUMNS[name].head for name in names]


_CHECK = (
    *_common("label", "team", "gpu_model"),
    Column("baseline_kwh", "Baseline (kWh)"),
    *_common("baseline_evidence"),
    Column("peers", "Other teams", "integer"),
    Column("peers_kwh", "Their median (kWh)"),
    Column("over_peers", "Own / theirs"),
    Column("ew_rank", "EW rank", "integer"),
    Column("ew_rank_low", "at low end", "integer"),
    Column("ew_rank_high", "at high end", "integer"),
    Column("ew_rank_peers", "with their median", "integer"),
)


def noted(one: Ranked, column: SystemColumn) -> Cell | Value:
    """A figure of a system, with the ends of its interval beside it where they are known."""
    value, interval = column.value(one), interval_of(one, column.name)
    if value is None or interval is None:
        return value
    return Cell(value, note=f"{show(interval.low)} to {show(interval.high)}")


def group_tables(ranking: Ranking) -> list[Table]:
    """The figures of systems with a rank in some tables, those without a figure left out."""
    basis = name_basis(ranking.edition)
    titles = {
        name: f"{title} ({basis})" if basis and name in _WITH_RATIOS else title for name, title in _GROUPS.items()
    }
    tables = [_group(ranking, name, title) for name, title in titles.items()]
    return [table for table in tables if table is not None]


def _group(ranking: Ranking, name: str, title: str) -> Table | None:
    known = base_columns(ranking.edition)
    columns = [column for column in known if column.table == name]
    columns = [column for column in columns if any(column.value(one) is not None for one in ranking.placed)]
    if not columns:
        return None
    chosen = [*known[: 3 if name == "ranking" else 2], *columns]
    rows = [[noted(one, column) for column in chosen] for one in ranking.placed]
    return Table(name, title, [column.head for column in chosen], rows)


def sensitivity_tables(ranking: Ranking) -> dict[str, Table]:
    """Return a table for each stage: how the energy-weighted rank of a system depends on its own baseline energy."""
    if ranking.edition.normalisation.kind == "none":
        return {}
    tables = {}
    for stage in ranking.edition.stages:
        checked = [(one, one.baselines[stage]) for one in ranking.placed if stage in one.baselines]
        checked.sort(key=lambda pair: (pair[1].ew_rank, pair[0].entry.label))
        rows = [
            [one.entry.label, one.entry.team, one.entry.gpu_model, check.baseline_kwh,
             one.entry.baseline_evidence, check.peers, check.peers_kwh, check.over_peers, check.ew_rank,
             check.ew_rank_low, check.ew_rank_high, check.ew_rank_peers]
            for one, check in checked
        ]  # fmt: skip
        if rows:
            note = "The rank by energy-weighted score if only this system's baseline energy were another: an end of "
            note += "its interval, or the median of the other teams with the same GPU model."
            name, title = f"sensitivity_{stage}", f"Sensitivity to the baseline energy, {stage}"
            tables[stage] = Table(name, title, _CHECK, rows, note)
    return tables


def view_table(view: View) -> Table:
    """Return the systems of a view with what it orders them by."""
    score = [] if view.score is None else [Column(*view.score_column)]
    figure = Column(view.name if score else "figure", view.figure_title)
    columns = [Column("place", "Place", "integer"), *_common("label", "team"), *score, figure]
    rows = [
        [place, one.entry.label, one.entry.team, *([view.score(one)] if view.score else []), view.figure(one)]
        for place, one in view.rows
    ]
    return Table(view.name, view.title, columns, rows)


def not_divided(ranking: Ranking) -> list[Table]:
    """Return the table of energies that have no ratio, with the reasons; none where all have one."""
    rows = [
        [
            one.entry.label,
            one.entry.team,
            " and ".join(stage for stage, why in reasons.items() if why == reason),
            reason,
        ]
        for one in ranking.systems
        for reasons in [one.entry.not_comparable]
        for reason in dict.fromkeys(reasons.values())
    ]
    columns = [*_common("label", "team"), Column("stage", "Stage", "text"), *_common("not_comparable")]
    title = "Energies that are not divided by the baseline's"
    return [Table("not_divided", title, columns, rows)] if rows else []


def left_out(ranking: Ranking) -> list[Table]:
    """Return the table of systems without a rank, with the reasons; none where all have one."""
    columns = [COMMON_COLUMNS[name] for name in ("label", "team", "excluded", "findings")]
    rows = [[column.value(one) for column in columns] for one in ranking.systems if one.rank is None]
    heads = [column.head for column in columns]
    return [Table("left_out", "Systems without a rank", heads, rows)] if rows else []


def describe_formulas(edition: Edition) -> list[str]:
    """The formulas of an edition with their constants, one sentence each."""
    rule = edition.normalisation
    names = [edition.scores[name].title for name in edition.weighted_scores]
    weighted = " and ".join(names)
    lines = []
    if rule.kind == "ratio":
        lines.append("Energy ratio = energy of the system / energy of the baseline, same stage, same hardware.")
        lines.append(describe_basis(edition))
        lines += [f"Energy-weighted score = score / energy ratio, for {weighted}."] if names else []
    if rule.kind == "common_reference":
        rounding = "" if rule.decimals is None else f", rounded to {rule.decimals} decimals"
        lines.append(
            f"Normalised energy = energy of the system x {rule.baseline_kwh:g} kWh / baseline energy{rounding}."
        )
    if rule.kind != "ratio" and names:
        energy = "energy" if rule.kind == "none" else "normalised energy"
        by_stage = " or ".join(
            f"x {one.reference_kwh:g} kWh / {stage} {energy}" for stage, one in edition.stages.items()
        )
        lines.append(f"Energy-weighted score = score {by_stage}, for {weighted}.")
    for stage in edition.stages.values():
        lines += [f"{stage.title}: energy of {in_words(stage.scope)}."] if stage.scope else []
    return lines + _ranking_formula(edition)


def describe_reference(ranking: Ranking) -> list[str]:
    """What normalised energies are where an organiser's calibration is the common reference; nothing without one."""
    return [
        f"Normalised energy, {stage} = energy of the system x {energy_kwh:.6g} kWh / baseline energy, by totals."
        for stage, energy_kwh in (ranking.reference or {}).items()
        if is_normalised(ranking.edition, ranking.reference, stage)
    ]


def _ranking_formula(edition: Edition) -> list[str]:
    rule = edition.ranking
    terms = [(edition.scores[term.score].title, term) for term in rule.terms]
    if len(terms) == 1 and rule.kind != "min_max" and terms[0][1].reference == terms[0][1].weight == 1:
        best = "highest" if edition.ranking_sign > 0 else "lowest"
        rank = " (its rank)" if rule.kind == "mean_rank" else ""
        return [f"Ranking score = {terms[0][0]}{rank}, {best} first."]
    if not terms:
        return []
    plain = rule.kind == "ratio_mean" and all(term.reference == 1 for term in rule.terms)
    form = _FORMULAS["sum" if plain else rule.kind]
    parts = [
        (f"{term.weight:.6g} x " if term.weight != 1 else "")
        + form.format(title=title, reference=term.reference, low=term.low, high=term.high)
        + _limits(term)
        for title, term in terms
    ]
    whole = {"sum": "sum", "min_max": "sum", "harmonic_mean": "harmonic mean"}.get(rule.kind, "mean")
    best = "" if edition.ranking_sign > 0 else "; the lowest is best"
    return [f"Ranking score = {whole} of {' and '.join(parts)}{best}.", *_rules_of_ranking(rule)]


def _limits(term: Term) -> str:
    least, most = term.clip
    words = ([f"at least {least:g}"] if least > -math.inf else []) + ([f"at most {most:g}"] if most < math.inf else [])
    return f" ({', '.join(words)})" if words else ""


def _rules_of_ranking(rule: RankedBy) -> list[str]:
    """What the formula leaves open: ties, missing scores, whose scores the references are."""
    lines = []
    if rule.kind == "mean_rank":
        lines.append(f"Equal scores share the {'smallest' if rule.ties == 'smallest' else 'mean'} of their ranks.")
    if rule.missing == "least":
        lines.append("A score that is not known counts the least that its term allows, where it has a limit (K809).")
    if rule.reference_system is not None:
        lines.append(f"The divisors are the scores of {rule.reference_system}.")
    return lines


def describe_intervals(ranking: Ranking) -> list[str]:
    """What the intervals are; nothing where there is none."""
    if not any(one.uncertainty.intervals for one in ranking.systems):
        return []
    kinds = dict.fromkeys(i.label for one in ranking.systems for i in one.entry.intervals.values())
    return [
        f"Intervals: {'; '.join(kinds)}. That of a figure computed from others holds if every input lies in its own.",
        "Of a ratio: what the baseline's interval contains and, where the system was repeated, its own, in quadrature.",
        "Tied with: systems whose score's interval overlaps. The interval of a rank is from those of the scores.",
        *describe_lacking(ranking),
    ]


def describe_lacking(ranking: Ranking) -> list[str]:
    """Which systems with a rank lack an interval, of which scores; nothing where none or all do."""
    rule, sure = ranking.edition.ranking, [one for one in ranking.placed if one.uncertainty.rank is not None]
    lacking = [one for one in ranking.placed if one.uncertainty.rank is None]
    if not sure or not lacking:
        return []
    named = [
        f"{one.entry.label} ({', '.join(missing) or 'ranking score'})"
        for one in lacking[:_MOST_LACKING]
        for missing in [[ranking.edition.scores[name].title for name in rule.names
                         if name not in one.uncertainty.intervals]]
    ]  # fmt: skip
    count = f"{plural(len(lacking), 'system')} without an interval of every score"
    names = ", ".join(named) + more(len(lacking) - _MOST_LACKING)
    return [f"Ranks count {count} at the score alone, which makes other ranks look surer than they are: {names}."]
