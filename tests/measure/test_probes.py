"""Probes around and inside a measured command: what they leave in journal and record, and that they spoil nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dcase_energy.errors import CalibrationError, MeterError
from dcase_energy.measure import probes
from dcase_energy.measure.command import journal_of, measure_command, record_from_journal
from dcase_energy.measure.control import stopped
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.probes import ProbeSettings
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.recorder import Instruments
from tests.calibration.killable import FixedPowerMeter
from tests.measure.worlds import ClockMeter, work

ABOUT = {
    "calibration_digest": "d" * 64,
    "recipe": "smoke",
    "recipe_sha256": "s" * 64,
    "implementation": {"name": "dcase-energy baseline", "version": "1", "execution_path": "fast/1"},
}
# Without the quarter of a second that loading the package takes.
WINDOWS = """
assert marks.send("begin", "session", device="cpu")["window_s"] >= 3
go_on = True
while go_on:
    marks.send("begin", "settling_window", epoch=1)
    go_on = marks.send("end", "settling_window", epoch=1, steps=5, clips=20)["go_on"]
go_on = True
while go_on:
    marks.send("begin", "training_window", epoch=1)
    go_on = marks.send("end", "training_window", epoch=1, steps=5, clips=20)["go_on"]
go_on = True
while go_on:
    marks.send("begin", "validation_window", epoch=1)
    go_on = marks.send("end", "validation_window", epoch=1, clips=8)["go_on"]
