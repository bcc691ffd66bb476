"""`score --codabench`: the scorer as a scoring program of Codabench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Unpack

from dcase_energy import __version__
from dcase_energy.api.scores import ScoreChoices, ScoreSheet, score
from dcase_energy.api.shared import PathLike, existing, write_files
from dcase_energy.arguments import checked
from dcase_energy.errors import InputError
from dcase_energy.findings import has_errors
from dcase_energy.scoring.system import SystemFigures
from dcase_energy.sheets import write_report
from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Column, Table, Value


@checked
def score_codabench(
    input_dir: PathLike, output_dir: PathLike, **options: Unpack[ScoreChoices]
) -> tuple[ScoreSheet, list[Path]]:
    """Score the submission of a Codabench run and write what the platform reads.

    Parameters
    ----------
    input_dir
        What Codabench mounts as input: ``ref/`` with ``ground_truth.tsv`` and ``durations.tsv`` (for an edition with
        several sets of clips ``ground_truth_SET.tsv`` and ``durations_SET.tsv`` of each), and ``res/`` with the
        submission of one system: score files, an event list or a package.
    output_dir
        Gets ``scores.json``, a number for each score over all classes that is known, with ``_low`` and ``_high`` where
        there is an interval, and ``detailed_results.html``, with the figures of each class and all findings.
    **options
        As `dcase_energy.score` takes them.

    Returns
    -------
    sheet, files
        What `score` found, and what was written.

    Raises
    ------
    InputError
        If a folder or a file of the reference is missing, or the submission is not one system that can be scored.
    """
    place = existing(input_dir)[0]
    ground_truth, durations = (_reference(place / "ref", name) for name in ("ground_truth", "durations"))
    found = score(_submission(place / "res"), ground_truth, durations, **options)
    figures = [one.figures for one in found.systems if one.figures is not None]
    if len(figures) != 1 or len(found.systems) != 1:
        raise InputError(
            f"a submission on Codabench is one system that can be scored; found {len(found.systems)}, of which "
            f"{len(figures)} could be scored",
            found.findings,
        )
    (one,) = figures
    scores = json.dumps(_scores(one), indent=2, allow_nan=False) + "\n"
    page = write_report(_report(found, one), ["html"])["detailed_results.html"]
    return found, write_files(output_dir, {"scores.json": scores.encode(), "detailed_results.html": page})


def _reference(folder: Path, name: str) -> Path | dict[str, Path]:
    """The file of a name, or one for each set of clips."""
    found = {path.stem.removeprefix(name).removeprefix("_"): path for path in sorted(folder.glob(f"{name}*.tsv"))}
    if not found:
        raise InputError(f"{folder / name}.tsv does not exist: the reference data hold {name}.tsv")
    return found[""] if set(found) == {""} else {key: path for key, path in found.items() if key}


def _submission(folder: Path) -> Path:
    """The folder of the submission, or the one thing in it: zips often hold a single folder."""
    inside = [path for path in existing(folder)[0].iterdir() if not path.name.startswith((".", "__MACOSX"))]
    if not inside:
        raise InputError(f"{folder} is empty: nothing was submitted")
    return inside[0] if len(inside) == 1 else folder


def _scores(figures: SystemFigures) -> dict[str, float]:
    known: dict[str, float | None] = {}
    for figure, estimate in figures.estimates.items():
        if figure.label is None and figure.average == "macro":
            known[figure.metric] = estimate.value
            if estimate.resampled is not None:
                known |= {
                    f"{figure.metric}_low": estimate.resampled.low,
                    f"{figure.metric}_high": estimate.resampled.high,
                }
    return {name: value for name, value in known.items() if value is not None}


def _report(found: ScoreSheet, figures: SystemFigures) -> Report:
    titles = found.titles()
    overall: list[list[Value]] = [
        [titles.get(figure.metric, figure.metric), figure.average, estimate.value]
        for figure, estimate in figures.estimates.items()
        if figure.label is None
    ]
    by_class: dict[str, dict[str, Value]] = {}
    for figure, estimate in figures.estimates.items():
        if figure.label is not None:
            by_class.setdefault(figure.label, {})[figure.metric] = estimate.value
    names = [name for name in titles if any(name in row for row in by_class.values())]
    tables = [
        Table(
            "scores",
            "Scores",
            [Column("score", "Score", "text"), Column("average", "Average", "text"), Column("value", "Value")],
            overall,
        ),
        Table(
            "classes",
            "Classes",
            [Column("class", "Class", "text"), *(Column(name, titles[name]) for name in names)],
            [[label, *(row.get(name) for name in names)] for label, row in by_class.items()],
        ),
        Table(
            "findings",
            "Findings",
            [Column(name, name.capitalize(), "text") for name in ("where", "code", "message", "fix")],
            [[str(one.where), one.code, one.message, one.hint] for one in found.findings],
        ),
    ]
    notes = ["There are errors: see the findings."] if has_errors(found.findings) else []
    origin = f"Edition {found.edition.name}, dcase-energy {__version__}."
    shown = [table for table in tables if table.rows]
    return Report(
        "detailed_results", figures.name, sheets=[Sheet("notes", "", [], notes)], page=shown, data=shown, origin=origin
    )
