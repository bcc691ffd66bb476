"""The part of an edition that says what a baseline run executes.

Standard library alone, as the other parts.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Literal

from dcase_energy.editions.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceWorkload(Part):
    """What a baseline run executes: a recipe of `dcase_baseline`, or the organisers' own command.

    Attributes
    ----------
    recipe
        Its name, in records too.
    execution_path
        Path of a recipe's implementation.
    repository, commit, command
        Where the organisers' own baseline is, and how its training is run there; ``{words}`` in braces are a
        placeholder for any one argument.
    stage_commands, includes
        How its other stages are run, by stage, where that is a command too; and stages that ``command`` executes as
        well: what these take by themselves is then subtracted from it.
    probe_command
        A short piece of the same work, to measure the baseline again around a system's own run.
    epochs_measured, epochs
        Epochs that the baseline figure covers, and those of the whole training.
    """

    kind: Literal["recipe", "command"] = "recipe"
    recipe: str
    execution_path: Literal["fast", "reference"] = "reference"
    repository: str | None = None
    commit: str | None = None
    command: str | None = None
    stage_commands: dict[str, str] = field(default_factory=dict)
    includes: tuple[str, ...] = ()
    probe_command: str | None = None
    epochs_measured: int | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        for name in ("command", "probe_command"):
            _check_command(name, getattr(self, name))
        for stage, text in self.stage_commands.items():
            _check_command(f"stage_commands.{stage}", text)
        if self.kind == "recipe" and self.command is not None:
            raise ValueError("command in [baseline] belongs to kind = 'command'")
        if self.command is None and (self.stage_commands or self.probe_command):
            raise ValueError("stage_commands and probe_command in [baseline] need a command")
        if missing := sorted(set(self.includes) - set(self.stage_commands)):
            raise ValueError(f"includes in [baseline] needs stage_commands of {', '.join(missing)}, to subtract them")
        self.require_positive("epochs_measured", "epochs")
        if self.epochs_measured is not None and self.epochs is not None and self.epochs_measured > self.epochs:
            raise ValueError("epochs_measured cannot exceed epochs in [baseline]")


def _check_command(name: str, text: str | None) -> None:
    """Refuse what a shell would not split into words."""
    try:
        words = None if text is None else shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{name} in [baseline] cannot be split into words: {error}") from None
    if words == []:
        raise ValueError(f"{name} in [baseline] is empty")
