"""Clips of a run: which its files belong to, which are missing, and where the frames of each end.

Common exports end up to a frame before the clip, or pad every clip to the longest one. Beyond that frames are missing,
or times are in another unit: scores of such clips cannot be judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from dcase_energy.documents.names import folded
from dcase_energy.documents.tables import DelimitedTable
from dcase_energy.findings import Finding, Severity, Where, capped
from dcase_energy.rules import Rule
from dcase_energy.scoring.rules import CLIPS_MISSING, CLIPS_UNKNOWN, SCORE_COVERAGE

_SHOWN_NAMES = 5
_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
_SHOWN_FILES = 3
SHORT_S = 0.25
LONG_S = 1.0
_SAME_S = 1e-3
_MILLISECONDS = 100
_FEWEST = 4
# What a clip has, and what to do where it is missing or unknown, if not what the rule says.
_UNITS = {
    "score files": ("scores", None, None),
    "rows": (
        "row",
        "write a row for each of these clips as well",
        "name each clip as the ground truth does, with or without the extension of the audio file",
    ),
}


def clip_name(filename: str) -> str:
    """Name of a clip: its file's name without the extension of an audio format."""
    for suffix in _AUDIO_SUFFIXES:
        if filename.lower().endswith(suffix):
            return filename[: -len(suffix)]
    return filename


def clip_of_file(name: str) -> str:
    """Clip that an output file is named after, ``clip1`` of ``folder/clip1.wav.tsv``."""
    base = name.rpartition("/")[2]
    stem, dot, _ = base.rpartition(".")
    return clip_name(stem if dot else base)


def clip_findings(
    files: Collection[str],
    named: Collection[str],
    expected: Collection[str],
    folder: Where,
    *,
    of: str = "clips",
    unit: Literal["score files", "rows"] = "score files",
) -> Iterator[Finding]:
    """Missing and unknown clips as one finding each, with the first names.

    Parameters
    ----------
    files
        Clips that have a score file, or a row.
    named
        Clips that any entry of the folder is named after; what is wrong with the entry is a separate finding.
    expected
        Clips there must be.
    folder
        Place of the findings.
    of
        What to call the expected clips.
    unit
        What there is one of for each clip.
    """
    what, missing_hint, unknown_hint = _UNITS[unit]
    have, wanted = set(files), set(expected)
    missing = [clip for clip in expected if clip not in named]
    unknown = sorted(have - wanted)
    if missing:
        message = f"no {what} of {len(missing):,} of {len(expected):,} {of}: {some_names(missing)}"
        yield CLIPS_MISSING.finding(folder, message, expected=f"{len(expected):,} {unit}", hint=missing_hint)
    if unknown:
        verb = "belongs" if len(unknown) == 1 else "belong"
        message = f"{len(unknown):,} of {len(files):,} {unit} {verb} to no known clip: {some_names(unknown)}"
        near = _near_misses(unknown, missing)
        yield CLIPS_UNKNOWN.finding(folder, message, found=near, hint=unknown_hint)


def some_names(names: Sequence[str]) -> str:
    """The first few names."""
    return ", ".join(name[:100] for name in names[:_SHOWN_NAMES]) + (", ..." if len(names) > _SHOWN_NAMES else "")


def _near_misses(unknown: Sequence[str], missing: Sequence[str]) -> str | None:
    """Unknown clips that differ from a missing one in case or in the form of Unicode only."""
    meant = {folded(clip): clip for clip in missing}
    pairs = [f"{clip} for {meant[key]}" for clip in unknown if (key := folded(clip)) in meant]
    return f"differ in case or Unicode form only: {some_names(pairs)}" if pairs else None


def unknown_labels(rows: Iterable[tuple[int, str]], table: DelimitedTable, rule: Rule) -> Iterator[Finding]:
    """Labels that the edition does not have, each at the first of its rows (a row and its label)."""
    found: dict[str, list[int]] = {}
    for row, label in rows:
        found.setdefault(label, []).append(row)
    for label, where in found.items():
        quoted = len(label) > 1 and label[0] in "\"'" and label[-1] == label[0]
        message = f"{label!r} is not a class of the edition" + (f" ({len(where):,} rows)" if len(where) > 1 else "")
        hint = "write the class without quotation marks" if quoted else None
        yield rule.finding(table.where(where[0]), message, hint=hint)


