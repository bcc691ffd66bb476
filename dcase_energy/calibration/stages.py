"""The figures of the stages: what the windows of a run say about training and test, and about the whole recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from dcase_energy.measure.plan import INFERENCE, SCORING
from dcase_energy.measure.record_parts import Stage
from dcase_energy.measure.summary import (
    bases_of,
    basis_intervals,
    components,
    estimated_share,
    interval_of_mean,
    net_kwh,
    phases_of,
    with_ticks,
)
from dcase_energy.measure.view import idle_of, is_1_0, tick_s_of
from dcase_energy.measure.windows import Span, Window, of_phase, span
from dcase_energy.stats import (
    BetweenSessions,
    Interval,
    Mean,
    median_of_means,
    sample_mean,
    steady_mean,
    steady_mean_1_0,
    sum_known,
    times,
    weighted_sum,
)

if TYPE_CHECKING:
    from dcase_energy.measure.entries import AnyCalibrationHeader, CalibrationHeader, Entries, Methods, QuickFields

TRAINING_PHASES = ("training_steps", "validation_forward", "validation_metrics", "checkpoint")
TEST_PHASES = ("test_forward", "test_metrics")

# A quantity of a window: its energy, that of a component, its seconds; None where it was not measured.
_Value = Callable[[Window | Span], float | None]


def stage_records(header: CalibrationHeader, windows: Sequence[Window], methods: Methods) -> dict[str, Stage]:
    """The stages that were measured to their end, and beside them `SCORING`: the metrics of the test."""
    wanted: dict[str, MeasuredStage | None] = {}
    if "training" in header["stages"]:
        quick = header["quick"]
        found = _whole_training(header, windows) if quick is None else _quick_training(header, quick, windows)
        wanted["training"] = found
    if "test" in header["stages"]:
        wanted |= {"test": _test_1_0(header, windows)} if is_1_0(header) else _test(header, windows)
    return {name: one.stage(methods) for name, one in wanted.items() if one is not None}


@dataclass(frozen=True)
class MeasuredStage:
    """A stage as it was measured, and a way to scale any quantity of it to the whole recipe.

    Attributes
    ----------
    work
        What was done and what it was scaled to, for people.
    used, whole
        The windows, and the time they span.
    total
        A quantity of the whole recipe; None where it was not measured.
    interval_kind, n
        How the interval is computed, and from how many values.
    between
        How much sessions differ; None in records of 1.0, whose intervals do not hold it.
    epochs
        As many as were trained.
    median
        The energy of the whole recipe by medians of means; None where it is not computed.
    scope
        What the stage holds; None where that is not stated.
    """

    work: str
    used: Sequence[Window]
    whole: Span
    total: Callable[[_Value], Mean | None]
    interval_kind: str
    n: int
    between: BetweenSessions | None = None
    epochs: float = 0
    median: float | None = None
    scope: tuple[str, ...] | None = None

    def stage(self, methods: Methods) -> Stage:
        """The figures of the record."""
        full = self.total(attrgetter("energy_kwh")) or Mean(0.0)
        within, whole = self._intervals(full)
        return Stage(
            work=self.work,
            scope=None if self.scope is None else list(self.scope),
            bases=bases_of(methods, self.whole.own_cpu_s),
            energy_kwh=self.whole.energy_kwh,
            full_recipe_energy_kwh=full.value,
            full_recipe_energy_interval=whole,
            within_session_interval=within,
            full_recipe_energy_kwh_median=self.median,
            basis_intervals=basis_intervals(methods, lambda value: self._intervals(self.total(value))[1]),
            epochs=self.epochs,
            steps=sum(w.payload.get("steps", 0) for w in self.used),
            clips=sum(w.payload.get("clips", 0) for w in self.used),
            duration_s=self.whole.duration_s,
            full_recipe_duration_s=self._total(attrgetter("duration_s")) or 0.0,
            own_cpu_s=self.whole.own_cpu_s,
            full_recipe_own_cpu_s=self._total(attrgetter("own_cpu_s")),
            components=components(
                methods, self.whole.component_kwh, lambda name: self._total(lambda window: window.component_kwh(name))
            ),
            phases=phases_of(self.used),
        )

    def _intervals(self, mean: Mean | None) -> tuple[Interval | None, Interval | None]:
        return (None, None) if mean is None else session_intervals(mean, self.interval_kind, self.n, self.between)

    def _total(self, value: _Value) -> float | None:
        mean = self.total(value)
        return None if mean is None else mean.value


def _whole_training(header: CalibrationHeader, windows: Sequence[Window]) -> MeasuredStage | None:
    """Whole epochs, scaled to the recipe's number of them: energy per epoch is stable (ICASSP 2023, section 4).

    Where an epoch validated fewer clips than the recipe has, its validation is scaled to the recipe's first.
    """
    epochs = by_epoch(windows)
    if not epochs:
        return None
    recipe, between = header["recipe"], between_sessions_of(header)
    left_out = [_left_out(header, rows) for rows in epochs]

    def known(value: _Value) -> list[float]:
        values = [
            sum_known([value(span(rows)), *(times(value(window), share) for share, window in more)])
            for rows, more in zip(epochs, left_out, strict=True)
        ]
        return [one for one in values if one is not None]

    def total(value: _Value) -> Mean | None:
        values, mean = known(value), sample_mean if between is None else steady_mean
        return weighted_sum([(recipe["epochs"], mean(values))]) if len(values) == len(epochs) else None

    work = f"{len(epochs)} of {recipe['epochs']} epochs of recipe {recipe['name']}"
    if any(share for more in left_out for share, _ in more):
        clips = next(w.payload["clips"] for w in epochs[0] if w.phase == "validation_forward")
        work += f", each with {clips} of {recipe['validation_clips']} validated clips, scaled to all of them"
    used = [window for rows in epochs for window in rows]
    whole = Span(tuple(part for rows in epochs for part in span(rows).parts))
    kind = "mean-of-epochs" if between is None else "epochs-of-session"
    median = None if between is None else recipe["epochs"] * median_of_means(known(attrgetter("energy_kwh")))
    return MeasuredStage(work, used, whole, total, kind, len(epochs), between, len(epochs), median)


def _left_out(header: CalibrationHeader, epoch: Sequence[Window]) -> list[tuple[float, Window]]:
    """The windows of an epoch's validation, with the share of their work that the recipe has besides.

    Records of 1.0 hold an epoch as it was measured.
    """
    clips = next((w.payload.get("clips") for w in epoch if w.phase == "validation_forward"), None)
    if clips is None or is_1_0(header):
        return []
    forward = header["recipe"]["validation_clips"] / clips - 1
    return [
        (forward if w.phase == "validation_forward" else _metrics_amount(header, w, clips) - 1, w)
        for w in of_phase(epoch, "validation_forward", "validation_metrics")
    ]


def _metrics_amount(header: CalibrationHeader, window: Window, clips: int) -> float:
    """How many times the work of some metrics a validation of the recipe has.

    Nearly all of it goes into the clips that have events; where their number is not stated, into all ``clips``.
    """
    recipe, scored = header["recipe"], window.payload.get("event_clips")
    return float(recipe["validation_clips"] / clips if scored is None else recipe["strong_validation_clips"] / scored)


def _quick_training(header: CalibrationHeader, quick: QuickFields, windows: Sequence[Window]) -> MeasuredStage | None:
    """Windows of steps and of validated clips, scaled to the steps and clips of the whole recipe."""
    recipe = header["recipe"]
    steps, clips = of_phase(windows, "training_window"), of_phase(windows, "validation_window")
    metrics = of_phase(windows, "validation_metrics")
    if not steps or not clips:
        return None
    epochs, between, settled = recipe["epochs"], between_sessions_of(header), _settled(quick, windows, steps[0])
    amounts = [
        _Amount(epochs * recipe["steps_per_epoch"], [(w.payload["steps"], w) for w in steps], settled),
        _Amount(epochs * recipe["validation_clips"], [(w.payload["clips"], w) for w in clips]),
        _Amount(epochs, [(1 / _metrics_amount(header, w, w.payload["clips"]), w) for w in metrics], once=True),
    ]
    n_steps = sum(w.payload["steps"] for w in steps)
    work = (
        f"{n_steps} training steps and {sum(w.payload['clips'] for w in clips)} validated clips of recipe "
        f"{recipe['name']}, scaled to its {epochs} epochs"
    )
    used = [*steps, *clips, *metrics]
    mean = steady_mean if between is not None else lambda values, _: steady_mean_1_0(values)
    total = partial(_scaled, amounts, mean)
    done, n = n_steps / recipe["steps_per_epoch"], len(steps) + len(clips)
    kind, median = ("welch-of-windows", None) if between is None else ("windows-of-session", _median_kwh(amounts))
    return MeasuredStage(work, used, Span(tuple(used)), total, kind, n, between, done, median)


@dataclass(frozen=True)
class _Amount:
    """How much of one kind of work the whole recipe holds, and windows with how much of it each has.

    ``settled`` are the windows of this work by which the machine was found steady. ``once``: work that may have been
    done once only; its spread is then not known, and it is a small part of the whole.
    """

    units: float
    windows: Sequence[tuple[float, Window]]
    settled: Sequence[tuple[float, Window]] = ()
    once: bool = False


def _scaled(
    amounts: Sequence[_Amount], mean: Callable[[Sequence[float], Sequence[float]], Mean], value: _Value
) -> Mean | None:
    """A quantity of the whole recipe, from the means of its kinds of work; None where it was not measured."""
    terms = []
    for amount in amounts:
        values, settled = _costs(amount.windows, value), _costs(amount.settled, value)
        if values is None or settled is None:
            return None
        if amount.once and len(values) < 2:
            terms.append((amount.units, Mean(math.fsum(values), 0.0, 1e9)))
        else:
            terms.append((amount.units, mean(values, settled)))
    return weighted_sum(terms)


def _median_kwh(amounts: Sequence[_Amount]) -> float | None:
    """The energy of the whole recipe by medians of means; None where it was not measured."""
    found = _scaled(amounts, lambda values, _: Mean(median_of_means(values)), attrgetter("energy_kwh"))
    return None if found is None else found.value


def _costs(windows: Sequence[tuple[float, Window]], value: _Value) -> list[float] | None:
    """A quantity for each unit of work; None where it was not measured in a window."""
    found = [(value(window), units) for units, window in windows if units > 0]
    known = [one / units for one, units in found if one is not None]
    return known if len(known) == len(found) else None


def session_intervals(
    mean: Mean, kind: str, n: int, between: BetweenSessions | None
) -> tuple[Interval | None, Interval | None]:
    """The interval of a figure within its session, and with what sessions differ by; of 1.0 the second alone."""
    if between is None:
        return None, interval_of_mean(mean, kind, n)
    return mean.interval(kind, n), mean.interval("sessions", n, between.of(mean.value))


def between_sessions_of(header: AnyCalibrationHeader) -> BetweenSessions | None:
    """How much sessions differ on this machine; None in records of 1.0, which do not know it."""
    return None if is_1_0(header) else BetweenSessions(**header.get("between_sessions", {}))


def _settled(quick: QuickFields, windows: Sequence[Window], first: Window) -> list[tuple[float, Window]]:
    """The windows by which the machine was found steady: the last before the first that counts."""
    since_s = first.begin.time_s - quick.get("settle_s", 0.0)
    rows = [w for w in of_phase(windows, "settling_window") if w.run == first.run and w.segment == first.segment]
    return [(w.payload["steps"], w) for w in rows if w.end.time_s > since_s]


def _test(header: CalibrationHeader, windows: Sequence[Window]) -> dict[str, MeasuredStage | None]:
    """Inference of student and teacher, and apart from it all metrics, scaled to the clips of the dev-test set."""
    forward, metrics = (of_phase(windows, phase) for phase in TEST_PHASES)
    if not forward:
        return {}
    clips = forward[0].payload["clips"]
    # What is detected differs, and with it what the metrics cost; inference does not.
    trained = "" if header["quick"] is None else ", which are not trained,"
    return {
        "test": _per_clip(header, forward, clips, INFERENCE, "inference of student and teacher, without metrics,"),
        SCORING: _per_clip(header, metrics, clips, SCORING, f"all metrics of student and teacher{trained}"),
    }


def _per_clip(
    header: CalibrationHeader, windows: Sequence[Window], clips: int, scope: str, what: str
) -> MeasuredStage | None:
    """Windows of dev-test clips, ``clips`` where they do not say how many, scaled to those of the recipe."""
    if not windows:
        return None
    recipe_clips = header["recipe"]["test_clips"]
    parts = [(w.payload.get("clips", clips), w) for w in windows]
    done = sum(number for number, _ in parts)
    work = f"{what} on {done}" + (f" clips, scaled to {recipe_clips}" if len(parts) > 1 else f" of {recipe_clips}")
    amounts = [_Amount(recipe_clips, parts)]
    return MeasuredStage(
        work=f"{work} dev-test clips",
        used=windows,
        whole=Span(tuple(windows)),
        total=partial(_scaled, amounts, steady_mean),
        interval_kind="windows-of-session",
        n=len(parts),
        between=between_sessions_of(header),
        median=_median_kwh(amounts),
        scope=(scope,),
    )


def _test_1_0(header: CalibrationHeader, windows: Sequence[Window]) -> MeasuredStage | None:
    """Inference and all metrics in one, as records of 1.0 have them."""
    used = of_phase(windows, *TEST_PHASES)
    if {window.phase for window in used} != set(TEST_PHASES):
        return None
    recipe, whole = header["recipe"], span(used)
    clips = next(window.payload["clips"] for window in used if window.phase == "test_forward")
    scale = recipe["test_clips"] / clips

    def total(value: _Value) -> Mean | None:
        measured = value(whole)
        return None if measured is None else Mean(measured * scale)

    work = f"inference of student and teacher on {clips} of {recipe['test_clips']} dev-test clips, with all metrics"
    return MeasuredStage(work, used, whole, total, "none", 1)


def with_journal(stage: Stage, entries: Entries) -> Stage:
    """A stage with what follows from the whole journal: energy above idle, estimated share, ticks of the counters."""
    more = {
        "net_energy_kwh": net_kwh(stage.components, stage.duration_s, idle_of(entries)),
        "estimated_share": estimated_share(stage.components),
        "phases": with_ticks(stage.phases, tick_s_of(entries)),
    }
    return stage.model_copy(update=more)


def by_epoch(windows: Sequence[Window]) -> list[list[Window]]:
    """The windows of each epoch that was trained and validated to its end."""
    epochs: dict[int, list[Window]] = {}
    for window in of_phase(windows, *TRAINING_PHASES):
        if window.epoch > 0:
            epochs.setdefault(window.epoch, []).append(window)
    needed = {"training_steps", "validation_forward", "validation_metrics"}
    return [rows for _, rows in sorted(epochs.items()) if needed <= {window.phase for window in rows}]
