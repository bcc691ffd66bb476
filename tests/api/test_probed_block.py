"""Probes around and inside a block that `EnergyMeter` measures, at the edges of its phases."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from dcase_energy import EnergyMeter, InputError
from dcase_energy.measure import probes
from dcase_energy.measure.command import journal_of
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.probes import ProbeSettings
from dcase_energy.measure.recorder import Instruments
from tests.measure.test_probes import Task
from tests.measure.worlds import ClockMeter

# More often than users may: tests do not wait.
OFTEN_S = 30.0


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(probes, "PROBE_S", 0.0)


@pytest.fixture
def probing(monkeypatch):
    """Probes of a few marks; those inside are due at once."""

    def use(task: Task | None = None, meter=None, watch=None, **settings):
        made = {"task": task or Task(), **settings}
        monkeypatch.setattr("dcase_energy.calibration.probing.probing_for", lambda *_, **__: ProbeSettings(**made))
        instruments = Instruments(meter or ClockMeter(), watch=watch)
        monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: instruments)
        monkeypatch.setattr(EnergyMeter, "_gpus", lambda self: None)

    return use


def whens(meter: EnergyMeter) -> list[tuple[str, str | None]]:
    return [(probe.when, probe.failure) for probe in meter.record.probes]


def test_probes_before_and_after_a_block_are_in_the_record_and_in_no_stage(tmp_path, probing):
    probing(Task())
    said = []
    with EnergyMeter("training", tmp_path / "e.json", probe="both", log=said.append) as meter:
        pass
    record = meter.record
    assert (record.complete, record.valid) == (True, True), record.reasons
    assert whens(meter) == [("before", None), ("after", None)]
    assert record.calibration_digest == "d" * 64
    assert record.probes[0].work["training_window"].units == 10
    spent_s = sum(probe.end_s - probe.begin_s for probe in record.probes)
    assert record.all_energy.probes_kwh == pytest.approx(160 * spent_s / 3.6e6)
    assert record == energy_of(read_journal(journal_of(meter.path)))
    assert said[0] == "a probe of the baseline runs before the block, about a minute"
    assert said[-1].startswith("2 probes took")


def test_a_probe_that_is_due_waits_for_the_edge_of_a_phase_and_is_in_no_phase(tmp_path, probing):
    probing(every_s=1e-6)
    with EnergyMeter("training", tmp_path / "e.json", probe_every_s=OFTEN_S) as meter:
        with meter.phase("epoch"), meter.phase("training_steps"):
            assert [one["entry"] for one in read_journal(journal_of(tmp_path / "e.json"))].count("probe") == 6
        thread = threading.Thread(target=lambda: meter.phase("elsewhere").__enter__())
        thread.start()
        thread.join()
    # Before each phase and after it; none where another thread marks a phase.
    assert whens(meter) == [("before", None), *[("during", None)] * 4, ("after", None)]
    assert all(probe.paused for probe in meter.record.probes[1:-1])
    # Each reading of the pretended clock is ten seconds after the one before it: of the phase within the other, two.
    phases = meter.record.stages["training"].phases
    assert phases["training_steps"].duration_s == 10.0
    assert phases["epoch"].duration_s < meter.record.stages["training"].duration_s < 300
    probed_s = min(probe.end_s - probe.begin_s for probe in meter.record.probes)
    assert phases["epoch"].duration_s < probed_s
    marks = [entry for entry in read_journal(journal_of(meter.path)) if entry["entry"] == "mark"]
    assert [entry["edge"] for entry in marks if entry["phase"] == "epoch"] == [
        "begin",
        *["paused", "resumed"] * 2,
        "end",
    ]


def test_without_a_phase_there_is_no_probe_inside(tmp_path, probing):
    probing(every_s=1e-6)
    with EnergyMeter("training", tmp_path / "e.json", probe_every_s=OFTEN_S) as meter:
        pass
    assert [when for when, _ in whens(meter)] == ["before", "after"]


class WorkingOn:
    """A host on which only the program works, with half of the processors from some time on."""

    def __init__(self, meter: ClockMeter, since_s: float) -> None:
        self.meter, self.since_s = meter, since_s

    def own_cpu_s(self) -> float:
        return 0.5 * (os.cpu_count() or 1) * max(0.0, self.meter.now_s - self.since_s)

    def sample(self):
        return {"cpu_busy_s": self.own_cpu_s(), "cpu_own_s": self.own_cpu_s()}


def test_a_program_that_works_on_beside_a_probe_spoils_it(tmp_path, probing):
    """Its threads cannot be stopped: the baseline would look dearer, and the system's ratio lower."""
    meter = ClockMeter()
    probing(every_s=1e-6, meter=meter, watch=WorkingOn(meter, 1200.0))
    with (
        pytest.warns(RuntimeWarning, match="the measured program used 50% of the processors beside it"),
        EnergyMeter("training", tmp_path / "e.json", probe_every_s=OFTEN_S) as meter,
        meter.phase("training_steps"),
    ):
        pass
    assert (meter.record.complete, whens(meter)[0]) == (True, ("before", None))
    assert whens(meter)[-1] == ("after", "the measured program used 50% of the processors beside it")
    assert meter.record.probes[-1].work == {}


