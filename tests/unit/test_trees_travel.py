"""Trees of files go to workers that have another working folder; what is shown stays as the user wrote it."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from dcase_energy.documents.archive import Archive
from dcase_energy.documents.tree import Folder


@pytest.mark.parametrize("kind", [Folder, Archive])
def test_a_relative_tree_is_found_from_elsewhere(tmp_path, monkeypatch, kind):
    (tmp_path / "home" / "tree").mkdir(parents=True)
    (tmp_path / "home" / "tree" / "a.txt").write_text("a")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    name = "tree"
    if kind is Archive:
        name = "tree.zip"
        with zipfile.ZipFile(name, "w") as archive:
            archive.write("tree/a.txt", "a.txt")
    tree = kind(Path(name))
    here = str(tree.where("a.txt"))
    sent = pickle.dumps(tree)
    monkeypatch.chdir(tmp_path / "elsewhere")
    there = pickle.loads(sent)
    again = pickle.loads(pickle.dumps(there))
    for one in (there, again):
        assert one.read("a.txt", 10) == (b"a", [])
        assert one.names() == ["a.txt"]
        assert str(one.where("a.txt")) == here
    assert not Path(here.split(":")[0]).is_absolute()
