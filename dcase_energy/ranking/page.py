"""What the page of a ranking shows first: the columns of its table, their bars and marks, and what is to be known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Severity
from dcase_energy.ranking.bases import basis_of, name_basis
from dcase_energy.ranking.field import OWN
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import SystemColumn
from dcase_energy.ranking.tables import noted
from dcase_energy.ranking.views import View, comparable_energy, energies_of, rank_pairs, score_reference
from dcase_energy.rules import get
from dcase_energy.sheets.report import Bar, Overview, PageView
from dcase_energy.sheets.table import Badge, Cell, Column, Table, Value, cell_of, show
from dcase_energy.text import plural

MOST_FIRST = 8
_GROUPS = (
    "System", "Scores", "Energy", "Energy-weighted", "Notes", "Team", "Certainty", "Other scores", "Complexity",
    "Parts",
)  # fmt: skip
# What a button or an entry of a list need not repeat.
_SHORT = re.compile(r"^Pareto front: |^By (?=ranking score|energy-weighted)")


def overview_of(ranking: Ranking, columns: Sequence[SystemColumn], views: Sequence[View]) -> Overview:
    """Return the table of the page: columns with something in them, intervals in the cells of their figures."""
    known = {column.name: column for column in columns if column.interval_of is None and _filled(column, ranking)}
    first = _first_columns(ranking, list(known))
    chosen = _in_order(ranking, known, first, [view.column for view in views])
    at = {id(one): place for place, one in enumerate(ranking.systems)}
    titles = _titles(ranking)
    heads = [replace(column.head, title=titles.get(column.name, column.title)) for column in chosen]
    marks = _marks(ranking)
    rows = [[_cell(one, column, marks.get(column.name)) for column in chosen] for one in ranking.systems]
    stages = list(ranking.edition.stages)
    return Overview(
        Table("ranking", "Systems", heads, rows),
        _summary(ranking),
        _cards(ranking),
        [_page_view(view, at, first, stages) for view in views] or [PageView("all", "All systems", "label", 1, first)],
        label="label",
        choose="team",
        rank="rank",
        phone=[name for name in first if name in {"rank", "label", "ranking_score", *_one_stage(ranking)}],
        bars=_bars(ranking, first),
        reasons={place: one.entry.excluded or "" for place, one in enumerate(ranking.systems) if one.rank is None},
        marked=next((one.entry.team for one in ranking.systems if one.entry.extra.get(OWN)), ""),
        references={place: "baseline" for place, one in enumerate(ranking.systems) if one.entry.is_baseline},
    )


def findings_table(ranking: Ranking) -> Table | None:
    """Return what the codes in the rows mean, the gravest first; None where there is none."""
    counts = Counter(code for one in ranking.systems for code in one.entry.findings)
    known = [(rule, count) for code, count in counts.items() if (rule := get(code)) is not None]
    known.sort(key=lambda pair: (list(Severity).index(pair[0].severity), pair[0].code))
    rows: list[list[Cell | Value]] = [
        [Cell(rule.code, anchor=_anchor(rule.code)), str(rule.severity), count, rule.title, rule.why, rule.fix]
        for rule, count in known
    ]
    columns = [
        Column("code", "Code", "text"),
        Column("severity", "Severity", "text"),
        Column("systems", "Systems", "integer"),
        Column("rule", "Rule", "text"),
        Column("why", "Why it matters", "text"),
        Column("fix", "How to fix it", "text"),
    ]
    return Table("findings", "Findings explained", columns, rows) if rows else None


def _anchor(code: str) -> str:
    return f"finding-{code}"


def _first_columns(ranking: Ranking, known: Sequence[str]) -> list[str]:
    """About eight columns that answer who is first and at what energy; scores and sizes fill what energies leave."""
    stages = list(ranking.edition.stages)
    weighted = [name.format(stages[0]) for name in ("ew_ranking_score_{}", "ew_rank_{}") if stages]
    energies = [energy.column for energy in energies_of(ranking).values()]
    first = ["rank", "label", "ranking_score", *energies, *weighted]
    first = [name for name in first if name in known]
    others = [*ranking.edition.ranking.names, *ranking.edition.scores, "total_parameters", "macs"]
    filling = [name for name in dict.fromkeys(others) if name in known and name not in first]
    notes = ["findings"] if "findings" in known else []
    return [*first, *filling[: max(0, MOST_FIRST - len(first) - len(notes))], *notes]


def _one_stage(ranking: Ranking) -> list[str]:
    """What a phone has room for besides the score; scores and sizes where no energy is known."""
    stage = next(iter(ranking.edition.stages), "")
    energy = [comparable_energy(ranking, stage).column, f"ew_rank_{stage}"] if stage else []
    return [*energy, *ranking.edition.ranking.names[:2]] if _has_energy(ranking) is None else energy


def _has_energy(ranking: Ranking) -> str | None:
    """The first stage in which any system has an energy that can be compared; None without one."""
    return next(
        (stage for stage in ranking.edition.stages if any(one.entry.energy_kwh.get(stage) for one in ranking.placed)),
        None,
    )


def _in_order(
    ranking: Ranking, known: Mapping[str, SystemColumn], first: Sequence[str], sorted_by: Sequence[str]
) -> list[SystemColumn]:
    """The first columns, those of the other stages' views beside them, then the others group by group."""
    weighted = [name for name in sorted_by if name.startswith("ew_")]
    beside = [*weighted, *(name.replace("ew_ranking_score", "ew_rank") for name in weighted)]
    names = [name for name in first if name != "findings"]
    names += [name for name in beside if name in known and name not in names] + ["findings"] * ("findings" in first)
    # One baseline figure for all stages has one column, others one for each stage.
    baselines = {stage.baseline for stage in ranking.edition.stages.values()}
    rest = [one for name, one in known.items() if name not in names and not _repeats(one, baselines)]
    order = [*_GROUPS, *dict.fromkeys(column.group for column in rest)]
    rest.sort(key=lambda column: order.index(column.group))
    return [*(known[name] for name in names), *rest]