def test_a_probe_that_fails_is_a_warning_and_the_last_one_inside(tmp_path, probing):
    tasks = iter([Task(), Task("raise SystemExit('CUDA out of memory')")])

    class Switching(Task):
        def command(self, folder):
            return next(tasks, Task()).command(folder)

    probing(Switching(), every_s=1e-6)
    with (
        pytest.warns(RuntimeWarning, match="the probe during the block does not count: the GPU's memory does not"),
        EnergyMeter("training", tmp_path / "e.json", probe_every_s=OFTEN_S) as meter,
    ):
        for _ in range(3):
            with meter.phase("training_steps"):
                pass
    assert [when for when, _ in whens(meter)] == ["before", "during", "after"]
    assert (meter.record.complete, meter.record.valid) == (True, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_probe_ends_the_program_and_leaves_a_record(tmp_path, probing, number):
    body = f"import os, time\nos.kill(os.getppid(), {int(number)})\ntime.sleep(60)"
    tasks = iter([Task(), Task(body)])

    class Switching(Task):
        def command(self, folder):
            return next(tasks).command(folder)

    probing(Switching(), every_s=1e-6)
    with (
        pytest.warns(RuntimeWarning, match="does not count: interrupted"),
        pytest.raises((SystemExit, KeyboardInterrupt)),
        EnergyMeter("training", tmp_path / "e.json", probe_every_s=OFTEN_S) as meter,
    ):
        with meter.phase("training_steps"):
            pass
        (tmp_path / "continued").touch()
    assert not (tmp_path / "continued").exists()
    assert whens(meter) == [("before", None), ("during", "interrupted")]
    assert not meter.record.complete
    # What the probe took until then is in no stage.
    assert meter.record.stages["training"].duration_s < 100


def test_a_signal_during_the_last_probe_leaves_a_complete_record(tmp_path, probing):
    body = f"import os, time\nos.kill(os.getppid(), {int(signal.SIGTERM)})\ntime.sleep(60)"
    tasks = iter([Task(), Task(body)])

    class Switching(Task):
        def command(self, folder):
            return next(tasks).command(folder)

    probing(Switching())
    with (
        pytest.warns(RuntimeWarning, match="after the block does not count"),
        pytest.raises(SystemExit),
        EnergyMeter("training", tmp_path / "e.json", probe="both") as meter,
    ):
        pass
    assert (meter.record.complete, meter.record.valid) == (True, True)
    assert meter.path == tmp_path / "e.json"


def test_no_probe_follows_a_block_that_failed(tmp_path, probing):
    probing()
    with pytest.raises(ZeroDivisionError), EnergyMeter("training", tmp_path / "e.json", probe="both") as meter:
        raise ZeroDivisionError
    assert [when for when, _ in whens(meter)] == ["before"]
    assert not meter.record.complete


def test_killed_in_the_probe_after_the_block_its_record_is_complete(tmp_path, probing):
    probing()
    with EnergyMeter("training", tmp_path / "e.json", probe="both") as meter:
        pass
    entries = read_journal(journal_of(meter.path))
    last = max(number for number, entry in enumerate(entries) if entry.get("phase") == "training_window")
    journal = JournalWriter(tmp_path / "cut.journal.jsonl")
    for entry in entries[:last]:
        journal.write(**{key: value for key, value in entry.items() if key != "previous"})
    journal.close()
    record = energy_of(read_journal(journal.path))
    assert record.complete
    assert [probe.failure for probe in record.probes] == [None, "the session was cut off while it ran"]


def test_probes_that_were_asked_for_and_cannot_be_are_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path / "none"))
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(ClockMeter()))
    with (
        pytest.warns(RuntimeWarning, match="NO PROBES, although they were asked for: this machine has no calibration"),
        EnergyMeter("training", tmp_path / "e.json", device="cpu", probe="both") as meter,
    ):
        pass
    assert (meter.record.complete, meter.record.probes) == (True, [])


def test_none_is_no_probe(tmp_path, monkeypatch):
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(ClockMeter()))
    with EnergyMeter("training", tmp_path / "e.json", device="cpu") as meter:
        pass
    assert meter.record.probes == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"probe": "none", "probe_every_s": 60.0}, "exclude each other"),
        ({"probe_every_s": 5.0}, "probe_every_s: expected a number of at least 30; found 5.0"),
        ({"probe": "sometimes"}, "probe: expected one of auto, none, both; found 'sometimes'"),
    ],
)
def test_arguments_that_cannot_be_met_are_refused(tmp_path, arguments, says):
    with pytest.raises(InputError, match=says):
        EnergyMeter("training", tmp_path / "e.json", **arguments)


def test_a_meter_measures_one_block(tmp_path, probing):
    """In a second one nothing was read between its begin and its end."""
    probing()
    meter = EnergyMeter("test", tmp_path / "energy.json", probe="none")
    with meter:
        pass
    with pytest.raises(RuntimeError, match="one block"):
        meter.start()
    assert [one.name for one in sorted(tmp_path.glob("*.json"))] == ["energy.json"]
