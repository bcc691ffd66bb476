"""Every guard says what it should about the cases of ``guard_cases.yaml``; the list is that of the documentation."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from dcase_energy.measure.guards import GUARDS, judge_guards, validity
from dcase_energy.measure.guards.page import guards_page
from dcase_energy.measure.records import (
    ComponentEnergy,
    EpochRow,
    Guard,
    GuardState,
    Idle,
    Interruption,
    Stage,
    Tier,
)
from dcase_energy.measure.summary import repeats_of
from dcase_energy.measure.view import tier_of
from dcase_energy.stats import Interval
from tests.measure.verdicts import verdicts_of, view_of

DOCUMENT = yaml.safe_load((Path(__file__).parent / "guard_cases.yaml").read_text())
CODES = [spec.code for spec in GUARDS]


def world(changes):
    found = {**copy.deepcopy(DOCUMENT["base"]), "idle": {}}
    for place, value in changes.items():
        *path, last = (int(part) if part.isdecimal() else part for part in place.split("."))
        target = found
        for part in path:
            target = target[part]
        target[last] = value
    return found


def entries_of(world):
    told, rows = world["readings"], []
    factor = told.get("counter_factor", 1.0)
    for number in range(told["n"]):
        time_s = number * told["every_s"]
        kwh = {f"{name}_kwh": told[f"{name}_w"] * time_s / 3.6e6 for name in ("gpu", "cpu", "ram")}
        counters = {} if factor is None else {n: kwh[n] * factor for n in ("gpu_kwh", "cpu_kwh")}
        if number == 6 and "falls" in told:
            kwh[told["falls"]] = 0.0
        if number == 6 and "vanishes" in told:
            kwh[told["vanishes"]] = None
        sample = {
            "boottime_s": 1000.0 + time_s + (told.get("slept_s", 0.0) if number > 5 else 0.0),
            "cpu_busy_s": time_s * (told["own_threads"] + told["foreign_threads"]),
            "cpu_own_s": time_s * told["own_threads"],
            "gpu_own": told.get("gpu_own", 1),
            "gpu_own_elsewhere": told.get("gpu_own_elsewhere", 0),
            "gpu_foreign": told.get("gpu_foreign", 0),
            "gpu_graphics": told.get("gpu_graphics", 0),
            "gpu_throttled": told.get("throttled", []),
        }
        rows.append({"entry": "reading", "reading": {"time_s": time_s, **kwh}, "counters": counters, "sample": sample})
    if phase := told.get("phase"):
        rows[3] |= {"entry": "mark", "edge": "begin", "phase": phase}
    if told.get("reset"):
        rows.append({"entry": "counter_reset", "message": "energy counter of GPU 1 fell"})
    if told.get("second_boot"):
        rows += [{"entry": "resume", "boot_sha256": boot} for boot in "ab"]
    if told.get("second_gpu"):
        other = copy.deepcopy(world["meter"])
        other["settings"]["gpu_indices"] = "0"
        rows.append(other)
    if steady := told.get("steady"):
        rows.append({"entry": "steady", **steady})
    tick_s = told.get("tick_s")
    ticks = {"gpu": {"interval_s": tick_s, "energy_kwh": 1e-9}, "cpu": None}
    return [world["meter"], *([] if tick_s is None else [{"entry": "ticks", "components": ticks}]), *rows]


def stage_of(world):
    told, methods = world["stage"], world["meter"]["methods"]
    parts = {
        name: ComponentEnergy(
            energy_kwh=told[f"{name}_kwh"],
            full_recipe_energy_kwh=told[f"{name}_kwh"],
            method=methods[name]["obtained"],
            detail="",
        )
        for name in ("gpu", "cpu", "ram")
    }
    energy, duration = told["energy_kwh"], told["duration_s"]
    within = told.get("within_kwh")
    return Stage(
        work="10 of 10 epochs",
        energy_kwh=energy,
        full_recipe_energy_kwh=energy,
        within_session_interval=within and Interval(*within, "windows-of-session", 0.95, 20),
        full_recipe_energy_kwh_median=told.get("median_kwh"),
        epochs=10,
        steps=1,
        clips=1,
        duration_s=duration,
        full_recipe_duration_s=duration,
        components=parts,
        phases={},
    )


def epoch(number, energy):
    empty = dict.fromkeys(
        ("gpu_kwh", "cpu_kwh", "ram_kwh", "train_loss", "intersection_f1_05", "intersection_f1_07"), None
    )
    return EpochRow(epoch=number, energy_kwh=energy, duration_s=6.0, intersection_f1_05_nanmean=None, **empty)


def verdicts(changes):
    made = world(changes)
    view = made["view"]
    repeats = {"training": repeats_of(view["repeats"])} if "repeats" in view else {}
    return verdicts_of(
        entries_of(made),
        header=made["header"],
        stages={made["stage"].get("name", "training"): stage_of(made)},
        tier=Tier(view["tier"]),
        warnings=view["warnings"],
        complete=view["complete"],
        failure=view["failure"],
        interruptions=[Interruption(**one) for one in view.get("interruptions", [])],
        epochs=[epoch(number, energy) for number, energy in enumerate(made["epochs"], 1)],
        idle=Idle(**made["idle"]),
        repeats=repeats,
    )


@pytest.mark.parametrize(
    ("code", "state", "changes"), DOCUMENT["cases"], ids=[f"{c[0]}-{c[1]}-{n}" for n, c in enumerate(DOCUMENT["cases"])]
)
def test_the_verdict_is_as_the_case_says(code, state, changes):
    found = verdicts(changes)
    assert found[code] == state
    if not changes:
        assert set(found.values()) == {"ok"}


def test_every_guard_of_the_list_is_there_and_has_cases():
    assert [spec.number for spec in GUARDS] == list(range(1, 35))
    assert len(set(CODES)) == 34
    assert {case[0] for case in DOCUMENT["cases"]} == set(CODES)


def test_only_guards_that_record_have_no_bad_case():
    judged = {case[0] for case in DOCUMENT["cases"] if case[1] != "ok"}
    assert set(CODES) - judged == {"same-session", "same-work", "sealed-record"}


def test_every_guard_speaks_even_about_an_empty_journal():
    found = judge_guards(view_of([], complete=False))
    assert {guard.code for guard in found} == set(CODES)
    assert validity(found)["valid"] is False


@pytest.mark.parametrize("spec", [spec for spec in GUARDS if spec.advisory], ids=lambda spec: spec.code)
def test_our_own_choices_never_make_a_record_invalid(spec):
    strict = [case for case in DOCUMENT["cases"] if case[0] == spec.code and case[1] == "invalid"]
    assert strict == []


def test_reasons_are_those_of_invalid_guards():
    guards = [
        Guard(code="a", state=GuardState.WARN, value=1, message="m"),
        Guard(code="b", state=GuardState.INVALID, value=1, message="n"),
    ]
    assert validity(guards) == {"valid": False, "reasons": ["b: n"]}
    assert validity(guards[:1]) == {"valid": True, "reasons": []}


@pytest.mark.parametrize(
    ("gpu", "cpu", "tier"),
    [
        ("counted", "counted", "measured"),
        ("counted", "estimated", "mixed"),
        ("not measured", "counted", "measured"),
        ("not measured", "estimated", "estimated"),
        ("not measured", "not measured", "estimated"),
    ],
)
def test_the_tier_is_that_of_the_devices_and_not_of_memory(gpu, cpu, tier):
    methods = {"gpu": {"obtained": gpu}, "cpu": {"obtained": cpu}, "ram": {"obtained": "estimated"}}
    assert tier_of(methods) == tier


def test_the_page_is_that_of_the_guards():
    page = Path(__file__).parent.parent.parent / "docs" / "guards.md"
    assert page.read_text() == guards_page(), "run: dcase-energy doctor --guards --output docs/guards.md"


def test_a_trend_is_told_with_the_time_in_which_it_was_seen():
    steady = {"reached": False, "waited_s": 3.0, "trend": 0.02}
    view = view_of([{"entry": "steady", **steady}], header={"quick": {"settle_s": 3.0}})
    (verdict,) = [one for one in judge_guards(view) if one.code == "steady-state"]
    assert verdict.message == "waited 3.0 s, which was not enough: energy of a step changed by +2.0% in the last 3.0 s"
