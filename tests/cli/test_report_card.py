"""`report` for a participant: one line first, fields that come with the program, own systems marked, the card."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from dcase_energy import report
from dcase_energy.editions.shipped import FIELDS, field_of_year
from tests.cli.run import ROOT, run

PACKAGE = ROOT / "examples/packages/Adams_UNI"
TRUTH = ("--ground-truth", ROOT / "examples/truth.tsv", "--durations", ROOT / "examples/durations.tsv")


def test_the_first_line_has_score_energy_ratio_and_their_intervals():
    lines = run("report", PACKAGE, *TRUTH).stdout.splitlines()
    assert lines[0] == (
        "Adams_UNI_task4_2: PSDS1 0.504 (0.328 to 0.652); PSDS2 0.719 (0.635 to 0.789); "
        "training 2.53 kWh = 2.33 baselines (2.13 to 2.56); test 0.892 Wh = 2.18 baselines (2.01 to 2.37)"
    )


@pytest.mark.parametrize(("year", "words"), [("dcase2022", "rank 6 of 103"), ("dcase2023", "49 of its 84 systems")])
def test_fields_of_past_years_need_no_file(year, words):
    result = run("report", PACKAGE, *TRUTH, "--field", year)
    assert result.returncode == 0
    assert words in result.stdout


def test_the_api_gives_the_places_that_the_command_prints():
    sheet = report(PACKAGE, edition="dcase2023-task4a", field="dcase2023")
    printed = run("report", PACKAGE, "--edition", "dcase2023-task4a", "--field", "dcase2023").stdout
    assert [*sheet.places] == ["Adams_UNI_task4_1", "Adams_UNI_task4_2", "Baseline_task4a_1"]
    own, _, baseline = sheet.places.values()
    assert (own.standings, sheet.field_baseline) == ([], "Baseline_task4a_1")
    assert "its score alone ({:.3f}) would be rank {} of {}".format(*own.alone) in printed
    assert [(one.order, one.place) for one in baseline.standings][:1] == [("score", 35)]
    ranks = ", ".join(
        f"by {one.order.replace('ew_', 'EW score, ')} rank {one.place} ({one.figure:.3f})" for one in baseline.standings
    )
    assert f"baseline Baseline_task4a_1: {ranks}\n" in printed
    assert (report(PACKAGE).places, report(PACKAGE).field_baseline) == ({}, None)


def test_fields_are_the_tables_that_tests_hold_the_program_to():
    named = {"dcase2022": "dcase2022_task4_results.csv", "dcase2023": "dcase2023_task4a_results_sample.csv"}
    assert set(FIELDS) == set(named)
    for year, name in named.items():
        path, _ = field_of_year(year)
        assert path.read_bytes() == (ROOT / "tests/data" / name).read_bytes()


def test_a_field_that_is_not_there_is_an_error_without_the_usage():
    result = run("report", PACKAGE, "--field", "dcase2031")
    assert (result.returncode, result.stderr) == (2, "Error: dcase2031 does not exist\n")


def test_own_systems_are_marked_on_the_page():
    page = run("report", PACKAGE, "--field", "dcase2022", "-f", "html").stdout
    assert 'id="choice" data-marked="Adams_UNI_task4"' in page


def test_the_card_states_hardware_energies_ratios_and_how_they_were_made(tmp_path):
    result = run("report", PACKAGE, "--card", tmp_path)
    assert result.returncode == 0
    names = {f"Adams_UNI_task4_{number}.{kind}" for number in (1, 2) for kind in ("txt", "tex", "svg")}
    assert {path.name for path in tmp_path.iterdir()} == names
    text = (tmp_path / "Adams_UNI_task4_1.txt").read_text()
    for part in (
        "Training took 0.8412 kWh, 0.776 times (0.707 to 0.850; the baseline within its session 6.2%",
        "the 1.085 kWh of the baseline on the same hardware.",
        "Basis of training and test: the figures are declared in the metadata, without records of both measurements.",
        "The baseline's energy is from a calibration record, computed again from its journal.",
    ):
        assert part in text
    badge = ElementTree.fromstring((tmp_path / "Adams_UNI_task4_1.svg").read_text())
    assert [one.text for one in badge.iter("{http://www.w3.org/2000/svg}text")] == [
        "training energy",
        "0.776 × baseline",
    ]


def test_a_card_without_a_ratio_says_why(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "Adams_UNI")
    for record in (tmp_path / "Adams_UNI").rglob("calibration*"):
        record.unlink()
    for file in (tmp_path / "Adams_UNI").rglob("*.meta.yaml"):
        lines = [line for line in file.read_text().splitlines() if "baseline" not in line]
        file.write_text("\n".join([*lines, ""]))
    run("report", tmp_path / "Adams_UNI", "--card", tmp_path / "card")
    text = (tmp_path / "card/Adams_UNI_task4_1.txt").read_text()
    assert "no ratio to the baseline is stated: no energy of the baseline on the same hardware is known." in text
    assert ">not known</text>" in (tmp_path / "card/Adams_UNI_task4_1.svg").read_text()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_table_compiles(tmp_path):
    run("report", PACKAGE, "--card", tmp_path)
    table = (tmp_path / "Adams_UNI_task4_1.tex").read_text()
    head = r"\documentclass{article}\usepackage{booktabs}\usepackage[T1]{fontenc}\begin{document}"
    (tmp_path / "a.tex").write_text(f"{head}\n{table}\\end{{document}}\n")
    done = subprocess.run(["pdflatex", "-interaction=batchmode", "a.tex"], cwd=tmp_path, check=False)
    assert done.returncode == 0


def test_stages_with_long_names_stand_in_columns(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text('base = "generic"\nname = "own"\n[stages.training]\n[stages.adaptation]\ntitle = "Adaptation"\n')
    lines = run("report", PACKAGE, "--edition", own).stdout.splitlines()
    assert len({line.index("  baseline ") for line in lines if "  ratio  " in line}) == 1
