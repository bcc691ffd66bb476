"""Whether a system's record may be divided by a baseline's: guards that look at two records.

The denominator is one training (or test) of the baseline on one device of the same model. A system that used several
devices is divided by that figure too: the ratio then counts all of its devices, and says so.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator

from dcase_energy.measure.guards import BY_CODE
from dcase_energy.measure.guards.model import invalid, ok, warn
from dcase_energy.measure.machine import unlike_host
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.plan import INFERENCE
from dcase_energy.measure.probed import probed_share
from dcase_energy.measure.records import Calibration, Evidence, Guard, Stage
from dcase_energy.measure.scopes import holds_scoring, in_words, stage_with_scope
from dcase_energy.units import mean_power_w

_LIBRARIES = ("torch", "cuda", "cudnn")
_DIFFERENT = (Obtained.COUNTED, Obtained.ESTIMATED)
_SETTINGS = ("tracking_mode", "meter")


def compare(baseline: Calibration, system: Evidence, scope: Collection[str] = ()) -> list[Guard]:
    """The verdicts about a pair of records, each with the code of the guard that speaks.

    ``scope`` is what the baseline's figure of the system's stage holds; empty where no edition says so.
    """
    found = [one for code, check in _CHECKS.items() for one in BY_CODE[code].signed(check(baseline, system))]
    return [*found, *BY_CODE["same-work"].signed(_scopes(system, scope))]


def _version(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    ours, theirs = (one.software.get("codecarbon_version") for one in (system, baseline))
    if ours != theirs:
        yield invalid(str(ours), f"measured with CodeCarbon {ours}, the baseline with {theirs}: they differ up to 2x")
    for name in _SETTINGS:
        ours, theirs = system.software.get(name), baseline.software.get(name)
        if ours != theirs:
            yield invalid(str(ours), f"{name.replace('_', ' ')}: here {ours}, for the baseline {theirs}")


def _tier(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    if system.tier != baseline.tier:
        yield invalid(system.tier.value, f"{system.tier} is not divided by {baseline.tier}: one has a sensor less")
        return
    limits = BY_CODE["backend-tier"].limits
    exact = bool(system.constants_w and baseline.constants_w)
    ours, theirs = _constants_w(system), _constants_w(baseline)
    tolerance = limits["constants" if exact else "constants_of_1_0"]
    counted, assumed = ([_with_method(one, how) for one in (system, baseline)] for how in _DIFFERENT)
    if one_sided := sorted(counted[0] & assumed[1] | counted[1] & assumed[0]):
        names = ", ".join(one_sided)
        yield invalid(names, f"{names}: a sensor counts it for one of the two, for the other a constant is assumed")
    unlike = [n for n in ours if n in theirs and abs(ours[n] - theirs[n]) > tolerance * max(ours[n], theirs[n])]
    if unlike:
        shown = ", ".join(f"{name} {ours[name]:.4g} W, for the baseline {theirs[name]:.4g} W" for name in unlike)
        yield invalid(len(unlike), f"other constants are used for what no sensor counts: {shown}")


def _with_method(record: Evidence, method: Obtained) -> set[str]:
    parts = (item for stage in record.figures.values() for item in stage.components.items())
    return {name for name, part in parts if part.method is method}


def _constants_w(record: Evidence) -> dict[str, float]:
    """The constant powers by component.

    Records of version 1.0 do not state them: the nominal power of the processor is in a text, and memory, whose power
    is constant, shows it by energy over time.
    """
    if record.constants_w:
        return {name: watts for name, watts in record.constants_w.items() if watts is not None}
    found: dict[str, float] = {}
    stage = max(record.figures.values(), key=lambda one: one.timed_s, default=None)
    for name, part in () if stage is None else stage.components.items():
        if part.method is Obtained.ESTIMATED and part.nominal_w is not None:
            found[name] = part.nominal_w
        elif stage and name == "ram" and part.method is Obtained.ESTIMATED and part.energy_kwh and stage.timed_s > 0:
            found[name] = mean_power_w(part.energy_kwh, stage.timed_s)
    return found


def _machine(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    differing = unlike_host(system.hardware, baseline.hardware)
    differing += [name for name in ("device",) if system.hardware.get(name) != baseline.hardware.get(name)]
    if differing:
        named = ", ".join(f"{n}: {system.hardware.get(n)}, baseline {baseline.hardware.get(n)}" for n in differing)
        yield invalid(len(differing), f"another machine ({named})")
    models = {one.get("name") for one in system.devices}, {one.get("name") for one in baseline.devices}
    if not any(models):  # boards without a counter are not listed, and may be named all the same
        models = {system.hardware.get("gpu_name")} - {None}, {baseline.hardware.get("gpu_name")} - {None}
    ours, theirs = len(system.devices), len(baseline.devices)
    if models[0] != models[1]:
        shown = [", ".join(sorted(str(name) for name in names)) or "no GPU" for names in models]
        yield invalid(ours, f"on {shown[0]}, the baseline on {shown[1]}: only devices of one model are compared")
    elif theirs > 1:
        yield invalid(theirs, f"the baseline was trained on {theirs} GPUs; the denominator is a training on one")
    elif ours > theirs:
        yield warn(ours, f"on {ours} GPUs, the baseline on one of the same model: the ratio counts all {ours}")
    elif system.hardware.get("gpu_uuid_sha256") != baseline.hardware.get("gpu_uuid_sha256"):
        yield warn(ours, "on another GPU of the same model: boards differ by a few per cent")
    else:
        yield ok(ours, "the same machine")


def _power(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    limits = [{one.get("limit_w") for one in record.devices} for record in (system, baseline)]
    if limits[0] and limits[1] and limits[0] != limits[1]:
        shown = [", ".join(str(limit) for limit in sorted(map(str, one))) for one in limits]
        yield invalid(shown[0], f"power limit {shown[0]} W, for the baseline {shown[1]} W")


def _session(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    yield from _torch(baseline, system)
    limits = BY_CODE["same-session"].limits
    try:
        times = [datetime.datetime.fromisoformat(one.created) for one in (baseline, system)]
        days = abs((times[1] - times[0]).total_seconds()) / 86400
    except (ValueError, TypeError):
        yield warn(None, "when the records were made is not known")
        return
    if days > limits["days"]:
        yield warn(round(days, 2), f"{days:.0f} days lie between system and baseline; calibrate again")
    drivers = [{one.get("driver") for one in record.devices} for record in (system, baseline)]
    if drivers[0] and drivers[1] and drivers[0] != drivers[1]:
        yield warn(None, "the GPU's driver is another one than for the baseline")
    cost = probed_share(baseline, system)
    if cost is not None and abs(cost - 1) > limits["probed"]:
        yield warn(round(cost, 3), f"around the run the baseline cost {cost:.2f} times what its calibration says")
    idle = [(one.idle.before_w or {}).get("gpu") for one in (system, baseline)]
    comparable = _same_idle(baseline, system)
    if comparable and idle[0] and idle[1] and abs(idle[0] - idle[1]) > limits["idle"] * idle[1]:
        yield warn(round(idle[0], 2), f"the idle GPU takes {idle[0]:.1f} W, at the baseline it took {idle[1]:.1f} W")


def _same_idle(baseline: Calibration, system: Evidence) -> bool:
    """Whether idle power was measured in the same way: a process with a context on the GPU raises it by tens of watts.

    Records that do not state it are compared where both are of one kind.
    """
    ours, theirs = system.idle.before_gpu_context, baseline.idle.before_gpu_context
    return ours == theirs if None not in (ours, theirs) else type(baseline) is type(system) and ours is theirs


def _torch(baseline: Calibration, system: Evidence) -> Iterator[Guard]:
    """Switches and versions of torch, which two calibrations should share; those of a system are its team's choice."""
    if not isinstance(system, Calibration):
        return
    ours, theirs = (
        {**{n: one.software.get(n) for n in _LIBRARIES}, **(one.backends or {})} for one in (system, baseline)
    )
    shared = [name for name in ours if None not in (ours[name], theirs.get(name)) and ours[name] != theirs[name]]
    if shared:
        shown = ", ".join(f"{name} {ours[name]} (baseline: {theirs[name]})" for name in shared)
        yield warn(len(shared), f"torch computed in another way: {shown}")


