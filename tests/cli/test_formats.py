"""What `validate` writes: SARIF, GitHub annotations, summaries, selections, guessed editions, fixed files."""

from __future__ import annotations

import json
import re
import shutil
from urllib.parse import urlsplit

import pytest

from tests.cli.run import ROOT, run

CASES = ROOT / "tests/acceptance"
NEGATIVE = CASES / "negative"
GOOD = CASES / "positive/M101"


@pytest.fixture(scope="module")
def log() -> dict:
    result = run("validate", NEGATIVE, "--edition", "generic", "--format", "sarif")
    assert result.returncode == 1
    return json.loads(result.stdout)


def test_sarif_has_what_the_standard_demands(log):
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "dcase-energy"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", driver["semanticVersion"])
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert urlsplit(rule["helpUri"]).scheme == "https"
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    assert one["results"]
    for result in one["results"]:
        assert result["message"]["text"]
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        uri = physical["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", uri)
        region = physical.get("region", {"startLine": 1})
        assert region["startLine"] >= 1
        assert region.get("startColumn", 1) >= 1


def test_sarif_has_every_finding_once_with_its_own_fingerprint(log):
    results = log["runs"][0]["results"]
    findings = json.loads(run("validate", NEGATIVE, "--edition", "generic", "--format", "json").stdout)["findings"]
    assert [result["ruleId"] for result in results] == [finding["code"] for finding in findings]
    prints = [result["partialFingerprints"]["dcaseEnergy/v1"] for result in results]
    assert len(set(prints)) == len(prints)


def test_sarif_fingerprints_stay_when_lines_move(tmp_path):
    source = (NEGATIVE / "E201/Adams_UNI_task4_1.meta.yaml").read_text()
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    found = []
    for text in (source, "# a line more\n\n" + source):
        path.write_text(text)
        results = json.loads(run("validate", path, "--format", "sarif").stdout)["runs"][0]["results"]
        found.append([result["partialFingerprints"] for result in results])
    assert found[0] == found[1] != []


def test_sarif_of_a_clean_file_has_no_results_and_odd_names_are_uris(tmp_path):
    result = run("validate", GOOD, "--format", "sarif")
    assert result.returncode == 0
    assert json.loads(result.stdout)["runs"][0]["results"] == []
    odd = tmp_path / "a b#c%ü.meta.yaml"
    odd.write_text("- 1\n")
    log = json.loads(run("validate", odd, "--format", "sarif").stdout)
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("file:///")
    assert uri.endswith("/a%20b%23c%25%C3%BC.meta.yaml")


def test_github_annotations_name_file_line_and_column():
    lines = run("validate", NEGATIVE / "E201", "--format", "github").stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(
        "::error file=tests/acceptance/negative/E201/Adams_UNI_task4_1.meta.yaml,line=25,col=15,title=E201::"
    ) or re.match(r"::error file=/.*/E201/Adams_UNI_task4_1\.meta\.yaml,line=25,col=15,title=E201::", lines[0])
    assert "%0Aexpected: " in lines[0]


def test_nothing_in_a_submission_can_forge_an_annotation(tmp_path):
    path = tmp_path / "x,line=1::y%0A.meta.yaml"
    path.write_text('submission:\n  "a\\n::error file=x::forged": 1\n  label: "x\\r\\n::stop-commands::t"\n')
    output = run("validate", path, "--format", "github").stdout
    for line in output.splitlines():
        assert re.match(r"::(error|warning|notice) file=[^,:]*%2Cline=1%3A%3Ay%250A\.meta\.yaml[,:]", line)
    assert "\r" not in output


def test_github_is_the_format_of_github_actions_unless_another_is_named():
    assert run("validate", NEGATIVE / "E201", GITHUB_ACTIONS="true").stdout.startswith("::error ")
    named = run("validate", NEGATIVE / "E201", "--format", "text", GITHUB_ACTIONS="true")
    assert not named.stdout.startswith("::")