def _repeats(column: SystemColumn, baselines: set[str]) -> bool:
    return column.group == "Energy" and column.name.startswith("energy_baseline_") and column.name not in baselines


def _titles(ranking: Ranking) -> dict[str, str]:
    """Headings that need no abbreviation, as there are few columns."""
    found = {}
    for stage, energy in energies_of(ranking).items():
        found[energy.column] = energy.heading
        found[f"ew_ranking_score_{stage}"] = f"Energy-weighted score, {stage}"
        found[f"ew_rank_{stage}"] = f"Energy-weighted rank, {stage}"
    return found


def _filled(column: SystemColumn, ranking: Ranking) -> bool:
    # It stands in a row below that of the system.
    if column.name == "excluded":
        return False
    return column.name in {"rank", "label", "team"} or any(column.value(one) is not None for one in ranking.systems)


def _cell(one: Ranked, column: SystemColumn, mark: Callable[[Ranked, Cell], Cell] | None) -> Cell | Value:
    return noted(one, column) if mark is None else mark(one, cell_of(noted(one, column)))


def _marks(ranking: Ranking) -> dict[str, Callable[[Ranked, Cell], Cell]]:
    """What stands beside the figures of some columns, by their names."""
    marks: dict[str, Callable[[Ranked, Cell], Cell]] = {
        "rank": _with_ties,
        "label": lambda one, cell: replace(cell, note=one.entry.team),
        "findings": lambda one, cell: replace(cell, badges=_badges(one)),
    }
    for stage, energy in energies_of(ranking).items():
        marks[f"ew_rank_{stage}"] = _with_change(ranking, stage)
        marks[energy.column] = _with_basis(ranking.edition, stage)
    return marks


def _with_ties(one: Ranked, cell: Cell) -> Cell:
    tied = one.uncertainty.tied_with
    return replace(cell, note=f"{cell.note} ≈ {tied}".strip()) if tied else cell


def _with_change(ranking: Ranking, stage: str) -> Callable[[Ranked, Cell], Cell]:
    """By how many places a system is better by energy-weighted score."""
    places = {id(one): by_score - weighted for one, by_score, weighted in rank_pairs(ranking, stage)}
    return lambda one, cell: replace(cell, change=places.get(id(one)))


def _with_basis(edition: Edition, stage: str) -> Callable[[Ranked, Cell], Cell]:
    return lambda one, cell: (
        cell if cell.value is None else replace(cell, basis=basis_of(one.entry, edition, stage) or "")
    )


