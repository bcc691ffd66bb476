"""Makes the small challenge in this folder: ground truth of 16 clips, and the packages of three teams.

``python examples/make_examples.py [FOLDER]`` writes the same bytes every time; a test compares them with what is here.
The scores are drawn, not computed from audio; the calibration record of team Adams is a real one and not made here.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = (
    "Alarm_bell_ringing",
    "Blender",
    "Cat",
    "Dishes",
    "Dog",
    "Electric_shaver_toothbrush",
    "Frying",
    "Running_water",
    "Speech",
    "Vacuum_cleaner",
)
CLIPS = [f"clip{number:02d}" for number in range(1, 17)]
CLIP_S = 10.0
FRAME_S = 0.25
FRAMES = int(CLIP_S / FRAME_S)
Event = tuple[str, float, float, str]


@dataclass(frozen=True)
class System:
    """How a system is drawn: the share of events it finds, the width of its boundaries' errors, and its metadata."""

    label: str
    quality: float
    runs: int
    meta: str


def truth() -> list[Event]:
    """Two to four events a clip, every class at least three times."""
    rng = np.random.default_rng(2023)
    events: list[Event] = []
    for index, clip in enumerate(CLIPS):
        first = [CLASSES[(2 * index) % 10], CLASSES[(2 * index + 1) % 10]]
        more = [str(c) for c in rng.choice(CLASSES, size=int(rng.integers(0, 3)), replace=False) if c not in first]
        for label in first + more:
            length = float(rng.choice([0.5, 1.0, 1.5, 3.0, 6.0]))
            onset = round(float(rng.uniform(0, CLIP_S - length)), 2)
            events.append((clip, onset, round(onset + length, 2), label))
    return sorted(events)


def scores(system: System, run: int, events: list[Event]) -> dict[str, np.ndarray]:
    """Scores of every clip, shape (frames, classes)."""
    rng = np.random.default_rng([zlib.crc32(system.label.encode()), run])
    found = {clip: rng.beta(0.6, 12, size=(FRAMES, len(CLASSES))) for clip in CLIPS}
    for clip, onset, offset, label in events:
        hit = rng.random() < system.quality
        slack = (1 - system.quality) * 0.9
        begin = int(np.clip(round((onset + rng.normal(0, slack)) / FRAME_S), 0, FRAMES - 1))
        end = int(np.clip(round((offset + rng.normal(0, slack)) / FRAME_S), begin + 1, FRAMES))
        level = rng.uniform(0.6, 0.98) if hit else rng.uniform(0.1, 0.45)
        column = CLASSES.index(label)
        found[clip][begin:end, column] = np.maximum(
            found[clip][begin:end, column], level * rng.uniform(0.85, 1.0, size=end - begin)
        )
    return {clip: np.clip(values, 0, 1) for clip, values in found.items()}


def score_file(values: np.ndarray) -> str:
    """One clip's scores as a TSV."""
    lines = ["\t".join(["onset", "offset", *CLASSES])]
    for frame, row in enumerate(values):
        times = [f"{frame * FRAME_S:g}", f"{(frame + 1) * FRAME_S:g}"]
        lines.append("\t".join([*times, *(f"{value:.2f}" for value in row)]))
    return "\n".join(lines) + "\n"


ADAMS = """\
# Metadata of one system. Everything after `label` and `name` is for comparison; energies are in kWh.
submission:
  label: {label}
  name: {name}
  abbreviation: {abbreviation}
  authors:
    - lastname: Adams
      firstname: Ada
      email: ada.adams@uni.example
      corresponding: true
      affiliation:
        abbreviation: UNI
        institute: University of Anytown
        department: Acoustics
        location: Anytown
    - lastname: Ångström
      firstname: Bo
      affiliation:
        abbreviation: UNI
        institute: University of Anytown
        location: Anytown
system:
  description:
    input_channels: mono
    input_sampling_rate: 16
    acoustic_features: log-mel energies
    data_augmentation: mixup
    machine_learning_method: CRNN
    machine_learning_semi_supervised: mean-teacher student
    ensemble_method_subsystem_count: {subsystems}
    decision_making: {decision}
    post-processing: median filtering (448 ms)
    segmentation_method: attention layers
  complexity:
    total_parameters: {parameters}
    macs: {macs}
    training_time: {time}
  energy_consumption:
    training: {training}
    test: {test}
    # The baseline's energies come with the calibration record beside this system.
  subsets: weak (1578), unlabel_in_domain (14412), synthetic (10000)
  external_datasets: !!null
  pre_trained_models: !!null
  source_code: https://uni.example/adams/sed
results:
  development_dataset:
    overall:
      PSDS1: {psds1}
      PSDS2: {psds2}
"""

