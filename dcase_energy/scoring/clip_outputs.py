"""Finding the tables of clips there are to score."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from dcase_energy.documents.tree import Folder
from dcase_energy.editions.outputs import Outputs
from dcase_energy.findings import Finding, Where, capped
from dcase_energy.scoring.clip_rules import CLIP_TABLES
from dcase_energy.scoring.clip_tables import group_of
from dcase_energy.scoring.outputs import Output, SystemOutputs, tree_of

_CLIP_TABLE = re.compile(r"(?:(?P<system>.+)\.)?output(?P<part>\..+)?\.(?:csv|tsv)")


def find_clip_tables(path: Path, layout: Outputs) -> tuple[list[SystemOutputs], list[Finding]]:
    """The systems of a path whose tables of clips are as an edition names them.

    A file is the table of a system. In a folder or an archive, ``<system>.output.csv`` is one, or, where the edition
    has a table for each group of clips, each folder with such tables is a system.
    """
    tree, own_name = tree_of(path)
    if tree is None:
        output = Output(Folder(path.parent), (path.name,), "clips")
        return [SystemOutputs(path.name.partition(".")[0], str(path), {"run1": output})], []
    found: dict[tuple[str, str], list[str]] = {}
    for name in tree.names():
        place = PurePosixPath(name)
        if layout.file is not None and group_of(name, layout) is not None:
            found.setdefault((str(place.parent), place.parent.name or own_name), []).append(name)
        elif layout.file is None and (match := _CLIP_TABLE.fullmatch(place.name)):
            # Named after its system or folder, with the part of a task that has several tables.
            part = (match["part"] or "").replace(".", " ")
            found.setdefault((name, (match["system"] or place.parent.name or own_name) + part), []).append(name)
    problems = capped(tree.problems(), family=lambda one: one.code)
    if not found:
        expected = layout.file or "<label>.output.csv"
        problems.append(CLIP_TABLES.finding(Where(str(path)), "no table of clips", expected=expected))
    return [
        SystemOutputs(name, str(path / place), {"run1": Output(tree, tuple(names), "clips")})
        for (place, name), names in sorted(found.items())
    ], problems
