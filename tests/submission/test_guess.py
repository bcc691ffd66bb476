"""Which edition a submission was made for."""

from __future__ import annotations

import pytest

from dcase_energy.editions import spelling
from dcase_energy.editions.loader import guesses, load_edition
from dcase_energy.editions.shipped import edition_names, titles
from dcase_energy.submission.guess import edition_of_label, guess_edition
from dcase_energy.submission.inbox import find_packages
from dcase_energy.submission.validate import validate_paths


def write(folder, *documents: str):
    for index, text in enumerate(documents):
        (folder / f"{index}.meta.yaml").write_text(text)
    return find_packages([folder])


def labelled(*labels: str) -> list[str]:
    return [f"submission:\n  label: {label}\n" for label in labels]


SCHEMA = "# yaml-language-server: $schema=https://example.org/schemas/{}/submission.schema.json\n"
BY_SCHEMA = "guessed from its first line, which names the schema"
BY_LABEL = "guessed from the label Li_USTC_task4a_1"


@pytest.mark.parametrize(
    ("documents", "edition", "reason"),
    [
        (labelled("Li_USTC_task4a_1"), "dcase2023-task4a", "guessed from the label Li_USTC_task4a_1"),
        (labelled("Lee_CAU_task4A_1"), "dcase2023-task4a", "guessed from the label Lee_CAU_task4A_1"),
        (labelled("Li_USTC_task4_SED_1"), "dcase2022-task4", "guessed from the label Li_USTC_task4_SED_1"),
        (labelled("Chen_CHT_task4_1"), "generic", None),
        (
            ["results:\n  devtest:\n    desed: {PSDS1: 0.5}\n"],
            "dcase2024-task4",
            "guessed from the key results.devtest",
        ),
        # Teams that left out the letter go along with those who did not; a single one does not draw all with it.
        (
            labelled("Li_USTC_task4a_1", "Chen_CHT_task4_1"),
            "dcase2023-task4a",
            "guessed from the label Li_USTC_task4a_1",
        ),
        (labelled("Li_USTC_task4a_1", "Chen_CHT_task4_1", "Gan_NCUT_task4_1"), "generic", None),
        (labelled("3", "[1]", "{a: 1}", "null"), "generic", None),
        (["submission: 3\n", "- 1\n", "", "{"], "generic", None),
        (labelled("Adams_UNI_task1B_1"), "dcase2020-task1b", "guessed from the label Adams_UNI_task1B_1 and its keys"),
        ([SCHEMA.format("generic") + labelled("Li_USTC_task4a_1")[0]], "generic", None),
        ([SCHEMA.format("dcase2022-task4") + labelled("Chen_CHT_task4_1")[0]], "dcase2022-task4", BY_SCHEMA),
        ([SCHEMA.format("nowhere") + labelled("Li_USTC_task4a_1")[0]], "dcase2023-task4a", BY_LABEL),
        # A task that no edition has, and one of which no edition has the keys.
        (labelled("Adams_UNI_task9_1"), "common", None),
        (labelled("Adams_UNI_task1_1"), "common", None),
    ],
)
def test_a_guess_and_its_reason(tmp_path, documents, edition, reason):
    guessed, why = guess_edition(write(tmp_path, *documents).each)
    assert (guessed.name, why) == (edition, reason)


def test_systems_of_different_editions_leave_the_default_and_are_told(tmp_path):
    edition, reason = guess_edition(write(tmp_path, *labelled("Li_USTC_task4a_1", "Li_USTC_task4_SED_1")).each)
    assert edition.name == "generic"
    assert "dcase2022-task4" in str(reason)
    assert "dcase2023-task4a" in str(reason)


@pytest.mark.parametrize(
    "labels", [("Adams_UNI_task9_1", "Adams_UNI_task8_1"), ("Li_USTC_task4a_1", "Adams_UNI_task1b_1")]
)
def test_systems_of_different_tasks_are_judged_by_what_all_share(tmp_path, labels):
    edition, _ = guess_edition(write(tmp_path, *labelled(*labels)).each)
    assert edition.name == "common"
    assert "different tasks" in str(edition.unjudged)


@pytest.mark.parametrize("first_line", ["", SCHEMA.format("dcase2024-task1")])
def test_a_system_of_another_task_is_not_judged_by_the_edition_of_the_others(tmp_path, first_line):
    """Its first line may name its own edition: that does not make it one of the others."""
    of_task_4 = [SCHEMA.format("dcase2024-task4") + text for text in labelled("Adams_UNI_task4_1", "Baker_LAB_task4_1")]
    counts = "system: {{complexity: {{macs: 5000, macs_counter: {}}}}}\n".format
    other = first_line + labelled("Chen_CHT_task1_1")[0] + counts("nessi")
    packages = write(tmp_path, *(text + counts("thop") for text in of_task_4), other)
    edition, _ = guess_edition(packages.each)
    assert edition.name == "dcase2024-task4"
    found = validate_paths(packages, edition)
    assert [one.edition.name for one in found.systems] == ["dcase2024-task4", "dcase2024-task4", "common"]
    assert "task1 among systems of dcase2024-task4" in "".join(one.message for one in found.findings)
    # Nor are MACs compared across tasks, which have them counted in different ways.
    assert "C310" not in {one.code for one in found.findings}


def test_a_label_alone_gives_away_a_task_that_one_edition_has():
    assert edition_of_label("Adams_UNI_task1b_1").name == "dcase2020-task1b"
    # The keys of the metadata decide which one; a label has none.
    assert edition_of_label("Adams_UNI_task1_1") is None
    assert guess_edition([], labels=["Adams_UNI_task1_1"])[0].unjudged is None


@pytest.mark.parametrize("name", edition_names())
def test_what_is_read_of_one_line_is_what_the_edition_says(name):
    edition = load_edition(name)
    assert guesses()[name] == edition.guess
    assert titles()[name] == edition.title
    # What gives an edition away is among its keys.
    known = {*edition.field_of_path, *edition.parents}
    keys = [key for keys in edition.guess.keys for key in ([keys] if isinstance(keys, str) else keys)]
    assert {spelling.split_path(key) for key in keys} <= known


def test_a_file_that_only_one_edition_has_names_it(tmp_path):
    """Task 4 of 2026 separates sounds: its labels look like those of sound event detection."""
    home = tmp_path / "Adams_UNI_task4_1"
    home.mkdir()
    (home / "Adams_UNI_task4_1.meta.yaml").write_text(labelled("Adams_UNI_task4_1")[0])
    assert guess_edition(find_packages([tmp_path]).each)[0].name == "generic"
    (home / "eval_results.json").write_text("{}")
    edition, why = guess_edition(find_packages([tmp_path]).each)
    assert (edition.name, why) == ("dcase2026-task4", "guessed from the file Adams_UNI_task4_1/eval_results.json")


def test_a_label_of_three_parts_is_of_the_edition_that_has_such_labels():
    assert edition_of_label("Adams_task3_1").name == "biodcase2026-task3"
    assert edition_of_label("Adams_UNI_task3_1") is None
