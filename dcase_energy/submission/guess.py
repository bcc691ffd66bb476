"""Which edition a submission was made for, where the caller does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dcase_energy.documents.document import Path
from dcase_energy.documents.yaml import MAX_BYTES, load_yaml
from dcase_energy.editions.loader import guesses, load_edition
from dcase_energy.editions.model import Edition, split_path
from dcase_energy.findings import Finding
from dcase_energy.submission.inbox import find_packages
from dcase_energy.submission.package import STDIN, SystemFiles, find_systems

DEFAULT = "generic"
_MOST_READ = 200
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Guess:
    """An edition, and what gave it away; ``reason`` is None where nothing did and the default stands."""

    edition: Edition
    reason: str | None


def guess_edition(paths: Sequence[FilePath], stdin: bytes | None = None, labels: Sequence[str] = ()) -> Guess:
    """Guess from the labels and keys of the metadata files below some paths, and from labels known otherwise.

    Systems that give nothing away go along with the others if these are at least as many; where systems point to
    different editions the default stands.
    """
    found: dict[str, str] = {}
    read = silent = 0
    for document in _documents(paths, stdin, labels):
        read += 1
        evidence = _evidence(document)
        silent += not evidence
        for name, reason in evidence:
            found.setdefault(name, reason)
    if len(found) == 1 and 2 * silent <= read:
        name, reason = found.popitem()
        return Guess(load_edition(name), f"guessed from {reason}")
    if len(found) > 1:
        differ = " and ".join(f"{reason} ({name})" for name, reason in sorted(found.items()))
        return Guess(load_edition(DEFAULT), f"because the systems point to different ones: {differ}")
    return Guess(load_edition(DEFAULT), None)


def _documents(paths: Sequence[FilePath], stdin: bytes | None, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What is known of each system: its metadata, or a label alone."""
    for files in _first(paths, stdin):
        data = files.tree.read(files.meta, MAX_BYTES)
        if not isinstance(data, Finding):
            yield load_yaml(data, files.meta).data or {}
    for label in labels:
        yield {"submission": {"label": label}}


def _first(paths: Sequence[FilePath], stdin: bytes | None) -> Iterable[SystemFiles]:
    """The systems below the paths, as many as it takes to be sure."""
    left = _MOST_READ
    for path in find_packages(paths).paths:
        if left <= 0:
            return
        data = stdin if path == STDIN else None
        systems = find_systems(path, data)[0][:left] if data is not None or path.exists() else []
        left -= len(systems)
        yield from systems


def _evidence(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The editions that a metadata file points to, each with the reason."""
    label, evidence = _value(data, ("submission", "label")), []
    for name, sign in guesses().items():
        if sign.label is not None and isinstance(label, str) and re.fullmatch(sign.label, label[:_MOST_CHARACTERS]):
            evidence.append((name, f"the label {label[:_MOST_CHARACTERS]}"))
        elif sign.key is not None and _value(data, split_path(sign.key)) is not None:
            evidence.append((name, f"the key {sign.key}"))
    return evidence


def _value(data: Any, path: Path) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def edition_of_label(label: str) -> Guess:
    """Guess from a label alone."""
    found = [name for name, sign in guesses().items() if sign.label is not None and re.fullmatch(sign.label, label)]
    if len(found) == 1:
        return Guess(load_edition(found[0]), "guessed from the label")
    return Guess(load_edition(DEFAULT), None)
