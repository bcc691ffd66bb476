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
_BETWEEN = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT}
_QUOTES = re.compile(r"""^\w{0,2}("{3}|"|'{3}|')|("{3}|"|'{3}|')$""")
_TEXT = (".md", ".toml", ".html", ".jinja", ".js", ".css", ".ipynb", ".cff", ".yml", ".def", ".1")
# Files without an ending: scripts, make, containers.
_NAMES = ("run", "Makefile", "Dockerfile")
# Words that are no head of a column, though they may stand in a sentence.
_HEADS = {"demands", "looks", "holds", "because", "said", "says"}


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what people read of a file and the number of its line: of Python strings and comments, else every line.

    An empty text ends a passage.
    """
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(content.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in _READ:
            yield from enumerate(_QUOTES.sub("", token.string).splitlines(), token.start[0])
        elif token.type not in _BETWEEN:
            yield token.start[0], ""


def _passages(path: Path) -> Iterator[tuple[list[tuple[int, int]], str]]:
    """Yield passages as one line each, since a phrase may go over the end of a line, and where each line begins."""
    starts: list[tuple[int, int]] = []
    text = ""
    for number, line in (*_texts(path), (0, "")):
        plain = line.strip().lstrip("#").strip()
        if plain:
            starts.append((len(text), number))
            text += f"{plain} "
        elif text:
            yield starts, text
            starts, text = [], ""


def found_words(paths: list[Path]) -> list[str]:
    """Return ``path:line: word: write ... instead`` for every forbidden word of some files."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}: write: {_INSTEAD[int(match.lastgroup[1:])]}"
        for path in paths
        for starts, text in _passages(path)
        for match in _FORBIDDEN.finditer(text)
        if match.lastgroup
        for line in [max(number for start, number in starts if start <= match.start())]
    ]


def _tracked(places: list[str]) -> list[Path]:
    names = subprocess.run(["git", "ls-files", "--", *places], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in names.stdout.splitlines())
    read = (path for path in paths if path.suffix in {".py", *_TEXT} or path.name in _NAMES)
    return [path for path in read if path.name not in {"words.toml", Path(__file__).name}]


def test_no_word_of_the_former_dialect_comes_back():
    if not (ROOT / ".git").exists():
        pytest.skip("the files of a checkout are listed by git")
    assert found_words(_tracked(["."])) == []


def test_a_phrase_is_found_over_the_end_of_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    page, code, template = (tmp_path / name for name in ("a.md", "b.py", "c.html.jinja"))
    page.write_text("One\ntwo, hand\n  in.\n\nbut\n\nfor\n")
    code.write_text('"""All but\nfor one."""\nx = f("All be"\n  "fore " "but " "for one")\n# not to hand\n# in here\n')
    template.write_text("<p>Nobody</p>\n")
    places = [line.rsplit(": write", 1)[0] for line in found_words([page, code, template])]
    assert places == [
        "a.md:2: 'hand in'",
        "b.py:1: 'but for'",
        "b.py:4: 'but for'",
        "b.py:5: 'hand in'",
        "c.html.jinja:1: 'Nobody'",
    ]


def test_heads_of_columns_are_nouns():
    heads = re.compile(r"^\|(.+)\|\s*\n\|[-:| ]+\|\s*$", re.MULTILINE)
    wrong = [
        f"{path.name}: {row}"
        for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
        for row in heads.findall(path.read_text(encoding="utf-8"))
        if _HEADS & {cell.strip() for cell in row.casefold().split("|")}
    ]
    assert wrong == []


if __name__ == "__main__":
    sys.stdout.write("\n".join([*found_words(_tracked(sys.argv[1:])), ""]))
