"""Rules about what is a system and what lies in the place of one (N)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

NO_SYSTEM = define(
    Rule(
        code="N101",
        name="no-system",
        title="There is a system to look at",
        why="A check that finds nothing to check must not look like a pass.",
        bad="an empty folder",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml",
        fix="give the folder that holds <label>/<label>.meta.yaml",
    )
)
METADATA_BESIDE = define(
    Rule(
        code="N102",
        name="metadata-beside",
        title="Metadata beside a *.meta.yaml are called *.meta.yaml too",
        why="Packages hold other YAML files, of settings or of tools; where one file is called *.meta.yaml, only such "
        "files are read as metadata, and a system in another one would be left out without a word.",
        bad="Adams_UNI_task4_2.yaml beside Adams_UNI_task4_1.meta.yaml",
        good="Adams_UNI_task4_2.meta.yaml beside Adams_UNI_task4_1.meta.yaml",
        fix="rename it to <label>.meta.yaml if it is a system, else remove it",
        severity=Severity.WARNING,
    )
)
EVIDENCE_ALONE = define(
    Rule(
        code="N103",
        name="evidence-alone",
        title="What is validated is a package or its metadata",
        why="A record says what was measured, not by which system; its seal and journal are checked, and nothing else.",
        bad="dcase-energy validate calibration.json",
        good="dcase-energy validate Adams_UNI_task4_1/",
        fix="validate the folder that holds it and the metadata",
        severity=Severity.INFO,
    )
)
