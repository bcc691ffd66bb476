"""Which edition a submission was made for."""

from __future__ import annotations

import pytest

from dcase_energy.submission.guess import guess_edition


def write(folder, *documents: str):
    for index, text in enumerate(documents):
        (folder / f"{index}.meta.yaml").write_text(text)
    return [folder]


def labelled(*labels: str) -> list[str]:
    return [f"submission:\n  label: {label}\n" for label in labels]


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
    ],
)
def test_a_guess_and_its_reason(tmp_path, documents, edition, reason):
    guess = guess_edition(write(tmp_path, *documents))
    assert (guess.edition.name, guess.reason) == (edition, reason)


def test_systems_of_different_editions_leave_the_default_and_are_told(tmp_path):
    guess = guess_edition(write(tmp_path, *labelled("Li_USTC_task4a_1", "Li_USTC_task4_SED_1")))
    assert guess.edition.name == "generic"
    assert "dcase2022-task4" in str(guess.reason)
    assert "dcase2023-task4a" in str(guess.reason)
