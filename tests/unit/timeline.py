"""Ground truth and detections drawn as text, so that a test shows what it is about.

    clip1  Dog   ..####....
           Cat   ....###...

One character is half a second. ``#`` (or any character but ``.``) is activity.
"""

from __future__ import annotations

from fractions import Fraction

STEP = Fraction(1, 2)


def draw(text: str) -> tuple[list[tuple[str, Fraction, Fraction, str]], dict[str, Fraction]]:
    """Events (clip, onset, offset, label) and durations of a drawing."""
    events, durations, clip = [], {}, ""
    for line in text.strip().splitlines():
        parts = line.split()
        if len(parts) == 3:
            clip = parts.pop(0)
        label, row = parts
        durations[clip] = len(row) * STEP
        start = None
        for position, mark in enumerate(row + "."):
            if mark != "." and start is None:
                start = position
            elif mark == "." and start is not None:
                events.append((clip, start * STEP, position * STEP, label))
                start = None
    return events, durations
