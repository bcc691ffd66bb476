"""What the sheets of a ranking show; `tests/sheets` reads every format back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from dcase_energy import sheets
from dcase_energy.documents.rules import TABLE_DUPLICATE
from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.order import Ranking, make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.sheet import base_columns
from dcase_energy.ranking.tradeoffs import with_views
from dcase_energy.sheets import FORMATS, write_report
from dcase_energy.sheets.plots.files import chart_files
from dcase_energy.sheets.report import Report
from tests.ranking.systems import entry, ranking, sure
from tests.sheets.readers import csv_rows

SCHEMA = Path(__file__).parent.parent.parent / "schemas" / "records" / "ranking.schema.json"
# Some are there where a system has something in them.
COLUMNS = [column for column in base_columns(load_edition("generic")) if not column.optional]
NAMES = ["<b>", "=1+1", "a\u200bb", "D_U_task4_1"]


@pytest.fixture(scope="module")
def found() -> Ranking:
    systems = [
        entry(name, 0.9 - 0.1 * place, team=name, intervals=sure(0.3, 0.95), macs=10**9 + place, extra={"notes": name})
        for place, name in enumerate(NAMES)
    ]
    return ranking(*systems, entry("out_U_task4_1", excluded="it is late", findings=(TABLE_DUPLICATE.code,)))


@pytest.fixture(scope="module")
def report(found) -> Report:
    return report_of(found)


def test_the_table_for_programs_has_every_figure_and_the_columns_of_an_input_table(found, report):
    for record, one in zip(report.data[0].records, found.systems, strict=True):
        assert {column.name: record[column.name] for column in COLUMNS} == {c.name: c.value(one) for c in COLUMNS}
        assert record["notes"] == one.entry.extra.get("notes")
        assert record["psds1_low"] == (None if one.entry.excluded else 0.3)


def test_views_and_sensitivity_in_csv(found, report):
    files = write_report(report, ["csv"])
    assert sorted(files) == ["ranking.csv", "ranking_sensitivity.csv", "ranking_views.csv"]
    views = csv_rows(files["ranking_views.csv"])
    assert {row["view"] for row in views} == {
        "score", "ew_training", "ew_test", "team_best", "no_ensembles", "front_training", "front_test", "front_macs"
    }  # fmt: skip
    assert {row["label"] for row in views} <= {one.entry.label for one in found.systems}
    assert {row["stage"] for row in csv_rows(files["ranking_sensitivity.csv"])} == {"training", "test"}


def test_json_fits_its_schema(report):
    document = json.loads(write_report(report, ["json"])["ranking.json"])
    assert document["systems"] == report.data[0].records
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    validator.validate(document)
    document["systems"][0]["psds1"] = "0.5"
    assert not validator.is_valid(document)


def test_a_workbook_has_a_sheet_for_each_view(report):
    names = [table.name for table in report.book]
    assert names[:3] == ["ranking", "sensitivity_training", "sensitivity_test"]
    assert {"ew_test", "team_best", "front_macs"} <= set(names)


def test_tables_for_people_have_intervals_and_reasons(report):
    tables = {table.name: table for table in report.sheets[0].tables}
    first = dict(zip((column.name for column in tables["ranking"].columns), tables["ranking"].cells[0], strict=True))
    assert (first["psds1"].shown, first["psds1"].note) == ("0.9000", "0.3000 to 0.9500")
    assert first["rank"].note == "1 to 4"
    assert tables["left_out"].values == [["out_U_task4_1", "out_U_task4", "it is late", TABLE_DUPLICATE.code]]


def test_the_page_sorts_by_columns_it_has_and_marks_findings(report):
    overview = report.overview
    assert overview is not None
    names = [column.name for column in overview.table.columns]
    assert {view.sort for view in overview.views} <= set(names)
    assert all(view.rows is None or view.rows <= set(range(4)) for view in overview.views)
    assert overview.reasons == {4: "it is late"}
    cells = dict(zip(names, overview.table.cells[4], strict=True))
    assert [badge.text for badge in cells["findings"].badges] == [TABLE_DUPLICATE.code]
    assert overview.table.cells[0][0].note == "1 to 4 ≈ 3"


def test_no_score_or_stage_is_named_where_formats_and_charts_are_made():
    folder = Path(sheets.__file__).parent
    for path in (path for path in folder.rglob("*") if path.suffix in {".py", ".js", ".css", ".jinja"}):
        text = path.read_text(encoding="utf-8").lower()
        if path.name == "datatable.py":
            text = text.replace('"baseline", "true"', "")  # a key of that format
        assert not [word for word in ("psds", "training", "baseline") if word in text], path


def test_a_ranking_without_systems_is_written_in_every_format():
    assert set(write_report(report_of(ranking()), FORMATS)) >= {"ranking.html", "ranking.xlsx", "ranking.tex"}


def test_no_figure_is_too_large_for_charts(tmp_path):
    table = tmp_path / "results.csv"
    table.write_text("label,loss,macs,size\nA_U_task4_1,1e308,1e308,1e308\nB_U_task4_1,1,5,1e-308\n")
    path = tmp_path / "edition.toml"
    path.write_text('base = "common"\nname = "own"\ntitle = "Own"\n[scores.loss]\ntitle = "Loss"\nbetter = "lower"\n')
    edition = replace(load_edition(str(path)), stages={})
    entries, findings = read_results(table, edition)
    assert [finding.code for finding in findings] == ["C301"]
    assert [one.macs for one in entries] == [None, 5]  # digits that were not written are not shown
    found = with_views(make_ranking(entries, edition), [("loss", "size")], None)
    charts = {chart.name: [chart] for chart in report_of(found).charts}
    assert set(chart_files(charts, ["svg"])) >= {"front_loss_size.svg"}


def test_stages_may_have_any_name():
    edition = load_edition("generic")
    training, test = edition.stages.values()
    edition = replace(edition, stages={"score": training, "fine_tuning": test})
    kwh = {"score": 2.0, "fine_tuning": 0.1}
    found = make_ranking([entry("A_U_task4_1", 0.5, energy_kwh=kwh, baseline_kwh=kwh)], edition)
    report = report_of(found)
    assert list(report.facts["sensitivity"]) == ["score", "fine_tuning"]
    (view,) = [one for one in report.overview.views if one.name == "ew_fine_tuning"]
    assert {name for name in view.columns if name.startswith("ew_")} == {
        "ew_ranking_score_fine_tuning",
        "ew_rank_fine_tuning",
    }
