"""What several functions share: how arguments become objects, and how sheets are written."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dcase_energy.errors import EditionError, InputError, RecordError, UnusableError, WriteError
from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, all_rules
from dcase_energy.text import more

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.findings import Finding
    from dcase_energy.measure.record_file import RecordFile
    from dcase_energy.measure.records import Calibration
    from dcase_energy.scoring.clip_tables import Truth
    from dcase_energy.scoring.truth import Overlapping
    from dcase_energy.sheets.report import Report as SheetReport
    from dcase_energy.submission.evidence import Calibrated
    from dcase_energy.submission.inbox import OpenedPackage, Packages

PathLike = str | os.PathLike[str]
_T = TypeVar("_T")
Paths = PathLike | Sequence[PathLike]
# One file, or one for each set of clips of an edition, by name.
TruthFiles = PathLike | Mapping[str, PathLike]
Log = Callable[[str], None]


def silent(text: str) -> None:
    """Drop a message: the log of callers that want none."""


def existing(given: Paths, stdin: bytes | None = None) -> list[Path]:
    """Return paths that exist; ``-`` is standard input where its content is given.

    Raises
    ------
    InputError
        If there is no path, or one does not exist.
    """
    paths = [Path(given)] if isinstance(given, str | os.PathLike) else [Path(one) for one in given]
    if not paths:
        raise InputError("no path was given")
    for path in paths:
        if not os.path.lexists(path) and (stdin is None or path != Path("-")):
            raise InputError(f"{path} does not exist")
    return paths


def choose_edition(
    given: PathLike | Edition | None,
    packages: Packages | None = None,
    *,
    labels: Sequence[str] = (),
    log: Log = silent,
) -> Edition:
    """Return the edition that is given by name, path or value, or the one that labels and keys of submissions point to.

    Parameters
    ----------
    given
        None to guess.
    packages, labels
        Submissions, among which may be tables of results, and labels that are known otherwise.
    log
        Receives what gave the edition away.

    Raises
    ------
    EditionError
        If there is no such edition, or it weighs rules that do not exist.
    """
    from dcase_energy.editions.loader import load_edition

    if isinstance(given, str | os.PathLike):
        return _with_known_rules(load_edition(os.fspath(given)))
    if given is not None:
        from dcase_energy.editions.model import Edition

        if not isinstance(given, Edition):
            raise EditionError(f"edition: expected a name, a path or an Edition; found {given!r:.80}")
        return given
    from dcase_energy.submission.guess import guess_edition

    each = () if packages is None else packages.each
    if tables := [one for one in each if is_results_table(one)]:
        from dcase_energy.ranking.results_table import labels_of

        labels = [*labels, *(label for table in tables for label in labels_of(table.path, table.data))]
    edition, reason = guess_edition([one for one in each if one not in tables], labels)
    if reason is not None:
        log(f"edition {edition.name}, {reason}; choose another with --edition")
    return edition


def _with_known_rules(edition: Edition) -> Edition:
    """Refuse a severity of no rule: the rule that is meant would keep its own."""
    from dcase_energy.editions.shipped import edition_names

    codes = set() if edition.name in edition_names() else set(edition.severities)
    if codes and (unknown := sorted(codes - {rule.code for rule in load_rules()})):
        hint = "write codes such as P805; `dcase-energy explain` lists all"
        raise EditionError(f"[severities] of edition {edition.name} has unknown rules: {', '.join(unknown)}; {hint}")
    return edition


def load_rules() -> list[Rule]:
    """Return all rules of the program, by code, wherever they are defined: importing a module registers its rules."""
    package = Path(__file__).parents[1]
    for path in sorted(package.glob("*/**/*rules.py")):
        importlib.import_module(".".join(["dcase_energy", *path.relative_to(package).with_suffix("").parts]))
    # Other rules are defined beside their checks.
    importlib.import_module("dcase_energy.submission.validate")
    return all_rules()


def is_results_table(package: OpenedPackage) -> bool:
    """Whether a table of results was given in place of a package: by its name, and standard input by its columns."""
    if package.data is None:
        return package.path.suffix.lower() == ".csv"
    columns = package.data.partition(b"\n")[0].decode(errors="replace").split(",")
    return "label" in [column.strip('\ufeff\r" ').lower() for column in columns]


def read_truth(
    ground_truth: TruthFiles, durations: TruthFiles | None, edition: Edition, overlapping: Overlapping = "merge"
) -> tuple[dict[str, Truth], list[Finding]]:
    """Read annotated events and durations of clips, of each set of the edition that files are given for.

    The one set of an edition that has no ``outputs.sets`` has the name ``""``. Where outputs are tables of clips, what
    is read is the table with the class of each.

    Raises
    ------
    InputError
        If a file does not exist, or files are not those of the edition's sets, or a clip is in two sets, or durations
        are missing.
    UnusableError
        If one has errors; they are its ``findings``.
    """
    from dcase_energy.scoring.clip_tables import read_clip_truth
    from dcase_energy.scoring.truth import read_ground_truth

    events = by_set(ground_truth, edition)
    if edition.outputs.kind == "clip_table":
        table, findings = read_clip_truth(events[""], edition.outputs, edition.classes)
        return {"": _usable(table, findings)}, findings
    if not durations:
        raise InputError(f"the outputs of edition {edition.name} are scores or events: give --durations as well")
    clips = by_set(durations, edition)
    if events.keys() != clips.keys():
        raise InputError(f"ground truth of {', '.join(events)}, durations of {', '.join(clips)}: give both of each set")
    found: dict[str, Truth] = {}
    findings = []
    for name, path in events.items():
        chosen = edition.outputs.sets.get(name)
        classes = edition.classes if chosen is None else chosen.classes or edition.classes
        truth, problems = read_ground_truth(
            path, clips[name], classes, overlapping=overlapping, columns=edition.classes if chosen else ()
        )
        findings += problems
        truth = _usable(truth, findings)
        for other, known in found.items():
            if shared := sorted(set(known.clips) & set(truth.clips)):
                raise InputError(f"clip {shared[0]} is in the durations of {other} and of {name}: it can be in one set")
        found[name] = truth
    return found, findings


def _usable(truth: _T | None, findings: list[Finding]) -> _T:
    """Raise `UnusableError` where a ground truth has errors."""
    if truth is None:
        first, *others = [f"{one.where}: {one.message}" for one in findings if one.severity is Severity.ERROR]
        raise UnusableError(f"the ground truth cannot be used: {first}{more(len(others))}", findings)
    return truth


def by_set(given: TruthFiles, edition: Edition) -> dict[str, Path]:
    """Files by set, in the order of the edition's sets."""
    sets = tuple(edition.outputs.sets)
    files = dict(given) if isinstance(given, Mapping) else {"": given}
    if wrong := [name for name in files if name not in (sets or ("",))]:
        named = f"a set {wrong[0]!r}" if wrong[0] else "one file that belongs to no set"
        expected = f"has the sets {', '.join(sets)}: give NAME=TSV for each" if sets else "has no sets: give one file"
        raise InputError(f"{named} of ground truth or durations was given, and edition {edition.name} {expected}")
    return {name: existing(files[name])[0] for name in sets or ("",) if name in files}


