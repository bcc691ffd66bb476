"""Safe edits. A case is a folder with ``before.yaml`` and, where something is fixed, ``after.yaml``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import WriteError
from dcase_energy.submission.fixing import fix_paths, fix_text
from tests.submission.mutations import mutated

FIXES = Path(__file__).parent / "fixes"
GENERIC = load_edition("generic")


@pytest.mark.parametrize("case", sorted(FIXES.iterdir()), ids=lambda case: case.name)
def test_a_case_is_mended_as_reviewed_and_only_once(case):
    before = (case / "before.yaml").read_bytes()
    after = case / "after.yaml"
    fixed, what = fix_text(before, GENERIC)
    assert fixed == (after.read_bytes() if after.exists() else before)
    assert bool(what) == after.exists()
    assert fix_text(fixed, GENERIC) == (fixed, ())


def test_cases_that_are_left_alone_are_those_named_so():
    alone = {case.name for case in FIXES.iterdir() if not (case / "after.yaml").exists()}
    assert alone == {case.name for case in FIXES.iterdir() if case.name.endswith(("_stay", "_stays"))}


@settings(max_examples=150)
@given(mutated())
def test_mending_anything_twice_is_mending_it_once_and_no_figure_changes(text):
    before = text.encode()
    after, what = fix_text(before, GENERIC)
    assert fix_text(after, GENERIC)[0] == after
    assert bool(what) == (after != before)
    if what:
        old, new = load_yaml(before, "").texts, load_yaml(after, "").texts
        figures = [sorted(t for t in texts.values() if re.search("[0-9]", t)) for texts in (old, new)]
        assert figures[0] == figures[1]


def test_a_file_is_replaced_whole_and_links_and_figures_are_left_alone(tmp_path):
    own = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    own.write_bytes((FIXES / "misspelt_key/before.yaml").read_bytes())
    outside = tmp_path.parent / f"{tmp_path.name}_outside.yaml"
    outside.write_bytes(own.read_bytes())
    (tmp_path / "Adams_UNI_task4_2.meta.yaml").symlink_to(outside)
    shown = list(fix_paths([tmp_path], GENERIC, write=False))
    assert own.read_bytes() == outside.read_bytes()
    done = list(fix_paths([tmp_path], GENERIC, write=True))
    assert [change.diff for change in shown] == [change.diff for change in done]
    assert own.read_bytes() == (FIXES / "misspelt_key/after.yaml").read_bytes()
    assert outside.read_bytes() == (FIXES / "misspelt_key/before.yaml").read_bytes()
    assert list(fix_paths([tmp_path], GENERIC, write=True)) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [own.name, "Adams_UNI_task4_2.meta.yaml"]


def test_a_file_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    own = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    own.write_bytes((FIXES / "misspelt_key/before.yaml").read_bytes())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dcase_energy.submission.fixing.write_bytes", full)
    with pytest.raises(WriteError, match="No space left"):
        list(fix_paths([own], GENERIC, write=True))
    assert own.read_bytes() == (FIXES / "misspelt_key/before.yaml").read_bytes()


def test_a_system_of_another_task_is_not_fixed_by_the_edition_of_the_others(tmp_path):
    text = "submission:\n  label: Adams_UNI_task{}_1\nsystem:\n  description: {{split_adaptatons: x}}\n"
    for number, task in enumerate((1, 1, 4)):
        (tmp_path / f"{number}.meta.yaml").write_text(text.format(task))
    edition = replace(load_edition("dcase2024-task1"), guessed=True)
    fixed = [Path(one.file).name for one in fix_paths([tmp_path], edition, write=False)]
    assert fixed == ["0.meta.yaml", "1.meta.yaml"]
