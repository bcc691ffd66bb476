"""Kinds of fields: each has a schema, what is computed with keeps its kind, and key paths are written as TOML does."""

from __future__ import annotations

import dataclasses
import doctest

import pytest

from dcase_energy.api.shared import choose_edition
from dcase_energy.documents import document
from dcase_energy.documents.document import dotted
from dcase_energy.editions.fields import COMPUTED, KINDS, FieldKind
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.editions.spelling import split_path
from dcase_energy.errors import EditionError
from dcase_energy.submission.model import Submission


def test_every_kind_has_a_schema_and_every_field_of_the_model_its_kinds():
    assert set(KINDS) == set(FieldKind)
    assert {one.name for one in dataclasses.fields(Submission)} - {"figures"} <= set(COMPUTED)


@pytest.mark.parametrize("name", edition_names())
def test_key_paths_are_shown_as_they_are_written(name):
    for spec in load_edition(name).fields.values():
        assert [dotted(split_path(path)) for path in spec.paths] == list(spec.paths)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('use = ["mac"]', "use names a field 'mac' that is not defined; did you mean 'macs'?"),
        ('[groups.a]\nkind = "percent"\npaths = ["results.<scenes>"]\ndescription = "x"', "no list is named 'scenes'"),
        ('[groups.a]\nkind = "percent"\npaths = ["results..a"]\ndescription = "x"', "is not a key path"),
        ("groups = 3", "groups must be a table"),
        ('[fields.a]\nkind = "choice"\npaths = ["a.b"]\ndescription = "x"', "kind = 'choice' needs choices"),
        ('[fields.total_parameters]\nkind = "text"\npaths = ["a.b"]\ndescription = "x"', "cannot be of kind 'text'"),
        ('[scores.a]\ntitle = "A"\n[scores.b]\ntitle = "B"', "must say which scores systems are ranked by"),
        ('[scores.a]\ntitle = "A"\nbetter = "up"', "scores.a.better"),
        ('[scores.a]\ntitle = "A"\n[ranking]\nterms = [{ score = "b" }]', "scores that are not defined: b"),
        ('[ranking]\nkind = "min_max"\nterms = [{ score = "a", low = 1 }]', "low and high must differ"),
        ('[scores.a]\ntitle = "A"\n[ranking]\nterms = [{ score = "a", reference = 0 }]', "greater than 0"),
        ('[scores.a]\ntitle = "A"\nbetter = "lower"\nenergy_weighted = true', "of which higher is better"),
        ('[scores.a]\ntitle = "A"\nunits = "percent"', "scores.a.units"),
        ('[outputs]\nkind = "clip_table"\nlabel = "a"\nfile = "("', "outputs.file '(' is not a regular expression"),
        ('[outputs]\nkind = "clip_table"\nlabel = "a"\nfile = "a"', "outputs.file needs exactly one group"),
        (
            "[plausible.stage_ratios.training]\nlearning = [1, 2]",
            "stage_ratios names stages that are not defined: learning",
        ),
        ("[plausible]\nenergy_possible_kwh = [1e6, 1e-6]", "the smaller first"),
        ("[plausible.energy_usual_kwh]\ntraining = [-1, 2]", "the range -1 to 2 must be of two figures of at least 0"),
        ("[plausible.energy_usual_kwh]\nlearning = [1, 2]", "usual_kwh names stages that are not defined: learning"),
        (
            '[fields.a]\nkind = "text"\npaths = ["a.b"]\ndescription = "x"\n'
            '[fields.b]\nkind = "text"\npaths = ["c", "a.b.c"]\ndescription = "x"',
            "path a.b of fields.a holds keys of other fields",
        ),
        (f"a = {'[' * 9999}", "is not valid TOML"),
        ("[limits.a]\nmax = 3", "limits names fields that are not defined: a"),
        ("[stages.test]\nreference_kwh = 1.5", "stages need a reference_kwh"),
        ("[stages.test]\ncomponents = true", "energy of one stage"),
        (
            '[scores.a]\ntitle = "A"\n[scores.b]\ntitle = "B"\nbetter = "lower"\n'
            '[ranking]\nkind = "sum"\nterms = [{ score = "a" }, { score = "b" }]',
            "scores of both directions",
        ),
    ],
)
def test_an_edition_that_cannot_be_is_refused(tmp_path, toml, words):
    own = tmp_path / "edition.toml"
    own.write_text(f'base = "common"\nname = "own"\ntitle = "Own"\n{toml}\n')
    with pytest.raises(EditionError) as caught:
        load_edition(str(own))
    assert words in str(caught.value)
    assert str(caught.value).count(str(own)) == 1


def test_an_edition_is_read_as_it_is_now(tmp_path):
    own = tmp_path / "edition.toml"
    for count in (3, 5):
        own.write_text(f'base = "generic"\nname = "own"\nmax_systems_per_team = {count}\n')
        assert load_edition(str(own)).max_systems_per_team == count


def test_a_severity_of_no_rule_is_refused(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text('base = "generic"\nname = "own"\n[severities]\nP8O5 = "error"\nR401 = "error"\n')
    with pytest.raises(EditionError, match=r"\[severities\] of edition own has unknown rules: P8O5"):
        choose_edition(own)


def test_a_field_of_another_kind_has_neither_the_choices_nor_the_example_of_the_base(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text('base = "generic"\nname = "own"\n[fields.input_channels]\nkind = "texts"\n')
    spec = load_edition(str(own)).fields["input_channels"]
    assert (spec.choices, spec.example) == ((), None)


def test_examples_in_docstrings():
    assert doctest.testmod(document).failed == 0
