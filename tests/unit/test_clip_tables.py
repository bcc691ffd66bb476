"""Tables of clips: what is read, what is refused and where; from files to figures by editions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dcase_energy.api.scores import score
from dcase_energy.documents.tree import Folder
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.outputs import Outputs
from dcase_energy.errors import InputError, UnusableError
from dcase_energy.scoring.clip_tables import read_clip_tables, read_clip_truth
from dcase_energy.scoring.plots import charts_of
from tests.cli.run import run

CLASSES = ("bus", "park")
SCENES = Outputs(kind="clip_table", label="scene", probabilities=True)
CAPTIONS = Outputs(kind="clip_table", id="file_name", text="caption_predicted")
HEADER = "filename\tscene\tbus\tpark"
GOOD = ["a.wav\tbus\t0.75\t0.25", "b.wav\tpark\t0.5\t0.5"]


def read(tmp_path: Path, rows, layout=SCENES, expected=("a", "b"), header=HEADER, name="out.csv"):
    (tmp_path / name).write_text("\n".join([header, *rows, ""] if header else [*rows, ""]))
    return read_clip_tables(Folder(tmp_path), [name], layout, CLASSES, expected)


def test_a_good_table(tmp_path):
    table, findings = read(tmp_path, GOOD)
    assert findings == []
    assert (table.clips, table.label.tolist(), table.values[0].tolist()) == (("a", "b"), [0, 1], [0.75, 0.25])
    commas = [row.replace("\t", ",") for row in GOOD]
    assert read(tmp_path, commas, header=HEADER.replace("\t", ","))[0].label.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rows", "code", "line", "words"),
    [
        ([*GOOD, "a.wav\tbus\t1\t0"], "O640", 4, "line 2 already"),
        (GOOD[:1], "O601", None, "no row of 1 of 2 clips: b"),
        ([*GOOD, "c.wav\tbus\t1\t0"], "O602", None, "1 of 3 rows belongs to no known clip: c"),
        ([GOOD[0], "b.wav\tPark\t0\t1"], "O641", 3, "'Park'"),
        ([GOOD[0], "b.wav\tpark\t-3.1\t12.4"], "O642", 3, "12.4"),
        ([GOOD[0], "b.wav\tpark\tnan\t1"], "T104", 3, "'bus' is not a number"),
        ([GOOD[0], "b.wav\tpark\t\t1"], "T104", 3, "'bus' is not a number"),
        ([GOOD[0], "b.wav\tpark\t1"], "T103", 3, "ragged"),
    ],
)
def test_what_changes_a_figure_is_an_error(tmp_path, rows, code, line, words):
    table, findings = read(tmp_path, rows)
    assert table is None
    finding = next(one for one in findings if one.severity == "error")
    assert (finding.code, finding.where.line) == (code, line)
    assert words in f"{finding.message} {finding.found}"


def test_a_missing_class_column_is_an_error(tmp_path):
    assert read(tmp_path, ["a.wav\tbus\t1"], header="filename\tscene\tbus")[1][0].code == "T102"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["a.wav\tbus\t0.5\t0.25", GOOD[1]], "sum to 0.750 (1 of 2 rows)"),
        (["a.wav\tbus\t0.25\t0.75", GOOD[1]], "not the most probable one (1 of 2 rows)"),
    ],
)
def test_doubtful_probabilities_are_a_warning(tmp_path, rows, words):
    table, findings = read(tmp_path, rows)
    assert table is not None
    assert [one.code for one in findings] == ["O643"]
    assert words in findings[0].message


@pytest.mark.parametrize("last", ["1\t0", "0.75\t0.25"])
def test_one_class_or_one_row_for_all_is_a_warning(tmp_path, last):
    names = [f"{k}.wav" for k in range(12)]
    rows = [f"{name}\tbus\t1\t0" for name in names[:-1]] + [f"{names[-1]}\tbus\t{last}"]
    table, findings = read(tmp_path, rows, expected=None)
    assert [one.code for one in findings] == ["O644"]
    assert ("rows are the same" in findings[0].message) == (last == "1\t0")
    assert table is not None


def test_an_empty_caption_is_an_error(tmp_path):
    rows = ["a.wav,a dog", 'b.wav," "']
    table, findings = read(tmp_path, rows, CAPTIONS, header="file_name,caption_predicted")
    assert (table, [(one.code, one.where.line) for one in findings]) == (None, [("O645", 3)])
    quoted = ["a.wav,a dog", 'b.wav,"rain, and wind"']
    assert read(tmp_path, quoted, CAPTIONS, header="file_name,caption_predicted")[1] == []


def test_tables_of_groups_without_header(tmp_path):
    layout = Outputs(kind="clip_table", file=r"score_(.+)\.csv", header=False, score="score", groups=("machine",))
    read(tmp_path, ["0.wav,0.5"], layout, None, header="", name="score_fan.csv")
    read(tmp_path, ["0.wav,-2.5", "1.wav,x"], layout, None, header="", name="score_valve.csv")
    names = ["score_fan.csv", "score_valve.csv"]
    table, findings = read_clip_tables(Folder(tmp_path), names, layout, CLASSES, ["fan/0", "valve/0", "valve/1"])
    assert table is None
    assert [(one.code, one.where.line) for one in findings] == [("T104", 2)]
    (tmp_path / names[1]).write_text("0.wav,-2.5\n1.wav,1e-3\n")
    table, findings = read_clip_tables(Folder(tmp_path), names, layout, CLASSES, ["fan/0", "valve/0", "valve/1"])
    assert (findings, table.clips) == ([], ("fan/0", "valve/0", "valve/1"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("filename\tscene\na.wav\ttaxi\n", "G701"),
        ("filename\tscene\na.wav\tbus\na.wav\tpark\n", "O640"),
        ("filename\tscene\n", "G701"),
        ("filename\tclass\na.wav\tbus\n", "T102"),
        ("", "T105"),
    ],
)
def test_a_ground_truth_that_cannot_be_used(tmp_path, text, code):
    (tmp_path / "truth.tsv").write_text(text)
    truth, findings = read_clip_truth(tmp_path / "truth.tsv", SCENES, CLASSES)
    assert (truth, [one.code for one in findings]) == (None, [code])


def test_the_class_may_stand_in_a_column_named_label(tmp_path):
    (tmp_path / "truth.csv").write_text("filename,label\na.wav,park\n")
    assert read_clip_truth(tmp_path / "truth.csv", SCENES, CLASSES)[0].label.tolist() == [1]


def scenes(tmp_path: Path) -> tuple[Path, Path]:
    names = load_edition("dcase2025-task1").classes
    rows = [
        f"{k}.wav\t{name}\t" + "\t".join("1" if one == name else "0" for one in names) for k, name in enumerate(names)
    ]
    rows[1] = rows[1].replace(names[1], names[0])  # one of ten is wrong
    folder = tmp_path / "Adams_UNI_task1_1"
    folder.mkdir()
    header = "\t".join(["filename", "scene_label", *names])
    (folder / "Adams_UNI_task1_1.output.csv").write_text("\n".join([header, *rows, ""]))
    truth = [f"{k}.wav\t{name}\t{'ab'[k % 2]}" for k, name in enumerate(names)]
    (tmp_path / "truth.tsv").write_text("\n".join(["filename\tscene_label\tsource_label", *truth, ""]))
    return folder, tmp_path / "truth.tsv"


@pytest.mark.parametrize("edition", ["dcase2023-task1", "dcase2025-task1", "dcase2024-task1"])
def test_scenes_by_class_and_device(tmp_path, edition):
    folder, truth = scenes(tmp_path)
    found = score(folder, truth, edition=edition)
    assert found.values["Adams_UNI_task1_1"]["accuracy"] == 90.0
    assert 0 <= found.values["Adams_UNI_task1_1"]["log_loss"] < 1e-9
    result = run("score", folder, "--ground-truth", truth, "--edition", edition, "--format", "json")
    system = json.loads(result.stdout)["systems"][0]
    assert result.returncode == 0
    assert system["per_class"]["source_label b"] == {"accuracy": 80.0, "log_loss": pytest.approx(0, abs=1e-9)}
    assert system["per_class"]["bus"]["accuracy"] == 0.0


def test_anomaly_scores_of_machines(tmp_path):
    folder = tmp_path / "Adams_UNI_task2_1"
    folder.mkdir()
    rows = ["machine\tfilename\tdomain\tlabel"]
    for machine in ("fan", "valve"):
        rows += [f"{machine}\t{k}.wav\t{'source' if k % 2 else 'target'}\t{int(k > 5)}" for k in range(8)]
        text = "".join(f"{k}.wav,{k}\n" for k in range(8))
        (folder / f"anomaly_score_{machine}_section_00_test.csv").write_text(text)
        (folder / f"decision_result_{machine}_section_00_test.csv").write_text(text)
    (tmp_path / "truth.tsv").write_text("\n".join([*rows, ""]))
    found = score(folder, tmp_path / "truth.tsv", edition="dcase2026-task2")
    assert found.findings == ()
    assert found.values == {"Adams_UNI_task2_1": {"auc_mean": 100.0}}


def test_hierarchical_classes_and_domains(tmp_path):
    (tmp_path / "a.output.csv").write_text("id,predicted_bst_second_level_class\n1,m-sp\n2,m-si\n3,fx-o\n")
    (tmp_path / "truth.csv").write_text("id,label\n1,m-sp\n2,m-sp\n3,fx-o\n")
    found = score(tmp_path / "a.output.csv", tmp_path / "truth.csv", edition="dcase2026-task1")
    assert found.values["a"] == pytest.approx(
        {
            "hierarchical_f": (2 * 0.6875 / 1.6875 + 1) / 2,
            "hierarchical_f_precision": 1.0,
            "hierarchical_f_recall": 0.84375,
        }
    )
    (tmp_path / "b.output.csv").write_text("0.wav\tfire\n1.wav\tengine\n2.wav\tfire\n")
    (tmp_path / "domains.tsv").write_text(
        "filename\tlabel\tdomain\n0.wav\tfire\tD2\n1.wav\tfire\tD2\n2.wav\tfire\tD3\n"
    )
    assert score(tmp_path / "b.output.csv", tmp_path / "domains.tsv", edition="dcase2026-task7").values == {
        "b": {"accuracy": 75.0}
    }


def test_what_cannot_be_scored_says_why(tmp_path):
    folder, truth = scenes(tmp_path)
    with pytest.raises(InputError, match="--durations"):
        score(folder, truth, edition="dcase2023-task4a")
    with pytest.raises(InputError, match="no metric"):
        score(folder, truth, edition="dcase2024-task6")
    (folder / "Adams_UNI_task1_1.output.csv").rename(folder / "results.csv")
    found = score(folder, truth, edition="dcase2025-task1")
    assert [(one.code, one.expected) for one in found.findings] == [("O646", "<label>.output.csv")]
    with pytest.raises(UnusableError, match="missing id, label"):
        score(folder, truth, edition="dcase2026-task1")


def test_a_system_that_is_there_twice_is_scored_once_and_another_of_its_name_has_its_place(tmp_path):
    folder, truth = scenes(tmp_path)
    copy = shutil.copytree(folder, tmp_path / "again" / folder.name)
    found = score([folder, copy.parent], truth, edition="dcase2023-task1")
    assert [one.name for one in found.systems] == ["Adams_UNI_task1_1"]
    assert {one.code for one in found.findings} == {"Z814", "O643"}
    other = shutil.copytree(folder, tmp_path / "other" / folder.name) / "Adams_UNI_task1_1.output.csv"
    other.write_text(other.read_text().replace("9.wav", "9"))
    found = score([folder, other], truth, edition="dcase2023-task1")
    assert [one.name for one in found.systems] == [str(folder / other.name), str(other)]


def test_bars_of_percentages_fit_into_their_chart(tmp_path):
    folder, truth = scenes(tmp_path)
    found = score(folder, truth, edition="dcase2023-task1")
    (chart,) = charts_of(found.systems, {"accuracy": "Accuracy"})["Adams_UNI_task1_1_classes"]
    assert chart.x_range == (0.0, 100.0)
