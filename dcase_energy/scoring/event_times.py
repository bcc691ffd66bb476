"""Events that lie past the end of their clip: a slip in some rows, or times in another unit in nearly all."""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.overlap import Bools

# Annotations and padded clips end a little late; a second is beyond both.
PAST_END_US = 1_000_000
CLIP_LONG_US = 250_000
_FEWEST_CLIP_LONG = 10


def far_past(offset_us: np.ndarray, end_us: np.ndarray | np.int64 | int) -> Bools:
    """Which events end more than a second after ``end_us``."""
    past: Bools = offset_us - end_us > PAST_END_US
    return past


def in_another_unit(n_past: int, n_events: int) -> bool:
    """Whether so many events lie past their clips that the times themselves are wrong."""
    return n_past > 1 and 2 * n_past > n_events


def all_clip_long(events: Events, truth: GroundTruth) -> bool:
    """Whether nearly every event is as long as its clip."""
    long = (events.onset_us <= CLIP_LONG_US) & (events.offset_us >= truth.duration_us[events.clip] - CLIP_LONG_US)
    return len(events) >= _FEWEST_CLIP_LONG and 10 * int(long.sum()) >= 9 * len(events)
