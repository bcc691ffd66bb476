"""Finding what there is to score: a folder of score files, event lists, or a package of systems and runs.

An output is described without opening more than its first file, so that descriptions can be sent to other processes,
which then read the files themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from dcase_energy.documents.archive import Archive
from dcase_energy.documents.files import kind_of_file
from dcase_energy.documents.names import ARCHIVES, OutputFolder, output_folder
from dcase_energy.documents.tree import Folder, Tree
from dcase_energy.findings import Finding, Where, capped, has_errors
from dcase_energy.scoring.clip_tables import ClipTruth, Truth, read_clip_tables
from dcase_energy.scoring.clips import clip_of_file
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth
from dcase_energy.scoring.evaluation import Evaluation, evaluate_clips, evaluate_points, evaluate_scores
from dcase_energy.scoring.event_files import MAX_EVENT_FILE_BYTES, all_clip_long, read_events
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics.psds import PreparedPsds, PsdsResult
from dcase_energy.scoring.rules import (
    CLIP_TWICE,
    DOUBTS,
    EVENTS_CLIP_LONG,
    OUTPUT_FORMAT,
    OUTPUT_KIND,
    THRESHOLD_MISSING,
)
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.system import RunFigures, SystemFigures, figures_of_run, joined_figures, system_of_runs
from dcase_energy.text import first_few

OutputKind = Literal["scores", "events", "points", "clips"]
# Event lists are known by their first line: psds_eval's own examples are named .csv.
EVENT_SUFFIXES = (".tsv", ".csv", ".txt")
KIND_NAMES = {"scores": "scores", "events": "one event list", "points": "operating points", "clips": "a table of clips"}
_SHOWN_LISTS = 3
_THRESHOLD = re.compile(r"(?<![0-9])[01]?\.[0-9]+(?=\D*$)|(?<![0-9.])[01](?=\D*$)")


@dataclass(frozen=True)
class Output:
    """The files of one run: score files, one event list, or one a threshold.

    ``problems`` are entries that belong to it and are not read, such as links.
    """

    tree: Tree
    names: tuple[str, ...]
    kind: OutputKind
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class SystemOutputs:
    """The runs of one system by name, in order; ``path`` is what the user gave."""

    name: str
    path: str
    runs: dict[str, Output]


@dataclass(frozen=True)
class Scored:
    """What came of scoring a system; the list of its files, long where there are many clips, is not kept.

    Attributes
    ----------
    name, path, kind
        Of the outputs that were scored; their kind is that of the first run, ``scores`` where there is none.
    figures
        None if it could not be scored.
    curves
        PSD-ROC curves by run and scenario, if they were asked for.
    findings
        Everything that is wrong with the outputs.
    digests
        Of the score files of each run; empty where none could be read.
    """

    name: str
    path: str
    kind: OutputKind
    figures: SystemFigures | None
    curves: dict[str, dict[str, PsdsResult]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    digests: dict[str, bytes] = field(default_factory=dict)

    @property
    def doubts(self) -> list[str]:
        """Codes of the warnings by which the figures may not be those of the whole output."""
        return sorted({finding.code for finding in self.findings if finding.code in DOUBTS})


def find_outputs(path: Path) -> tuple[list[SystemOutputs], list[Finding]]:
    """What a path holds.

    A table is an event list. A folder or zip that holds folders named ``*.output`` is a package: the outputs of each
    system, ``<system>_run<number>.output``, are its runs; those of ``_unprocessed`` scores are left out. Any other is
    one run.
    """
    tree, own_name = tree_of(path)
    if tree is None:
        if path.suffix.lower() not in EVENT_SUFFIXES:
            message = f"{path.name} is not a table ({', '.join(EVENT_SUFFIXES)}); it is not opened"
            return [], [OUTPUT_FORMAT.finding(Where(str(path)), message)]
        output = Output(Folder(path.parent), (path.name,), "events")
        return [SystemOutputs(path.stem, str(path), {path.stem: output})], []
    return _in_tree(path, tree, own_name)


def tree_of(path: Path) -> tuple[Tree | None, str]:
    """The files of a folder or an archive, None for any other file; and the name of what the path is."""
    if not path.is_file():
        return Folder(path), path.resolve().name
    is_archive = kind_of_file(path) == "zip" or path.name.lower().endswith(ARCHIVES)
    return Archive(path) if is_archive else None, path.stem


def _in_tree(path: Path, tree: Tree, own_name: str) -> tuple[list[SystemOutputs], list[Finding]]:
    problems = _by_folder(tree)
    folders: dict[PurePosixPath, list[str]] = {name: [] for name in problems if output_folder(name.name)}
    names = tree.names()
    for name in names:
        folders.setdefault(PurePosixPath(name).parent, []).append(name)
    runs: dict[tuple[PurePosixPath, str], dict[str, Output]] = {}
    for folder, members in folders.items():
        named = output_folder(folder.name)
        if named and not named.unprocessed:
            run = f"run{named.run}"
            found, own = runs.setdefault((folder.parent, named.system), {}), problems.pop(folder, [])
            if run in found:
                message = f"another folder is also {run} of {named.system}"
                own.append(CLIP_TWICE.finding(tree.where(str(folder)), message, hint="remove one of the folders"))
            found[run] = output_of(tree, members, own)
    others = capped([one for some in problems.values() for one in some], family=lambda one: one.code)
    if not runs:
        if not names:
            if has_errors(others):
                return [], others
            return [], [*others, OUTPUT_FORMAT.finding(Where(str(path)), "the folder is empty")]
        meta = next((name for name in names if name.endswith((".meta.yaml", ".meta.yml"))), None)
        if meta is not None and not any(name.lower().endswith(EVENT_SUFFIXES) for name in names):
            return [], [*others, OUTPUT_FORMAT.finding(tree.where(meta), "the system comes without outputs")]
        named = output_folder(own_name) or OutputFolder(own_name, 1, unprocessed=False)
        return [SystemOutputs(named.system, str(path), {f"run{named.run}": output_of(tree, names, others)})], []
    systems = [
        SystemOutputs(system, str(path / parent), dict(sorted(found.items(), key=lambda item: int(item[0][3:]))))
        for (parent, system), found in sorted(runs.items())
    ]
    return systems, others


def _by_folder(tree: Tree) -> dict[PurePosixPath, list[Finding]]:
    """Entries that are not part of the tree, by the folder that lacks them; a run's folder may be such an entry."""
    example = tree.where("x")
    beginning = (example.member or example.file)[:-1]
    found: dict[PurePosixPath, list[Finding]] = {}
    for problem in tree.problems():
        place = problem.where.member or problem.where.file
        name = PurePosixPath(Path(place.removeprefix(beginning)).as_posix() if place.startswith(beginning) else ".")
        folder = name if output_folder(name.name) else name.parent
        found.setdefault(folder, []).append(problem)
    return found