marks.send("end", "session")
"""


class Task:
    """A probe of a few marks; ``body`` runs in its place."""

    def __init__(self, body: str = WINDOWS, *, unlike: str | None = None, refusal: str | None = None) -> None:
        self.body, self.reason, self.refusal = body, unlike, refusal

    def about(self):
        return ABOUT

    def command(self, folder: Path):
        if self.refusal is not None:
            raise CalibrationError(self.refusal)
        return work(folder, self.body)

    def environment(self):
        return dict(os.environ)

    def unlike(self, mark):
        assert mark["device"] == "cpu"
        return self.reason


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(probes, "PROBE_S", 0.0)


def measure(tmp_path, *command, meter=None, instruments=None, said=None, plan=None, **settings):
    settings = {"task": Task(), **settings}
    record, code = measure_command(
        MeasurePlan("training", min_window_s=0.0, **(plan or {})),
        command or ["true"],
        tmp_path / "energy.json",
        say=(said if said is not None else []).append,
        make_instruments=lambda: (instruments or Instruments(meter or ClockMeter()), {}),
        probing=ProbeSettings(**settings),
    )
    assert record == energy_of(read_journal(journal_of(tmp_path / "energy.json")))
    return record, code


def test_probes_before_and_after_are_in_the_record_and_in_no_stage(tmp_path):
    record, code = measure(tmp_path)
    assert (code, record.complete, record.valid, record.failure) == (0, True, True, None)
    assert record.calibration_digest == ABOUT["calibration_digest"]
    assert [(probe.when, probe.paused, probe.failure) for probe in record.probes] == [
        ("before", False, None),
        ("after", False, None),
    ]
    steps = record.probes[0].work["training_window"]
    # Each reading of the pretended clock is ten seconds after the one before it, at 160 W.
    assert (steps.units, steps.windows, steps.duration_s) == (10, 2, 20.0)
    assert steps.energy_kwh == pytest.approx(160 * 20 / 3.6e6)
    assert steps.components == pytest.approx({"gpu": 2000 / 3.6e6, "cpu": 1000 / 3.6e6, "ram": 200 / 3.6e6})
    assert record.probes[1].work["validation_window"].units == 16
    assert record.stages["training"].duration_s == 10.0
    spent = sum(probe.end_s - probe.begin_s for probe in record.probes)
    assert record.all_energy.probes_kwh == pytest.approx(160 * spent / 3.6e6)
    assert set(record.stages["training"].phases) == {"window"}


def test_a_short_command_gets_no_probe_after_it_and_that_is_said(tmp_path):
    said = []
    record, _ = measure(tmp_path, said=said, after_s=300.0)
    assert [probe.when for probe in record.probes] == ["before"]
    assert "no probe after the command, which took less than 5 min" in said[-2]
    assert said[-1].startswith("1 probe took")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Task("raise SystemExit(3)"), "the baseline ended with exit code 3"),
        (Task("raise SystemExit('torch.OutOfMemoryError: /home/jane')"), "the GPU's memory does not hold it"),
        (Task(unlike="torch 2 here, 1 in the calibration"), "torch 2 here"),
        (Task(refusal="needs 9 GB of memory"), "needs 9 GB"),
    ],
    ids=["ended", "memory", "unlike", "refused"],
)
def test_a_probe_that_fails_changes_neither_exit_code_nor_validity(tmp_path, task, words):
    said = []
    record, code = measure(tmp_path, "sh", "-c", "exit 0", said=said, task=task)
    assert (code, record.valid, record.complete) == (0, True, True)
    assert all(words in probe.failure and probe.work == {} for probe in record.probes)
    assert len(record.probes) == 2
    # At once, and in the lines at the end.
    assert sum(words in line for line in said) == 4
    assert "jane" not in record.model_dump_json()


class BusyWatch:
    """A host of which others use half as soon as a probe runs for the second time."""

    def __init__(self, meter: ClockMeter) -> None:
        self.meter = meter

    def own_cpu_s(self) -> float | None:
        return None

    def sample(self):
        spent_s = self.meter.now_s - 1160.0
        return {"cpu_busy_s": max(0.0, 0.5 * os.cpu_count() * spent_s), "cpu_own_s": 0.0}


def test_a_probe_beside_other_work_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr("dcase_energy.measure.recorder.POLL_S", 0.0)
    meter, said = ClockMeter(), []
    instruments = Instruments(meter, watch=BusyWatch(meter))
    record, _ = measure(tmp_path, meter=meter, said=said, instruments=instruments)
    assert [probe.failure for probe in record.probes] == [None, "other work used 50% of the processors"]
    assert record.probes[1].work == {}
    assert said[-1] == "the probe after the command does not count: other work used 50% of the processors"
    # Its energy is in no other part all the same.
    spent = sum(probe.end_s - probe.begin_s for probe in record.probes)
    assert record.all_energy.probes_kwh == pytest.approx(160 * spent / 3.6e6)


def test_a_meter_that_fails_in_the_probe_after_the_command_spoils_nothing(tmp_path):
    class Breaking(ClockMeter):
        def read(self):
            if (tmp_path / "ran").exists() and self.reads > 22:
                raise MeterError("the counter is gone")
            return super().read()

    record, code = measure(tmp_path, "touch", str(tmp_path / "ran"), meter=Breaking())
    assert (code, record.complete, record.failure) == (0, True, None)
    assert [probe.failure is None for probe in record.probes] == [True, False]


def test_a_command_that_fails_is_not_followed_by_a_probe(tmp_path):
    record, code = measure(tmp_path, "sh", "-c", "exit 7")
    assert (code, record.exit_code) == (7, 7)
    assert [probe.when for probe in record.probes] == ["before"]


# A command that is stopped within a sleep has slept when it continues: so many probes inside at most.
STEADY = ["sh", "-c", "for i in 1 2 3; do sleep 0.3; done"]


def test_probes_inside_are_taken_out_of_the_stage(tmp_path, monkeypatch):
    monkeypatch.setattr(probes, "_WARM_S", 0.0)  # by this meter's clock, which is the machine's
    meter = FixedPowerMeter()
    record, code = measure(tmp_path, *STEADY, meter=meter, every_s=0.2)
    assert (code, record.valid) == (0, True)
    inside = [probe for probe in record.probes if probe.when == "during"]
    assert inside
    assert all(probe.paused and probe.failure is None for probe in inside)
    marks = [entry for entry in read_journal(journal_of(tmp_path / "energy.json")) if entry.get("phase") == "window"]
    assert [entry["edge"] for entry in marks] == ["begin", *["paused", "resumed"] * len(inside), "end"]
    times = [entry["reading"]["time_s"] for entry in marks]
    pieces = [end - begin for begin, end in zip(times[::2], times[1::2], strict=True)]
    stage = record.stages["training"]
    assert stage.duration_s == pytest.approx(sum(pieces))
    assert stage.energy_kwh == pytest.approx(60 * sum(pieces) / 3.6e6)
    assert stage.components["cpu"].energy_kwh == pytest.approx(50 * sum(pieces) / 3.6e6)


def test_a_probe_inside_that_fails_is_the_last_one_inside(tmp_path):
    said = []
    record, code = measure(tmp_path, *STEADY, every_s=0.1, task=Task("raise SystemExit(1)"), said=said)
    assert (code, record.valid) == (0, True)
    assert [probe.when for probe in record.probes] == ["before", "during", "after"]
    assert said.count("no further probes inside the command") == 1


def test_a_command_that_ends_during_a_probe_inside(tmp_path):
    """Something else kills it while it is stopped."""
    pid = tmp_path / "pid"
    body = f"import os, signal\nos.kill(int(open({str(pid)!r}).read()), signal.SIGKILL)\n" + WINDOWS
    tasks = iter([Task(), Task(body)])

    class Switching(Task):
        def command(self, folder):
            return next(tasks, Task()).command(folder)

    record, code = measure(tmp_path, "sh", "-c", f"echo $$ > {pid}; sleep 60", every_s=0.2, task=Switching())
    assert code == record.exit_code == 128 + signal.SIGKILL
    assert not record.complete
    assert [probe.when for probe in record.probes] == ["before", "during"]


def test_a_command_of_which_a_part_cannot_be_stopped_continues_without_probes_inside(tmp_path, monkeypatch):
    monkeypatch.setattr("dcase_energy.measure.control._STOP_S", 0.1)
    said = []
    record, code = measure(tmp_path, "sh", "-c", "setsid sleep 1.5 & wait", every_s=0.8, said=said)
    assert (code, record.valid) == (0, True)
    assert [probe.when for probe in record.probes] == ["before", "after"]
    assert "no further probes inside the command, a part of which cannot be stopped" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_first_probe_ends_it_and_the_command_is_not_started(tmp_path, number):
    ran = tmp_path / "ran"
    body = f"import os, time\nos.kill(os.getppid(), {int(number)})\ntime.sleep(60)"
    record, code = measure(tmp_path, "touch", str(ran), task=Task(body))
    assert code == 128 + number
    assert not ran.exists()
    assert not record.complete
    assert "came before the command was started" in record.failure
    assert record.probes[0].failure == "interrupted by a signal"


def test_a_signal_during_a_probe_inside_reaches_the_command(tmp_path):
    body = f"import os, time\nos.kill(os.getppid(), {int(signal.SIGTERM)})\ntime.sleep(60)"
    tasks = iter([Task(), Task(body)])

    class Switching(Task):
        def command(self, folder):
            return next(tasks).command(folder)

    handled = "import signal, sys, time\nsignal.signal(15, lambda *a: sys.exit(7))\ntime.sleep(60)"
    record, code = measure(tmp_path, sys.executable, "-c", handled, every_s=0.5, task=Switching())
    assert code == 7
    assert [probe.failure for probe in record.probes] == [None, "interrupted by a signal"]


def test_a_signal_during_the_last_probe_changes_nothing(tmp_path):
    body = f"import os, time\nos.kill(os.getppid(), {int(signal.SIGTERM)})\ntime.sleep(60)"
    tasks = iter([Task(), Task(body)])

    class Switching(Task):
        def command(self, folder):
            return next(tasks).command(folder)

    record, code = measure(tmp_path, "true", task=Switching())
    assert (code, record.valid, record.complete) == (0, True, True)
    assert record.probes[1].failure == "interrupted by a signal"


def cut(tmp_path, after: str, count: int = 1) -> Path:
    """The journal up to the given mark of a probe, as a session that was killed there leaves it."""
    measure(tmp_path)
    entries = read_journal(journal_of(tmp_path / "energy.json"))
    places = [n for n, entry in enumerate(entries) if after in {entry.get("phase"), entry["entry"]}]
    journal = JournalWriter(tmp_path / "cut.journal.jsonl")
    for entry in entries[: places[count - 1] + 1]:
        journal.write(**{key: value for key, value in entry.items() if key != "previous"})
    journal.close()
    return journal.path


def again(journal: Path):
    return record_from_journal(journal, RecordFile(journal.with_name("cut.json")))


def test_killed_in_the_probe_before_the_command(tmp_path):
    record = again(cut(tmp_path, "training_window"))
    assert not record.complete
    assert record.stages == {}
    assert record.reasons == ["interrupted: the session was cut off before the work began"]
    assert record.probes[0].failure == "the session was cut off while it ran"
    assert record.probes[0].work == {}
    assert record.all_energy.probes_kwh == record.all_energy.energy_kwh


def test_killed_within_the_command(tmp_path):
    record = again(cut(tmp_path, "window"))
    assert (record.complete, record.stages) == (False, {})
    assert record.reasons == ["interrupted: the session was cut off: nothing says how it ended"]
    assert [probe.failure for probe in record.probes] == [None]
    assert record.probes[0].work["training_window"].units == 10


def test_killed_in_the_probe_after_the_command_its_record_is_complete(tmp_path):
    path = cut(tmp_path, "training_window", 5)
    record = again(path)
    assert (record.complete, record.valid, record.exit_code) == (True, True, 0)
    assert record.stages["training"].duration_s == 10.0
    assert [probe.failure for probe in record.probes] == [None, "the session was cut off while it ran"]
    # Nor does the next measurement take its place.
    assert RecordFile(tmp_path / "cut.json").begin().path.name == "cut.2.journal.jsonl"


def test_a_stopped_command_continues_when_its_session_is_killed(tmp_path):
    going, gone_on = tmp_path / "go", tmp_path / "gone-on"
    waiting = f"until test -e {going}; do sleep 0.02; done; touch {gone_on}"
    command = subprocess.Popen(["sh", "-c", waiting], start_new_session=True)
    body = (
        "import time\nfrom dcase_energy.measure.control import stopped\n"
        f"with stopped({command.pid}) as still:\n    print(still, flush=True)\n    time.sleep(60)"
    )
    session = subprocess.Popen([sys.executable, "-c", body], stdout=subprocess.PIPE, text=True)
    assert session.stdout.readline() == "True\n"
    going.touch()
    time.sleep(0.2)
    assert not gone_on.exists()
    session.kill()
    session.communicate()
    assert command.wait(60) == 0
    assert gone_on.exists()


def test_a_group_stands_still_for_the_time_of_a_block(tmp_path):
    counted = tmp_path / "counted"
    command = subprocess.Popen(["sh", "-c", f"while sleep 0.01; do echo x >> {counted}; done"], start_new_session=True)
    begun = time.monotonic()
    while not counted.exists() and time.monotonic() < begun + 60:
        time.sleep(0.01)
    with stopped(command.pid) as still:
        assert still
        before = counted.stat().st_size
        time.sleep(0.1)
        assert counted.stat().st_size == before
    deadline = time.monotonic() + 30
    while counted.stat().st_size == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert counted.stat().st_size > before
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
