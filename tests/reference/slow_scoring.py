"""Slow, obvious twins of the scoring package: loops over thresholds, clips, classes and events, seconds as fractions.

Written from the definitions (Bilen et al., ICASSP 2020; Mesaros et al., Applied Sciences 2016) without looking at the
fast code. Nothing here is meant to be quick.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

Event = tuple[str, Fraction, Fraction, str]  # clip, onset, offset, label


def detections(frames, threshold):
    """Runs of frames whose score is above a threshold. ``frames``: {clip: [(on, off, {label: score})]}."""
    found: list[Event] = []
    for clip, rows in frames.items():
        labels = rows[0][2] if rows else {}
        for label in labels:
            start = end = None
            for onset, offset, scores in rows:
                if scores[label] > threshold:
                    start = onset if start is None else start
                    end = offset
                elif start is not None:
                    found.append((clip, start, end, label))
                    start = None
            if start is not None:
                found.append((clip, start, end, label))
    return found


def overlap(a: Event, b: Event) -> Fraction:
    return max(Fraction(0), min(a[2], b[2]) - max(a[1], b[1]))


def intersection(detected, truth, label, dtc, gtc, cttc=None):
    """True positives, false positives, cross-triggers {other: n} of one class."""
    mine = [d for d in detected if d[3] == label]
    relevant, wrong = [], []
    for d in mine:
        covered = sum(overlap(d, g) for g in truth if g[0] == d[0] and g[3] == label)
        (relevant if covered >= dtc * (d[2] - d[1]) else wrong).append(d)
    hits = 0
    for g in truth:
        if g[3] == label:
            covered = sum(overlap(d, g) for d in relevant if d[0] == g[0])
            hits += covered > 0 and covered >= gtc * (g[2] - g[1])
    triggers: dict[str, int] = {}
    if cttc is not None:
        for other in {g[3] for g in truth} - {label}:
            for d in wrong:
                covered = sum(overlap(d, g) for g in truth if g[0] == d[0] and g[3] == other)
                triggers[other] = triggers.get(other, 0) + (covered >= cttc * (d[2] - d[1]))
    return hits, len(wrong), triggers


def f1(hits, wrong, annotated):
    total = hits + wrong + annotated
    return 2 * hits / total if total else None


def collar(detected, truth, label, collar_s=Fraction(1, 5), share=Fraction(1, 5)):
    """Size of a largest one-to-one matching, by trying every subset order (tiny inputs only)."""
    mine = [d for d in detected if d[3] == label]
    events = [g for g in truth if g[3] == label]

    def near(d, g):
        return (
            d[0] == g[0] and abs(d[1] - g[1]) <= collar_s and abs(d[2] - g[2]) <= max(collar_s, share * (g[2] - g[1]))
        )

    def best(left, free):
        if not left:
            return 0
        first, rest = left[0], left[1:]
        options = [best(rest, free)]
        options += [1 + best(rest, free - {g}) for g in free if near(first, events[g])]
        return max(options)

    hits = best(mine, frozenset(range(len(events))))
    return hits, len(mine) - hits


def segments(detected, truth, durations, label, length=Fraction(1)):
    """Annotated, detected and both, in segments of a fixed length that end with the clip."""
    counts = [0, 0, 0]
    for clip, duration in durations.items():
        for k in range(math.ceil(duration / length)):
            window = (clip, k * length, min((k + 1) * length, duration), label)
            active = [
                any(e[0] == clip and e[3] == label and overlap(e, window) > 0 for e in es) for es in (truth, detected)
            ]
            counts[0] += active[0]
            counts[1] += active[1]
            counts[2] += all(active)
    return counts


def psds(frames, truth, durations, labels, scenario):
    """PSDS by trying the threshold below every score that occurs."""
    hours = float(sum(durations.values())) / 3600
    class_hours = {k: float(sum(g[2] - g[1] for g in truth if g[3] == k)) / 3600 for k in labels}
    judged = [label for label in labels if any(g[3] == label for g in truth)]
    dtc, gtc, cttc = (Fraction(str(value)) for value in (scenario.dtc, scenario.gtc, scenario.cttc))
    curves = {}
    for label in judged:
        levels = sorted({scores[label] for rows in frames.values() for _, _, scores in rows}, reverse=True)
        points = [(0.0, 0.0)]
        for level in levels:
            below = math.nextafter(level, -math.inf)
            only = {c: [(a, b, {label: s[label]}) for a, b, s in rows] for c, rows in frames.items()}
            hits, wrong, triggers = intersection(detections(only, below), truth, label, dtc, gtc, cttc)
            rate = wrong / hours
            if scenario.alpha_ct and len(labels) > 1:
                averaged = len(labels) - 1 if scenario.cross_trigger_average == "others" else len(labels)
                rate += scenario.alpha_ct * sum(n / class_hours[k] for k, n in triggers.items()) / averaged
            points.append((rate, hits / sum(g[3] == label for g in truth)))
        curves[label] = points
    grid = sorted({min(x, scenario.e_max) for points in curves.values() for x, _ in points} | {scenario.e_max})
    area = 0.0
    for left, right in itertools.pairwise(grid):
        rates = [max(y for x, y in points if x <= left) for points in curves.values()]
        mean = sum(rates) / len(rates)
        deviation = math.sqrt(sum((r - mean) ** 2 for r in rates) / len(rates))
        area += max(0.0, mean - scenario.alpha_st * deviation) * (right - left)
    return area / scenario.e_max
