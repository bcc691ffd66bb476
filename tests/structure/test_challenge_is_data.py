"""A challenge is data: code names neither the scores nor the stages of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "dcase_energy"
FOLDERS = ("editions", "ranking", "submission", "sheets", "cli")
TEMPLATES = {".css", ".jinja", ".js"}
# It reads editions of version 1.0, which named scores and stages.
CONVERTER = PACKAGE / "editions" / "version_1.py"
# A field of the metadata, options of the baseline's training, and a count of its recipe.
OTHER_NAMES = {"training_time", "parse_training_time", "training_options", "test_clips"}
# Phases of its record.
OTHER_NAMES |= {"training_window", "training_steps", "test_forward", "test_metrics"}
_NAMED = re.compile(r"(?<![a-z])psds[12]|(?<![a-z])(training|test)(?![a-z])")
_WORD = re.compile(r"[\w.{}/-]+")


def _names(node: ast.AST) -> Iterator[str]:
    """The identifiers of a node, and its text where that is one word: a name for programs, not prose."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _WORD.fullmatch(node.value):
        yield node.value
    for field in ("id", "attr", "arg", "name"):
        if isinstance(name := getattr(node, field, None), str):
            yield name


def _prose(tree: ast.Module) -> set[int]:
    """Examples and explanations of rules, and help of options."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"bad", "good", "why", "fix", "title", "help", "epilog"}:
            found |= {id(inner) for inner in ast.walk(node)}
    return found


def named(path: Path) -> list[str]:
    """``path:line: name`` of every name that holds a score or a stage."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = _prose(tree)
    return [
        f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}: {name}"
        for node in ast.walk(tree)
        if id(node) not in prose
        for name in _names(node)
        if name not in OTHER_NAMES and _NAMED.search(name.casefold())
    ]


def test_no_code_names_a_score_or_a_stage_of_a_challenge():
    paths = [path for folder in FOLDERS for path in sorted((PACKAGE / folder).rglob("*.py")) if path != CONVERTER]
    assert [line for path in paths for line in named(path)] == []


def test_no_template_names_one_either():
    found = {path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*.*") if path.suffix in TEMPLATES}
    assert {path.suffix for path in found} == TEMPLATES
    assert [path.name for path in found if _NAMED.search(path.read_text(encoding="utf-8").casefold())] == []


def test_a_name_is_found_and_prose_is_not(tmp_path):
    path = PACKAGE / "ranking" / "order.py"
    assert named(path) == []
    lines = [line.partition(": ")[2] for line in named(CONVERTER)]
    assert {"psds1", "training", "test"} <= set(lines)
