"""Small rankings to test with."""

from __future__ import annotations

from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.order import Ranking, make_ranking
from dcase_energy.stats import Interval


def entry(label: str, score: float = 0.5, **changes: object) -> Entry:
    """A system of the generic edition with everything known; ``changes`` replace what they name."""
    known: dict[str, object] = {
        "team": label.rpartition("_")[0] or label,
        "scores": {"psds1": score, "psds2": score},
        "energy_kwh": {"training": 2.0, "test": 0.04},
        "baseline_kwh": {"training": 1.0, "test": 0.02},
        "baseline_evidence": "declared",
    }
    return Entry(label, **(known | changes))  # type: ignore[arg-type]


def ranking(*entries: Entry, edition: str = "generic") -> Ranking:
    """Rank them."""
    return make_ranking(list(entries), load_edition(edition))


def sure(low: float, high: float) -> dict[str, Interval]:
    """The same interval of both PSDS."""
    interval = Interval(low, high, "bootstrap", 0.9)
    return {"psds1": interval, "psds2": interval}
