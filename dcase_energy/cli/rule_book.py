"""All rules of the program, wherever they are defined."""

from __future__ import annotations

import importlib
from pathlib import Path

import dcase_energy
from dcase_energy.rules import Rule, all_rules


def load_rules() -> list[Rule]:
    """All rules of the program, by code: importing the modules that hold them registers them."""
    package = Path(dcase_energy.__file__).parent
    for path in sorted(package.rglob("*rules.py")):
        importlib.import_module(".".join(["dcase_energy", *path.relative_to(package).with_suffix("").parts]))
    # The rules of submissions stand beside their readers and checks, all of which this imports.
    importlib.import_module("dcase_energy.submission.validate")
    return all_rules()
