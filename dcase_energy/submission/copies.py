"""A system that lies in two packages, such as a folder and the archive made of it, is one system."""

from __future__ import annotations

import os
from collections.abc import Sequence

from dcase_energy.documents.package_rules import PACKAGE_TWICE
from dcase_energy.documents.tree import same_content
from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.package import SystemFiles


def copies_among(systems: Sequence[System]) -> tuple[list[System], list[Finding]]:
    """Systems that another package holds with the same content, and one finding for each package with such.

    Systems of one label that differ are left to the check of labels.
    """
    first: dict[str, System] = {}
    copies: list[System] = []
    labels: dict[tuple[str, str], list[str]] = {}
    for system in systems:
        original = first.setdefault(system.name, system)
        if original.files.tree is system.files.tree or not _same(original.files, system.files):
            continue
        copies.append(system)
        places = (str(one.files.tree.where("")) for one in (system, original))
        labels.setdefault((next(places), next(places)), []).append(system.name)
    tops = {str(system.files.tree.where("")): system.files.tree.where("") for system in copies}
    return copies, [
        PACKAGE_TWICE.finding(tops[here], f"holds what {there} holds, counted once: {', '.join(names[:4])}")
        for (here, there), names in labels.items()
    ]


def _same(one: SystemFiles, other: SystemFiles) -> bool:
    return same_content(one.tree, _by_place(one), other.tree, _by_place(other))


def _by_place(files: SystemFiles) -> dict[str, str]:
    """Names in the tree of all files of a system, by their place as seen from its metadata."""
    outputs = [name for runs in (files.runs, files.unprocessed) for names in runs.values() for name in names]
    own = [files.meta, *outputs, *files.records, *files.journals, *files.tables]
    return {os.path.relpath(f"/{name}", f"/{files.home}"): name for name in own}
