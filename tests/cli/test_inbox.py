"""An organiser's inbox: what fits a screen, counts by rule, a letter to each team, and what changed since."""

from __future__ import annotations

import json
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.builders.packages import files, write
from tests.cli.run import run

TEAMS = [f"Team{letter}_UNI" for letter in "ABCDEFGHIJKLMNOP"]


def meta(inbox: Path, team: str) -> Path:
    return inbox / f"{team}_task4" / f"{team}_task4_1" / f"{team}_task4_1.meta.yaml"


@pytest.fixture
def inbox(tmp_path) -> Path:
    """Sixteen packages: TeamA is not YAML, the energy of TeamB is negative, one archive is broken, one is whole."""
    folder = tmp_path / "inbox"
    for team in TEAMS[:-1]:
        write(folder / f"{team}_task4", files(label=f"{team}_task4_1"))
    with zipfile.ZipFile(folder / f"{TEAMS[-1]}_task4.zip", "w") as archive:
        for name, content in files(label=f"{TEAMS[-1]}_task4_1").items():
            archive.writestr(name, content)
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    (folder / "notes.txt").write_text("mine")
    spoil(inbox=folder, team="TeamA_UNI", old="submission:", new="submission: [")
    spoil(inbox=folder, team="TeamB_UNI", old="macs: ", new="macs: -")
    return folder


def spoil(inbox: Path, team: str, old: str, new: str) -> None:
    path = meta(inbox, team)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def validate(*arguments: object):
    return run("validate", *arguments, "--edition", "generic", "--ignore", "O621")


def test_a_hundred_packages_fit_a_screen_and_the_rest_has_a_name(inbox):
    done = validate(inbox)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert len(lines) <= 50
    assert "TeamA_UNI_task4 " in done.stdout
    assert "packages: 17, 3 with errors, 0 with warnings alone, 14 without either" in lines
    assert all(option in " ".join(lines[-2:]) for option in ("--format concise", "--format text", "--letters DIR"))
    assert "fix:" in validate(inbox, "--format", "text").stdout


def test_a_few_packages_are_listed_finding_by_finding(inbox):
    assert "      fix:" in validate(inbox / "TeamB_UNI_task4").stdout


def test_concise_is_one_line_a_finding(inbox):
    lines = validate(inbox, "--format", "concise").stdout.splitlines()
    count = json.loads(validate(inbox, "--format", "json").stdout)["findings"]
    assert len(lines) == len(count)
    assert any(": error Y002 " in line and "TeamA_UNI_task4_1.meta.yaml:" in line for line in lines)


def test_statistics_count_by_rule(inbox):
    text = validate(inbox, "--statistics").stdout
    assert "systems:  16" in text
    found = json.loads(validate(inbox, "--statistics", "--format", "json").stdout)
    assert found["packages"] == 17
    by_code = {rule["code"]: rule for rule in found["rules"]}
    assert by_code["Y002"] == {"code": "Y002", "severity": "error", "findings": 1, "packages": 1}
    assert [rule["severity"] for rule in found["rules"]] == sorted(
        (rule["severity"] for rule in found["rules"]), key=["error", "warning", "info"].index
    )
    refused = validate(inbox, "--statistics", "--summary")
    assert refused.returncode == 2


