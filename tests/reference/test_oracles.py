"""The pinned peers themselves, where `make oracle` has built them: same files, same figures."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.scoring.conventions import LIKE, Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.evaluation import Figure
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.operating_points import Decisions
from dcase_energy.scoring.outputs import find_outputs, score_system
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.truth import read_ground_truth
from tests.reference.test_clip_metrics import figures as clip_figures

ROOT = Path(__file__).parent.parent.parent
PYTHON = Path(os.environ.get("DCASE_ENERGY_ORACLE", ROOT / ".oracle" / "bin" / "python"))
CLASSES = ("Cat", "Dog", "Speech")
FRAMES = 100
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="equality with the field's scoring libraries: `make oracle` builds them"
)


def peer(name: str, folder: Path) -> dict:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    library = (
        name.removesuffix("_f1")
        .removesuffix("_auc")
        .removesuffix("_clips")
        .removesuffix("_best")
        .removesuffix("_options")
    )
    check = subprocess.run([PYTHON, "-c", f"import {library}"], env=environment, capture_output=True, check=False)
    if check.returncode:
        pytest.skip(f"{library} was not built")
    command = [PYTHON, "-W", "ignore", Path(__file__).with_name("oracle_work.py"), name, folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=[1, 2])
def files(request, tmp_path_factory) -> Path:
    """Forty clips with events off the frame grid, some of them past the clip's end, and continuous scores."""
    folder = tmp_path_factory.mktemp("oracle")
    rng = np.random.default_rng(request.param)
    truth, durations = ["filename\tonset\toffset\tevent_label"], ["filename\tduration"]
    (folder / "scores").mkdir()
    for clip in range(40):
        name = f"clip{clip:02}"
        durations.append(f"{name}.wav\t{6.2 if clip % 7 == 0 else 6.4}")
        raw = rng.normal(-1.5, 1.0, size=(FRAMES, len(CLASSES)))
        for label in range(len(CLASSES)):
            if clip >= 3 and rng.random() < 0.6:
                on = rng.integers(0, 4000) / 1000
                off = min(6.3, on + 0.3 + rng.integers(0, 2500) / 1000)
                truth.append(f"{name}.wav\t{on:.3f}\t{off:.3f}\t{CLASSES[label]}")
                raw[int(on / 0.064) : int(off / 0.064), label] += 3.0
        smooth = np.apply_along_axis(lambda column: np.convolve(column, np.ones(5) / 5, "same"), 0, raw)
        scores = 1 / (1 + np.exp(-smooth))
        rows = [
            f"{k * 0.064:.3f}\t{(k + 1) * 0.064:.3f}\t" + "\t".join(f"{value:.6f}" for value in row)
            for k, row in enumerate(scores)
        ]
        (folder / "scores" / f"{name}.tsv").write_text(
            "\n".join(["onset\toffset\t" + "\t".join(CLASSES), *rows]) + "\n"
        )
    (folder / "truth.tsv").write_text("\n".join(truth) + "\n")
    (folder / "durations.tsv").write_text("\n".join(durations) + "\n")
    ground_truth = read(folder)
    tree = Folder(folder / "scores")
    found = read_scores(tree, tree.names(), ground_truth).scores
    (folder / "lists").mkdir()
    for threshold in np.arange(0.02, 1.0, 0.04):
        write_list(folder / "lists" / f"th_{threshold:.2f}.tsv", detections_at(found, threshold), ground_truth)
    write_list(folder / "at_0.5.tsv", detections_at(found, 0.5), ground_truth)
    return folder


def read(folder: Path, overlapping: str = "merge") -> GroundTruth:
    truth, _ = read_ground_truth(folder / "truth.tsv", folder / "durations.tsv", CLASSES, overlapping=overlapping)
    return truth


def write_list(path: Path, events, truth: GroundTruth) -> None:
    rows = [
        f"{truth.clips[c]}.wav\t{on / 1e6}\t{off / 1e6}\t{CLASSES[label]}"
        for c, label, on, off in zip(events.clip, events.label, events.onset_us, events.offset_us, strict=True)
    ]
    path.write_text("\n".join(["filename\tonset\toffset\tevent_label", *rows]) + "\n")


def ours(path: Path, folder: Path, **chosen) -> dict[Figure, float]:
    conventions = Conventions(**chosen)
    scored = score_system(find_outputs(path)[0][0], read(folder, conventions.overlapping_truth), conventions)
    assert scored.figures is not None, scored.findings
    return {figure: estimate.value for figure, estimate in scored.figures.estimates.items()}


def test_psds_eval(files):
    found = ours(files / "lists", files, **LIKE["psds_eval-0.5"])
    expected = peer("psds_eval", files)
    assert {metric: found[Figure(metric)] for metric in expected} == pytest.approx(expected, abs=1e-12)


def test_sed_scores_eval(files):
    found = ours(files / "scores", files, **LIKE["sed_scores_eval"])
    expected = peer("sed_scores_eval", files)
    assert {metric: found[Figure(metric)] for metric in expected} == pytest.approx(expected, abs=1e-12)


