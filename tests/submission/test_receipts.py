"""Receipts: what they notice, and what they survive."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy import __version__
from dcase_energy.api.receipts import check_receipt, write_receipt
from dcase_energy.api.validating import validate
from dcase_energy.documents.fingerprint import file_digests, list_digest, listed
from dcase_energy.editions.identity import edition_digest, edition_parts
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import InputError, RecordError
from dcase_energy.measure.journal import sealed
from dcase_energy.submission.receipt import receipt_schema
from tests.cli.run import ROOT, run

STORED = ROOT / "tests/data/receipts/1.0"
LABEL = "Baker_LAB_task4_1"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two packages of one system and two files that no rule reads."""
    for team in ("Baker_LAB", "Adams_UNI"):
        (tmp_path / "in" / team).mkdir(parents=True)
        source = ROOT / "examples/packages" / team / f"{team}_task4_1" / f"{team}_task4_1.meta.yaml"
        shutil.copy(source, tmp_path / "in" / team)
        (tmp_path / "in" / team / "notes.txt").write_text("as submitted\n")
    return tmp_path / "in"


def written(paths: Path, output: Path, **options: object) -> Path:
    strict = options.pop("strict", False)
    found = validate(paths, **{"edition": "generic", **options})
    write_receipt(found, paths, output, strict=strict, **{"edition": "generic", **options})
    return output


def edited(receipt: Path, **changes: object) -> Path:
    document = json.loads(receipt.read_text()) | changes
    document["digest"] = sealed(document)
    receipt.write_text(json.dumps(document))
    return receipt


def test_nothing_changed(inbox, tmp_path):
    found = check_receipt(written(inbox, tmp_path / "r.json"))
    assert found.holds
    assert found.notes == ()
    assert [one.name for one in found.receipt.packages] == ["Adams_UNI", "Baker_LAB"]
    assert found.receipt.packages[1].systems == [LABEL]


def test_a_changed_byte_is_noticed_even_where_no_rule_reads_it(inbox, tmp_path):
    receipt = written(inbox, tmp_path / "r.json")
    (inbox / "Baker_LAB/notes.txt").write_text("as submitteD\n")
    found = check_receipt(receipt)
    assert (found.package, found.edition, found.verdict) == (("Baker_LAB: notes.txt has other bytes",), (), ())
    (inbox / "Baker_LAB/notes.txt").rename(inbox / "Baker_LAB/other.txt")
    assert check_receipt(receipt).package == (
        "Baker_LAB: notes.txt is not there",
        "Baker_LAB: other.txt was not there",
    )
    shutil.rmtree(inbox / "Baker_LAB")
    assert check_receipt(receipt).package == ("Baker_LAB is not there",)


def test_what_changes_the_verdict_is_named(inbox, tmp_path):
    receipt = written(inbox / "Baker_LAB", tmp_path / "r.json")
    assert check_receipt(receipt).receipt.verdict.passed is (validate(inbox / "Baker_LAB", edition="generic").findings
                                                             == [])  # fmt: skip
    meta = inbox / "Baker_LAB" / f"{LABEL}.meta.yaml"
    meta.write_text(meta.read_text().replace("training: ", "training: minus ", 1))
    found = check_receipt(receipt)
    assert found.package == (f"Baker_LAB: {LABEL}.meta.yaml has other bytes",)
    assert f"error E201 in Baker_LAB/{LABEL}.meta.yaml" in found.verdict[-1]


def test_a_file_by_itself_has_its_name_in_what_changed(inbox, tmp_path):
    meta = inbox / "Baker_LAB" / f"{LABEL}.meta.yaml"
    receipt = written(meta, tmp_path / "r.json")
    meta.write_text(meta.read_text().replace("training: ", "training: minus ", 1))
    assert f"error E201 in {LABEL}.meta.yaml" in check_receipt(receipt).verdict[-1]


def test_it_survives_an_update_of_the_tool(inbox, tmp_path):
    """The older program had other words, fewer rules, one that was dropped since, and another version."""
    meta = inbox / "Baker_LAB" / f"{LABEL}.meta.yaml"
    meta.write_text(meta.read_text().replace("training: ", "training: minus ", 1))
    receipt = written(inbox, tmp_path / "r.json")
    document = json.loads(receipt.read_text())
    assert {one["code"] for one in document["findings"]} > {"E201"}
    old = [{**one, "message": "worded otherwise"} for one in document["findings"] if one["code"] == "E201"]
    old.append({**old[0], "code": "E299", "message": "a rule that was dropped"})
    rules = [code for code in document["rules"] if code not in {"O601", *{f["code"] for f in document["findings"]}}]
    edited(receipt, tool_version="0.0.9", findings=old, rules=[*rules, "E201", "E299"])
    found = check_receipt(receipt)
    assert found.holds, (found.package, found.edition, found.verdict)
    assert [note.partition(":")[0].partition(" of ")[2] for note in found.notes][:1] == [
        "rules that are newer than the receipt"
    ]
    assert found.notes[1:] == (
        "rules that no longer exist: E299",
        f"written by version 0.0.9, checked by {__version__}",
    )


