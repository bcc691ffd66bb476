"""Names of folders of outputs say the same to `validate` and to `score`."""

from __future__ import annotations

import pytest

from dcase_energy.documents.names import output_folder
from dcase_energy.scoring.outputs import find_outputs
from dcase_energy.submission.package import find_systems


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A_task4_1.output", ("A_task4_1", 1, False)),
        ("A_task4_1_run2.output", ("A_task4_1", 2, False)),
        ("A_task4_1_run02_unprocessed.output", ("A_task4_1", 2, True)),
        ("A_task4_1_unprocessed.output", ("A_task4_1", 1, True)),
        ("A_task4_1_run.output", ("A_task4_1_run", 1, False)),
        ("A_task4_1_run1.outputs", None),
        (".output", None),
    ],
)
def test_what_a_name_says(name, expected):
    assert output_folder(name) == expected


def test_a_seed_as_number_of_a_run_is_read_in_the_same_way(tmp_path):
    (tmp_path / "A_task4_1.meta.yaml").touch()
    for seed in (7, 20240613):
        folder = tmp_path / f"A_task4_1_run{seed}.output"
        folder.mkdir()
        (folder / "clip.tsv").write_text("onset\toffset\tDog\n0\t1\t0.5\n")
    assert list(find_systems(tmp_path)[0][0].runs) == [7, 20240613]
    assert list(find_outputs(tmp_path)[0][0].runs) == ["run7", "run20240613"]


@pytest.mark.parametrize("name", ["system.tar", "system.7z", "system.tar.gz"])
def test_what_is_called_an_archive_is_one_to_both_whatever_it_holds(tmp_path, name):
    (tmp_path / name).write_text("damaged")
    for find in (find_systems, find_outputs):
        assert next(one.code for one in find(tmp_path / name)[1]) == "Z801"