def _badges(one: Ranked) -> list[Badge]:
    """Findings, the gravest first, and whether the system is made of several."""
    rules = [(get(code), code) for code in one.entry.findings]
    known = [(rule, code) for rule, code in rules if rule is not None]
    known.sort(key=lambda pair: (list(Severity).index(pair[0].severity), pair[1]))
    found = [Badge(code, f"the rule is: {rule.title}", str(rule.severity), _anchor(code)) for rule, code in known]
    found += [Badge(code) for rule, code in rules if rule is None]
    several = one.entry.ensemble_subsystems or 1
    return [*found, Badge(f"ensemble {several:,}", "made of several subsystems")] if several > 1 else found


def _bars(ranking: Ranking, first: Sequence[str]) -> dict[str, Bar]:
    """Scores from 0, energies by their logarithm from the baseline's, which a line marks."""
    bars = {energy.column: Bar(True, energy.at_baseline) for energy in energies_of(ranking).values()}
    if ranking.edition.ranking_sign > 0:
        bars["ranking_score"] = Bar(False, score_reference(ranking))
    return {name: bar for name, bar in bars.items() if name in first}


def _summary(ranking: Ranking) -> str:
    systems = ranking.counted()
    if _has_energy(ranking) is None:
        return systems
    common = ranking.edition.normalisation.kind == "common_reference"
    energies = "energies on a common reference machine" if common else name_basis(ranking.edition)
    return ", ".join(filter(None, [systems, energies]))


def _cards(ranking: Ranking) -> list[tuple[str, str, str]]:
    """Who is best, by how much energies differ, and how many systems need a look."""
    cards = _best("ranking score", [(one, one.figures.ranking_score) for one in ranking.placed if one.rank == 1])
    stage = _has_energy(ranking)
    if stage is not None:
        pairs = rank_pairs(ranking, stage)
        best = [(one, one.figures.ew_ranking_score[stage]) for one, _, rank in pairs if rank == 1]
        cards += _best(f"energy-weighted score ({stage})", best)
        energy = comparable_energy(ranking, stage)
        found = [value for one in ranking.placed if (value := energy.figure(one)) is not None and value > 0]
        if len(found) > 1 and max(found) >= 2 * min(found):
            spread = f"1 : {max(found) / min(found):,.0f}"
            cards.append((spread, f"lowest to highest {energy.words} ({stage})", ""))
    grave = sum(any(badge.kind != "info" for badge in _badges(one)) for one in ranking.systems)
    if left := len(ranking.systems) - len(ranking.placed) - ranking.unread:
        cards.append((plural(left, "system"), "without a rank; the reason stands below each", ""))
    if grave:
        cards.append((plural(grave, "system"), "with errors or warnings", "findings"))
    return cards


def _best(what: str, found: Sequence[tuple[Ranked, float | None]]) -> list[tuple[str, str, str]]:
    """The first of some systems with the same rank."""
    if not found:
        return []
    (one, score), others = found[0], len(found) - 1
    return [(one.entry.label, f"{'shares the' if others else ''} best {what}, {show(score)}".strip(), "")]


def _page_view(view: View, at: Mapping[int, int], first: Sequence[str], stages: Sequence[str]) -> PageView:
    """What a view is sorted by in the page's table; fronts rise with what the score is set against."""
    whole = view.name == "score" or view.name.startswith("ew_")
    rows = None if whole else {at[id(one)] for _, one in view.rows}
    by_rank = view.column == "ranking_score"
    # The weighted columns of the view's own stage stand in the place of those of the first.
    stage = next((stage for stage in stages if view.name == f"ew_{stage}"), None)
    columns = [f"{name.removesuffix(stages[0])}{stage}" if stage and name.startswith("ew_") else name for name in first]
    if view.column not in columns:
        columns.append(view.column)
    sort, direction = ("rank", 1) if by_rank else (view.column, -view.sign)
    menu = "Pareto fronts" if view.name.startswith("front_") else ""
    title, _, note = _SHORT.sub("", view.title).partition(": ")
    return PageView(view.name, title[0].upper() + title[1:], sort, direction, columns, rows, menu, note)
