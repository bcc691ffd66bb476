"""A baseline that is a command of its organisers: whether a command is the edition's, and whether a record is of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from dcase_energy.editions.model import Edition
from dcase_energy.editions.reference_workload import ReferenceWorkload
from dcase_energy.editions.shipped import edition_names, known_recipe
from dcase_energy.measure.journal import canonical_json, sha256_text
from dcase_energy.measure.records import Calibration

# What makes it the same work. A probe measures it again, and may change.
_IDENTITY = ("repository", "commit", "command", "stage_commands", "includes", "epochs_measured", "epochs")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_PYTHON = re.compile(r"python[0-9.]*(\.exe)?$")
_SHOWN = 12


def workload_sha256(baseline: ReferenceWorkload) -> str:
    """Hash of the work that an edition names, by its wording, whatever program or path runs them here."""
    return sha256_text(canonical_json({name: getattr(baseline, name) for name in _IDENTITY}))


def is_command(words: Sequence[str], named: str) -> bool:
    """Whether words are the command that an edition names; the program may lie anywhere.

    Examples
    --------
    >>> is_command(["/opt/env/bin/python3.11", "train.py"], "python train.py")
    True
    >>> is_command(["python", "test.py", "a.ckpt"], "python test.py {checkpoint}")
    True
    """
    wanted = shlex.split(named)
    if len(words) != len(wanted) or program_name(words[0]) != program_name(wanted[0]):
        return False
    return all(_PLACEHOLDER.fullmatch(part) or part == own for own, part in zip(words[1:], wanted[1:], strict=True))


def placeholders(named: str) -> list[str]:
    """The names of what an edition's command leaves to be filled in."""
    return [word[1:-1] for word in shlex.split(named) if _PLACEHOLDER.fullmatch(word)]


def program_name(word: str) -> str:
    """The name of a program without its folder; versions of Python are one."""
    name = PurePath(word).name
    return "python" if _PYTHON.fullmatch(name) else name


def words_here(named: str, given: Sequence[str], fill: Mapping[str, str]) -> list[str]:
    """The words of an edition's command, run by the program of the command that was given, if it is the same one.

    Raises
    ------
    KeyError
        If a placeholder is not filled.
    """
    words = [fill[word[1:-1]] if _PLACEHOLDER.fullmatch(word) else word for word in shlex.split(named)]
    return [given[0], *words[1:]] if program_name(given[0]) == program_name(words[0]) else words


def how_to_calibrate(edition: Edition, *, quick: bool = False) -> str | None:
    """The command that measures an edition's baseline, for people; None where it divides by no calibration.

    With ``quick`` the quick calibration, where the baseline is a recipe.
    """
    baseline = edition.baseline
    if edition.normalisation.kind != "ratio" or (baseline.kind == "command" and baseline.command is None):
        return None
    name = edition.name if edition.name in edition_names() else f"FOLDER_OF_{edition.name}"
    if baseline.kind == "recipe" and known_recipe(baseline.recipe) is None:
        return None
    if baseline.kind == "recipe":
        return f"`dcase-energy calibrate{' --quick' if quick else ''} --edition {name}`"
    open_ones = [word for named in baseline.stage_commands.values() for word in placeholders(named)]
    filled = "".join(f" --fill {name}=VALUE" for name in dict.fromkeys(open_ones))
    place = "" if baseline.repository is None else f", in a checkout of {baseline.repository}"
    place += f" at commit {baseline.commit}" if place and baseline.commit is not None else ""
    return f"`dcase-energy calibrate --edition {name}{filled} -- {baseline.command}`{place}"


def why_another_command(record: Calibration, edition: Edition) -> str | None:
    """Return why a calibration is not of the command that an edition names as its baseline; None if it is."""
    baseline, work = edition.baseline, record.workload
    if baseline.command is None:
        return f"edition {edition.name} names no command as its baseline, so no calibration can be compared with it"
    if work is None:
        return f"it measured the recipe {record.recipe}; the edition requires the command `{baseline.command}`"
    if record.recipe != baseline.recipe:
        return f"it measured the command of {record.recipe}; the edition requires that of {baseline.recipe}"
    if record.recipe_sha256 != (wanted := workload_sha256(baseline)):
        found = record.recipe_sha256[:_SHOWN]
        return f"it measured a different command from the edition's: its hash is {found}..., not {wanted[:_SHOWN]}..."
    if not same_commit(work.commit, baseline.commit):
        return f"it was made at commit {work.commit or 'unknown'}, the edition's is {baseline.commit}"
    return None


def same_commit(found: str | None, wanted: str | None) -> bool:
    """Whether a commit is the one that an edition names, which may be written short; all are where it names none."""
    return wanted is None or (found is not None and found.startswith(wanted.lower()))


def baseline_in_words(record: Calibration) -> str:
    """Which baseline a calibration is of, in the words of a table: recipe, beginning of its hash, execution path."""
    path = record.implementation.execution_path.partition("/")[0]
    return f"{record.recipe} {record.recipe_sha256[:_SHOWN]} {path}"


def why_another_baseline(words: str, edition: Edition) -> str | None:
    """Return why the baseline that a table names is not the edition's; None if it is, or only its recipe is named."""
    baseline = edition.baseline
    known = known_recipe(baseline.recipe)
    of_command = baseline.kind == "command"
    sha256 = workload_sha256(baseline) if of_command else "" if known is None else known.sha256
    wanted = [baseline.recipe, sha256[:_SHOWN], "command" if of_command else baseline.execution_path]
    if words.split() == wanted[: len(words.split())]:
        return None
    return f"the baseline of the table is {words}, that of edition {edition.name} {' '.join(wanted)}"