BAKER = """\
submission:
  label: {label}
  name: {name}
  abbreviation: {abbreviation}
  authors:
    - lastname: Baker
      firstname: Bea
      email: bea@lab.example
      corresponding: true
      affiliation: {{abbreviation: LAB, institute: Baker Laboratories, location: Othertown}}
system:
  description:
    input_channels: mono
    input_sampling_rate: 32
    acoustic_features: log-mel energies
    machine_learning_method: {method}
    machine_learning_semi_supervised: mean-teacher student
  complexity:
    total_parameters: {parameters}
    macs: {macs}
    training_time: {time}
  energy_consumption:
    training: {training}
    test: {test}
    baseline_training: 1.402
    baseline_test: 0.01967
    hardware: 1 NVIDIA A100 40GB
  external_datasets: {datasets}
  pre_trained_models: {models}
  source_code: !!null
results:
  development_dataset:
    overall:
      PSDS1: {psds1}
      PSDS2: {psds2}
"""

# Broken in ways that really occurred in submissions of 2022 to 2024: see `dcase-energy validate`.
CLARK = """\
submission:
  label: Clarke_INST_task4_1
  name: Our improved baseline
  abbreviation: ImprovedBaseline
  authors:
    - lastname: Clark
      firstname: Chris
      email: chris@inst.example
      corresponding: false
system:
  description:
    input_channels: mono
    input_sampling_rate: 44.1kHz
    machine_learning_method: CRNN
  complexity:
    total_paramters: 4.2MB
    macs: 930.902M
    training_time: 6 h (1 RTX 3060)
  energy_consumption:
    training: 1.717
    test: 500 Wh
results:
  development_dataset:
    overall:
      PSDS1: 35.9
      PSDS2: 0,56
"""

SYSTEMS = (
    System(
        "Adams_UNI_task4_1",
        0.75,
        1,
        ADAMS.format(
            label="Adams_UNI_task4_1",
            name="Small CRNN with mean teacher",
            abbreviation="SmallCRNN",
            subsystems="!!null",
            decision="!!null",
            parameters=1112420,
            macs=930901932,
            time="31 h (2 CPU cores)",
            training=0.8412,
            test=0.0003173,
            psds1=0.343,
            psds2=0.541,
        ),
    ),
    System(
        "Adams_UNI_task4_2",
        0.85,
        3,
        ADAMS.format(
            label="Adams_UNI_task4_2",
            name="Ensemble of three small CRNNs",
            abbreviation="CRNNx3",
            subsystems=3,
            decision="average",
            parameters=3337260,
            macs=2792705796,
            time="94 h (2 CPU cores)",
            training=2.5309,
            test=0.0008915,
            psds1=0.368,
            psds2=0.577,
        ),
    ),
    System(
        "Baker_LAB_task4_1",
        0.7,
        1,
        BAKER.format(
            label="Baker_LAB_task4_1",
            name="Tiny separable CRNN",
            abbreviation="TinyCRNN",
            method="CRNN",
            parameters=96580,
            macs=81240000,
            time="2 h (1 A100 40GB)",
            training=0.6131,
            test=0.01122,
            datasets="!!null",
            models="!!null",
            psds1=0.301,
            psds2=0.489,
        ),
    ),
    System(
        "Baker_LAB_task4_2",
        0.92,
        1,
        BAKER.format(
            label="Baker_LAB_task4_2",
            name="Fine-tuned audio transformer",
            abbreviation="Transf",
            method="transformer",
            parameters=91300000,
            macs=48700000000,
            time="14 h (1 A100 40GB)",
            training=6.2914,
            test=0.08831,
            datasets="AudioSet",
            models="BEATs",
            psds1=0.498,
            psds2=0.779,
        ),
    ),
    System("Clark_INST_task4_1", 0.5, 1, CLARK),
)


def main(folder: Path) -> None:
    """Write everything below a folder."""
    events = truth()
    rows = [f"{clip}.wav\t{onset:g}\t{offset:g}\t{label}" for clip, onset, offset, label in events]
    write(folder / "truth.tsv", "\n".join(["filename\tonset\toffset\tevent_label", *rows]) + "\n")
    durations = [f"{clip}.wav\t{CLIP_S}" for clip in CLIPS]
    write(folder / "durations.tsv", "\n".join(["filename\tduration", *durations]) + "\n")
    for system in SYSTEMS:
        team = system.label.rpartition("_task")[0]
        home = folder / "packages" / team / system.label
        write(home / f"{system.label}.meta.yaml", system.meta)
        for run in range(1, system.runs + 1):
            for clip, values in scores(system, run, events).items():
                text = score_file(values)
                if team == "Clark_INST":
                    if clip == "clip03":
                        continue  # a clip that was forgotten
                    if clip == "clip05":
                        text = text.replace("\n1\t", "\n1.5\t", 1)  # a hole in the frames
                    if clip == "clip07":
                        text = text.replace("\t0.00", "\tnan", 1)
                write(home / f"{system.label}_run{run}.output" / f"{clip}.tsv", text)


def write(path: Path, text: str) -> None:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
