"""Rules about evidence: records and journals in a package (V)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

JOURNAL_BROKEN = define(
    Rule(
        code="V701",
        name="journal-broken",
        title="A journal in the package is whole and as it was written",
        why="Each line of a journal seals the one before it; a line that was changed or removed breaks the chain.",
        bad="calibration.journal.jsonl (with one reading edited)",
        good="calibration.journal.jsonl (as `dcase-energy calibrate` wrote it)",
        fix="put the journal that the program wrote into the package",
    )
)
JOURNAL_FOREIGN = define(
    Rule(
        code="V702",
        name="journal-of-another-record",
        title="A record and the journal beside it belong together",
        why="A record is computed from its journal; beside the journal of another run it proves nothing.",
        bad="calibration.json of one run and calibration.journal.jsonl of another",
        good="calibration.json and the calibration.journal.jsonl written with it",
        fix="put the journal that was written with the record into the package",
    )
)
RECORD_NOT_OF_JOURNAL = define(
    Rule(
        code="V703",
        name="record-not-recomputed",
        title="The figures of a record come out of its journal again",
        why="A record can be edited and sealed anew by anybody who reads this program; its journal then tells.",
        bad="calibration.json with 1.41 kWh whose journal adds up to 0.47 kWh",
        good="calibration.json whose figures follow from its journal",
        fix="put record and journal into the package as the program wrote them",
    )
)
JOURNAL_MISSING = define(
    Rule(
        code="V704",
        name="journal-missing",
        title="A record comes with its journal",
        why="Without the journal a record is taken at its word: nobody can compute its figures again.",
        bad="calibration.json alone",
        good="calibration.json and calibration.journal.jsonl",
        fix="put the journal (it lies beside the record) into the package as well",
        severity=Severity.INFO,
    )
)
RECORD_UNFIT = define(
    Rule(
        code="V705",
        name="record-no-denominator",
        title="A calibration in the package can be what the system's energy is divided by",
        why="A calibration of another recipe or execution path, cut short, or found invalid by its own guards measures "
        "something else than the edition divides by. A recipe is known by its hash and all its counts, not by its "
        "name: `--recipe` and `--batch-size` of `calibrate` make another one. It is an error where nothing else gives "
        "the baseline's energy; a declared figure that is the record's is not divided by either.",
        bad="calibration.json of the recipe smoke in an edition that divides by dcase2023",
        good="calibration.json of the edition's own recipe and execution path",
        fix="run `dcase-energy calibrate --edition NAME` with this edition on the system's hardware",
        severity=Severity.WARNING,
    )
)
DECLARED_DIFFERS = define(
    Rule(
        code="V706",
        name="declared-not-recorded",
        title="The energy in the metadata is the one in the package's record",
        why="Where metadata and record disagree one of them is wrong, and a declared baseline that is larger than the "
        "measured one makes every ratio look better.",
        bad="baseline_training: 2.82 beside a calibration.json of 1.41 kWh",
        good="baseline_training: 1.41 beside a calibration.json of 1.41 kWh",
        fix="copy the figure from the record, or remove the record that does not belong to this system",
    )
)
EVIDENCE_MISSING = define(
    Rule(
        code="V707",
        name="evidence-missing",
        title="The baseline's energy has the evidence that the edition asks for",
        why="A figure that is only declared cannot be checked by anybody; an edition may ask for the record, or for "
        "record and journal, from which it is computed again.",
        bad='baseline_training: 1.41 and no record, where the edition says evidence = "record"',
        good="calibration.json and calibration.journal.jsonl in the package",
        fix="put calibration.json and calibration.journal.jsonl of `dcase-energy calibrate` into the package",
    )
)
RECORD_SHARED = define(
    Rule(
        code="V708",
        name="record-of-another-team",
        title="Teams do not share one calibration",
        why="The same run in packages of two teams was measured on the hardware of at most one of them.",
        bad="calibration.json of run 3f2a.. in the packages of Adams_UNI and Baker_LAB",
        good="a calibration of its own in each package",
        fix="calibrate on the hardware the system was trained on; teams that share a machine say so to the organisers",
        severity=Severity.WARNING,
    )
)
RECORD_INVALID = define(
    Rule(
        code="V709",
        name="energy-record-invalid",
        title="An energy record in the package is one that its guards found valid",
        why="A measurement that was cut off, or shared its GPU with other work, says nothing about the system; its "
        "record is no evidence for the energy in the metadata.",
        bad="energy_training.json whose command ended with exit code 1",
        good="energy_training.json that `dcase-energy measure` called valid",
        fix="measure again (`dcase-energy explain GUARD` says what each guard wants), or leave the record out",
        severity=Severity.WARNING,
    )
)
OWN_EVIDENCE_MISSING = define(
    Rule(
        code="V710",
        name="energy-evidence-missing",
        title="The system's own energies have the evidence that the edition asks for",
        why="A baseline that can be computed again says nothing about the system divided by it; an edition may ask for "
        "the energy records of both stages, or for records and journals.",
        bad='training: 1.39 and no record of it, where the edition says energy_evidence = "recomputed"',
        good="energy_training.json and energy_training.journal.jsonl in the package",
        fix="measure with `dcase-energy measure` and put its records and journals beside the metadata",
    )
)
BEYOND_POWER = define(
    Rule(
        code="V711",
        name="energy-beyond-power",
        title="No component of a record takes more power than the way it was measured allows",
        why="A journal whose chain holds may still be invented. An estimate is a nominal power times load: a processor "
        "of 8 W cannot have taken kilowatts.",
        bad="calibration.json of 8 W nominal power with 5,850 W on average",
        good="calibration.json as `dcase-energy calibrate` wrote it",
        fix="put record and journal into the package as the program wrote them; if they are unchanged, tell the "
        "organisers which program and machine wrote them",
    )
)
CALIBRATIONS_DIFFER = define(
    Rule(
        code="V712",
        name="calibrations-differ",
        title="A system has one calibration",
        why="Where two records differ, which of them the system's energy is to be divided by is not known, and the "
        "first by name may be the wrong one.",
        bad="a_calibration.json and calibration.json of two runs",
        good="calibration.json",
        fix="leave the calibration of the hardware this system was measured on, and remove the other",
    )
)
