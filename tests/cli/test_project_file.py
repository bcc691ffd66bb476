"""`dcase-energy.toml` and `[tool.dcase-energy]`: values of options that need not be typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.cli.main import COMMANDS, cli
from dcase_energy.cli.project_file import SHARED, default_map, find_project_file
from dcase_energy.errors import InputError
from tests.cli.test_options import all_options


def defaults(folder, text, command, name="dcase-energy.toml"):
    (folder / name).write_text(text)
    found = find_project_file(folder)
    return None if found is None else default_map(found, cli.get_command(None, command), list(COMMANDS))


SHARED_VALUES = """
edition = "generic"
paths = ["Adams_UNI"]
ground-truth = "truth.tsv"
jobs = 2
[rank]
formats = ["csv", "md"]
jobs = 4
[study.run]
repeats = 5
"""


def test_shared_values_and_those_of_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert defaults(tmp_path, SHARED_VALUES, "validate") == {"edition": "generic", "paths": ["Adams_UNI"], "jobs": 2}
    ranked = defaults(tmp_path, SHARED_VALUES, "rank")
    assert ranked == {
        "edition": "generic",
        "sources": ["Adams_UNI"],
        "ground_truth": ["truth.tsv"],
        "jobs": 4,
        "formats": "csv,md",
    }
    assert defaults(tmp_path, SHARED_VALUES, "pack") == {"edition": "generic", "folder": "Adams_UNI"}
    assert defaults(tmp_path, SHARED_VALUES, "study")["run"] == {"edition": "generic", "repeats": 5}
    # What only looks like a package is not taken for a record.
    assert defaults(tmp_path, SHARED_VALUES, "records") == {name: {} for name in ("show", "verify", "compare", "list")}


def test_gpus_to_count_are_no_name_of_hardware(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert defaults(tmp_path, "gpu = '0'", "measure") == {"gpu": "0"}
    assert defaults(tmp_path, "gpu = '0'", "study")["run"] == {}


def test_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "pyproject.toml").write_text(f"[tool.dcase-energy]\n{SHARED_VALUES.partition('[rank]')[0]}")
    monkeypatch.chdir(tmp_path / "sub")
    found = find_project_file(tmp_path / "sub")
    made = default_map(found, cli.get_command(None, "rank"), list(COMMANDS))
    assert made["ground_truth"] == [str(Path("..", "truth.tsv"))]
    assert made["sources"] == [str(Path("..", "Adams_UNI"))]
    assert made["edition"] == "generic"
    (tmp_path / "dcase-energy.toml").write_text('ground-truth = ["a=one.tsv", "b=two.tsv"]')
    made = default_map(find_project_file(tmp_path / "sub"), cli.get_command(None, "rank"), list(COMMANDS))
    assert made["ground_truth"] == [f"a={Path('..', 'one.tsv')}", f"b={Path('..', 'two.tsv')}"]


def test_other_projects_have_no_settings(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.ruff]\nline-length = 120\n[project]\nname = "x"\n')
    assert find_project_file(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("editon = 'generic'", "'editon' is not a setting of all commands; did you mean 'edition'?"),
        ("budget = 3", "'budget' is not a setting of all commands; options of one command belong in its table"),
        ("[rnk]\njobs = 2", "no command 'rnk'; did you mean 'rank'?"),
        ("[rank]\nformts = 'csv'", "[rank] has no option 'formts'; did you mean 'formats'?"),
        ("[study.rnu]\nepochs = 2", "[study] has no command 'rnu'; did you mean 'run'?"),
        ("[study]\nrun = 3", "[study.run]: expected a table of options, found 3"),
        ("strict = 'yes'", "strict: expected true or false, found 'yes'"),
        ("jobs = true", "jobs: expected a text, a number or a list of them, found True"),
        ("x = [", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    command = "study" if "study" in text else "rank" if "rank" in text else "validate"
    with pytest.raises(InputError, match=r"dcase-energy\.toml") as caught:
        defaults(tmp_path, text, command)
    assert words in str(caught.value)


def test_shared_settings_are_options_of_several_commands():
    counts = {}
    for command, one in all_options():
        long = next(name for name in one.opts if name.startswith("--"))
        counts.setdefault(long[2:].replace("-", "_"), set()).add(id(command))
    assert [name for name in SHARED if name not in {"paths", "pool", "field"} and len(counts[name]) < 2] == []


def test_the_command_line_comes_first_and_the_file_is_named(tmp_path, monkeypatch, capsys):
    import sys

    from dcase_energy.cli import main as program

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["dcase-energy", *words])
        with pytest.raises(SystemExit) as left:
            program.main()
        return left.value.code, capsys.readouterr()

    monkeypatch.chdir(tmp_path)
    (tmp_path / "dcase-energy.toml").write_text("edition = 'nowhere'\n[schema]\nrecord = 'else'\n")
    code, printed = call("schema", "--record", "energy")
    assert (code, printed.err) == (0, "settings of dcase-energy.toml: edition, record\n")
    code, printed = call("schema")
    assert code == 2
    assert "Error: dcase-energy.toml: Invalid value for '--record': 'else' is not one of" in printed.err
