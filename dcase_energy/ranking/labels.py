"""Each system is ranked once: labels that are missing, come twice, or differ in case alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_DUPLICATE
from dcase_energy.findings import Finding, Where
from dcase_energy.ranking.entry import Entry, why_excluded
from dcase_energy.submission.checks.names import LABEL_TWICE
from dcase_energy.submission.placeholders import is_none_word
from dcase_energy.text import seen


def is_blank(label: str) -> bool:
    """Whether nothing of a label can be seen, or it is a word for nothing, as spreadsheets write ``nan``."""
    return not seen(label) or is_none_word(label)


def key_of(label: str) -> str:
    """What is equal for labels that people take for the same."""
    return folded(" ".join(unicodedata.normalize("NFC", label).split()))


def ranked_once(entries: Iterable[Entry]) -> tuple[list[Entry], list[Finding]]:
    """The systems of several sources, in their order, each of which may be ranked.

    Of a label that comes several times the first is taken; one that differs from another in case alone stays in the
    sheet without a rank.
    """
    first: dict[str, str] = {}
    kept: dict[str, Entry] = {}
    counts: dict[str, int] = {}
    findings = []
    for entry in entries:
        counts[entry.label] = counts.get(entry.label, 0) + 1
        if entry.label in kept:
            continue
        other = first.setdefault(key_of(entry.label), entry.label)
        if other != entry.label and entry.excluded is None:
            message = f"label {entry.label[:80]!r} differs only in case or spaces from {other[:80]!r}: one is ranked"
            findings.append(TABLE_DUPLICATE.finding(Where(entry.label[:120]), message))
            kept[entry.label] = without_rank(entry, findings[-1])
        else:
            kept[entry.label] = entry
    for label, count in counts.items():
        # Packages that share a label have an error each already.
        if count > 1 and LABEL_TWICE.code not in kept[label].findings:
            message = f"label {label[:80]!r} comes {count} times in the sources: the first is ranked"
            findings.append(TABLE_DUPLICATE.finding(Where(label[:120]), message))
    return list(kept.values()), findings


def without_rank(entry: Entry, finding: Finding) -> Entry:
    """The entry with a finding that keeps it from being ranked."""
    codes = tuple(sorted({*entry.findings, finding.code}))
    return replace(entry, excluded=entry.excluded or why_excluded([finding]), findings=codes)
