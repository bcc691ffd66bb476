"""Each way in which a figure was once wrong ends in the right figure, or in a refusal that says why.

CodeCarbon is the real one; NVML, the powercap tree and /proc are simulated.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from dcase_energy.errors import MeterError, SessionRunningError
from dcase_energy.locks import only_session
from dcase_energy.measure.codecarbon_meter import CodeCarbonMeter
from dcase_energy.measure.gpu import Gpus, gpu_of_uuid, list_gpus, load_nvml, select_gpus
from dcase_energy.measure.guards import judge_guards
from dcase_energy.measure.instruments import gpus_of_torch, instruments_for
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.machine import hidden_settings
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.powercap import rapl_packages
from dcase_energy.measure.recorder import Recorder
from dcase_energy.measure.records import Stage
from dcase_energy.measure.summary import components, estimated_share
from dcase_energy.measure.watch import HostWatch
from tests.measure.simulators import Board, FakeNvml, FakeProc, PowercapTree
from tests.measure.verdicts import verdicts_of, view_of

TWO = (Board(100.0), Board(300.0))


def two_gpus() -> FakeNvml:
    return FakeNvml(Board(100.0), Board(300.0))


def run(tmp_path, instruments, *steps):
    """A session with a reading after each step; gives gpu and cpu watts over the pretended seconds, and entries."""
    journal = JournalWriter(tmp_path / "j.jsonl")
    recorder = Recorder(instruments, journal)
    recorder.start()
    first = recorder.mark(edge="begin", phase="window")
    last = first
    for step in steps:
        step()
        last = recorder.poll(sample=True)
    recorder.mark(edge="end", phase="window", executions=1)
    recorder.finish()
    journal.write("finish", complete=True)
    journal.close()
    return first, last, read_journal(journal.path)


def watts(first, last, name, seconds):
    return (last.component(name) - first.component(name)) * 3.6e6 / seconds


# --- which GPU


@pytest.mark.parametrize(("index", "power_w"), [(0, 100.0), (1, 300.0)])
def test_of_two_gpus_the_one_torch_uses_is_counted(machine, tmp_path, index, power_w):
    nvml = two_gpus()
    machine(nvml)
    instruments = instruments_for(gpus_of_torch("cuda", nvml.uuid(index)))
    first, last, entries = run(tmp_path, instruments, lambda: nvml.advance(60), lambda: nvml.advance(60))
    assert watts(first, last, "gpu", 120) == pytest.approx(power_w)
    assert verdicts_of(entries)["cross-check"] == "ok"
    assert verdicts_of(entries)["gpu-identity"] == "ok"


def test_both_gpus_are_counted_when_both_are_named(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)
    gpus = select_gpus(list_gpus(load_nvml()), f"0,{nvml.uuid(1)}")
    first, last, entries = run(tmp_path, instruments_for(gpus), lambda: nvml.advance(10))
    assert watts(first, last, "gpu", 10) == pytest.approx(400.0)
    assert [board["index"] for board in entries[0]["about"]["gpus"]] == [0, 1]
    assert nvml.uuid(0) not in str(entries)


def test_work_on_the_processor_counts_no_gpu_not_even_the_second_time(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)
    for _ in range(2):
        meter = instruments_for(Gpus()).meter
        meter.start()
        nvml.advance(60)
        assert meter.stop().gpu_kwh is None
        assert meter.methods()["gpu"].obtained is Obtained.NOT_MEASURED


@pytest.mark.parametrize(
    ("visible", "order", "expected"),
    [
        (None, None, [0, 1]),
        ("0", None, [0]),
        ("1", None, [1]),
        ("1,0", None, [1, 0]),
        ("", None, []),
        ("-1", None, []),
        ("0,-1,1", None, [0]),
        ("7", None, []),
        ("GPU-aaaaaaa1-0000-0000-0000-000000000001", None, [1]),
        ("GPU-aaaaaaa1", None, [1]),
        ("1", "PCI_BUS_ID", [1]),
    ],
)
def test_what_cuda_shows_is_what_is_counted(machine, monkeypatch, visible, order, expected):
    machine(two_gpus())
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if order is not None:
        monkeypatch.setenv("CUDA_DEVICE_ORDER", order)
    gpus = select_gpus(list_gpus(load_nvml()), "all")
    assert list(gpus.indices) == expected
    # The command sees those and no others, whatever its own order of GPUs.
    assert gpus.environment["CUDA_VISIBLE_DEVICES"] == ",".join(map(str, expected or [-1]))
    assert gpus.environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


MIXED = (Board(100.0, name="slow"), Board(300.0, name="fast"))


@pytest.mark.parametrize(
    ("boards", "wanted", "visible", "code", "words"),
    [
        (TWO, "auto", None, "gpu-identity", "could use 2 GPUs"),
        (TWO, "2", None, "gpu-identity", "names no GPU"),
        (TWO, "0,0", None, "gpu-identity", "named twice"),
        (TWO, "auto", "GPU-ffff", "gpu-identity", "names no GPU"),
        (TWO, "auto", "GPU-aaaaaaa", "gpu-identity", "names 2 GPUs"),
        (TWO, "auto", "MIG-aaaaaaa0", "gpu-mode", "part of a GPU"),
        (MIXED, "auto", "0", "gpu-identity", "CUDA_DEVICE_ORDER=PCI_BUS_ID"),
        ((Board(1.0, mig=True),), "auto", None, "gpu-mode", "-mig 0"),
        ((Board(1.0, virtualization=2),), "auto", None, "gpu-mode", "vGPU"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_gpu_that_cannot_be_told_is_refused(machine, monkeypatch, boards, wanted, visible, code, words):
    machine(FakeNvml(*boards))
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with pytest.raises(MeterError, match=words) as refused:
        select_gpus(list_gpus(load_nvml()), wanted)
    assert refused.value.code == code
    assert str(refused.value).startswith(f"{code}: ")


@pytest.mark.parametrize(
    ("uuid", "code"), [("MIG-aaaaaaa0", "gpu-mode"), ("GPU-unknown", "gpu-identity")], ids=["mig", "unknown"]
)
def test_torch_on_a_gpu_that_nvml_does_not_count_is_refused(machine, uuid, code):
    nvml = two_gpus()
    machine(nvml)
    with pytest.raises(MeterError) as refused:
        gpu_of_uuid(list_gpus(nvml), uuid)
    assert refused.value.code == code


def test_devices_that_nothing_counts_are_refused(machine):
    machine()
    with pytest.raises(MeterError, match="'mps'"):
        instruments_for(gpus_of_torch("mps", None))
    with pytest.raises(MeterError, match="NVML shows none"):
        instruments_for(gpus_of_torch("cuda", "GPU-x"))


def test_without_nvidia_smi_codecarbon_would_count_zero_and_is_refused(machine):
    nvml = two_gpus()
    machine(nvml, smi=False)
    meter = instruments_for(gpus_of_torch("cuda", nvml.uuid(1))).meter
    with pytest.raises(MeterError, match=r"would count GPU none, the work uses GPU 1.*nvidia-smi") as refused:
        meter.start()
    assert refused.value.code == "gpu-identity"


def test_codecarbon_on_another_board_is_seen_by_uuid(machine):
    nvml = two_gpus()
    machine(nvml)
    boards = list_gpus(nvml)
    nvml.uuid = lambda index: "GPU-of-another-person"
    with pytest.raises(MeterError, match="would count"):
        CodeCarbonMeter(boards[1:]).start()


# --- counters


def test_a_reset_counter_takes_nothing_away_and_makes_the_record_invalid(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)

    def reset():
        nvml.reset_counters()

    instruments = instruments_for(gpus_of_torch("cuda", nvml.uuid(1)))
    first, last, entries = run(tmp_path, instruments, lambda: nvml.advance(60), reset, lambda: nvml.advance(60))
    assert last.gpu_kwh >= first.gpu_kwh
    assert verdicts_of(entries)["counter-sane"] == "invalid"
    assert any(entry["entry"] == "counter_reset" for entry in entries)


def test_without_an_energy_counter_power_is_averaged_and_the_record_says_so(machine, tmp_path):
    nvml = FakeNvml(Board(300.0, counter=False))
    machine(nvml)
    instruments = instruments_for(gpus_of_torch("cuda", nvml.uuid(0)))
    first, last, entries = run(tmp_path, instruments, lambda: time.sleep(0.3))
    assert watts(first, last, "gpu", last.time_s - first.time_s) == pytest.approx(300.0, rel=0.1)
    assert verdicts_of(entries)["gpu-mode"] == "warn"
    assert "no energy counter" in entries[0]["methods"]["gpu"]["detail"]


def test_a_counter_that_wraps_within_the_window_is_counted_on(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [200.0], range_j=2621.43)
    machine(powercap=tree)
    steps = [lambda: tree.advance(5.0)] * 12  # 12 kJ: more than four times round
    first, last, entries = run(tmp_path, instruments_for(Gpus()), *steps)
    assert watts(first, last, "cpu", 60.0) == pytest.approx(200.0)
    verdicts = verdicts_of(entries)
    assert verdicts["cross-check"] == verdicts["counter-sane"] == verdicts["api-use"] == "ok"
    assert entries[0]["about"]["cpu_wrap_s"] == pytest.approx(2621.43 / 250)
    assert entries[0]["methods"]["cpu"]["obtained"] == "counted"


def test_a_counter_read_too_seldom_is_no_evidence(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [200.0], range_j=2621.43)
    machine(powercap=tree)
    _, _, entries = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(13.0))
    seldom = [dict(entry) for entry in entries]
    for number, entry in enumerate(entry for entry in seldom if "reading" in entry):
        entry["reading"] = {**entry["reading"], "time_s": 13.0 * number}
    assert verdicts_of(seldom)["api-use"] == "invalid"


def test_two_packages_are_both_counted(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [200.0, 150.0])
    machine(powercap=tree)
    first, last, entries = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(60.0))
    assert watts(first, last, "cpu", 60.0) == pytest.approx(350.0)
    assert verdicts_of(entries)["cross-check"] == "ok"


def test_a_tracker_that_disagrees_with_the_counter_is_no_evidence(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)
    _, _, entries = run(tmp_path, instruments_for(gpus_of_torch("cuda", nvml.uuid(1))), lambda: nvml.advance(60))
    for factor, state in ((1.01, "ok"), (1.04, "warn"), (1.2, "invalid")):
        changed = [dict(entry) for entry in entries]
        for entry in changed:
            if "counters" in entry:
                entry["counters"] = {"gpu_kwh": entry["counters"]["gpu_kwh"] * factor}
        assert verdicts_of(changed)["cross-check"] == state


def test_counters_that_may_not_be_read_stop_the_measurement_and_say_what_to_do(machine, tmp_path):
    machine(powercap=PowercapTree(tmp_path / "powercap", [200.0], readable=False))
    with pytest.raises(MeterError, match="sudo chmod") as refused:
        instruments_for(Gpus())
    assert refused.value.code == "rapl-permission"
    instruments = instruments_for(Gpus(), allow_estimate=True)
    instruments.meter.start()
    assert instruments.meter.methods()["cpu"].obtained is Obtained.ESTIMATED


# --- which counters are read


def test_dies_that_show_the_same_counter_are_counted_once(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [120.0, 80.0], dies=4)
    machine(powercap=tree)
    first, last, entries = run(tmp_path, instruments_for(Gpus()), *[lambda: tree.advance(60.0)] * 2)
    assert watts(first, last, "cpu", 120.0) == pytest.approx(200.0)
    assert [package.name for package in rapl_packages()] == ["package-0-die-0", "package-1-die-0"]
    assert verdicts_of(entries)["cross-check"] == "ok"


def test_of_two_interfaces_to_a_package_the_one_is_read_that_codecarbon_reads(machine, tmp_path):
    """The two differ by 4 % on some laptops."""
    tree = PowercapTree(tmp_path / "powercap", [25.0], mmio=1.04)
    machine(powercap=tree)
    first, last, entries = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(600.0))
    assert watts(first, last, "cpu", 600.0) == pytest.approx(26.0)
    assert verdicts_of(entries)["cross-check"] == "ok"


def test_an_interface_that_may_not_be_read_leaves_the_other(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [25.0], mmio=1.04)
    machine(powercap=tree)
    closed = tree.root / "intel-rapl-mmio" / "intel-rapl-mmio:0" / "energy_uj"
    closed.unlink()
    closed.mkdir()
    (package,) = rapl_packages()
    assert (package.folder.name, package.readable) == ("intel-rapl:0", True)


def test_a_laptop_may_exceed_its_long_term_limit(machine, tmp_path):
    """15 W for long, 51 W for half a minute: the largest limit bounds."""
    tree = PowercapTree(tmp_path / "powercap", [45.0], limits_w=(15.0, 51.0, 0.0))
    machine(powercap=tree)
    _, _, entries = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(28.0))
    assert entries[0]["about"]["cpu_limit_w"] == 51.0
    stages = {"training": energy_of_30_s(entries, cpu_w=45.0)}
    assert verdicts_of(entries, stages=stages)["counter-sane"] == "ok"
    stages = {"training": energy_of_30_s(entries, cpu_w=65.0)}
    assert verdicts_of(entries, stages=stages)["counter-sane"] == "invalid"


def energy_of_30_s(entries, *, cpu_w):
    kwh = cpu_w * 30.0 / 3.6e6
    energies = {"gpu": None, "cpu": kwh, "ram": 1e-9}.__getitem__
    parts = components(entries[0]["methods"], energies, energies)
    lengths = {"duration_s": 30.0, "full_recipe_duration_s": 30.0}
    amounts = {"epochs": 1, "steps": 1, "clips": 1}
    return Stage(work="", energy_kwh=kwh, full_recipe_energy_kwh=kwh, components=parts, phases={}, **lengths, **amounts)


def test_the_greatest_power_bounds_where_no_limit_is_set(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [45.0], limits_w=())
    machine(powercap=tree)
    (tree.folder(0) / "constraint_0_max_power_uw").write_text("65000000\n")
    assert instruments_for(Gpus()).about["cpu_limit_w"] == 65.0
    (tree.folder(0) / "constraint_0_max_power_uw").unlink()
    assert instruments_for(Gpus()).about["cpu_limit_w"] is None


def test_memory_of_two_processors_is_counted_where_rapl_does(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [100.0, 90.0], dram_w=(1.3, 1.1))
    machine(powercap=tree)
    first, last, entries = run(tmp_path, instruments_for(Gpus()), *[lambda: tree.advance(60.0)] * 10)
    assert watts(first, last, "ram", 600.0) == pytest.approx(2.4)
    assert watts(first, last, "cpu", 600.0) == pytest.approx(190.0)
    how = entries[0]["methods"]["ram"]
    assert (how["obtained"], how["constant_w"]) == ("counted", None)
    assert entries[0]["about"]["ram_limit_w"] == 80.0
    # Other work on the machine that runs the test is not what is asked about.
    assert set((verdicts_of(entries) | {"host-exclusive": "ok"}).values()) <= {"ok", "warn"}
    share = estimated_share(components(entries[0]["methods"], last.component, last.component))
    assert share == 0.0


@pytest.mark.parametrize("spoil", ["missing", "closed", "zero"])
def test_memory_that_is_not_counted_whole_stays_a_constant(machine, tmp_path, spoil):
    tree = PowercapTree(tmp_path / "powercap", [100.0, 90.0], dram_w=(1.3, 1.1))
    machine(powercap=tree)
    counter = tree.folder(1) / "intel-rapl:1:0" / "energy_uj"
    if spoil == "zero":
        counter.write_text("0\n")
    else:
        counter.unlink()
    if spoil == "missing":
        (counter.parent / "name").write_text("core\n")
    meter = instruments_for(Gpus()).meter
    meter.start()
    assert meter.methods()["ram"].obtained is Obtained.ESTIMATED
    assert meter.methods()["ram"].constant_w > 0


def test_a_memory_counter_that_is_reset_ends_the_measurement(machine, tmp_path):
    tree = PowercapTree(tmp_path / "powercap", [100.0], dram_w=(2.4,))
    machine(powercap=tree)
    meter = instruments_for(Gpus()).meter
    meter.start()
    (tree.folder(0) / "intel-rapl:0:0" / "energy_uj").write_text("5\n")
    with pytest.raises(MeterError, match="dram") as refused:
        meter.read()
    assert refused.value.code == "counter-sane"


# --- others on the machine


def test_foreign_work_on_the_gpu_makes_the_record_invalid(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)
    nvml.boards[1].pids = [os.getpid(), 1]
    _, _, entries = run(tmp_path, instruments_for(gpus_of_torch("cuda", nvml.uuid(1))), lambda: nvml.advance(5))
    assert verdicts_of(entries)["gpu-exclusive"] == "invalid"


XORG, SHELL = 2, 3  # not ours, as long as no test is started by such processes


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({"graphics": [XORG, SHELL], "used_by": {XORG: 3, SHELL: 4, os.getpid(): 90}}, "warn", "2 .* at most 7% of"),
        ({"graphics": [XORG]}, "warn", "1 graphics process .* not known"),
        ({"graphics": [XORG], "pids": [os.getpid(), XORG]}, "invalid", "1 other process used"),
        ({"graphics": [os.getpid()]}, "ok", "no other process"),
    ],
    ids=["desktop", "no count by process", "both kinds", "our own"],
)
def test_a_desktop_on_the_gpu_warns_and_other_computing_refuses(machine, tmp_path, change, state, words):
    nvml = FakeNvml(replace(Board(100.0, pids=[os.getpid()]), **change))
    machine(nvml)
    _, _, entries = run(tmp_path, instruments_for(gpus_of_torch("cuda", nvml.uuid(0))), lambda: nvml.advance(5))
    (found,) = [guard for guard in judge_guards(view_of(entries)) if guard.code == "gpu-exclusive"]
    assert found.state == state
    assert re.search(words, found.message)


def test_a_desktop_alone_on_a_gpu_takes_what_the_board_is_busy(machine):
    nvml = FakeNvml(Board(100.0, graphics=[XORG]))
    sample = HostWatch(nvml=nvml, indices=[0]).sample()
    assert (sample["gpu_graphics"], sample["gpu_graphics_utilisation"]) == (1, 0.5)


def test_samples_hold_the_hottest_board_and_why_clocks_are_lowered():
    nvml = FakeNvml(Board(1.0, temperature_c=70), Board(1.0, temperature_c=88, clock_reasons=1 + 2 + 4 + 64))
    watch = HostWatch(nvml=nvml, indices=[0, 1])
    sample = watch.sample()
    assert sample["gpu_temperature_c"] == 88
    assert sample["gpu_throttled"] == ["software power cap", "hardware thermal slowdown"]
    nvml.boards[1].clock_reasons = 1 + 2  # idle, and clocks that the user chose
    assert watch.sample()["gpu_throttled"] == []
    assert HostWatch(nvml=nvml, indices=[0]).sample()["gpu_temperature_c"] == 70


@pytest.mark.parametrize(("pids", "state"), [([], "warn"), ([99_999_999], "warn"), ([os.getpid()], "ok")])
def test_processes_that_nobody_sees_are_a_warning(machine, tmp_path, pids, state):
    nvml = two_gpus()
    machine(nvml)
    nvml.boards[1].pids = pids
    _, _, entries = run(tmp_path, instruments_for(gpus_of_torch("cuda", nvml.uuid(1))), lambda: nvml.advance(5))
    assert verdicts_of(entries)["gpu-exclusive"] == state


def test_own_work_on_a_gpu_that_is_not_counted_makes_the_record_invalid(machine, tmp_path):
    nvml = two_gpus()
    machine(nvml)
    nvml.boards[0].pids = [os.getpid()]
    _, _, entries = run(tmp_path, instruments_for(gpus_of_torch("cuda", nvml.uuid(1))), lambda: nvml.advance(5))
    assert verdicts_of(entries)["gpu-identity"] == "invalid"


@pytest.mark.parametrize(
    ("foreign_s", "state"), [(0.0, "ok"), (5.0, "ok"), (20.0, "warn"), (60.0, "invalid")], ids=lambda v: str(v)
)
def test_other_load_on_the_host_is_told_from_our_own(tmp_path, foreign_s, state):
    """A hundred seconds on two processors, with 150 CPU seconds of our own."""
    proc = FakeProc(tmp_path / "proc")
    proc.process(100, 1, 5.0)
    proc.process(7, 1, 1000.0)
    watch = HostWatch(root_pid=100, proc=proc.root)
    first = watch.sample()
    proc.process(101, 100, 100.0)
    proc.process(100, 1, 5.0, children_s=50.0)
    proc.machine(150.0 + foreign_s)
    second = watch.sample()
    entries = [
        {"entry": "meter", "settings": {}, "methods": {}},
        {"entry": "reading", "reading": reading(0.0), "sample": {**first, "boottime_s": None}},
        {"entry": "reading", "reading": reading(100.0), "sample": {**second, "boottime_s": None}},
    ]
    assert verdicts_of(entries, cpu_threads=2)["host-exclusive"] == state


def reading(time_s):
    return {"time_s": time_s, "gpu_kwh": None, "cpu_kwh": time_s, "ram_kwh": time_s}


def test_processes_stay_ours_when_their_parent_ends(tmp_path):
    proc = FakeProc(tmp_path / "proc")
    proc.process(100, 1, 1.0)
    proc.process(101, 100, 2.0)
    proc.process(102, 101, 4.0)
    watch = HostWatch(root_pid=100, proc=proc.root)
    assert watch.sample()["cpu_own_s"] == pytest.approx(7.0)
    proc.end(101)
    proc.process(100, 1, 1.0, children_s=2.0)
    proc.process(102, 1, 8.0)  # adopted by init
    assert watch.sample()["cpu_own_s"] == pytest.approx(11.0)
    proc.end(102)
    assert watch.sample()["cpu_own_s"] == pytest.approx(11.0)


def test_a_second_session_is_refused_and_a_killed_one_leaves_no_lock(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom dcase_energy.locks import only_session\n"
        "with only_session(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SessionRunningError, match="another dcase-energy session"), only_session(path):
        pass
    holder.kill()
    holder.wait()
    with only_session(path) as locked:
        assert locked


def test_a_stale_lock_of_codecarbon_is_no_obstacle(machine, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / ".codecarbon.lock").touch()
    machine()
    meter = instruments_for(Gpus()).meter
    meter.start()
    assert meter.stop().ram_kwh > 0


def test_all_ranks_but_the_first_are_refused(machine, monkeypatch):
    machine()
    monkeypatch.setenv("SLURM_LOCALID", "1")
    with pytest.raises(MeterError, match="local rank 1"):
        instruments_for(Gpus())
    monkeypatch.setenv("SLURM_LOCALID", "0")
    instruments_for(Gpus())


# --- hidden configuration


def test_a_user_without_a_home_is_measured(machine, tmp_path, monkeypatch):
    """In containers and where the directory service is down a job's user has no entry and no HOME."""
    tree = PowercapTree(tmp_path / "powercap", [200.0])
    machine(powercap=tree)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    first, last, _ = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(60.0), lambda: time.sleep(0.2))
    assert watts(first, last, "cpu", 60.0) == pytest.approx(200.0)
    assert "HOME" not in os.environ


