"""Mutation testing of what must not be wrong unnoticed, the formulas, the order and the escaping: ``make mutation``.

[mutmut](https://mutmut.readthedocs.io) changes the functions of these modules one spot at a time and runs the tests
that reach it. It leaves tables and patterns outside functions alone, and most of the escaping is such; so every member
of these is taken away, and every end of a range moved, by this program.

A change that no test notices survives. Each survivor is assessed in ``docs/mutation.md``; one that is not, and a
judgement of what no longer survives, make the exit code 1. The work is done in ``build/mutation``, on a copy.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "mutation"
PAGE = ROOT / "docs" / "mutation.md"
RANKING = "dcase_energy/ranking"
MODULES = (f"{RANKING}/normalize.py", f"{RANKING}/order.py", "dcase_energy/writing/escape.py", "dcase_energy/text.py")
# What a module sets outside its functions is checked by its own tests.
OWN_TESTS = (
    "tests/ranking/test_normalize.py",
    "tests/ranking/test_order.py",
    "tests/unit/test_escape.py",
    "tests/unit/test_text.py",
)
TESTS = (*OWN_TESTS, *(f"tests/ranking/test_{name}.py" for name in ("fairness", "uncertainty", "views")))
UNNOTICED = {"survived", "no tests"}
OPTIONS = ("-p", "no:cacheprovider", "--hypothesis-seed=0")


@dataclass(frozen=True)
class Change:
    """One line before and after a change, in a function or a table of a module."""

    module: str
    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"### `{self.place}` of {self.module}\n\n```diff\n- {self.before}\n+ {self.after}\n```\n"


def main() -> int:
    """Make all changes, and compare what survives with what the page judges."""
    set_up()
    made, survivors = mutate_functions()
    for module in MODULES:
        for change, source in changes_of_tables(module):
            made += 1
            if survives(module, source):
                survivors.append(change)
    judged = judgements(PAGE.read_text(encoding="utf-8"))
    unjudged = [one for one in dict.fromkeys(survivors) if one not in judged]
    gone = [one for one in judged if one not in survivors]
    for title, changes in (("Not judged", unjudged), ("Judged, but does not survive", gone)):
        for change in changes:
            print(f"{title}:\n\n{change}")
    print(f"{made} changes, {made - len(survivors)} noticed by the tests, {len(survivors)} not")
    return int(bool(unjudged or gone))


def set_up() -> None:
    """A copy of what the tests need, and mutmut's configuration beside it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("dcase_energy", "schemas", "tests"):
        shutil.copytree(ROOT / name, FOLDER / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", FOLDER)
    lists = {
        "only_mutate": MODULES,
        "also_copy": ("schemas",),
        "pytest_add_cli_args": OPTIONS,
        "pytest_add_cli_args_test_selection": TESTS,
    }
    text = "[mutmut]\nsource_paths=dcase_energy\n"
    text += "".join(f"{name}=\n" + "".join(f"    {one}\n" for one in values) for name, values in lists.items())
    (FOLDER / "setup.cfg").write_text(text)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python on the copy."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    clean["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=FOLDER, env=clean, capture_output=True, text=True, check=False
    )


def mutate_functions() -> tuple[int, list[Change]]:
    """Number of mutmut's changes, and those that survive.

    Raises
    ------
    RuntimeError
        If mutmut could not do its work: then nothing is known about the tests.
    """
    done = command("mutmut", "run", "--max-children", "1")
    results = command("mutmut", "results", "--all", "true").stdout
    states = dict(re.findall(r"^\s*(dcase_energy\S+): (.+)$", results, re.M))
    if done.returncode or not states or set(states.values()) - {"killed", "timeout", *UNNOTICED}:
        raise RuntimeError(f"mutmut did not finish: {sorted(set(states.values()))}\n{done.stdout[-2000:]}{done.stderr}")
    return len(states), [shown(name) for name, state in states.items() if state in UNNOTICED]


