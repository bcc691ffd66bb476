"""Largest matchings: small ones against all subsets, long chains without recursion."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.metrics.collar_f1 import collar_by_clip, largest_matching

graphs = st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 5), unique=True, max_size=4), max_size=6)


def slow(neighbours):
    """The most left nodes that any order serves when each takes its first free option, over all orders of options."""

    def best(left, taken):
        if not left:
            return 0
        first, *rest = left
        return max(
            [best(rest, taken), *(1 + best(rest, taken | {one}) for one in neighbours[first] if one not in taken)]
        )

    return best(list(neighbours), frozenset())


@given(graphs)
def test_it_is_a_largest_matching(neighbours):
    found = largest_matching(neighbours)
    assert len(found) == slow(neighbours)
    assert len(set(found.values())) == len(found)
    assert all(right in neighbours[left] for left, right in found.items())


def test_paths_that_turn_many_pairs_round():
    """Every greedy choice is wrong: node k may take k or k + 1, and the last one may take only its own."""
    n = 5000
    neighbours = {k: [k + 1, k] for k in range(n)} | {n: [n]}
    assert len(largest_matching(neighbours)) == n + 1


def test_a_chain_of_events_is_matched():
    """Each detection lies within the collars of several events of one class in one clip."""
    n = 1200
    truth = GroundTruth.build({"a": 200.0}, [("a", k * 0.1, k * 0.1 + 0.05, "Dog") for k in range(n)], ("Dog",))
    late = Events(
        truth.events.clip, truth.events.label, truth.events.onset_us + 100_000, truth.events.offset_us + 100_000
    )
    counts = collar_by_clip(late, truth).total()
    assert (counts.true_positives.tolist(), counts.false_positives.tolist()) == ([n], [0])


def test_the_order_of_nodes_does_not_matter():
    for order in permutations(range(4)):
        assert len(largest_matching({left: [0, 1] if left < 3 else [2] for left in order})) == 3
