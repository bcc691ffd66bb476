"""Editions as data: shipped ones are what validation of them gives, and editions of version 1.0 stay readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.editions.assembly import read_edition
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import SCHEMA_VERSION
from dcase_energy.editions.shipped import edition_names, schemas_dir

OLD = Path(__file__).parent / "own_1.0.toml"


@pytest.mark.parametrize("name", edition_names())
def test_a_shipped_edition_is_valid(name):
    edition = load_edition(name)
    assert edition == read_edition(schemas_dir() / name / "edition.toml")
    assert edition.schema_version == SCHEMA_VERSION


def test_an_edition_of_version_1_is_that_of_version_2():
    old, new = load_edition(str(OLD)), load_edition("dcase2023-task4a")
    assert old.schema_version == SCHEMA_VERSION
    assert (old.ranking, old.normalisation, old.stages) == (new.ranking, new.normalisation, new.stages)
    assert (old.outputs.clips, old.outputs.runs, old.outputs.unprocessed) == (1168, 3, True)
    assert (old.baseline.recipe, old.baseline.execution_path) == ("dcase2023", "reference")
    assert old.plausible.readme_kwh == {"training": (1.717,), "test": (0.03,)}
    assert old.plausible.stage_ratios == {"training": {"test": (5.0, 2000.0)}}
    assert list(old.scores) == list(new.scores)
    for name, score in old.scores.items():
        assert (score.title, score.metric, score.options, score.unit) == (
            new.scores[name].title, new.scores[name].metric, new.scores[name].options, new.scores[name].unit,
        )  # fmt: skip
    assert old.scores["psds1"].stated == ("results.PSDS1",)
    assert (old.fields["psds1_dev"].kind, old.fields["psds1_dev"].description) == ("score", "PSDS1")


@pytest.mark.parametrize(
    ("toml", "terms"),
    [
        ("[ranking]\npsds1_reference = 0.3", [("psds1", 0.3), ("psds2", 1.0)]),
        ('[scores.accuracy]\ntitle = "Accuracy"', [("accuracy", 1.0)]),
        ('[scores.accuracy]\ntitle = "Accuracy"\n[ranking]\npsds1_reference = 0.3', [("accuracy", 1.0)]),
        ('[fields.psds1_dev]\npaths = ["results.own"]', [("psds1", 1.0), ("psds2", 1.0)]),
    ],
)
def test_keys_of_version_1_in_a_file_that_builds_on_an_edition(tmp_path, toml, terms):
    own = tmp_path / "edition.toml"
    own.write_text(f'base = "generic"\nname = "own"\n{toml}\n')
    assert [(term.score, term.reference) for term in load_edition(str(own)).ranking.terms] == terms
