"""`measure --each`: every system of a list, resumable, with probes in between, into one table."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dcase_energy import rank
from dcase_energy.api.each import measure_each, summary_of
from dcase_energy.calibration.store import keep
from dcase_energy.cli.measure import command as measure_command
from dcase_energy.errors import InputError
from dcase_energy.measure import probes
from dcase_energy.measure.measured_table import read_measured
from dcase_energy.measure.preflight import HostCheck
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_energy
from dcase_energy.measure.systems import read_systems
from tests.measure.worlds import ClockMeter

LIST = """
[[systems]]
label = "Adams_UNI_task9_1"
folder = "adams"
training = "sh -c 'echo train >> log'"
test = ["sh", "-c", "echo test >> log"]
scope = "inference"
[[systems]]
label = "Baker_LAB_task9_1"
training = "sh -c 'echo train >> log'"
[[systems]]
label = "Clark_LAB_task9_1"
training = "sh -c 'test -e ready'"
"""


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    monkeypatch.setattr(HostCheck, "before", lambda *_, **__: [])
    monkeypatch.setattr(probes, "PROBE_S", 0.0)
    monkeypatch.setattr(
        "dcase_energy.measure.command.machines_own", lambda *_, **__: (Instruments(ClockMeter(gpu_w=None)), {})
    )
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(tmp_path / "lock"))
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adams").mkdir()
    (tmp_path / "systems.toml").write_text(LIST)


def each(**options):
    return measure_each("systems.toml", min_window_s=0.0, **options)


def words(path):
    return path.read_text().split()


def test_a_list_is_measured_and_the_same_call_does_what_is_missing(tmp_path):
    found = each()
    assert [one.problem for one in found.systems] == [
        None, None, "training: not valid: interrupted: the command ended with exit code 1",
    ]  # fmt: skip
    assert not found.complete
    assert summary_of(found)[0] == "2 of 3 systems measured"
    assert words(tmp_path / "adams" / "log") == ["train", "test"]
    (tmp_path / "ready").touch()
    said = []
    again = each(log=said.append)
    assert again.complete
    assert sum("measured before" in line for line in said) == 3
    assert words(tmp_path / "adams" / "log") == ["train", "test"]
    assert "rank PACKAGES --measured measured.csv" in summary_of(again)[-1]
    systems, findings = read_measured(tmp_path / "measured.csv")
    assert findings == []
    # Each reading of the pretended clock is ten seconds after the one before it, at 60 W.
    assert [list(one.costs) for one in systems] == [["training", "test"], ["training"], ["training"]]
    cost = systems[0].costs["test"]
    assert (cost.energy_kwh, cost.duration_s) == (pytest.approx(600 / 3.6e6), 10.0)
    assert (systems[0].tracker, systems[0].tier) == ("CodeCarbon 3.3.2", "measured")
    record = load_energy(tmp_path / "measured.records" / "Adams_UNI_task9_1" / "energy_test.json")
    assert record.scope == ["inference"]


def test_another_command_or_an_edited_record_is_measured_again(tmp_path):
    each()
    (tmp_path / "systems.toml").write_text(LIST.replace("echo test >>", "echo other >>"))
    journal = tmp_path / "measured.records" / "Baker_LAB_task9_1" / "energy_training.journal.jsonl"
    journal.write_text(journal.read_text().replace('"time_s":1020.0', '"time_s":1021.0'))
    each()
    assert words(tmp_path / "adams" / "log") == ["train", "test", "other"]
    assert words(tmp_path / "log") == ["train", "train"]


def test_work_of_another_scope_is_measured_again(tmp_path):
    """Its record says what it holds, and another baseline divides it."""
    each()
    (tmp_path / "systems.toml").write_text(LIST.replace('"inference"', '"inference+scoring"'))
    each()
    assert words(tmp_path / "adams" / "log") == ["train", "test", "test"]
    record = load_energy(tmp_path / "measured.records" / "Adams_UNI_task9_1" / "energy_test.json")
    assert record.scope == ["inference", "scoring"]


def test_a_signal_ends_the_list_and_the_table_says_what_is_missing(tmp_path):
    (tmp_path / "systems.toml").write_text(LIST.replace("echo train >> log'\"\ntest", "exit 130'\"\ntest"))
    found = each()
    assert found.interrupted
    assert [one.problem.partition(":")[2] for one in found.systems[1:]] == [" not measured yet"] * 2
    assert not (tmp_path / "log").exists()
    (tmp_path / "systems.toml").write_text(LIST)
    assert [one.problem for one in each().systems][:2] == [None, None]


def test_the_baseline_stands_beside_with_what_its_probes_cost(tmp_path, monkeypatch):
    from tests.calibration import test_commands

    monkeypatch.setattr(HostCheck, "require", lambda *_, **__: None)
    monkeypatch.setattr(test_commands.command_run, "TEST_WINDOW_S", 0.0)
    (tmp_path / "baseline.sh").write_text("exit 0\n")
    record, beside = test_commands.calibrated(tmp_path, test_commands.edition(tmp_path))
    keep(record, beside)
    found = each(calibration=tmp_path / "calibration.json")
    adams = found.systems[0]
    assert adams.costs["training"].baseline_kwh == pytest.approx(600 / 3.6e6)
    assert adams.costs["test"].baseline_kwh == pytest.approx(600 / 3.6e6)
    for stage in ("training", "test"):
        own = load_energy(tmp_path / "measured.records" / "Adams_UNI_task9_1" / f"energy_{stage}.json")
        assert [one.failure for one in own.probes] == [None, None]
    # The table is what `rank --measured` ranks by; a baseline that is not the edition's divides nothing.
    (tmp_path / "ready").touch()
    each(calibration=tmp_path / "calibration.json")
    labels = ["Adams_UNI_task9_1", "Baker_LAB_task9_1", "Clark_LAB_task9_1"]
    rows = [f"{label},0.{6 - number},9,9" for number, label in enumerate(labels)]
    (tmp_path / "results.csv").write_text("\n".join(["label,accuracy,energy_training_kwh,energy_test_kwh", *rows, ""]))
    for epochs, ratio in (("300", pytest.approx(1.0)), ("200", None)):
        text = test_commands.EDITION.replace("epochs = 300", f"epochs = {epochs}")
        rules = test_commands.edition(tmp_path, text, f"edition{epochs}")
        ranked = rank(["results.csv"], edition=rules, measured="measured.csv").ranking.systems
        assert [one.entry.label for one in ranked] == labels
        assert [one.entry.energy_kwh["training"] for one in ranked] == [pytest.approx(600 / 3.6e6)] * 3
        assert ranked[0].figures.official_ratio["training"] == ratio


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[[systems]]", "[systems]"), r"is not TOML|expected a table \[\[systems\]\]"),
        (('label = "Baker_LAB_task9_1"', 'label = "../Baker"'), r"system 2: expected label"),
        (('label = "Baker_LAB_task9_1"', 'label = "adams_UNI_task9_1"'), "stands there twice"),
        (('folder = "adams"', 'folder = "nowhere"'), "expected folder"),
        (("training =", "train ="), "train is not known; expected label, folder, gpu, scope, training, test"),
        (("""training = "sh -c 'echo train >> log'"
test""", """training = "sh -c 'echo"
test"""), "training cannot be split into words"),
        (('scope = "inference"', 'scope = "everything"'), "scope 'everything' is not known"),
        (('scope = "inference"', "scope = 5"), "expected scope = text such as 'inference' or a list of texts; found 5"),
        (("echo train", "echo \\u0000"), "expected training = a command"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_list_is_said_before_anything_runs(tmp_path, change, message):
    assert change[0] in LIST
    (tmp_path / "systems.toml").write_text(LIST.replace(*change))
    with pytest.raises(InputError, match=message):
        read_systems(tmp_path / "systems.toml")


def test_the_command_line_says_what_does_not_go_together(tmp_path):
    ran = CliRunner().invoke(measure_command, ["--each", "systems.toml", "--stage", "test"])
    assert (ran.exit_code, "--each and --stage exclude each other" in ran.output) == (2, True)
