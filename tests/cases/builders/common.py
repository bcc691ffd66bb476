"""What the builders of cases share: metadata, packages, and the list of cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

CASES: dict[str, Callable[[Path, Path], None]] = {}
LABEL = "Adams_UNI_task4_1"
META = f"""submission:
  label: {LABEL}
  name: Example CRNN
  abbreviation: ExCRNN
  authors:
    - lastname: Example
      firstname: Ann
      email: ann@example.org
      corresponding: true
      affiliation:
        abbreviation: UNI
        institute: Example University
        location: Anytown, Anyland
system:
  description:
    input_channels: mono
    input_sampling_rate: 16
    acoustic_features: log-mel energies
    machine_learning_method: CRNN
  complexity:
    total_parameters: 1112420
    macs: 930902000
    training_time: 4 h (1 NVIDIA A100 40GB)
  energy_consumption:
    training: 1.284
    test: 0.0171
    baseline_training: 1.396
    baseline_test: 0.0198
  source_code: https://example.org/code
results:
  development_dataset:
    overall:
      PSDS1: 0.352
      PSDS2: 0.557
"""


def case(name: str) -> Callable[[Callable[[Path, Path], None]], Callable[[Path, Path], None]]:
    def keep(build: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        CASES[name] = build
        return build

    return keep


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def swap(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


def package(at: Path, meta: str | bytes = META, **files: bytes) -> None:
    """One system of our own; files by name beside the metadata."""
    put(at / LABEL / f"{LABEL}.meta.yaml", meta)
    for name, data in files.items():
        put(at / LABEL / name, data)