def end_findings(
    ends: Mapping[str, tuple[float, int]], durations_s: Mapping[str, float], where: Callable[[str], Where]
) -> list[Finding]:
    """Clips whose frames end elsewhere than the clip.

    Parameters
    ----------
    ends
        Where the frames of each clip end, in seconds, and how many they are.
    durations_s
        True length of each clip.
    where
        Place of a clip's score file.

    Returns
    -------
    list of Finding
        Errors: frames that end more than 0.25 s (or a frame, if that is more) before the clip, or more than 1 s (or a
        frame) after the longest clip there is. Warnings: a clip that ends elsewhere than all others of its length, or
        more than 1 s after its end while the run does not pad its clips to one length, or one with fewer or more
        frames than nearly all clips that end at the same time.
    """
    found = [
        SCORE_COVERAGE.finding(
            where(clip),
            message,
            hint="write onset and offset in seconds" if message.endswith("?") else None,
        ).with_severity(severity)
        for clip, severity, message in _odd_ends(ends, durations_s)
    ]
    return capped(
        found,
        _SHOWN_FILES,
        family=lambda one: (one.code, one.severity),
        unit=lambda one: (one.where.file, one.where.member),
        what="files of this run",
    )


def _odd_ends(
    known: Mapping[str, tuple[float, int]], durations_s: Mapping[str, float]
) -> Iterator[tuple[str, Severity, str]]:
    ends = {clip: end_s for clip, (end_s, _) in known.items() if clip in durations_s}
    longest_s = max(durations_s.values(), default=0.0)
    usual, padded = _usual_ends(ends, durations_s)
    usual_n = _usual_counts(known[clip] for clip in ends)
    for clip, end_s in ends.items():
        n_frames, clip_s = known[clip][1], durations_s[clip]
        frame_s = end_s / n_frames
        message = f"frames end at {end_s:g} s, the clip at {clip_s:g} s"
        slack_s = max(LONG_S, frame_s)
        if clip_s - end_s > max(SHORT_S, frame_s):
            yield clip, Severity.ERROR, message
        elif end_s - longest_s > slack_s:
            unit = "; are the times in milliseconds?" if end_s > _MILLISECONDS * clip_s else ""
            yield clip, Severity.ERROR, message + unit
        elif (expected_s := usual.get(clip)) is not None and abs(end_s - expected_s) > _SAME_S:
            others = "all others" if padded else "the others of its length"
            yield clip, Severity.WARNING, f"{message}, unlike {others}, which end at {expected_s:g} s"
        elif not padded and end_s - clip_s > slack_s:
            yield clip, Severity.WARNING, message
        elif n_frames != usual_n.get(end_s, n_frames):
            message = f"{n_frames:,} frames to {end_s:g} s, where other clips have {usual_n[end_s]:,}"
            yield clip, Severity.WARNING, message


def _usual_ends(ends: Mapping[str, float], durations_s: Mapping[str, float]) -> tuple[dict[str, float], bool]:
    """Where each clip should end by what the other clips do, as far as they agree; whether all are padded."""
    common_s, often = Counter(ends.values()).most_common(1)[0] if ends else (0.0, 0)
    if 2 * often > len(ends) and any(
        end_s == common_s and end_s - durations_s[clip] > LONG_S for clip, end_s in ends.items()
    ):
        return dict.fromkeys(ends, common_s), True
    usual = {
        clip_s: end_s
        for clip_s, group in _counted((durations_s[clip], end_s) for clip, end_s in ends.items())
        for end_s, often in group.most_common(1)
        if 2 * often > group.total()
    }
    return {clip: usual[durations_s[clip]] for clip in ends if durations_s[clip] in usual}, False


def _usual_counts(ends: Iterable[tuple[float, int]]) -> dict[float, float]:
    """How many frames clips have that end at a time, where all but a few have as many: frames may be of any length."""
    return {
        end_s: count
        for end_s, group in _counted(ends)
        for count, often in group.most_common(1)
        if group.total() >= _FEWEST and group.total() - often <= max(1, group.total() // 10)
    }


def _counted(pairs: Iterable[tuple[float, float]]) -> Collection[tuple[float, Counter[float]]]:
    """How often each second value occurs beside each first."""
    groups: defaultdict[float, Counter[float]] = defaultdict(Counter)
    for key, value in pairs:
        groups[key][value] += 1
    return groups.items()
