"""The house: imports go one way, heavy libraries stay out of the way of quick commands, modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "dcase_energy"

# Each layer may import itself and the layers before it.
LAYERS = [
    {"student"},
    {"errors", "orphans", "stats", "text"},
    {"locks"},
    {"units", "findings", "parallel", "arguments", "__init__"},
    {"rules", "writing"},
    {"documents", "sheets"},
    {"editions"},
    {"scoring", "measure"},
    {"calibration"},
    {"submission"},
    {"ranking", "study"},
    {"api"},
    {"integrations"},
    {"cli"},
    {"__main__"},
]
HEAVY = {"torch", "pandas", "codecarbon", "matplotlib", "dask", "distributed", "dcase_baseline"}
# What a metadata file by itself does not need.
LATER = {
    "multiprocessing", "numpy", "pydantic", "tomllib", "dcase_energy.documents.codecarbon.reading",
    "dcase_energy.scoring.score_files", "dcase_energy.editions.assembly",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def layer_of(name: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if name in names)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "dcase_energy":
                yield from (f"dcase_energy.{alias.name}" for alias in node.names)
            else:
                yield node.module


def others_of(tree: ast.AST, names: Collection[str]) -> set[str]:
    """The modules a module takes names from; of `from package import module`, the module."""
    taken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            taken |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            within = {f"{node.module}.{alias.name}" for alias in node.names}
            taken |= {one if one in names else node.module for one in within}
    return taken & set(names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_imports_go_one_way():
    wrong = []
    # The package itself offers the public names, each imported when it is used; a test below holds that.
    for path in set(modules()) - {PACKAGE / "__init__.py"}:
        own = part_of(path)
        for name in imported(parsed(path)):
            if name.startswith("dcase_energy.") and name != "dcase_energy.__version__":
                other = name.split(".")[1]
                if layer_of(other) > layer_of(own) or (layer_of(other) == layer_of(own) and other != own):
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_no_two_files_import_each_other():
    """Late imports count as well: a circle is a circle."""
    parts = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules()}
    names = {part.removesuffix(".__init__"): path for path, part in parts.items()}
    graph = {
        name: others_of(parsed(path), names) - {name, "dcase_energy"}
        for name, path in names.items()
        if name != "dcase_energy"
    }
    assert set(graph) <= set(TopologicalSorter(graph).static_order())


def test_the_package_itself_loads_nothing():
    code = "import sys, dcase_energy; print(sorted(n for n in sys.modules if n.startswith('dcase_energy')))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert printed == "['dcase_energy']\n"


def test_heavy_libraries_are_imported_where_they_are_used():
    wrong = []
    for path in modules():
        top = [node for node in parsed(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        found = {name.split(".")[0] for node in top for name in imported(node)}
        wrong += [f"{path.relative_to(ROOT)} imports {name} at its top" for name in sorted(found & HEAVY)]
    assert wrong == []


def test_only_calibration_imports_the_baseline():
    users = {
        part_of(path) for path in modules() for name in imported(parsed(path)) if name.split(".")[0] == "dcase_baseline"
    }
    # `macs` and `soundscapes` show what the baseline offers, and nothing lies between.
    assert users == {"calibration", "cli"}


def test_the_baseline_uses_measuring_and_scoring_only():
    used = {
        name.split(".")[1]
        for path in (ROOT / "baseline" / "dcase_baseline").rglob("*.py")
        for name in imported(parsed(path))
        if name.startswith("dcase_energy.")
    }
    assert used <= {"documents", "errors", "findings", "measure", "parallel", "scoring", "writing"}


def quick_commands() -> list[list[str]]:
    example = ROOT / "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"
    return [["--help"], ["--version"], ["validate", "--help"], ["validate", str(example)], ["explain", "E201"]]


@pytest.mark.parametrize("arguments", quick_commands(), ids=lambda a: " ".join(a)[:20])
def test_quick_commands_load_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from dcase_energy.cli.main import main\n"
        f"sys.argv = ['dcase-energy', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print(sorted({HEAVY | LATER!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[-1] == "[]"


def test_modules_and_functions_stay_small():
    wrong = []
    for path in [*modules(), *sorted((ROOT / "baseline").rglob("*.py"))]:
        name, tree = path.relative_to(ROOT), parsed(path)
        # Rules are prose: their length is not complexity.
        if len(path.read_text().splitlines()) > (500 if path.name == "rules.py" else 350):
            wrong.append(f"{name} is too long")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node, clean=False) or ""
                # A typed signature is not complexity.
                length = (node.end_lineno or 0) - node.body[0].lineno + 1
                length -= docstring.count("\n") + 1 if docstring else 0
                allowed = {"train": 80, "probe": 50}.get(node.name, 40) if path.parent.name == "dcase_baseline" else 40
                if length > allowed:
                    wrong.append(f"{name}: {node.name} has {length} lines")
    assert wrong == []


def test_one_module_starts_processes_that_share_work():
    files = [*modules(), *sorted((ROOT / "baseline").rglob("*.py"))]
    assert [path.name for path in files if "ProcessPoolExecutor" in path.read_text()] == ["parallel.py"]


def test_no_reader_returns_a_finding_in_the_place_of_its_value():
    """Readers return a value or None and the findings, checks yield findings."""
    wrong = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef) and node.returns and "| Finding" in ast.unparse(node.returns)
    ]
    assert wrong == []


def test_exceptions_are_one_tree():
    """Each exception that leaves a module is defined in errors.py, below its base."""
    files = [path for path in (*modules(), *sorted((ROOT / "baseline").rglob("*.py"))) if path.name != "errors.py"]
    own = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in files
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
    }
    assert own == set()
