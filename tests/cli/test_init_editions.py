"""`init` without an edition: a guess from the label, a choice, or what all tasks share, each announced."""

from __future__ import annotations

import pytest

from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.template import template
from tests.cli.run import run


@pytest.mark.parametrize(
    ("label", "first_field", "says"),
    [
        ("Adams_UNI_task1b_1", "DCASE 2020 task 1B", "edition dcase2020-task1b, guessed from the label"),
        ("Adams_UNI_task5_1", "Common part of all DCASE tasks", "no edition covers this task"),
        ("Adams_UNI_task4_1", "Generic edition", "dcase2024-task4, dcase2025-task4, dcase2026-task4)"),
    ],
)
def test_the_edition_of_a_label_is_announced(label, first_field, says):
    result = run("init", label, "--output", "-")
    assert result.returncode == 0
    assert f"# {first_field}" in result.stdout
    assert says in result.stderr


def test_a_task_of_several_years_must_be_named():
    result = run("init", "Adams_UNI_task6_1", "--output", "-")
    assert (result.returncode, result.stdout) == (2, "")
    assert "(dcase2024-task6, dcase2026-task6)" in result.stderr


def test_an_edition_of_ones_own_is_named_by_its_path_in_the_template_and_on_its_page(tmp_path):
    own = tmp_path / "edition.toml"
    own.write_text('base = "common"\nname = "hives"\ntitle = "Sounds of hives"\n')
    made = run("init", "Adams_UNI_task11_1", "--edition", own, "--output", tmp_path / "x.yaml")
    assert f"--edition {own} " in made.stderr
    assert f"--edition {own}` shows what is missing" in (tmp_path / "x.yaml").read_text()
    page = run("explain", own).stdout
    assert page.startswith("hives\n  Sounds of hives.\n")
    assert "It is named by its path each time" in page


@pytest.mark.parametrize("label", ["0042", "null", "a: b", "0x_1", "1e5"])
def test_a_label_of_any_form_is_read_back_as_it_is(tmp_path, label):
    own = tmp_path / "edition.toml"
    own.write_text('base = "common"\nname = "own"\ntitle = "Own"\nlabel_pattern = "^.+$"\nlabel_example = "0001"\n')
    text = template(load_edition(str(own)), label, {}, None, {})
    assert load_yaml(text.encode(), "x").data["submission"]["label"] == label
