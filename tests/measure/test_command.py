"""`measure`: any command runs as it would alone, and leaves a record in any case."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from dcase_energy import EnergyMeter
from dcase_energy.errors import JournalError, MeterError, WriteError
from dcase_energy.locks import only_session
from dcase_energy.measure.command import journal_of, measure_command, record_from_journal
from dcase_energy.measure.control import Signals
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.gpu import Gpus
from dcase_energy.measure.journal import MAX_OWN_BYTES, JournalWriter, read_journal
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.recorder import POLL_S, Instruments, Recorder
from dcase_energy.measure.records import load_energy
from dcase_energy.measure.watch import HostWatch
from tests.calibration.killable import FixedPowerMeter
from tests.measure.worlds import ClockMeter

ROOT = Path(__file__).parent.parent.parent


def measure(tmp_path, *command, meter=None, environment=None, say=None, **plan):
    output = tmp_path / "energy.json"
    plan = MeasurePlan("training", **{"min_window_s": 0.0, **plan})
    instruments = Instruments(meter or FixedPowerMeter())
    record, code = measure_command(
        plan, command, output, say=say, make_instruments=lambda: (instruments, environment or {})
    )
    assert load_energy(output) == record == energy_of(read_journal(journal_of(output)))
    return record, code


def states(record):
    return {guard.code: guard.state for guard in record.guards if guard.state != "ok"}


@pytest.mark.parametrize("code", [0, 1, 3, 77, 125, 255])
def test_the_exit_code_is_passed_on_and_the_record_says_it(tmp_path, code):
    record, passed = measure(tmp_path, sys.executable, "-c", f"raise SystemExit({code})")
    assert passed == record.exit_code == code
    assert record.complete == record.valid == (code == 0)
    assert record.failure is None
    if code:
        assert f"interrupted: the command ended with exit code {code}" in record.reasons


def test_a_command_that_a_signal_ended_gives_128_and_its_number(tmp_path):
    record, code = measure(tmp_path, "sh", "-c", "kill -9 $$")
    assert code == record.exit_code == 128 + 9
    assert not record.complete


@pytest.mark.parametrize(("command", "code"), [("no-such-command", 127), ("/dev/null", 126)])
def test_a_command_that_cannot_be_started_is_127_or_126(tmp_path, command, code):
    record, passed = measure(tmp_path, command)
    assert passed == code
    assert record.stages == {}
    assert record.executions == 0
    assert "could not be started" in record.failure
    assert {code for code, state in states(record).items() if state == "invalid"} == {"interrupted"}


def test_a_meter_that_cannot_start_is_125_and_the_command_does_not_run(tmp_path):
    class Refusing(FixedPowerMeter):
        def start(self):
            raise MeterError("cut into instances", "gpu-mode")

    record, code = measure(tmp_path, "touch", str(tmp_path / "ran"), meter=Refusing())
    assert code == 125
    assert not (tmp_path / "ran").exists()
    assert record.failure == "gpu-mode: cut into instances"
    assert states(record)["gpu-mode"] == "invalid"
    assert record.stages == {}


def test_a_meter_that_fails_later_is_125_and_the_command_runs_to_its_end(tmp_path):
    class Breaking(ClockMeter):
        def read(self):
            if self.reads >= 1:
                raise MeterError("the counter is gone")
            return super().read()

    said = []
    done = tmp_path / "done"
    record, code = measure(tmp_path, "touch", str(done), meter=Breaking(), say=said.append)
    assert code == 125
    assert done.exists()
    assert record.failure == "tracker-started: the counter is gone"
    assert record.exit_code == 0
    assert "the command continues" in said[0]


def test_a_failing_command_outweighs_a_failing_meter(tmp_path):
    class Breaking(ClockMeter):
        def read(self):
            if self.reads >= 1:
                raise MeterError("the counter is gone")
            return super().read()

    assert measure(tmp_path, "false", meter=Breaking())[1] == 1


def test_a_short_command_is_executed_until_the_window_is_long_enough_and_divided(tmp_path):
    said = []
    log = tmp_path / "log"
    record, code = measure(tmp_path, "sh", "-c", f"echo x >> {log}", min_window_s=0.3, say=said.append)
    count = len(log.read_text().split())
    assert code == 0
    assert record.executions == count > 1
    stage = record.stages["training"]
    assert stage.work == f"mean of {count} executions in 1 window"
    assert stage.energy_kwh * count == pytest.approx(60 * stage.duration_s / 3.6e6)
    assert stage.components["cpu"].energy_kwh == pytest.approx(stage.energy_kwh * 50 / 60)
    assert "executed again" in said[0]


def test_the_power_of_a_short_command_is_that_of_its_own_time(tmp_path):
    record, _ = measure(tmp_path, "true", min_window_s=0.3)
    powers = {guard.code: guard for guard in record.guards}
    assert record.executions > 1
    assert powers["energy-fields"].value == pytest.approx(60, rel=1e-3)
    assert powers["plausible-ratio"].state == "ok"


def test_instruments_are_read_between_executions_too(tmp_path, monkeypatch):
    monkeypatch.setattr("dcase_energy.measure.command.POLL_S", 0.05)
    meter = ClockMeter()
    record, _ = measure(tmp_path, "true", min_window_s=0.5, meter=meter)
    assert record.executions > 10
    assert meter.reads > 5


def test_a_command_that_fails_is_not_executed_again(tmp_path):
    log = tmp_path / "log"
    record, code = measure(tmp_path, "sh", "-c", f"echo x >> {log}; exit 4", min_window_s=5.0, repeat=3)
    assert (code, record.executions, log.read_text()) == (4, 1, "x\n")


def test_repeats_give_mean_interval_and_variation(tmp_path):
    record, _ = measure(tmp_path, "true", meter=ClockMeter(), repeat=4)
    repeats = record.repeats["training"]
    assert repeats.n == 4
    # The clock advances ten seconds at each reading: 160 W for as long, each time.
    assert repeats.values_kwh == pytest.approx([160 * 10 / 3.6e6] * 4)
    assert repeats.coefficient_of_variation == pytest.approx(0.0, abs=1e-9)
    stage = record.stages["training"]
    assert stage.energy_interval.low == pytest.approx(stage.energy_interval.high)
    assert stage.energy_interval.label == "mean of 4 windows (Student's t), 95 %"
    assert record.valid


def test_the_command_keeps_stdin_stdout_and_gets_the_variables_that_keep_it_on_the_gpu(tmp_path):
    seen = tmp_path / "seen"
    measure(tmp_path, "sh", "-c", f"echo $CUDA_VISIBLE_DEVICES > {seen}", environment={"CUDA_VISIBLE_DEVICES": "1"})
    assert seen.read_text() == "1\n"


def test_scope_travels_and_the_command_line_does_not(tmp_path):
    record, _ = measure(tmp_path, "sh", "-c", ": /home/jane", scope=("data-preparation",))
    assert record.scope == ["data-preparation"]
    assert "jane" not in journal_of(tmp_path / "energy.json").read_text()
    assert record.command_sha256 is not None


def test_idle_power_is_measured_around_the_command_and_net_is_information(tmp_path):
    record, _ = measure(tmp_path, "true", meter=ClockMeter(), idle_s=0.01)
    assert record.idle.before_w == pytest.approx({"gpu": 100.0, "cpu": 50.0})
    assert record.idle.before_gpu_context is False
    assert record.idle.after_gpu_context is False
    stage = record.stages["training"]
    assert stage.net_energy_kwh == pytest.approx(0.0, abs=1e-12)
    assert stage.energy_kwh > 0


# --- the command line, with the real meter


def cli(folder, *arguments, **environment):
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'baseline'}", "NO_COLOR": "1", **environment}
    # The look at the host before the work takes no time here.
    code = "import dcase_energy.measure.preflight as before, dcase_energy.cli.main as program\n"
    code += "before.LOOK_S = 0.0\nprogram.main()"
    command = [sys.executable, "-c", code, "measure", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_as_a_user_does_it(tmp_path):
    run = cli(tmp_path, "--stage", "test", "--min-window", "0", "--", "sh", "-c", "echo out; echo err >&2; exit 5")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 5
    assert out == "out\n"
    assert "err\n" in err
    record = load_energy(tmp_path / "energy_test.json")
    assert (record.stage, record.exit_code, record.software["meter"]) == ("test", 5, "codecarbon")
    assert record.stages["test"].components["ram"].energy_kwh > 0
    text = (tmp_path / "energy_test.json").read_text()
    assert os.uname().nodename not in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--", "true"], 2, "Missing option '--stage'"),
        (["--stage", "test"], 2, "Missing argument"),
        (["--stage", "test", "--scope", "sauna", "--", "true"], 2, "'sauna' is not known"),
        (["--stage", "test", "--output", "no/such/e.json", "--", "true"], 2, "the folder no/such does not exist"),
        (["--stage", "test", "--gpu", "5", "--", "true"], 125, "names no GPU of this machine"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_use_and_own_failures(tmp_path, arguments, code, words):
    run = cli(tmp_path, *arguments)
    out, err = run.communicate(timeout=60)
    assert run.returncode == code
    assert words in err
    assert out == ""
    assert "Traceback" not in err


def test_a_signal_that_comes_while_the_command_is_being_started_reaches_it():
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        child = subprocess.Popen(["sleep", "600"])
        signals.started(child)
        assert child.wait(60) == -signal.SIGTERM
    assert signals.seen == [signal.SIGTERM]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 7), (signal.SIGINT, 7)], ids=["term", "int"])
def test_a_signal_goes_to_the_command_and_the_record_is_still_written(tmp_path, number, code):
    body = "import signal, sys, time\nfor n in (2, 15):\n    signal.signal(n, lambda *a: sys.exit(7))\n"
    body += "print('ready', flush=True)\ntime.sleep(60)"
    run = cli(tmp_path, "--stage", "training", "--", sys.executable, "-c", body)
    assert run.stdout.readline() == "ready\n"
    run.send_signal(number)
    run.communicate(timeout=60)
    assert run.returncode == code
    assert not load_energy(tmp_path / "energy_training.json").complete


def test_a_killed_session_leaves_a_journal_one_can_read(tmp_path):
    run = cli(tmp_path, "--stage", "training", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert run.stdout.readline() == "ready\n"
    run.kill()
    run.wait()
    entries = read_journal(tmp_path / "energy_training.journal.jsonl")
    assert [entry["entry"] for entry in entries][:3] == ["energy", "meter", "mark"]
    record = energy_of(entries)
    assert not record.complete
    # Only the first window had begun; whatever was read of it is in the record.
    assert record.all_energy is None or record.all_energy.other_kwh == record.all_energy.energy_kwh
    assert "interrupted: the session was cut off: nothing says how it ended" in record.reasons


# --- three lines of Python


@pytest.fixture
def pretended(monkeypatch):
    """The meter of a program's own block counts a fixed power."""
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FixedPowerMeter()))


