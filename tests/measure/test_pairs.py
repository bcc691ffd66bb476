"""What may be divided by what: a system's record beside its baseline's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.calibration.comparing import side_by_side
from dcase_energy.calibration.store import made_on
from dcase_energy.cli.render.closing import ratio_lines
from dcase_energy.measure.guards.pairs import COMPARED, compare, ratio
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.records import Calibration, GuardState, Idle, Tier, load_calibration, load_energy
from tests.calibration.replayed import journal_of, plan, whole

BOARD = {"name": "GPU", "uuid_sha256": "a", "limit_w": 300.0, "driver": "1"}


@pytest.fixture
def baseline(tmp_path) -> Calibration:
    from dcase_energy.calibration.record import record_of

    record = record_of(journal_of(tmp_path / "j.jsonl", plan(), whole(range(1, 4))))
    return record.model_copy(update={"devices": [BOARD], "constants_w": {"ram": 10.0, "cpu": 8.0}})


def with_hardware(record, **fields):
    return {"hardware": {**record.hardware, **fields}}


def with_software(record, **fields):
    return {"software": {**record.software, **fields}}


CASES = [
    ("nothing", lambda r: {}, {}),
    ("version", lambda r: with_software(r, codecarbon_version="3.3.9"), {"tracker-version": "invalid"}),
    ("mode", lambda r: with_software(r, tracking_mode="process"), {"tracker-version": "invalid"}),
    ("tier", lambda r: {"tier": Tier.ESTIMATED}, {"backend-tier": "invalid"}),
    ("constants", lambda r: {"constants_w": {"ram": 58.0, "cpu": 8.0}}, {"backend-tier": "invalid"}),
    ("processor", lambda r: with_hardware(r, cpu_model="another"), {"same-machine": "invalid"}),
    ("another model", lambda r: {"devices": [{**BOARD, "name": "Bigger"}]}, {"same-machine": "invalid"}),
    ("no gpu", lambda r: {"devices": []}, {"same-machine": "invalid"}),
    ("four gpus", lambda r: {"devices": [BOARD] * 4}, {"same-machine": "warn"}),
    ("another board", lambda r: with_hardware(r, gpu_uuid_sha256="b"), {"same-machine": "warn"}),
    ("power limit", lambda r: {"devices": [{**BOARD, "limit_w": 200.0}]}, {"power-state": "invalid"}),
    ("driver", lambda r: {"devices": [{**BOARD, "driver": "2"}]}, {"same-session": "warn"}),
    ("months later", lambda r: {"created": "2031-01-01T00:00:00+00:00"}, {"same-session": "warn"}),
    ("no date", lambda r: {"created": "yesterday"}, {"same-session": "warn"}),
    ("idle", lambda r: {"idle": Idle(before_w={"gpu": 80.0})}, {"same-session": "warn"}),
]


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_differs_speaks(baseline, change, expected):
    baseline = baseline.model_copy(update={"idle": Idle(before_w={"gpu": 60.0})})
    system = baseline.model_copy(update=change(baseline))
    found = {guard.code: guard.state.value for guard in compare(baseline, system) if guard.state is not GuardState.OK}
    assert found == expected
    assert set(found) <= COMPARED


SWITCHES = {"cudnn.benchmark": False, "cuda.matmul.allow_tf32": False, "threads": 4}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"backends": {**SWITCHES, "cuda.matmul.allow_tf32": True}}, ["cuda.matmul.allow_tf32 True (baseline: False)"]),
        ({"backends": {**SWITCHES, "cudnn.benchmark": True, "threads": 8}}, ["cudnn.benchmark", "threads 8"]),
        ({"software": {"torch": "2.13.0", "cudnn": 91002}}, ["cudnn 91002 (baseline: 90100)"]),
        ({"backends": SWITCHES}, []),
        ({"backends": {}}, []),
        ({"backends": {**SWITCHES, "threads": None}}, []),
    ],
    ids=["tf32", "benchmark and threads", "cudnn", "the same", "not recorded", "one not known"],
)
def test_two_calibrations_with_other_switches_are_a_warning(baseline, change, words):
    software = {**baseline.software, "torch": "2.13.0", "cudnn": 90100}
    one = baseline.model_copy(update={"backends": SWITCHES, "software": software})
    other = one.model_copy(update={**change, "software": {**software, **change.get("software", {})}})
    found = [guard for guard in compare(one, other) if guard.state is not GuardState.OK]
    assert [guard.state.value for guard in found] == ["warn"] * bool(words)
    assert all(word in guard.message for guard in found for word in words)


def test_a_system_may_choose_its_own_switches():
    folder = Path(__file__).parent.parent / "data" / "records" / "1.1"
    system, baseline = load_energy(folder / "energy.json"), load_calibration(folder / "calibration.json")
    system = system.model_copy(
        update={"backends": {**baseline.backends, "cuda.matmul.allow_tf32": "yes", "threads": 99}}
    )
    assert not [guard for guard in compare(baseline, system) if "torch" in guard.message]


@pytest.mark.parametrize(
    ("contexts", "speaks"),
    [((None, None), True), ((True, True), True), ((False, True), False), ((True, None), False), ((None, False), False)],
)
def test_idle_power_is_compared_only_where_it_was_measured_in_the_same_way(baseline, contexts, speaks):
    pair = [
        baseline.model_copy(update={"idle": Idle(before_w={"gpu": watts}, before_gpu_context=context)})
        for watts, context in zip((90.0, 60.0), contexts, strict=True)
    ]
    assert states_of(pair) == ({"same-session": "warn"} if speaks else {})


@pytest.mark.parametrize(("memory_gib", "same"), [(64, True), (60, True), (58, True), (57, False), (None, False)])
def test_memory_may_grow_a_little_as_that_of_virtual_machines_does(baseline, memory_gib, same):
    here = baseline.model_copy(update=with_hardware(baseline, memory_gib=64))
    later = here.model_copy(update=with_hardware(here, memory_gib=memory_gib))
    assert states_of((here, later)) == ({} if same else {"same-machine": "invalid"})
    assert made_on(later, here.hardware) is same


@pytest.mark.parametrize(("name", "state"), [("GPU", "ok"), ("Bigger", "invalid")])
def test_boards_without_a_counter_are_told_apart_by_name(baseline, name, state):
    uncounted = baseline.model_copy(update={"devices": [], **with_hardware(baseline, gpu_name="GPU")})
    other = uncounted.model_copy(update=with_hardware(uncounted, gpu_name=name))
    states = {guard.code: guard.state.value for guard in compare(uncounted, other)}
    assert states["same-machine"] == state


@pytest.mark.parametrize(
    ("change", "code"),
    [({"complete": False}, "same-work"), ({"valid": False}, "same-work"), ({"devices": [BOARD] * 2}, "same-machine")],
    ids=["cut off", "invalid", "two gpus"],
)
def test_a_baseline_that_is_no_denominator(baseline, change, code):
    broken = baseline.model_copy(update=change)
    states = {guard.code: guard.state.value for guard in compare(broken, broken)}
    assert states[code] == "invalid"


def test_the_ratio_is_to_the_full_recipe_of_the_same_stage(baseline):
    full = baseline.stages["training"].full_recipe_energy_kwh
    value, (verdict,) = ratio(baseline, 2 * full, "training")
    assert value == pytest.approx(2.0)
    assert verdict.state == "ok"
    assert ratio(baseline, 2000 * full, "training")[1][0].state == "warn"
    inference, scoring = (one.full_recipe_energy_kwh for one in (baseline.stages["test"], baseline.scoring))
    assert ratio(baseline, full, "evaluation", ["inference"])[0] == pytest.approx(full / inference)
    of_both = ratio(baseline, full, "evaluation", ["inference", "scoring"])[0]
    assert of_both == pytest.approx(full / (inference + scoring))
    assert ratio(baseline.model_copy(update={"stages": {}}), 1.0, "training") == (None, [])


@pytest.mark.parametrize("old", ["system", "baseline", "both"])
def test_constants_that_a_record_of_1_0_does_not_state_are_found_in_its_figures(baseline, old):
    """Its memory took 10 W, which the trace says; its processor is counted."""
    before = baseline.model_copy(update={"constants_w": {}})
    today = before if old == "both" else baseline
    pair = (today, before) if old == "system" else (before, today)
    assert states_of(pair) == {}
    dear = {"constants_w": {"ram": 58.0}}
    if old != "both":
        pair = tuple(one.model_copy(update=dear) if one is today else one for one in pair)
    else:
        pair = before, before.model_copy(update={"stages": {n: with_memory(s) for n, s in before.stages.items()}})
    assert states_of(pair) == {"backend-tier": "invalid"}


def test_measure_prints_a_ratio_only_where_no_guard_refuses():
    folder = Path(__file__).parent.parent / "data" / "records" / "1.1"
    system, baseline = load_energy(folder / "energy.json"), load_calibration(folder / "calibration.json")
    baseline = baseline.model_copy(update={"valid": True, "created": system.created})
    watts = {**baseline.constants_w, "ram": 58.0}
    assert "times the baseline's energy" in ratio_lines(side_by_side(baseline, system))[0]
    lines = ratio_lines(side_by_side(baseline.model_copy(update={"constants_w": watts}), system))
    assert lines[0] == "test: not divided by the baseline's energy; baseline: first"
    assert "ram 20 W, for the baseline 58 W" in lines[1]


def with_memory(stage):
    ram = stage.components["ram"]
    return stage.model_copy(
        update={"components": {**stage.components, "ram": ram.model_copy(update={"energy_kwh": 5.8 * ram.energy_kwh})}}
    )


def states_of(pair):
    return {guard.code: guard.state.value for guard in compare(*pair) if guard.state is not GuardState.OK}


def test_the_nominal_power_of_a_processor_is_read_in_a_record_of_1_0(baseline):
    part = baseline.stages["training"].components["cpu"]
    estimate = {"method": Obtained.ESTIMATED, "detail": "8 W nominal power x load of all processes"}

    def old(watts):
        cpu = part.model_copy(update={**estimate, "detail": estimate["detail"].replace("8 W", f"{watts} W")})
        parts = {**baseline.stages["training"].components, "cpu": cpu}
        stage = baseline.stages["training"].model_copy(update={"components": parts})
        return baseline.model_copy(update={"constants_w": {}, "stages": {"training": stage}})

    assert states_of((old(8), old(8))) == {}
    assert states_of((old(8), old(256))) == {"backend-tier": "invalid"}
