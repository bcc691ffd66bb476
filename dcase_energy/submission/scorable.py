"""The outputs below the paths that are to be scored, in the packages of an inbox as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dcase_energy.documents.package_rules import PACKAGE_TWICE
from dcase_energy.documents.tree import same_content
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.outputs import SystemOutputs, find_outputs
from dcase_energy.submission.inbox import Packages, find_packages


def find_all_outputs(paths: Sequence[Path]) -> tuple[list[SystemOutputs], list[Finding], Packages]:
    """The systems below the paths, each once, and the packages they were found in.

    Two systems of one name and other outputs are distinguished by where they are.
    """
    packages = find_packages(paths)
    systems: list[SystemOutputs] = []
    findings = list(packages.findings)
    for path in packages.paths:
        found, problems = find_outputs(path)
        findings += packages.without_nested(problems)
        for system in found:
            original = next((one for one in systems if one.name == system.name and _same(one, system)), None)
            if original is None:
                systems.append(system)
            else:
                message = f"holds what {original.path} holds, counted once: {system.name}"
                findings.append(PACKAGE_TWICE.finding(Where(system.path), message))
    counts = Counter(system.name for system in systems)
    systems = [replace(one, name=str(Path(one.path) / one.name)) if counts[one.name] > 1 else one for one in systems]
    return systems, findings, packages


def _same(one: SystemOutputs, other: SystemOutputs) -> bool:
    """Whether two packages hold the same outputs of a system."""
    if one.runs.keys() != other.runs.keys():
        return False
    mine, theirs = (
        [(output.tree, {PurePosixPath(name).name: name for name in output.names}) for output in system.runs.values()]
        for system in (one, other)
    )
    trees = zip(mine, theirs, strict=True)
    return all(
        tree is not other_tree and same_content(tree, names, other_tree, others)
        for (tree, names), (other_tree, others) in trees
    )