def test_a_block_is_measured_with_its_phases(tmp_path, pretended):
    with EnergyMeter("training", tmp_path / "e.json", scope=["data-preparation"]) as meter:
        with meter.phase("data_preparation"):
            time.sleep(0.05)
        with meter.phase("training_steps", epoch=1):
            time.sleep(0.1)
    record = load_energy(tmp_path / "e.json")
    assert record == meter.record
    assert record.complete
    stage = record.stages["training"]
    assert set(stage.phases) == {"window", "data_preparation", "training_steps"}
    assert stage.energy_kwh == pytest.approx(60 * stage.duration_s / 3.6e6)
    assert stage.phases["training_steps"].energy_kwh < stage.energy_kwh
    assert record.scope == ["data-preparation"]


def test_an_exception_passes_and_the_record_is_not_complete(tmp_path, pretended):
    with pytest.raises(ZeroDivisionError), EnergyMeter("test", tmp_path / "e.json"):
        1 / 0  # noqa: B018
    record = load_energy(tmp_path / "e.json")
    assert not record.complete
    assert not record.valid


def test_blocks_one_after_the_other_and_not_within_each_other(tmp_path, pretended):
    with EnergyMeter("test", tmp_path / "a.json"), pytest.raises(MeterError, match="another dcase-energy session"):
        EnergyMeter("test", tmp_path / "b.json").__enter__()
    with EnergyMeter("test", tmp_path / "b.json"):
        pass
    assert load_energy(tmp_path / "b.json").complete