def test_areas_of_segments_of_sed_scores_eval(files):
    """Version 0.0.4 has the staircase."""
    asked = {str(max_fpr): ("segment_auc", {"max_fpr": max_fpr}) for max_fpr in (0.1, 0.3, 1.0)}
    found = ours(files / "scores", files, **LIKE["sed_scores_eval"], scores=asked)
    expected = peer("sed_scores_eval_auc", files)
    assert {name: found[Figure(name)] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_best_f1_of_sed_scores_eval(files):
    asked = {name: ("best_f1", {"criterion": name}) for name in ("segment", "intersection")}
    found = ours(files / "scores", files, **LIKE["sed_scores_eval"], scores=asked)
    expected = peer("sed_scores_eval_best", files)
    assert {name: found[Figure(name)] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_psds_eval_without_a_limit_and_of_one_list(files):
    scenario = {"dtc": 0.5, "gtc": 0.5, "cttc": 0.3, "alpha_ct": 0.5, "alpha_st": 1.0}
    expected = peer("psds_eval_options", files)
    last = {"last_point": ("psds", {**scenario, "area_end": "last_point"})}
    one = {"one_list": ("psds", {**scenario, "min_points": 1})}
    found = ours(files / "lists", files, **LIKE["psds_eval-0.5"], scores=last)
    found |= ours(files / "at_0.5.tsv", files, **LIKE["psds_eval-0.5"], scores=one)
    assert {name: found[Figure(name)] for name in expected} == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("digits", [1, 3, 9])
def test_areas_of_sklearn(digits, tmp_path):
    """Of few digits, many scores tie."""
    rng = np.random.default_rng(digits)
    positive = rng.random(200) < 0.3
    scores = np.round(rng.random(200) * 0.7 + 0.3 * positive, digits)
    np.savetxt(tmp_path / "rows.txt", np.stack([scores, positive], axis=1))
    decisions = Decisions.build(scores, positive, np.zeros(200, dtype=np.int64))
    expected = peer("sklearn_auc", tmp_path)
    found = {
        limit: decisions.area(float(limit), "linear" if limit == "1.0" else "mcclish", np.ones(1)) for limit in expected
    }
    assert found == pytest.approx(expected, abs=1e-12)


def test_accuracy_and_log_loss_of_sklearn(tmp_path):
    rng = np.random.default_rng(3)
    truth, given_, shares = rng.integers(0, 3, 200), rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    np.savetxt(tmp_path / "rows.txt", np.column_stack([truth, given_, shares]), fmt="%.17g")
    expected = peer("sklearn_clips", tmp_path)
    found = clip_figures("accuracy", truth, given_)
    assert found[Figure("it")] == pytest.approx(expected["macro"], abs=1e-12)
    assert found[Figure("it", None, "micro")] == pytest.approx(expected["micro"], abs=1e-12)
    of_classes = [found[Figure("it", name)] for name in ("bus", "park", "tram")]
    assert of_classes == pytest.approx(expected["classes"], abs=1e-12)
    loss = clip_figures("log_loss", truth, shares)[Figure("it")]
    assert loss == pytest.approx(expected["log_loss"], abs=1e-12)


def test_sed_eval(files):
    check_sed_eval(files)


# Events of one clip: truth and detections. Together they have classes that are only annotated, only detected, only
# detected wrongly, and neither.
SMALL = {
    "false detections only": ("Cat 0 1, Dog 2 3", "Cat 0 1, Dog 7 8"),
    "not annotated": ("Cat 0 1, Dog 2 3", "Cat 0 1, Dog 2 3, Speech 4 5"),
    "not detected": ("Cat 0 1, Dog 2 3", "Cat 0 1"),
    "nothing right": ("Cat 0 1, Dog 2 3", "Cat 5 6, Speech 2 3"),
    "nothing detected": ("Cat 0 1", ""),
    "overlapping annotations": ("Cat 0 2, Cat 1 3, Dog 5 6", "Cat 0 2, Dog 5 6"),
    "overlapping annotations of one detection": ("Cat 0 2, Cat 0.1 2, Cat 1 3, Dog 5 6", "Cat 0 2, Dog 5 6"),
}


@pytest.fixture(params=SMALL)
def small(request, tmp_path) -> Path:
    folder = tmp_path / request.param
    folder.mkdir()
    for name, text in zip(("truth", "at_0.5"), SMALL[request.param], strict=True):
        rows = [event.split() for event in text.split(", ") if event]
        table = [f"a.wav\t{on}\t{off}\t{label}" for label, on, off in rows]
        (folder / f"{name}.tsv").write_text("\n".join(["filename\tonset\toffset\tevent_label", *table, ""]))
    (folder / "durations.tsv").write_text("filename\tduration\na.wav\t10.0\n")
    return folder


def test_sed_eval_on_classes_without_hits(small):
    check_sed_eval(small)


def test_psds_eval_on_classes_without_hits(small):
    if "overlapping" in small.name or "nothing detected" in small.name:
        pytest.skip("psds_eval stops at both")
    found = ours(small / "at_0.5.tsv", small, **LIKE["psds_eval-0.5"])
    check(found, "intersection_f1", peer("psds_eval_f1", small))


def check_sed_eval(folder: Path) -> None:
    found = ours(folder / "at_0.5.tsv", folder, **LIKE["sed_eval"])
    for metric, expected in peer("sed_eval", folder).items():
        check(found, metric, expected)


def check(found: dict[Figure, float | None], metric: str, expected: dict) -> None:
    values = {"macro": found[Figure(metric)], "micro": found[Figure(metric, None, "micro")]}
    values["classes"] = [found[Figure(metric, label)] for label in CLASSES]
    for name, value in expected.items():
        got = values[name] if isinstance(value, list) else [values[name]]
        wanted = value if isinstance(value, list) else [value]
        if metric.endswith("_error_rate"):
            # Of a class without annotations it is a division by next to nothing there, and a mean of such: none here.
            got = [mine for mine, one in zip(got, wanted, strict=True) if abs(one) < 1e9]
            wanted = [one for one in wanted if abs(one) < 1e9]
        # What the library has no figure of (NaN) has none here.
        assert [np.nan if one is None else one for one in got] == pytest.approx(wanted, abs=1e-12, nan_ok=True), name
