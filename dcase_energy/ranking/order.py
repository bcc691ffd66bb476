"""The order of a ranking: total, explicit, and never better for a figure that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Where
from dcase_energy.ranking.bases import official_basis, weaker_bases, with_basis
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.epochs import ToBaseline, to_baseline
from dcase_energy.ranking.figures import Figures, Reference, figures
from dcase_energy.ranking.named_scores import counting_least, unranked, with_references
from dcase_energy.ranking.normalize import mean_ranks
from dcase_energy.ranking.rules import BASELINE_ODD, BASIS_WEAKER, SCORE_LEAST
from dcase_energy.ranking.sensitivity import BaselineCheck, check_baselines, odd_baselines
from dcase_energy.ranking.uncertainty import Uncertainty, carried, judge
from dcase_energy.text import plural


@dataclass(frozen=True, slots=True)
class Ranked:
    """A system with its figures and its rank; None for a system that gets no rank."""

    rank: int | None
    entry: Entry
    figures: Figures
    uncertainty: Uncertainty = field(default_factory=Uncertainty)
    baselines: Mapping[str, BaselineCheck] = field(default_factory=dict)
    to_baseline: ToBaseline | None = None


@dataclass(frozen=True)
class Ranking:
    """All systems in their order, with the rules and the reference they were ranked by.

    ``against`` are pairs of a score and a cost, by their columns, that a front is asked for.
    """

    edition: Edition
    systems: Sequence[Ranked]
    reference: Reference = None
    against: Sequence[tuple[str, str]] = ()

    @property
    def placed(self) -> list[Ranked]:
        """The systems with a rank."""
        return [one for one in self.systems if one.rank is not None]

    @property
    def unread(self) -> int:
        """Number of rows that are packages in which no system could be read."""
        return sum(one.entry.unread for one in self.systems)

    def counted(self) -> str:
        """Return how many systems there are, how many have a rank, and how many packages had none to read."""
        count = plural(len(self.systems) - self.unread, "system")
        unread = f", {plural(self.unread, 'package')} without a readable system" if self.unread else ""
        return f"{count}, {len(self.placed):,} with a rank{unread}"

    @property
    def findings(self) -> list[Finding]:
        """What only shows when systems are ranked together; the rows of the systems name it, too."""
        odd = odd_baselines([(one.entry, one.baselines) for one in self.placed])
        found = [*odd, *(finding for one in self.placed for finding in _of_entry(one.entry, self.edition))]
        waived = {one.entry.label[:120]: one.entry.waived for one in self.placed}
        reasons = [waived.get(finding.where.file, {}).get(finding.code) for finding in found]
        return [one if reason is None else one.waive(reason) for one, reason in zip(found, reasons, strict=True)]


def make_ranking(entries: Sequence[Entry], edition: Edition, reference: Reference = None) -> Ranking:
    """Rank systems, by the one basis that all of them have where the edition asks for the best; see `rank_entries`.

    Raises
    ------
    InputError
        If the edition divides scores by those of a system whose scores are not known.
    """
    edition = with_references(with_basis(edition, entries), entries)
    return Ranking(edition, _with_progress(rank_entries(entries, edition, reference), edition), reference)


def _with_progress(systems: Sequence[Ranked], edition: Edition) -> list[Ranked]:
    """The systems with what they spent until they reached the baseline's score, where both have a log of epochs."""
    logs = [one.entry.epochs for one in systems if one.entry.is_baseline and one.entry.epochs is not None]
    score, stage = max((log.best for log in logs), default=None), edition.component_stage
    if score is None or stage is None:
        return list(systems)
    return [
        one
        if one.entry.epochs is None
        else replace(one, to_baseline=to_baseline(one.entry.epochs, score, one.entry.comparable_baseline_kwh(stage)))
        for one in systems
    ]