def test_the_digest_of_an_edition_is_that_of_its_rules():
    edition = load_edition("generic")
    fields = {name: replace(spec, description="Other words.") for name, spec in edition.fields.items()}
    texts = {"title": "Other", "source": "Elsewhere.", "unknown": ("All.",)}
    assert edition_digest(replace(edition, **texts, fields=fields)) == edition_digest(edition)
    other = replace(edition, max_systems_per_team=3)
    assert edition_digest(other) != edition_digest(edition)
    parts, others = edition_parts(edition), edition_parts(other)
    assert {name for name in parts if parts[name] != others.get(name)} == {"max_systems_per_team"}


@pytest.mark.parametrize("name", edition_names())
def test_an_edition_by_its_name_and_by_its_file_have_one_digest(name):
    assert edition_parts(load_edition(name)) == edition_parts(load_edition(str(ROOT / "schemas" / name)))


def test_how_a_number_is_written_changes_no_digest(tmp_path):
    digests = set()
    for written in ("4", "4.0"):
        (tmp_path / "edition.toml").write_text(f'base = "generic"\nname = "own"\nlimits.macs.max = {written}\n')
        digests.add(edition_digest(load_edition(str(tmp_path))))
    assert len(digests) == 1


def test_a_changed_edition_is_named_by_what_changed(inbox, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    text = 'base = "generic"\nname = "own"\ntitle = "Own"\nmax_systems_per_team = 4\n'
    (own / "edition.toml").write_text(text)
    receipt = written(inbox, tmp_path / "r.json", edition=own)
    (own / "edition.toml").write_text(text.replace('"Own"', '"Our own"'))
    assert check_receipt(receipt).holds
    (own / "edition.toml").write_text(text.replace("= 4", "= 1"))
    assert check_receipt(receipt).edition == ("own has other rules: max_systems_per_team",)


def test_packages_may_be_moved_and_renamed(inbox, tmp_path):
    receipt = written(inbox, tmp_path / "r.json")
    inbox.rename(tmp_path / "archive")
    with pytest.raises(InputError, match="give PATH to say where it is now"):
        check_receipt(receipt)
    assert check_receipt(receipt, tmp_path / "archive").holds
    alone = written(tmp_path / "archive/Baker_LAB", tmp_path / "one.json")
    (tmp_path / "archive/Baker_LAB").rename(tmp_path / "Baker")
    assert check_receipt(alone, tmp_path / "Baker").holds


def test_an_archive_is_one_file(inbox, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "Baker_LAB"), "zip", inbox, "Baker_LAB"))
    receipt = written(archive, tmp_path / "r.json")
    assert check_receipt(receipt).holds
    data = bytearray(archive.read_bytes())
    data[data.index(b"notes.txt") + 30] ^= 1
    archive.write_bytes(bytes(data))
    assert check_receipt(receipt).package == ("Baker_LAB.zip: Baker_LAB.zip has other bytes",)


def test_other_files_belong_to_what_was_checked(inbox, tmp_path):
    waivers = tmp_path / "waivers.csv"
    waivers.write_text("code,label,reason\nE203,Adams_UNI_task4_1,no record here\n")
    receipt = written(inbox, tmp_path / "r.json", waivers=waivers, ignore=("T110",))
    assert check_receipt(receipt).holds
    moved = waivers.rename(tmp_path / "moved.csv")
    with pytest.raises(InputError, match="give --waivers to say where it is now"):
        check_receipt(receipt)
    assert check_receipt(receipt, waivers=moved).holds
    moved.write_text(moved.read_text().replace("no record", "No record"))
    found = check_receipt(receipt, waivers=moved)
    assert found.inputs == (f"--waivers is another file than then ({waivers})",)


def test_a_receipt_is_sealed_and_never_replaced(inbox, tmp_path):
    receipt = written(inbox, tmp_path / "r.json")
    done = run("validate", inbox, "--receipt", receipt)
    assert done.returncode == 2
    assert "a receipt is never replaced" in done.stderr
    receipt.write_text(receipt.read_text().replace('"strict": false', '"strict": true'))
    with pytest.raises(RecordError, match="was changed after it was written"):
        check_receipt(receipt)
    bare = json.dumps({**json.loads(receipt.read_text()), "editions": []})
    for text, expected in (
        ("{}", "is not a receipt"),
        ("[", "is not a receipt"),
        (bare, "not a valid receipt: editions"),
    ):
        receipt.write_text(text)
        with pytest.raises(RecordError, match=expected):
            check_receipt(receipt)
    assert run("validate", "--check-receipt", edited(receipt_of_version(receipt, "9.0"))).returncode == 2


