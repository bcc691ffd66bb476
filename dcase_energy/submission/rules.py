"""Rules about the fields of a submission: names (N), metadata (M), energy (E), complexity (C), results (R)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

LABEL_FORM = define(
    Rule(
        code="N104",
        name="label-form",
        title="The label has the form of the edition",
        why="Labels name folders, files and rows of every table; four teams of 2023 left out the subtask letter "
        "and were renamed by hand.",
        bad="label: Adams-UNI-1",
        good="label: Adams_UNI_task4_1",
        fix="write [last name of the corresponding author]_[institute]_task[task]_[index]",
    )
)
LABEL_PLACE = define(
    Rule(
        code="N105",
        name="label-not-file-name",
        title="Label, folder and file name agree",
        why="In a real package the files said Sean_NTU_task1_1 and the label Yeo_NTU_task1_1; scores were filed under "
        "the wrong name.",
        bad="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml with label: Adams_UNI_task4_2",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml with label: Adams_UNI_task4_1",
        fix="give folder, file and label the same name",
    )
)
LABEL_TEMPLATE = define(
    Rule(
        code="N106",
        name="label-of-template",
        title="The label is not the template's",
        why="A label left over from the template collides with everybody else's.",
        bad="label: Cornell_CMU_task4_1",
        good="label: Adams_UNI_task4_1",
        fix="write your own label",
    )
)
NAME_BASELINE = define(
    Rule(
        code="N107",
        name="named-baseline",
        title="No system calls itself baseline",
        why="Label, name and abbreviation with this word are kept for the organisers' own systems every year.",
        bad="name: Improved baseline",
        good="name: Small CRNN with mean teacher",
        fix="choose a name without the word baseline",
    )
)
LABEL_TWICE = define(
    Rule(
        code="N108",
        name="label-twice",
        title="Every system has its own label",
        why="Two systems of one label overwrite each other in every table.",
        bad="two files with label: Adams_UNI_task4_1",
        good="labels Adams_UNI_task4_1 and Adams_UNI_task4_2",
        fix="number the systems of a team from 1",
    )
)
TOO_MANY_SYSTEMS = define(
    Rule(
        code="N109",
        name="too-many-systems",
        title="A team submits at most as many systems as the edition allows",
        why="The rules of the challenge limit them so that nobody buys more tries.",
        bad="nine systems where eight are allowed",
        good="eight systems",
        fix="choose the systems to be ranked",
    )
)
LABEL_SUBTASK = define(
    Rule(
        code="N110",
        name="label-subtask",
        title="The label names the subtask as the edition writes it",
        why="22 of 84 labels of 2023 say task4 and two say task4A where the subtask was task4a; the tables of results "
        "file these teams under task4a, so that label and table no longer go together.",
        bad="label: Adams_UNI_task4_1 (in dcase2023-task4a)",
        good="label: Adams_UNI_task4a_1",
        fix="write the subtask's letter into label, folder and file name",
        severity=Severity.WARNING,
    )
)
REPORT_MISSING = define(
    Rule(
        code="N111",
        name="report-missing",
        title="A package brings the technical report where the edition asks for it",
        why="A package is outputs, metadata and the report; the official tool of 2024 refuses one without a PDF, after "
        "everything else was in order.",
        bad="Adams_UNI_task4_1/ and no PDF beside it",
        good="Adams_UNI_task4_1/ and Adams_UNI_task4.technical_report.pdf",
        fix="put the report as a PDF beside the folders of the systems",
        severity=Severity.WARNING,
    )
)
EDITION_UNKNOWN = define(
    Rule(
        code="N112",
        name="edition-unknown",
        title="An edition knows the task of the metadata",
        why="Fields, units and limits differ from task to task and year to year: what one task asks for is wrong in "
        "another. All 14 readable files of other tasks that were tried failed the rules of task 4, none for a reason "
        "that its organisers would give.",
        bad="label: Adams_UNI_task9_1",
        good="label: Adams_UNI_task1_1, in a file of a task and year that `dcase-energy editions` lists",
        fix="name the edition with --edition, or write one for this task (docs/how-to/own-edition.md)",
    )
)
FIELD_MISSING = define(
    Rule(
        code="M101",
        name="field-missing",
        title="Every mandatory field is filled in",
        why="Of 101 systems of 2022, 20 had no training energy and 20 no test energy; they could not be ranked by it.",
        bad="system:\n  complexity:\n    macs: 930902000",
        good="system:\n  complexity:\n    macs: 930902000\n    total_parameters: 1112420",
        fix="add the field",
    )
)
FIELD_TYPE = define(
    Rule(
        code="M102",
        name="field-type",
        title="Every field holds the kind of value the template asks for",
        why="Text where a number belongs, or a number where text belongs, cannot be tabulated.",
        bad="input_sampling_rate: 44.1kHz",
        good="input_sampling_rate: 44.1",
        fix="write a value of the expected kind",
    )
)
FIELD_VALUE = define(
    Rule(
        code="M103",
        name="field-value",
        title="Every field holds one of the values the template allows",
        why="Free text in a column of choices makes it useless for comparison.",
        bad="input_channels: one",
        good="input_channels: mono",
        fix="write one of the allowed values",
    )
)
UNKNOWN_KEY = define(
    Rule(
        code="M104",
        name="unknown-key",
        title="Every key is one the edition knows",
        why="A misspelt key leaves its field empty, and no common reader says so.",
        bad="total_paramters: 1112420",
        good="total_parameters: 1112420",
        fix="remove the key, or correct its spelling or its level; it is ignored as it stands",
        severity=Severity.WARNING,
    )
)
FIELD_TWICE = define(
    Rule(
        code="M105",
        name="field-twice",
        title="No field is given under two keys with different values",
        why="Nobody can tell which one counts.",
        bad="energy: {training: 1.4}\nenergy_consumption: {training: 1.5}",
        good="energy_consumption: {training: 1.5}",
        fix="keep one of the two",
    )
)
CORRESPONDING = define(
    Rule(
        code="M106",
        name="corresponding-author",
        title="Exactly one author is the corresponding author",
        why="The official tools accept `corresponding: false` for all, or true for several; then nobody gets the mail.",
        bad="authors:\n  - {lastname: Adams, firstname: Ada, corresponding: false}",
        good="authors:\n  - {lastname: Adams, firstname: Ada, corresponding: true}",
        fix="write `corresponding: true` for one author",
    )
)
TEMPLATE_TEXT = define(
    Rule(
        code="M107",
        name="text-of-template",
        title="No text of the template is left in",
        why="Six systems of one team of 2023 name 'Beats, AST, PANNs,PaSST...' as pre-trained models: the template's "
        "example. Nobody knows which of them were used.",
        bad="pre_trained_models: Beats, AST, PANNs,PaSST...",
        good="pre_trained_models: BEATs",
        fix="write what your system uses, or null if it uses none",
        severity=Severity.WARNING,
    )
)
NONE_AS_TEXT = define(
    Rule(
        code="M108",
        name="none-as-text",
        title="What does not apply is null, not a text such as 'None' or 'n/a'",
        why="YAML reads None as a text like any other, so tables list a data set called None.",
        bad="external_datasets: None",
        good="external_datasets: !!null",
        fix="write null (or the template's !!null)",
        severity=Severity.WARNING,
    )
)
ENERGY_POSITIVE = define(
    Rule(
        code="E201",
        name="energy-not-positive",
        title="An energy is a finite number of kWh greater than 0, without a unit",
        why="A zero, a negative figure or a text such as '500 Wh' divides by nothing or raises a rank without reason.",
        bad="training: 0.5 kWh",
        good="training: 0.5",
        fix="write the energy in kWh as a plain number greater than 0; leave the field out if it was not measured",
    )
)
ENERGY_PAIR = define(
    Rule(
        code="E202",
        name="energy-one-stage-only",
        title="Training and test energy come together",
        why="In 2022 one system had only a training figure and another only a test figure; neither could be compared.",
        bad="energy_consumption:\n  training: 1.39",
        good="energy_consumption:\n  training: 1.39\n  test: 0.0193",
        fix="measure the other stage as well",
    )
)
ENERGY_BASELINE = define(
    Rule(
        code="E203",
        name="energy-without-baseline",
        title="The baseline's energy on the same hardware is known",
        why="The same training costs 0.37 kWh on one GPU and 1.83 kWh on another; without the baseline's figure on "
        "the same hardware a system's energy cannot be compared.",
        bad="energy_consumption:\n  training: 1.39\n  test: 0.0193",
        good="energy_consumption:\n  training: 1.39\n  test: 0.0193\n  baseline_training: 1.41\n"
        "  baseline_test: 0.0204",
        fix="run `dcase-energy calibrate` on the system's hardware and put its record into the package, or give the "
        "baseline's figures",
    )
)
ENERGY_README = define(
    Rule(
        code="E204",
        name="energy-of-readme",
        title="Energies are measured, not copied from the baseline's README",
        why="Four systems of 2022 filed exactly 1.717 and 0.030 kWh, the organisers' own figures on an A100.",
        bad="training: 1.717\ntest: 0.030",
        good="training: 1.6843\ntest: 0.02917",
        fix="measure the system; if the figure really is yours, give more digits",
        severity=Severity.WARNING,
    )
)
ENERGY_STAGES = define(
    Rule(
        code="E205",
        name="energy-stages-implausible",
        title="Training takes between 5 and 2000 times the energy of one test inference",
        why="The median of real submissions is about 150; ratios of 2 and 3 came from test energies measured in "
        "another way.",
        bad="training: 0.036\ntest: 0.018",
        good="training: 1.39\ntest: 0.0193",
        fix="check that both are in kWh and of the whole stage",
        severity=Severity.WARNING,
    )
)
ENERGY_DIGITS = define(
    Rule(
        code="E206",
        name="energy-few-digits",
        title="An energy has at least three significant digits",
        why="0.001 kWh may be anything from 0.0005 to 0.0015: the rounding alone decides ranks.",
        bad="test: 0.002",
        good="test: 0.00213",
        fix="give the figure as it was measured",
        severity=Severity.WARNING,
    )
)
COUNT_FORM = define(
    Rule(
        code="C301",
        name="count-not-whole",
        title="Parameters and MACs are whole numbers in plain digits",
        why="'625K', '1.2M' and '4.2MB' were repaired by hand in 2022, and a model size became a count of parameters.",
        bad="total_parameters: 1.1M",
        good="total_parameters: 1112420",
        fix="write the count in full, without suffix or separators",
    )
)
SCORE_RANGE = define(
    Rule(
        code="R401",
        name="score-not-fraction",
        title="PSDS and F1 are fractions between 0 and 1",
        why="The official tool accepts 48.0 for 0.480.",
        bad="PSDS1: 35.9",
        good="PSDS1: 0.359",
        fix="write a fraction between 0 and 1",
    )
)
PERCENT_RANGE = define(
    Rule(
        code="R402",
        name="score-not-percent",
        title="A score that the edition asks for in percent is a number between 0 and 100",
        why="Tasks differ in the scale of their scores; one value of another scale upsets every table and mean.",
        bad="accuracy: 5840",
        good="accuracy: 58.40",
        fix="write the score in percent, without the sign",
    )
)
SCORE_SCALE = define(
    Rule(
        code="R403",
        name="score-scale",
        title="Scores asked for in percent are not fractions",
        why="An accuracy of 0.584 percent is possible and hardly ever meant. Nothing is converted silently.",
        bad="accuracy: 0.584, where the edition asks for percent",
        good="accuracy: 58.4",
        fix="multiply by 100 if this is a fraction",
        severity=Severity.WARNING,
    )
)
BAD_RECORD = define(
    Rule(
        code="X501",
        name="record-unusable",
        title="A record in the package is whole and as it was written",
        why="A record is the evidence behind a declared figure; one that was edited proves nothing.",
        bad="(a calibration.json whose energy was changed by hand)",
        good="(the calibration.json that `dcase-energy calibrate` wrote)",
        fix="put the file that the program wrote into the package, or remove it",
    )
)
