"""A system that lies in two packages, such as a folder and the archive made of it, is one system."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from dcase_energy.documents.package_rules import PACKAGE_TWICE
from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.package import SystemFiles

_MAX_BYTES = 1_000_000_000


def copies_among(systems: Sequence[System]) -> tuple[list[System], list[Finding]]:
    """Systems that another package holds with the same content, and one finding for each package with such.

    Systems of one label that differ are left to the check of labels.
    """
    first: dict[str, System] = {}
    copies: list[System] = []
    labels: dict[tuple[str, str], list[str]] = {}
    for system in systems:
        original = first.setdefault(system.name, system)
        if original.files.tree is system.files.tree or not _same_content(original.files, system.files):
            continue
        copies.append(system)
        places = (str(one.files.tree.where("")) for one in (system, original))
        labels.setdefault((next(places), next(places)), []).append(system.name)
    tops = {str(system.files.tree.where("")): system.files.tree.where("") for system in copies}
    return copies, [
        PACKAGE_TWICE.finding(tops[here], f"holds what {there} holds, counted once: {', '.join(names[:4])}")
        for (here, there), names in labels.items()
    ]


def _same_content(one: SystemFiles, other: SystemFiles) -> bool:
    names, others = _by_place(one), _by_place(other)
    if names.keys() != others.keys():
        return False
    return all(_digest(one, names[place]) == _digest(other, others[place]) is not None for place in names)


def _by_place(files: SystemFiles) -> dict[str, str]:
    """Names in the tree of all files of a system, by their place as seen from its metadata."""
    outputs = [name for runs in (files.runs, files.unprocessed) for names in runs.values() for name in names]
    own = [files.meta, *outputs, *files.records, *files.journals, *files.tables]
    return {os.path.relpath(f"/{name}", f"/{files.home}"): name for name in own}


def _digest(files: SystemFiles, name: str) -> str | None:
    data = files.tree.read(name, _MAX_BYTES)
    return None if isinstance(data, Finding) else hashlib.sha256(data).hexdigest()
