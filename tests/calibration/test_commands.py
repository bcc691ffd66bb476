"""A baseline that is a command: calibrated, probed, divided by, and refused where the edition does not name it."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from dcase_energy import calibrate
from dcase_energy.api.calibrating import calibrate_command
from dcase_energy.calibration import command_run, probing, store
from dcase_energy.calibration.command_run import plan_commands, run_commands
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.workload import how_to_calibrate, is_command
from dcase_energy.cli.render.closing import usable_for
from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import CalibrationError, InputError, JournalError, UnusableError
from dcase_energy.measure import probes
from dcase_energy.measure.command import measure_command
from dcase_energy.measure.gpu import Gpus
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.preflight import HostCheck
from dcase_energy.measure.probed import probed
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_calibration
from dcase_energy.submission.baseline_choice import load_denominator, own_machine, recorded, why_no_denominator
from dcase_energy.submission.evidence import Recorded
from tests.measure.worlds import ClockMeter

EDITION = """
base = "common"
name = "trees"
title = "Sounds of trees"
label_pattern = "^[A-Z][a-z]+_[A-Z]+_task9_[1-4]$"
label_example = "Adams_UNI_task9_1"
[scores.accuracy]
title = "Accuracy"
[ranking]
kind = "sum"
terms = [{ score = "accuracy" }]
[baseline]
kind = "command"
recipe = "trees"
command = "sh baseline.sh train"
stage_commands = { test = "sh baseline.sh test" }
probe_command = "sh baseline.sh probe"
epochs_measured = 10
epochs = 300
"""
NO_PROBE = EDITION.replace('probe_command = "sh baseline.sh probe"\n', "")
SAID = []


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    monkeypatch.setattr(HostCheck, "require", lambda *_, **__: None)
    monkeypatch.setattr(probes, "PROBE_S", 0.0)
    monkeypatch.setattr(command_run, "TEST_WINDOW_S", 0.0)
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(tmp_path / "lock"))
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path / "store"))
    folder = tmp_path / "baseline"
    folder.mkdir()
    (folder / "baseline.sh").write_text("exit 0\n")
    monkeypatch.chdir(folder)


def edition(tmp_path, text=EDITION, name="edition"):
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "edition.toml").write_text(text)
    return load_edition(str(folder))


def calibrated(tmp_path, rules, *command, stages=("training", "test"), meter=None, **fill):
    plan = replace(plan_commands(rules, command or ["sh", "baseline.sh", "train"], stages, fill), idle_s=0.0)
    file = RecordFile(tmp_path / "calibration.json")
    make = lambda: (Instruments(meter or ClockMeter(gpu_w=None)), {})  # noqa: E731
    record, beside = run_commands(plan, file, host=HostCheck(SAID.append), make_instruments=make)
    assert load_calibration(file.path) == record == record_of(read_journal(file.journal))
    return record, beside


def test_a_command_is_calibrated_and_divided_by(tmp_path):
    rules = edition(tmp_path)
    record, _ = calibrated(tmp_path, rules)
    assert record.valid, record.reasons
    assert (record.complete, record.recipe, record.implementation.execution_path) == (True, "trees", "command")
    assert (record.workload.files, record.workload.exit_code, record.workload.commit) == (1, 0, None)
    assert (record.recipe_work.epochs, record.measured_work.epochs) == (300, 10)
    assert [(one.when, one.failure, list(one.work)) for one in record.command_probes] == [
        ("before", None, ["command_window"]), ("after", None, ["command_window"]),
    ]  # fmt: skip
    # Each reading of the pretended clock is ten seconds after the one before it, at 60 W: nothing is scaled to 300.
    assert record.stages["training"].full_recipe_energy_kwh == pytest.approx(600 / 3.6e6)
    assert "10 of 300 epochs" in record.stages["training"].work
    bounds = record.stages["training"].full_recipe_energy_interval
    assert (bounds.kind, bounds.high > 1.05 * 600 / 3.6e6) == ("sessions", True)
    assert usable_for(record, rules) == "usable as the baseline of: trees"
    found = load_denominator(tmp_path / "calibration.json", rules)
    assert found.evidence == "recomputed"
    assert recorded(found, rules).energy_kwh == pytest.approx(dict.fromkeys(("training", "test"), 600 / 3.6e6))


def test_its_probe_around_a_system_scales_the_denominator(tmp_path):
    rules = edition(tmp_path)
    record, beside = calibrated(tmp_path, rules)
    store.keep(record, beside)
    settings = probing.probing_for("both", "training", Gpus(), SAID.append)
    system, _ = measure_command(
        MeasurePlan("training", min_window_s=0.0), ["true"], tmp_path / "energy.json",
        make_instruments=lambda: (Instruments(ClockMeter(gpu_w=None, cpu_w=110.0)), {}), probing=settings,
    )  # fmt: skip
    assert [one.failure for one in system.probes] == [None, None]
    # 120 W now, 60 W when it was calibrated.
    scaled, note = probed(record, system)
    assert note == "probed: 2 probes"
    assert scaled.stages["training"].full_recipe_energy_kwh == pytest.approx(1200 / 3.6e6)
    assert own_machine(rules).record == record


def test_what_changed_since_is_not_probed(tmp_path):
    record, beside = calibrated(tmp_path, edition(tmp_path))
    store.keep(record, beside)
    (tmp_path / "baseline" / "baseline.sh").write_text("exit 0 # another\n")
    task = probing.newest_probe(Gpus())
    with pytest.raises(CalibrationError, match="files have changed since"):
        task.command(tmp_path)
    store._path(record).with_suffix(".private").unlink()
    with pytest.raises(CalibrationError, match="only the user who calibrated"):
        probing.newest_probe(Gpus())


def test_an_edition_that_does_not_name_it_refuses_and_says_what_to_run(tmp_path):
    rules = edition(tmp_path, NO_PROBE)
    record, _ = calibrated(tmp_path, rules)
    generic = load_edition("generic")
    assert "for generic: it measured a command" in usable_for(record, generic)
    with pytest.raises(UnusableError, match="`dcase-energy calibrate --edition generic` measures"):
        load_denominator(tmp_path / "calibration.json", generic)
    for change, reason in (
        (("epochs = 300", "epochs = 200"), "a different command"),
        (('recipe = "trees"', 'recipe = "woods"'), "it measured the command of trees"),
        (("epochs_measured = 10\n", 'epochs_measured = 10\ncommit = "abc1234"\n'), "a different command"),
    ):
        other = edition(tmp_path, NO_PROBE.replace(*change), change[1][:6].strip('" ='))
        assert reason in why_no_denominator(Recorded(record, ""), other)


def test_commands_that_are_not_the_editions_are_refused_before_they_run(tmp_path):
    rules = edition(tmp_path)
    with pytest.raises(
        InputError, match=r"expected `sh baseline.sh train`, found `sh baseline.sh train --epochs 1`.*run"
    ):
        plan_commands(rules, ["sh", "baseline.sh", "train", "--epochs", "1"], ["training"], {})
    with pytest.raises(InputError, match="is the recipe dcase2023; run `dcase-energy calibrate --edition generic`"):
        calibrate_command(["true"], edition="generic")
    with pytest.raises(InputError, match="is a command: `dcase-energy calibrate --edition dcase2024-task4"):
        calibrate(edition="dcase2024-task4")
    with pytest.raises(InputError, match="edition dcase2025-task1 names no baseline to run"):
        calibrate(edition="dcase2025-task1")
    with pytest.raises(InputError, match="names no command of its baseline; its energy can only be stated"):
        calibrate_command(["true"], edition="dcase2025-task1")
    nameless = edition(tmp_path, EDITION[: EDITION.index("command =")], "nameless")
    assert how_to_calibrate(nameless) is None
    with pytest.raises(InputError, match="names no command"):
        plan_commands(nameless, ["true"], ["training"], {})


def test_a_command_that_fails_is_no_denominator(tmp_path):
    rules = edition(tmp_path, NO_PROBE)
    (tmp_path / "baseline" / "baseline.sh").write_text("false\n")
    record, _ = calibrated(tmp_path, rules)
    assert (record.complete, record.workload.exit_code, list(record.stages)) == (False, 1, ["training"])
    assert "interrupted" in why_no_denominator(Recorded(record, ""), rules)


def test_a_command_that_cannot_be_started_leaves_a_journal(tmp_path):
    text = NO_PROBE.replace("sh baseline.sh train", "no-such-program")
    with pytest.raises(JournalError, match="could not be started"):
        calibrated(tmp_path, edition(tmp_path, text), "no-such-program", stages=("training",))


def test_the_test_at_the_end_of_a_training_is_subtracted(tmp_path):
    text = NO_PROBE.replace('sh baseline.sh test" }', 'sh baseline.sh {file}" }\nincludes = ["test"]')
    rules = edition(tmp_path, text)
    with pytest.raises(InputError, match="--fill file=VALUE"):
        plan_commands(rules, ["sh", "baseline.sh", "train"], ["training"], {})

    class Slower(ClockMeter):
        """Its first command takes 30 s, the second 10 s."""

        def read(self):
            self.now_s += 20.0 if self.reads == 1 else 0.0
            return super().read()

    record, _ = calibrated(tmp_path, rules, file="a.ckpt", meter=Slower(gpu_w=None))
    training = record.stages["training"]
    assert training.full_recipe_energy_kwh == pytest.approx(training.energy_kwh - record.stages["test"].energy_kwh)
    assert training.full_recipe_duration_s == 20.0
    assert training.work.endswith("without the test at its end")


def test_a_commit_is_compared_before_anything_runs(tmp_path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    pin = f'repository = "https://example.org/b"\ncommit = "{head[:9]}"\n'
    named = NO_PROBE.replace("epochs = 300\n", "epochs = 300\n" + pin)
    record, _ = calibrated(tmp_path, edition(tmp_path, named))
    assert (record.workload.commit, record.workload.modified) == (head, 0)
    assert why_no_denominator(Recorded(record, ""), edition(tmp_path, named)) is None
    with pytest.raises(CalibrationError, match="git checkout 1234567"):
        calibrated(tmp_path, edition(tmp_path, named.replace(head[:9], "1234567"), "other"))


@pytest.mark.parametrize(
    ("words", "named", "same"),
    [
        (["/opt/bin/python3.12", "train.py"], "python train.py", True),
        (["python", "test.py", "x.ckpt"], "python test.py {checkpoint}", True),
        (["python", "test.py"], "python test.py {checkpoint}", False),
        (["bash", "run.sh"], "sh run.sh", False),
        (["./train"], "train", True),
    ],
)
def test_a_program_may_lie_anywhere_and_its_arguments_are_the_editions(words, named, same):
    assert is_command(words, named) is same
