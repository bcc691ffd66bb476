"""Results as tables of pandas and in notebooks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dcase_energy import rank, read_record, score, validate

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"


def test_findings_are_rows_and_foreign_text_is_text():
    found = validate(EXAMPLES / "packages/Clark_INST")
    frame = found.to_pandas()
    assert repr(found) == f"<Validation: {len(found.findings)} rows, to_pandas() has them>"
    assert list(frame["code"]) == [one.code for one in found.findings]
    hostile = replace(found, findings=[replace(found.findings[0], message="<script>alert(1)</script>")])
    assert "<script>" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()
    assert replace(found, findings=[])._repr_html_() == "<p>no rows</p>"


def test_scores_are_rows_by_system_metric_and_class():
    found = score(EXAMPLES / "packages/Baker_LAB", EXAMPLES / "truth.tsv", EXAMPLES / "durations.tsv")
    frame = found.to_pandas()
    whole = frame[frame["class"].isna() & (frame["metric"] == "psds1")].set_index("system")["value"]
    assert whole["Baker_LAB_task4_1"] == found.values["Baker_LAB_task4_1"]["psds1"]
    assert "more rows: to_pandas() has all" in found._repr_html_()


def test_a_ranking_has_the_columns_of_its_sheet_and_shows_the_first_ones():
    sheet = rank(ROOT / "tests/data/dcase2022_task4_results.csv", edition="dcase2022-task4")
    frame = sheet.to_pandas()
    assert len(frame) == 101
    assert {"rank", "label", "psds1", "energy_training_kwh"} <= set(frame.columns)
    assert frame["psds1"].isna().sum() == sum(one.entry.scores["psds1"] is None for one in sheet.systems)
    assert sheet._repr_html_().startswith("<table><thead><tr><th>rank</th><th>label</th><th>psds1</th>")


def test_a_record_has_a_row_for_each_stage():
    record = read_record(EXAMPLES / "packages/Adams_UNI/calibration.json")
    frame = record.to_pandas().set_index("stage")
    assert frame.loc["training", "full_recipe_energy_kwh"] == record.stages["training"].full_recipe_energy_kwh
    assert frame.loc["training", "measured_kwh"] == record.stages["training"].energy_kwh
    assert "<th>full_recipe_energy_kwh</th>" in record._repr_html_()
