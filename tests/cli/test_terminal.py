"""What every command shares: how much is printed, colours, suggestions, errors without the usage, versions."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from dcase_energy.cli.terminal import set_verbosity
from tests.cli.run import ROOT, run

GOOD = ROOT / "tests/acceptance/positive/M101"
BAD = ROOT / "tests/acceptance/negative/E201"


@pytest.fixture(autouse=True)
def usual_verbosity():
    yield
    set_verbosity(0)


@pytest.mark.parametrize("words", [["-q", "validate"], ["validate", "-q"], ["validate", "--quiet"]])
def test_quiet_prints_results_and_errors_only(words):
    clean, wrong = run(*words, GOOD), run(*words, BAD)
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "", "")
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "E201" in wrong.stdout
    assert run(*words, "nowhere").stderr == "Error: Invalid value for 'PATH...': Path 'nowhere' does not exist.\n"


def test_quiet_ends_with_its_command():
    assert run("validate", "-q", GOOD).stderr == ""
    assert run("validate", GOOD).stderr != ""


def test_quiet_shows_findings_that_are_errors():
    shown = run("report", "-q", BAD)
    assert "error E201" in shown.stderr
    assert "warning" not in shown.stderr


@pytest.mark.parametrize("words", [["--version", "--verbose"], ["-v", "--version"]])
def test_version_with_verbose_lists_what_figures_depend_on(words):
    lines = run(*words).stdout.splitlines()
    assert lines[0].startswith("dcase-energy, version ")
    names = [line[2:15].strip() for line in lines[1:]]
    assert {"Python", "codecarbon", "torch", "NVIDIA driver"} <= set(names)
    assert run("--version").stdout.count("\n") == 1


@pytest.mark.parametrize(("words", "meant"), [(["valdate"], "validate"), (["study", "rum"], "run")])
def test_a_misspelt_command_is_suggested(words, meant):
    result = run(*words)
    assert result.returncode == 2
    assert result.stderr.endswith(f"Error: No such command '{words[-1]}'. Did you mean '{meant}'?\n")


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["validate", "nowhere"], False),
        (["init", "foo"], False),
        (["rank", GOOD, "-f", "nothing"], False),
        (["explain", "Q1"], False),
        (["validate", GOOD, "-j", "-1"], False),
        (["validate"], True),
        (["validate", GOOD, "--frobnicate"], True),
        (["frobnicate"], True),
    ],
    ids=str,
)
def test_how_a_command_is_used_is_shown_for_usage_errors_only(words, usage):
    result = run(*words)
    assert result.returncode == 2
    assert ("Usage:" in result.stderr) == usage
    assert "Error: " in result.stderr


def test_colours_are_forced_into_a_pipe_and_never_into_a_file(tmp_path):
    plain = run("validate", BAD).stdout
    assert "\x1b[" not in plain
    assert "\x1b[31m" in run("validate", BAD, NO_COLOR="", FORCE_COLOR="1").stdout
    assert run("validate", BAD, NO_COLOR="1", FORCE_COLOR="1").stdout == plain
    run("validate", BAD, "-o", tmp_path / "findings.txt", NO_COLOR="", FORCE_COLOR="1")
    assert (tmp_path / "findings.txt").read_text() == plain


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["editions"], "editions"),
        (["explain", "E201", "min-duration"], "guards"),
        (["pack", GOOD, "-o", os.devnull + "/no.zip"], "findings"),
        (["records", "list"], "records"),
        (["doctor"], "components"),
        (["schema"], "properties"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_results_are_json_where_it_is_asked_for(words, key, tmp_path):
    if words[0] == "pack":
        words = ["pack", GOOD, "-o", tmp_path / "a.zip"]
    asked = [] if words[0] == "schema" else ["-f", "json"]
    assert key in json.loads(run(*words, *asked).stdout)


def test_what_was_not_run_is_said_whatever_is_quiet(tmp_path):
    """A refused measurement ends in 125; users took the silence of their command for its end."""
    words = ["--stage", "test", "--gpu", "7", "-o", tmp_path / "a.json", "--", "echo", "hello"]
    result = run("measure", "-q", *words, DCASE_ENERGY_LOCK=str(tmp_path / "lock"))
    assert (result.returncode, result.stdout) == (125, "")
    assert "the command was NOT RUN: gpu-identity: --gpu '7' names no GPU of this machine" in result.stderr
    words = ["--stage", "test", "-o", tmp_path / "b.json", "--", "no-such-command"]
    result = run("measure", *words, DCASE_ENERGY_LOCK=str(tmp_path / "lock"))
    assert result.returncode == 127
    assert "NOT RUN: the command could not be started: No such file or directory" in result.stderr


def test_the_bar_shows_share_time_left_and_figure_and_makes_room_for_messages(monkeypatch, capsys):
    from dcase_energy.cli.render.bar import show_bar
    from dcase_energy.cli.terminal import log

    monkeypatch.setenv("COLUMNS", "100")
    show_bar(0.25, 90.0, "training steps: 3 windows, 0.5 Wh a step ± 1.0%")
    log("a message")
    shown = capsys.readouterr().err
    bar, _, rest = shown.partition("\r\x1b[Ka message")
    assert (
        bar == "\r\x1b[K[#####---------------]  25%  1 min 30 s left  training steps: 3 windows, 0.5 Wh a step ± 1.0%"
    )
    assert rest == "\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_each_stream_has_colours_only_if_it_is_a_terminal(monkeypatch):
    """stderr may be a terminal while stdout is a pipe: `validate ... | less`."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    outer, inner = pty.openpty()
    with os.fdopen(inner, "w") as terminal, Path(os.devnull).open("w") as nowhere:
        from dcase_energy.cli import terminal as program

        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(sys, "stdout", nowhere)
        program.to_stderr(program.style("red", fg="red"))
        terminal.flush()
        assert os.read(outer, 100) == b"\x1b[31mred\x1b[0m\r\n"
    os.close(outer)