def rank_entries(entries: Sequence[Entry], edition: Edition, reference: Reference = None) -> list[Ranked]:
    """Order systems by ranking score, best first.

    Equal scores share a rank (1, 2, 2, 4); among them the label decides the row. Systems without a score, and those
    that are excluded, come last without a rank, by label.
    """
    computed = _computed(entries, edition, reference)
    computed.sort(key=lambda pair: _sort_key(pair[0], pair[1], edition.ranking_sign))
    scored = [(entry, score) for entry, result in computed if (score := _score(entry, result)) is not None]
    ranks = shared_ranks([score for _, score in scored])
    intervals = [carried(entry, edition, reference) for entry, _ in computed]
    judged = judge(scored, intervals[: len(scored)], edition)
    checks = check_baselines(computed[: len(scored)], edition)
    placed = [
        Ranked(rank, _marked(entry, check, edition), result, uncertainty, check)
        for rank, (entry, result), uncertainty, check in zip(ranks, computed, judged, checks, strict=False)
    ]
    rest = zip(computed[len(scored) :], intervals[len(scored) :], strict=True)
    return [
        *placed,
        *(Ranked(None, unranked(entry, edition), result, Uncertainty(known)) for (entry, result), known in rest),
    ]


def _computed(entries: Sequence[Entry], edition: Edition, reference: Reference) -> list[tuple[Entry, Figures]]:
    """Entries with their figures; a mean of ranks, which takes all systems, is added to those that may be ranked."""
    found = [figures(entry, edition, reference) for entry in entries]
    if edition.ranking.kind == "mean_rank":
        signs = [1 if edition.scores[name].better == "lower" else -1 for name in edition.ranking.names]
        rows = [
            [None if entry.excluded or (value := entry.scores.get(name)) is None else sign * value
             for name, sign in zip(edition.ranking.names, signs, strict=True)]
            for entry in entries
        ]  # fmt: skip
        means = mean_ranks(rows, [term.weight for term in edition.ranking.terms], edition.ranking.ties)
        found = [replace(one, ranking_score=mean) for one, mean in zip(found, means, strict=True)]
    return list(zip(entries, found, strict=True))


def _marked(entry: Entry, checks: Mapping[str, BaselineCheck], edition: Edition) -> Entry:
    """The system with what only a sheet shows: a baseline unlike others', evidence weaker than the sheet's basis."""
    odd = [BASELINE_ODD.code] if any(check.odd for check in checks.values()) else []
    found = [*odd, *(finding.code for finding in _of_entry(entry, edition))]
    return replace(entry, findings=tuple(sorted({*entry.findings, *found}))) if found else entry


def _of_entry(entry: Entry, edition: Edition) -> Iterator[Finding]:
    """What shows of one system when it is ranked: evidence weaker than the sheet's basis, scores that count least."""
    official, where = official_basis(edition), Where(entry.label[:120])
    if bases := weaker_bases(entry, edition):
        message = f"its evidence has no ratio by the basis {official}: it is not weighted by energy"
        yield BASIS_WEAKER.finding(where, message, expected=official, found=bases[0])
    if names := counting_least(entry, edition):
        message = f"no figure of {' and '.join(names)}: counts the least that the ranking formula allows"
        yield SCORE_LEAST.finding(where, message, expected="a number", found="none")


def shared_ranks(scores: Sequence[float]) -> list[int]:
    """Ranks of scores in their order: equal ones share theirs (1, 2, 2, 4)."""
    ranks: list[int] = []
    for position, score in enumerate(scores, 1):
        tied = position > 1 and score == scores[position - 2]
        ranks.append(ranks[-1] if tied else position)
    return ranks


def _score(entry: Entry, result: Figures) -> float | None:
    return None if entry.excluded else result.ranking_score


def _sort_key(entry: Entry, result: Figures, sign: int) -> tuple[bool, float, str]:
    score = _score(entry, result)
    return (score is None, 0.0 if score is None else -sign * score, entry.label)
