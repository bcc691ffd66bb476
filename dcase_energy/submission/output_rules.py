"""Rules about the outputs of a package that need no ground truth (O); those of score files are with the scoring."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

RUNS_IDENTICAL = define(
    Rule(
        code="O621",
        name="runs-identical",
        title="The runs of a system are different trainings",
        why="Three copies of one run show no spread at all; the interval computed from them is a fiction.",
        bad="run1.output and run2.output with the same bytes in every file",
        good="outputs of three trainings with three seeds",
        fix="put the outputs of independent trainings into the folders of the runs",
        severity=Severity.WARNING,
    )
)
RUNS_MISSING = define(
    Rule(
        code="O622",
        name="runs-missing",
        title="There are as many runs as the edition asks for, numbered from 1",
        why="The official tables give a mean and a range over the runs; fewer runs give a range that says less.",
        bad="Adams_UNI_task4_1_run1.output and nothing else, where three runs are asked for",
        good="Adams_UNI_task4_1_run1.output, .._run2.output and .._run3.output",
        fix="add the outputs of the other runs",
        severity=Severity.WARNING,
    )
)
OUTPUT_OF_NOBODY = define(
    Rule(
        code="O624",
        name="outputs-of-no-system",
        title="An output folder is named after the metadata file beside it",
        why="Outputs under another name are not found: the system would be ranked without them.",
        bad="Adams_UNI_task4_1/Adam_UNI_task4_1_run1.output/",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1_run1.output/",
        fix="name the folder <label>_run<number>.output and put it beside <label>.meta.yaml",
    )
)
UNPROCESSED_MISSING = define(
    Rule(
        code="O627",
        name="unprocessed-missing",
        title="Outputs before post-processing come beside those after it, where the edition asks for them",
        why="Only with both can anybody tell what the post-processing is worth; the official tool of 2024 warns where "
        "they are absent.",
        bad="Adams_UNI_task4_1_run1.output alone",
        good="Adams_UNI_task4_1_run1.output and Adams_UNI_task4_1_run1_unprocessed.output",
        fix="add the scores as they come out of the model, in <label>_run<number>_unprocessed.output",
        severity=Severity.WARNING,
    )
)
