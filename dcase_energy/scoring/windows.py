"""Clips that are overlapping windows of longer files, joined to these files: MAESTRO in DCASE 2024 task 4.

As the recipe of that year does: scores of a window become means over segments of a second, segments of several windows
are averaged with equal weight, and a second that no window holds gets 0. Events that overlap or touch are merged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError
from dcase_energy.scoring.clip_tables import Truth
from dcase_energy.scoring.conventions import SEGMENT_S, Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Ints, Scores, expand_ranges, starts_of, to_us
from dcase_energy.units import MICROSECONDS_PER_SECOND

# The file's name, begin and end in hundredths of a second.
_WINDOW = re.compile(r"(?P<file>.+)-(?P<begin>[0-9]{6})-(?P<end>[0-9]{6})")
_HUNDREDTHS = 100


def join_windows(scores: Scores, truth: GroundTruth) -> tuple[Scores, GroundTruth]:
    """Scores, one frame a second, and ground truth of the files that the clips are windows of.

    Raises
    ------
    InputError
        If a clip is not named like a window, ``<file>-<begin>-<end>``, or does not begin at a whole second.
    """
    files: dict[str, int] = {}
    matches = [_window(clip) for clip in truth.clips]
    file = np.array([files.setdefault(match["file"], len(files)) for match in matches])
    begin_us = np.array([int(match["begin"]) // _HUNDREDTHS for match in matches]) * MICROSECONDS_PER_SECOND
    duration_us = np.zeros(len(files), dtype=np.int64)
    np.maximum.at(duration_us, file, begin_us + truth.duration_us)
    joined = GroundTruth(tuple(files), truth.classes, duration_us, _joined_events(truth.events, file, begin_us))
    return _joined_scores(scores, truth, joined, file, begin_us), joined


def of_sets(conventions: Conventions, edition: Edition, truths: Mapping[str, Truth]) -> Conventions:
    """Conventions for the sets whose ground truth is known: the scores of others are not computed.

    Windows are joined in sets of the edition that say so and whose clips are named like windows: those of an evaluation
    set have anonymous names, and each is judged by itself.
    """
    sets = edition.outputs.sets
    if not sets:
        return conventions
    first = next(iter(truths))
    scores = {name: one for name, one in conventions.scores.items() if conventions.set_of.get(name, first) in truths}
    set_of = {name: conventions.set_of.get(name, first) for name in scores}
    joined = {
        name
        for name, truth in truths.items()
        if sets[name].windows == "join" and all(map(_WINDOW.fullmatch, truth.clips))
    }
    return replace(conventions, scores=scores, set_of=set_of, joined=frozenset(joined))


def _window(clip: str) -> re.Match[str]:
    match = _WINDOW.fullmatch(clip)
    if match is None or int(match["begin"]) % _HUNDREDTHS:
        named = "named like a window of a file from a whole second on"
        raise InputError(f"clip {clip!r} is not {named}, for example city_center_02-000500-001500 (5 to 15 s)")
    return match


def _joined_events(events: Events, file: Ints, begin_us: Ints) -> Events:
    shift_us = begin_us[events.clip]
    times = file[events.clip], events.label, events.onset_us + shift_us, events.offset_us + shift_us
    rows: list[tuple[int, int, int, int]] = []
    for clip, label, onset_us, offset_us in sorted(zip(*(one.tolist() for one in times), strict=True)):
        if rows and rows[-1][:2] == (clip, label) and onset_us <= rows[-1][3]:
            onset_us, offset_us = rows[-1][2], max(rows.pop()[3], offset_us)
        rows.append((clip, label, onset_us, offset_us))
    return Events.from_rows(rows)


def _joined_scores(scores: Scores, truth: GroundTruth, joined: GroundTruth, file: Ints, begin_us: Ints) -> Scores:
    step_us = int(to_us([SEGMENT_S])[0])
    counts = -(-truth.duration_us // step_us)
    window = np.repeat(np.arange(len(counts)), counts)
    first = starts_of(counts)
    means = _segment_means(scores, truth.duration_us, first, step_us)
    lengths = -(-joined.duration_us // step_us)
    start = starts_of(lengths)
    place = start[file[window]] + begin_us[window] // step_us + np.arange(len(window)) - first[window]
    held = np.maximum(np.bincount(place, minlength=start[-1]), 1)
    values = np.stack([np.bincount(place, column, start[-1]) / held for column in means.T], axis=1)
    onset_us = (np.arange(start[-1]) - np.repeat(start[:-1], lengths)) * step_us
    offset_us = np.minimum(onset_us + step_us, np.repeat(joined.duration_us, lengths))
    return Scores(values, onset_us, offset_us, start)


def _segment_means(scores: Scores, duration_us: Ints, first: Ints, step_us: int) -> Floats:
    """Mean over the frames of each segment of each clip, weighted by their time, shape (n_segments, n_classes)."""
    clip = np.repeat(np.arange(len(duration_us)), np.diff(scores.first_frame))
    end_us = np.minimum(scores.offset_us, duration_us[clip])
    begin = scores.onset_us // step_us
    counts = np.maximum(-(-end_us // step_us) - begin, 0)
    frame = np.repeat(np.arange(len(clip)), counts)
    number = expand_ranges(begin, counts)
    segment = first[clip[frame]] + number
    share_us = np.minimum(end_us[frame], (number + 1) * step_us) - np.maximum(scores.onset_us[frame], number * step_us)
    whole_us = np.maximum(np.bincount(segment, share_us, first[-1]), 1)
    sums = [np.bincount(segment, share_us * column[frame], first[-1]) for column in scores.values.T]
    means: Floats = np.stack(sums, axis=1) / whole_us[:, None]
    return means
