"""What the page of mutation testing judges still stands in the code; ``make mutation`` compares the rest."""

from __future__ import annotations

import ast

import pytest

from tests.mutation import MODULES, PAGE, ROOT, changed_patterns, changes_of_tables, judgements

JUDGED = judgements(PAGE.read_text(encoding="utf-8"))


def test_every_block_of_the_page_is_a_judgement():
    assert len(JUDGED) == PAGE.read_text(encoding="utf-8").count("```diff") == len(set(JUDGED)) > 0


@pytest.mark.parametrize("change", JUDGED, ids=lambda change: f"{change.module}.{change.place}")
def test_what_is_judged_stands_in_the_code(change):
    module = next(one for one in MODULES if one.endswith(f"/{change.module}.py"))
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == change.place)
    # One statement may stand on several lines.
    assert change.before in " ".join(ast.unparse(function).split()) or ast_of(change.before) in ast.unparse(function)


def ast_of(line: str) -> str:
    """A line of code as the parser would write it."""
    if line.startswith("for "):
        return ast.unparse(ast.parse(f"[0 {line}]")).removeprefix("[0 ").removesuffix("]")
    if line.startswith("return "):
        return ast.unparse(ast.parse(f"def f():\n {line}")).split("\n")[1].strip()
    return ast.unparse(ast.parse(line))


def test_patterns_lose_each_member_and_each_end():
    assert list(changed_patterns("[a\\]x-z]")) == ["[\\]x-z]", "[ax-z]", "[a\\]y-z]", "[a\\]x-y]"]
    assert list(changed_patterns("[^a]")) == ["[^]"]
    assert list(changed_patterns("ab+")) == ["(?!)ab+"]


def test_every_change_of_a_table_is_a_program_and_another_one():
    for module in MODULES:
        kept = ast.dump(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        made = [ast.dump(ast.parse(text)) for _, text in changes_of_tables(module)]
        assert kept not in made
        assert len(set(made)) == len(made)
