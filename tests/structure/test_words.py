"""Plain English: the words of the former dialect stay out of what people read.

``python -m tests.structure.test_words PATH...`` lists them with what to write instead.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_WORDS: dict[str, str] = tomllib.loads((Path(__file__).parent / "words.toml").read_text())["words"]
_FORBIDDEN = re.compile("|".join(rf"(?P<w{i}>\b(?:{word})\b)" for i, word in enumerate(_WORDS)), re.IGNORECASE)
_INSTEAD = list(_WORDS.values())
# Python 3.12 splits f-strings into parts.
_READ = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_TEXT = (".md", ".toml", ".html", ".cff", ".yml", ".1")


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that people read: of Python the strings and comments, of other files every line."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(content.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in _READ:
            yield from enumerate(token.string.splitlines(), token.start[0])


def found_words(paths: list[Path]) -> list[str]:
    """Return ``path:line: word: write ... instead`` for every forbidden word of some files."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}: write: {_INSTEAD[int(match.lastgroup[1:])]}"
        for path in paths
        for line, text in _texts(path)
        for match in _FORBIDDEN.finditer(text)
        if match.lastgroup
    ]


def _tracked(places: list[str]) -> list[Path]:
    names = subprocess.run(["git", "ls-files", "--", *places], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in names.stdout.splitlines())
    return [path for path in paths if path.suffix in {".py", *_TEXT} and "words.toml" not in path.name]


def test_no_word_of_the_former_dialect_comes_back():
    if not (ROOT / ".git").exists():
        pytest.skip("the files of a checkout are listed by git")
    assert found_words(_tracked(["."])) == []


if __name__ == "__main__":
    sys.stdout.write("\n".join([*found_words(_tracked(sys.argv[1:])), ""]))