def _work(baseline: Calibration, system: Evidence) -> Iterator[Guard]:  # noqa: ARG001
    if not baseline.complete:
        yield invalid(False, "the baseline's run did not reach its end")
    elif not baseline.valid:
        yield invalid(False, f"the baseline's record is not valid: {baseline.why_invalid}")


def _scopes(system: Evidence, scope: Collection[str]) -> Iterator[Guard]:
    """Inference is divided by inference; a record that does not state its scope is only warned about."""
    wanted = holds_scoring(scope)
    for name, stage in system.figures.items() if wanted is not None else ():
        held = holds_scoring(stage.scope)
        command = f"measure --stage {name} --scope {'+'.join(scope)}"
        if held is None:
            yield warn(None, f"the record of the {name} does not state its scope: {command} does")
        elif held != wanted:
            advice = "a command that also scores" if wanted else "a command that predicts and does not score"
            yield invalid(
                in_words(stage.scope or ()),
                f"the {name} holds {in_words(stage.scope or ())}, the baseline's figure {in_words(scope)}: "
                f"measure {advice} ({command})",
            )


_CHECKS: dict[str, Callable[[Calibration, Evidence], Iterator[Guard]]] = {
    "tracker-version": _version,
    "backend-tier": _tier,
    "power-state": _power,
    "same-machine": _machine,
    "same-session": _session,
    "same-work": _work,
}


COMPARED = frozenset({*_CHECKS, "plausible-ratio"})


def denominator(baseline: Calibration, stage: str, scope: Collection[str] | None = None) -> Stage | None:
    """The baseline's stage that a system's is divided by, with the scope of the system's; None where it has none."""
    return stage_with_scope(baseline, "training" if stage == "training" else "test", scope or (INFERENCE,))[0]


def ratio(
    baseline: Calibration, system_kwh: float, stage: str, scope: Collection[str] | None = None
) -> tuple[float | None, list[Guard]]:
    """A system's energy over the baseline's full recipe (None where it has none), with a verdict on its size."""
    of = denominator(baseline, stage, scope)
    if of is None or of.full_recipe_energy_kwh <= 0:
        return None, []
    value = system_kwh / of.full_recipe_energy_kwh
    limits = BY_CODE["plausible-ratio"].limits
    odd = not limits["min_ratio"] <= value <= limits["max_ratio"]
    verdict = (warn if odd else ok)(round(value, 6), f"{value:.4g} times the baseline")
    return value, BY_CODE["plausible-ratio"].signed([verdict])
