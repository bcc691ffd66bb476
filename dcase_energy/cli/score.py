"""`dcase-energy score`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    edition_option,
    emit,
    existing,
    get_edition,
    get_ground_truth,
    ground_truth_options,
    output_option,
)
from dcase_energy.cli.terminal import say, visible

if TYPE_CHECKING:
    from dcase_energy.scoring.data import GroundTruth
    from dcase_energy.scoring.summary import Summary

CONVENTIONS = (
    "all clips counted, empty ones included; F1: threshold 0.5, macro average, a class without true positives counts "
    "0; intersection-based F1 with DTC = GTC = 0.5 (0.7 beside it); collars 0.2 s and 20 %; segments of 1 s"
)


@click.command(epilog="Example: dcase-energy score my_run1.output --ground-truth truth.tsv --durations durations.tsv")
@click.argument("outputs", nargs=-1, required=True, type=existing(file=False), metavar="OUTPUT...")
@ground_truth_options
@edition_option()
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
@output_option("the scores")
def command(
    outputs: tuple[Path, ...],
    ground_truth: Path | None,
    durations: Path | None,
    edition_name: str,
    output_format: str,
    output: Path | None,
) -> int:
    """PSDS1, PSDS2, intersection-based, collar-based and segment-based F1 of folders of score files.

    A score file is one TSV a clip with the columns onset, offset and every class. Exit code 1 if any folder could not
    be scored.
    """
    truth = get_ground_truth(ground_truth, durations, get_edition(edition_name))
    if truth is None:
        raise click.UsageError("--ground-truth and --durations are needed")
    scored = {str(path): _score(path, truth) for path in outputs}
    usable = {name: summary for name, summary in scored.items() if summary is not None}
    if not usable:
        fail("no folder could be scored")
    emit(_render(usable, output_format), output)
    if output_format == "text":
        say(f"conventions: {CONVENTIONS}")
    return int(len(usable) < len(scored))


def _score(path: Path, truth: GroundTruth) -> Summary | None:
    from dcase_energy.documents.tree import Folder
    from dcase_energy.scoring.score_files import read_scores
    from dcase_energy.scoring.summary import summarise

    tree = Folder(path)
    scores, findings = read_scores(tree, tree.names(), truth)
    for finding in findings:
        say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}"))
    return None if scores is None else summarise(scores, truth)


def _render(scored: dict[str, Summary], output_format: str) -> str:
    rows = {name: asdict(summary) for name, summary in scored.items()}
    if output_format == "json":
        systems = [{"output": name, **row} for name, row in rows.items()]
        document = {"schema_version": "1.0", "conventions": CONVENTIONS, "systems": systems}
        return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    names = list(next(iter(rows.values())))
    if output_format == "csv":
        from dcase_energy.ranking.sheets.csv import escape

        lines = [",".join(["output", *names])]
        lines += [",".join([f'"{escape(name)}"', *(repr(v) for v in row.values())]) for name, row in rows.items()]
        return "\n".join(lines)
    width = max(len(name) for name in names)
    blocks = [
        "\n".join([visible(name), *(f"  {key:<{width}}  {value:.4f}" for key, value in row.items())])
        for name, row in rows.items()
    ]
    return "\n".join(blocks)
