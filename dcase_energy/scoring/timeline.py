"""Annotated events on one axis, so that what overlaps a detection is found by searching sorted times.

The time of every class in every clip lies on the axis one after the other. Nothing of the length (detections x events)
is ever built: a recording of an hour with thousands of events costs as little as the same events in many clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]


class Timed(Protocol):
    """Annotated events or detections, one row each: arrays of shape (n_rows,), times in microseconds."""

    @property
    def clip(self) -> _Ints:
        """Index of the clip."""

    @property
    def label(self) -> _Ints:
        """Index of the class."""

    @property
    def onset_us(self) -> _Ints:
        """Begin."""

    @property
    def offset_us(self) -> _Ints:
        """End."""


@dataclass(frozen=True)
class Timeline:
    """Annotated events of each class in each clip, in order.

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
    start_us: _Ints
    event: _Ints
    onset_us: _Ints
    latest_us: _Ints
    edge_us: _Ints
    active: _Ints
    before_us: _Ints

    @classmethod
    def build(cls, events: Timed, n_clips: int, n_classes: int) -> Timeline:
        """Put the events of ``n_clips`` clips on the axis."""
        group = events.label * n_clips + events.clip
        length_us = np.zeros(n_clips * n_classes, dtype=np.int64)
        np.maximum.at(length_us, group, events.offset_us)
        start_us = np.append(0, np.cumsum(length_us))
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

    def overlapping(self, detections: Timed, label: _Ints) -> tuple[_Ints, _Ints]:
        """First place in ``event`` and number of the events of a class that may overlap each detection.

        Exactly those that do, unless events of one class overlap each other. ``label`` is a class for each detection.
        """
        begin_us, end_us = self._on_axis(detections, label)
        first = np.searchsorted(self.latest_us, begin_us, side="right")
        return first, np.maximum(np.searchsorted(self.onset_us, end_us, side="left") - first, 0)

    def beginning_near(self, detections: Timed, label: _Ints, window_us: int) -> tuple[_Ints, _Ints]:
        """First place in ``event`` and number of the events that begin near each detection's onset.

        All that do of the detection's clip and of a class, one for each detection, are among them.
        """
        onset_us = self.start_us[label * self.n_clips + detections.clip] + detections.onset_us
        first = np.searchsorted(self.onset_us, onset_us - window_us, side="left")
        return first, np.searchsorted(self.onset_us, onset_us + window_us, side="right") - first

    def covered_us(self, detections: Timed, label: _Ints) -> _Ints:
        """How much of each detection the events of a class cover, in microseconds, shape (n_detections,)."""
        if not len(self.edge_us):
            return np.zeros(len(detections.clip), dtype=np.int64)
        begin_us, end_us = self._on_axis(detections, label)
        covered_us: _Ints = self._summed_until(end_us) - self._summed_until(begin_us)
        return covered_us

    def _on_axis(self, detections: Timed, label: _Ints) -> tuple[_Ints, _Ints]:
        """Begin and end of detections; after the last event of a group nothing is covered."""
        group = label * self.n_clips + detections.clip
        start_us, end_us = self.start_us[group], self.start_us[group + 1]
        return np.minimum(start_us + detections.onset_us, end_us), np.minimum(start_us + detections.offset_us, end_us)

    def _summed_until(self, time_us: _Ints) -> _Ints:
        at = np.maximum(np.searchsorted(self.edge_us, time_us, side="right") - 1, 0)
        # Before the first edge of all nothing is active yet.
        summed_us: _Ints = self.before_us[at] + self.active[at] * np.maximum(time_us - self.edge_us[at], 0)
        return summed_us