def test_a_stage_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected one of training, test, evaluation"):
        EnergyMeter("inference")


def test_a_journal_of_something_else_is_refused(tmp_path):
    with pytest.raises(JournalError):
        energy_of([{"entry": "calibration"}])


class FailingMeter(ClockMeter):
    """Fails after some readings."""

    def __init__(self, readings):
        super().__init__()
        self.readings = readings

    def read(self):
        if self.reads >= self.readings:
            raise MeterError("the counter is gone")
        return super().read()


def test_a_meter_that_fails_at_the_first_mark_of_a_block_is_raised_before_the_block_runs(tmp_path, monkeypatch):
    failing = FailingMeter(0)
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(failing))
    with pytest.raises(MeterError, match="the counter is gone"), EnergyMeter("training", tmp_path / "e.json"):
        (tmp_path / "trained").touch()
    assert not (tmp_path / "trained").exists()
    assert failing.stopped


class FallingMeter(ClockMeter):
    """After some readings the processor's energy is less than it was."""

    def read(self):
        found = super().read()
        return replace(found, cpu_kwh=0.0) if self.reads > 2 else found


def test_energy_that_falls_within_a_window_leaves_a_record_that_says_so(tmp_path):
    """It was an internal error after the work: no part of a record can be less than 0."""
    record, code = measure(tmp_path, "true", meter=FallingMeter(), repeat=2)
    assert (code, record.valid, record.complete) == (125, False, False)
    assert "counter-sane: the meter gave 0.0 kWh for cpu after" in record.failure


