"""One line per package: what an organiser sees of a hundred packages."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import style
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.model import team_of
from dcase_energy.text import more, visible

if TYPE_CHECKING:
    from dcase_energy.submission.checks.system import System
    from dcase_energy.submission.validate import Validation

_MOST_CODES = 12
_WIDEST = 60


def _rows(validation: Validation) -> list[dict[str, Any]]:
    """Count findings by package: an archive, the folder that holds the systems of one team, or a file given by itself.

    A folder with the systems of several teams is one package per team.
    """
    teams: dict[str, set[str]] = defaultdict(set)
    for system in validation.systems:
        teams[_holder(system)].add(team_of(system.name))
    systems: Counter[str] = Counter()
    findings: dict[str, list[Finding]] = defaultdict(list)
    owners: dict[PurePath, str] = {}
    for system in validation.systems:
        holder, where = _holder(system), system.files.tree.where(system.files.meta)
        several = len(teams[holder]) > 1 and where.member is None
        name = str(PurePath(holder) / team_of(system.name)) if several else holder
        systems[name] += 1
        owners[PurePath(where.file)] = name
        if where.member is None and system.files.folder is not None:
            owners.setdefault(PurePath(where.file).parent, name)
            owners.setdefault(PurePath(holder), holder)
    for finding in validation.findings:
        file = PurePath(finding.where.file)
        findings[next((owners[place] for place in (file, *file.parents) if place in owners), str(file))].append(finding)
    return [_row(name, systems[name], findings[name]) for name in sorted({*systems, *findings})]


def _row(name: str, systems: int, findings: list[Finding]) -> dict[str, Any]:
    severities = Counter(one.severity for one in findings)
    counts = Counter(one.code for one in findings if one.waived is None)
    waived = Counter(one.code for one in findings if one.waived is not None)
    order = sorted({(list(Severity).index(one.severity), one.code) for one in findings if one.waived is None})
    codes = {code: counts[code] for _, code in order}
    errors, warnings = severities[Severity.ERROR], severities[Severity.WARNING]
    return {"package": name, "systems": systems, "errors": errors, "warnings": warnings, "codes": codes,
            "waived": {code: waived[code] for code in sorted(waived)}}  # fmt: skip


def _holder(system: System) -> str:
    """The archive, the folder above the system's own one, or the file itself."""
    where = system.files.tree.where(system.files.meta)
    if where.member is not None or system.files.folder is None:
        return where.file
    path = PurePath(where.file)
    own_folder = path.parent.name == system.files.stem
    return str(path.parent.parent if own_folder and path.parent.parent.name else path.parent)


def summary_text(validation: Validation) -> str:
    """Return a table for people: package, systems, errors, warnings, codes with errors first."""
    rows = _rows(validation)
    names = [_cut(visible(row["package"])) for row in rows]
    width = max((len(name) for name in names), default=0)
    lines = [f"{'package':<{width}}  systems  errors  warnings  findings"] if rows else []
    for name, row in zip(names, rows, strict=True):
        colour = "red" if row["errors"] else "yellow" if row["warnings"] else "green"
        codes = [code if count == 1 else f"{code} x{count}" for code, count in row["codes"].items()]
        codes += [f"{code} (waived)" for code in row["waived"]]
        shown = ", ".join(codes[:_MOST_CODES]) + more(len(codes) - _MOST_CODES)
        figures = f"{row['systems']:>7}  {row['errors']:>6}  {row['warnings']:>8}"
        lines.append(f"{style(f'{name:<{width}}', fg=colour)}  {figures}  {shown or '-'}")
    return "".join(line.rstrip() + "\n" for line in lines)


def _cut(name: str) -> str:
    return name if len(name) <= _WIDEST else "..." + name[-_WIDEST + 3 :]


def summary_json(validation: Validation) -> str:
    """Return the same for programs."""
    return dumped({"schema_version": "1.0", "edition": validation.edition.name, "packages": _rows(validation)})
