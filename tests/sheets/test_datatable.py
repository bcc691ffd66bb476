"""The table of a challenge's website: the example is a golden, and both readers' expressions parse every cell."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml

from dcase_energy import __version__
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.parts import Normalisation, RankedBy, Score, Term
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.ranking.sheet import base_columns
from dcase_energy.ranking.site import site_of
from dcase_energy.sheets.formats import datatable
from dcase_energy.sheets.report import Report, SiteColumn, SiteTable
from dcase_energy.stats import Interval
from tests.cli.run import ROOT, run
from tests.ranking.systems import entry, ranking
from tests.sheets.datatable import JSDT_INTERVAL, PELDT_INTERVAL, Head, jsdt_numbers, peldt_body, peldt_cell
from tests.sheets.hostile import HOSTILE
from tests.sheets.reports import hostile_report

DATA = ROOT / "tests/data"
SOURCE = "content/data/challenge2099/results_example_entries.yaml"


def example() -> SiteTable:
    """The invented challenge of 2099; its ranking score has another term, which its table does not show."""
    scores = {"psds1": Score(title="PSDS1", unit="fraction", better="higher")}
    generic = load_edition("generic")
    stages = {name: replace(stage, reference_kwh=1.0) for name, stage in generic.stages.items()}
    edition = replace(
        generic, name="challenge2099", scores=scores, stages=stages, normalisation=Normalisation(kind="none"),
        ranking=RankedBy(kind="sum", terms=(Term(score="psds1"),)),
    )  # fmt: skip
    rows = [
        ("Adams_UNI_task4_1", "Example CRNN", "adams2099", 1.7303, (0.5273, 0.5010, 0.5512), 1112420, 2.531, 0.0068),
        ("Baker_LAB_task4_1", "2099", "baker2099", 1.2, (0.4, 0.38, 0.42), 90000000, 14.25, None),
        ("Baseline_task4_1", "DCASE2099 baseline", "", 1.0, (0.359, 0.347, 0.371), 1112420, 1.39, 0.019),
    ]
    entries = [
        Entry(
            label, label.rpartition("_")[0], scores={"psds1": psds1[0]}, scores_are="scored",
            energy_kwh={"training": training, "test": test}, total_parameters=parameters,
            intervals={"psds1": Interval(*psds1[1:], "bootstrap", 0.95)}, name=name, extra={"bibtex_key": key},
        )
        for label, name, key, _, psds1, parameters, training, test in rows
    ]  # fmt: skip
    ranking = make_ranking(entries, edition)
    systems = [
        replace(one, figures=replace(one.figures, ranking_score=row[3]),
                uncertainty=replace(one.uncertainty, intervals={"psds1": one.entry.intervals["psds1"]}))
        for one, row in zip(ranking.systems, rows, strict=True)
    ]  # fmt: skip
    return replace(site_of(replace(ranking, systems=systems)), source=SOURCE)


def files_of(site: SiteTable) -> SimpleNamespace:
    made = datatable.write(Report("example", "Example", site=site))
    return SimpleNamespace(**{name.rpartition(".")[2]: text.decode() for name, text in made.items()})


def test_the_example_is_as_published():
    made = files_of(example())
    assert made.yaml == (DATA / "datatable/example.yaml").read_text()
    assert made.html == (DATA / "datatable/example.html").read_text()


def test_the_site_shows_the_example_as_its_plugin_does():
    made = files_of(example())
    assert peldt_body(made.html, made.yaml) == [
        ("info", False, ["", "Adams_UNI_task4_1", "Example CRNN", "adams2099", "1.730", "0.527 (0.501 - 0.551)",
                         "1112420", "2.531", "0.0068"]),
        ("", False, ["", "Baker_LAB_task4_1", "2099", "baker2099", "1.200", "0.400 (0.380 - 0.420)", "90000000",
                     "14.250", ""]),
        ("active", True, ["", "Baseline_task4_1", "DCASE2099 baseline", "", "1.000", "0.359 (0.347 - 0.371)",
                          "1112420", "1.390", "0.0190"]),
    ]  # fmt: skip


def test_columns_have_the_titles_that_they_have_in_other_sheets():
    edition = load_edition("dcase2023-task4a")
    known = {column.name: column.title for column in base_columns(edition)}
    shown = {
        column.field: column.title
        for column in site_of(ranking(entry("A_U_task4_1", macs=9), edition=edition.name)).columns
    }
    own = {"code": "Submission code", "energy_training": "Training (kWh)", "energy_test": "Test (kWh)"}
    assert shown["macs"] == "MACs for 10 s"
    assert {name: title for name, title in shown.items() if title != known.get(name)} == own


@pytest.mark.parametrize("table", ["dcase2023_task4a_results_sample.csv", "dcase2022_task4_results.csv"])
def test_every_cell_of_published_results_is_read_by_both_programs(table, tmp_path):
    edition = "dcase2022-task4" if "2022" in table else "dcase2023-task4a"
    kinds = ["--interval-kind", "psds1=range over 3 runs", "--interval-kind", "psds2=bootstrap 95 %"]
    run("rank", DATA / table, "--edition", edition, "--formats", "datatable", "--output-dir", tmp_path, *kinds)
    head, data = ((tmp_path / f"ranking_datatable.{suffix}").read_text() for suffix in ("html", "yaml"))
    columns, rows = Head(head).columns, yaml.safe_load(data)["data"]
    assert sum(Head(head).spans) == len(columns)
    assert len(rows) > 10
    for row in rows:
        assert not any("." in key for key in row)
        for column in columns:
            kind, value = column.get("data-value-type", ""), row.get(column.get("data-field", ""))
            if "data-rank" in column or value is None:
                continue
            shown = peldt_cell(value, kind)
            assert shown, (column, value)
            if "interval" in kind and "(" in str(value):
                assert PELDT_INTERVAL.fullmatch(value)
                assert JSDT_INTERVAL.fullmatch(value)
                one, low, high = jsdt_numbers(shown)
                assert low <= one <= high
            elif kind.startswith(("float", "int")):
                assert len(jsdt_numbers(str(value))) == 1
            else:
                assert isinstance(value, str)


def numbers(*values: object) -> tuple[str, list[object]]:
    """The value type of a column of numbers, and its cells in the data."""
    site = SiteTable([SiteColumn("label", "System", "text"), SiteColumn("x", "X")], [["a", one] for one in values],
                     "x.yaml", "x")  # fmt: skip
    made = files_of(site)
    return Head(made.html).columns[1]["data-value-type"], [row["x"] for row in yaml.safe_load(made.yaml)["data"]]


def test_decimals_show_two_digits_of_the_smallest_figure():
    assert numbers(0.5, 0.02, None) == ("float3", [0.5, 0.02, None])
    assert numbers(0.5, 0.0068) == ("float4", [0.5, 0.0068])
    assert numbers(0.5, 0.00012) == ("float3-exp", [0.5, 0.00012])
    assert numbers(0.0, 1e-05, 2e16) == ("float3-exp", [0.0, 1e-05, 2e16])
    assert numbers(0.1 + 0.2)[1] == [0.3]


def test_intervals_are_written_as_both_programs_read_them():
    kind, cells = numbers((0.5, 0.4, 0.6), 0.25, (-1.5, -2.0, -1.0), (52.0, 50.0, 55.0))
    assert kind == "float3-interval-muted"
    assert cells == ["0.5000 (0.4000 - 0.6000)", "0.2500", "-1.5000 (-2.0000 - -1.0000)", "52.0000 (50.0000 - 55.0000)"]
    for text in ("52 (50 - 55)", "52.0 (50.0 - 55)", "0.5273 (0.5010-0.5512)", "0.52(0.50 - 0.55)", "0.5 (0.4 – 0.6)"):
        assert not PELDT_INTERVAL.search(text)


def test_a_tiny_figure_has_its_interval_in_columns_beside_it():
    site = SiteTable([SiteColumn("label", "System", "text"), SiteColumn("e", "Energy")],
                     [["a", (2e-5, 1e-5, 3e-5)], ["b", 1e-5]], "x.yaml", "e")  # fmt: skip
    made = files_of(site)
    assert [column.get("data-value-type") for column in Head(made.html).columns] == [None, *["float3-exp"] * 3]
    assert yaml.safe_load(made.yaml)["data"] == [
        {"label": "a", "e": 2e-5, "e_low": 1e-5, "e_high": 3e-5},
        {"label": "b", "e": 1e-5, "e_low": None, "e_high": None},
    ]


def test_a_rank_is_printed_where_the_number_of_the_row_is_not_it(tmp_path):
    table = tmp_path / "t.csv"
    head = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh"
    rows = ["A_X_task4_1,0.4,0.6,2,0.1,1", "B_X_task4_1,0.4,0.6,2,0.1,1", "C_X_task4_1,,0.6,2,0.1,1"]
    table.write_text("\n".join([head, *rows]) + "\n")
    run("rank", table, "--edition", "dcase2023-task4a", "--formats", "datatable", "--output-dir", tmp_path)
    head, data = ((tmp_path / f"ranking_datatable.{suffix}").read_text() for suffix in ("html", "yaml"))
    assert [(css, cells[0]) for css, _, cells in peldt_body(head, data)] == [
        ("info", "1"),
        ("info", "1"),
        ("warning", ""),
    ]
    page = (tmp_path / "ranking_datatable.md").read_text()
    assert page.startswith("Title: DCASE 2023")
    assert "3 systems of 3 teams were submitted; 1 without a rank, see below." in page
    assert head.rstrip("\n") in page
    assert "| C\\_X\\_task4\\_1 | C\\_X\\_task4 | PSDS1 is not known" in page


def test_text_stays_text_in_yaml_and_in_html():
    """The plugin puts a text into the page as it stands."""
    texts = list(HOSTILE.values())
    site = SiteTable([SiteColumn("code", "<b>", "text")], [[text] for text in texts], 'a"b', "code")
    made = files_of(site)
    rows = yaml.safe_load(made.yaml)["data"]
    assert len(rows) == len(texts)
    for row in rows:
        assert isinstance(row["code"], str)
        assert not re.search(r"[<>\"'\n\x00-\x1f]", row["code"])
        assert not re.search(r"&(?!(amp|lt|gt|quot|#x27);)", row["code"])
    assert "<b>" not in made.html


def test_a_report_without_a_table_for_a_site_has_one_for_each_table_of_data():
    made = datatable.write(hostile_report())
    assert sorted(made) == ["ranking_datatable.html", "ranking_datatable.yaml"]
    rows = yaml.safe_load(made["ranking_datatable.yaml"])["data"]
    assert rows[-1]["label"] == "last"
    assert "count" not in rows[-1]


def test_the_page_has_formulas_and_origin():
    report = replace(report_of(make_ranking([], load_edition("generic"))), site=example())
    page = datatable.write(report)["ranking_datatable.md"].decode()
    assert "## How the figures are computed" in page
    assert page.rstrip().endswith(f"dcase-energy {__version__}.")