def test_the_summary_has_one_line_a_package(tmp_path):
    for team, code in (("Baker_LAB", "E204"), ("Clark_INST", "M106")):
        folder = tmp_path / team / "Adams_UNI_task4_1"
        shutil.copytree(NEGATIVE / code, folder)
        for path in folder.iterdir():
            path.write_text(path.read_text().replace("Adams_UNI", team))
            path.rename(path.with_name(path.name.replace("Adams_UNI", team)))
        folder.rename(folder.with_name(f"{team}_task4_1"))
    result = run("validate", tmp_path, "--summary")
    assert result.returncode == 1
    header, *lines = result.stdout.splitlines()
    assert header.split() == ["package", "systems", "errors", "warnings", "findings"]
    assert [line.split()[1:] for line in lines] == [["1", "0", "1", "E204"], ["1", "1", "0", "M106"]]
    assert lines[0].split()[0].endswith("Baker_LAB")
    document = json.loads(run("validate", tmp_path, "--summary", "--format", "json").stdout)
    assert [package["codes"] for package in document["packages"]] == [{"E204": 1}, {"M106": 1}]
    assert run("validate", tmp_path, "--summary", "--format", "sarif").returncode == 2
    # A folder with systems of several teams is one package a team.
    flat = run("validate", NEGATIVE / "S704", "--summary").stdout.splitlines()[1:]
    assert [line.split()[1:4] for line in flat] == [["1", "0", "0"], ["1", "0", "0"], ["1", "0", "1"]]
    assert [line.split()[0].rpartition("/")[2] for line in flat] == [
        "Adams_UNI_task4a",
        "Baker_UNI_task4a",
        "Clark_UNI_task4a",
    ]


def test_select_and_ignore_are_for_the_caller():
    folder = NEGATIVE / "E207"
    codes = {finding["code"] for finding in json.loads(run("validate", folder, "--format", "json").stdout)["findings"]}
    assert codes == {"E206", "E207"}
    only = run("validate", folder, "--select", "E206")
    assert only.returncode == 0
    assert " E207 " not in only.stdout
    assert run("validate", folder, "--ignore", "e207, M").returncode == 0
    assert run("validate", folder, "--select", "E", "--ignore", "E206,energy-impossible").stdout == ""
    wrong = run("validate", folder, "--ignore", "energy-imposible")
    assert wrong.returncode == 2
    assert "did you mean energy-impossible?" in wrong.stderr
    assert run("validate", folder, "--select", "").returncode == 2


def test_the_edition_is_guessed_from_the_label_and_told():
    result = run("validate", CASES / "positive/S702")
    assert result.returncode == 0
    guessed = "edition dcase2023-task4a, guessed from the label Adams_UNI_task4a_1; choose another with --edition"
    assert guessed in result.stderr
    assert "(edition dcase2023-task4a): no problems found" in result.stderr
    named = run("validate", CASES / "positive/S702", "--edition", "generic")
    assert named.returncode == 1
    assert "guessed" not in named.stderr
    assert "guessed" not in run("validate", GOOD).stderr


def test_other_teams_may_come_from_a_table(tmp_path):
    table = ROOT / "tests/data/dcase2023_task4a_results_sample.csv"
    folder = tmp_path / "Adams_UNI_task4a_1"
    folder.mkdir()
    text = (NEGATIVE / "S704/Clark_UNI_task4a_1.meta.yaml").read_text().replace("Clark_UNI", "Adams_UNI")
    (folder / "Adams_UNI_task4a_1.meta.yaml").write_text(text)
    assert "S704" not in run("validate", folder).stdout
    with_table = run("validate", folder, "--pool", table)
    assert "S704" in with_table.stdout
    assert "times the median of 4 other teams" in with_table.stdout
    assert run("validate", folder, "--pool", folder / "Adams_UNI_task4a_1.meta.yaml").returncode == 2
    # The names of columns are read as `rank` reads them, and its sheets name the GPU in a separate column.
    header, *rows = table.read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([header.upper().replace("_", " "), *rows]))
    run("rank", table, "--edition", "dcase2023-task4a", "--output-dir", tmp_path / "sheets", "--formats", "csv")
    for pool in (other, tmp_path / "sheets/ranking.csv"):
        assert "times the median of 4 other teams" in run("validate", folder, "--pool", pool).stdout