def read_denominator(path: PathLike | None, edition: Edition) -> Calibrated | None:
    """Read a calibration to divide by.

    Raises
    ------
    RecordError
        If the file is not a calibration record.
    UnusableError
        If the edition cannot divide by it.
    """
    from dcase_energy.submission.baseline_choice import load_denominator

    return None if path is None else load_denominator(Path(path), edition)


def read_calibration(path: PathLike, log: Log = silent) -> Calibration:
    """Read a calibration record; what is scaled where it becomes a denominator is reported to ``log``.

    Raises
    ------
    RecordError
        If it cannot be used; the message says what the file is, where that is known.
    """
    from dcase_energy.calibration.rescaling import rescaled
    from dcase_energy.measure.records import load_calibration

    try:
        record = load_calibration(Path(path))
    except RecordError as error:
        raise RecordError(f"{error}{_what_it_is(Path(path))}") from None
    if (note := rescaled(record)[1]) is not None:
        log(f"{path}: {note}")
    return record


def _what_it_is(path: Path) -> str:
    """Return what a file is that was given as a record, where that is known."""
    from dcase_energy.documents.codecarbon.reading import has_codecarbons_header
    from dcase_energy.documents.files import kind_of_file, open_plain

    try:
        with open_plain(path) as file:
            is_codecarbons = has_codecarbons_header(file.read(10_000))
    except OSError:
        return ""
    kind = "a file of CodeCarbon" if is_codecarbons else kind_of_file(path)
    return f"; it is {kind}" if kind else ""


def check_probing(probe: str, every_s: float | None) -> None:
    """Refuse options of probes that exclude each other; raises `InputError`."""
    if every_s is not None and probe == "none":
        raise InputError("--probe none and --probe-every exclude each other")


def check_device(device: str) -> str:
    """Return the name of a device as torch has it; a misspelt one is an `InputError`, before torch is loaded."""
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]+)?", device, re.ASCII):
        raise InputError(f"{device!r} is not a device; choose auto, cpu or cuda:0, cuda:1, ...")
    return device


def record_file(output: PathLike, *, force: bool) -> RecordFile:
    """Return where a record is written.

    Raises
    ------
    InputError
        If it cannot be written there, with its journal beside it.
    """
    from dcase_energy.measure.record_file import RecordFile

    path = Path(output)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"the folder {path.parent} does not exist or cannot be written")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a regular file: a record has its journal beside it")
    return RecordFile(path, force=force)


def write_sheets(
    report: SheetReport, output_dir: PathLike, formats: Sequence[str], plots: Sequence[str] = (), prefix: str = ""
) -> list[Path]:
    """Write sheets and charts of a report, all at once; the names of charts begin with ``prefix``.

    Raises
    ------
    InputError
        If a format is not known.
    PlotError
        If a format of plots needs matplotlib and it is not installed.
    WriteError
        If the folder cannot be written to.
    """
    from dcase_energy.sheets import FORMATS, write_report
    from dcase_energy.sheets.plots.chart import PLOT_FORMATS
    from dcase_energy.sheets.plots.files import chart_files

    for name, given, known in (("formats", formats, FORMATS), ("plots", plots, PLOT_FORMATS)):
        if unknown := [one for one in given if one not in known]:
            raise InputError(f"{name}: expected some of {', '.join(known)}; found {unknown[0]!r}")
    files = write_report(report, formats)
    if plots:
        files |= chart_files({f"{prefix}{chart.name}": [chart] for chart in report.charts}, plots)
    return write_files(output_dir, files)


def write_files(output_dir: PathLike, files: Mapping[str, bytes]) -> list[Path]:
    """Write a set of files into a folder as `replace_files` does; raises `WriteError`."""
    from dcase_energy.writing.files import replace_files

    folder = Path(output_dir)
    try:
        replace_files(folder, files)
    except OSError as error:
        raise WriteError(f"cannot write to {folder}: {error.strerror}") from None
    return [folder / name for name in files]