def test_hostile_configuration_moves_nothing_and_is_named(machine, tmp_path, monkeypatch, alone):
    tree = PowercapTree(tmp_path / "powercap", [200.0])
    machine(powercap=tree)
    hostile = "[codecarbon]\npue=2\ntracking_mode=process\nforce_ram_power=0\nforce_cpu_power=1000\ngpu_ids=7\n"
    (alone / ".codecarbon.config").write_text(hostile)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".codecarbon.config").write_text("[codecarbon]\nforce_mode_cpu_load=True\n")
    monkeypatch.setenv("CODECARBON_PUE", "0.5")
    monkeypatch.setenv("codecarbon_force_ram_power", "0.001")
    first, last, _ = run(tmp_path, instruments_for(Gpus()), lambda: tree.advance(60.0), lambda: time.sleep(0.2))
    assert watts(first, last, "cpu", 60.0) == pytest.approx(200.0)
    assert watts(first, last, "ram", last.time_s - first.time_s) > 5.0
    found = {(one.key, one.source.split()[0]) for one in hidden_settings()}
    assert {("pue", ".codecarbon.config"), ("pue", "variable"), ("force_ram_power", "variable")} <= found
    assert ("force_mode_cpu_load", ".codecarbon.config") in found


CONSTANTS = """
import json, os
if os.environ.pop("IMPORT_BEFORE", None):
    import codecarbon
from dcase_energy.measure.codecarbon_meter import CodeCarbonMeter
meter = CodeCarbonMeter()
meter.start()
meter.read()
watts = {name: how.constant_w for name, how in meter.methods().items()}
print(json.dumps([watts, meter.stop().ram_kwh > 0, os.environ.get("SLURM_JOB_ID")]))
"""


@pytest.mark.parametrize("scontrol", [False, True], ids=["no scontrol", "scontrol"])
@pytest.mark.parametrize("before", [False, True], ids=["own import", "imported before"])
def test_a_slurm_job_has_the_constants_of_its_machine(alone, scontrol, before):
    """CodeCarbon reads the variable when it is imported, so this needs a separate process."""

    def constants(**variables: str) -> list[object]:
        command, path = [sys.executable, "-c", CONSTANTS], f"{alone}{os.pathsep}{os.environ['PATH']}"
        result = subprocess.run(
            command, env={**os.environ, "PATH": path, **variables}, capture_output=True, text=True, check=True
        )
        return json.loads(result.stdout)

    if scontrol:
        fake = alone / "scontrol"
        fake.write_text("#!/bin/sh\necho 'JobId=7 NumCPUs=1 AllocTRES=cpu=1,mem=900G,node=1'\n")
        fake.chmod(0o755)
    outside = constants()
    inside = constants(SLURM_JOB_ID="7", SLURM_JOBID="7", **({"IMPORT_BEFORE": "1"} if before else {}))
    assert inside[:2] == outside[:2]
    assert inside[0]["ram"] > 0
    assert inside[1:] == [True, "7"], "the program itself still knows its job"