def test_fix_shows_the_difference_and_diff_writes_nothing(tmp_path):
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    before = (ROOT / "tests/submission/fixes/misspelt_key/before.yaml").read_bytes()
    path.write_bytes(before)
    shown = run("validate", path, "--diff", "--strict")
    assert shown.returncode == 1
    assert "-    total_paramters: 1112420\n+    total_parameters: 1112420\n" in shown.stderr
    assert path.read_bytes() == before
    fixed = run("validate", path, "--fix")
    assert fixed.returncode == 0
    assert "fixed: system.complexity.total_paramters is spelt total_parameters" in fixed.stderr
    assert path.read_bytes() == (ROOT / "tests/submission/fixes/misspelt_key/after.yaml").read_bytes()
    assert "fixed" not in run("validate", path, "--fix").stderr


def test_long_lines_and_wide_characters_keep_the_caret_below_the_place(tmp_path):
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    path.write_text(f'submission: {{name: "日本{"x" * 300}", abbreviation: "{"y" * 30}"}}\n')
    lines = run("validate", path, "--select", "M103").stdout.splitlines()
    assert lines[1].startswith("    1 | ...")
    assert len(lines[1]) < 160
    assert lines[1][lines[2].index("^")] == '"'
    path.write_text('submission: {name: "日本", abbreviation: "yyyyyyyyyyyy"}\n')
    lines = run("validate", path, "--select", "M103").stdout.splitlines()
    # Two wide characters before the place take two columns each.
    assert lines[2].index("^") == lines[1].index('"yyy') + 2


REPORT_AND_RANK = [("report",), ("rank", "--formats", "csv", "--output-dir")]


@pytest.mark.parametrize("command", REPORT_AND_RANK, ids=lambda command: command[0])
def test_report_and_rank_guess_the_edition_as_validate_does(command, tmp_path):
    name, *options = command
    options += [tmp_path / "out"] if options else []
    told = "edition dcase2023-task4a, guessed from the label Adams_UNI_task4a_1; choose another with --edition"
    assert told in run(name, CASES / "positive/S702", *options).stderr
    named = run(name, CASES / "positive/S702", "--edition", "generic", *options)
    assert "guessed" not in named.stderr
    silent = run(name, GOOD, *options)
    assert silent.returncode == 0
    assert "edition dcase" not in silent.stderr
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for label in ("Baker_LAB_task4a_1", "Clark_LAB_task4_SED_1"):
        text = (GOOD / "Adams_UNI_task4_1.meta.yaml").read_text().replace("Adams_UNI_task4_1", label)
        (mixed / f"{label}.meta.yaml").write_text(text)
    told = run(name, mixed, *options).stderr
    assert "edition generic, because the systems point to different ones: " in told
    assert "Baker_LAB_task4a_1 (dcase2023-task4a)" in told
    assert "Clark_LAB_task4_SED_1 (dcase2022-task4)" in told


def test_rank_guesses_the_edition_from_the_labels_of_a_table(tmp_path):
    data, options = ROOT / "tests/data", ("--formats", "csv", "--output-dir", tmp_path / "out")
    found = run("rank", data / "dcase2023_task4a_results_sample.csv", *options)
    assert "edition dcase2023-task4a, guessed from the label Li_USTC_task4a_1;" in found.stderr
    assert "49 systems, 49 with a rank (edition dcase2023-task4a)" in found.stderr
    # Eight labels of 101 have a form of 2022 alone: too few to speak for all.
    assert "(edition generic)" in run("rank", data / "dcase2022_task4_results.csv", *options).stderr
    broken = tmp_path / "broken.csv"
    broken.write_text("name;psds1\nAdams_UNI_task4a_1;0.3\n")
    found = run("rank", broken, *options)
    assert found.returncode == 1
    assert "guessed" not in found.stderr


@pytest.mark.parametrize(("spoil", "words"), [(False, "computed again from its journal"), (True, "from a calibration")])
def test_report_tells_what_stands_behind_the_baseline(spoil, words, tmp_path):
    folder = shutil.copytree(CASES / "positive/V703", tmp_path / "package")
    if spoil:
        (folder / "Adams_UNI_task4_1/calibration.journal.jsonl").unlink()
    result = run("report", folder, "--edition", folder / "edition.toml")
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("  baseline: ")]
    assert words in line
    assert ("again" in line) is not spoil
