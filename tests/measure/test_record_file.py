"""A complete record is never replaced, whatever comes after it; nothing that was measured disappears."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from dcase_energy import EnergyMeter
from dcase_energy.errors import JournalError, JournalUnwrittenError, MeterError
from dcase_energy.measure.command import measure_command, record_from_journal
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.record_file import RecordFile, journal_of, record_beside
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_energy
from tests.calibration.killable import FixedPowerMeter
from tests.cli.run import ROOT
from tests.cli.run import run as run_program


def measure(output: Path, *command: str, force: bool = False) -> tuple[str, int]:
    """The name of the record that was written, and its exit code."""
    file = RecordFile(output, force=force)
    plan = MeasurePlan("training", min_window_s=0.0)
    instruments = Instruments(FixedPowerMeter())
    record, code = measure_command(plan, command, file, make_instruments=lambda: (instruments, {}))
    assert load_energy(file.path) == record == energy_of(read_journal(file.journal))
    return file.path.name, code


def records(folder: Path) -> dict[str, bool]:
    """The records in a folder, each with a journal beside it, and whether they are complete."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        record = load_energy(path)
        assert energy_of(read_journal(journal_of(path))) == record
        found[path.name] = record.complete
    assert len(list(folder.glob("*.jsonl"))) == len(found)
    return found


def test_a_second_run_gets_a_number_and_a_failed_one_says_so(tmp_path):
    output = tmp_path / "e.json"
    assert measure(output, "true") == ("e.json", 0)
    first = output.read_bytes(), journal_of(output).read_bytes()
    assert measure(output, "nonexistent") == ("e.failed.json", 127)
    assert measure(output, "true") == ("e.2.json", 0)
    assert measure(output, "false") == ("e.failed.2.json", 1)
    assert measure(output, "true") == ("e.3.json", 0)
    assert (output.read_bytes(), journal_of(output).read_bytes()) == first
    assert records(tmp_path) == {
        "e.2.json": True,
        "e.3.json": True,
        "e.failed.2.json": False,
        "e.failed.json": False,
        "e.json": True,
    }


def test_a_failed_record_keeps_the_name_until_the_next_measurement(tmp_path):
    output = tmp_path / "e.json"
    assert measure(output, "false")[0] == "e.json"
    assert measure(output, "false")[0] == "e.json"
    assert measure(output, "true")[0] == "e.json"
    assert records(tmp_path) == {"e.failed.2.json": False, "e.failed.json": False, "e.json": True}


def test_force_replaces_once_the_new_record_is_complete(tmp_path):
    output = tmp_path / "e.json"
    measure(output, "true")
    first = load_energy(output)
    assert measure(output, "false", force=True)[0] == "e.failed.json"
    assert load_energy(output) == first
    assert measure(output, "true", force=True)[0] == "e.json"
    assert load_energy(output) != first
    assert records(tmp_path) == {"e.failed.json": False, "e.json": True}


def test_files_that_are_no_records_of_ours_are_kept(tmp_path):
    output = tmp_path / "e.json"
    output.write_text('{"complete": false}')
    (tmp_path / "e.2.json").mkdir()
    assert measure(output, "true")[0] == "e.3.json"
    assert output.read_text() == '{"complete": false}'


def test_the_work_may_write_a_file_of_that_name_itself(tmp_path):
    output = tmp_path / "e.json"
    assert measure(output, "sh", "-c", f"echo results > {output}")[0] == "e.2.json"
    assert output.read_text() == "results\n"


@pytest.mark.parametrize(("name", "second"), [("energy", "energy-2"), ("a.b.rec", "a.b.2.rec"), (".json", ".json-2")])
def test_names_of_any_form(tmp_path, name, second):
    assert [measure(tmp_path / name, "true")[0] for _ in range(2)] == [name, second]


def test_records_that_would_share_a_journal_do_not(tmp_path):
    assert measure(tmp_path / "e.json", "true")[0] == "e.json"
    assert measure(tmp_path / "e.txt", "true")[0] == "e.2.txt"


