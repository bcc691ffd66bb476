"""Find the systems in a submitted folder or zip archive.

A system is a metadata file with its outputs and records beside it::

    <label>/
      <label>.meta.yaml
      <label>_run1.output/<clip>.tsv ...
      <label>_run1_unprocessed.output/<clip>.tsv ...
      calibration.json, calibration.journal.jsonl
      emissions_training.csv ...
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dcase_energy.documents.codecarbon.names import is_table
from dcase_energy.documents.files import kind_of_bytes, kind_of_file
from dcase_energy.documents.names import ARCHIVES, output_folder
from dcase_energy.documents.package_rules import REPORT_KIND
from dcase_energy.documents.tree import Folder, OneFile, Tree
from dcase_energy.documents.yaml import MAX_BYTES
from dcase_energy.editions.outputs import Outputs
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define

NO_SYSTEM = define(
    Rule(
        code="N101",
        name="no-system",
        title="There is at least one system to check",
        why="A check that finds nothing to check must not look like a pass.",
        bad="an empty folder",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml",
        fix="give the folder that holds <label>/<label>.meta.yaml",
    )
)
METADATA_BESIDE = define(
    Rule(
        code="N102",
        name="metadata-beside",
        title="Metadata beside a *.meta.yaml are called *.meta.yaml too",
        why="Packages hold other YAML files, of settings or of tools; where one file is called *.meta.yaml, only such "
        "files are read as metadata, and a system in another one would be left out without a message.",
        bad="Adams_UNI_task4_2.yaml beside Adams_UNI_task4_1.meta.yaml",
        good="Adams_UNI_task4_2.meta.yaml beside Adams_UNI_task4_1.meta.yaml",
        fix="rename it to <label>.meta.yaml if it is a system, else remove it",
        severity=Severity.WARNING,
    )
)
OUTPUT_OF_NOBODY = define(
    Rule(
        code="O624",
        name="outputs-of-no-system",
        title="An output folder is named after the metadata file beside it",
        why="Outputs under another name are not found: the system would be ranked without them.",
        bad="Adams_UNI_task4_1/Adam_UNI_task4_1_run1.output/",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1_run1.output/",
        fix="name the folder <label>_run<number>.output and put it beside <label>.meta.yaml",
    )
)


# Metadata that came through standard input has this name, and no file name to compare its label with.
STDIN = Path("-")
_MAX_REPORT_BYTES = 100_000_000
_META = re.compile(r"(?P<stem>.+?)(?P<meta>\.meta)?\.ya?ml", re.IGNORECASE)
_SUBMISSION = re.compile(rb"""(?:\xef\xbb\xbf)?["']?submission["']?[ \t]*:""")
_OF_SUBMISSION = re.compile(rb"""[ \t]+["']?(?:label|authors)["']?[ \t]*:""")


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
        Name of the metadata file without ``.meta.yaml``: it should be the label. Empty where it has no name.
    folder
        Name of the system's folder; None where the metadata file was given by itself.
    runs, unprocessed
        Files in the output folder of each run: ``runs[1]`` lists names in the tree.
    reports
        PDF files in the system's folder or any folder above it: one report serves all systems of a team.
    records, journals, tables
        JSON files, journals (JSON lines) and CSV files beside the metadata or one level above: candidates for records
        and for CodeCarbon's figures. Those also lie in a folder named after emissions, and as YAML.
    """

    tree: Tree
    meta: str
    stem: str
    folder: str | None
    runs: dict[int, list[str]] = field(default_factory=dict)
    unprocessed: dict[int, list[str]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    journals: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def holds(self, where: Where) -> bool:
        """Whether a place is in the metadata, the outputs or the evidence of this system, shared evidence included.

        What is wrong with an archive as a whole is wrong with each of its systems.
        """
        folders = {str(PurePosixPath(names[0]).parent) for names in self.outputs() if names}
        near = ("", self.meta, *folders, *self.records, *self.journals, *self.tables)
        if any(_same_file(where, self.tree.where(name)) for name in near):
            return True
        # The folder of a run may be a link, have another name, or hold a folder: its files are then none of the run.
        home = "" if self.home == PurePosixPath() else str(self.home)
        run = _inside(where, self.tree.where(home)).partition("/")[0]
        named = self.home.name == self.stem or run.startswith(f"{self.stem}_run")
        return (_is_output(run) and named) or any(_inside(where, self.tree.where(folder)) for folder in folders)

    def outputs(self) -> list[list[str]]:
        """The files of each run, post-processed and unprocessed."""
        return [*self.runs.values(), *self.unprocessed.values()]

    def brings(self, where: Where) -> bool:
        """Whether a place is in a file of this system or in one that it shares with others of its team."""
        return self.holds(where) or any(_same_file(where, self.tree.where(name)) for name in self.reports)

    def is_in_package(self, where: Where) -> bool:
        """Whether a place is in the folder or archive that holds this system, in any file of it."""
        return bool(_inside(where, self.tree.where("")))

    def names(self) -> list[str]:
        """Names in the tree of all files that are read of the system, reports and shared evidence included."""
        outputs = [name for names in self.outputs() for name in names]
        return [self.meta, *outputs, *self.reports, *self.records, *self.journals, *self.tables]

    def by_place(self) -> dict[str, str]:
        """Names in the tree of all files of the system, except reports, by their place relative to its metadata."""
        own = [name for name in self.names() if name not in self.reports]
        return {os.path.relpath(f"/{name}", f"/{self.home}"): name for name in own}

    @property
    def home(self) -> PurePosixPath:
        """The folder in the tree that holds the metadata."""
        return PurePosixPath(self.meta).parent


def clip_tables_of(files: SystemFiles, layout: Outputs) -> list[str]:
    """Names of a system's tables of clips, beside its metadata; only those that are named as the edition says."""
    beside = [name for name in files.tree.names() if PurePosixPath(name).parent == files.home]
    if layout.file is not None:
        return [name for name in beside if re.fullmatch(layout.file, name.rpartition("/")[2])]
    own = re.compile(rf"output\.csv|{re.escape(files.stem)}\.output(?:\..+)?\.[ct]sv")
    return [name for name in beside if own.fullmatch(name.rpartition("/")[2])]


def _same_file(one: Where, other: Where) -> bool:
    return (one.file, one.member) == (other.file, other.member)


def _inside(where: Where, folder: Where) -> str:
    """The path of a place within a folder, or within an archive as a whole; nothing where it is elsewhere."""
    if folder.member is None and where.file == folder.file:
        return where.member or ""
    place, beginning = (where.file, folder.file) if folder.member is None else (where.member or "", folder.member)
    inside = place.startswith(f"{beginning}/") and (folder.member is None or where.file == folder.file)
    return place[len(beginning) + 1 :] if inside else ""


def _is_output(folder: str) -> bool:
    """By the end of its name, however it is written."""
    return folder.casefold().endswith(".output")


def find_systems(path: Path, data: bytes | None = None) -> tuple[list[SystemFiles], list[Finding]]:
    """Systems in a metadata file, or at any depth in a folder or an archive.

    ``data`` is the content of standard input, where ``path`` is not a file.
    """
    if data is None and path.is_dir():
        return _in_tree(Folder(path), name_of_folder(path), "this folder or below")
    if data.startswith(b"PK") if data is not None else is_archive(path):
        from dcase_energy.documents.archive import Archive

        return _in_tree(Archive(path, data), None, "this archive")
    match = _META.fullmatch(path.name)
    stem = match["stem"] if match else path.stem
    return [SystemFiles(OneFile(path, data), path.name, "" if path == STDIN else stem, None)], []


def name_of_folder(path: Path) -> str:
    """The name of a folder, also where it is written as ``.`` or ends in ``..``."""
    return path.name if path.name not in {"", ".."} else path.resolve().name


def is_archive(path: Path) -> bool:
    """Whether a file is to be taken for an archive: by its name, or by its first bytes where they are one's."""
    name = path.name.lower()
    return name.endswith(ARCHIVES) or (not name.endswith((".yaml", ".yml")) and kind_of_file(path) is not None)


def _in_tree(tree: Tree, root_name: str | None, place: str) -> tuple[list[SystemFiles], list[Finding]]:
    metas, beside = metadata_among(tree, root_name)
    folders = _by_folder(tree)
    systems = [_system_of(tree, name, root_name, folders) for name in metas]
    findings = [*tree.problems(), *beside, *_of_nobody(tree, systems, folders), *_reports(tree)]
    if not systems and not any(finding.severity == "error" for finding in findings):
        findings.append(NO_SYSTEM.finding(tree.where(""), f"no metadata file (*.meta.yaml) in {place}"))
    return systems, findings


def _by_folder(tree: Tree) -> dict[PurePosixPath, list[str]]:
    found: dict[str, list[str]] = {}
    for name in tree.names():
        found.setdefault(name.rpartition("/")[0], []).append(name)
    return {PurePosixPath(folder): names for folder, names in found.items()}


def metadata_among(tree: Tree, root_name: str | None) -> tuple[list[str], list[Finding]]:
    """Return the names of the metadata files of a tree, and findings of what looks like one and is not read."""
    found: list[str] = []
    findings: list[Finding] = []
    for folder, names in _by_folder(tree).items():
        if not any(part.endswith(".output") for part in folder.parts):
            metas, beside = metadata_in(tree, names, folder.name or root_name)
            found += metas
            message = "not read: a *.meta.yaml lies beside it"
            findings += [METADATA_BESIDE.finding(tree.where(name), message) for name in beside]
    return sorted(found), findings


def metadata_in(tree: Tree, names: Sequence[str], folder: str | None) -> tuple[list[str], list[str]]:
    """Of the files of one folder, those that are metadata, and those that only look so.

    ``*.meta.yaml`` is metadata. Where there is none, another YAML file is if it has the name of the folder, or holds
    what only metadata hold: else a file of settings would be judged.
    """
    matches = {name: match for name in names if (match := _META.fullmatch(name.rpartition("/")[2]))}
    named = [name for name, match in matches.items() if match["meta"]]
    if named:
        return named, [name for name in matches if name not in named and _holds_metadata(tree, name)]
    return [name for name, match in matches.items() if match["stem"] == folder or _holds_metadata(tree, name)], []


def stem_of(name: str) -> str:
    """What the label should be, by the name of a metadata file."""
    match = _META.fullmatch(name.rpartition("/")[2])
    return match["stem"] if match else ""


def _holds_metadata(tree: Tree, name: str) -> bool:
    """Whether a YAML file has the block that only metadata have, with a label or authors."""
    data, _ = tree.read(name, MAX_BYTES)
    inside = False
    for line in (data or b"").splitlines():
        if inside and _OF_SUBMISSION.match(line):
            return True
        if line[:1] not in {b"", b" ", b"\t", b"#"}:
            inside = _SUBMISSION.match(line) is not None
    return False


def _system_of(
    tree: Tree, meta: str, root_name: str | None, folders: Mapping[PurePosixPath, Sequence[str]]
) -> SystemFiles:
    home, stem = PurePosixPath(meta).parent, stem_of(meta)
    # The system's own folder comes before the one it shares with other systems.
    near = tuple(dict.fromkeys((home, home.parent)))
    runs: dict[bool, dict[int, list[str]]] = {False: {}, True: {}}
    below = []
    for folder, names in sorted(folders.items()):
        output = output_folder(folder.name) if folder.parent == home else None
        if output and output.system == stem:
            runs[output.unprocessed].setdefault(output.run, []).extend(names)
        if folder.parent == home and "emission" in folder.name.casefold():
            below.append(folder)

    def files(places: Iterable[PurePosixPath], suffix: str) -> list[str]:
        return [name for folder in places for name in folders.get(folder, ()) if name.lower().endswith(suffix)]

    return SystemFiles(
        tree=tree,
        meta=meta,
        stem=stem,
        folder=home.name or root_name,
        runs=dict(sorted(runs[False].items())),
        unprocessed=dict(sorted(runs[True].items())),
        reports=files((home, *home.parents), ".pdf"),
        records=files(near, ".json"),
        journals=files(near, ".jsonl"),
        tables=[name for name in files((*near, *below), "") if is_table(name.rpartition("/")[2])],
    )


def _of_nobody(
    tree: Tree, systems: Sequence[SystemFiles], folders: Mapping[PurePosixPath, Sequence[str]]
) -> Iterator[Finding]:
    """Output folders that no metadata file claims."""
    claimed = {PurePosixPath(names[0]).parent for system in systems for names in system.outputs() if names}
    for folder in sorted(folders.keys() - claimed):
        if not any(_is_output(part) for part in folder.parts):
            continue
        beside = [system.stem for system in systems if system.home == folder.parent]
        run = re.search(r"_run([0-9]+)", folder.name)
        hint = f"name the folder {beside[0]}_run{run[1] if run else 1}.output" if len(beside) == 1 else None
        if any(_is_output(part) for part in folder.parts[:-1]):
            hint = f"put the files into {folder.parent.name} itself"
        message = "the outputs in this folder belong to no metadata file"
        yield OUTPUT_OF_NOBODY.finding(tree.where(str(folder)), message, hint=hint)


def _reports(tree: Tree) -> Iterator[Finding]:
    for name in tree.names():
        if not name.lower().endswith(".pdf") or ".output/" in name:
            continue
        data, unread = tree.read(name, _MAX_REPORT_BYTES)
        if data is None:
            yield from unread
        elif not data.startswith(b"%PDF-"):
            yield REPORT_KIND.finding(tree.where(name), "not a PDF", found=kind_of_bytes(data[:512]) or repr(data[:20]))
