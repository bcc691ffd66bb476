"""Where names of points stand: beside them, over no other name, point or line of the chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dcase_energy.sheets.plots.chart import Point

# Height of a line of letters, and how far names stand from their points.
_HEIGHT, _APART = 11.0, 7.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, its top being the lower figure."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether both have a place in common."""
        beside = self.left >= other.right or other.left >= self.right
        return not (beside or self.top >= other.bottom or other.top >= self.bottom)

    def holds(self, other: Box) -> bool:
        """Whether the other one lies inside."""
        inside = self.left <= other.left and other.right <= self.right
        return inside and self.top <= other.top and other.bottom <= self.bottom


def box_of_line(places: Sequence[Point]) -> list[Box]:
    """Return the boxes of the parts of a line that are level or upright; of slanting ones there are none."""
    return [
        Box(min(a, c) - 1, min(b, d) - 1, max(a, c) + 1, max(b, d) + 1)
        for (a, b), (c, d) in pairwise(places)
        if a == c or b == d
    ]


def place_names(
    named: Sequence[tuple[Point, float]], taken: Sequence[Box], frame: Box
) -> Iterator[tuple[int, float, float]]:
    """Yield which name stands where: left end and base line. Names for which there is no room are left out.

    Parameters
    ----------
    named
        The point and the width of each name, those that matter most first.
    taken
        What names must keep clear of.
    frame
        What they must lie in.
    """
    occupied = list(taken)
    for number, ((x, y), width) in enumerate(named):
        for left, base in _candidates(x, y, width):
            box = Box(left - 1, base - _HEIGHT + 1, left + width + 1, base + 3)
            if frame.holds(box) and not any(box.meets(other) for other in occupied):
                occupied.append(box)
                yield number, left, base
                break


def _candidates(x: float, y: float, width: float) -> Iterator[Point]:
    """Beside the point, above and below it, then ever further off."""
    for step in range(4):
        far = _APART + 6 * step
        for base in (y + 4, y - far + 1, y + far + 8):
            level = base == y + 4
            if level and step:
                continue
            yield x + _APART if level else x + 2, base
            yield x - width - (_APART if level else 2), base
            if not level:
                yield x - width / 2, base
