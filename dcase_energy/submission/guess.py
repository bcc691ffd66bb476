"""Which edition a submission was made for, where the caller does not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from dcase_energy.documents.document import Document
from dcase_energy.editions.loader import guesses, load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.spelling import split_path
from dcase_energy.submission.inbox import OpenedPackage
from dcase_energy.submission.listed import pattern_of
from dcase_energy.submission.package import SystemFiles

DEFAULT = "generic"
# What judges metadata of which no edition is known.
COMMON = "common"
# The number of the task that the default edition is of.
_OWN_TASK = "4"
_MOST_READ = 200
_MOST_CHARACTERS = 200
_TASK = r"(?i)_(task([0-9]{1,3})[a-z]?)(?=_)"
# The line that `init` writes for editors names the edition.
_SCHEMA_LINE = r"#\s*yaml-language-server:\s*\$schema=\S*?([A-Za-z0-9-]+)/submission\.schema\.json\s*"


@dataclass(frozen=True, slots=True)
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

    editions: dict[str, str]
    task: str | None = None
    document: Document | None = None


def guess_edition(packages: Iterable[OpenedPackage], labels: Sequence[str] = ()) -> tuple[Edition, str | None]:
    """Guess from the labels and keys of the metadata in packages, and from labels known otherwise.

    The task that most systems are of counts; see `edition_for` for the others. Of these, systems that give nothing
    away count with the others if these are at least as many; where systems of task 4 point to different editions
    the default is used. Where no edition knows the task, or no task has most systems, it is the edition of what all
    tasks share, and each system gets a finding (``Edition.unjudged``).

    Returns
    -------
    tuple
        The edition, and what gave it away; None where nothing did and the default is used.
    """
    signs = [_signs(document, files) for document, files in islice(_documents(packages), _MOST_READ)]
    signs += [_signs_of_label(label) for label in labels]
    tasks = Counter(one.task for one in signs if one.task is not None)
    task, most = tasks.most_common(1)[0] if tasks else (None, 0)
    if 2 * most < tasks.total() or (2 * most == tasks.total() and len(tasks) > 1):
        why = "the systems are of different tasks: validate the systems of each one separately"
        return _unjudged(why), _differ(signs)
    signs = [one for one in signs if one.task in {None, task}]
    found = _found(signs)
    unknown = [one.document for one in signs if one.document is not None]
    if len(found) == 1 and 2 * sum(not one.editions for one in signs) <= len(signs):
        name, reason = found.popitem()
        return _guessed(name), None if name == DEFAULT else f"guessed from {reason}"
    if unknown:
        return _unjudged(_no_edition(unknown[0])), None
    if len(found) > 1 and task != _OWN_TASK:
        why = "the systems are of different years: validate the systems of each one separately"
        return _unjudged(why), _differ(signs)
    return _guessed(DEFAULT), _differ(signs) if len(found) > 1 else None


def edition_for(edition: Edition, document: Document) -> Edition:
    """The edition that judges one of the systems that an edition was guessed for; one of another task has none."""
    task, number = _task(_label(document))
    of_task = number in {None, _task(edition.label_example)[1]}
    if not edition.guessed or of_task or _schema_named(document) == edition.name:
        return edition
    return _unjudged(f"{task} among systems of {edition.name}: validate it separately")


def edition_of_label(label: str) -> Edition | None:
    """The one edition that a label alone points to; None where there is none, or several."""
    found = _signs_of_label(label).editions
    return load_edition(next(iter(found))) if len(found) == 1 else None


def editions_of_task(label: str) -> list[str]:
    """The editions of the task that a label names, the subtask's letter aside; none for the task of the default."""
    number = _task(label)[1]
    return [name for name, sign in guesses().items() if sign.task is not None and _task(f"_{sign.task}_")[1] == number]


def is_of_unknown_task(label: str) -> bool:
    """Whether a label names a task that no edition knows."""
    number = _task(label)[1]
    return number not in {None, _OWN_TASK} and not editions_of_task(label)


def editions_that_take(label: str) -> list[str]:
    """The editions of one task and year whose labels have this form."""
    shared = {DEFAULT, COMMON}
    return [name for name in guesses() if name not in shared and re.fullmatch(load_edition(name).label_pattern, label)]


def _found(signs: Sequence[_Signs]) -> dict[str, str]:
    """The editions that systems point to, each with the first reason."""
    return {name: reason for one in reversed(signs) for name, reason in one.editions.items()}


