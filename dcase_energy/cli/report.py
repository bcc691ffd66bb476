"""`dcase-energy report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    emit,
    existing,
    get_denominator,
    get_edition_or_guess,
    get_ground_truth,
    ground_truth_options,
    guessed_edition_option,
    output_option,
    say_packages,
)
from dcase_energy.cli.terminal import say, style, visible
from dcase_energy.text import plural
from dcase_energy.units import format_significant

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.ranking.entry import Entry
    from dcase_energy.ranking.order import Ranked, Ranking
    from dcase_energy.ranking.packages import Assessed
    from dcase_energy.submission.records import Calibrated

FORMATS = ("text", "json", "csv", "html")
_EVIDENCE = {
    "recomputed": "from a calibration record, computed again from its journal: {}",
    "record": "from a calibration record: {}",
    "declared": "declared in {}",
    None: "not known",
}


@click.command(epilog="Example: dcase-energy report my_submission/ --calibration calibration.json")
@click.argument("submissions", nargs=-1, required=True, type=existing(), metavar="SUBMISSION...")
@guessed_edition_option()
@ground_truth_options
@click.option("--calibration", type=existing(folder=False), help="Record to divide by instead of the packages' own.")
@click.option(
    "--field", type=existing(folder=False), metavar="TABLE", help="A past results table: where you would stand."
)
@click.option("--format", "output_format", type=click.Choice(FORMATS), default="text", show_default=True)
@output_option("the report")
def command(
    submissions: tuple[Path, ...],
    edition_name: str | None,
    ground_truth: Path | None,
    durations: Path | None,
    calibration: Path | None,
    field: Path | None,
    output_format: str,
    output: Path | None,
) -> int:
    """Your systems: scores, energies, and their ratio to the baseline on your hardware.

    Validates, scores the outputs if ground truth is given, and divides each energy by the baseline's: that of
    --calibration, else of the package's record, else the declared figure, else of this machine's newest calibration
    where the system was measured on the same hardware; `rank` does the same. --field shows your systems among those of
    a past results table, with their neighbours and the organisers' baseline. Exit code 1 if validation finds an error,
    or if the calibration cannot be used.
    """
    edition = get_edition_or_guess(edition_name, submissions)
    truth = get_ground_truth(ground_truth, durations, edition)
    record = get_denominator(calibration, edition)
    from dcase_energy.findings import has_errors
    from dcase_energy.ranking.order import make_ranking
    from dcase_energy.ranking.packages import assess
    from dcase_energy.submission.baseline_choice import own_machine
    from dcase_energy.submission.validate import Options, validate_paths

    options = Options(record, own_machine(edition), outputs=truth is None)
    validation = validate_paths(submissions, edition, options=options)
    say_packages(validation.packages)
    assessed = assess(validation, truth)
    own = [one.entry for one in assessed]
    ranking = make_ranking(own, edition) if field is None else _in_field(own, field, edition)
    of_own = [one for one in ranking.findings if one.where.file in {entry.label for entry in own}]
    for finding in dict.fromkeys([*validation.findings, *(f for one in assessed for f in one.findings), *of_own]):
        found = f" ({finding.found})" if finding.found else ""
        say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}{found}"))
    if not assessed:
        fail("no system to report on was found")
    if edition.normalisation.kind == "ratio" and any(entry.baseline_evidence is None for entry in own):
        say(_how_to_get_a_baseline(options.own_machine))
    emit(_render(output_format, ranking, assessed, field), output)
    return int(has_errors(validation.findings) or any(has_errors(one.findings) for one in assessed))


def _how_to_get_a_baseline(own: Calibrated | None) -> str:
    """What to do where a system has no baseline; ``own`` is this machine's calibration, which was not taken."""
    if own is None:
        return "`dcase-energy calibrate --quick` on the hardware of the system measures the baseline's energy"
    return (
        f"{own.source} is not used: nothing shows that the system was measured on the same hardware. Name the GPU or "
        "processor model in the metadata, put an energy record into the package, or give the record by --calibration"
    )


def _in_field(own: list[Entry], path: Path, edition: Edition) -> Ranking:
    """The own systems among those of a table; a table without a usable system is a usage error."""
    from dcase_energy.ranking.field import in_field
    from dcase_energy.ranking.results_table import read_results

    others, findings = read_results(path, edition)
    if not others:
        problems = "; ".join(f"{finding.where}: {finding.message}" for finding in findings[:3])
        raise click.UsageError(visible(f"--field {path} has no system to compare with: {problems}"))
    twice = sorted({entry.label for entry in own} & {entry.label for entry in others})
    if twice:
        say(visible(f"yours stand in place of the field's systems of the same label: {', '.join(twice)}"))
    return in_field(own, others, edition)


