"""One meaning for each public name: no two modules define the same one, except for symmetries that are meant."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.structure.test_imports import PACKAGE, modules, parsed

# Names that are defined in several modules because each module is one of a kind.
SYMMETRIES = {
    "command": "cli/",  # every command of the command line
    "write": "sheets/formats/",  # every format of a sheet
    "counters": "measure/sources/",  # every source of counters beside the tracker
    "prepare": "scoring/metrics/",  # every metric
    "describe": "scoring/metrics/",
    "OPTIONS": "scoring/metrics/",
    "EnergyCallback": "integrations/",  # every training library
    "measured": "integrations/",
    "OUTPUTS": "scoring/metrics/",
    "SCHEMA_VERSION": "",  # every document with a version of its schema
    "report_of": "",  # a ranking and a study each give a report for the sheets
    "charts_of": "",  # and its charts, as scores do
}


def public_names(tree: ast.Module) -> set[str]:
    """The functions, classes and constants that a module defines."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_no_public_name_has_two_meanings():
    defined = defaultdict(list)
    for path in modules():
        for name in public_names(parsed(path)):
            defined[name].append(str(path.relative_to(PACKAGE)))
    several = {name: places for name, places in defined.items() if len(places) > 1}
    wrong = {
        name: places
        for name, places in several.items()
        if name not in SYMMETRIES or not all(place.startswith(SYMMETRIES[name]) for place in places)
    }
    assert wrong == {}
    assert set(SYMMETRIES) <= set(several), "a symmetry that is listed has gone"
