"""`dcase-energy report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.options import (
    bootstrap_option,
    calibration_option,
    edition_option,
    emit,
    format_option,
    ground_truth_options,
    jobs_option,
    output_option,
    read_stdin,
    scheduler_option,
    sources_argument,
)
from dcase_energy.cli.parameters import PathName
from dcase_energy.cli.render import show_findings
from dcase_energy.cli.terminal import say, style
from dcase_energy.text import plural, visible
from dcase_energy.units import format_energy, format_significant

if TYPE_CHECKING:
    from dcase_energy.api.ranking import ReportSheet
    from dcase_energy.editions.model import Edition
    from dcase_energy.ranking.entry import Entry
    from dcase_energy.ranking.field import FieldPlace
    from dcase_energy.ranking.order import Ranked
    from dcase_energy.ranking.packages import Assessed

_EVIDENCE = {
    "recomputed": "from a calibration record, computed again from its journal: {}",
    "record": "from a calibration record: {}",
    "declared": "declared in {}",
    None: "not known",
}


@click.command(epilog="Example: dcase-energy report my_submission/ --calibration calibration.json")
@sources_argument("submissions", "SUBMISSION...", stdio=True)
@edition_option()
@ground_truth_options
@calibration_option
@click.option(
    "--field",
    metavar="TABLE|dcase2022|dcase2023",
    help="Past results to place your systems in: a table, or a year's that comes with the program.",
)
@click.option(
    "--card",
    "card_dir",
    type=PathName(file=False),
    metavar="FOLDER",
    help="Also write for each system what a technical report needs: a paragraph, a LaTeX table and a badge (SVG).",
)
@bootstrap_option
@jobs_option("Systems read and scored")
@scheduler_option
@format_option("text", "json", "csv", "html")
@output_option("the report")
def command(
    submissions: tuple[Path, ...], output_format: str, output: Path | None, card_dir: Path | None, **options: Any
) -> int:
    """Show scores and energies of your systems (- is standard input), and their ratio to your baseline's energy.

    Validates, scores the outputs if ground truth is given, and divides each energy by the baseline's: that of
    --calibration, else of the package's record, else the declared figure, else of this machine's newest calibration
    where the system was measured on the same hardware; `rank` does the same. --field shows your systems among those of
    a past results table, with their neighbours and the organisers' baseline. Exit code 1 if validation finds an error,
    or if the calibration cannot be used.
    """
    from dcase_energy.api.ranking import report
    from dcase_energy.errors import DcaseEnergyError
    from dcase_energy.findings import has_errors

    found = report(submissions, stdin=read_stdin(submissions), log=say, **options)
    show_findings(found.findings)
    if not found.own:
        raise DcaseEnergyError("no system to report on was found")
    if found.ranking.edition.normalisation.kind == "ratio":
        _explain_missing_baseline(found)
    emit(_render(output_format, found), output)
    for path in found.write_cards(card_dir) if card_dir is not None else []:
        say(f"wrote {path}")
    return int(has_errors(found.findings))


def _explain_missing_baseline(found: ReportSheet) -> None:
    """Say what to do where a system has no baseline."""
    if all(one.entry.baseline_evidence is not None for one in found.own):
        return
    if found.own_machine is None:
        from dcase_energy.calibration.workload import how_to_calibrate

        if how := how_to_calibrate(found.ranking.edition, quick=True):
            say(f"to measure the baseline's energy on the hardware of the system, run {how}")
    else:
        say(
            f"{found.own_machine.source} is not used: nothing shows that the system was measured on the same hardware. "
            "Name the GPU or processor model in the metadata, put an energy record into the package, or give the "
            "record by --calibration"
        )


def _render(output_format: str, found: ReportSheet) -> str:
    if output_format != "text":
        from dcase_energy.ranking.report import report_of
        from dcase_energy.sheets import write_report

        return write_report(report_of(found.ranking), [output_format])[f"ranking.{output_format}"].decode()
    by_label, places = {one.entry.label: one for one in found.own}, found.places
    blocks = []
    for one in found.systems:
        if (label := one.entry.label) in by_label:
            lines = _lines(one, by_label[label], found.ranking.edition)
            blocks.append([*lines, *(_standing(found, places[label], places) if places else [])])
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def _standing(found: ReportSheet, own: FieldPlace, places: Mapping[str, FieldPlace]) -> list[str]:
    """Where a system would stand, its neighbours, and the organisers' baseline beside it."""
    lines = [visible(f"  in the field of {found.field_name}, had the same clips been scored:")]
    names = {"score": "by score"} | {f"ew_{stage}": f"by EW score, {stage}" for stage in found.ranking.edition.stages}
    for one in own.standings:
        near = [
            f"{word} {visible(other[0])} ({_figure(other[1])})"
            for word, other in (("behind", one.above), ("ahead of", one.below))
            if other is not None
        ]
        place = f"rank {one.place} of {one.of}"
        lines.append(f"    {names[one.order]:<22} {place:<15} {_figure(one.figure):>8}  {', '.join(near)}")
    if (baseline := found.field_baseline) is not None:
        ranks = [f"{names[one.order]} rank {one.place} ({_figure(one.figure)})" for one in places[baseline].standings]
        lines.append(f"    baseline {visible(baseline)}: {', '.join(ranks)}")
    lines += [f"    on the {title}" for title in own.fronts]
    if own.alone is not None:
        score, rank, of = own.alone
        lines.append(f"    not ranked; its score alone ({_figure(score)}) would be rank {rank} of {of}")
    elif not own.standings:
        lines.append("    nowhere: it has no score")
    return lines


