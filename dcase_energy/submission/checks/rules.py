"""Rules of plausibility (P), of systems beside each other (S), and of complexity (C); further ones of M and E."""

from __future__ import annotations

from dcase_energy.findings import Severity
from dcase_energy.rules import Rule, define

SAMPLING_RATE = define(
    Rule(
        code="M109",
        name="sampling-rate-unusual",
        title="The sampling rate is one that audio has, in kHz",
        why="Three systems of 2022 and several of 2023 filed 44 for 44.1; 16000 is a rate in Hz.",
        bad="input_sampling_rate: 16000",
        good="input_sampling_rate: 16",
        fix="write the rate in kHz, with its decimals",
        severity=Severity.WARNING,
    )
)
HASH_IN_VALUE = define(
    Rule(
        code="M110",
        name="hash-in-value",
        title="No value holds a # where the official reader cuts lines at it",
        why="The official tools of 2020 and 2024 drop everything after the first # of a line before they read it: an "
        "address loses its end, and a value in quotes makes the whole file unreadable to them.",
        bad="source_code: https://uni.example/code#readme",
        good="source_code: https://uni.example/code",
        fix="write the value without #",
        severity=Severity.WARNING,
    )
)
ADDRESS_SCHEME = define(
    Rule(
        code="M111",
        name="address-without-scheme",
        title="An address begins with https:// or another scheme",
        why="Submissions of 2020 give github.com/...; pages of results turn that into a link within their own site.",
        bad="source_code: github.com/adams/code",
        good="source_code: https://github.com/adams/code",
        fix="write the scheme in front of the address",
        severity=Severity.WARNING,
    )
)
ENERGY_IMPOSSIBLE = define(
    Rule(
        code="E207",
        name="energy-impossible",
        title="An energy is neither below 3.6 J nor above 1 GWh",
        why="Energies are divided by: a figure of 1e-300 kWh would win every energy-weighted ranking.",
        bad="test: 1.0e-12",
        good="test: 0.01934",
        fix="write the energy in kWh as it was measured; leave the field out if it was not",
    )
)
ENERGY_NONE = define(
    Rule(
        code="E208",
        name="energy-not-given",
        title="Energies are given, even where they are not mandatory",
        why="Nineteen of 101 systems of 2022 gave neither training nor test energy and are missing from every ranking "
        "by energy.",
        bad="system:\n  complexity:\n    total_parameters: 1112420",
        good="system:\n  complexity:\n    total_parameters: 1112420\n  energy_consumption:\n    training: 1.39\n"
        "    test: 0.0193",
        fix="measure training and test inference and give both",
        severity=Severity.WARNING,
    )
)
MACS_NOT_SUMMED = define(
    Rule(
        code="C302",
        name="macs-not-summed",
        title="MACs grow with the number of models in an ensemble",
        why="One team of 2023 filed 88.2 G for 1, 4, 8 and 11 models; another gave the MACs of four models for five. "
        "MACs are there to be compared, so they are summed over the ensemble.",
        bad="two systems of 4 and 8 models, both with macs: 88200000000",
        good="macs: 88200000000 for 4 models, macs: 176400000000 for 8",
        fix="give the sum of the MACs of all models for 10 s of audio",
        severity=Severity.WARNING,
    )
)
PARAMETERS_NOT_SUMMED = define(
    Rule(
        code="C303",
        name="parameters-not-summed",
        title="Parameters grow with the number of models in an ensemble",
        why="In 2022 ensembles of 12, 31, 53 and 150 models all filed 11,061,468 parameters: those of one model.",
        bad="two systems of 12 and 150 models, both with total_parameters: 11061468",
        good="total_parameters: 132737616 for 12 models",
        fix="give the sum of the parameters of all models, embedding networks included",
        severity=Severity.WARNING,
    )
)
MACS_OF_BATCH = define(
    Rule(
        code="C304",
        name="macs-of-batch",
        title="MACs are those of one clip of 10 s, not of a batch",
        why="The baseline's README of 2023 first printed 44.683 G, the MACs of a whole batch; one clip has 930.902 M.",
        bad="macs: 44683000000",
        good="macs: 930902000",
        fix="count with a batch of one clip of 10 s",
        severity=Severity.WARNING,
    )
)
MACS_TOO_FEW = define(
    Rule(
        code="C305",
        name="macs-too-few",
        title="MACs are not fewer than the parameters make plausible",
        why="Systems of 11 to 44 million parameters filed the 911.7 M MACs of a bare CRNN: the embedding network was "
        "left out. Common counters also miss attention and functional products, so that transformers come out too "
        "low.",
        bad="total_parameters: 44200000\nmacs: 911727000",
        good="total_parameters: 1112420\nmacs: 930902000",
        fix="count the whole system from audio to scores, embedding networks and attention included",
        severity=Severity.WARNING,
    )
)
PRETRAINED_NOT_COUNTED = define(
    Rule(
        code="C306",
        name="pretrained-not-counted",
        title="Parameters include those of the pre-trained networks named",
        why="BEATs alone has 90 million parameters; systems that use it filed one to forty million, because its "
        "embeddings were computed beforehand.",
        bad="total_parameters: 1227236\npre_trained_models: BEATs",
        good="total_parameters: 91227236\npre_trained_models: BEATs",
        fix="add the parameters of every pre-trained network the system runs",
        severity=Severity.WARNING,
    )
)
TEACHER_COUNTED = define(
    Rule(
        code="C307",
        name="teacher-counted",
        title="Parameters are those of the network that is run, not of student and teacher",
        why="Mean teacher trains two copies of a network and runs one. The baseline of 2022 was filed with 2,200,000 "
        "parameters, participants who used it filed 1,112,420, and 2023 filed that as well.",
        bad="total_parameters: 2224840",
        good="total_parameters: 1112420",
        fix="count the student (or the teacher, if that one is run) once; keep the figure if both are run",
        severity=Severity.WARNING,
    )
)
SIZE_NOT_OF_PARAMETERS = define(
    Rule(
        code="C308",
        name="size-not-of-parameters",
        title="The size of a model fits the number of its parameters",
        why="Tasks with a limit of 128 kB define the size as parameters times bits over 8. A figure below one byte or "
        "above four bytes per parameter has lost a digit, or is in another unit.",
        bad="total_parameters: 61148\ntotal_model_size: 12229",
        good="total_parameters: 61148\ntotal_model_size: 122296",
        fix="give the size in bytes: the number of parameters times 1, 2 or 4 for 8, 16 or 32 bits",
        severity=Severity.WARNING,
    )
)
PAIR_REUSED = define(
    Rule(
        code="S701",
        name="energy-pair-reused",
        title="Each system has energies of its own",
        why="36 systems of 2022 share their pair of training and test energy with another system of the team, up to "
        "one pair for ensembles of 12, 31, 53 and 150 models.",
        bad="systems 1 and 2, both training: 17.0 and test: 0.3",
        good="system 1 with 17.04 and 0.313, system 2 with 17.41 and 0.309",
        fix="measure each system; if they truly share training and inference, say so in the report",
        severity=Severity.WARNING,
    )
)
BASELINE_VARIES = define(
    Rule(
        code="S702",
        name="baseline-varies",
        title="A team has one baseline energy a hardware",
        why="The baseline's energy is a property of the hardware, not of the system; teams of 2023 filed 0.006 and "
        "0.007, or 0.03 and 0.04 kWh, for systems measured on the same GPU.",
        bad="baseline: 0.150 in one system and 0.156 in another, both on 1 A100",
        good="baseline: 0.153 in both",
        fix="measure the baseline once on this hardware and give that figure for all systems measured on it",
        severity=Severity.WARNING,
    )
)
BASELINE_SCALED = define(
    Rule(
        code="S703",
        name="baseline-scaled-with-ensemble",
        title="The baseline's energy does not grow with the ensemble",
        why="One team of 2023 gave 0.156, 0.936 and 2.340 kWh for the baseline of systems of 1, 6 and 15 models: "
        "after normalisation all three cost the same.",
        bad="baseline: 0.936 for 6 models, baseline: 0.156 for one",
        good="baseline: 0.156 for both",
        fix="give the energy of one baseline, however many models the system has",
        severity=Severity.WARNING,
    )
)
BASELINE_OUT_OF_LINE = define(
    Rule(
        code="S704",
        name="baseline-out-of-line",
        title="The baseline's energy is in line with that of other teams on the same GPU model",
        why="On an A100 the baseline of 2023 cost 0.007, 0.025, 0.032 and 0.150 kWh: a factor of 22 on one model of "
        "GPU, and a rank for whoever has the largest.",
        bad="baseline: 0.150 on an A100, where other teams have 0.025 and 0.032",
        good="baseline: 0.030 on an A100",
        fix="check what was measured: the whole node or one GPU, all epochs or ten, and the same baseline",
        severity=Severity.WARNING,
    )
)
ENERGY_MULTIPLIED = define(
    Rule(
        code="S705",
        name="energy-multiplied",
        title="The energy of an ensemble is measured, not multiplied",
        why="446.6 kWh for 20 models is 20 times the 22.33 kWh of one: the others were never measured.",
        bad="training: 446.6 for 20 models, training: 22.33 for one",
        good="training: 431.2 for 20 models, training: 22.33 for one",
        fix="measure the training of every model, or say in the report that the figure was multiplied",
        severity=Severity.WARNING,
    )
)
ENERGY_FACTOR = define(
    Rule(
        code="S706",
        name="energy-factor",
        title="Systems of equal complexity do not differ by a factor that a slip would give",
        why="In 2023 one test energy was exactly three times that of its siblings (three runs added up), and 0.030 "
        "stood beside 0.340 kWh at equal MACs.",
        bad="test: 1.905 and test: 0.635 with equal macs",
        good="test: 0.641 and test: 0.635 with equal macs",
        fix="check unit, decimal point, and whether runs were added up",
        severity=Severity.WARNING,
    )
)
POWER = define(
    Rule(
        code="P801",
        name="power-implausible",
        title="Energy over training time is a power that the hardware named can draw",
        why="Systems of 2022 claim 2 to 3.5 kW for one A100: a whole node was measured, or the time is that of one "
        "model. Others come to 6 W.",
        bad="training: 17.0\ntraining_time: 8h (1 RTX A5000)",
        good="training: 1.7\ntraining_time: 8h (1 RTX A5000)",
        fix="give the time of the whole training and all GPUs that were measured, and check the unit of the energy",
        severity=Severity.WARNING,
    )
)
OVER_BASELINE = define(
    Rule(
        code="P802",
        name="over-baseline-implausible",
        title="A system costs between a thousandth and a thousand times the baseline",
        why="A factor of 1000 between the two usually is one figure in Wh and the other in kWh.",
        bad="training: 1390.7\nbaseline_training: 1.412",
        good="training: 1.3907\nbaseline_training: 1.412",
        fix="check that both figures are in kWh and of the same stage",
        severity=Severity.WARNING,
    )
)
ENERGY_UNUSUAL = define(
    Rule(
        code="P803",
        name="energy-unusual",
        title="An energy lies where real systems lie",
        why="Of 185 real systems none trained on less than 0.1 or more than 447 kWh, and none spent more than 2 kWh "
        "on test inference. Figures far outside are in Wh or J.",
        bad="training: 13907\ntest: 193.4",
        good="training: 13.907\ntest: 0.1934",
        fix="check that the figure is in kWh",
        severity=Severity.WARNING,
    )
)
HARDWARE_DIFFERS = define(
    Rule(
        code="P804",
        name="hardware-contradicts-itself",
        title="Training time and energies name the same hardware",
        why="The baseline of 2022 was listed with a GTX 1080 Ti beside energies from an A100; which hardware a ratio "
        "belongs to was anybody's guess.",
        bad="training_time: 3 h (1 GTX 1080 Ti)\nhardware: 1 NVIDIA A100 80GB",
        good="training_time: 3 h (1 A100)\nhardware: 1 NVIDIA A100 80GB",
        fix="give time and energies of one and the same training",
        severity=Severity.WARNING,
    )
)