def receipt_of_version(path: Path, version: str) -> Path:
    path.write_text(json.dumps({"kind": "receipt", "schema_version": version}))
    return path


def test_a_stored_receipt_of_an_earlier_version_still_says_what_it_did(tmp_path):
    """Written when the format was made; the packages beside it are never changed."""
    shutil.copytree(STORED, tmp_path / "stored")
    done = run("validate", tmp_path / "stored/Baker_LAB", "--check-receipt", tmp_path / "stored/receipt.json")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("receipt of 2026-")
    assert [f"{name + ':':<9} unchanged" for name in ("package", "edition", "inputs", "verdict")] == lines[1:5]
    file = next((tmp_path / "stored/Baker_LAB").rglob("*.tsv"))
    file.write_bytes(file.read_bytes() + b"\n")
    done = run("validate", tmp_path / "stored/Baker_LAB", "--check-receipt", tmp_path / "stored/receipt.json")
    assert done.returncode == 1
    assert "package:  changed" in done.stdout
    assert f"{file.name} has other bytes" in done.stdout


def test_the_digest_of_a_folder_is_what_sha256sum_says(inbox):
    (inbox / "Baker_LAB/.hidden").write_text("x")
    (inbox / "Baker_LAB/Zoë b").write_text("x")
    script = r"find . -type f -not -path '*/.*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum"
    done = subprocess.run(["sh", "-c", script], cwd=inbox / "Baker_LAB", capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == list_digest(file_digests(inbox / "Baker_LAB"))


def test_a_folder_of_many_files_is_listed_as_a_whole():
    many = {f"x_run1.output/{number:03}.tsv": f"{number:064}" for number in range(101)}
    short = listed({**many, "a.yaml": "1" * 64})
    assert sorted(short) == ["a.yaml", "x_run1.output/"]
    fewer = dict(list(many.items())[:-1])
    assert listed(fewer, {"x_run1.output/"}).keys() == {"x_run1.output/"}
    assert listed(fewer, {"x_run1.output/"}) != listed(many, {"x_run1.output/"})
    assert listed(fewer) == fewer


def test_links_are_not_followed_and_count(inbox, tmp_path):
    (inbox / "Baker_LAB/link").symlink_to(tmp_path)
    receipt = written(inbox / "Baker_LAB", tmp_path / "r.json")
    (inbox / "Baker_LAB/link").unlink()
    (inbox / "Baker_LAB/link").symlink_to(tmp_path / "in")
    assert check_receipt(receipt).package == ("Baker_LAB: link has other bytes",)


def test_the_command_writes_and_checks(inbox, tmp_path):
    receipt = tmp_path / "r.json"
    done = run("validate", inbox, "--edition", "generic", "--receipt", receipt)
    assert f"receipt: {receipt}, digest " in done.stderr
    done = run("validate", "--check-receipt", receipt)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (
        0,
        [f"{name + ':':<9} unchanged" for name in ("package", "edition", "inputs", "verdict")],
    )
    assert run("validate", "--check-receipt", receipt, "--strict").returncode == 2
    assert "Missing argument" in run("validate").stderr


def test_durations_of_several_sets_are_named_by_their_set(tmp_path):
    package = ROOT / "examples/editions/dcase2024-task4"
    files = {name: tmp_path / f"{name}.tsv" for name in ("desed", "maestro")}
    for name, file in files.items():
        file.write_text(f"filename\tduration\n{name}.wav\t10.0\n")
    receipt = tmp_path / "r.json"
    durations = [word for name, file in files.items() for word in ("--durations", f"{name}={file}")]
    done = run("validate", package, "--edition", "dcase2024-task4", *durations, "--receipt", receipt)
    assert f"receipt: {receipt}" in done.stderr
    assert set(json.loads(receipt.read_text())["inputs"]) == {"durations desed", "durations maestro"}
    assert check_receipt(receipt).holds
    files["maestro"].write_text("filename\tduration\nother.wav\t10.0\n")
    assert check_receipt(receipt).inputs == (f"--durations maestro is another file than then ({files['maestro']})",)
    moved = {"desed": files["desed"].rename(tmp_path / "moved.tsv"), "maestro": files["maestro"]}
    assert check_receipt(receipt, durations=moved).inputs[0].startswith("--durations maestro")


def test_what_a_check_does_not_use_is_refused(inbox, tmp_path):
    receipt = written(inbox, tmp_path / "r.json")
    for words in (["--format", "json"], ["--output", tmp_path / "x"], ["--summary"], ["--letters", tmp_path / "y"]):
        assert run("validate", "--check-receipt", receipt, *words).returncode == 2


def test_the_schema_is_current():
    shipped = json.loads((ROOT / "schemas/records/receipt.schema.json").read_text())
    assert shipped == receipt_schema(), (
        "run: dcase-energy schema --record receipt --output schemas/records/receipt.schema.json"
    )
