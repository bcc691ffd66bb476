"""Rules about tables of clips (O)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

CLIP_ROW_TWICE = define(
    Rule(
        code="O640",
        name="clip-row-twice",
        title="A table of clips has one row a clip",
        why="Of two rows only one can be scored, and programs differ in which.",
        bad="a.wav\tpark\na.wav\ttram",
        good="a.wav\tpark",
        fix="remove one of the rows",
    )
)
CLIP_LABEL = define(
    Rule(
        code="O641",
        name="clip-label",
        title="The class of a clip is one of the edition",
        why="A class of another spelling is never right, and is scored as wrong without a message.",
        bad="a.wav\tStreet Traffic",
        good="a.wav\tstreet_traffic",
        fix="write the class exactly as the edition spells it",
    )
)
CLIP_PROBABILITY = define(
    Rule(
        code="O642",
        name="clip-probability",
        title="Probabilities are finite numbers from 0 to 1",
        why="Logits or percentages in their place give a log loss of another model, or none.",
        bad="a.wav\tpark\t-3.1\t12.4",
        good="a.wav\tpark\t0.9\t0.1",
        fix="write the output of the softmax",
    )
)
CLIP_PROBABILITIES_SUM = define(
    Rule(
        code="O643",
        name="clip-probabilities-sum",
        title="The probabilities of a clip sum to 1, and its class has the highest",
        why="The log loss takes them as they are; a class that is not the most probable one hints at other columns.",
        bad="a.wav\tpark\t0.1\t0.1",
        good="a.wav\tpark\t0.9\t0.1",
        fix="check the order of the columns, and that a softmax is the last step",
        severity=Severity.WARNING,
    )
)
CLIP_ROWS_SAME = define(
    Rule(
        code="O644",
        name="clip-rows-same",
        title="The rows of a table of clips differ",
        why="One class, one text or one score for every clip usually is an export of an untrained or broken model.",
        bad="airport for each of 118,800 clips",
        good="classes that follow the sounds",
        fix="check the export; nothing to do if the model really says so",
        severity=Severity.WARNING,
    )
)
CLIP_TEXT = define(
    Rule(
        code="O645",
        name="clip-text",
        title="Every clip has a text",
        why="An empty caption is scored 0 by some metrics and stops others.",
        bad='a.wav,""',
        good='a.wav,"a dog barks twice"',
        fix="write a caption of at least one word",
    )
)
CLIP_TABLES = define(
    Rule(
        code="O646",
        name="clip-tables",
        title="A system brings the tables of clips that its edition asks for",
        why="A table under another name is not found: the system would be ranked without it.",
        bad="Adams_UNI_task1_1/results.csv",
        good="Adams_UNI_task1_1/Adams_UNI_task1_1.output.csv",
        fix="name the table as the edition does, and put it beside the metadata",
        severity=Severity.WARNING,
    )
)
