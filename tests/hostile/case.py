"""One hostile input: how to make it, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.builders.packages import LABEL, META, files, metadata, write
from tests.builders.zips import archive, package

# Makes the input below a folder and returns what to pass to `validate`.
Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """A case.

    Attributes
    ----------
    name
        Number in the list of hostile inputs and a word, ``Y06-alias-bomb``.
    make
        Makes the input.
    codes
        Findings that must be among those named; empty if the input is harmless.
    words
        What one of the messages must say.
    clean
        Whether nothing at all may be found.
    """

    name: str
    make: Make
    codes: tuple[str, ...] = ()
    words: str = ""

    @property
    def clean(self) -> bool:
        return not self.codes


def yaml(name: str, content: str | bytes, *codes: str, words: str = "") -> Case:
    """A metadata file with this content."""
    data = content.encode() if isinstance(content, str) else content

    def make(folder: Path) -> Path:
        path = folder / f"{LABEL}.meta.yaml"
        path.write_bytes(data)
        return path

    return Case(name, make, codes, words)


def field(name: str, old: str, new: str, *codes: str, words: str = "") -> Case:
    """Valid metadata with one piece replaced."""
    text = metadata()
    assert old in text, old
    return yaml(name, text.replace(old, new, 1), *codes, words=words)


def folder(name: str, contents: dict[str, bytes], *codes: str, words: str = "") -> Case:
    """A package folder: a valid one with these files added or replaced."""
    return Case(name, lambda where: write(where / "package", {**files(runs=1), **contents}), codes, words)


def zipped(name: str, data: bytes | Callable[[], bytes], *codes: str, words: str = "") -> Case:
    """A file with the name of a zip archive."""

    def make(where: Path) -> Path:
        path = where / "submission.zip"
        path.write_bytes(data() if callable(data) else data)
        return path

    return Case(name, make, codes, words)


def honest() -> bytes:
    """A valid archive."""
    return archive(package(files(runs=1)))


__all__ = ["LABEL", "META", "Case", "field", "folder", "honest", "yaml", "zipped"]