def output_of(tree: Tree, names: Sequence[str], problems: Sequence[Finding] = ()) -> Output:
    """Describe the files of a run: event lists begin with the column ``filename``, score files with ``onset``."""
    kept = tuple(capped(problems, family=lambda one: one.code))
    for suffix in EVENT_SUFFIXES:
        tables = [name for name in names if name.lower().endswith(suffix)]
        data = tree.read(tables[0], MAX_EVENT_FILE_BYTES)[0] if tables else None
        if data is not None:
            header = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r").split(b"\t")
            if b"filename" in header or b"event_label" in header:
                several = sum(name.lower().endswith(EVENT_SUFFIXES) for name in names) > 1
                return Output(tree, tuple(names), "points" if several else "events", kept)
    return Output(tree, tuple(names), "scores", kept)


def score_system(
    outputs: SystemOutputs,
    truth: Truth | Mapping[str, Truth],
    conventions: Conventions,
    *,
    curves: bool = False,
) -> Scored:
    """Read, match and resample all runs of a system; one run that cannot be used makes the system unusable.

    ``truth`` may be that of several sets of clips by name, whose score files lie in the same folders; ``curves`` keeps
    what figures are drawn from.
    """
    sets = truth if isinstance(truth, Mapping) else {"": truth}
    chosen = {name: conventions.of_set(name, next(iter(sets))) for name in sets}
    findings: list[Finding] = []
    runs: dict[str, RunFigures] = {}
    kept: dict[str, dict[str, PsdsResult]] = {}
    digests: dict[str, bytes] = {}
    for name, output in outputs.runs.items():
        parts = {part: evaluate(_of_set(output, part, sets), sets[part], chosen[part]) for part in sets}
        findings += dict.fromkeys(problem for _, problems, _ in parts.values() for problem in problems)
        digests[name] = b"".join(digest for *_, digest in parts.values())
        matched = [evaluation for evaluation, *_ in parts.values() if evaluation is not None]
        if len(matched) == len(parts):
            runs[name] = joined_figures([figures_of_run(one, conventions.resampling) for one in matched])
            if curves:
                prepared = [pair for one in matched for pair in one.scores.items()]
                kept[name] = {score: psds.result() for score, psds in prepared if isinstance(psds, PreparedPsds)}
    usable = len(runs) == len(outputs.runs) and any(run.names for run in runs.values())
    figures = system_of_runs(outputs.name, runs, conventions.resampling) if usable else None
    kind: OutputKind = next((output.kind for output in outputs.runs.values()), "scores")
    return Scored(outputs.name, outputs.path, kind, figures, kept, tuple(findings), digests)


