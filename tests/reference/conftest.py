"""The real baseline student, its ground truth and what other libraries say of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.editions.loader import load_edition
from dcase_energy.scoring.data import Events, GroundTruth, Scores, to_us
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.truth import clip_name, read_ground_truth

DATA = Path(__file__).parent.parent / "data" / "desed_validation"


@pytest.fixture(scope="session")
def reference():
    return json.loads((DATA / "student_reference.json").read_text())["values"]


@pytest.fixture(scope="session")
def bootstrap():
    return json.loads((DATA / "student_reference.json").read_text())["bootstrap"]


@pytest.fixture(scope="session")
def oracle():
    return json.loads((DATA / "student_f1_oracle.json").read_text())["thresholds"]


@pytest.fixture(scope="session")
def truth() -> GroundTruth:
    found, findings = read_ground_truth(
        DATA / "validation.tsv", DATA / "validation_durations.tsv", load_edition("generic").classes
    )
    assert found is not None
    # DESED's own annotations run past the end of sixteen clips; nothing else is wrong with them.
    assert {finding.code for finding in findings} == {"G703"}
    assert len(findings) == 5
    assert findings[-1].message.endswith("(and 11 more)")
    assert (len(found.clips), len(found.events)) == (1168, 4224)
    return found


@pytest.fixture(scope="session")
def scores(truth, tmp_path_factory) -> Scores:
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(DATA / "student_scores.zip") as archive:
        archive.extractall(folder)
    tree = Folder(folder)
    run = read_scores(tree, tree.names(), truth)
    assert run.findings == []
    assert run.scores is not None
    return run.scores


@pytest.fixture(scope="session")
def points(truth) -> dict[str, Events]:
    """Detections at each of the fifty thresholds."""
    found = {}
    with zipfile.ZipFile(DATA / "student_operating_points.zip") as archive:
        for member in sorted(archive.namelist()):
            with archive.open(member) as file:
                table = pd.read_csv(file, sep="\t")
            found[member.removeprefix("predictions_th_").removesuffix(".tsv")] = as_events(table, truth)
    return found


def as_events(table: pd.DataFrame, truth: GroundTruth) -> Events:
    clips = {clip: i for i, clip in enumerate(truth.clips)}
    labels = {label: i for i, label in enumerate(truth.classes)}
    return Events(
        np.array([clips[clip_name(name)] for name in table["filename"]]),
        np.array([labels[name] for name in table["event_label"]]),
        to_us(table["onset"]),
        to_us(table["offset"]),
    )
