"""`dcase-energy rank`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.options import (
    bootstrap_option,
    calibration_option,
    edition_option,
    format_option,
    ground_truth_options,
    jobs_option,
    list_option,
    option,
    output_dir_option,
    read_stdin,
    scheduler_option,
    sources_argument,
    waivers_option,
)
from dcase_energy.cli.parameters import PathName
from dcase_energy.cli.render import show_findings
from dcase_energy.cli.render.overview import show_many
from dcase_energy.cli.terminal import say
from dcase_energy.errors import DcaseEnergyError, InputError
from dcase_energy.sheets import FORMATS
from dcase_energy.sheets.plots.chart import PLOT_FORMATS
from dcase_energy.text import plural, visible

if TYPE_CHECKING:
    from dcase_energy.editions.parts import EfficientTrack
    from dcase_energy.ranking.order import Ranking


def _kinds(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001
    """``--interval-kind psds1='range over 3 runs'``."""
    from dcase_energy.ranking.interval import INTERVAL_KINDS, parse_kind

    found = {}
    for text in texts:
        name, _, kind = text.partition("=")
        if not kind or parse_kind(kind) is None:
            raise InputError(
                f"--interval-kind {visible(text)}: write FIGURE=KIND with a kind of {', '.join(INTERVAL_KINDS)} and "
                "its level or number, such as psds1='bootstrap 95 %' or psds1='range over 3 runs'"
            )
        found[name.strip()] = kind
    return found


def _against(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> list[tuple[str, str]]:  # noqa: ARG001
    """``--against psds1:macs``."""
    pairs = [text.partition(":") for text in texts]
    for text, (score, _, cost) in zip(texts, pairs, strict=True):
        if not score.strip() or not cost.strip():
            raise InputError(f"--against {visible(text)}: write SCORE:COST with two columns, such as psds1:macs")
    return [(score.strip(), cost.strip()) for score, _, cost in pairs]


def _track(context: click.Context, parameter: click.Parameter, text: str | None) -> EfficientTrack | None:  # noqa: ARG001
    """``--efficient 0.9:baseline``."""
    from dcase_energy.ranking.tradeoffs import track_of

    track = None if text is None else track_of(text)
    if text is not None and track is None:
        raise InputError(
            f"--efficient {visible(text)}: write a share of the best score, at most 1, or of the baseline's, such as "
            "0.9, 90% or 1:baseline"
        )
    return track


@click.command(epilog="Example: dcase-energy rank results_2023.csv --edition dcase2023-task4a --output-dir results")
@sources_argument("sources", "SOURCE...", stdio=True)
@edition_option()
@ground_truth_options
@calibration_option
@click.option(
    "--reference",
    type=PathName(exists=True, folder=False),
    metavar="RECORD",
    help="An organiser's calibration: normalised energies are given in kWh on its machine.",
)
@click.option(
    "--measured",
    type=PathName(exists=True, folder=False),
    metavar="CSV",
    help="Energies that the organiser measured (`measure --each` writes the table); they replace the declared ones.",
)
@output_dir_option("ranking")
@list_option("--formats", FORMATS, "csv,html", f"Any of {','.join(FORMATS)}.")
@list_option("--plots", PLOT_FORMATS, "none", f"Also draw plots: any of {','.join(PLOT_FORMATS)}.")
@option(
    "--against",
    multiple=True,
    callback=_against,
    metavar="SCORE:COST",
    help="Also show which systems have the best score for the cost: two columns, such as psds1:macs.",
)
@option(
    "--efficient",
    callback=_track,
    metavar="SHARE[:best|baseline]",
    help="Also show the least energy among systems whose score is at least this share of the best, or the baseline's.",
)
@bootstrap_option
@option(
    "--interval-kind",
    "intervals",
    multiple=True,
    old=["--interval"],
    callback=_kinds,
    metavar="FIGURE=KIND",
    help="How the intervals in a table's _low and _high columns were computed: psds1='range over 3 runs', "
    "psds1='bootstrap 95 %'.",
)
@waivers_option
@jobs_option("Systems read and scored")
@scheduler_option
@format_option("text", "json", short=False, text="json prints what `ranking.json` has, and file names on stderr.")
def command(
    sources: tuple[Path, ...],
    output_dir: Path,
    formats: list[str],
    plots: list[str],
    output_format: str,
    **options: Any,
) -> int:
    """Rank systems by score and by energy-weighted score, with energies normalised by the baseline's.

    SOURCE is a package folder, a folder of packages, or a table of results (- is standard input): a CSV with the
    columns label, psds1, psds2, energy_training_kwh and energy_test_kwh, and energy_baseline_kwh where the edition
    has one; or with label and the column of the score that the edition names. Exit code 1 if a finding excludes a
    system from the ranking; the sheets are written nevertheless. All files are replaced atomically as a set.
    """
    from dcase_energy.api.ranking import rank
    from dcase_energy.cli.render.json import report_json
    from dcase_energy.findings import has_errors
    from dcase_energy.ranking.report import report_of
    from dcase_energy.sheets.plots.files import require_matplotlib

    require_matplotlib(plots)
    sheet = rank(sources, stdin=read_stdin(sources), log=say, **options)
    if not sheet.systems:
        show_findings(sheet.findings)
        raise DcaseEnergyError("no system to rank was found")
    written = sheet.write(output_dir, formats, plots)
    tell = say if output_format == "json" else click.echo
    for line in [*map(str, written), *map(visible, _baselines(sheet.ranking))]:
        tell(line)
    if output_format == "json":
        click.echo(report_json(report_of(sheet.ranking)), nl=False)
    names = {path.name for path in written}
    older = sorted(
        path.name
        for path in output_dir.iterdir()
        if path.name.startswith(("ranking.", "ranking_", "plot_")) and path.name not in names
    )
    if older:
        say(f"left over from an earlier run (not deleted): {', '.join(older)}")
    show_many(sheet.findings, f"the reason for each system without a rank: {output_dir}/ranking.*")
    _summarise(sheet.ranking)
    return int(has_errors(sheet.findings))


def _baselines(ranking: Ranking) -> list[str]:
    """What the systems are divided by, and how many by each."""
    entries = [one.entry for one in ranking.systems]
    counts = Counter(
        "none" if entry.baseline_evidence is None else f"{entry.baseline_source} ({entry.baseline_evidence})"
        for entry in entries
    )
    if ranking.edition.normalisation.kind == "none":
        return []
    if set(counts) <= {"none"}:
        energies = any(value is not None for entry in entries for value in entry.energy_kwh.values())
        return ["no system has the energy of a baseline: no energy is divided by one"] if energies else []
    return [f"baseline of {plural(count, 'system')}: {source}" for source, count in counts.items()]


def _summarise(ranking: Ranking) -> None:
    """How many systems, and what is not known of how sure their ranks are."""
    from dcase_energy.ranking.tables import describe_lacking

    say(f"{ranking.counted()} (edition {ranking.edition.name})")
    for line in describe_lacking(ranking):
        say(line)
