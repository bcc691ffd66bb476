"""Before the work everything that speaks against it is reported at once; while it runs, when others disturb it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dcase_energy.api.calibrating import calibrate
from dcase_energy.api.energy import measure
from dcase_energy.calibration import run
from dcase_energy.calibration.plan import Plan
from dcase_energy.errors import MeterError, SessionRunningError
from dcase_energy.locks import only_session
from dcase_energy.measure import command, preflight, watch
from dcase_energy.measure.gpu import Gpu, Gpus
from dcase_energy.measure.preflight import HostCheck, Load, LoudWatch, gpus_of_device, load_of_others
from dcase_energy.measure.watch import HostWatch
from tests.measure.simulators import Board, FakeNvml, PowercapTree

BUSY = Load(0.43, "stress 40%")
QUIET = Load(0.01)


@pytest.fixture
def seen(monkeypatch):
    """What each look at the host gives; the last one stays."""
    loads = [QUIET]
    monkeypatch.setattr(preflight, "load_of_others", lambda watch, look_s: loads.pop(0) if len(loads) > 1 else loads[0])
    return loads


def check(said, **options) -> HostCheck:
    return HostCheck(said.append, sleep=lambda seconds: None, **options)


def test_a_quiet_host_with_room_has_nothing_to_report(machine, tmp_path, seen):
    machine()
    said = []
    assert check(said).before(tmp_path, Gpus()) == []
    assert said == []


def test_everything_is_reported_at_once_and_says_what_to_do(machine, tmp_path, seen, monkeypatch):
    machine(powercap=PowercapTree(tmp_path / "powercap", [200.0], readable=False))
    monkeypatch.setattr("dcase_energy.measure.doctor.MIN_FREE_GB", 1e9)
    seen[:] = [Load(0.43, "stress 40%", 1)]
    said = []
    with only_session():
        refusing = check(said).before(tmp_path, Gpus())
        with pytest.raises(MeterError, match="another dcase-energy session") as raised:
            check([]).require(tmp_path, Gpus())
    assert [one.code for one in refusing] == ["rapl-permission", "single-tracker"]
    # An error names all that refuses, each with what to do.
    assert raised.value.code == "rapl-permission"
    assert "sudo chmod" in str(raised.value)
    assert "\nsingle-tracker: another dcase-energy session" in str(raised.value)
    text = "\n".join(said)
    assert "warn host-exclusive: other work uses 43% of the processors (stress 40%); over 15% of the whole run" in text
    assert "warn gpu-exclusive: 1 process of others on the GPU; the record is not valid if one stays" in text
    assert "warn disk:" in text
    assert text.count("--wait-idle 10m") == 2


def test_an_estimate_that_is_wanted_needs_no_permission(machine, tmp_path, seen):
    machine(powercap=PowercapTree(tmp_path / "powercap", [200.0], readable=False))
    assert check([]).before(tmp_path, Gpus(), allow_estimate=True) == []


def test_a_busy_host_only_warns(machine, tmp_path, seen):
    machine()
    seen[:] = [BUSY]
    said = []
    check(said).require(tmp_path, Gpus())
    assert len(said) == 1


def test_waiting_ends_when_the_host_is_quiet_and_says_how_long_it_took(machine, tmp_path, seen):
    machine()
    seen[:] = [BUSY, BUSY, QUIET]
    said = []
    check(said, wait_idle_s=600.0).require(tmp_path, Gpus())
    assert said[0] == (
        "waiting until nothing else works on this machine, at most 10 min 00 s; now other work uses 43% of the "
        "processors (stress 40%)"
    )
    assert said[1].startswith("waited 0.0 s: other work uses 1% of the processors")
    assert len(said) == 2


def test_waiting_ends_at_its_limit_and_the_work_starts_with_the_warning(machine, tmp_path, seen):
    machine()
    seen[:] = [BUSY]
    said = []
    check(said, wait_idle_s=0.0).require(tmp_path, Gpus())
    assert said[1].endswith("this is as long as was asked for")
    assert said[2].startswith("warn host-exclusive")


def test_waiting_also_waits_for_another_session(machine, tmp_path, seen):
    machine()
    said = []
    with only_session(), pytest.raises(MeterError):
        check(said, wait_idle_s=0.0).require(tmp_path, Gpus())
    assert "another dcase-energy session measures just now" in said[0]


def test_the_load_of_others_is_named_and_ours_is_not(tmp_path):
    if not Path("/proc/stat").exists():
        pytest.skip("needs /proc")
    burner = [sys.executable, "-c", "import time\nend = time.time() + 5\nwhile time.time() < end: pass"]
    # A root without descendants: what this test starts is the work of others.
    other = HostWatch(root_pid=2**22 + 1)
    with subprocess.Popen(burner) as process:
        ours, theirs = load_of_others(HostWatch(), 0.0), load_of_others(other, 0.6)
        process.kill()
    assert ours.share is None
    assert theirs.share is None or theirs.share > 0.5 / (os.cpu_count() or 1)


def test_the_gpu_that_torch_would_use_is_looked_at(machine):
    nvml = FakeNvml(Board(100.0), Board(200.0))
    machine(nvml)
    assert [one.index for one in gpus_of_device("cuda:1").boards] == [1]
    assert [one.index for one in gpus_of_device("auto").boards] == [0]
    assert all(isinstance(one, Gpu) for one in gpus_of_device("cuda").boards)
    assert gpus_of_device("cpu").boards == ()
    machine()
    assert gpus_of_device("cuda:1").boards == ()


def test_a_measured_command_does_not_run_beside_another_session_and_says_why(machine, tmp_path, seen):
    machine()
    said = []
    with only_session():
        found = measure(["touch", str(tmp_path / "ran")], stage="test", output=tmp_path / "e.json", log=said.append)
    assert found.exit_code == 125
    assert not (tmp_path / "ran").exists()
    assert any(line.startswith("invalid single-tracker: another dcase-energy session") for line in said)
    assert found.record.failure.startswith("single-tracker")


@pytest.mark.parametrize("resume", [False, True])
def test_a_calibration_that_is_refused_does_not_take_an_earlier_journal_for_its_own(
    machine, tmp_path, seen, monkeypatch, resume
):
    machine()
    monkeypatch.setattr(run, "_earlier", lambda path, plan: [])
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "c.journal.jsonl").write_text("of another calibration\n")
    with only_session(), pytest.raises(MeterError) as raised:
        calibrate(tmp_path / "c.json", recipe="smoke", quick=True, device="cpu", resume=resume)
    assert raised.value.code == "single-tracker"
    notes = getattr(raised.value, "__notes__", [])
    assert any("--resume continues it" in note for note in notes) == resume
    assert (tmp_path / "c.journal.jsonl").read_text() == "of another calibration\n"


def test_an_interrupted_wait_measures_nothing(machine, tmp_path, seen):
    machine()
    seen[:] = [BUSY]

    def interrupt(seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HostCheck([].append, 600.0, sleep=interrupt).require(tmp_path, Gpus())
    with only_session(), pytest.raises(SessionRunningError), only_session():
        pass


def test_a_calibration_and_a_measured_command_are_watched_aloud(machine):
    machine()
    said = []
    instruments, _ = command.machines_own("auto", said.append, allow_estimate=False)
    assert isinstance(instruments.watch, LoudWatch)
    make = run._instruments(Plan(edition="generic", recipe="smoke"), check(said))
    assert isinstance(make({"device": "cpu"}).watch, LoudWatch)
    quiet = run._instruments(Plan(edition="generic", recipe="smoke"), None)
    assert isinstance(quiet({"device": "cpu"}).watch, HostWatch)


class Samples:
    """A host whose others use a share of its processors that the test sets, seen every five seconds."""

    def __init__(self):
        self.now_s, self.busy_s, self.gpu_foreign = 0.0, 0.0, 0

    def own_cpu_s(self):
        return 0.0

    def sample(self):
        return {"cpu_busy_s": self.busy_s, "cpu_own_s": 0.0, "gpu_foreign": self.gpu_foreign}


def test_a_change_of_the_load_of_others_is_reported_once():
    host, said = Samples(), []
    loud = LoudWatch(host, said.append, clock=lambda: host.now_s)
    said_at = []
    for second in range(0, 600, 5):
        limit = 0.049 if second % 60 < 30 else 0.07  # near the lower limit all the time
        share = 0.5 if 200 <= second < 400 else limit if second < 200 else 0.01
        host.now_s, host.busy_s = float(second), host.busy_s + 5 * share * (os.cpu_count() or 1)
        assert loud.sample() == host.sample()
        said_at += [second] * (len(said) - len(said_at))
    texts = [line.partition(" ")[2] for line in said]
    # Upwards through the upper limit, and down through the lower one.
    assert len(texts) == 2
    assert 200 <= said_at[0] < 240
    assert 400 <= said_at[1] < 440
    assert texts[0].startswith("other work used ")
    assert "over 15% of the whole run the record is not valid" in texts[0]
    assert "not valid" not in texts[1]


def test_a_process_that_comes_to_the_gpu_is_reported():
    host, said = Samples(), []
    loud = LoudWatch(host, said.append, clock=lambda: host.now_s)
    for host.gpu_foreign in (0, 1, 1, 0, 2):
        loud.sample()
    assert [line.partition(" ")[2].partition(";")[0] for line in said] == [
        "1 other process uses the GPU",
        "2 other processes use the GPU",
    ]


def test_no_share_is_above_all_processors(monkeypatch):
    """The kernel's counters and the clock are not read in the same moment."""
    monkeypatch.setattr(watch, "foreign_cpu_s", lambda first, last: 1e6)
    monkeypatch.setattr(watch, "LEAST_LOOK_S", 0.0)
    assert load_of_others(HostWatch(), 0.01).share == 1.0
