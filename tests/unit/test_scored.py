"""What comes back from a worker that scored a system."""

from __future__ import annotations

import pickle

from dcase_energy.api.shared import choose_edition, read_truth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.outputs import SystemOutputs, find_outputs, score_system
from tests.cli.run import ROOT

EXAMPLES = ROOT / "examples"


def test_the_list_of_files_does_not_come_back():
    """It grows with the clips, and the one who sent the work has it."""
    edition = choose_edition("generic")
    conventions = Conventions.of_edition(edition.scoring, scores=edition.scores)
    truth, _ = read_truth(EXAMPLES / "truth.tsv", EXAMPLES / "durations.tsv", edition, conventions.overlapping_truth)
    outputs = find_outputs(EXAMPLES / "packages" / "Adams_UNI")[0][0]
    names = [name.rpartition("/")[2].encode() for name in next(iter(outputs.runs.values())).names]
    assert all(name in pickle.dumps(outputs) for name in names)
    scored = score_system(outputs, truth, conventions)
    assert scored.figures is not None
    assert not any(name in pickle.dumps(scored) for name in names)
    empty = score_system(SystemOutputs("a", "b", {}), truth, conventions)
    assert (empty.name, empty.path, empty.kind, empty.figures) == ("a", "b", "scores", None)
