"""What `validate` can be pointed at, and that it judges the same thing the same way however it comes."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from tests.builders.packages import LABEL, META, files, metadata, scores, write
from tests.builders.zips import archive, package
from tests.cli.run import ROOT, run

RUN = f"{LABEL}/{LABEL}_run1.output"
SPOILT = {
    **files(),
    META: metadata().replace("1.3907", "0.5 kWh").encode(),
    f"{RUN}/clip1.tsv": scores(1).rpartition(b"\t")[0] + b"\tnan\n",
    f"{RUN}/scores.npy": b"x",
}


def told(*arguments: object) -> list[tuple]:
    document = json.loads(run("validate", *arguments, "--format", "json").stdout)
    return [tuple(one[key] for key in ("code", "line", "column", "message", "hint")) for one in document["findings"]]


@pytest.fixture
def spoilt(tmp_path):
    return write(tmp_path / "package", SPOILT)


def test_a_folder_and_its_archive_are_judged_alike(spoilt, tmp_path):
    packed = tmp_path / "submission.zip"
    packed.write_bytes(archive(package(SPOILT)))
    assert told(spoilt) == told(packed)
    assert {code for code, *_ in told(packed)} == {"E201", "O605", "O623"}


def test_an_archive_of_the_systems_folder_alone_is_judged_alike(tmp_path):
    packed = tmp_path / "any name.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in files().items():
            file.writestr(name.partition("/")[2], data)
    assert told(packed) == []


@pytest.mark.parametrize("content", [metadata().encode(), archive(package(files()))], ids=["yaml", "zip"])
def test_standard_input(content):
    command = [sys.executable, "-m", "dcase_energy", "validate", "-"]
    result = subprocess.run(command, input=content, capture_output=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stdout) == (0, b"")
    result = subprocess.run(command, input=content[:200], capture_output=True, cwd=ROOT, check=False)
    assert result.returncode == 1
    assert result.stdout.startswith(b"-")


def test_an_empty_pattern_is_wrong_use(tmp_path):
    result = run("validate", tmp_path / "*.zip")
    assert result.returncode == 2
    assert "does not exist" in result.stderr
    (tmp_path / "a.zip").write_bytes(archive(package(files())))
    assert run("validate", tmp_path / "*.zip").returncode == 0


@pytest.mark.parametrize("jobs", ["2", "0"])
def test_jobs_change_nothing_but_the_time(tmp_path, jobs):
    for number in range(1, 5):
        contents = {**files(label=f"Team{'abcd'[number - 1]}_UNI_task4_1"), "notes.pkl": b"x"}
        contents |= {name: b"x" for name in contents if number % 2 and "run2.output/clip1" in name}
        (tmp_path / f"{number}.zip").write_bytes(archive(package(contents)))
    one, several = (run("validate", tmp_path, "--jobs", n, "--format", "json").stdout for n in ("1", jobs))
    assert one == several
    found = {(finding["file"][-5:], finding["code"]) for finding in json.loads(one)["findings"]}
    # All four submit the outputs of one system: the first is believed.
    copied = {("2.zip", "O621"), ("3.zip", "O621"), ("4.zip", "O621")}
    assert found == copied | {("1.zip", "O603"), ("3.zip", "O603")}


def test_a_worker_that_dies_is_said_and_no_bug_of_ours(tmp_path):
    code = (
        "import dcase_energy.cli.main as m, dcase_energy.submission.validate as v, sys\n"
        "from tests.unit.parallel_work import die\n"
        "real = v.run_all\n"
        "v.run_all = lambda work, items, jobs: real(die, items, jobs=jobs)\n"
        f"sys.argv = ['dcase-energy', 'validate', {str(tmp_path)!r}, '--jobs', '2']\nm.main()\n"
    )
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(archive(package(files())))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "a worker process ended unexpectedly" in done.stderr
    assert "bug" not in done.stderr


def test_durations_say_which_clips_there_must_be(tmp_path):
    package_folder = write(tmp_path / "package", files())
    durations = tmp_path / "durations.tsv"
    durations.write_text("filename\tduration\nclip1.wav\t1.0\nclip3.wav\t1.0\n")
    codes = [code for code, *_ in told(package_folder, "--durations", durations)]
    assert codes == ["O601", "O602"] * 3
    durations.write_text("filename\tduration\nclip1.wav\t1.0\nclip2.wav\t9.0\n")
    codes = [code for code, *_ in told(package_folder, "--durations", durations)]
    assert codes == ["O606"] * 3
    durations.write_text("nothing\n")
    result = run("validate", package_folder, "--durations", durations)
    assert result.returncode == 2
    assert "durations cannot be used" in result.stderr


def test_only_the_first_files_with_an_error_are_shown_and_the_rest_counted(tmp_path):
    contents = files(runs=1, clips=50)
    contents |= {name: data.replace(b"Cat", b"cat") for name, data in contents.items() if name.endswith("tsv")}
    found = told(write(tmp_path / "package", contents))
    assert [code for code, *_ in found] == ["O603"] * 3
    assert sum("47 more files" in message for _, _, _, message, _ in found) == 1
