"""Options: the same name for the same thing in every command, and names of earlier versions still understood."""

from __future__ import annotations

from typing import Literal, get_args, get_origin, get_type_hints

import click
import pytest

from dcase_energy.cli.main import cli
from dcase_energy.scoring.conventions import LIKE, Conventions
from tests.cli.run import run

# Command, words of an earlier version, and what they mean now.
OLD = """
measure --stage test --repeat 3 -- true | repeats 3
study run --output runs_old | output_dir runs_old
study run --resume --seed 7 | seed 7
study import README.md --output runs_old | output_dir runs_old
study import README.md --gpu A100 | gpu A100
study run --gpu A100 | gpu A100
study report tests --figures svg,png | plots ['svg', 'png']
study report tests --figures none | plots []
score tests --ground-truth README.md --durations README.md --plots figures --plot-format pdf | plot_format pdf
score tests --ground-truth README.md --durations README.md --plots figures | plots figures
rank tests --interval psds1='range over 3 runs' | intervals {'psds1': 'range over 3 runs'}
"""
SHARED = {
    "jobs": ["validate", "score", "report", "rank"],
    "edition": ["validate", "pack", "score", "report", "rank", "init", "calibrate", "schema", "study run"],
    "plots": ["score", "rank", "study report"],
    "output_dir": ["score", "rank", "study run", "study import", "study report"],
    "repeats": ["calibrate", "measure", "study run"],
    "strict": ["validate", "pack", "calibrate", "measure"],
    "ground_truth": ["score", "report", "rank"],
    "scheduler": ["score", "rank", "study run"],
}


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[0])
        words = words[1:]
    return command, words


def parsed(line: str) -> dict:
    import shlex

    command, words = command_of(shlex.split(line))
    return command.make_context("dcase-energy", words).params


@pytest.mark.parametrize("line", OLD.strip().splitlines())
def test_old_names_are_still_understood(line, monkeypatch, tmp_path):
    words, _, meant = line.partition(" | ")
    name, value = meant.split(" ", 1)
    assert str(parsed(words)[name]) == value


@pytest.mark.parametrize("name", SHARED)
def test_options_that_mean_the_same_have_the_same_name(name):
    for command in SHARED[name]:
        (option,) = [one for one in command_of(command.split())[0].params if one.name == name]
        assert option.opts[-1:] == [f"--{name.replace('_', '-')}"]
        assert not option.hidden


@pytest.mark.parametrize(
    ("short", "names"),
    [("-o", {"--output", "--output-dir"}), ("-f", {"--format", "--formats"}), ("-j", {"--jobs"})],
)
def test_short_options_mean_the_same_everywhere(short, names):
    found = []
    for command, one in all_options():
        if names & set(one.opts):
            found.append(short in one.opts or "-o" in [name for other in command.params for name in other.opts])
        elif short in one.opts:
            raise AssertionError(f"{command.name}: {one.opts}")
    assert found
    assert all(found)


def all_options():
    waiting = [cli]
    while waiting:
        command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += [command.get_command(click.Context(command), name) for name in command.list_commands(None)]
        yield from ((command, one) for one in command.params if isinstance(one, click.Option))


def test_quiet_and_verbose_are_options_of_every_command():
    by_command = {}
    for command, one in all_options():
        by_command.setdefault(id(command), []).extend(one.opts)
    assert all({"-q", "--quiet", "-v", "--verbose"} <= set(options) for options in by_command.values())


def test_no_jobs_are_all_processors():
    assert parsed("rank tests --jobs 0")["jobs"] == 0
    with pytest.raises(click.BadParameter):
        parsed("rank tests --jobs -1")


def test_help_names_no_option_of_an_earlier_version():
    for line in ("measure", "study run", "study report", "study import", "score"):
        command, _ = command_of(line.split())
        text = command.get_help(click.Context(command))
        assert not {"--repeat ", "--figures", "--resume", "--plot-format"} & {f"{word} " for word in text.split()}


def test_numbers_are_finite():
    """NaN is within any limits, as no comparison with it holds: `score --threshold nan` counted no detection."""
    numbers = [(command, one) for command, one in all_options() if isinstance(one.type, click.FloatRange)]
    assert len(numbers) > 4
    for command, one in numbers:
        for value in ("nan", "inf"):
            with pytest.raises(click.BadParameter):
                one.type.convert(value, one, click.Context(command))


@pytest.mark.parametrize("line", ["calibrate --seed -1", "study run --seed 4294967296", "soundscapes out --seed -1"])
def test_seeds_are_those_that_all_generators_take(line):
    with pytest.raises(click.BadParameter):
        parsed(line)


def test_codabench_refuses_what_it_does_not_use():
    for words in (["tests"], ["--output", "x.json"], ["--plots", "svg"], ["--durations", "examples/durations.tsv"]):
        done = run("score", "--codabench", "examples", "nowhere", *words)
        assert (done.returncode, "--codabench INPUT OUTPUT" in done.stderr) == (2, True)


def test_init_prints_the_file_or_what_was_written():
    done = run("init", "Adams_UNI_task4_1", "--output", "-", "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")


def test_an_edition_is_no_rule_in_json():
    done = run("explain", "dcase2024-task4", "--format", "json")
    assert (done.returncode, "is an edition" in done.stderr) == (2, True)


def test_options_of_one_name_take_the_same_kind_of_value():
    kinds = {}
    for _, one in all_options():
        choices = tuple(one.type.choices) if isinstance(one.type, click.Choice) else None
        kinds.setdefault(max(one.opts, key=len), set()).add((type(one.type), choices, one.metavar, one.multiple))
    # What commands print and what has stages differ; the file of `init` may be `-`.
    assert {name for name, found in kinds.items() if len(found) > 1} == {"--format", "--stage", "--output"}


def test_durations_are_written_in_the_same_way():
    assert parsed("calibrate --budget 1h30m --settle 90 --idle 2.5m")["budget_s"] == 5400
    assert parsed("calibrate")["settle_s"] == 300
    assert parsed("measure --stage test --min-window 2m -- true")["min_window_s"] == 120
    for line in ("calibrate --budget 0.5s", "calibrate --idle nan", "measure --stage test --min-window inf -- true"):
        with pytest.raises(click.BadParameter):
            parsed(line)


def test_words_of_conventions_are_those_of_the_library():
    hints = {name: hint for name, hint in get_type_hints(Conventions).items() if get_origin(hint) is Literal}
    command, _ = command_of(["score"])
    choices = {one.name: one.type.choices for one in command.params if one.name in hints}
    assert len(choices) == len(hints)
    assert {name: set(words) for name, words in choices.items()} == {n: set(get_args(h)) for n, h in hints.items()}
    (like,) = (one for one in command.params if one.name == "like")
    assert set(like.type.choices) == set(LIKE)