def test_a_complete_journal_without_its_record_is_kept(tmp_path):
    output = tmp_path / "e.json"
    measure(output, "true")
    output.unlink()
    assert measure(output, "true")[0] == "e.2.json"
    assert journal_of(output).exists()


def test_a_journal_that_is_being_written_is_left_alone(tmp_path):
    output = tmp_path / "e.json"
    running = RecordFile(output).begin()
    running.write("energy")
    assert measure(output, "true")[0] == "e.2.json"
    running.close()
    assert measure(output, "true")[0] == "e.json"
    assert (tmp_path / "e.interrupted-1.jsonl").exists()


def test_each_of_many_that_begin_at_once_has_its_own_name(tmp_path):
    output = tmp_path / "e.json"
    output.write_text('{"kind": "energy", "complete": false}')

    def begin(_: int) -> str:
        file = RecordFile(output)
        journals.append(file.begin())
        return file.path.name

    journals = []
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(begin, range(24)))
    assert len(set(names)) == 24
    assert len([*tmp_path.glob("e.failed*.json")]) == 1  # kept once, under one number or another
    for journal in journals:
        journal.close()


def test_a_measurement_that_could_not_begin_leaves_no_journal_behind(tmp_path):
    file = RecordFile(tmp_path / "e.json")
    journal = file.begin()
    journal.write("calibration")
    journal.write("finish", complete=False)
    journal.close()
    assert measure(tmp_path / "e.json", "true")[0] == "e.json"
    assert records(tmp_path) == {"e.json": True}


def test_a_journal_is_written_by_one_process(tmp_path):
    journal = JournalWriter(tmp_path / "j.jsonl")
    journal.write("calibration")
    with pytest.raises(JournalError, match="another process is writing it"):
        JournalWriter(tmp_path / "j.jsonl", resume=True)
    journal.close()


# --- blocks of a program


@pytest.fixture
def pretended(monkeypatch):
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FixedPowerMeter()))


def test_blocks_with_one_name_do_not_replace_each_other(tmp_path, pretended):
    output = tmp_path / "e.json"
    paths = []
    for stage in ("training", "test"):
        with EnergyMeter(stage, output) as meter:
            pass
        paths.append(meter.path.name)
    with pytest.raises(ZeroDivisionError), EnergyMeter("training", output) as meter:
        1 / 0  # noqa: B018
    paths.append(meter.path.name)
    with EnergyMeter("evaluation", output, force=True) as meter:
        pass
    assert [*paths, meter.path.name] == ["e.json", "e.2.json", "e.failed.json", "e.json"]
    assert load_energy(output).stage == "evaluation"


def test_a_block_that_cannot_be_measured_leaves_nothing_in_the_way(tmp_path, monkeypatch):
    def refuse(self):
        raise MeterError("no counters")

    output = tmp_path / "e.json"
    with monkeypatch.context() as patch, pytest.raises(MeterError):
        patch.setattr(EnergyMeter, "_instruments", refuse)
        EnergyMeter("training", output).__enter__()
    assert measure(output, "true")[0] == "e.json"
    assert records(tmp_path) == {"e.json": True}


PROGRAM = """
import sys
from dcase_energy import EnergyMeter
from dcase_energy.measure.recorder import Instruments
from tests.calibration.killable import FixedPowerMeter
EnergyMeter._instruments = lambda self: Instruments(FixedPowerMeter())
with EnergyMeter("training", sys.argv[1], device="cpu"):
    print("ready", flush=True)
    import time
    time.sleep(60)
"""


def test_a_program_that_is_terminated_leaves_a_record(tmp_path):
    """As a batch system does before it kills."""
    output = tmp_path / "e.json"
    measure(output, "true")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'baseline'}"}
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, output], env=environment, stdout=subprocess.PIPE)
    assert program.stdout.readline() == b"ready\n"
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 128 + signal.SIGTERM
    program.stdout.close()
    assert records(tmp_path) == {"e.failed.json": False, "e.json": True}


