"""Rules about CodeCarbon's CSV files (W)."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

EMISSIONS_HEADER = define(
    Rule(
        code="W801",
        name="emissions-header",
        title="A CodeCarbon file has the columns of a known version, separated by commas",
        why="A table that was edited in a spreadsheet loses columns, order or separators, and with them its meaning.",
        bad="timestamp;project_name;duration;energy",
        good="timestamp,project_name,run_id,duration,emissions,...",
        fix="put the file into the package as CodeCarbon wrote it",
    )
)
EMISSIONS_SUM = define(
    Rule(
        code="W802",
        name="emissions-sum",
        title="energy_consumed is the sum of CPU, GPU and RAM energy",
        why="CodeCarbon writes the sum exactly; a row where it is not was edited.",
        bad="cpu_energy 0.10, gpu_energy 1.20, ram_energy 0.05, energy_consumed 0.50",
        good="cpu_energy 0.10, gpu_energy 1.20, ram_energy 0.05, energy_consumed 1.35",
        fix="put the file into the package as CodeCarbon wrote it",
    )
)
EMISSIONS_RATE = define(
    Rule(
        code="W803",
        name="emissions-identity",
        title="The columns of a CodeCarbon row agree with each other",
        why="emissions_rate is emissions over duration, and before version 3 RAM power is 3/8 W a GB: a row where they "
        "are not was edited, or its columns have shifted.",
        bad="duration 3600, emissions 0.36, emissions_rate 0.5",
        good="duration 3600, emissions 0.36, emissions_rate 0.0001",
        fix="put the file into the package as CodeCarbon wrote it",
        severity=Severity.WARNING,
    )
)
EMISSIONS_UNITS = define(
    Rule(
        code="W804",
        name="emissions-units",
        title="Energies are in kWh, powers in W and the duration in seconds",
        why="A column converted to Wh or joule is 1000 or 3.6 million times too large, and nothing else in the "
        "file tells.",
        bad="energy_consumed 390.0 with 390 W over 3600 s",
        good="energy_consumed 0.390 with 390 W over 3600 s",
        fix="put the file into the package as CodeCarbon wrote it",
        severity=Severity.WARNING,
    )
)
EMISSIONS_RUNS = define(
    Rule(
        code="W805",
        name="emissions-appended",
        title="A CodeCarbon file holds one run",
        why="CodeCarbon appends to the file that is there: several runs in it may be restarts, attempts or "
        "other work, and "
        "nobody can tell which of them the metadata mean.",
        bad="emissions_training.csv with rows of three run_ids",
        good="emissions_training.csv with rows of one run_id",
        fix="keep the rows of the run that the metadata report, in a file of its own",
        severity=Severity.WARNING,
    )
)
EMISSIONS_ORDER = define(
    Rule(
        code="W806",
        name="emissions-not-increasing",
        title="Duration and energy of a run are positive and never decrease",
        why="Rows of one run are cumulative; a figure that goes down, or a duration of 0, is a counter that was "
        "reset or a "
        "row that was changed.",
        bad="run 5b1c..: energy_consumed 1.35, then 0.90",
        good="run 5b1c..: energy_consumed 0.90, then 1.35",
        fix="measure the run again",
    )
)
EMISSIONS_VERSION = define(
    Rule(
        code="W807",
        name="emissions-incomparable",
        title="Energies come from CodeCarbon 2.0 or later",
        why="Version 1.2 counts CPU energy from RAPL 1000 times too low and has no RAM: its totals are GPU energy and "
        "little else, and cannot be compared with any later version's.",
        bad="emissions.csv with the twelve columns of version 1.2",
        good="emissions.csv of version 3.3.2",
        fix="measure again with a current CodeCarbon",
        severity=Severity.WARNING,
    )
)
EMISSIONS_GPU = define(
    Rule(
        code="W808",
        name="emissions-gpu",
        title="A GPU that is listed has used energy, and one that has used energy is listed",
        why="Cards without an energy counter (GTX 1080, P100, K80) are written as 0 by some versions: the "
        "largest part of "
        "the energy is then missing.",
        bad="gpu_count 1, gpu_model Tesla P100, gpu_energy 0.0",
        good="gpu_count 1, gpu_model NVIDIA A100, gpu_energy 1.2",
        fix="measure again with CodeCarbon 3.3.2 or later and check `dcase-energy doctor`",
        severity=Severity.WARNING,
    )
)
EMISSIONS_DIFFER = define(
    Rule(
        code="W809",
        name="emissions-not-in-metadata",
        title="The energy in the metadata is the one in the package's CodeCarbon file",
        why="The figure that is ranked is typed by hand; the file is what was measured.",
        bad="training: 0.139 beside emissions_training.csv of 1.390 kWh",
        good="training: 1.390 beside emissions_training.csv of 1.390 kWh",
        fix="copy energy_consumed of the run from the file",
    )
)
EMISSIONS_MISSING = define(
    Rule(
        code="W810",
        name="emissions-missing",
        title="The package brings CodeCarbon's files where the edition asks for them",
        why="The organisers asked for the whole CSV files, which tell GPU, CPU and RAM apart.",
        bad="a package of 2024 without any emissions.csv",
        good="emissions_training.csv and emissions_test.csv beside the metadata",
        fix="put CodeCarbon's files beside the metadata",
        severity=Severity.WARNING,
    )
)
EMISSIONS_UNLIKE = define(
    Rule(
        code="W811",
        name="emissions-not-alike",
        title="All CodeCarbon files of a system come from one machine, version and tracking mode",
        why="A system's energy is divided by the baseline's; measured on another GPU, with another version, or of one "
        "process in place of the machine, the quotient means nothing.",
        bad="emissions_training.csv of an A100 and emissions_baseline_training.csv of a T4",
        good="both files of the same GPU, version and tracking mode",
        fix="measure baseline and system alike, on the same machine",
        severity=Severity.WARNING,
    )
)
