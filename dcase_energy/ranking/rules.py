"""Rules about what may be compared in a ranking (K)."""

from __future__ import annotations

from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define

INTERVAL_KIND = define(
    Rule(
        code="K802",
        name="interval-of-no-kind",
        title="The kind of every interval is stated",
        why="The results of 2023 contain ranges over three runs and bootstraps over clips under similar names: one is "
        "three times as wide as the other and has another meaning.",
        bad="psds1_low,psds1_high",
        good="psds1_low,psds1_high,psds1_interval with `range over 3 runs` or `bootstrap 95 %`",
        fix="add a column <figure>_interval, or give --interval-kind psds1='range over 3 runs'; until then the columns "
        "stay among the other columns and nothing is computed from them",
        severity=Severity.WARNING,
    )
)
INTERVAL_ENDS = define(
    Rule(
        code="K803",
        name="interval-without-its-figure",
        title="A figure lies in its interval",
        why="An interval that does not hold its own figure is a slip of columns, and so would be every rank from it.",
        bad="psds1 0.52 with psds1_low 0.31 and psds1_high 0.34",
        good="psds1 0.32 with psds1_low 0.31 and psds1_high 0.34",
        fix="look at the row: are low and high those of this figure and this system?",
        severity=Severity.WARNING,
    )
)
NO_ENERGY = define(
    Rule(
        code="K805",
        name="no-energy-of-a-system",
        title="An energy lies between a tenth of a milliwatt-hour and a terawatt-hour",
        why="A figure such as 1e-300 kWh is greater than 0 and would win every ranking by energy-weighted score.",
        bad="energy_test_kwh 1e-300",
        good="energy_test_kwh 0.0021",
        fix="write the energy in kWh as it was measured",
    )
)
BASELINE_ODD = define(
    Rule(
        code="K804",
        name="baseline-unlike-others",
        title="A baseline energy is like that of other teams on the same GPU model",
        why="A larger baseline energy improves a team's ratio: in 2023 the same baseline on an A100 was stated at "
        "0.007 to 2.34 kWh.",
        bad="baseline 0.156 kWh on an A100, others 0.032",
        good="baseline 0.031 kWh on an A100, others 0.032",
        fix="see the sheet `sensitivity` for the rank with the other teams' median, and ask for the calibration record",
        severity=Severity.WARNING,
    )
)
LABEL_MISSING = define(
    Rule(
        code="K806",
        name="row-without-label",
        title="Every row of a table of results has a label",
        why="A row without a label was ranked first, under an empty name.",
        bad=",0.90,0.90,2.0,0.03",
        good="Adams_UNI_task4_1,0.90,0.90,2.0,0.03",
        fix="write the system's label into the row, or remove the row",
    )
)
BASIS_WEAKER = define(
    Rule(
        code="K807",
        name="weaker-than-the-basis",
        title="A system's records support the basis of the sheet's ratios",
        why="A ratio of counted energies and one of estimates are different figures: the sheet has one basis for all.",
        bad="energies in the metadata alone, in an edition with basis = 'counted'",
        good="an energy record and a calibration record that both count GPU and processor",
        fix="measure system and baseline where counters can be read (`dcase-energy doctor`), and put both records into "
        "the package",
        severity=Severity.WARNING,
    )
)
SCORE_LEAST = define(
    Rule(
        code="K809",
        name="score-counts-least",
        title="Every score of the ranking formula is known",
        why="Where an edition says so, a score that is not known counts the least that its term allows: the system is "
        "ranked, and its ranking score is not that of a measured system.",
        bad="macs_tflite N/A, in an edition with missing = 'least'",
        good="macs_tflite 23315232",
        fix="give the score, or let the edition leave such systems without a rank (missing = 'unranked')",
        severity=Severity.WARNING,
    )
)
MEASURED_INCOMPLETE = define(
    Rule(
        code="K811",
        name="measured-incomplete",
        title="The table of measured systems has every system, on one machine",
        why="A sheet that mixes energies which the organiser measured with declared ones, or those of two machines "
        "without a baseline, compares unlike figures.",
        bad="a table of measured systems without Baker_LAB_task4_2",
        good="a row for every system that is ranked",
        fix="measure what is missing (`dcase-energy measure --each` continues where it ended), or leave the system out",
        severity=Severity.WARNING,
    )
)
EPOCHS_UNUSED = define(
    Rule(
        code="K812",
        name="epochs-not-used",
        title="The epochs.csv beside a system's metadata holds every epoch of its training",
        why="What the last 5 % of the score cost, and the energy to the baseline's score, are wrong where an epoch is "
        "missing; they are left out, and the rank stays.",
        bad="epochs 1, 2, 4",
        good="epoch,energy_kwh,intersection_f1_05 with a row for each epoch from 1 on",
        fix="copy epochs.csv again from the machine that wrote it, or leave it out of the package",
        severity=Severity.WARNING,
    )
)


def no_energy(where: Where, name: str, value_kwh: float) -> Finding:
    """A figure above 0 that cannot be an energy: nothing is computed from it."""
    return NO_ENERGY.finding(where, f"{name} is not a possible energy of a system", found=f"{value_kwh:g} kWh")
