"""Collar-based counts: onset and offset within a collar (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from dcase_energy.scoring.conventions import COLLAR_S, COLLAR_SHARE, Conventions
from dcase_energy.scoring.counts import F1, ClipCounts, count_by_clip, f1_scores, of_beta
from dcase_energy.scoring.data import Events, GroundTruth, Ints, expand_ranges, to_us
from dcase_energy.scoring.metrics import Options, Run
from dcase_energy.scoring.overlap import EXACT, Timing, seconds

OPTIONS: Mapping[str, bool | tuple[str, ...]] = {
    "collar_s": False,
    "offset_share": False,
    "offsets": ("compare", "any"),
    "beta": False,
}
Graph = Mapping[int, Sequence[int]]


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, F1]:
    """Match the detections; the options are those of `collar_by_clip`, and ``beta``."""
    return f1_scores(run, wanted, collar_by_clip, timing=run.conventions.timing)


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    collar_s, share = options.get("collar_s", COLLAR_S), options.get("offset_share", COLLAR_SHARE)
    offsets = "any offset" if options.get("offsets") == "any" else f"{share:.0%}"
    return [
        f"collars {collar_s:g} s, {offsets}",
        *of_beta(options),
        *conventions.of_detections(),
        *conventions.of_times(),
    ]


def collar_by_clip(
    detections: Events,
    truth: GroundTruth,
    *,
    collar_s: float = COLLAR_S,
    offset_share: float = COLLAR_SHARE,
    offsets: str = "compare",
    timing: Timing = EXACT,
) -> ClipCounts:
    """Count detections matched one to one with annotated events of their class.

    A pair may match if its onsets differ by at most ``collar_s`` and its offsets by at most the larger of ``collar_s``
    and ``offset_share`` of the annotated event; with ``offsets="any"`` offsets do not matter. The matching is a largest
    one. What it leaves, of any two classes, is matched in the same way: these are substitutions. ``timing`` says how
    times are compared.
    """
    n_clips, n_classes = len(truth.clips), len(truth.classes)
    near = partial(
        _candidates, truth=truth, collar_s=collar_s, offset_share=offset_share, offsets=offsets, timing=timing
    )
    detection, event = near(detections, detections.label)
    matched = _largest_matching(detection, event)
    return ClipCounts.build(
        truth.classes,
        count_by_clip(detections, detection[matched], n_clips, n_classes),
        count_by_clip(detections, None, n_clips, n_classes),
        count_by_clip(truth.events, None, n_clips, n_classes),
        _substitutions(detections, truth, near, detection[matched], event[matched]),
    )


def _substitutions(
    detections: Events, truth: GroundTruth, near: Callable[..., tuple[Ints, Ints]], matched: Ints, found: Ints
) -> Ints:
    """How many detections of each clip are near an event of another class, where both have no match in theirs."""
    free = np.delete(np.arange(len(detections)), matched)
    left = detections.take(free)
    missed = np.ones(len(truth.events), dtype=bool)
    missed[found] = False
    pairs = [near(left, np.full(len(left), label)) for label in range(len(truth.classes))]
    detection, event = (np.concatenate([np.empty(0, np.int64), *some]) for some in zip(*pairs, strict=True))
    open_ = missed[event]
    detection, event = detection[open_], event[open_]
    clip = left.clip[detection[_largest_matching(detection, event)]]
    return np.bincount(clip, minlength=len(truth.clips))


def _candidates(
    detections: Events,
    label: Ints,
    *,
    truth: GroundTruth,
    collar_s: float,
    offset_share: float,
    offsets: str,
    timing: Timing,
) -> tuple[Ints, Ints]:
    """All pairs of a detection and an event of its clip and of a class, one for each, that lie within the collars."""
    events = truth.events
    collar_us = int(to_us([collar_s])[0])
    first, counts = truth.timeline.beginning_near(detections, label, max(collar_us + timing.tolerance_us, 0) + 1)
    detection = np.repeat(np.arange(len(detections)), counts)
    event = truth.timeline.event[expand_ranges(first, counts)]
    same = (detections.clip[detection] == events.clip[event]) & (label[detection] == events.label[event])
    detection, event = detection[same], event[same]
    share_ppm = round(offset_share * 1_000_000)
    offset_collar_us = np.maximum(collar_us, events.duration_us[event] * share_ppm // 1_000_000)
    length_s = seconds(events.offset_us[event]) - seconds(events.onset_us[event])
    offset_collar_s = np.maximum(collar_s, offset_share * length_s)
    near = timing.within(detections.onset_us[detection], events.onset_us[event], collar_us, collar_s)
    if offsets == "compare":
        near &= timing.within(
            detections.offset_us[detection], events.offset_us[event], offset_collar_us, offset_collar_s
        )
    return detection[near], event[near]


def _largest_matching(detection: Ints, event: Ints) -> Ints:
    """Indices of pairs that form a largest one-to-one matching."""
    pair_of: dict[tuple[int, int], int] = {}
    options: dict[int, list[int]] = {}
    for index, (left, right) in enumerate(zip(detection.tolist(), event.tolist(), strict=True)):
        pair_of[left, right] = index
        options.setdefault(left, []).append(right)
    return np.array([pair_of[pair] for pair in largest_matching(options).items()], dtype=np.int64)


def largest_matching(neighbours: Graph) -> dict[int, int]:
    """Match as many left nodes as possible (Hopcroft and Karp, SIAM Journal on Computing 2(4), 1973).

    Nothing recurses: a chain of thousands of events, each near the next, is one path of that length.

    Parameters
    ----------
    neighbours
        The right nodes that each left node may be matched with.

    Returns
    -------
    dict
        The right node of each left node that is matched.
    """
    left_of: dict[int, int] = {}
    right_of: dict[int, int] = {}
    for left, options in neighbours.items():
        free = next((right for right in options if right not in left_of), None)
        if free is not None:
            left_of[free], right_of[left] = left, free
    while layers := _layers(neighbours, left_of, right_of):
        for left in [left for left in neighbours if left not in right_of]:
            _augment(left, neighbours, layers, left_of, right_of)
    return right_of


def _layers(neighbours: Graph, left_of: Mapping[int, int], right_of: Mapping[int, int]) -> dict[int, int]:
    """Distance of each left node from the free ones along alternating paths; empty if no path ends at a free node."""
    layer = {left: 0 for left in neighbours if left not in right_of}
    frontier, found = list(layer), False
    while frontier and not found:
        reached: list[int] = []
        for left in frontier:
            for right in neighbours[left]:
                owner = left_of.get(right)
                if owner is None:
                    found = True
                elif owner not in layer:
                    layer[owner] = layer[left] + 1
                    reached.append(owner)
        frontier = reached
    return layer if found else {}


def _augment(
    start: int, neighbours: Graph, layer: dict[int, int], left_of: dict[int, int], right_of: dict[int, int]
) -> None:
    """Follow one shortest alternating path from a free left node, and turn it round if it ends at a free right node."""
    path, remaining = [start], [iter(neighbours[start])]
    chosen: list[int] = []
    while path:
        for right in remaining[-1]:
            owner = left_of.get(right)
            if owner is None:
                for left, partner in zip(path, [*chosen, right], strict=True):
                    left_of[partner], right_of[left] = left, partner
                return
            if layer.get(owner) == layer[path[-1]] + 1:
                chosen.append(right)
                path.append(owner)
                remaining.append(iter(neighbours[owner]))
                break
        else:
            # Nothing leads on from here: no other path of this phase needs to try it.
            layer[path.pop()] = -1
            remaining.pop()
            if chosen:
                chosen.pop()