class Read(HTMLParser):
    """Texts and tags of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a_letter_says_what_was_accepted_what_is_wrong_where_and_how_to_fix_it(inbox, tmp_path):
    letters = tmp_path / "letters"
    done = validate(inbox, "--letters", letters)
    assert "17 letters, each as .html and .txt" in done.stderr
    assert "since the letters before" not in done.stderr
    names = {path.name for path in letters.iterdir()}
    assert {"TeamA_UNI_task4.html", "TeamA_UNI_task4.txt", "broken.html", "letters.json"} <= names
    assert len(names) == 2 * 17 + 1
    fine, wrong = ((letters / f"Team{one}_UNI_task4.txt").read_text() for one in "CB")
    assert "1 system: 1 accepted, 0 not; 0 errors" in fine
    assert "total_parameters:" in fine
    assert "TeamB_UNI_task4_1: NOT accepted" in wrong
    for part in ("1. C301", "where:", "how to fix it:", "why:", "key:"):
        assert part in wrong
    page = Read((letters / "TeamB_UNI_task4.html").read_text())
    assert "C301" in page.text
    assert not [tag for tag, attributes in page.tags if tag in {"script", "img", "link"} or "style" in attributes]
    for path in letters.iterdir():
        assert str(tmp_path) not in path.read_text(), "no path of the organiser's machine"
    assert "No system could be read" in (letters / "broken.txt").read_text()


@pytest.mark.parametrize(
    ("package", "stem", "letter"),
    [
        ("TeamQ_LAB_task4", "TeamC_UNI_task4_2", "package TeamQ_LAB_task4"),
        ("TeamQ_LAB", "TeamC_UNI_task4_2", "package TeamQ_LAB"),
        ("0042", "TeamC_UNI_task4_2", "package 0042"),
        ("0042", "TeamQ_LAB_task4_1", "file TeamQ_LAB_task4_1"),
        ("TeamC_UNI_task4 second", "TeamQ_LAB_task4_1", "file TeamQ_LAB_task4_1"),
        ("TeamC_UNI_task4 second", "TeamC_UNI_task4_2", None),
        ("second TeamC_UNI", "TeamC_UNI_task4_2", None),
    ],
)
def test_no_letter_to_a_team_is_about_what_another_may_have_submitted(inbox, tmp_path, package, stem, letter):
    """The label is that of TeamC in all of them."""
    found = files(label="TeamC_UNI_task4_2")
    found = {name.replace("TeamC_UNI_task4_2", stem): data for name, data in found.items()}
    write(inbox / package, {name: data.replace(b"macs: ", b"macs: -") for name, data in found.items()})
    done = validate(inbox, "--letters", tmp_path / "letters")
    of_team = (tmp_path / "letters" / "TeamC_UNI_task4.txt").read_text()
    assert ("C301" in of_team, "TeamC_UNI_task4_2: NOT" in of_team) == (letter is None, letter is None)
    assert ("not addressed to a team" in done.stderr) == (letter is not None)
    if letter is not None:
        assert f"the letter '{letter}', since " in done.stderr
        assert "C301" in (tmp_path / "letters" / f"{letter.replace(' ', '_')}.txt").read_text()


def test_one_team_in_packages_with_other_names_is_written_to_once_for_each(inbox, tmp_path):
    (inbox / "TeamC_UNI_task4").rename(inbox / "17")
    write(inbox / "18", files(label="TeamC_UNI_task4_2"))
    validate(inbox, "--letters", tmp_path / "letters")
    names = {path.stem for path in (tmp_path / "letters").iterdir()}
    assert {"package_17", "package_18"} <= names
    assert "TeamC_UNI_task4" not in names


def test_a_package_with_any_name_is_written_to_its_team(inbox, tmp_path):
    (inbox / "TeamC_UNI_task4").rename(inbox / "submission_17")
    done = validate(inbox, "--letters", tmp_path / "letters")
    assert (tmp_path / "letters" / "TeamC_UNI_task4.txt").exists()
    assert "not addressed" not in done.stderr


def test_a_second_run_says_what_changed(inbox, tmp_path):
    letters = tmp_path / "letters"
    validate(inbox, "--letters", letters)
    spoil(inbox, "TeamA_UNI", old="submission: [", new="submission:")
    spoil(inbox, "TeamC_UNI", old="macs: ", new="macs: -")
    meta(inbox, "TeamB_UNI").write_text("\n# a line more\n" + meta(inbox, "TeamB_UNI").read_text())
    done = validate(inbox, "--letters", letters)
    assert "1 fixed, 1 new" in done.stderr
    fixed, same, new = ((letters / f"Team{one}_UNI_task4.txt").read_text() for one in "ABC")
    assert "Since the last letter: 1 fixed, 0 new" in fixed
    assert "* Y002 TeamA_UNI_task4" in fixed
    assert "(still there)" in same, "a finding on another line is the same finding"
    assert "(new)" in new


def test_letters_of_other_programs_are_left_alone(inbox, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letters.json").write_text("{}")
    done = validate(inbox, "--letters", tmp_path / "letters")
    assert done.returncode == 2
    assert "remove it to begin anew" in done.stderr
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["letters.json"]


def test_a_team_named_like_markup_stays_text():
    from dcase_energy.editions.loader import load_edition
    from dcase_energy.findings import Finding, Severity, Where
    from dcase_energy.submission.letter_files import letter_files
    from dcase_energy.submission.letters import Letter, LetterItem, file_names

    text = "<script>alert(1)</script>\x1b[31m"
    finding = Finding("X999", Severity.ERROR, Where(text), text, text, text, text)
    letter = Letter(text, [], [LetterItem(finding, text, (text,))], [text])
    made = letter_files([("a", letter)], load_edition("generic"))
    assert "script" not in {tag for tag, _ in Read(made["a.html"].decode()).tags}
    assert b"\x1b" not in made["a.html"] + made["a.txt"]
    letters = [Letter(name, [], []) for name in ("<b>x", "../../x", "b_x", "B_x", "")]
    assert file_names(letters) == ["b_x", "x", "b_x_", "B_x__", "team"]
