"""Kept and reviewed: the figures of 2022 and 2023 to the last digit, and what a participant reads.

`python -m tests.ranking.test_goldens` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest

from tests.cli.run import ROOT, run

GOLDENS = Path(__file__).parent / "goldens"
DATA = Path(__file__).parent.parent / "data"
SAMPLE = DATA / "dcase2023_task4a_results_sample.csv"
LISTS = {
    "dcase2022-task4": DATA / "dcase2022_task4_results.csv",
    "dcase2023-task4a": SAMPLE,
}
COLUMNS = (
    "rank", "label", "energy_training_normalized_kwh", "energy_test_normalized_kwh", "ew_psds1_training",
    "ew_psds1_test", "ew_psds2_training", "ew_psds2_test", "ranking_score", "ew_ranking_score_training",
    "ew_ranking_score_test", "ew_rank_training", "ew_rank_test",
)  # fmt: skip


def ranked(edition: str, folder: Path) -> str:
    result = run("rank", LISTS[edition], "--edition", edition, "--output-dir", folder, "--formats", "csv")
    assert result.returncode == 0, result.stderr
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    with (folder / "ranking.csv").open(newline="") as file:
        writer.writerows([row[name] for name in COLUMNS] for row in csv.DictReader(file))
    return out.getvalue()


def views(edition: str, folder: Path) -> str:
    result = run("rank", LISTS[edition], "--edition", edition, "--output-dir", folder, "--formats", "csv")
    assert result.returncode == 0, result.stderr
    with (folder / "ranking_views.csv").open(newline="") as file:
        return "\n".join(f"{row['view']} {row['place']} {row['label']}" for row in csv.DictReader(file)) + "\n"


def reported() -> str:
    # 2023 knew one figure of the baseline, for both stages; the example has two.
    name = "Adams_UNI_task4_1.meta.yaml"
    lines = (ROOT / "tests/acceptance/positive/M101" / name).read_text().splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as work:
        package = Path(work) / name
        package.write_text("".join(line for line in lines if "baseline_training:" not in line))
        result = run("report", package, "--edition", "dcase2023-task4a", "--field", SAMPLE)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("edition", LISTS)
def test_figures_of_past_years(edition, tmp_path):
    assert ranked(edition, tmp_path) == (GOLDENS / f"{edition}.csv").read_text()


@pytest.mark.parametrize("edition", LISTS)
def test_views_of_past_years(edition, tmp_path):
    assert views(edition, tmp_path) == (GOLDENS / f"{edition}_views.txt").read_text()


def test_a_report_tells_where_the_baseline_comes_from_and_how_sure_the_ratio_is():
    result = run("report", ROOT / "examples" / "packages" / "Adams_UNI")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("baseline: from a calibration record, computed again from its journal") == 2
    assert (
        "ratio of training between 0.7074 and 0.8502 (from energy_baseline_training_kwh (calibration" in result.stdout
    )


def test_a_field_without_the_figure_is_no_field_to_lead():
    """The table of 2023 has one baseline figure, so none of its systems has a ratio in the generic edition."""
    result = run("report", ROOT / "examples" / "packages" / "Adams_UNI", "--field", SAMPLE)
    assert "by score  " in result.stdout
    assert "by EW score" not in result.stdout
    assert "energy over the baseline" not in result.stdout


def test_a_system_that_cannot_be_ranked_sees_what_its_score_would_be_worth():
    package = ROOT / "examples" / "packages" / "Adams_UNI"
    result = run("report", package, "--edition", "dcase2023-task4a", "--field", SAMPLE)
    assert result.returncode == 1
    assert "not ranked; its score alone (1.100) would be rank 33 of 50" in result.stdout


def test_the_report_in_a_field():
    assert reported() == (GOLDENS / "report_in_field.txt").read_text()


if __name__ == "__main__":
    for name in LISTS:
        with tempfile.TemporaryDirectory() as work:
            (GOLDENS / f"{name}.csv").write_text(ranked(name, Path(work)))
            (GOLDENS / f"{name}_views.txt").write_text(views(name, Path(work)))
    (GOLDENS / "report_in_field.txt").write_text(reported())
