"""What is scored: ground truth, scores and detections as flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dcase_energy.units import MICROSECONDS_PER_SECOND

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


# 11 days, beyond any recording; readers refuse later times. Whole microseconds times a million must fit into 64 bits.
MAX_TIME_S = 1e6


def to_us(times_s: npt.ArrayLike) -> Ints:
    """Round times in seconds, shape (n,), to integer microseconds, shape (n,); those beyond `MAX_TIME_S` become it."""
    within_s = np.clip(np.asarray(times_s, dtype=np.float64), -MAX_TIME_S, MAX_TIME_S)
    return np.rint(within_s * MICROSECONDS_PER_SECOND).astype(np.int64)


@dataclass(frozen=True)
class Events:
    """Events of many clips, one row an event; all arrays have shape (n_events,).

    Attributes
    ----------
    clip, label
        Index into the clips and classes they belong to.
    onset_us, offset_us
        Microseconds from the start of the clip.
    """

    clip: Ints
    label: Ints
    onset_us: Ints
    offset_us: Ints

    def __len__(self) -> int:
        return len(self.clip)

    def take(self, index: Ints | npt.NDArray[np.bool_]) -> Events:
        """The rows selected by an integer or boolean index."""
        return Events(self.clip[index], self.label[index], self.onset_us[index], self.offset_us[index])

    @property
    def duration_us(self) -> Ints:
        """Length of each event in microseconds, shape (n_events,)."""
        return self.offset_us - self.onset_us

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """The events of all parts, one part after the other."""
        columns = zip(*((one.clip, one.label, one.onset_us, one.offset_us) for one in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, int, int, int]]) -> Events:
        """Build from (clip, label, onset_us, offset_us) rows."""
        table = np.array(list(rows), dtype=np.int64).reshape(-1, 4)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


@dataclass(frozen=True)
class Timeline:
    """Annotated events of each class in each clip, in order on one axis, so that what overlaps is found by a search.

    The time of every class in every clip lies on the axis one after the other. Nothing of the length (detections x
    events) is ever built: a recording of an hour with thousands of events costs as little as the same events in many
    clips.

    Attributes
    ----------
    n_clips
        Class k in clip i is group ``k * n_clips + i``.
    start_us
        Where each group begins on the axis, and the end of the last one, shape (n_groups + 1,). A group ends with its
        last event; one without events has no length.
    event
        Indices of the events by group and onset, shape (n_events,).
    onset_us, latest_us
        Their onsets on the axis, and the latest offset up to each of them.
    edge_us, active, before_us
        Where an event begins or ends, shape (2 n_events,), how many are active from there on, and their summed time
        before.
    """

    n_clips: int
    start_us: Ints
    event: Ints
    onset_us: Ints
    latest_us: Ints
    edge_us: Ints
    active: Ints
    before_us: Ints

    @classmethod
    def build(cls, events: Events, n_clips: int, n_classes: int) -> Timeline:
        """Put the events of ``n_clips`` clips on the axis."""
        group = events.label * n_clips + events.clip
        length_us = np.zeros(n_clips * n_classes, dtype=np.int64)
        np.maximum.at(length_us, group, events.offset_us)
        start_us = starts_of(length_us)
        order = np.lexsort((events.onset_us, group))
        onset_us, offset_us = ((start_us[group] + one)[order] for one in (events.onset_us, events.offset_us))
        edge_us = np.concatenate([onset_us, offset_us])
        by_time = np.argsort(edge_us, kind="stable")
        edge_us = edge_us[by_time]
        active = np.cumsum(np.where(by_time < len(order), 1, -1))
        before_us = np.append(0, np.cumsum(active[:-1] * np.diff(edge_us)))[: len(edge_us)]
        latest_us = np.maximum.accumulate(offset_us)
        return cls(n_clips, start_us, order, onset_us, latest_us, edge_us, active, before_us)

    def annotated(self) -> np.ndarray:
        """Whether a class has events in a clip, shape (n_clips, n_classes)."""
        return (np.diff(self.start_us) > 0).reshape(-1, self.n_clips).T

    def overlapping(self, detections: Events, label: Ints) -> tuple[Ints, Ints]:
        """First place in ``event`` and number of the events of a class that may overlap each detection.

        Exactly those that do, unless events of one class overlap each other. ``label`` is a class for each detection.
        """
        begin_us, end_us = self._on_axis(detections, label)
        first = np.searchsorted(self.latest_us, begin_us, side="right")
        return first, np.maximum(np.searchsorted(self.onset_us, end_us, side="left") - first, 0)

    def beginning_near(self, detections: Events, label: Ints, window_us: int) -> tuple[Ints, Ints]:
        """First place in ``event`` and number of the events that begin near each detection's onset.

        All that do of the detection's clip and of a class, one for each detection, are among them.
        """
        onset_us = self.start_us[label * self.n_clips + detections.clip] + detections.onset_us
        first = np.searchsorted(self.onset_us, onset_us - window_us, side="left")
        return first, np.searchsorted(self.onset_us, onset_us + window_us, side="right") - first

    def covered_us(self, detections: Events, label: Ints) -> Ints:
        """How much of each detection the events of a class cover, in microseconds, shape (n_detections,)."""
        if not len(self.edge_us):
            return np.zeros(len(detections.clip), dtype=np.int64)
        begin_us, end_us = self._on_axis(detections, label)
        covered_us: Ints = self._summed_until(end_us) - self._summed_until(begin_us)
        return covered_us

    def _on_axis(self, detections: Events, label: Ints) -> tuple[Ints, Ints]:
        """Begin and end of detections; after the last event of a group nothing is covered."""
        group = label * self.n_clips + detections.clip
        start_us, end_us = self.start_us[group], self.start_us[group + 1]
        return np.minimum(start_us + detections.onset_us, end_us), np.minimum(start_us + detections.offset_us, end_us)

    def _summed_until(self, time_us: Ints) -> Ints:
        at = np.maximum(np.searchsorted(self.edge_us, time_us, side="right") - 1, 0)
        # Before the first edge of all nothing is active yet.
        summed_us: Ints = self.before_us[at] + self.active[at] * np.maximum(time_us - self.edge_us[at], 0)
        return summed_us


@dataclass(frozen=True)
class GroundTruth:
    """Annotated events of a set of clips.

    Attributes
    ----------
    clips, classes
        Names; every index elsewhere refers to these.
    duration_us
        Length of each clip in microseconds, shape (n_clips,).
    events
        Sorted by clip; events of one class in one clip do not overlap (the reader merges or refuses).
    columns
        Classes that score files have columns of; those of ``classes`` where it is empty.
    """

    clips: tuple[str, ...]
    classes: tuple[str, ...]
    duration_us: Ints
    events: Events
    columns: tuple[str, ...] = ()

    @classmethod
    def build(
        cls,
        durations_s: Mapping[str, float],
        rows: Iterable[tuple[str, float, float, str]],
        classes: Sequence[str],
    ) -> GroundTruth:
        """Build from clip durations and (clip, onset_s, offset_s, label) rows.

        Raises
        ------
        KeyError
            If a row names a clip without a duration or a label that is not in ``classes``.
        """
        clip_index = {clip: i for i, clip in enumerate(durations_s)}
        label_index = {label: i for i, label in enumerate(classes)}
        table = [(clip_index[clip], label_index[label], on, off) for clip, on, off, label in rows]
        table.sort()
        events = Events(
            np.array([row[0] for row in table], dtype=np.int64),
            np.array([row[1] for row in table], dtype=np.int64),
            to_us([row[2] for row in table]),
            to_us([row[3] for row in table]),
        )
        return cls(tuple(durations_s), tuple(classes), to_us(list(durations_s.values())), events)

    @cached_property
    def timeline(self) -> Timeline:
        """The events in the order that overlaps are searched in."""
        return Timeline.build(self.events, len(self.clips), len(self.classes))

    def without_empty_clips(self) -> tuple[GroundTruth, Ints]:
        """The ground truth of the clips that hold an event, and the indices of those clips."""
        kept = np.unique(self.events.clip)
        renumbered = keep_clips(self.events, kept, len(self.clips))
        clips = tuple(self.clips[i] for i in kept)
        return GroundTruth(clips, self.classes, self.duration_us[kept], renumbered), kept


@dataclass(frozen=True, slots=True)
class Block:
    """Frames of some clips, one clip after the other.

    ``counts`` are the frames of each, ``times_us`` has shape (2, n_frames), ``values`` (n_classes, n_frames).
    """

    clips: Sequence[str]
    counts: Ints
    times_us: Ints
    values: Floats


@dataclass(frozen=True)
class Scores:
    """Per-frame scores of all clips of a ground truth, clip after clip in its order.

    Attributes
    ----------
    values
        Shape (n_frames, n_classes), columns in the order of the ground truth's classes.
    onset_us, offset_us
        Frame boundaries in microseconds, shape (n_frames,). Within a clip frames are gapless.
    first_frame
        Clip i holds the frames ``first_frame[i]:first_frame[i + 1]``; shape (n_clips + 1,).
    """

    values: Floats
    onset_us: Ints
    offset_us: Ints
    first_frame: Ints

    @classmethod
    def from_uniform(cls, values: npt.ArrayLike, frame_s: float) -> Scores:
        """Scores of equally long clips, shape (n_clips, n_frames, n_classes), on a uniform grid."""
        array = np.asarray(values, dtype=np.float64)
        n_clips, n_frames, n_classes = array.shape
        edges = to_us(np.arange(n_frames + 1) * frame_s)
        return cls(
            array.reshape(-1, n_classes),
            np.tile(edges[:-1], n_clips),
            np.tile(edges[1:], n_clips),
            np.arange(n_clips + 1, dtype=np.int64) * n_frames,
        )

    @classmethod
    def from_blocks(cls, blocks: list[Block], clips: Sequence[str]) -> Scores:
        """Move the clips of all blocks to their places in the order of ``clips``; the list is emptied on the way.

        Raises
        ------
        ValueError
            If one of the clips is not there, or twice.
        """
        place = {clip: index for index, clip in enumerate(clips)}
        counts = np.zeros(len(clips), dtype=np.int64)
        for block in blocks:
            counts[[place[clip] for clip in block.clips]] = block.counts
        if sum(len(block.clips) for block in blocks) != len(clips) or not counts.all():
            raise ValueError(f"the frames are not those of the {len(clips)} clips of the ground truth")
        first_frame = starts_of(counts)
        values = np.empty((len(blocks[0].values), first_frame[-1]))
        times_us = np.empty((2, first_frame[-1]), dtype=np.int64)
        while blocks:
            block = blocks.pop()
            frames = expand_ranges(first_frame[[place[clip] for clip in block.clips]], block.counts)
            values[:, frames], times_us[:, frames] = block.values, block.times_us
        return cls(values.T, times_us[0], times_us[1], first_frame)

    def take_clips(self, index: Ints) -> Scores:
        """The scores of some clips, in the order of ``index``."""
        counts = np.diff(self.first_frame)[index]
        frames = expand_ranges(self.first_frame[index], counts)
        return Scores(
            self.values[frames],
            self.onset_us[frames],
            self.offset_us[frames],
            starts_of(counts),
        )


def keep_clips(events: Events, kept: Ints, n_clips: int) -> Events:
    """The events of some of ``n_clips`` clips; clip ``kept[i]`` becomes clip i."""
    new_index = np.full(n_clips, -1, dtype=np.int64)
    new_index[kept] = np.arange(len(kept))
    clip = new_index[events.clip]
    inside = clip >= 0
    return Events(clip[inside], events.label[inside], events.onset_us[inside], events.offset_us[inside])


def starts_of(counts: Ints) -> Ints:
    """Where the parts of these lengths begin, one after the other, and the end of the last; shape (n_parts + 1,)."""
    return np.append(0, np.cumsum(counts))


def last_of_each(values: npt.NDArray[Any]) -> Ints:
    """The last index of each run of equal neighbours in values, shape (n,); shape (n_runs,)."""
    return np.flatnonzero(np.append(values[1:] != values[:-1], True)[: len(values)])


def known_mean(values: Floats) -> float:
    """The mean of the values, shape (n,), that are not NaN; NaN where all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def expand_ranges(starts: Ints, counts: Ints) -> Ints:
    """Concatenate ``arange(start, start + count)`` of each pair; shape (sum(counts),)."""
    ends: Ints = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    ranges: Ints = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts)
    return ranges