def test_energy_that_falls_within_a_block_costs_neither_the_program_nor_the_record(tmp_path, monkeypatch):
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FallingMeter()))
    with EnergyMeter("training", tmp_path / "e.json") as meter, meter.phase("training_steps"):
        pass
    assert meter.energy_kwh is None
    assert meter.record.failure.startswith("counter-sane")


def test_a_record_that_cannot_be_computed_does_not_end_the_program(tmp_path, pretended, monkeypatch):
    def impossible(entries):
        raise ValueError("energy is less than 0")

    monkeypatch.setattr("dcase_energy.api.energy_meter.energy_of", impossible)
    with pytest.warns(RuntimeWarning, match="no record can be computed from"), EnergyMeter("test", tmp_path / "e.json"):
        (tmp_path / "saved").touch()
    assert (tmp_path / "e.journal.jsonl").exists()


def test_the_journal_of_a_month_can_be_read(tmp_path):
    """That of a week was too large, which showed only when the work had ended."""
    journal = JournalWriter(tmp_path / "j.jsonl")
    about_gpu = {"gpu_own": 1, "gpu_foreign": 0, "gpu_power_w": 123.456, "gpu_temperature_c": 66, "gpu_throttled": []}
    watch = SimpleNamespace(sample=lambda: {**HostWatch().sample(), **about_gpu}, own_cpu_s=lambda: 123456.78)
    recorder = Recorder(Instruments(ClockMeter(), watch=watch), journal)
    recorder.start()
    recorder.poll(sample=True)
    journal.close()
    reading_bytes = len((tmp_path / "j.jsonl").read_bytes().splitlines()[-1])
    assert 30 * 86_400 / POLL_S * reading_bytes < MAX_OWN_BYTES


def test_a_meter_is_stopped_where_its_start_cannot_be_written(tmp_path, monkeypatch):
    """CodeCarbon went on measuring in the user's process."""
    meter, write = ClockMeter(), JournalWriter.write

    def full(self, entry, **fields):
        if entry == "meter":
            raise OSError("no space left on device")
        write(self, entry, **fields)

    monkeypatch.setattr(JournalWriter, "write", full)
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(meter))
    with pytest.raises(OSError, match="no space left"), EnergyMeter("test", tmp_path / "e.json"):
        pass
    assert meter.stopped


def test_idle_power_of_a_component_without_a_reading_is_not_0(tmp_path):
    class Half(ClockMeter):
        def read(self):
            return replace(super().read(), gpu_kwh=None)

    record, _ = measure(tmp_path, "true", meter=Half(), idle_s=0.01)
    assert record.idle.before_w == {"gpu": None, "cpu": pytest.approx(50.0)}


def test_idle_power_that_cannot_be_measured_after_a_block_does_not_spoil_its_record(tmp_path, monkeypatch):
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FailingMeter(5)))
    monkeypatch.setattr("dcase_energy.measure.recorder.POLL_S", 0.0)
    with EnergyMeter("training", tmp_path / "e.json", idle_s=20.0) as meter:
        pass
    assert meter.record.complete
    assert meter.record.valid
    assert meter.record.idle.before_w["gpu"] == pytest.approx(100.0)
    assert meter.record.idle.after_w is None


