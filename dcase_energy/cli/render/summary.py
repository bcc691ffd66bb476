"""What an organiser sees of a hundred packages: a line for each, counts by rule, or as much as fits a screen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dcase_energy.cli.render import severity_of
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import style
from dcase_energy.findings import Severity
from dcase_energy.rules import get
from dcase_energy.submission.by_package import Package, by_package, counts_by_rule, gravest, gravity, submitted
from dcase_energy.text import first_few, plural, visible

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation

_MOST_ROWS, _MOST_RULES = 20, 8
_MOST_CODES = 12
_WIDEST = 60


def _row(package: Package) -> dict[str, Any]:
    findings = [one for one in package.findings if one.waived is None]
    waived = Counter(one.code for one in package.findings if one.waived is not None)
    severities, counts = Counter(one.severity for one in findings), Counter(one.code for one in findings)
    codes = {code: counts[code] for _, code in sorted({(gravity(one), one.code) for one in findings})}
    errors, warnings = severities[Severity.ERROR], severities[Severity.WARNING]
    return {
        "package": package.name, "systems": len(package.systems), "errors": errors, "warnings": warnings,
        "codes": codes, "waived": dict(sorted(waived.items())),
    }  # fmt: skip


def summary_text(validation: Validation) -> str:
    """Return a table for people: package, systems, errors, warnings, codes with errors first."""
    return _table([_row(package) for package in by_package(validation)])


def _table(rows: list[dict[str, Any]]) -> str:
    names = [_cut(visible(row["package"])) for row in rows]
    width = max((len(name) for name in names), default=0)
    lines = [f"{'package':<{width}}  systems  errors  warnings  findings"] if rows else []
    for name, row in zip(names, rows, strict=True):
        colour = "red" if row["errors"] else "yellow" if row["warnings"] else "green"
        codes = [code if count == 1 else f"{code} x{count}" for code, count in row["codes"].items()]
        codes += [f"{code} (waived)" for code in row["waived"]]
        figures = f"{row['systems']:>7}  {row['errors']:>6}  {row['warnings']:>8}"
        lines.append(f"{style(f'{name:<{width}}', fg=colour)}  {figures}  {first_few(codes, _MOST_CODES) or '-'}")
    return "".join(line.rstrip() + "\n" for line in lines)


def _cut(name: str) -> str:
    return name if len(name) <= _WIDEST else "..." + name[-_WIDEST + 3 :]


def summary_json(validation: Validation) -> str:
    """Return the same for programs."""
    packages = [_row(package) for package in by_package(validation)]
    return dumped({"schema_version": "1.0", "edition": validation.edition.name, "packages": packages})


def statistics_text(validation: Validation) -> str:
    """Return counts of packages, systems and severities, then findings and packages by rule."""
    return _totals(validation) + _by_rule(validation, None)


def _totals(validation: Validation) -> str:
    packages = [_row(one) for one in submitted(validation)]
    failing = sum(row["errors"] > 0 for row in packages)
    warned = sum(row["warnings"] > 0 and not row["errors"] for row in packages)
    counts = Counter(severity_of(one) for one in validation.findings)
    kinds = [plural(counts[str(one)], str(one)) for one in Severity] + [f"{counts['waived']:,} waived"]
    return (
        f"packages: {len(packages):,}, {failing:,} with errors, {warned:,} with warnings alone, "
        f"{len(packages) - failing - warned:,} without either\n"
        f"systems:  {len(validation.systems):,}\n"
        f"findings: {len(validation.findings):,}: {', '.join(kinds if counts['waived'] else kinds[:-1])}\n"
    )


def _by_rule(validation: Validation, most: int | None) -> str:
    counts = counts_by_rule(validation)
    worst = gravest(validation.findings)
    lines = ["", "rule  severity  findings  packages  title"] if counts else []
    for code, findings, packages in counts[:most]:
        rule = get(code)
        lines.append(
            f"{code}  {severity_of(worst[code]):<8}  {findings:>8,}  {packages:>8,}  {rule.title if rule else ''}"
        )
    if most is not None and len(counts) > most:
        lines.append(f"and {plural(len(counts) - most, 'more rule')}: --statistics lists all")
    return "".join(line.rstrip() + "\n" for line in lines)


def statistics_json(validation: Validation) -> str:
    """Return the same for programs."""
    packages = submitted(validation)
    worst = gravest(validation.findings)
    rules = [
        {"code": code, "severity": str(worst[code].severity), "findings": findings, "packages": count}
        for code, findings, count in counts_by_rule(validation)
    ]
    counts = {"packages": len(packages), "systems": len(validation.systems), "findings": len(validation.findings)}
    return dumped({"schema_version": "1.0", "edition": validation.edition.name, **counts, "rules": rules})


def listing_text(validation: Validation) -> str:
    """Return what fits a screen of an inbox of many packages: the worst ones, counts, and what shows the rest."""
    rows = [_row(package) for package in by_package(validation)]
    worst = sorted((row for row in rows if row["codes"]), key=lambda row: (-row["errors"], -row["warnings"]))
    left = len(worst) - _MOST_ROWS
    rest = [f"and {plural(left, 'more package')} with findings: --summary lists all"] if left > 0 else []
    ends = [
        "",
        "every finding on a line: --format concise; with how to fix it: --format text",
        "a letter to each team: --letters DIR",
    ]
    return (
        _table(worst[:_MOST_ROWS])
        + "".join(f"{line}\n" for line in [*rest, ""])
        + _totals(validation)
        + _by_rule(validation, _MOST_RULES)
        + "".join(f"{line}\n" for line in ends)
    )
