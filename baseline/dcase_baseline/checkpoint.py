"""Checkpoints: written whole or not at all, read without running what they hold."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dcase_energy.errors import InputError
from dcase_energy.writing.files import replacing

VERSION = 1


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint whole: a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        torch.save({"version": VERSION, **content}, file)


def load(path: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """Read a checkpoint of the run that ``identity`` describes, onto the CPU.

    Raises
    ------
    InputError
        If it cannot be read, is of another version, or one value of ``identity`` differs.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not a readable checkpoint: {error}") from error
    if content.get("version") != VERSION:
        raise InputError(f"{path}: expected version {VERSION}, found {content.get('version')}")
    for key, expected in identity.items():
        if content["identity"].get(key) != expected:
            found = content["identity"].get(key)
            raise InputError(f"{path}: {key}: this run has {expected!r}, the checkpoint {found!r}")
    return content