def test_a_gpu_that_fails_within_the_block_costs_neither_its_error_nor_the_record(tmp_path, monkeypatch):
    torch = FakeTorch()
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FixedPowerMeter()))

    def assert_of_the_device(device=None):
        raise RuntimeError("CUDA error: device-side assert triggered")

    handler = signal.getsignal(signal.SIGTERM)
    with (
        pytest.warns(RuntimeWarning, match="could not be marked: CUDA error"),
        pytest.raises(ZeroDivisionError),
        EnergyMeter("training", tmp_path / "e.json") as meter,
    ):
        monkeypatch.setattr(torch, "synchronize", assert_of_the_device)
        raise ZeroDivisionError
    assert not load_energy(meter.path).complete
    assert signal.getsignal(signal.SIGTERM) is handler
    with only_session():
        pass


def test_a_driver_that_is_lost_does_not_end_the_work(tmp_path):
    class Lost:
        class NVMLError(Exception):
            pass

        def nvmlDeviceGetCount(self):  # noqa: N802 - NVML's name
            raise self.NVMLError("GPU is lost")

    instruments = Instruments(FixedPowerMeter(), watch=HostWatch(nvml=Lost(), indices=(0,)))
    plan = MeasurePlan("training", min_window_s=0.0)
    record, code = measure_command(plan, ["true"], tmp_path / "e.json", make_instruments=lambda: (instruments, {}))
    assert code == 0
    assert record.complete


def test_a_block_that_removes_the_journal_ends_with_a_warning(tmp_path, pretended):
    with (
        pytest.warns(RuntimeWarning, match="cannot be read: No such file"),
        EnergyMeter("training", tmp_path / "e.json") as meter,
    ):
        journal_of(tmp_path / "e.json").unlink()
    assert meter.path is None


@pytest.mark.parametrize(
    ("written", "instead"),
    [('"scope":[]', '"scopes":[]'), ('"executions":1', '"executions":"1"'), ('"stage":"test"', '"stage":"x"')],
)
def test_a_journal_that_was_invented_is_refused_without_an_internal_error(tmp_path, pretended, written, instead):
    with EnergyMeter("test", tmp_path / "e.json"):
        pass
    entries = [json.loads(line.replace(written, instead)) for line in journal_of(tmp_path / "e.json").open()]
    journal = JournalWriter(tmp_path / "invented.jsonl")
    for entry in entries:
        journal.write(**{key: value for key, value in entry.items() if key != "previous"})
    journal.close()
    with pytest.raises(JournalError, match="no record can be computed from"):
        record_from_journal(journal.path, RecordFile(tmp_path / "again.json"))
    assert not (tmp_path / "again.json").exists()


def test_the_record_is_plain_json(tmp_path, pretended):
    with EnergyMeter("test", tmp_path / "e.json"):
        pass
    document = json.loads((tmp_path / "e.json").read_text())
    assert document["kind"] == "energy"
    assert document["stages"]["test"]["components"]["gpu"]["energy_kwh"] is None


# --- repetitions


def failing_at(tmp_path, number: int, code: int = 4) -> list[str]:
    """A command that fails the given time it is executed."""
    log = tmp_path / "log"
    body = f"echo x >> {log}; sleep 0.02; test $(wc -l < {log}) -ne {number} || exit {code}"
    return ["sh", "-c", body]


@pytest.mark.parametrize("number", [2, 3, 6])
def test_a_repetition_that_fails_does_not_spoil_what_was_measured(tmp_path, monkeypatch, number):
    monkeypatch.setattr("dcase_energy.measure.command.POLL_S", 0.0)
    said = []
    record, code = measure(tmp_path, *failing_at(tmp_path, number), min_window_s=30.0, say=said.append)
    assert (code, record.exit_code) == (0, 0)
    assert record.complete
    assert record.valid, record.reasons
    assert record.executions == number - 1
    stage = record.stages["training"]
    assert stage.energy_kwh * (number - 1) == pytest.approx(60 * stage.duration_s / 3.6e6)
    everything = record.all_energy
    assert everything.stages_kwh == pytest.approx(60 * stage.duration_s / 3.6e6)
    assert everything.failed_kwh > 0
    assert sum(everything.model_dump(exclude={"energy_kwh"}).values()) == pytest.approx(everything.energy_kwh)
    assert f"execution {number} of window 1 failed" in said[-1]
    assert f"execution {number} of window 1 ended with exit code 4" in record.repeat_failure
    guard = next(guard for guard in record.guards if guard.code == "interrupted")
    assert guard.state == "warn"
    assert f"execution {number} of window 1 ended with exit code 4" in guard.message


