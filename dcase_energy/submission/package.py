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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dcase_energy.documents.codecarbon.names import is_table
from dcase_energy.documents.files import kind_of_bytes, kind_of_file
from dcase_energy.documents.package_rules import REPORT_KIND
from dcase_energy.documents.tree import Folder, OneFile, Tree
from dcase_energy.documents.yaml import MAX_BYTES
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define

NO_SYSTEM = define(
    Rule(
        code="N101",
        name="no-system",
        title="There is a system to look at",
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
        "files are read as metadata, and a system in another one would be left out without a word.",
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
_OUTPUT = re.compile(r"(?P<label>.+?)(?:_run(?P<run>[0-9]{1,4}))?(?P<raw>_unprocessed)?\.output")


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
        outputs = {str(PurePosixPath(names[0]).parent) for names in self._outputs() if names}
        near = ("", self.meta, *outputs, *self.records, *self.journals, *self.tables)
        if any(_same_file(where, self.tree.where(name)) for name in near):
            return True
        # The folder of a run may be a link, have another name, or hold a folder: its files are then none of the run.
        home = "" if self.home == PurePosixPath() else str(self.home)
        run = _inside(where, self.tree.where(home)).partition("/")[0]
        named = self.home.name == self.stem or run.startswith(f"{self.stem}_run")
        return (_is_output(run) and named) or any(_inside(where, self.tree.where(folder)) for folder in outputs)

    def _outputs(self) -> list[list[str]]:
        return [*self.runs.values(), *self.unprocessed.values()]

    def brings(self, where: Where) -> bool:
        """Whether a place is in a file of this system or in one that it shares with others of its team."""
        return self.holds(where) or any(_same_file(where, self.tree.where(name)) for name in self.reports)

    def by_place(self) -> dict[str, str]:
        """Names in the tree of all files of the system, except reports, by their place relative to its metadata."""
        outputs = [name for names in self._outputs() for name in names]
        own = [self.meta, *outputs, *self.records, *self.journals, *self.tables]
        return {os.path.relpath(f"/{name}", f"/{self.home}"): name for name in own}

    @property
    def home(self) -> PurePosixPath:
        """The folder in the tree that holds the metadata."""
        return PurePosixPath(self.meta).parent


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
    suffix = path.suffix.lower()
    return suffix == ".zip" or (suffix not in {".yaml", ".yml"} and kind_of_file(path) is not None)


def _in_tree(tree: Tree, root_name: str | None, place: str) -> tuple[list[SystemFiles], list[Finding]]:
    metas, beside = metadata_among(tree, root_name)
    systems = list(_systems_of(tree, root_name, metas))
    findings = [*tree.problems(), *beside, *_of_nobody(tree, systems), *_reports(tree)]
    if not systems and not any(finding.severity == "error" for finding in findings):
        findings.append(NO_SYSTEM.finding(tree.where(""), f"no metadata file (*.meta.yaml) in {place}"))
    return systems, findings


def metadata_among(tree: Tree, root_name: str | None) -> tuple[list[str], list[Finding]]:
    """Names of the metadata files of a tree, and what looks like one and is not read."""
    by_folder: dict[str, list[str]] = {}
    for name in tree.names():
        folder, _, own = name.rpartition("/")
        if _META.fullmatch(own) and not _inside_output(PurePosixPath(name)):
            by_folder.setdefault(folder, []).append(name)
    found: list[str] = []
    findings: list[Finding] = []
    for folder, names in by_folder.items():
        metas, beside = metadata_in(tree, names, folder.rpartition("/")[2] or root_name)
        found += metas
        findings += [
            METADATA_BESIDE.finding(tree.where(name), "not read: a *.meta.yaml lies beside it") for name in beside
        ]
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
    data = tree.read(name, MAX_BYTES)
    inside = False
    for line in () if isinstance(data, Finding) else data.splitlines():
        if inside and _OF_SUBMISSION.match(line):
            return True
        if line[:1] not in {b"", b" ", b"\t", b"#"}:
            inside = _SUBMISSION.match(line) is not None
    return False


def _systems_of(tree: Tree, root_name: str | None, metas: Sequence[str]) -> Iterator[SystemFiles]:
    by_folder: dict[PurePosixPath, list[str]] = {}
    for name in tree.names():
        by_folder.setdefault(PurePosixPath(name.rpartition("/")[0]), []).append(name)
    for name in metas:
        home = PurePosixPath(name).parent
        near = (home, home.parent) if home != home.parent else (home,)
        yield SystemFiles(
            tree=tree,
            meta=name,
            stem=stem_of(name),
            folder=home.name or root_name,
            runs=_runs(by_folder, home, stem_of(name), raw=False),
            unprocessed=_runs(by_folder, home, stem_of(name), raw=True),
            reports=_near(by_folder, (home, *home.parents), ".pdf"),
            records=_near(by_folder, near, ".json"),
            journals=_near(by_folder, near, ".jsonl"),
            tables=_tables(by_folder, near),
        )


def _inside_output(name: PurePosixPath) -> bool:
    return any(part.endswith(".output") for part in name.parent.parts)


def _runs(
    by_folder: dict[PurePosixPath, list[str]], home: PurePosixPath, stem: str, *, raw: bool
) -> dict[int, list[str]]:
    """Files of each run of the system with this name: of the post-processed outputs, or of the raw ones."""
    runs: dict[int, list[str]] = {}
    for folder, names in by_folder.items():
        match = _OUTPUT.fullmatch(folder.name)
        if match and folder.parent == home and match["label"] == stem and bool(match["raw"]) == raw:
            runs.setdefault(int(match["run"] or 1), []).extend(names)
    return dict(sorted(runs.items()))


def _near(
    by_folder: dict[PurePosixPath, list[str]], near: Sequence[PurePosixPath], suffix: str | tuple[str, ...]
) -> list[str]:
    """Files with a suffix; the system's own folder comes before the one it shares with other systems."""
    return [name for folder in near for name in by_folder.get(folder, []) if name.lower().endswith(suffix)]


def _tables(by_folder: dict[PurePosixPath, list[str]], near: Sequence[PurePosixPath]) -> list[str]:
    """Files that may be CodeCarbon's, in the system's folders and in one below that is named after emissions."""
    below = [folder for folder in by_folder if folder.parent == near[0] and "emission" in folder.name.casefold()]
    return [
        name for folder in (*near, *below) for name in by_folder.get(folder, []) if is_table(name.rpartition("/")[2])
    ]


def _of_nobody(tree: Tree, systems: Sequence[SystemFiles]) -> Iterator[Finding]:
    """Output folders that no metadata file claims."""
    claimed = {name.rpartition("/")[0] for system in systems for names in system._outputs() for name in names}
    folders = sorted({name.rpartition("/")[0] for name in tree.names()} - claimed)
    for folder in folders:
        if any(_is_output(part) for part in folder.split("/")):
            message = "the outputs in this folder belong to no metadata file"
            hint = _whose(PurePosixPath(folder), systems)
            yield OUTPUT_OF_NOBODY.finding(tree.where(folder), message, hint=hint)


def _reports(tree: Tree) -> Iterator[Finding]:
    for name in tree.names():
        if not name.lower().endswith(".pdf") or ".output/" in name:
            continue
        data = tree.read(name, _MAX_REPORT_BYTES)
        if isinstance(data, Finding):
            yield data
        elif not data.startswith(b"%PDF-"):
            yield REPORT_KIND.finding(tree.where(name), "not a PDF", found=kind_of_bytes(data[:512]) or repr(data[:20]))


def _whose(folder: PurePosixPath, systems: Sequence[SystemFiles]) -> str | None:
    if any(_is_output(part) for part in folder.parts[:-1]):
        return f"put the files into {folder.parent.name} itself"
    beside = [system.stem for system in systems if PurePosixPath(system.meta).parent == folder.parent]
    run = re.search(r"_run([0-9]+)", folder.name)
    return f"name the folder {beside[0]}_run{run[1] if run else 1}.output" if len(beside) == 1 else None
