"""What else a package holds: files that the edition asks for, and files that nothing reads (N)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_system
from dcase_energy.submission.listed import pattern_of
from dcase_energy.text import first_few, plural

FILE_NOT_LISTED = define(
    Rule(
        code="N113",
        name="file-not-listed",
        title="Files of a package are those that are read or that the edition lists",
        why="Packages may hold code, models and configurations, which nothing here reads. The organisers find only "
        "those that have the name they expect.",
        bad="Adams_UNI_task1_1/output.csv, in an edition that lists Adams_UNI_task1_1.output.csv",
        good="Adams_UNI_task1_1/Adams_UNI_task1_1.output.csv",
        fix="leave them if they belong to the package; else rename or remove them",
        severity=Severity.INFO,
    )
)
FILE_MISSING = define(
    Rule(
        code="N114",
        name="file-missing",
        title="A package holds the files that the edition requires",
        why="The organisers' own program stops at a package without them.",
        bad="Adams_task3_1/ without config_submission.yaml",
        good="Adams_task3_1/config_submission.yaml",
        fix="put the file into the system's folder",
        severity=Severity.WARNING,
    )
)
_SHOWN = 3


@each_system
def files_there(system: System) -> Iterator[Finding]:
    """A system brings the files that its edition requires; a metadata file given by itself brings none."""
    files = system.files
    if files.folder is None:
        return
    home = "" if files.home.name == "" else f"{files.home}/"
    own = [name for name in files.tree.names() if name.startswith(home)]
    missing = [
        written.replace("<label>", files.stem)
        for written in system.edition.files_required
        if not any(map(pattern_of(written, files.stem).fullmatch, own))
    ]
    if missing:
        where, names = files.tree.where(home.rstrip("/")), ", ".join(missing)
        yield FILE_MISSING.finding(where, f"no {names} in the folder of {files.stem}", expected=names)


@all_systems
def files_listed(systems: Sequence[System], pool: Sequence[Peer]) -> Iterator[Finding]:  # noqa: ARG001
    """Each file of a package is read, or one that the edition of one of its systems lists, where it lists any."""
    packages: dict[int, list[System]] = {}
    for system in systems:
        packages.setdefault(id(system.files.tree), []).append(system)
    for inside in packages.values():
        tree = inside[0].files.tree
        read = {name for one in inside for name in one.files.names() if name not in one.records.others}
        known = [
            pattern_of(one, system.files.stem)
            for system in inside
            for one in (*system.edition.files, *system.edition.files_required)
        ]
        left = [name for name in tree.names() if name not in read and not _of_outputs(name)]
        left = [name for name in left if not any(one.fullmatch(name) for one in known)]
        if left and known:
            message = f"{plural(len(left), 'file')} that edition {inside[0].edition.name} does not list: "
            message += first_few(left, _SHOWN)
            yield FILE_NOT_LISTED.finding(tree.where(left[0]), message)


def _of_outputs(name: str) -> bool:
    """Whether a file is in a folder of outputs, whose names are judged elsewhere."""
    return any(part.endswith(".output") for part in name.casefold().split("/")[:-1])
