"""``-`` is standard input or output where one file of text can be read or written, and refused by every other path."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dcase_energy import report
from dcase_energy.cli.main import COMMANDS, cli
from dcase_energy.cli.parameters import PathName, Sources
from dcase_energy.errors import InputError
from tests.cli.run import ROOT, run

PACKAGE = ROOT / "examples/packages/Baker_LAB/Baker_LAB_task4_1"
TABLE = ROOT / "tests/data/dcase2022_task4_results.csv"
METADATA = PACKAGE / "Baker_LAB_task4_1.meta.yaml"
TAKEN = {
    "doctor --output", "init --output", "rank SOURCE...", "report --output", "report SUBMISSION...",
    "schema --output", "score --output", "validate --output", "validate PATH...",
}  # fmt: skip


def paths() -> Iterator[tuple[str, click.Parameter]]:
    """Every parameter of a command that is a path, by its name in the help."""
    context = click.Context(cli)
    pending = [(name, cli.get_command(context, name)) for name in COMMANDS]
    while pending:
        name, command = pending.pop()
        if isinstance(command, click.Group):
            pending += [(f"{name} {below}", one) for below, one in command.commands.items()]
        for one in command.params:
            types = one.type.types if isinstance(one.type, click.Tuple) else [one.type]
            if any(isinstance(kind, click.Path | Sources) for kind in types):
                yield f"{name} {one.opts[-1] if isinstance(one, click.Option) else one.human_readable_name}", one


def test_every_path_takes_a_dash_or_refuses_it():
    taken = set()
    for name, parameter in paths():
        kind = parameter.type.types[0] if isinstance(parameter.type, click.Tuple) else parameter.type
        assert isinstance(kind, PathName | Sources), name
        try:
            kind.convert("-", parameter, None)
            taken.add(name)
        except click.BadParameter as error:
            assert f"standard {'input' if getattr(kind, 'exists', True) else 'output'} is not possible" in error.message
    assert taken == TAKEN


@pytest.mark.parametrize(
    "words",
    [
        ("schema",),
        ("doctor", "--guards"),
        ("validate", METADATA, "--format", "json"),
        ("report", METADATA, "--format", "csv"),
    ],
)
def test_a_dash_as_output_is_standard_output(words):
    done = run(*words, "--output", "-")
    assert done.stdout == run(*words).stdout != ""
    assert not (ROOT / "-").exists()


@pytest.mark.parametrize("command", ["validate", "report"])
def test_a_dash_as_input_is_standard_input(monkeypatch, command):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(METADATA.read_bytes())))
    done = run(command, "-", "--format", "json")
    assert (done.returncode, done.stdout) == (0, run(command, METADATA, "--format", "json").stdout)


def test_a_table_of_results_comes_from_standard_input_as_well(monkeypatch, tmp_path):
    for name, path in (("table", TABLE), ("package", METADATA)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
        run("rank", "-", "--formats", "csv", "--output-dir", tmp_path / f"-{name}")
        run("rank", path, "--formats", "csv", "--output-dir", tmp_path / name)
        assert (tmp_path / f"-{name}/ranking.csv").read_text() == (tmp_path / f"{name}/ranking.csv").read_text() != ""


@pytest.mark.parametrize("option", ["--fix", "--diff", "--receipt=r.json", f"--check-receipt={METADATA}"])
def test_what_is_about_files_takes_no_standard_input(option):
    done = run("validate", "-", option)
    assert done.returncode == 2
    assert "- is standard input" in done.stderr


def test_a_file_may_be_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in (PathName(stdio=True), PathName()):
        assert kind.convert("./-", None, None) == tmp_path / "-"
    Path("-").touch()
    assert Sources(stdio=True).convert("./-", None, None) == (tmp_path / "-",)
    assert PathName(exists=True).convert("./-", None, None) == tmp_path / "-"


def test_a_function_reads_what_it_is_given():
    with pytest.raises(InputError, match="- does not exist"):
        report("-")
    assert [one.entry.label for one in report("-", stdin=METADATA.read_bytes()).own] == ["Baker_LAB_task4_1"]
