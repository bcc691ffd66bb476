"""Waivers: a finding is accepted for one system, says so everywhere, and no other system gains by it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dcase_energy.api.ranking import rank
from dcase_energy.api.validating import validate
from dcase_energy.findings import Severity
from tests.cli.run import ROOT, run

REASON = "confirmed by mail | =1+1"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The examples; both systems of Baker state a parameter count of another form."""
    shutil.copytree(ROOT / "examples/packages", tmp_path / "in")
    for number in (1, 2):
        meta = tmp_path / f"in/Baker_LAB/Baker_LAB_task4_{number}/Baker_LAB_task4_{number}.meta.yaml"
        lines = meta.read_text().splitlines()
        at = next(place for place, line in enumerate(lines) if "total_parameters:" in line)
        lines[at] = f"{lines[at].partition(':')[0]}: 4.2M"
        meta.write_text("\n".join(lines) + "\n")
    return tmp_path / "in"


def waivers(folder: Path, *rows: str) -> Path:
    path = folder / "waivers.csv"
    path.write_text("\n".join(["code,label,reason", *rows]) + "\n")
    return path


def one(folder: Path) -> Path:
    return waivers(folder, f"C301,Baker_LAB_task4_1,{REASON}")


def test_a_waived_finding_is_no_error_and_says_why(packages, tmp_path):
    found = validate(packages / "Baker_LAB", edition="generic", waivers=one(tmp_path))
    severities = {Path(f.where.file).parent.name: (f.severity, f.waived) for f in found.findings}
    assert severities == {
        "Baker_LAB_task4_1": (Severity.INFO, REASON),
        "Baker_LAB_task4_2": (Severity.ERROR, None),
    }
    by_name = waivers(tmp_path, f"Count-Not-Whole,Baker_LAB_task4_1,{REASON}")
    assert validate(packages / "Baker_LAB", edition="generic", waivers=by_name).findings == found.findings


def test_every_format_of_findings_shows_it(packages, tmp_path):
    def shown(*options: str) -> str:
        done = run("validate", packages / "Baker_LAB", "--edition", "generic", "--waivers", one(tmp_path), *options)
        assert done.returncode == 1
        assert "1 error, 0 warnings, 1 finding waived" in done.stderr
        return done.stdout

    text = shown()
    assert "Baker_LAB_task4_1.meta.yaml:" in text
    assert ": waived C301 " in text
    assert f"waived:   {REASON}" in text
    assert "C301, C301 (waived)" in shown("--summary")
    assert json.loads(shown("--summary", "--format", "json"))["packages"][0]["waived"] == {"C301": 1}
    waived = [row["waived"] for row in json.loads(shown("--format", "json"))["findings"]]
    assert waived == [REASON, None]
    assert f"::notice file={packages}" in shown("--format", "github")
    results = json.loads(shown("--format", "sarif"))["runs"][0]["results"]
    assert [row.get("suppressions") for row in results] == [
        [{"kind": "external", "status": "accepted", "justification": REASON}],
        None,
    ]


def test_every_sheet_shows_it_and_the_system_is_ranked(packages, tmp_path):
    sheet = rank(packages, edition="generic", waivers=one(tmp_path))
    ranks = {system.entry.label: system.rank for system in sheet.systems}
    assert ranks["Baker_LAB_task4_1"] is not None
    assert ranks["Baker_LAB_task4_2"] is None
    files = sheet.write(tmp_path / "out", ["csv", "html", "json", "latex", "md"])
    for path in files:
        if path.stem == "ranking":
            assert "C301: confirmed by mail" in path.read_text().replace("\\", ""), path.name
    rows = {row["label"]: row for row in json.loads((tmp_path / "out/ranking.json").read_text())["systems"]}
    assert (rows["Baker_LAB_task4_1"]["findings"], rows["Baker_LAB_task4_2"]["findings"]) == (None, "C301")
    assert rows["Baker_LAB_task4_1"]["total_parameters"] is None  # a waiver makes no figure known
    assert "waived" not in rank(packages, edition="generic").write(tmp_path / "none", ["csv"])[0].read_text()


