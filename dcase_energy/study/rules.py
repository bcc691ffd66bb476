"""Rules about runs of a study and about sheets made elsewhere (U)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

RUN_UNREADABLE = define(
    Rule(
        code="U101",
        name="run-not-readable",
        title="A run folder has a run.json that this program wrote or could have written",
        why="A run that is read half is averaged wholly.",
        bad='{"kind": "study-run", "batch": 8}',
        good='{"kind": "study-run", "schema_version": "1.0", "state": "done", "gpu": "A100", "batch_size": 8, ...}',
        fix="copy the whole folder again, or remove it",
    )
)
RUN_EPOCHS = define(
    Rule(
        code="U102",
        name="epochs-not-a-training",
        title="epochs.csv holds the epochs of one training, counted from 1, none left out",
        why="Energy up to an epoch is a sum over all epochs before it: a lost row makes every later figure too small.",
        bad="epoch,duration_s,energy_kwh,...\n1,79.0,0.0036,...\n3,79.1,0.0036,...",
        good="epoch,duration_s,energy_kwh,...\n1,79.0,0.0036,...\n2,79.2,0.0036,...\n3,79.1,0.0036,...",
        fix="copy epochs.csv again from the machine that wrote it",
    )
)
RUN_NOT_DONE = define(
    Rule(
        code="U103",
        name="run-not-done",
        title="Only finished runs enter the tables",
        why="The energy of half a training is half an energy.",
        bad='"state": "failed"',
        good='"state": "done"',
        fix="`dcase-energy study run` continues the study; --retry-failed tries failed runs again",
        severity=Severity.WARNING,
    )
)
RUN_INVALID = define(
    Rule(
        code="U104",
        name="run-not-valid",
        title="Only runs whose measurement is valid enter the tables",
        why="A guard found that the figure would be wrong: a counter went backwards, or a device was not measured.",
        bad='"valid": false',
        good='"valid": true',
        fix="`study run --retry-invalid` measures it again; --include-invalid shows the tables with it",
        severity=Severity.WARNING,
    )
)
RUN_TWICE = define(
    Rule(
        code="U105",
        name="run-twice",
        title="A run is counted once",
        why="A copy of a run makes a deviation too small.",
        bad="runs/b8-r1-6fd1c2a90b31 and backup/b8-r1-6fd1c2a90b31",
        good="runs/b8-r1-6fd1c2a90b31",
        fix="name the folders without the copy; `study import --earlier replace` replaces runs of a corrected sheet",
        severity=Severity.WARNING,
    )
)
RUNS_MIXED = define(
    Rule(
        code="U106",
        name="runs-of-different-work",
        title="Runs that are averaged did the same work",
        why="The same mathematics costs four times more on another execution path, another recipe is another system.",
        bad="recipe dcase2023 beside recipe smoke",
        good="recipe dcase2023, fast/1, embedded soundscapes in all runs",
        fix="report each kind by itself; --mixed reports them together anyway",
    )
)
GRID_UNBALANCED = define(
    Rule(
        code="U107",
        name="grid-not-balanced",
        title="Every GPU has runs of every batch size",
        why="An average over a batch size that only fast GPUs trained says more about these GPUs than about the batch.",
        bad="A100: 4, 8, 16, 32; T4: 4, 8",
        good="A100: 4, 8, 16, 32; T4: 4, 8, 16, 32",
        fix="complete the grid, or read the table of both",
        severity=Severity.INFO,
    )
)
SHEET_COLUMNS = define(
    Rule(
        code="U201",
        name="sheet-columns",
        title="A sheet names the GPU, the batch size and at least the total energy of each run",
        why="A figure without its hardware or batch size belongs into no cell of the study.",
        bad="run,energy\n1,0.9",
        good="gpu,batch_size,total_kwh\nA100,8,0.9",
        fix="add the columns, or give --gpu-name and --batch-size for all rows",
    )
)
SHEET_VALUE = define(
    Rule(
        code="U202",
        name="sheet-value",
        title="A figure of a sheet is possible for its column",
        why="A batch of 2.5 clips, a negative energy or an F1 of 491 % is a slip of the pen.",
        bad="time_hh_mm: 8.28",
        good="time_hh_mm: 08:28",
        fix="look the figure up where it comes from",
    )
)
SHEET_CONTRADICTS = define(
    Rule(
        code="U203",
        name="sheet-contradicts-itself",
        title="Figures of one row follow from each other",
        why="Energy an epoch is total energy over epochs: where they disagree one of them was copied from another row.",
        bad="total_kwh 0.40, kwh_at_best 0.47",
        good="total_kwh 0.47, kwh_at_best 0.40",
        fix="look both figures up where they come from; they are taken as they stand",
        severity=Severity.WARNING,
    )
)
SHEET_LACKS = define(
    Rule(
        code="U204",
        name="sheet-lacks",
        title="Values that a sheet does not have stay empty",
        why="A reader must see which columns of the tables a source can fill and which it cannot.",
        bad="(a sheet without F1, taken for one with F1 = 0)",
        good="(a sheet without F1, whose F1 columns stay empty)",
        fix="nothing needs to be done; runs with epochs.csv fill every column",
        severity=Severity.INFO,
    )
)