def shown(name: str) -> Change:
    """What mutmut changed, by its name of the change."""
    difference = command("mutmut", "show", name).stdout.partition("\n@@")[2].splitlines()
    before, after = (" ".join(line[1:].strip() for line in difference if line.startswith(sign)) for sign in "-+")
    module, _, function = name.split("__mutmut_")[0].rpartition(".")
    return Change(module.rpartition(".")[2], function.removeprefix("x_"), before, after)


def changes_of_tables(module: str) -> Iterator[tuple[Change, str]]:
    """Each change of what a module sets outside its functions, with the module's new text."""
    source = (ROOT / module).read_text(encoding="utf-8")
    name = Path(module).stem
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            place = statement.targets[0].id
            for node, text in changed_values(statement.value):
                before = ast.get_source_segment(source, node) or ""
                lines = source.splitlines(keepends=True)
                first, last = (node.lineno - 1, node.col_offset), ((node.end_lineno or 0) - 1, node.end_col_offset or 0)
                head = "".join(lines[: first[0]]) + lines[first[0]].encode()[: first[1]].decode()
                tail = lines[last[0]].encode()[last[1] :].decode() + "".join(lines[last[0] + 1 :])
                yield Change(name, place, one_line(before), one_line(text)), head + text + tail


def one_line(text: str) -> str:
    return " ".join(text.split())


def changed_values(value: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Parts of a value, each with what stands in its place: numbers move, members of tables and patterns go."""
    if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
        yield value, repr(value.value * 2)
        yield value, repr(value.value / 2 if isinstance(value.value, float) else value.value // 2)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        # The inside of a set of characters.
        yield from ((value, ascii(text[1:-1])) for text in changed_patterns(f"[{value.value}]"))
    elif isinstance(value, ast.Tuple):
        for place in range(len(value.elts)):
            left = [ast.unparse(one) for other, one in enumerate(value.elts) if other != place]
            yield value, f"({', '.join(left)},)"
    elif isinstance(value, ast.Dict):
        for place in range(len(value.keys)):
            rows = [(k, v) for other, (k, v) in enumerate(zip(value.keys, value.values, strict=True)) if other != place]
            yield value, "{" + ", ".join(f"{ast.unparse(k)}: {ast.unparse(v)}" for k, v in rows if k) + "}"
    elif isinstance(value, ast.Call) and value.args and isinstance(pattern := value.args[0], ast.Constant):
        yield from ((pattern, ascii(text)) for text in changed_patterns(str(pattern.value)))


def changed_patterns(pattern: str) -> Iterator[str]:
    """A pattern of one set of characters with a member less, or a range that begins later or ends sooner."""
    match = re.fullmatch(r"\[(\^?)(.*)\]", pattern, re.S)
    if match is None:
        yield f"(?!){pattern}"
        return
    members = [one[0] for one in re.finditer(r"\\?.(?:-\\?.)?", match[2], re.S)]
    for place, member in enumerate(members):
        others = [""]
        if len(member) == 3 and member[1] == "-":
            low, high = ord(member[0]), ord(member[2])
            others = [f"{re.escape(chr(low + 1))}-{member[2]}", f"{member[0]}-{re.escape(chr(high - 1))}"]
        for other in others:
            inside = "".join([*members[:place], other, *members[place + 1 :]])
            yield f"[{match[1]}{inside}]"


def survives(module: str, source: str) -> bool:
    """Whether the tests pass with this text of a module."""
    path = FOLDER / module
    kept = path.read_bytes()
    path.write_text(source, encoding="utf-8")
    try:
        done = command("pytest", "-x", "-q", *OPTIONS, *OWN_TESTS)
    finally:
        path.write_bytes(kept)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"pytest ended with {done.returncode}\n{done.stdout[-2000:]}")
    return done.returncode == 0


def judgements(page: str) -> list[Change]:
    """The changes that a page judges; each is followed by what is thought of it."""
    pattern = r"^### `(\w+)` of ([\w.]+)\n\n((?:```diff\n- .*\n\+ .*\n```\n\n?)+)(?=\w)"
    return [
        Change(module, place, before, after)
        for place, module, blocks in re.findall(pattern, page, re.M)
        for before, after in re.findall(r"```diff\n- (.*)\n\+ (.*)\n```", blocks)
    ]


if __name__ == "__main__":
    sys.exit(main())
