"""The paper's claims, each as figures of the runs at hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from dcase_energy.stats import trend_of
from dcase_energy.study.outcome import Outcome, cumulative_kwh
from dcase_energy.study.runs import Criterion, Epoch, StudyRun
from dcase_energy.study.tables import GridCell, deviation, mean, natural_key, over_cells
from dcase_energy.study.variance import Shares, explained

_T = TypeVar("_T")
Member = tuple[StudyRun, Outcome]
Members = dict[GridCell, list[Member]]
PATIENCES = (10, 20, 50)
# Claim, quantity and unit of figures, and how a run and its outcome give them.
_FIGURES: tuple[tuple[str, str, str, Callable[[Member], float | None]], ...] = (
    ("epoch energy", "change over the training", "% of the mean", lambda m: change_pct(m[0].epochs)),
    ("epoch energy", "standard deviation of epochs", "% of the mean", lambda m: spread_pct(m[0].epochs)),
    ("saving", "stop at max F1", "%", lambda m: saved_pct(m[1].kwh_at_max, m[1].kwh_last)),
    ("saving", "stop at 95 % of max F1", "%", lambda m: saved_pct(m[1].kwh_at_95, m[1].kwh_last)),
)


@dataclass(frozen=True)
class Claim:
    """One figure that belongs to a claim.

    Attributes
    ----------
    claim, quantity, unit
        Which claim, what of it, and its unit; also the columns of claims.csv.
    gpu, batch_size
        What it is of; None where it is averaged over.
    of
        Which figure's variance is explained; None for other claims.
    value, deviation
        None where it is not known.
    """

    claim: str
    quantity: str
    unit: str
    value: float | None
    deviation: float | None = None
    gpu: str | None = None
    batch_size: int | None = None
    of: str | None = None


def variance_claims(members: Members) -> list[Claim]:
    """Share of the variance of ln E = ln P + ln t: what GPU and batch size explain of each.

    The paper's claim: batch size acts through time alone, the GPU through both power and time.
    """
    used = [
        (cell, outcome.total_kwh, outcome.duration_s)
        for cell, runs in members.items()
        for _, outcome in runs
        if outcome.total_kwh and outcome.duration_s
    ]
    logarithms = {
        "ln energy": [math.log(kwh) for _, kwh, _ in used],
        "ln mean power": [math.log(kwh / duration_s) for _, kwh, duration_s in used],
        "ln time": [math.log(duration_s) for _, _, duration_s in used],
    }
    claims = []
    for quantity, values in logarithms.items():
        shares = explained([cell[0] for cell, *_ in used], [cell[1] for cell, *_ in used], values)
        claims.append(Claim("variance", "variance", "", shares.variance, of=quantity))
        for source in fields(Shares)[1:]:
            part: float | None = getattr(shares, source.name)
            percent = None if part is None else 100 * part
            claims.append(Claim("variance", source.name.replace("_", " "), "%", percent, of=quantity))
    return claims


def training_claims(members: Members, criterion: Criterion) -> list[Claim]:
    """How the energy of epochs changes and differs, and what stopping earlier would have saved of all of it."""
    claims = [claim for what, name, unit, figure in _FIGURES for claim in _by_all(what, name, unit, members, figure)]
    for patience in PATIENCES:
        replays = {
            cell: [replay_patience(run.epochs, criterion, patience) for run, _ in runs]
            for cell, runs in members.items()
        }
        rule = f"patience of {patience} epochs"
        claims += _by_all("saving", rule, "%", replays, lambda r: None if r is None else r.saved_pct)
        claims += _by_all("F1 given up", rule, "points", replays, lambda r: None if r is None else r.f1_lost_points)
    return claims


def hardware_claims(members: Members) -> list[Claim]:
    """How far GPUs differ in energy, and how far after dividing by a baseline trained on the same GPU.

    The baseline is the training with the largest batch size that every GPU has; each other batch size is a system.
    The spread is the coefficient of variation over GPUs of the cells' mean energies.
    """
    energies = {cell: mean([o.total_kwh for _, o in runs if o.total_kwh]) for cell, runs in members.items()}
    gpus = sorted({gpu for gpu, _ in energies}, key=natural_key)
    batches = sorted({batch for _, batch in energies})
    common = [batch for batch in batches if all(energies.get((gpu, batch)) for gpu in gpus)]
    if len(gpus) < 2 or len(common) < 2:
        return []
    baseline = common[-1]
    claims = []
    for batch in common[:-1]:
        before = [kwh for gpu in gpus if (kwh := energies[gpu, batch])]
        after = [kwh / base for gpu in gpus if (kwh := energies[gpu, batch]) and (base := energies[gpu, baseline])]
        for name, values in (("before", before), (f"after dividing by batch {baseline}", after)):
            claims.append(Claim("hardware spread", name, "% (CV)", variation_pct(values), None, None, batch))
    return claims


@dataclass(frozen=True)
class Replay:
    """What a rule that stops early would have come to."""

    saved_pct: float | None
    f1_lost_points: float


def replay_patience(epochs: Sequence[Epoch], criterion: Criterion, patience: int) -> Replay | None:
    """Stop once F1 has not risen above its highest value for ``patience`` epochs; None without F1 of a run.

    Epochs before the first known F1 do not count: there is nothing yet that it could rise above.
    """
    f1 = [epoch.f1(criterion) for epoch in epochs]
    known = [value for value in f1 if value is not None]
    if not known:
        return None
    best, best_at, stop = -1.0, len(f1), len(f1) - 1
    for index, value in enumerate(f1):
        if value is not None and value > best:
            best, best_at = value, index
        elif index - best_at >= patience:
            stop = index
            break
    spent = cumulative_kwh(epochs)
    return Replay(saved_pct(spent[stop], spent[-1]), 100 * (max(known) - best))


def saved_pct(spent_kwh: float | None, all_kwh: float | None) -> float | None:
    """Energy not spent, in percent of all."""
    return None if spent_kwh is None or not all_kwh else 100 * (1 - spent_kwh / all_kwh)


def change_pct(epochs: Sequence[Epoch]) -> float | None:
    """Change of the energy of an epoch over a training, by its trend, in percent of the mean.

    None for fewer than three epochs: any two values have a line through them.
    """
    energies = [epoch.energy_kwh for epoch in epochs]
    centre = mean(energies)
    return None if len(energies) < 3 or not centre else 100 * trend_of(energies).change / centre


def spread_pct(epochs: Sequence[Epoch]) -> float | None:
    """Coefficient of variation of the energies of epochs, in percent."""
    return variation_pct([epoch.energy_kwh for epoch in epochs])


def variation_pct(values: Sequence[float]) -> float | None:
    """Sample standard deviation over the mean, in percent."""
    spread, centre = deviation(values), mean(values)
    return None if spread is None or not centre else 100 * spread / centre


def _by_all(
    claim: str, quantity: str, unit: str, cells: dict[GridCell, list[_T]], figure: Callable[[_T], float | None]
) -> Iterable[Claim]:
    """A figure over everything, by batch size, and by GPU; nothing where no run has it."""
    whole = over_cells(list(cells.values()), figure)
    if whole[0] is None:
        return
    yield Claim(claim, quantity, unit, *whole)
    for batch in sorted({batch for _, batch in cells}):
        chosen = [members for (_, b), members in cells.items() if b == batch]
        yield Claim(claim, quantity, unit, *over_cells(chosen, figure), batch_size=batch)
    for gpu in sorted({gpu for gpu, _ in cells}, key=natural_key):
        chosen = [members for (g, _), members in cells.items() if g == gpu]
        yield Claim(claim, quantity, unit, *over_cells(chosen, figure), gpu=gpu)
