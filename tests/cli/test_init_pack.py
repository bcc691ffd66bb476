"""`init` and `pack` as a participant uses them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.schema import submission_schema
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import RecordError
from dcase_energy.measure.journal import sealed
from dcase_energy.submission.filling import of_energy_record
from dcase_energy.submission.packing import members
from tests.cli.run import ROOT, run

GOOD = ROOT / "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"


RECORD = json.loads((ROOT / "tests/data/records/1.1/energy.json").read_text())


def energy_record(stage: str, energy_kwh: float, **other: object) -> str:
    """An energy record of a stage, sealed again after its figures were changed."""
    document = {
        **RECORD,
        "valid": True,
        "reasons": [],
        "stage": stage,
        "stages": {stage: {**RECORD["stages"][RECORD["stage"]], "energy_kwh": energy_kwh}},
        "hardware": {"gpu_name": "NVIDIA A100-SXM4-80GB", "cpu_model": "AMD EPYC 7742"},
        **other,
    }
    return json.dumps({**document, "digest": sealed(document)})


@pytest.mark.parametrize("name", edition_names())
def test_a_fresh_template_lacks_only_what_must_be_filled_in(tmp_path, name):
    label = load_edition(name).label_example
    path = tmp_path / f"{label}.meta.yaml"
    assert run("init", label, "--edition", name, "--output", path).returncode == 0
    result = run("validate", path, "--edition", name, "--format", "json")
    findings = json.loads(result.stdout)["findings"]
    assert {finding["code"] for finding in findings} <= {"M101", "E203", "E208"}
    empty = {finding["path"] for finding in findings if finding["code"] == "M101"}
    fields = load_edition(name).fields
    wanted = {fields[field].paths[0] for field in load_edition(name).required} - {
        "submission.label",
        "submission.authors",
    }
    assert empty == wanted | {"submission.authors[0].lastname", "submission.authors[0].firstname"}
    assert all(finding["hint"] == "fill it in" for finding in findings if finding["code"] == "M101")


def test_the_template_names_its_schema_and_every_field_in_a_comment(tmp_path):
    text = run("init", "Adams_UNI_task4a_1", "--output", "-").stdout
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=https://")
    assert first.endswith("/schemas/dcase2023-task4a/submission.schema.json")
    comments = " ".join(line.strip().lstrip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))
    for spec in load_edition("dcase2023-task4a").fields.values():
        assert spec.description in comments
    own = run("init", "Adams_UNI_task4_1", "--schema", "own.json", "--output", "-").stdout
    assert own.startswith("# yaml-language-server: $schema=own.json\n")


def test_figures_come_from_records(tmp_path):
    training, test = tmp_path / "training.json", tmp_path / "test.json"
    training.write_text(energy_record("training", 1.39071234))
    test.write_text(energy_record("test", 0.0193412345))
    text = run("init", "Adams_UNI_task4_1", "--training", training, "--test", test, "--output", "-").stdout
    assert "    training: 1.39071  # from training.json\n" in text
    assert "    test: 0.0193412  # from test.json\n" in text
    assert '    hardware: "1 NVIDIA A100-SXM4-80GB"  # from training.json\n' in text


def test_a_figure_for_which_the_edition_has_no_field_is_named(tmp_path):
    record = tmp_path / "r.json"
    record.write_text(energy_record("training", 1.39))
    result = run("init", "Adams_UNI_task1_1", "--edition", "dcase2024-task1", "--training", record, "--output", "-")
    assert result.returncode == 0
    assert (
        f"warning: {record} is not used: edition dcase2024-task1 does not ask for energy_training_kwh" in result.stderr
    )


def test_a_figure_is_filled_into_the_field_that_the_edition_names(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text(
        'base = "generic"\nname = "own"\n[stages.training]\nenergy = "train_kwh"\n[fields.train_kwh]\nkind = "energy"\n'
        'paths = ["system.train"]\ndescription = "x"\n'
    )
    record = tmp_path / "r.json"
    record.write_text(energy_record("training", 1.39))
    text = run("init", "Adams_UNI_task4_1", "--edition", own, "--training", record, "--output", "-").stdout
    assert "  train: 1.39000  # from r.json\n" in text
    assert "has no stage inference" in _refused(own, record)


def _refused(edition, record) -> str:
    with pytest.raises(RecordError) as caught:
        of_energy_record(record, "inference", load_edition(str(edition)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not an energy record"),
        ("onset\toffset\n", "is neither a record of `dcase-energy measure` nor a CodeCarbon file"),
        ('{"kind": "calibration"}', "is not an energy record"),
        (energy_record("test", 1.0), "holds no energy of the stage training"),
        (energy_record("training", 0.0), "is 0.0 kWh"),
        (energy_record("training", 1.0, valid=False, reasons=["another process ran"]), "another process ran"),
        (energy_record("training", 1.0).replace("1.0", "0.1"), "digest does not match"),
        ('{"kind": "energy", "stages": {"training": {"energy_kwh": NaN}}}', "NaN is not allowed"),
        ('{"kind": "energy", "schema_version": "1.1", "stages": 3}', "is not a valid energy record"),
    ],
)
def test_a_record_that_cannot_be_used_is_told(tmp_path, content, words):
    record = tmp_path / "r.json"
    record.write_text(content)
    with pytest.raises(RecordError) as caught:
        of_energy_record(record, "training", load_edition("generic"))
    assert words in str(caught.value)


def test_an_invalid_measurement_is_used_where_that_is_allowed_and_says_so(tmp_path):
    record, target = tmp_path / "r.json", tmp_path / "a.yaml"
    record.write_text(energy_record("training", 1.39, valid=False, reasons=["host-exclusive: others\nworked"]))
    words = ["init", "Adams_UNI_task4_1", "--training", record, "--output", target]
    refused = run(*words)
    assert refused.returncode == 2
    assert "; --allow-invalid takes its figure" in refused.stderr
    assert run(*words, "--allow-invalid").returncode == 0
    (line,) = [one for one in target.read_text().splitlines() if one.startswith("    training:")]
    assert line == "    training: 1.39000  # from r.json; NOT A VALID MEASUREMENT: host-exclusive: others worked"


def test_what_was_cut_off_is_never_used(tmp_path):
    record = tmp_path / "r.json"
    record.write_text(energy_record("training", 1.39, valid=False, complete=False, reasons=["interrupted"]))
    result = run("init", "Adams_UNI_task4_1", "--training", record, "--allow-invalid", "--output", "-")
    assert (result.returncode, result.stdout) == (2, "")
    assert "was cut off" in result.stderr


@pytest.mark.parametrize("edition", [None, "dcase2023-task4a"])
def test_the_command_that_is_printed_validates_the_file_and_nothing_lies_in_its_way(tmp_path, edition):
    import shlex

    target = tmp_path / "a folder" / "Adams_UNI_task4a_1.meta.yaml"
    target.parent.mkdir()
    chosen = [] if edition is None else ["--edition", edition]
    made = run("init", "Adams_UNI_task4a_1", *chosen, "--output", target)
    program, *words = shlex.split(made.stderr.splitlines()[-1])
    assert program == "dcase-energy"
    checked = run(*words)
    assert "(edition dcase2023-task4a)" in checked.stderr
    assert "Z811" not in run("validate", target.parent).stdout
    (schema,) = target.parent.rglob("submission.schema.json")
    named = target.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert target.parent / named == schema
    assert json.loads(schema.read_text()) == submission_schema(load_edition("dcase2023-task4a"))
    assert members(target.parent, tmp_path / "x.zip") == [target.name]


def test_a_record_that_cannot_be_used_is_wrong_use(tmp_path):
    record = tmp_path / "r.json"
    record.write_text("{")
    result = run("init", "Adams_UNI_task4_1", "--training", record, "--output", "-")
    assert result.returncode == 2
    assert "is not JSON" in result.stderr
    assert result.stdout == ""


def test_a_label_of_another_form_and_a_file_that_is_there_are_wrong_use(tmp_path):
    assert "is not a label of edition generic" in run("init", "foo").stderr
    assert "is not a label" in run("init", "../../Adams_UNI_task4_1").stderr
    target = tmp_path / "a.yaml"
    target.write_text("mine")
    result = run("init", "Adams_UNI_task4_1", "--output", target)
    assert result.returncode == 2
    assert "--force overwrites it" in result.stderr
    assert target.read_text() == "mine"
    assert run("init", "Adams_UNI_task4_1", "--output", target, "--force").returncode == 0
    assert "lastname" in target.read_text()


def test_the_schema_accepts_a_filled_template():
    from jsonschema import Draft7Validator

    for name in edition_names():
        Draft7Validator.check_schema(submission_schema(load_edition(name)))


@pytest.fixture
def package(tmp_path):
    system = tmp_path / "Adams_UNI_task4" / "Adams_UNI_task4_1"
    system.mkdir(parents=True)
    (system / GOOD.name).write_bytes(GOOD.read_bytes())
    (system.parent / "Adams_UNI_task4.technical_report.pdf").write_bytes(b"%PDF-1.7\n")
    return system.parent


def test_the_same_files_give_the_same_bytes_whatever_their_times(tmp_path, package):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    assert run("pack", package, "--output", first).returncode == 0
    for path in package.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    (package / ".DS_Store").write_bytes(b"x")
    (package / ".hidden").write_bytes(b"x")
    result = run("pack", package, "--output", second)
    assert result.returncode == 0
    assert first.read_bytes() == second.read_bytes()
    assert hashlib.sha256(second.read_bytes()).hexdigest() in result.stderr
    with zipfile.ZipFile(second) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert archive.namelist() == [
            "Adams_UNI_task4/Adams_UNI_task4.technical_report.pdf",
            f"Adams_UNI_task4/Adams_UNI_task4_1/{GOOD.name}",
        ]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_nothing_is_packed_while_there_is_an_error_and_an_older_zip_stays(tmp_path, package):
    target = package.parent / "Adams_UNI_task4.zip"
    target.write_bytes(b"older")
    meta = package / "Adams_UNI_task4_1" / GOOD.name
    meta.write_text(meta.read_text().replace("training: 1.3907", "training: 0"))
    result = run("pack", package)
    assert result.returncode == 1
    assert "E201" in result.stdout
    assert "not packed: 1 metadata file (edition generic): 1 error, 1 warning" in result.stderr
    assert target.read_bytes() == b"older"
    meta.write_text(meta.read_text().replace("training: 0\n", "training: 1.717\n"))
    assert run("pack", package, "--strict").returncode == 1
    assert target.read_bytes() == b"older"
    assert run("pack", package).returncode == 0
    assert zipfile.is_zipfile(target)
    assert [path.name for path in package.parent.iterdir() if path.name.endswith(".tmp")] == []


def test_links_and_leavings_are_no_members(tmp_path, package):
    before = members(package, tmp_path / "x.zip")
    (package / "link.pdf").symlink_to("/etc/passwd")
    (package / "folder").symlink_to(tmp_path, target_is_directory=True)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_bytes(b"x")
    (package / "notes.txt~").write_bytes(b"x")
    assert members(package, tmp_path / "x.zip") == before


def test_a_zip_inside_its_own_folder_does_not_hold_itself(package):
    target = package / "out.zip"
    run("pack", package, "--output", target)
    once = target.read_bytes()
    run("pack", package, "--output", target)
    assert target.read_bytes() == once


def test_a_place_that_cannot_be_written_is_told(package):
    result = run("pack", package, "--output", package / "no" / "x.zip")
    assert result.returncode == 1
    assert "cannot write" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["init", "pack"])
def test_help_has_an_example(command):
    assert f"Example: dcase-energy {command} " in run(command, "--help").stdout
