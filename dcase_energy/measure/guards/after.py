"""Guards that look at the figures, and at what two records must share to be divided."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from dcase_energy.measure.guards.model import Limits, graded, guard, invalid, ok, warn
from dcase_energy.measure.journal import canonical_json
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.record_parts import Guard
from dcase_energy.measure.view import JournalView
from dcase_energy.stats import trend_of
from dcase_energy.units import mean_power_w

_PRIVATE = ("hostname", "longitude", "latitude", '"gpu_uuid":', "GPU-", "/home/", "/Users/")


@guard(
    22,
    "energy-fields",
    "after",
    "the energies of the components add up to the total",
    "mean powers reported by CodeCarbon were wrong by a factor of 2",
    limits={"sum": 0.02},
    fix="measure again; if it happens again, open an issue with record and journal",
)
def _energy_fields(view: JournalView, limits: Limits) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        known = [energy.energy_kwh for energy in stage.components.values() if energy.energy_kwh is not None]
        total = sum(known)
        # Phases leave small gaps between their marks: the total spans them, the components too, up to that.
        difference = abs(total - stage.energy_kwh) / stage.energy_kwh if stage.energy_kwh else 0.0
        if difference > limits["sum"]:
            yield invalid(round(difference, 6), f"{name}: the components' sum is {difference:.1%} off the total")
        elif stage.timed_s > 0:
            power_w = mean_power_w(stage.energy_kwh, stage.timed_s)
            yield ok(round(power_w, 3), f"{name}: {power_w:.1f} W on average")


@guard(
    23,
    "epoch-outliers",
    "after",
    "all epochs use about the same energy",
    "heat and other programs change the energy of an epoch",
    limits={"mads": 5.0, "floor": 0.02, "slope": 0.05},
    advisory=True,
    fix="check which other programs ran in these epochs, and whether the machine became hot; no epoch is left out",
)
def _epoch_outliers(view: JournalView, limits: Limits) -> Iterator[Guard]:
    rows = view.epochs[1:]  # the first epoch warms caches and chips up
    if len(rows) < 3:
        return
    values = [row.energy_kwh for row in rows]
    middle = statistics.median(values)
    spread = statistics.median(abs(value - middle) for value in values)
    odd = [
        row.epoch
        for row in rows
        if abs(row.energy_kwh - middle) > max(limits["mads"] * spread, limits["floor"] * middle)
    ]
    mean = statistics.fmean(values)
    slope = trend_of(values).change / mean if mean else 0.0
    if odd:
        yield warn(len(odd), f"epochs that cost unlike the others: {', '.join(map(str, odd))}")
    if abs(slope) > limits["slope"]:
        yield warn(round(slope, 4), f"energy per epoch changes by {slope:+.1%} over the run (heat, or other work)")
    if not odd and abs(slope) <= limits["slope"]:
        yield ok(round(slope, 4), "every epoch costs like the others")


@guard(
    24,
    "repeatability",
    "after",
    "repeated runs use the same energy",
    "MLPerf Training accepts differences of 5 %",
    limits={"ok": 0.03, "warn": 0.05, "runs": 3},
    fix="measure three runs or more (`calibrate --repeats 3`, `measure --repeats 3`) on an idle machine",
)
def _repeatability(view: JournalView, limits: Limits) -> Iterator[Guard]:
    several = {name: repeats for name, repeats in view.repeats.items() if repeats.n > 1}
    if not several:
        yield ok(1, "one run: how much runs differ is not known (--repeats, --repeat)")
    for name, repeats in several.items():
        variation = repeats.coefficient_of_variation
        if variation is None:
            continue
        message = f"{name}: {repeats.n} runs, coefficient of variation {variation:.1%}"
        found = graded(variation, limits["ok"], limits["warn"], message)
        if repeats.n < limits["runs"] and found.state == "ok":
            found = warn(repeats.n, f"{message}; {limits['runs']:.0f} runs are wanted")
        yield found


@guard(
    25,
    "same-machine",
    "after",
    "system and baseline were measured on the same machine",
    "DCASE requires the same hardware",
    fix="calibrate on the machine that the system is measured on",
)
def _same_machine(view: JournalView) -> Iterator[Guard]:
    starts = {meter["settings"].get("gpu_indices") for meter in view.meters}
    boots = {boot for entry in view.entries if (boot := entry.get("boot_sha256"))}
    if len(starts) > 1:
        yield invalid(len(starts), "the run was resumed on another GPU")
    elif len(boots) > 1:
        yield warn(len(boots), "the machine was restarted between the parts of the run")
    else:
        yield ok(None, "devices stored as a fingerprint")


@guard(
    26,
    "same-session",
    "after",
    "system and baseline were measured at about the same time, in the same state",
    "DCASE asks for a similar load of the machine",
    limits={"days": 7.0, "idle": 0.10, "probed": 0.25},
    advisory=True,
    fix="calibrate again within a week of measuring the system, with the same driver",
)
def _same_session(view: JournalView, limits: Limits) -> Iterator[Guard]:  # noqa: ARG001
    yield ok(view.header.get("created"), f"measured {view.header.get('created')}")


@guard(
    27,
    "same-work",
    "after",
    "the record states what was run and what was extrapolated",
    "DCASE asks for 10 epochs of the baseline",
    fix="calibrate with the edition's recipe, and let the run reach its end without an invalid guard",
)
def _same_work(view: JournalView) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        scaled = stage.full_recipe_energy_kwh != stage.energy_kwh
        yield ok("scaled" if scaled else "whole", f"{name}: {stage.work}")


@guard(
    28,
    "scope",
    "after",
    "the energy is that of the machine, and memory is not mostly a constant",
    "in one case memory was assumed to take 378 W beside a GPU's 102 W",
    limits={"ram_share": 0.30},
    fix="do not set PUE or WUE; where memory is a large share of the figure, compare the GPU's energy as well",
)
def _scope(view: JournalView, limits: Limits) -> Iterator[Guard]:
    settings = view.settings
    if settings.get("pue", 1.0) != 1.0 or settings.get("wue", 0) != 0:
        yield invalid(settings.get("pue"), f"the tracker multiplied by a PUE of {settings.get('pue')}")
    for name, stage in view.stages.items():
        ram = stage.components["ram"].energy_kwh
        total = sum(c.energy_kwh for c in stage.components.values() if c.energy_kwh is not None)
        if ram is None or not total:
            continue
        if view.obtained("ram") == Obtained.COUNTED:
            yield ok(round(ram / total, 4), f"{name}: memory is counted, {ram / total:.0%} of the energy")
            continue
        share = ram / total
        message = f"{name}: {share:.0%} of the energy is the constant assumed for memory"
        yield (warn if share > limits["ram_share"] else ok)(round(share, 4), message)


@guard(
    29,
    "plausible-ratio",
    "after",
    "mean power and ratio are possible for a real machine",
    "impossible figures show that something else was measured",
    limits={"min_w": 0.5, "max_w": 20000.0, "min_ratio": 0.01, "max_ratio": 1000.0},
    advisory=True,
    fix="check that the right command was measured on the right device",
)
def _plausible_ratio(view: JournalView, limits: Limits) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        if stage.timed_s <= 0:
            continue
        power_w = mean_power_w(stage.energy_kwh, stage.timed_s)
        if not limits["min_w"] <= power_w <= limits["max_w"]:
            yield warn(round(power_w, 3), f"{name}: {power_w:.3g} W on average is not what a machine takes")


@guard(
    30,
    "sealed-record",
    "after",
    "the record can be recomputed from its journal",
    "a stored verdict is not trusted (as in InferenceX)",
    fix="keep record and journal together, unchanged",
)
def _sealed_record(view: JournalView) -> Iterator[Guard]:
    yield ok(len(view.entries), "computed from a chain of journal lines: tampering shows, invention does not")


@guard(
    31,
    "privacy",
    "after",
    "the journal names no person and no place",
    "CodeCarbon stores coordinates",
    fix="check what the journal names before you publish it",
)
def _privacy(view: JournalView) -> Iterator[Guard]:
    text = "".join(canonical_json(entry) for entry in (view.header, *view.meters))
    named = [word for word in _PRIVATE if word in text]
    if named:
        yield warn(", ".join(named), f"the journal may name more than it should: {', '.join(named)}")
    else:
        yield ok(0, "no host name, place, path or identifier of a GPU")