def _render(output_format: str, ranking: Ranking, assessed: list[Assessed], field: Path | None) -> str:
    from dcase_energy.ranking.report import report_of
    from dcase_energy.sheets import write_report

    if output_format != "text":
        return write_report(report_of(ranking), [output_format])[f"ranking.{output_format}"].decode()
    by_label = {one.entry.label: one for one in assessed}
    own = [one for one in ranking.systems if one.entry.label in by_label]
    blocks = []
    for one in own:
        block = _block(one, by_label[one.entry.label])
        blocks.append(block if field is None else block + _standing(ranking, one, field))
    return "\n".join(blocks)


def _standing(ranking: Ranking, one: Ranked, field: Path) -> str:
    """Where a system would stand, its neighbours, and the organisers' baseline beside it."""
    from dcase_energy.ranking.field import baseline_of, on_fronts, score_alone, standings

    found = standings(ranking, one.entry.label)
    alone = score_alone(ranking, one)
    lines = [visible(f"  in the field of {field.name}, had the same clips been scored:")]
    names = {"score": "by score", "ew_training": "by EW score, training", "ew_test": "by EW score, test"}
    for standing in found:
        near = [
            f"{word} {visible(other[0])} ({_figure(other[1])})"
            for word, other in (("behind", standing.above), ("ahead of", standing.below))
            if other is not None
        ]
        place = f"rank {standing.place} of {standing.of}"
        lines.append(
            f"    {names[standing.view.name]:<22} {place:<15} {_figure(standing.figure):>8}  {', '.join(near)}"
        )
    baseline = baseline_of(ranking)
    if baseline is not None:
        of_baseline = {standing.view.name: standing for standing in standings(ranking, baseline.entry.label)}
        ranks = ", ".join(f"{names[name]} rank {s.place} ({_figure(s.figure)})" for name, s in of_baseline.items())
        lines.append(f"    baseline {visible(baseline.entry.label)}: {ranks}")
    lines += [f"    on the {title}" for title in on_fronts(ranking, one.entry.label)]
    if alone is not None:
        lines.append(f"    not ranked; its score alone ({_figure(alone[0])}) would be rank {alone[1]} of {alone[2]}")
    elif not found:
        lines.append("    nowhere: it has no score")
    return "\n".join(lines) + "\n"


def _block(ranked: Ranked, assessed: Assessed) -> str:
    entry, figures = ranked.entry, ranked.figures
    if entry.scores_are == "scored":
        origin = f"scored, {plural(assessed.runs_scored, 'run')}"
    else:
        origin = "as stated in the metadata" if entry.scores_are == "stated" else "not scored"
    scores = [
        f"{name} {_figure(value)}"
        for name, value in (
            ("PSDS1", entry.psds1),
            ("PSDS2", entry.psds2),
            ("intersection-based F1", entry.intersection_f1),
            ("collar-based F1", entry.collar_f1),
        )
    ]
    lines = [style(visible(entry.label), bold=True), f"  {', '.join(scores)} ({origin})"]
    for stage in ("training", "test"):
        energy, baseline = entry.energy_kwh.get(stage), entry.baseline_kwh.get(stage)
        normalised = figures.energy_normalized_kwh[stage]
        parts = [
            f"  {stage:<8} {_figure(energy):>9} kWh",
            f"baseline {_figure(baseline):>9} kWh",
            f"ratio {_figure(figures.energy_ratio[stage]):>8}",
            *([] if normalised is None else [f"normalised {_figure(normalised)} kWh"]),
            f"EW-PSDS1 {_figure(figures.ew_psds1[stage]):>8}",
            f"EW-PSDS2 {_figure(figures.ew_psds2[stage]):>8}",
        ]
        lines.append("  ".join(parts))
    lines += _intervals(ranked)
    lines.append(visible(f"  baseline: {_EVIDENCE[entry.baseline_evidence].format(entry.baseline_source)}"))
    lines += [f"  {stage} is not divided: {visible(reason)}" for stage, reason in entry.not_comparable.items()]
    if entry.excluded is not None:
        lines.append("  " + style("cannot be ranked: ", fg="red") + visible(entry.excluded))
    return "\n".join(lines) + "\n"


def _intervals(ranked: Ranked) -> list[str]:
    """What is known of how sure scores and ratios are, with its kind."""
    names = {"psds1": "PSDS1", "psds2": "PSDS2", "energy_ratio_training": "ratio of training",
             "energy_ratio_test": "ratio of test"}  # fmt: skip
    return [
        f"  {title} between {_figure(interval.low)} and {_figure(interval.high)} ({interval.label})"
        for name, title in names.items()
        if (interval := ranked.uncertainty.intervals.get(name)) is not None
    ]


def _figure(value: float | None) -> str:
    return "-" if value is None else format_significant(value)