def test_only_the_first_of_short_executions_is_certain(tmp_path):
    record, _ = measure(tmp_path, *failing_at(tmp_path, 4), min_window_s=30.0)
    # No reading was due since the end of the first.
    assert record.executions == 1


def test_a_window_that_fails_leaves_those_before_it_and_its_code(tmp_path):
    record, code = measure(tmp_path, *failing_at(tmp_path, 3), repeat=5)
    assert (code, record.exit_code, record.complete) == (4, 0, True)
    assert record.repeats["training"].n == 2
    assert "execution 1 of window 3 ended with exit code 4" in " ".join(guard.message for guard in record.guards)


def test_a_repetition_that_cannot_be_started_is_a_failed_one(tmp_path):
    script = tmp_path / "once"
    script.write_text(f"#!/bin/sh\nrm {script}\n")
    script.chmod(0o755)
    record, code = measure(tmp_path, str(script), min_window_s=5.0)
    assert (code, record.complete, record.executions, record.failure) == (0, True, 1, None)


@pytest.mark.parametrize(("stage", "window"), [("training", 0.0), ("test", 60.0), ("evaluation", 60.0)])
def test_a_training_is_executed_once_and_the_rest_until_a_minute_is_measured(stage, window, monkeypatch, tmp_path):
    from dcase_energy.cli.main import cli as program

    plans = []

    def measured(plan, command, file, **_):
        plans.append(plan)
        raise OSError("seen")

    monkeypatch.setattr("dcase_energy.api.energy.measure_command", measured)
    monkeypatch.chdir(tmp_path)
    arguments = ["measure", "--stage", stage]
    for more in ([], ["--min-window", "7"], ["--repeat", "3"]):
        with pytest.raises(WriteError, match="seen"):
            program.main([*arguments, *more, "--", "true"], standalone_mode=False)
    assert [plan.min_window_s for plan in plans] == [window, 7.0, window]
    assert [plan.repeat for plan in plans] == [1, 1, 3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_a_signal_reached_is_not_complete_even_if_it_ends_well(tmp_path, number):
    """A training that saves its state at a time limit and ends with 0 has not been trained to its end."""
    body = "import os, signal, sys\nfor n in (2, 15):\n    signal.signal(n, lambda *a: sys.exit(0))\n"
    body += f"os.kill(os.getppid(), {int(number)})\nsignal.pause()"
    record, code = measure(tmp_path, sys.executable, "-c", body)
    assert (code, record.exit_code, record.complete) == (0, 0, False)
    assert f"interrupted: the command was interrupted by {number.name}" in record.reasons


# --- which GPU is waited for


class FakeTorch:
    """torch with three GPUs of which number 2 is current."""

    class device:  # noqa: N801 - torch's name
        def __init__(self, name, index=None):
            self.type, _, number = name.partition(":")
            self.index = int(number) if number else index

        def __eq__(self, other):
            return (self.type, self.index) == (other.type, other.index)

        __hash__ = None

    def __init__(self):
        self.synchronised, self.current = [], 2
        self.cuda = self

    def is_available(self):
        return True

    is_initialized = is_available

    def current_device(self):
        return self.current

    def get_device_properties(self, device):
        return type("Properties", (), {"uuid": f"0000000{device.index}"})

    def synchronize(self, device=None):
        self.synchronised.append(device)


@pytest.mark.parametrize(("name", "number"), [("cuda:1", 1), ("cuda", 2), ("auto", 2)])
def test_the_device_that_is_measured_is_waited_for(tmp_path, monkeypatch, name, number):
    torch, asked = FakeTorch(), []

    def gpus(kind, uuid):
        asked.append(uuid)
        return Gpus()

    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr("dcase_energy.api.energy_meter.gpus_of_torch", gpus)
    instruments = lambda gpus, *, allow_estimate: Instruments(FixedPowerMeter())  # noqa: E731
    monkeypatch.setattr("dcase_energy.api.energy_meter.instruments_for", instruments)
    with EnergyMeter("training", tmp_path / "e.json", device=name) as meter, meter.phase("training_steps"):
        torch.current = 0
    assert asked == [f"GPU-0000000{number}"]
    assert torch.synchronised == [FakeTorch.device("cuda", number)] * 4
