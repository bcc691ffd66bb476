"""What a finding advises fits its place and its direction."""

from __future__ import annotations

import pytest

from dcase_energy import validate
from dcase_energy.submission.figures import slip
from tests.builders.packages import metadata


def findings(folder, old, new, edition="generic"):
    path = folder / "Adams_UNI_task4_1.meta.yaml"
    text = metadata()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return {one.code: one for one in validate(path, edition=edition).findings}


@pytest.mark.parametrize(("new", "expected"), [("email: 0", "text"), ("email: [a]", "text")])
def test_within_authors_the_expected_kind_is_that_of_the_place(tmp_path, new, expected):
    found = findings(tmp_path, "email: ada@uni.example", new)["M102"]
    assert (found.where.path, found.expected) == ("submission.authors[0].email", expected)


@pytest.mark.parametrize(
    ("energy", "hint"),
    [
        ("1390.7", "a factor of 1000 (Wh given as kWh) would explain it"),
        ("0.0013907", "a factor of 1000 would explain"),
    ],
)
def test_a_slip_of_units_is_named_only_where_it_made_the_figure_larger(tmp_path, energy, hint):
    found = findings(tmp_path, "training: 1.3907", f"training: {energy}")
    assert hint in " ".join(str(one.hint) for one in found.values())
    assert ("Wh given" in str([one.hint for one in found.values()])) == ("Wh given" in hint)


@pytest.mark.parametrize(
    ("usual", "energy", "hint"),
    [
        ("[0, 100]", "1390.7", "a factor of 1000 (Wh given as kWh)"),
        ("[0.1, inf]", "0.00013907", "a factor of 1000 would"),
    ],
)
def test_a_range_may_be_open_on_one_side(tmp_path, usual, energy, hint):
    own = tmp_path / "edition.toml"
    own.write_text(f'base = "generic"\nname = "own"\n[plausible.energy_usual_kwh]\ntraining = {usual}\n')
    assert hint in str(findings(tmp_path, "training: 1.3907", f"training: {energy}", own)["P803"].hint)


@pytest.mark.parametrize(
    ("declared", "measured", "reason"),
    [
        (1390.7, 1.3907, "Wh given as kWh"),
        (13.907, 1.3907, "a misplaced decimal point"),
        (0.13907, 1.3907, "a misplaced decimal point"),
        # Wh given as kWh make no figure smaller.
        (0.0013907, 1.3907, None),
        (1.3907, 0.0, None),
    ],
)
def test_a_slip_between_two_figures_has_the_direction_of_its_unit(declared, measured, reason):
    assert slip(declared, measured) == reason
