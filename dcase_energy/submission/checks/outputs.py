"""Outputs (O): every file of every run, the runs against each other, and against the clips they must hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dcase_energy.documents.tree import same_content
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define
from dcase_energy.scoring.clip_rules import CLIP_TABLES
from dcase_energy.scoring.rules import CLIPS_MISSING, CLIPS_UNKNOWN, SCORE_COVERAGE
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_team
from dcase_energy.submission.listed import pattern_of
from dcase_energy.submission.package import SystemFiles, clip_tables_of
from dcase_energy.text import more, plural

if TYPE_CHECKING:
    from dcase_energy.scoring.score_files import ScoreFiles

RUNS_IDENTICAL = define(
    Rule(
        code="O621",
        name="runs-identical",
        title="The runs of a system are different trainings",
        why="Three copies of one run show no spread at all; the interval computed from them is a fiction.",
        bad="run1.output and run2.output with the same bytes in every file",
        good="outputs of three trainings with three seeds",
        fix="put the outputs of independent trainings into the folders of the runs",
        severity=Severity.WARNING,
    )
)
RUNS_MISSING = define(
    Rule(
        code="O622",
        name="runs-missing",
        title="There are as many runs as the edition asks for, numbered from 1",
        why="The official tables give a mean and a range over the runs; fewer runs give a range that says less.",
        bad="Adams_UNI_task4_1_run1.output and nothing else, where three runs are asked for",
        good="Adams_UNI_task4_1_run1.output, .._run2.output and .._run3.output",
        fix="add the outputs of the other runs",
        severity=Severity.WARNING,
    )
)
UNPROCESSED_MISSING = define(
    Rule(
        code="O627",
        name="unprocessed-missing",
        title="Outputs before post-processing come beside those after it, where the edition asks for them",
        why="Only both together show what the post-processing is worth; the official tool of 2024 warns where "
        "they are absent.",
        bad="Adams_UNI_task4_1_run1.output alone",
        good="Adams_UNI_task4_1_run1.output and Adams_UNI_task4_1_run1_unprocessed.output",
        fix="add the scores as they come out of the model, in <label>_run<number>_unprocessed.output",
        severity=Severity.WARNING,
    )
)


def outputs_complete(
    files: SystemFiles, edition: Edition, durations_s: Mapping[str, float] | None
) -> tuple[dict[int, ScoreFiles], list[Finding]]:
    """Read all outputs of a system, by number of the run, and check them without ground truth.

    ``durations_s`` says which clips there must be and how long each is; without it the runs are compared with each
    other, and their number with the edition's.
    """
    if not files.runs and not files.unprocessed:
        return {}, []
    # Most metadata is validated without outputs: only here is their reader imported.
    from dcase_energy.scoring.clips import clip_findings, end_findings
    from dcase_energy.scoring.score_files import check_score_files

    runs, raw = (
        {number: check_score_files(files.tree, names, edition.classes) for number, names in part.items()}
        for part in (files.runs, files.unprocessed)
    )
    folders = [*runs.values(), *raw.values()]
    ends_s = dict(durations_s or {})
    for run in folders if durations_s is None else ():
        for clip in run.files:
            ends_s[clip] = max(ends_s.get(clip, 0.0), run.ends.get(clip, (0.0, 0))[0])
    of = "clips that other runs have" if durations_s is None else "clips"
    findings = [finding for run in folders for finding in run.findings]
    for run in folders:
        where = files.tree.where(run.folder)
        findings += clip_findings(run.files, run.named, sorted(ends_s), where, of=of)
        if durations_s is None:
            findings += [*_number_of_clips(run, ends_s, where, edition.outputs.clips), *_coverage(run, ends_s, where)]
        else:
            findings += end_findings(run.ends, durations_s, partial(run.where, tree=files.tree))
    return runs, findings


def _number_of_clips(run: ScoreFiles, expected: Mapping[str, float], where: Where, number: int | None) -> list[Finding]:
    """A run that has all clips of the other runs, and not as many as the edition."""
    found = len(run.files)
    if number is None or found == number or expected.keys() - run.named or found < number <= len(run.named):
        return []
    rule = CLIPS_MISSING if found < number else CLIPS_UNKNOWN
    message = f"{found:,} score files; the evaluation set of the edition has {plural(number, 'clip')}"
    hint = "submit one score file for each clip of the evaluation set, and no others"
    return [rule.finding(where, message, expected=f"{number:,}", found=f"{found:,}", hint=hint)]


def _coverage(run: ScoreFiles, expected_s: Mapping[str, float], where: Where) -> Iterator[Finding]:
    from dcase_energy.scoring.clips import SHORT_S

    short = [clip for clip, (end_s, _) in run.ends.items() if expected_s.get(clip, 0.0) - end_s > SHORT_S]
    if short:
        clip = min(short)
        message = f"frames of {clip} end at {run.ends[clip][0]:g} s, the clip at {expected_s[clip]:g} s"
        yield SCORE_COVERAGE.finding(where, message + more(len(short) - 1, "clips of this run"))


def clip_tables_complete(
    files: SystemFiles, edition: Edition, durations_s: Mapping[str, float] | None
) -> list[Finding]:
    """Read the tables of clips of a system and check them without ground truth; ``durations_s`` names the clips."""
    from dcase_energy.scoring.clip_tables import classes_of, read_clip_tables

    layout, where = edition.outputs, files.tree.where(files.meta)
    names = clip_tables_of(files, layout)
    if not names:
        # Metadata alone may be validated; what is made for submission holds all files, or those of other names that the
        # edition lists, such as a table for each split.
        patterns = [pattern_of(one, files.stem) for one in edition.files]
        if any(one.fullmatch(name) for one in patterns for name in files.tree.names()):
            return []
        expected = layout.file or f"{files.stem}.output.csv"
        return [CLIP_TABLES.finding(where, "no table of clips", expected=expected)] if where.member else []
    expected_clips = None if durations_s is None else sorted(durations_s)
    classes = classes_of(layout, edition.classes)
    findings: list[Finding] = []
    for part in [names] if layout.file is not None else [[name] for name in names]:
        table, problems = read_clip_tables(files.tree, part, layout, classes, expected_clips)
        findings += problems
        if table is not None and expected_clips is None and layout.clips not in (None, len(table.clips)):
            rule = CLIPS_MISSING if len(table.clips) < (layout.clips or 0) else CLIPS_UNKNOWN
            message = f"{len(table.clips):,} rows; the evaluation set of the edition has {layout.clips:,} clips"
            findings.append(rule.finding(files.tree.where(part[0]), message))
    return findings


def outputs_numbered(files: SystemFiles, edition: Edition) -> Iterator[Finding]:
    """Runs that are missing by their names, without reading any."""
    where, numbers, count = files.tree.where(files.meta), list(files.runs), edition.outputs.runs
    if numbers and numbers != list(range(1, max(count, len(numbers)) + 1)):
        expected = "run1" if count == 1 else f"run1 to run{count}"
        found = ", ".join(f"run{number}" for number in numbers[:10])
        message = f"the package has outputs of {found}; expected are those of {expected}"
        yield RUNS_MISSING.finding(where, message, expected=expected, found=found)
    missing = [number for number in numbers if number not in files.unprocessed]
    if missing and edition.outputs.unprocessed:
        message = f"no outputs before post-processing of {', '.join(f'run{number}' for number in missing[:10])}"
        expected = f"{files.stem}_run{missing[0]}_unprocessed.output"
        yield UNPROCESSED_MISSING.finding(where, message, expected=expected)


def outputs_alike(systems: Sequence[System], digests: Sequence[Mapping[int, bytes]]) -> Iterator[Finding]:
    """Runs of a system, and systems, that are the very same outputs.

    ``digests`` has one of each run of each system: only runs that have the same are compared byte for byte.
    """
    first: dict[bytes, tuple[System, int]] = {}
    for system, runs in zip(systems, digests, strict=True):
        own: dict[bytes, int] = {}
        for number, digest in runs.items():
            if not digest:
                continue
            where = system.files.tree.where(str(PurePosixPath(system.files.runs[number][0]).parent))
            if (run := own.setdefault(digest, number)) != number and _same_run(system, number, system, run):
                yield RUNS_IDENTICAL.finding(where, f"run {number} is, byte for byte, run {run}")
            other, run = first.setdefault(digest, (system, number))
            if other is not system and _same_run(system, number, other, run):
                message = f"the outputs are, byte for byte, those of {other.name}"
                yield RUNS_IDENTICAL.finding(where, message, hint="put each system's own outputs into its folder")


def _same_run(one: System, number: int, other: System, run: int) -> bool:
    """Whether the score files of two runs hold, clip by clip, the same bytes."""
    from dcase_energy.scoring.clips import clip_of_file

    mine, theirs = (
        {clip_of_file(name): name for name in names if name.endswith(".tsv")}
        for names in (one.files.runs[number], other.files.runs[run])
    )
    return same_content(one.files.tree, mine, other.files.tree, theirs)


@all_systems
def outputs_copied(systems: Sequence[System], _pool: Sequence[Peer]) -> Iterator[Finding]:
    """The outputs of two runs, or of two systems, differ."""
    yield from outputs_alike(
        systems, [{number: run.digest for number, run in (one.outputs or {}).items()} for one in systems]
    )


def without_outputs(system: System) -> Finding:
    """Nothing of a system can be scored."""
    expected = f"{system.files.stem}_run1.output"
    hint = f"put the scores into {expected} beside the metadata"
    where = system.files.tree.where(system.files.meta)
    return RUNS_MISSING.finding(where, "the system comes without outputs", expected=expected, found="none", hint=hint)


@each_team()
def outputs_of_all(team: Sequence[System]) -> Iterator[Finding]:
    """Where one system of a team comes with outputs, all do; in an archive, which is made for submission, each does."""
    some = any(system.files.runs for system in team)
    for system in team:
        where = system.files.tree.where(system.files.meta)
        if system.outputs is not None and not system.files.runs and (some or where.member is not None):
            yield without_outputs(system)