def _differ(signs: Sequence[_Signs]) -> str:
    differ = " and ".join(f"{reason} ({name})" for name, reason in sorted(_found(signs).items()))
    return f"because the systems point to different ones: {differ}"


def _guessed(name: str) -> Edition:
    return replace(load_edition(name), guessed=True)


def _unjudged(why: str) -> Edition:
    return replace(load_edition(COMMON), unjudged=why)


def _documents(packages: Iterable[OpenedPackage]) -> Iterator[tuple[Document, SystemFiles]]:
    """The metadata of each system, and its files."""
    for package in packages:
        for files in package.found[0]:
            document, _ = package.metadata_of(files)
            if document is not None:
                yield document, files


def _signs(document: Document, files: SystemFiles) -> _Signs:
    """What a system points to: its first line, else its label (or its name, if that names no task), keys and files."""
    label, what = _label(document), "label"
    if _task(label)[0] is None and document.data is not None:
        label, what = files.stem, "file name"
    task, number = _task(label)
    if named := _schema_named(document):
        return _Signs({named: "its first line, which names the schema"}, number)
    by_key = {name: sign.key for name, sign in guesses().items() if sign.key is not None}
    certain = {name: f"the key {key}" for name, key in by_key.items() if split_path(key) in document.keys}
    certain = dict.fromkeys(_of_form(label), f"the {what} {label}") | certain | _by_file(files)
    if certain or number in {None, _OWN_TASK}:
        return _Signs(certain, number)
    hits = {name: _hits(name, document) for name, sign in guesses().items() if sign.task == task}
    most = max(hits.values(), default=0)
    if not most:
        return _Signs({}, number, document)
    reason = f"the {what} {label} and {'its' if what == 'label' else 'the'} keys"
    return _Signs({name: reason for name, count in hits.items() if count == most}, number)


def _schema_named(document: Document) -> str | None:
    """The edition whose schema the first line names."""
    match = re.fullmatch(_SCHEMA_LINE, document.lines[0][:1000].strip()) if document.lines else None
    return match[1] if match and match[1] in guesses() else None


def _signs_of_label(label: str) -> _Signs:
    """What a label alone points to: its form, or a task that only one edition has."""
    task, number = _task(label)
    of_task = [name for name in editions_of_task(label) if guesses()[name].task == task]
    # Some take labels of another form than the others.
    of_task = [name for name in of_task if re.fullmatch(load_edition(name).label_pattern, label)] or of_task
    names = _of_form(label) or (of_task if len(of_task) == 1 else [])
    return _Signs(dict.fromkeys(names, f"the label {label[:_MOST_CHARACTERS]}"), number if names else None)


def _by_file(files: SystemFiles) -> dict[str, str]:
    """The editions of which a package holds a file that no other has."""
    if files.folder is None:
        return {}
    patterns = {name: pattern_of(sign.file, files.stem) for name, sign in guesses().items() if sign.file is not None}
    found = {name: next(filter(one.fullmatch, files.tree.names()), None) for name, one in patterns.items()}
    return {name: f"the file {file[:_MOST_CHARACTERS]}" for name, file in found.items() if file is not None}


def _of_form(label: str) -> list[str]:
    label = label[:_MOST_CHARACTERS]
    return [name for name, sign in guesses().items() if sign.label is not None and re.fullmatch(sign.label, label)]


def _hits(name: str, document: Document) -> int:
    """How many of an edition's own keys a document of its task has."""
    together = [[keys] if isinstance(keys, str) else keys for keys in guesses()[name].keys]
    return sum(all(split_path(key) in document.keys for key in keys) for keys in together) if together else 1


def _label(document: Document) -> str:
    block = (document.data or {}).get("submission")
    label = block.get("label") if isinstance(block, dict) else None
    return label[:_MOST_CHARACTERS] if isinstance(label, str) else ""


def _task(label: str) -> tuple[str | None, str | None]:
    """The task that a label names, and its number alone: ``task1b`` and ``1``."""
    match = re.search(_TASK, label[:_MOST_CHARACTERS])
    return (match[1].lower(), str(int(match[2]))) if match else (None, None)


def _no_edition(document: Document) -> str:
    """What is not known, and the edition that has most of the document's keys."""
    label = _label(document)
    others = [name for name, sign in guesses().items() if sign.task is not None]
    editions = [load_edition(name) for name in editions_of_task(label) or others]
    nearest = max(editions, key=lambda edition: len(set(document.keys) & {*edition.field_of_path, *edition.parents}))
    shared = "only what all tasks share was checked"
    return f"no edition covers {_task(label)[0]} with these keys, so {shared}; the nearest edition is {nearest.name}"
