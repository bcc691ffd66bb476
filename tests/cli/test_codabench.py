"""`score --codabench`: what the platform mounts, and what it reads."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.cli.run import ROOT, run

EXAMPLES = ROOT / "examples"
SYSTEM = EXAMPLES / "packages/Baker_LAB/Baker_LAB_task4_1"


@pytest.fixture
def mounted(tmp_path):
    (tmp_path / "ref").mkdir()
    shutil.copy(EXAMPLES / "truth.tsv", tmp_path / "ref/ground_truth.tsv")
    shutil.copy(EXAMPLES / "durations.tsv", tmp_path / "ref/durations.tsv")
    shutil.copytree(SYSTEM / "Baker_LAB_task4_1_run1.output", tmp_path / "res/scores")
    return tmp_path


def test_scores_and_a_page_are_written(mounted):
    result = run("score", "--codabench", mounted, mounted / "out")
    assert result.returncode == 0
    scores = json.loads((mounted / "out/scores.json").read_text())
    usual = run("score", SYSTEM, "--ground-truth", EXAMPLES / "truth.tsv", "--durations", EXAMPLES / "durations.tsv",
                "--format", "json")  # fmt: skip
    (known,) = json.loads(usual.stdout)["systems"]
    assert scores["psds1"] == known["psds1"]
    assert all(isinstance(value, float) for value in scores.values())
    page = (mounted / "out/detailed_results.html").read_text()
    assert "<title>" in page
    assert "Classes" in page


def test_intervals_have_keys_of_their_name(mounted):
    run("score", "--codabench", mounted, mounted / "out", "--bootstrap", "20")
    scores = json.loads((mounted / "out/scores.json").read_text())
    assert scores["psds1_low"] <= scores["psds1"] <= scores["psds1_high"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [("ref/ground_truth.tsv", "ground_truth.tsv does not exist"), ("res/scores", "nothing was submitted")],
)
def test_what_is_missing_is_named_and_nothing_is_written(mounted, missing, words):
    gone = mounted / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    result = run("score", "--codabench", mounted, mounted / "out")
    assert result.returncode == 2
    assert words in result.stderr
    assert not (mounted / "out").exists()


def test_several_systems_are_refused(mounted):
    shutil.rmtree(mounted / "res")
    shutil.copytree(EXAMPLES / "packages/Baker_LAB", mounted / "res/Baker_LAB")
    result = run("score", "--codabench", mounted, mounted / "out")
    assert result.returncode == 2
    assert "a submission on Codabench is one system" in result.stderr
