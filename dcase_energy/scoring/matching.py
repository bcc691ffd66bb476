"""Largest one-to-one matching of a bipartite graph (Hopcroft and Karp, SIAM Journal on Computing 2(4), 1973).

Nothing recurses: a chain of thousands of events, each near the next, is one path of that length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Graph = Mapping[int, Sequence[int]]


def largest_matching(neighbours: Graph) -> dict[int, int]:
    """Match as many left nodes as possible.

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
