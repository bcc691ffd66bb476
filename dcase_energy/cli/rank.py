"""`dcase-energy rank`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    edition_option,
    existing,
    get_calibration,
    get_edition,
    get_ground_truth,
    ground_truth_options,
)
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Finding, Severity

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.records import Calibration
    from dcase_energy.ranking.entry import Entry, Reference
    from dcase_energy.scoring.data import GroundTruth

FORMATS = ("csv", "html", "json")


@click.command(epilog="Example: dcase-energy rank results_2023.csv --edition dcase2023-task4a --output-dir results")
@click.argument("sources", nargs=-1, required=True, type=existing(), metavar="SOURCE...")
@edition_option()
@ground_truth_options
@click.option("--calibration", type=existing(folder=False), help="Record for packages without a baseline of their own.")
@click.option("--reference", type=existing(folder=False), help="An organiser's calibration: the common reference.")
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("ranking"), show_default=True
)
@click.option("--formats", default="csv,html", show_default=True, help=f"Any of {','.join(FORMATS)}.")
def command(
    sources: tuple[Path, ...],
    edition_name: str,
    ground_truth: Path | None,
    durations: Path | None,
    calibration: Path | None,
    reference: Path | None,
    output_dir: Path,
    formats: str,
) -> int:
    """Rank systems: energies normalised, PSDS weighted by energy, ranks.

    SOURCE is a package folder, a folder of packages, or a table of results: a CSV with the columns label, psds1, psds2,
    energy_training_kwh and energy_test_kwh, and energy_baseline_kwh where the edition has one. Exit code 1 if
    something was found that keeps a system from being ranked; the sheets are written all the same.
    """
    chosen = _formats(formats)
    edition = get_edition(edition_name)
    entries, findings = _entries(sources, edition, get_ground_truth(ground_truth, durations, edition), calibration)
    if not entries:
        _show(findings)
        fail("there is no system to rank")
    from dcase_energy.ranking.order import rank_entries
    from dcase_energy.ranking.sheets import SHEETS

    ranked = rank_entries(entries, edition, _reference(get_calibration(reference)))
    from dcase_energy.documents.atomic import write_text

    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        for name in chosen:
            path = output_dir / f"ranking.{name}"
            write_text(path, SHEETS[name](ranked, edition))
            click.echo(path)
    except OSError as error:
        raise click.UsageError(f"cannot write to {output_dir}: {error.strerror}") from None
    _show(findings)
    unranked = sum(one.rank is None for one in ranked)
    say(f"{len(ranked)} systems, {len(ranked) - unranked} with a rank (edition {edition.name})")
    return int(any(finding.severity is Severity.ERROR for finding in findings))


def _formats(text: str) -> list[str]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"--formats: {', '.join(unknown) or 'nothing'}; choose from {', '.join(FORMATS)}")
    return list(dict.fromkeys(chosen))


def _entries(
    sources: tuple[Path, ...], edition: Edition, truth: GroundTruth | None, calibration: Path | None
) -> tuple[list[Entry], list[Finding]]:
    """Systems of tables and of packages, in the order given."""
    from dcase_energy.ranking.packages import assess
    from dcase_energy.ranking.results_table import read_results
    from dcase_energy.submission.validate import Options, validate_paths

    fallback = get_calibration(calibration)
    entries: list[Entry] = []
    findings: list[Finding] = []
    packages = [path for path in sources if path.suffix.lower() != ".csv"]
    for path in sources:
        if path not in packages:
            found, problems = read_results(path, edition)
            entries += found
            findings += problems
    if packages:
        validation = validate_paths(packages, edition, options=Options(fallback, outputs=truth is None))
        assessed = assess(validation, truth, fallback=fallback)
        entries += [one.entry for one in assessed]
        findings += dict.fromkeys([*validation.findings, *(f for one in assessed for f in one.findings)])
    return entries, findings


def _reference(record: Calibration | None) -> Reference | None:
    from dcase_energy.ranking.entry import Reference

    if record is None:
        return None
    return Reference({name: stage.full_recipe_energy_kwh for name, stage in record.stages.items()})


def _show(findings: list[Finding]) -> None:
    """One line a finding on stderr; `validate` shows them at length."""
    for finding in findings:
        found = f" ({finding.found})" if finding.found else ""
        say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}{found}"))
