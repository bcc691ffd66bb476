"""Rules about CodeCarbon's files (W). No hint asks to change such a file: it is evidence only as it was written."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

AS_WRITTEN = "put the file into the package as CodeCarbon wrote it; if that file is lost, measure the run again"
EMISSIONS_HEADER = define(
    Rule(
        code="W801",
        name="emissions-header",
        title="A CodeCarbon file has columns for duration and energy_consumed, separated by commas",
        why="A table that was edited in a spreadsheet loses columns or separators, and with them its meaning. The"
        " order of the columns does not matter: releases before 3.1.2 change it from run to run (CodeCarbon "
        "issue 987).",
        bad="timestamp;project_name;duration;energy_consumed",
        good="timestamp,project_name,run_id,duration,emissions,...",
        fix=AS_WRITTEN,
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
        fix=AS_WRITTEN,
    )
)
EMISSIONS_RATE = define(
    Rule(
        code="W803",
        name="emissions-identity",
        title="The columns of a CodeCarbon row agree with each other",
        why="emissions_rate is emissions over duration (in g/s up to 2.1.4, in kg/s from 2.2.0), and before "
        "version 3 RAM power is 3/8 W per GB: a row where they are not was edited, or its columns have "
        "shifted.",
        bad="duration 3600, emissions 0.36, emissions_rate 0.5",
        good="duration 3600, emissions 0.36, emissions_rate 0.0001",
        fix=AS_WRITTEN,
        severity=Severity.WARNING,
    )
)
EMISSIONS_UNITS = define(
    Rule(
        code="W804",
        name="emissions-units",
        title="Energies are in kWh, powers in W and the duration in seconds",
        why="A column converted to Wh or joule is 1000 or 3.6 million times too large, and nothing else in the "
        "file shows it.",
        bad="energy_consumed 390.0 with 390 W over 3600 s",
        good="energy_consumed 0.390 with 390 W over 3600 s",
        fix=AS_WRITTEN,
        severity=Severity.WARNING,
    )
)
EMISSIONS_RUNS = define(
    Rule(
        code="W805",
        name="emissions-appended",
        title="A CodeCarbon file holds one run, and no backup beside it holds more",
        why="CodeCarbon appends to the file that is there, and renames it to a backup (emissions.csv.bak, "
        "emissions.csv_0.bak) when the columns change: several runs may be restarts, attempts or other work, "
        "and it is not known which of them the metadata describe. The same holds for a run that no figure reports and "
        "no name assigns to a stage, where a declared figure is in no file. Runs that are each a figure of the "
        "metadata are not reported.",
        bad="emissions_training.csv with rows of three run_ids",
        good="emissions_training.csv with rows of one run_id",
        fix="leave the file as it is and state in the report which run the metadata describe; give each run a "
        "separate file (output_file=...)",
        severity=Severity.WARNING,
    )
)
EMISSIONS_ORDER = define(
    Rule(
        code="W806",
        name="emissions-not-increasing",
        title="Duration and energies of a run are positive and never decrease",
        why="Rows of one run are cumulative; a figure that goes down, a duration of 0 or a negative energy is a "
        "counter that was reset or ran over (CodeCarbon issues 309 and 1309), or a row that was changed.",
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
        why="Version 1.2 counts CPU energy from RAPL 1000 times too low, and no version before 2.0 counts RAM: "
        "the totals are GPU energy and little else, and cannot be compared with any later version's.",
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
        why="The figure that is ranked is typed by hand; the file is what was measured. Runs are assigned to a "
        "stage by whole words in the names of file, task and project, in this order.",
        bad="training: 0.139 beside emissions_training.csv of 1.390 kWh",
        good="training: 1.390 beside emissions_training.csv of 1.390 kWh",
        fix="copy energy_consumed of the run from the file",
    )
)
EMISSIONS_MISSING = define(
    Rule(
        code="W810",
        name="emissions-missing",
        title="The package brings CodeCarbon's files, or energy records, where the edition asks for them",
        why="The organisers asked for the whole CSV files, which list GPU, CPU and RAM separately. CodeCarbon 2.7.0 to "
        "2.8.4 writes none where a lock file of an earlier run is left (issues 702 and 779): its log then names "
        "another instance.",
        bad="a package of 2024 without any emissions.csv",
        good="emissions_training.csv and emissions_test.csv beside the metadata",
        fix="put CodeCarbon's files beside the metadata, or the records of `dcase-energy measure` and their journals",
        severity=Severity.WARNING,
    )
)
EMISSIONS_UNLIKE = define(
    Rule(
        code="W811",
        name="emissions-not-alike",
        title="All CodeCarbon files of a system come from one machine, version and tracking mode",
        why="A system's energy is divided by the baseline's; measured on another GPU, with another version, or of"
        " one process in place of the machine, the quotient means nothing. Where the two files of a stage "
        "differ in this way no ratio is computed.",
        bad="emissions_training.csv of an A100 and emissions_baseline_training.csv of a T4",
        good="both files of the same GPU, version and tracking mode",
        fix="measure baseline and system in the same way, on the same machine",
        severity=Severity.WARNING,
    )
)
EMISSIONS_SCOPE = define(
    Rule(
        code="W812",
        name="emissions-scope",
        title="The files of system and baseline count the same components, with the same PUE",
        why="A GPU alone divided by GPU, CPU and RAM, or an energy multiplied by a PUE divided by one that is "
        "not, is a ratio of two different things. No ratio is computed for the stage.",
        bad="emissions_training.csv with cpu_energy 0 and ram_energy 0, emissions_baseline.csv with all three",
        good="cpu_energy, gpu_energy and ram_energy in both files, pue 1.0 in both",
        fix="measure one of the two again, with the settings of the other",
        severity=Severity.WARNING,
    )
)
EMISSIONS_RESTORED = define(
    Rule(
        code="W813",
        name="emissions-restored",
        title="Each row of a CodeCarbon file has a cell for each column",
        why="Releases 3.2.9 and 3.3.0 append rows without the cells that have no value (CodeCarbon issue 1304), "
        "and rows appended to a file without a final line break share a line (issue 43). Such rows are put "
        "back in order; their energies are intact.",
        bad="a header of 38 columns, the second row of 35 cells",
        good="38 cells in each row",
        fix="leave the file as it is; give each run a separate file (output_file=...), or use CodeCarbon 3.3.2 or"
        " later",
        severity=Severity.INFO,
    )
)
EMISSIONS_EDITOR = define(
    Rule(
        code="W814",
        name="emissions-reformatted",
        title="A CodeCarbon file is in the package as it was written",
        why="An editor that aligns columns pads the cells with spaces. The figures are read without them, but a "
        "file that was saved by an editor may have been changed elsewhere too.",
        bad="   14400.0   ,  0.0719  ",
        good="14400.0,0.0719",
        fix=AS_WRITTEN,
        severity=Severity.WARNING,
    )
)
EMISSIONS_UNMEASURED = define(
    Rule(
        code="W815",
        name="emissions-not-measured",
        title="A CodeCarbon file holds the energy of its run",
        why="Where CodeCarbon cannot read a component (macOS without powermetrics) it leaves cells empty; tasks "
        "before 3.0.3 can be 0 kWh (CodeCarbon issue 851), and runs are lost where the file was empty before "
        "(issue 929). Without an energy no ratio is computed from such a run.",
        bad="duration 14400, cpu_energy and energy_consumed empty",
        good="duration 14400, energy_consumed 1.284",
        fix="measure the run again where CodeCarbon can read all components (`dcase-energy doctor` shows what "
        "this machine allows), and leave the file as it is",
        severity=Severity.WARNING,
    )
)
EMISSIONS_PARALLEL = define(
    Rule(
        code="W816",
        name="emissions-of-processes",
        title="Energies of processes that ran at the same time are added only where each counted its own GPUs",
        why="With one tracker per process each file counts the whole machine unless gpu_ids restricts it "
        "(CodeCarbon issue 544): the sum of eight such files is eight times the energy, and one of eight "
        "restricted files an eighth. CPU and RAM of the machine are in every file, so a sum is never too low.",
        bad="training: 8 times the energy of each of 8 files with 8 GPUs",
        good="training: the energy of one of these files, or the sum of 8 files with 1 GPU each",
        fix="declare the energy of one file where each counts all GPUs, and the sum where each counts its own",
        severity=Severity.WARNING,
    )
)
EMISSIONS_CPU_POWER = define(
    Rule(
        code="W817",
        name="emissions-cpu-power",
        title="The mean power of the CPU is one that the named processor can draw",
        why="A mean far above the nominal power of all sockets is a counter that was misread, or a row that was "
        "changed.",
        bad="cpu_energy 1.0 kWh in 4 h (250 W) on a Core i7-7700K, nominal power 91 W",
        good="cpu_energy 0.17 kWh in 4 h (42.5 W)",
        fix="measure the run again with a current CodeCarbon, or explain the figure in the report",
        severity=Severity.WARNING,
    )
)
EMISSIONS_OWN_MISSING = define(
    Rule(
        code="W818",
        name="emissions-own-missing",
        title="Where a package brings CodeCarbon files of a stage, one of them holds the system's own energy",
        why="A file that holds the baseline's energy alone shows nothing about the system, and the ratio would "
        "divide an energy of unknown origin by a measured one. No ratio is computed for the stage.",
        bad="training: 0.428 beside one file of 1.396 kWh, which is baseline_training",
        good="training: 1.284 beside a file of 1.284 kWh and the baseline's of 1.396 kWh",
        fix="put the system's own CodeCarbon file, or its record of `dcase-energy measure`, beside the metadata",
        severity=Severity.WARNING,
    )
)
EMISSIONS_FOREIGN = define(
    Rule(
        code="W819",
        name="emissions-not-codecarbon",
        title="A file named after emissions is one of CodeCarbon's",
        why="Other tools and data sets use the name too. Such a file is not read, and proves nothing.",
        bad="emissions.csv with the columns video, views",
        good="emissions.csv with the columns timestamp, project_name, run_id, duration, ...",
        fix="nothing to do where the file has another purpose; else put CodeCarbon's file in its place",
        severity=Severity.INFO,
    )
)
