"""Which edition a submission was made for, where the caller does not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath

from dcase_energy.documents.document import Document
from dcase_energy.documents.yaml import MAX_BYTES, load_yaml
from dcase_energy.editions.loader import guesses, load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.spelling import split_path
from dcase_energy.findings import Finding
from dcase_energy.submission.inbox import find_packages
from dcase_energy.submission.package import STDIN, SystemFiles, find_systems

DEFAULT = "generic"
# What judges metadata of which no edition is known.
COMMON = "common"
# The number of the task that the default edition is of.
_OWN_TASK = "4"
_MOST_READ = 200
_MOST_CHARACTERS = 200
_TASK = re.compile(r"_(task([0-9]{1,3})[a-z]?)(?=_)", re.IGNORECASE)
# The line that `init` writes for editors names the edition.
_SCHEMA_LINE = re.compile(r"#\s*yaml-language-server:\s*\$schema=\S*?([A-Za-z0-9-]+)/submission\.schema\.json\s*")


@dataclass(frozen=True)
class GuessedEdition:
    """An edition, and what gave it away; ``reason`` is None where nothing did and the default stands."""

    edition: Edition
    reason: str | None


@dataclass(frozen=True)
class _Signs:
    """What a metadata file gives away.

    Attributes
    ----------
    editions
        The editions it points to, each with the reason.
    task
        The number of the task in its label; None without one.
    document
        The file, where its label names a task of which no edition fits; None elsewhere.
    """

    editions: tuple[tuple[str, str], ...] = ()
    task: str | None = None
    document: Document | None = None


def guess_edition(paths: Sequence[FilePath], stdin: bytes | None = None, labels: Sequence[str] = ()) -> GuessedEdition:
    """Guess from the labels and keys of the metadata files below some paths, and from labels known otherwise.

    The task that most systems are of counts; see `edition_for` for the others. Of these, systems that give nothing
    away count with the others if these are at least as many; where systems of task 4 point to different editions
    the default is used. Where no edition knows the task, or no task has most systems, it is the edition of what all
    tasks share, and each system gets a finding (``Edition.unjudged``).
    """
    signs = [_signs(document, stem) for document, stem in _documents(paths, stdin)]
    signs += [_signs_of_label(label) for label in labels]
    tasks = Counter(one.task for one in signs if one.task is not None)
    task, most = tasks.most_common(1)[0] if tasks else (None, 0)
    if 2 * most < tasks.total() or (2 * most == tasks.total() and len(tasks) > 1):
        return _unjudged(
            "the systems are of different tasks: validate the systems of each one separately", _differ(_found(signs))
        )
    signs = [one for one in signs if one.task in {None, task}]
    found, unknown = _found(signs), [one.document for one in signs if one.document is not None]
    if len(found) == 1 and 2 * sum(not one.editions for one in signs) <= len(signs):
        name, reason = found.popitem()
        return _guessed(name, None if name == DEFAULT else f"guessed from {reason}")
    if unknown:
        return _unjudged(_no_edition(unknown[0]), "")
    if len(found) > 1 and task != _OWN_TASK:
        return _unjudged(
            "the systems are of different years: validate the systems of each one separately", _differ(found)
        )
    return _guessed(DEFAULT, _differ(found) if len(found) > 1 else None)


def edition_for(edition: Edition, document: Document) -> Edition:
    """The edition that judges one of the systems that an edition was guessed for; one of another task has none."""
    label = _label(document)
    if not edition.guessed or _schema_named(document) or _number(label) in {None, _number(edition.label_example)}:
        return edition
    return _unjudged(f"{_task(label)} among systems of {edition.name}: validate it separately", "").edition


def _guessed(name: str, reason: str | None) -> GuessedEdition:
    return GuessedEdition(replace(load_edition(name), guessed=True), reason)


def _found(signs: Sequence[_Signs]) -> dict[str, str]:
    """The editions that systems point to, each with the first reason."""
    found: dict[str, str] = {}
    for name, reason in (pair for one in signs for pair in one.editions):
        found.setdefault(name, reason)
    return found


def edition_of_label(label: str) -> GuessedEdition:
    """Guess from a label alone."""
    found = _signs_of_label(label).editions
    if len(found) == 1:
        return GuessedEdition(load_edition(found[0][0]), "guessed from the label")
    return GuessedEdition(load_edition(DEFAULT), None)


def editions_of_task(label: str) -> list[str]:
    """The editions of the task that a label names, the subtask's letter aside; none where it is the default's task."""
    number = _number(label)
    return [name for name, sign in guesses().items() if sign.task is not None and _number(f"_{sign.task}_") == number]


def _differ(found: dict[str, str]) -> str:
    differ = " and ".join(f"{reason} ({name})" for name, reason in sorted(found.items()))
    return f"because the systems point to different ones: {differ}"


def _unjudged(why: str, reason: str) -> GuessedEdition:
    return GuessedEdition(replace(load_edition(COMMON), unjudged=why), reason or None)


def _documents(paths: Sequence[FilePath], stdin: bytes | None) -> Iterator[tuple[Document, str]]:
    """The metadata of each system, and what its label should be by its file's name."""
    for files in _first(paths, stdin):
        data = files.tree.read(files.meta, MAX_BYTES)
        if not isinstance(data, Finding):
            yield load_yaml(data, files.meta), files.stem


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