def _lines(ranked: Ranked, assessed: Assessed, edition: Edition) -> list[str]:
    entry, figures = ranked.entry, ranked.figures
    origins = {"scored": f"scored, {plural(assessed.runs_scored, 'run')}", "stated": "as stated in the metadata"}
    scores = [f"{score.title} {_figure(entry.scores.get(name))}" for name, score in edition.scores.items()]
    origin = origins.get(entry.scores_are or "", "not scored")
    lines = [_headline(ranked, edition), f"  {', '.join(scores)} ({origin})"]
    width = max(map(len, ("", *edition.stages)))
    for stage in edition.stages:
        energy, baseline = entry.energy_kwh.get(stage), entry.baseline_kwh.get(stage)
        normalised = figures.energy_normalized_kwh[stage]
        parts = [
            f"  {stage:<{width}} {_energy(energy):>10}",
            f"baseline {_energy(baseline):>10}",
            f"ratio {_figure(figures.official_ratio[stage]):>8}",
            *([] if normalised is None else [f"normalised {_energy(normalised)}"]),
            *(f"EW-{edition.scores[name].title} {_figure(of[stage]):>8}" for name, of in figures.weighted.items()),
        ]
        lines.append("  ".join(parts))
    lines += [*_ratios(entry, edition), *_intervals(ranked, edition)]
    lines.append(visible(f"  baseline: {_EVIDENCE[entry.baseline_evidence].format(entry.baseline_source)}"))
    lines += [f"  {stage} is not divided: {visible(reason)}" for stage, reason in entry.not_comparable.items()]
    if entry.excluded is not None:
        lines.append("  " + style("cannot be ranked: ", fg="red") + visible(entry.excluded))
    return lines


def _headline(ranked: Ranked, edition: Edition) -> str:
    """Scores, energies and ratios in one line, each with its interval as far as one is known."""
    from dcase_energy.ranking.bases import official_basis, ratio_column

    entry, intervals = ranked.entry, ranked.uncertainty.intervals

    def within(name: str) -> str:
        known = intervals.get(name)
        return "" if known is None else f" ({_short(known.low)} to {_short(known.high)})"

    parts = [
        f"{edition.scores[name].title} {_short(value)}{within(name)}"
        for name in edition.ranking.names
        if (value := entry.scores.get(name)) is not None
    ]
    for stage in edition.stages:
        energy, ratio = entry.energy_kwh.get(stage), ranked.figures.official_ratio[stage]
        if energy is not None:
            times = "" if ratio is None else f" = {_short(ratio)} baselines"
            sure = "" if ratio is None else within(ratio_column(stage, official_basis(edition)))
            parts.append(f"{stage} {format_energy(energy, 3)}{times}{sure}")
    return f"{style(visible(entry.label), bold=True)}: {'; '.join(parts) or 'no figure is known'}"


def _short(value: float) -> str:
    return format_significant(value, 3)


def _ratios(entry: Entry, edition: Edition) -> list[str]:
    """The basis of each ratio, and the ratios by other bases, of durations and of own CPU time that stand beside it."""
    from dcase_energy.ranking.bases import TOTAL, basis_of

    stages: dict[str, list[str]] = {}
    for stage in edition.stages:
        basis = basis_of(entry, edition, stage)
        if basis is not None:
            beside = ", ".join(_beside(entry, edition, stage, basis))
            stages.setdefault(f"{basis}; beside it {beside}" if beside else basis, []).append(stage)
    lines = [f"  basis of {' and '.join(names)}: {text}" for text, names in stages.items()]
    return lines + [
        f"  the ratio of {stage} is an estimate dominated by time: no sensor counted the energy"
        for stage, found in entry.compared.items()
        if found.estimated and basis_of(entry, edition, stage) == TOTAL
    ]


def _beside(entry: Entry, edition: Edition, stage: str, basis: str) -> Iterator[str]:
    from dcase_energy.ranking.bases import BASES, ratio_by, time_ratio, work_ratio

    if stage in entry.compared:
        others = [(one, ratio_by(entry, edition, stage, one)) for one in BASES if one != basis]
        times = [("time", time_ratio(entry, stage)), ("work (CPU time)", work_ratio(entry, stage))]
        yield from (f"{name} {_figure(value)}" for name, value in [*others, *times] if value is not None)


def _intervals(ranked: Ranked, edition: Edition) -> list[str]:
    """What is known of how sure scores and ratios are, with its kind, and what the intervals of ratios contain."""
    from dcase_energy.ranking.bases import official_basis, ratio_column
    from dcase_energy.ranking.uncertainty import contents_of_ratio

    names = {name: edition.scores[name].title for name in edition.ranking.names}
    basis = official_basis(edition)
    names |= {ratio_column(stage, basis): f"ratio of {stage}" for stage in edition.stages}
    lines = [
        f"  {title} between {_figure(interval.low)} and {_figure(interval.high)} ({interval.label})"
        for name, title in names.items()
        if (interval := ranked.uncertainty.intervals.get(name)) is not None
    ]
    contents = {stage: contents_of_ratio(ranked.entry, edition, stage) for stage in edition.stages}
    return lines + [f"  the interval of {stage} contains: {text}" for stage, text in contents.items() if text]


def _energy(energy_kwh: float | None) -> str:
    return "-" if energy_kwh is None else format_energy(energy_kwh)


def _figure(value: float | None) -> str:
    return "-" if value is None else format_significant(value)
