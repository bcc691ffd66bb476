"""Where records are written: what was measured is never replaced.

``energy.json`` is written if that name is free. Where a complete record stands, the next one is ``energy.2.json``, and
one that failed is ``energy.failed.json``. A failed record without a complete one keeps the name only until the next
measurement begins: it then becomes ``energy.failed.json``. The journal always lies beside its record.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from dcase_energy.documents.files import load_bytes
from dcase_energy.errors import JournalError
from dcase_energy.locks import lock_file
from dcase_energy.measure.journal import JournalWriter, names_still, read_journal
from dcase_energy.measure.records import MAX_RECORD_BYTES, Evidence
from dcase_energy.writing.files import write_text

if TYPE_CHECKING:
    from dcase_energy.measure.entries import JournalEntry

_Path = TypeVar("_Path", bound=PurePath)


def journal_of(record: _Path) -> _Path:
    """Where the journal of a record lies: beside it."""
    return record.with_name(f"{record.stem}.journal.jsonl")


def record_beside(journal: Path) -> Path:
    """The record beside a journal, as `journal_of` the other way round."""
    return journal.with_name(f"{journal.name.removesuffix('.jsonl').removesuffix('.journal')}.json")


def how_to_write(journal: Path, problem: OSError) -> str:
    """What to do where a record could not be written: its journal has everything."""
    copy = getattr(problem, "copy", None) or journal
    return f"`dcase-energy measure --from-journal {shlex.quote(str(copy))}` writes the record"


class RecordFile:
    """The file that one measurement writes its record to.

    Parameters
    ----------
    output
        The name that was asked for.
    force
        Replace a complete record of that name, once the new one is complete.

    Attributes
    ----------
    path
        Where the record is written; known for certain once it is.
    begun
        Whether a journal was begun, or one that can be resumed was found.
    """

    def __init__(self, output: Path, *, force: bool = False) -> None:
        self.path = self._output = output
        self._force = force
        self.begun = False

    @property
    def journal(self) -> Path:
        """The journal beside the record."""
        return journal_of(self.path)

    def about(self, record: Evidence) -> list[str]:
        """Lines for people: which files were written, and what stays beside them."""
        lines = [f"record: {self.path}", f"journal: {self.journal}"]
        if self.path != self._output:
            replaces = "; --force replaces it" if record.complete and not self._force else ""
            lines.append(f"{self._output} was there before and is kept{replaces}")
        return lines

    def begin(self) -> JournalWriter:
        """Begin the journal under the first name that is free; what did not reach its end makes room.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        names = _numbered(self._output)
        while True:
            path = next(names)
            if _makes_room(path, self._output):
                with contextlib.suppress(FileExistsError):
                    journal = JournalWriter(journal_of(path))
                    self.path, self.begun = path, True
                    return journal

    def adopt(self, journal: Path) -> None:
        """Take a journal that exists: the one beside the record, or a copy of another."""
        beside = journal_of(self._output)
        if journal.exists() and beside.exists() and journal.samefile(beside):
            self.path = self._output
        else:
            copy = self.begin()
            try:
                for entry in read_journal(journal):
                    fields: dict[str, Any] = {key: value for key, value in entry.items() if key != "previous"}
                    copy.write(**fields)
            finally:
                copy.close()

    def newest(self) -> None:
        """Choose the last name that has a journal, to resume it; the first where there is none."""
        for path in _numbered(self._output):
            if not (path.exists() or journal_of(path).exists()):
                break
            self.path, self.begun = path, journal_of(path).exists()

    def write(self, record: Evidence, *, resumable: bool = False) -> Path:
        """Write the record beside its closed journal, and give its path.

        One that is not complete leaves its number, unless it can be resumed.

        Raises
        ------
        OSError
            If it cannot be written; the journal, from which it can be computed again, is then all there is.
        """
        if not record.complete and not resumable and self.path != self._output:
            self.path = _move(self.path, _failed_names(self._output))
        elif self.path.is_file() and _content(self.path).get("run_id") != record.run_id:
            # The work itself wrote a file of this name meanwhile.
            self.path = _move(self.path, _numbered(self._output), record=False)
        write_text(self.path, record.model_dump_json(indent=2) + "\n")
        if record.complete and self._force and self.path != self._output:
            self._replace()
        return self.path

    def _replace(self) -> None:
        """Put the new record in the place of the old one, unless that is being written now."""
        handle = None
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(journal_of(self._output), os.O_RDWR)
        try:
            if handle is None or lock_file(handle) is not False:
                self.journal.replace(journal_of(self._output))
                self.path = self.path.replace(self._output)
        finally:
            if handle is not None:
                os.close(handle)


