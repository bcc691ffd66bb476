"""What a run came to: the figures of the paper's tables, each None where it is not known or not reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from dcase_energy.stats import first_reaching
from dcase_energy.study.runs import Criterion, Epoch, StatedFigures, StudyRun

F1_LEVEL = 0.40
SHARE_OF_MAX = 0.95


@dataclass(frozen=True)
class Outcome:
    """Figures of one run.

    Attributes
    ----------
    max_f1_pct, f1_95_pct
        Highest F1 of the training and 95 % of it, in percent.
    duration_s, total_kwh
        Of all epochs.
    epoch_wh, minute_wh
        Mean energy of an epoch, and of a minute, in watt-hours.
    kwh_at_f1_40, kwh_at_95, kwh_at_max
        Energy up to and including the first epoch that reaches 40 % F1, 95 % of the highest F1, and the highest F1.
    kwh_last
        Energy up to the last epoch.
    extra_95_to_max_pct
        Energy from 95 % to the highest F1, in percent of the energy to 95 %.
    not_reached
        Names of the energies above that are None because the training never reached the level.
    """

    max_f1_pct: float | None = None
    f1_95_pct: float | None = None
    duration_s: float | None = None
    total_kwh: float | None = None
    epoch_wh: float | None = None
    minute_wh: float | None = None
    kwh_at_f1_40: float | None = None
    kwh_at_95: float | None = None
    kwh_at_max: float | None = None
    kwh_last: float | None = None
    extra_95_to_max_pct: float | None = None
    not_reached: frozenset[str] = frozenset()


def outcome_of(run: StudyRun, criterion: Criterion) -> Outcome:
    """Figures of a finished run, from its epochs or, for an imported one, from what its source states."""
    stated = run.about.figures
    return _of_epochs(run.epochs, criterion) if stated is None else _of_figures(stated, run.about.work.epochs)


def cumulative_kwh(epochs: Sequence[Epoch]) -> list[float]:
    """Energy up to and including each epoch, shape (n_epochs,)."""
    return list(accumulate(epoch.energy_kwh for epoch in epochs))


def highest_f1(values: Sequence[float | None]) -> float | None:
    """The highest known F1; None where none is known."""
    return max((value for value in values if value is not None), default=None)


def _of_epochs(epochs: Sequence[Epoch], criterion: Criterion) -> Outcome:
    f1 = [epoch.f1(criterion) for epoch in epochs]
    total_kwh = math.fsum(epoch.energy_kwh for epoch in epochs)
    duration_s = math.fsum(epoch.duration_s for epoch in epochs)
    best = highest_f1(f1)
    # A training that never detects anything right has F1 = 0: it reached 95 % of nothing.
    levels: dict[str, float | None] = {
        "kwh_at_f1_40": F1_LEVEL,
        "kwh_at_95": SHARE_OF_MAX * best if best else None,
        "kwh_at_max": best or None,
    }
    spent = cumulative_kwh(epochs)
    index = {name: None if level is None else first_reaching(f1, level) for name, level in levels.items()}
    kwh = {name: None if i is None else spent[i] for name, i in index.items()}
    return Outcome(
        max_f1_pct=None if best is None else 100 * best,
        f1_95_pct=None if best is None else 100 * SHARE_OF_MAX * best,
        duration_s=duration_s,
        total_kwh=total_kwh,
        epoch_wh=1000 * total_kwh / len(epochs),
        minute_wh=1000 * total_kwh / (duration_s / 60),
        **kwh,
        kwh_last=total_kwh,
        extra_95_to_max_pct=_extra_pct(kwh["kwh_at_95"], kwh["kwh_at_max"]),
        not_reached=frozenset(name for name, value in kwh.items() if value is None and best is not None),
    )


def _of_figures(stated: StatedFigures, epochs: int | None) -> Outcome:
    """What is stated, except where it follows from figures stated with more digits; nothing is guessed."""
    total, duration_s, max_f1 = stated.total_kwh, stated.duration_s, stated.max_f1_pct
    follows = {
        "f1_95_pct": SHARE_OF_MAX * max_f1 if max_f1 is not None and stated.f1_95_pct is None else stated.f1_95_pct,
        "epoch_wh": stated.epoch_wh if total is None or not epochs else 1000 * total / epochs,
        "minute_wh": stated.minute_wh if total is None or not duration_s else 1000 * total / (duration_s / 60),
        "extra_95_to_max_pct": _extra_pct(stated.kwh_at_95, stated.kwh_at_max),
    }
    below_40 = stated.kwh_at_f1_40 is None and max_f1 is not None and max_f1 < 100 * F1_LEVEL
    return Outcome(
        **{**stated.model_dump(exclude={"f1_criterion"}), **follows},
        kwh_last=total,
        not_reached=frozenset({"kwh_at_f1_40"} if below_40 else ()),
    )


def _extra_pct(at_95: float | None, at_max: float | None) -> float | None:
    return None if at_95 is None or at_max is None or at_95 == 0 else 100 * (at_max / at_95 - 1)
