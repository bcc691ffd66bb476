"""Metadata (M)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.rules import CORRESPONDING


def one_corresponding_author(system: System) -> Iterator[Finding]:
    """Exactly one author is the corresponding author."""
    authors = system.submission.authors
    count = sum(author.corresponding is True for author in authors)
    if authors and count != 1:
        where = system.metadata.canonical.where("authors")
        message = f"{count} of {len(authors)} authors have corresponding: true"
        yield CORRESPONDING.finding(where, message, expected="exactly one", found=str(count))