# --- a full disk


class FullDisk:
    """Writing to a journal fails while ``full``, after half a line."""

    def __init__(self, monkeypatch):
        self.full = False
        self._write = os.write
        monkeypatch.setattr("dcase_energy.measure.journal.os.write", self.write)

    def write(self, handle, data):
        if not self.full:
            return self._write(handle, data)
        if len(data) > 40:
            return self._write(handle, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch)
    journal = RecordFile(tmp_path / "e.json").begin()
    journal.write("energy")
    disk.full = True
    for number in range(3):
        with pytest.raises(OSError, match="No space"):
            journal.write("reading", number=number, text="x" * 100)
    disk.full = False
    journal.write("finish")
    journal.close()
    entries = read_journal(tmp_path / "e.journal.jsonl")
    assert [entry.get("number") for entry in entries] == [None, 0, 1, 2, None]


def test_a_disk_that_stays_full_leaves_a_copy_of_the_journal(tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    said, started = [], []

    class Filling(FixedPowerMeter):
        def read(self):
            disk.full = bool(started)
            started.append(1)
            return super().read()

    file = RecordFile(tmp_path / "e.json")
    with pytest.raises(JournalUnwrittenError) as caught:
        measure_command(
            MeasurePlan("training", min_window_s=0.0),
            ["true"],
            file,
            say=said.append,
            make_instruments=lambda: (Instruments(Filling()), {}),
        )
    disk.full = False
    assert "the command continues" in said[0]
    copy = caught.value.copy
    again = RecordFile(record_beside(copy))
    record = record_from_journal(copy, again)
    assert record.complete
    assert again.path.parent == copy.parent


def test_a_record_that_cannot_be_written_is_made_again_from_its_journal(tmp_path, monkeypatch):
    output = tmp_path / "e.json"

    def full(path, text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr("dcase_energy.measure.record_file.write_text", full)
        measure(output, "true")
    record = record_from_journal(journal_of(output), RecordFile(output))
    assert record.complete
    assert records(tmp_path) == {"e.json": True}
    # The journal stays where it is; elsewhere goes a copy.
    other = RecordFile(tmp_path / "other" / "e.json")
    other.path.parent.mkdir()
    assert record_from_journal(journal_of(output), other) == record
    assert records(tmp_path / "other") == {"e.json": True}


def test_a_block_whose_record_cannot_be_written_warns(tmp_path, pretended, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("dcase_energy.measure.record_file.write_text", full)
    says = r"--from-journal .*e\.journal\.jsonl` writes the record"
    with pytest.warns(RuntimeWarning, match=says), EnergyMeter("training", tmp_path / "e.json") as meter:
        pass
    assert meter.record.complete
    assert meter.path is None


# --- the command


def test_the_command_says_where_the_record_is(tmp_path, monkeypatch):
    monkeypatch.setattr("dcase_energy.measure.preflight.LOOK_S", 0.0)
    monkeypatch.setattr("tests.cli.run.ROOT", tmp_path)
    run = partial(run_program, "measure")
    assert run("--stage", "test", "--min-window", "0", "--", "true").returncode == 0
    done = run("--stage", "test", "--min-window", "0", "--", "true")
    assert "record: energy_test.2.json\njournal: energy_test.2.journal.jsonl" in done.stderr
    assert "energy_test.json was there before and is kept; --force replaces it" in done.stderr
    (tmp_path / "energy_test.json").unlink()
    done = run("--from-journal", "energy_test.journal.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((tmp_path / "energy_test.json").read_text())["complete"] is True
    assert run("--from-journal", "energy_test.journal.jsonl", "--", "true").returncode == 2
    done = run("--stage", "test", "--output", "/dev/null", "--", "true")
    assert done.returncode == 2
    assert "/dev/null is not a regular file" in done.stderr