def test_a_finding_that_two_systems_share_is_waived_for_one_of_them(packages, tmp_path):
    record = packages / "Adams_UNI/calibration.json"
    record.write_text(record.read_text().replace('"tier"', '"tier "', 1))
    code = next(f.code for f in validate(packages / "Adams_UNI", edition="generic").findings if f.code[0] in "XV")
    file = waivers(tmp_path, f"{code},Adams_UNI_task4_1,seen")
    found = validate(packages / "Adams_UNI", edition="generic", waivers=file)
    assert all(f.waived is None for f in found.findings if f.code == code)
    own = {system.name: {f.waived for f in found.of_system(system) if f.code == code} for system in found.systems}
    assert own == {"Adams_UNI_task4_1": {"seen"}, "Adams_UNI_task4_2": {None}}
    both = waivers(tmp_path, f"{code},Adams_UNI_task4_1,seen", f"{code},Adams_UNI_task4_2,seen")
    found = validate(packages / "Adams_UNI", edition="generic", waivers=both)
    assert {f.waived for f in found.findings if f.code == code} == {"seen"}


def test_a_waived_finding_of_a_table_lets_a_stage_be_divided(tmp_path):
    table = tmp_path / "results.csv"
    head = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh,hardware,baseline_hardware"
    figures = "0.4,0.6,2.5,0.02,1.5,A100,V100"
    table.write_text(f"{head}\nAdams_UNI_task4_1,{figures}\nBaker_LAB_task4_1,{figures}\n")
    file = waivers(tmp_path, "K801,Adams_UNI_task4_1,measured on the whole node")
    sheet = rank(table, edition="dcase2023-task4a", waivers=file)
    ratios = {one.entry.label: one.figures.energy_normalized_kwh["training"] for one in sheet.systems}
    assert ratios["Adams_UNI_task4_1"] is not None
    assert ratios["Baker_LAB_task4_1"] is None
    assert {f.where.line: f.waived for f in sheet.findings} == {2: "measured on the whole node", 3: None}


def test_a_waived_row_does_not_waive_the_rows_that_its_finding_counts(tmp_path):
    table = tmp_path / "results.csv"
    labels = [f"Team_U{number}_task4_1" for number in range(8)]
    rows = [f"{label},0.4,0.6,abc,0.02" for label in labels]
    table.write_text("\n".join(["label,psds1,psds2,energy_training_kwh,energy_test_kwh", *rows]) + "\n")
    five = waivers(tmp_path, *(f"T104,{label},agreed" for label in labels[:5]))
    sheet = rank(table, edition="dcase2022-task4", waivers=five)
    assert [f.waived for f in sheet.findings if f.code == "T104"] == ["agreed"] * 4 + [None]
    assert {one.entry.label for one in sheet.systems if one.entry.excluded} == set(labels[5:])
    all_of_them = waivers(tmp_path, *(f"T104,{label},agreed" for label in labels))
    sheet = rank(table, edition="dcase2022-task4", waivers=all_of_them)
    assert {f.waived for f in sheet.findings if f.code == "T104"} == {"agreed"}


def test_a_waiver_without_effect_is_a_warning(packages, tmp_path):
    file = waivers(tmp_path, "P805,Baker_LAB_task4_1,x", "C301,Bakr_LAB_task4_1,x")
    for found in (validate(packages / "Baker_LAB", edition="generic", waivers=file).findings,
                  rank(packages / "Baker_LAB", edition="generic", waivers=file).findings):  # fmt: skip
        assert [f.message.partition(": ")[2] for f in found if f.code == "T110"] == [
            "'Baker_LAB_task4_1' has no finding P805",
            "no system 'Bakr_LAB_task4_1' was read here",
        ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["C301,,x"], "without a label"),
        (["C301,A_B_task4_1,"], "without a reason"),
        (["C999,A_B_task4_1,x"], "not the code of a rule"),
        (["C301,A_B_task4_1,x", "C301,A_B_task4_1,y"], "also waived in line 2"),
        ([], "no rows"),
    ],
)
def test_a_file_with_a_mistake_is_not_used(packages, tmp_path, rows, expected):
    done = run("validate", packages, "--waivers", waivers(tmp_path, *rows))
    assert done.returncode == 2
    assert expected in done.stderr
