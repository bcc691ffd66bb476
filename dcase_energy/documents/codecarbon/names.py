"""What the names of CodeCarbon's files, tasks and projects say."""

from __future__ import annotations

import re
from functools import lru_cache

# Backups are named emissions.csv.bak, then emissions.csv_0.bak, emissions.csv_1.bak and so on, in all releases.
_TABLE = re.compile(r".+\.csv(?P<backup>(?:_[0-9]+)?\.bak)?", re.IGNORECASE)
# The baseline of DCASE 2024 task 6 writes fit_emissions.yaml, test_emissions.yaml and so on.
_TASK = re.compile(r"(?P<task>.+)_emissions\.ya?ml", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# The baselines name their projects "DCASE Task 4 SED TRAINING", "... DEVTEST" and "... EVALUATION".
_STAGES = {
    **dict.fromkeys(("train", "training", "fit"), "training"),
    **dict.fromkeys(("test", "testing", "devtest", "infer", "inference"), "test"),
    **dict.fromkeys(("eval", "evaluation"), "evaluation"),
}
# A training before the training, and a tracker over everything, are no stage.
_NO_STAGE = frozenset({"pre", "pretrain", "pretraining", "pretrained", "total"})


def is_table(name: str) -> bool:
    """Whether a file may hold CodeCarbon's figures: a CSV file, a backup of one, or the file of a task."""
    return _TABLE.fullmatch(name) is not None or task_of(name) is not None


def is_backup(name: str) -> bool:
    """Whether CodeCarbon gives this name to a file that it puts aside.

    Examples
    --------
    >>> is_backup("emissions.csv.bak"), is_backup("emissions.csv_0.bak"), is_backup("emissions.csv")
    (True, True, False)
    """
    match = _TABLE.fullmatch(name)
    return match is not None and match["backup"] is not None


def task_of(name: str) -> str | None:
    """The task of a YAML file of one task; None for other files."""
    match = _TASK.fullmatch(name)
    return match["task"] if match else None


def words(text: str) -> set[str]:
    """The whole words of a name, in lower case, without digits.

    Examples
    --------
    >>> sorted(words("emissionsTraining_1")), sorted(words("latest_crnn"))
    (['emissions', 'training'], ['crnn', 'latest'])
    """
    return {word.casefold() for word in _WORD.findall(text)}


@lru_cache(maxsize=1024)
def stage_of(texts: tuple[str, ...]) -> str | None:
    """Return the stage that the first of some texts names; None if none names exactly one.

    Empty where it names work that is none of the stages: a training before the training, or all together.

    Examples
    --------
    >>> stage_of(("emissions_training.csv", "latest_crnn")), stage_of(("emissions.csv", "latest_crnn"))
    ('training', None)
    >>> stage_of(("emissions.csv", "", "DCASE Task 4 SED DEVTEST")), stage_of(("emissions.csv", "pretraining"))
    ('test', '')
    """
    for text in texts:
        found = words(text)
        stages = {_STAGES[word] for word in found if word in _STAGES}
        if found & _NO_STAGE:
            return ""
        if len(stages) == 1:
            return stages.pop()
    return None


@lru_cache(maxsize=1024)
def names_baseline(texts: tuple[str, ...]) -> bool:
    """Whether one of some texts has the word baseline."""
    return any({"baseline", "baselines"} & words(text) for text in texts)