def _numbered(path: Path) -> Iterator[Path]:
    """``energy.json``, ``energy.2.json``, ... and without a suffix ``energy``, ``energy-2``, ..."""
    yield path
    for number in itertools.count(2):
        yield _with_word(path, str(number))


def _with_word(path: Path, word: str) -> Path:
    return path.with_name(f"{path.stem}.{word}{path.suffix}" if path.suffix else f"{path.stem}-{word}")


def _failed_names(output: Path) -> Iterator[Path]:
    return _numbered(_with_word(output, "failed"))


def _makes_room(path: Path, output: Path) -> bool:
    """Whether a name is free, or what did not reach its end could be moved away from it."""
    journal = journal_of(path)
    if path.is_dir() or journal.is_dir():
        return False
    if not journal.exists():
        if _is_failed(path):
            # Without the journal: another process may have begun one just now.
            _move(path, _failed_names(output), journal=False)
        return not path.is_file()
    try:
        handle = os.open(journal, os.O_RDWR)
    except OSError:
        return False
    try:
        # Held while it is moved, so that two processes do not move it, and none begins one that is moved under it.
        # Another process may have put a new journal in the place of the one that was opened here.
        if lock_file(handle) is False or not names_still(journal, handle) or _finished(_entries(journal) or ()):
            return False
        if _is_failed(path):
            _move(path, _failed_names(output))
        elif not path.is_file():
            _set_aside(journal)
    except OSError:
        return False
    finally:
        os.close(handle)
    return not path.is_file()


def _is_failed(path: Path) -> bool:
    """Whether a record says that it is not complete. Other files are not ours to move."""
    content = _content(path)
    return content.get("kind") in {"calibration", "energy"} and content.get("complete") is False


def _content(path: Path) -> dict[str, Any]:
    """What is in a record; nothing where it is not JSON."""
    try:
        content = json.loads(load_bytes(path, MAX_RECORD_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _finished(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the work of a journal reached its end; probes and readings may follow."""
    ends = [entry for entry in entries if entry.get("entry") in {"finish", "run", "resume"}]
    return bool(ends) and ends[-1].get("entry") == "finish" and bool(ends[-1].get("complete"))


def _entries(journal: Path) -> list[JournalEntry] | None:
    """The entries of a journal; None where it cannot be read."""
    try:
        return read_journal(journal)
    except JournalError:
        return None


def _move(path: Path, names: Iterator[Path], *, record: bool = True, journal: bool = True) -> Path:
    """Move a record, its journal, or both, if they are there, to the first of some names that is free."""
    source = journal_of(path)
    while True:
        target = next(names)
        if not (target.exists() or journal_of(target).exists()):
            with contextlib.suppress(FileExistsError):  # another process was faster
                source = _rename(source, journal_of(target)) if journal else source
                if record:
                    _rename(path, target)
                return target


def _set_aside(journal: Path) -> None:
    """Keep a journal that was cut off before a record was written: it holds what was measured until then."""
    entries = _entries(journal)
    if entries is not None and not _holds_anything(entries):
        journal.unlink()
        return
    stem = journal.name.removesuffix(".journal.jsonl")
    for number in itertools.count(1):
        with contextlib.suppress(FileExistsError):
            _rename(journal, journal.with_name(f"{stem}.interrupted-{number}.jsonl"))
            return


def _holds_anything(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether something was measured, or may have been: the work had begun and nothing says how it ended."""
    return bool(entries) and (entries[-1].get("entry") != "finish" or any("reading" in entry for entry in entries))


def _rename(path: Path, target: Path) -> Path:
    """Rename without replacing; what is not there, or was renamed by another process meanwhile, is not renamed."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except FileNotFoundError:
        return target
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        path.rename(target)
        return target
    try:
        path.unlink()
    except FileNotFoundError:
        target.unlink()
    return target