def _signs(document: Document, stem: str) -> _Signs:
    """What a metadata file points to: its first line, else its label (or its name, if that names no task) and keys."""
    label = _label(document)
    what, label = ("label", label) if _task(label) or document.data is None else ("file name", stem)
    task = _number(label)
    if named := _schema_named(document):
        return _Signs(((named, "its first line, which names the schema"),), task)
    certain = [
        (name, f"the key {sign.key}")
        for name, sign in guesses().items()
        if sign.key is not None and split_path(sign.key) in document.keys
    ]
    certain += [(name, f"the {what} {label}") for name in _of_form(label)]
    if certain or task in {None, _OWN_TASK}:
        return _Signs(tuple(certain), task)
    hits = {name: _hits(name, label, document) for name in guesses()}
    most = max(hits.values())
    if not most:
        return _Signs((), task, document)
    reason = f"the {what} {label} and {'its' if what == 'label' else 'the'} keys"
    return _Signs(tuple((name, reason) for name, count in hits.items() if count == most), task)


def _schema_named(document: Document) -> str | None:
    """The edition whose schema the first line names."""
    match = _SCHEMA_LINE.fullmatch(document.lines[0][:1000].strip()) if document.lines else None
    return match[1] if match and match[1] in guesses() else None


def _signs_of_label(label: str) -> _Signs:
    """What a label alone points to: its form, or a task that only one edition has."""
    names = _of_form(label)
    of_task = [name for name in editions_of_task(label) if guesses()[name].task == _task(label)]
    names = names or (of_task if len(of_task) == 1 else [])
    reason = f"the label {label[:_MOST_CHARACTERS]}"
    return _Signs(tuple((name, reason) for name in names), _number(label) if names else None)


def _of_form(label: str) -> list[str]:
    label = label[:_MOST_CHARACTERS]
    return [name for name, sign in guesses().items() if sign.label is not None and re.fullmatch(sign.label, label)]


def _hits(name: str, label: str, document: Document) -> int:
    """How many of an edition's own keys a document of its task has."""
    sign = guesses()[name]
    if sign.task is None or sign.task != _task(label):
        return 0
    together = [[keys] if isinstance(keys, str) else keys for keys in sign.keys]
    return sum(all(split_path(key) in document.keys for key in keys) for keys in together) if sign.keys else 1


def _label(document: Document) -> str:
    block = (document.data or {}).get("submission")
    label = block.get("label") if isinstance(block, dict) else None
    return label[:_MOST_CHARACTERS] if isinstance(label, str) else ""


def _task(label: str) -> str | None:
    match = _TASK.search(label[:_MOST_CHARACTERS])
    return match[1].lower() if match else None


def _number(label: str) -> str | None:
    match = _TASK.search(label[:_MOST_CHARACTERS])
    return str(int(match[2])) if match else None


def _no_edition(document: Document) -> str:
    """What is not known, and the edition that has most of the document's keys."""
    label = _label(document)
    others = [name for name, sign in guesses().items() if sign.task is not None]
    editions = [load_edition(name) for name in editions_of_task(label) or others]
    nearest = max(editions, key=lambda edition: len(set(document.keys) & {*edition.field_of_path, *edition.parents}))
    shared = "only what all tasks share was checked"
    return f"no edition knows {_task(label)} with these keys, so {shared}; nearest is {nearest.name}"
