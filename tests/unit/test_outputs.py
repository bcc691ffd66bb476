"""What a path holds: score folders, event lists, operating points, packages."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.evaluation import Figure
from dcase_energy.scoring.outputs import find_outputs, score_system, threshold_of
from dcase_energy.scoring.plots import charts_of
from dcase_energy.sheets.plots.files import chart_files

SCORES = "onset\toffset\tCat\tDog\n0.0\t1.0\t0.1\t0.9\n1.0\t2.0\t0.2\t0.3\n"
EVENTS = "filename\tonset\toffset\tevent_label\na.wav\t0.0\t1.0\tDog\n"
TRUTH = GroundTruth.build({"a": 2.0}, [("a", 0.0, 1.0, "Dog")], ("Cat", "Dog"))


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def layout(path):
    systems, findings = find_outputs(path)
    return [(s.name, {run: o.kind for run, o in s.runs.items()}) for s in systems], [f.code for f in findings]


def test_a_folder_of_scores(tmp_path):
    folder = write(tmp_path / "mine", {"a.tsv": SCORES})
    assert layout(folder) == ([("mine", {"run1": "scores"})], [])
    run = write(tmp_path / "A_task4_1_run3.output", {"a.tsv": SCORES})
    assert layout(run) == ([("A_task4_1", {"run3": "scores"})], [])


def test_one_event_list(tmp_path):
    write(tmp_path, {"detections.tsv": EVENTS})
    assert layout(tmp_path / "detections.tsv") == ([("detections", {"detections": "events"})], [])


def test_a_folder_with_one_event_list_and_one_with_several(tmp_path):
    assert layout(write(tmp_path / "one", {"x.tsv": EVENTS}))[0] == [("one", {"run1": "events"})]
    several = write(tmp_path / "several", {"th_0.1.tsv": EVENTS, "th_0.5.tsv": EVENTS})
    assert layout(several)[0] == [("several", {"run1": "points"})]
    named = write(tmp_path / "named", {"th_0.1.tsv": EVENTS, "th_0.5.csv": EVENTS})
    assert layout(named)[0] == [("named", {"run1": "points"})]


def test_a_package_with_systems_runs_and_unprocessed_scores(tmp_path):
    package = write(
        tmp_path,
        {
            "A/A_task4_1/A_task4_1_run2.output/a.tsv": SCORES,
            "A/A_task4_1/A_task4_1_run1.output/a.tsv": SCORES,
            "A/A_task4_1/A_task4_1_run10.output/a.tsv": SCORES,
            "A/A_task4_1/A_task4_1_run1_unprocessed.output/a.tsv": SCORES,
            "A/A_task4_2/A_task4_2.output/a.tsv": EVENTS,
            "A/A_task4_1/A_task4_1.meta.yaml": "",
        },
    )
    assert layout(package) == (
        [
            ("A_task4_1", {"run1": "scores", "run2": "scores", "run10": "scores"}),
            ("A_task4_2", {"run1": "events"}),
        ],
        [],
    )


@pytest.mark.parametrize("name", ["scores.npy", "scores.pkl", "scores.pt", "scores.tsv.gz"])
def test_what_is_no_tsv_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04")
    assert layout(tmp_path / name) == ([], ["Z801" if name.endswith(".gz") else "O607"])


def test_an_empty_folder(tmp_path):
    assert layout(tmp_path) == ([], ["O607"])


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        ("predictions_th_0.49.tsv", 0.49),
        ("folder/th_1.tsv", 1.0),
        ("0.5.tsv", 0.5),
        ("run3_.25.tsv", 0.25),
        ("detections.tsv", None),
        ("run12.tsv", None),
    ],
)
def test_the_threshold_in_a_name(name, threshold):
    assert threshold_of(name) == threshold


def test_operating_points_without_the_threshold_have_no_f1_and_say_so(tmp_path):
    folder = write(tmp_path / "points", {"th_0.25.tsv": EVENTS, "th_0.75.tsv": EVENTS})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions())
    assert [(finding.code, finding.found) for finding in scored.findings] == [("O612", "0.25, 0.75")]
    assert {figure.metric for figure in scored.figures.estimates} == {"psds1", "psds2"}
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions(threshold=0.75))
    assert scored.findings == ()
    assert scored.figures.estimates[Figure("collar_f1")].value == 1.0


def test_two_lists_of_one_threshold_have_no_f1_and_say_so(tmp_path):
    folder = write(tmp_path / "points", {"a_0.5.tsv": EVENTS, "b_0.50.tsv": EVENTS, "c_0.7.tsv": EVENTS})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions())
    assert [(finding.code, finding.found) for finding in scored.findings] == [("O612", "a_0.5.tsv, b_0.50.tsv")]
    assert {figure.metric for figure in scored.figures.estimates} == {"psds1", "psds2"}


@pytest.mark.parametrize(("score", "codes"), [("0.9", {"O614"}), ("0.4", set())])
def test_detections_as_long_as_their_clips_are_a_finding_of_scores_too(tmp_path, score, codes):
    """Weak labels stretched over the clip; the annotated events are shorter."""
    clips = [f"c{number}" for number in range(10)]
    truth = GroundTruth.build(dict.fromkeys(clips, 4.0), [(clip, 1.0, 2.0, "Dog") for clip in clips], ("Cat", "Dog"))
    rows = "".join(f"{second}\t{second + 1}\t0.1\t{score}\n" for second in range(4))
    folder = write(tmp_path / "S_run1.output", {f"{clip}.tsv": f"onset\toffset\tCat\tDog\n{rows}" for clip in clips})
    scored = score_system(find_outputs(folder)[0][0], truth, Conventions())
    assert {finding.code for finding in scored.findings} & {"O614"} == codes
    assert scored.figures is not None
    long = GroundTruth.build(dict.fromkeys(clips, 4.0), [(clip, 0.0, 4.0, "Dog") for clip in clips], ("Cat", "Dog"))
    assert "O614" not in {one.code for one in score_system(find_outputs(folder)[0][0], long, Conventions()).findings}


def test_one_bad_run_makes_the_system_unusable(tmp_path):
    folder = write(tmp_path, {"S_run1.output/a.tsv": SCORES, "S_run2.output/a.tsv": SCORES.replace("0.9", "nan")})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions())
    assert scored.figures is None
    assert [(finding.code, finding.where.line) for finding in scored.findings] == [("O605", 2)]


def test_two_folders_of_one_run_are_not_scored_as_one_of_them(tmp_path):
    """As `validate`, which finds two score files of a clip."""
    folder = write(tmp_path, {"S.output/a.tsv": SCORES, "S_run01.output/a.tsv": SCORES.replace("0.9", "0.4")})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions())
    assert scored.figures is None
    assert [finding.code for finding in scored.findings] == ["O625"]


def test_runs_are_averaged_and_spanned(tmp_path):
    other = SCORES.replace("0.9", "0.4")
    folder = write(tmp_path, {"S_run1.output/a.tsv": SCORES, "S_run2.output/a.tsv": other})
    figures = score_system(find_outputs(folder)[0][0], TRUTH, Conventions(resamples=4)).figures
    estimate = figures.estimates[Figure("intersection_f1")]
    assert (estimate.value, estimate.runs.low, estimate.runs.high) == (0.5, 0.0, 1.0)
    # One clip: every resample is the set itself, and those of both runs are pooled.
    assert (estimate.resampled.mean, estimate.resampled.n) == (0.5, 8)
    assert figures.samples(Figure("intersection_f1")).tolist() == [0.5] * 4


def test_a_resample_without_any_clip_has_nothing_to_judge(tmp_path):
    folder = write(tmp_path / "mine", {"a.tsv": SCORES})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions(interval="subsample80", resamples=5))
    estimate = scored.figures.estimates[Figure("psds1")]
    # Of five folds of one clip four are empty and one holds it.
    assert (estimate.value, estimate.resampled.mean, estimate.resampled.n) == (1.0, 1.0, 4)


def test_what_is_sent_to_other_processes_can_be_sent(tmp_path):
    folder = write(tmp_path / "mine", {"a.tsv": SCORES})
    system = find_outputs(folder)[0][0]
    scored = score_system(system, TRUTH, Conventions(resamples=3), curves=True)
    again = pickle.loads(pickle.dumps(scored))
    assert again.figures.estimates == scored.figures.estimates
    assert again.curves["run1"]["psds1"].value == scored.curves["run1"]["psds1"].value


def test_charts_have_the_limits_and_titles_of_the_editions_scores(tmp_path):
    folder = write(tmp_path / "mine", {"a.tsv": SCORES})
    own = {"wide": ("psds", {"dtc": 0.5, "gtc": 0.5, "alpha_ct": 0.0, "alpha_st": 0.0, "e_max": 200.0})}
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions(scores=own), curves=True)
    (curve,), (bars,) = charts_of([scored], {"wide": "Wide PSDS"}).values()
    assert (curve.title, curve.x_range) == ("mine: Wide PSDS", (0.0, 200.0))
    assert [part.label for part in bars.parts] == ["Wide PSDS"]


def test_systems_whose_names_make_one_file_name_have_a_chart_each(tmp_path):
    folder = write(tmp_path / "mine", {"a.tsv": SCORES})
    scored = score_system(find_outputs(folder)[0][0], TRUTH, Conventions())
    charts = charts_of([replace(scored, name=name) for name in ("a b", "a_b", "A/b")])
    assert list(charts) == ["a_b_classes", "a_b__classes", "A_b___classes"]


@pytest.mark.parametrize(("plot_format", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_figures_are_the_same_bytes_each_time(tmp_path, plot_format, begins):
    """Even of a system whose name is a formula to matplotlib and a path to the file system."""
    write(tmp_path / "in", {"S_run1.output/a.tsv": SCORES, "S_run2.output/a.tsv": SCORES.replace("0.9", "0.4")})
    system = replace(find_outputs(tmp_path / "in")[0][0], name="../$a_b$")
    scored = score_system(system, TRUTH, Conventions(resamples=5), curves=True)
    files, again = (chart_files(charts_of([scored]), [plot_format]) for _ in range(2))
    assert list(files) == [f"_a_b__{what}.{plot_format}" for what in ("psd_roc", "classes")]
    assert files == again
    assert all(content.startswith(begins) for content in files.values())