def _of_set(output: Output, name: str, sets: Mapping[str, Truth]) -> Output:
    """The score files of one set of clips; those that no set knows are with the first, which reports them."""
    if len(sets) == 1 or output.kind != "scores":
        return output
    owner = {clip: part for part, truth in sets.items() for clip in truth.clips}
    first = next(iter(sets))
    return replace(output, names=tuple(one for one in output.names if owner.get(clip_of_file(one), first) == name))


def evaluate(output: Output, truth: Truth, conventions: Conventions) -> tuple[Evaluation | None, list[Finding], bytes]:
    """Read the files of one run and match them; None if anything is wrong that would change a figure.

    With the digest of its score files.
    """
    if has_errors(output.problems):
        return None, list(output.problems), b""
    if isinstance(truth, ClipTruth):
        table, findings = read_clip_tables(output.tree, output.names, truth.layout, truth.classes, truth.clips)
        return (None if table is None else evaluate_clips(table, truth, conventions)), findings, b""
    if output.kind == "scores":
        return _evaluate_scores(output, truth, conventions)
    points, findings = _event_lists(output, truth)
    if has_errors(findings):
        return None, findings, b""
    detections = next(iter(points.values()), None)
    if output.kind == "points":
        detections, missing = _at_thresholds(output, points, conventions.thresholds_of(truth.classes))
        findings += missing
    return evaluate_points(list(points.values()), detections, truth, conventions), findings, b""


def _evaluate_scores(
    output: Output, truth: GroundTruth, conventions: Conventions
) -> tuple[Evaluation | None, list[Finding], bytes]:
    run = read_scores(output.tree, output.names, truth)
    if run.scores is None:
        return None, run.findings, run.digest
    detections = detections_at(run.scores, conventions.thresholds_of(truth.classes))
    if all_clip_long(detections, truth):
        message = f"nearly every one of the {len(detections):,} detections above {conventions.threshold:g} is as long "
        run.findings.append(EVENTS_CLIP_LONG.finding(output.tree.where(run.folder), f"{message}as its clip"))
    return evaluate_scores(run.scores, truth, conventions), run.findings, run.digest


def _event_lists(output: Output, truth: GroundTruth) -> tuple[dict[str, Events], list[Finding]]:
    points: dict[str, Events] = {}
    findings = []
    for name in output.names:
        if not name.lower().endswith(EVENT_SUFFIXES):
            message = f"not an event list ({', '.join(EVENT_SUFFIXES)}); it was not opened"
            findings.append(OUTPUT_KIND.finding(output.tree.where(name), message))
            continue
        events, problems = read_events(output.tree, name, truth)
        findings += problems
        if events is not None:
            points[name] = events
    return points, capped(
        findings,
        _SHOWN_LISTS,
        family=lambda one: one.code,
        unit=lambda one: (one.where.file, one.where.member),
        what="event lists",
    )


def _at_thresholds(
    output: Output, points: dict[str, Events], thresholds: Floats
) -> tuple[Events | None, list[Finding]]:
    """The detections of each class at its threshold; none at all where not one list is there, which is a finding."""
    named: dict[float, Events] = {}
    problems = []
    for threshold in sorted(set(thresholds.tolist())):
        match [name for name in points if (t := threshold_of(name)) is not None and abs(t - threshold) < 1e-9]:
            case [name]:
                named[threshold] = points[name]
            case []:
                message = f"no detections at threshold {threshold:g}: only PSDS is computed, no F1"
                found = _nearest(points, threshold)
                problems.append(THRESHOLD_MISSING.finding(output.tree.where(""), message, found=found))
            case names:
                message = f"{len(names)} lists of detections at threshold {threshold:g}: only PSDS is computed, no F1"
                found, hint = first_few(names, _SHOWN_LISTS), "leave one list for each threshold"
                problems.append(THRESHOLD_MISSING.finding(output.tree.where(""), message, found=found, hint=hint))
    if problems:
        return None, problems
    return Events.joined([one.take(thresholds[one.label] == threshold) for threshold, one in named.items()]), []


def threshold_of(name: str) -> float | None:
    """The threshold in the name of an event list: ``predictions_th_0.49.tsv`` holds the detections at 0.49."""
    match = _THRESHOLD.search(PurePosixPath(name).stem)
    return float(match[0]) if match else None


def _nearest(points: dict[str, Events], threshold: float) -> str:
    known = [(abs(t - threshold), t) for name in points if (t := threshold_of(name)) is not None]
    return ", ".join(f"{t:g}" for _, t in sorted(known)[:2]) if known else "no threshold in any name"
