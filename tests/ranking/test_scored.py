"""Scores of entries come from score files and from event lists: one way of scoring for `score` and `rank`."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.errors import EditionError
from dcase_energy.ranking.scored import intervals_of, replicates_of, score_files, values_of
from dcase_energy.scoring.conventions import SCORES, Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.metrics import check_scores

TRUTH = GroundTruth.build({"a": 2.0, "b": 2.0}, [("a", 0.0, 1.0, "Dog"), ("b", 0.5, 1.5, "Cat")], ("Cat", "Dog"))
HEADER = "filename\tonset\toffset\tevent_label\n"
OWN = {**SCORES, "half": ("intersection_f1", {"dtc": 0.5, "gtc": 0.5})}


def test_event_lists_are_scored_by_the_scores_of_the_edition(tmp_path):
    for run, rows in ((1, "a.wav\t0.0\t1.0\tDog\nb.wav\t0.5\t1.5\tCat\n"), (2, "a.wav\t0.0\t1.0\tDog\n")):
        (tmp_path / f"run{run}").mkdir()
        (tmp_path / f"run{run}" / "detections.tsv").write_text(HEADER + rows)
    tree = Folder(tmp_path)
    runs = {run: [f"run{run}/detections.tsv"] for run in (1, 2)}
    files = SimpleNamespace(stem="A", meta="A.meta.yaml", tree=tree, runs=runs)
    scored = score_files(files, truth=TRUTH, conventions=Conventions(scores=OWN, resamples=3))
    assert scored.findings == ()
    # Both classes in the first run, one of two in the second; without operating points there is no PSDS.
    assert values_of(scored.figures, ["half", "psds1"]) == {"half": 0.75}
    assert intervals_of(scored.figures, ["half"])["half"].kind == "bootstrap"
    assert set(replicates_of(scored.figures, ["half", "psds1"])) <= {"half"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("psds3", {}), "known: "),
        (("psds", {"dct": 0.7}), "known: "),
        (("psds", {"dtc": 0.7, "gtc": 0.7}), "needs the options alpha_ct, alpha_st"),
        (("collar_f1", {"collar_s": "1"}), "collar_s is a number from 0 to .*, found '1'"),
        (("collar_f1", {"collar_s": float("nan")}), "collar_s is a number from 0 to .*, found nan"),
        (("intersection_f1", {"dtc": 70}), "dtc is a number from 0 to 1, found 70"),
        (("segment_f1", {"segment_s": 0}), "segment_s is a number from 0.001 to .*, found 0"),
        (("segment_auc", {"max_fpr": 0}), "max_fpr is a number from 1e-06 to 1, found 0"),
    ],
)
def test_a_metric_or_option_that_cannot_be_used_is_named(wrong, message):
    with pytest.raises(EditionError, match=rf"score mine: .*{message}"):
        check_scores({"mine": wrong})
