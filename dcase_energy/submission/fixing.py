"""Safe edits of metadata files (``validate --fix``). A figure is never touched.

What is fixed: spaces at the end of lines; keys that are a misspelling of exactly one known key at the same level;
numbers and truth values where the edition wants text (put in quotes); words such as ``None`` where null may stand.

Each edit is one place in the text, and the file is read again afterwards: unless every value except those
edited is what it was, nothing is written.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from dcase_energy.documents.document import Document, Path, Place, dotted
from dcase_energy.documents.yaml import MAX_BYTES, MAX_DEPTH, load_yaml
from dcase_energy.editions.fields import TEXT_KINDS
from dcase_energy.editions.model import Edition
from dcase_energy.errors import WriteError
from dcase_energy.submission.guess import edition_for
from dcase_energy.submission.metadata import UNKNOWN_KEY, Metadata, canonicalise
from dcase_energy.submission.package import find_systems
from dcase_energy.submission.placeholders import is_none_word
from dcase_energy.submission.suggestions import suggest
from dcase_energy.writing.files import write_bytes

# Characters that only some programs take for a line break: places would be uncertain.
_OTHER_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|\r(?!\n)")
_TRAILING = re.compile(r"[ \t]+(?=\r?\n|\Z)")
_BLOCK_SCALAR = re.compile(r"(?:^|[:\s-])[|>][-+0-9]*\s*(?:#.*)?$")


@dataclass(frozen=True)
class Change:
    """What was changed in a file: a unified difference, and each edit in words."""

    file: str
    diff: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class _Edit:
    """Replace the text ``old`` at a place by ``new``."""

    place: Place
    old: str
    new: str
    what: str


def fix_paths(paths: Sequence[FilePath], edition: Edition, *, write: bool) -> Iterator[Change]:
    """Fix the metadata files below some paths; those in archives are left alone.

    Of a link that is named itself the file that it leads to is corrected; links in packages are never followed.

    Raises
    ------
    WriteError
        If a file cannot be written.
    """
    for path in paths:
        for files in find_systems(path)[0] if path.exists() else []:
            where = files.tree.where(files.meta)
            target = FilePath(where.file)
            data = files.tree.read(files.meta, MAX_BYTES)[0] if where.member is None and target.is_file() else None
            if data is None:
                continue
            fixed, what = fix_text(data, edition)
            if what and write:
                _write(target.resolve(), fixed)
            if what:
                yield Change(str(target), _difference(data, fixed, str(target)), what)


def _write(target: FilePath, data: bytes) -> None:
    try:
        write_bytes(target, data)
    except OSError as error:
        raise WriteError(f"{target} cannot be written: {error.strerror}") from None


def fix_text(data: bytes, edition: Edition) -> tuple[bytes, tuple[str, ...]]:
    """The fixed bytes of a metadata file and what was done; the same bytes and nothing where nothing is safe to do.

    What a fixed key brings to light is fixed as well: a second call finds nothing more to do.
    """
    what: tuple[str, ...] = ()
    for _ in range(MAX_DEPTH):
        data, done = _fix_once(data, edition)
        if not done:
            break
        what += done
    return data, what


def _fix_once(data: bytes, edition: Edition) -> tuple[bytes, tuple[str, ...]]:
    document = load_yaml(data, "")
    if document.data is None:
        return data, ()
    text = data.decode("utf-8-sig")
    if _OTHER_BREAKS.search(text):
        return data, ()
    edits = sorted(_edits(document, edition), key=lambda edit: (edit.place.line, edit.place.column), reverse=True)
    lines = text.splitlines(keepends=True)
    done = [edit.what for edit in edits if _apply(lines, edit)][::-1]
    fixed = _without_trailing_blanks("".join(lines))
    if fixed != "".join(lines):
        done.append("spaces at the end of lines")
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    result = bom + fixed.encode()
    if not done or not _same_but_for(document, load_yaml(result, ""), edits):
        return data, ()
    return result, tuple(done)


def _without_trailing_blanks(text: str) -> str:
    """Spaces at line ends removed, unless a line may belong to a text of several lines, where they could matter."""
    return text if any(map(_BLOCK_SCALAR.search, text.splitlines())) else _TRAILING.sub("", text)


def _edits(document: Document, edition: Edition) -> Iterator[_Edit]:
    metadata, findings = canonicalise(document, edition_for(edition, document))
    unknown = {finding.where.path for finding in findings if finding.code == UNKNOWN_KEY.code}
    for path, at in document.keys.items():
        key = _respelt(path, metadata) if dotted(path) in unknown else None
        if key is not None:
            yield _Edit(at, str(path[-1]), key, f"{dotted(path)} is spelt {key}")
    for name, value in metadata.values.items():
        spec, path = metadata.edition.fields[name], metadata.paths[name]
        written, place = document.texts.get(path), document.values.get(path)
        if written is None or place is None:
            continue
        if spec.kind in TEXT_KINDS and isinstance(value, bool | int | float):
            yield _Edit(place, written, json.dumps(written), f"{dotted(path)} is put in quotes")
        elif is_none_word(value) and name not in metadata.edition.required:
            yield _Edit(place, written, "null", f"{dotted(path)} is null")


def _respelt(path: Path, metadata: Metadata) -> str | None:
    """The known key that an unknown one misspells, if this file does not have it already."""
    meant = suggest(path, metadata.edition)
    if meant is None or meant.key is None or (*path[:-1], meant.key) in metadata.document.keys:
        return None
    name = metadata.edition.field_of_path.get((*path[:-1], meant.key))
    return None if name is not None and name in metadata.paths else meant.key


def _apply(lines: list[str], edit: _Edit) -> bool:
    """Replace in place; False where the text there is not what was read (quoted, folded)."""
    index, start = edit.place.line - 1, edit.place.column - 1
    line = lines[index]
    if there := line.startswith(edit.old, start):
        lines[index] = line[:start] + edit.new + line[start + len(edit.old) :]
    return there


def _same_but_for(before: Document, after: Document, edits: Sequence[_Edit]) -> bool:
    """Whether the fixed document has every scalar of the old one as it was written, except for words now null."""
    if after.data is None or len(after.findings) > len(before.findings):
        return False
    nulls = sum(edit.new == "null" for edit in edits)
    old, new = Counter(before.texts.values()), Counter(after.texts.values())
    gone, come = old - new, new - old
    return old.total() == new.total() and set(come) <= {"null"} and gone.total() == come.total() <= nulls


def _difference(before: bytes, after: bytes, name: str) -> str:
    old, new = (data.decode("utf-8-sig").splitlines() for data in (before, after))
    return "\n".join(difflib.unified_diff(old, new, f"{name} (before)", f"{name} (after)", lineterm="", n=1))
