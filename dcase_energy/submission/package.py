"""Finding the systems in what a team handed in.

A system is a metadata file with its outputs and records beside it::

    <label>/
      <label>.meta.yaml
      <label>_run1.output/<clip>.tsv ...
      <label>_run1_unprocessed.output/<clip>.tsv ...
      calibration.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dcase_energy.documents.tree import Folder, Tree
from dcase_energy.findings import Finding, Where
from dcase_energy.submission.rules import NO_SYSTEM

_META = re.compile(r"(?P<stem>.+?)(?:\.meta)?\.ya?ml", re.IGNORECASE)
_OUTPUT = re.compile(r"(?P<label>.+?)(?:_run(?P<run>[0-9]+))?(?P<raw>_unprocessed)?\.output")


@dataclass(frozen=True)
class SystemFiles:
    """The files of one system.

    Attributes
    ----------
    tree
        Where they are.
    meta
        Name of the metadata file in the tree.
    stem
        Name of the metadata file without ``.meta.yaml``: it should be the label.
    folder
        Name of the system's folder; None where the metadata file was given by itself.
    runs
        Score files of each run: ``runs[1]`` lists names in the tree.
    records
        JSON files beside the metadata or one level above, candidates for records.
    """

    tree: Tree
    meta: str
    stem: str
    folder: str | None
    runs: dict[int, list[str]] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)


def find_systems(path: Path) -> tuple[list[SystemFiles], list[Finding]]:
    """Systems below a path: a metadata file, or a folder with any number of systems at any depth."""
    if path.is_dir():
        tree = Folder(path)
        systems = list(_systems_of(tree, path.name))
        if not systems:
            where = Where(str(path))
            return [], [NO_SYSTEM.finding(where, "no metadata file (*.meta.yaml) in this folder or below")]
        return systems, []
    match = _META.fullmatch(path.name)
    stem = match["stem"] if match else path.stem
    return [SystemFiles(Folder(path.parent), path.name, stem, None)], []


def _systems_of(tree: Tree, root_name: str) -> Iterator[SystemFiles]:
    names = tree.names()
    for name in names:
        pure = PurePosixPath(name)
        match = _META.fullmatch(pure.name)
        if match is None or _inside_output(pure):
            continue
        folder = pure.parent.name or root_name
        yield SystemFiles(
            tree=tree,
            meta=name,
            stem=match["stem"],
            folder=folder,
            runs=_runs(names, pure.parent, match["stem"]),
            records=_records(names, pure.parent),
        )


def _inside_output(name: PurePosixPath) -> bool:
    return any(part.endswith(".output") for part in name.parent.parts)


def _runs(names: Sequence[str], folder: PurePosixPath, stem: str) -> dict[int, list[str]]:
    """Score files of each run, post-processed ones only, of the system with this name."""
    runs: dict[int, list[str]] = {}
    for name in names:
        pure = PurePosixPath(name)
        match = _OUTPUT.fullmatch(pure.parent.name)
        if match and pure.parent.parent == folder and match["label"] == stem and not match["raw"]:
            runs.setdefault(int(match["run"] or 1), []).append(name)
    return dict(sorted(runs.items()))


def _records(names: Sequence[str], folder: PurePosixPath) -> list[str]:
    near = (folder, folder.parent)
    found = [name for name in names if name.endswith(".json") and PurePosixPath(name).parent in near]
    # The system's own folder comes before the one it shares with other systems.
    return sorted(found, key=lambda name: (near.index(PurePosixPath(name).parent), name))
