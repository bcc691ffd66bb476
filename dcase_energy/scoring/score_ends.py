"""Where the frames of a clip end, beside the length of the clip and the other clips of the run.

Common exports end up to a frame before the clip, or pad every clip to the longest one. Beyond that frames are missing,
or times are in another unit: scores of such clips cannot be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, Severity, capped
from dcase_energy.scoring.rules import SCORE_COVERAGE
from dcase_energy.scoring.score_reader import ScoreFiles

_SHOWN_FILES = 3
SHORT_S = 0.25
LONG_S = 1.0
_SAME_S = 1e-3
_MILLISECONDS = 100
_FEWEST = 4


def end_findings(run: ScoreFiles, durations_s: Mapping[str, float], tree: Tree) -> list[Finding]:
    """Clips whose frames end elsewhere than the clip; ``durations_s`` are their true lengths.

    An error: frames that end more than 0.25 s (or a frame, if that is more) before the clip, or more than 1 s (or a
    frame) after the longest clip there is. A warning: a clip that ends elsewhere than all others of its length, or
    more than 1 s after its end while the run does not pad its clips to one length, or one with fewer or more frames
    than nearly all clips that end at the same time.
    """
    found = []
    for clip, severity, message in _odd_ends(run, durations_s):
        hint = "write onset and offset in seconds" if message.endswith("?") else None
        finding = SCORE_COVERAGE.finding(tree.where(run.files[clip]), message, hint=hint)
        found.append(finding.with_severity(severity))
    return capped(
        found,
        _SHOWN_FILES,
        family=lambda one: (one.code, one.severity),
        unit=lambda one: (one.where.file, one.where.member),
        more="more files of this run",
    )


def _odd_ends(run: ScoreFiles, durations_s: Mapping[str, float]) -> Iterator[tuple[str, Severity, str]]:
    ends = {clip: end_s for clip, end_s in run.ends_s.items() if clip in durations_s}
    longest_s = max(durations_s.values(), default=0.0)
    usual, padded = _usual_ends(ends, durations_s)
    usual_n = _usual_counts(ends, run.n_frames)
    for clip, end_s in ends.items():
        n_frames, clip_s = run.n_frames[clip], durations_s[clip]
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
    counts = Counter(ends.values())
    if not counts:
        return {}, False
    common_s, often = counts.most_common(1)[0]
    if 2 * often > len(ends) and any(
        end_s == common_s and end_s - durations_s[clip] > LONG_S for clip, end_s in ends.items()
    ):
        return dict.fromkeys(ends, common_s), True
    groups: dict[float, Counter[float]] = {}
    for clip, end_s in ends.items():
        groups.setdefault(durations_s[clip], Counter())[end_s] += 1
    usual = {}
    for clip in ends:
        group = groups[durations_s[clip]]
        end_s, often = group.most_common(1)[0]
        if 2 * often > group.total():
            usual[clip] = end_s
    return usual, False


def _usual_counts(ends: Mapping[str, float], n_frames: Mapping[str, int]) -> dict[float, int]:
    """How many frames clips have that end at a time, where all but a few have as many: frames may be of any length."""
    groups: dict[float, Counter[int]] = {}
    for clip, end_s in ends.items():
        groups.setdefault(end_s, Counter())[n_frames[clip]] += 1
    usual = {}
    for end_s, group in groups.items():
        count, often = group.most_common(1)[0]
        if group.total() >= _FEWEST and group.total() - often <= max(1, group.total() // 10):
            usual[end_s] = count
    return usual
