"""Recorded traces of a machine: single training steps and batches of validated clips, in their order."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dcase_energy.calibration.plan import WINDOW_UNITS, Plan, QuickSettings
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.windows import of_phase, windows_of


@dataclass(frozen=True)
class Piece:
    """The least work: a training step, or some validated clips."""

    duration_s: float
    amount: int
    kwh: dict[str, float]


def load_trace(path: Path) -> dict[str, list[Piece]]:
    """Pieces by phase."""
    found: dict[str, list[Piece]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            kwh = {name: float(row[f"{name}_kwh"]) for name in COMPONENTS if row[f"{name}_kwh"]}
            found.setdefault(row["phase"], []).append(Piece(float(row["duration_s"]), int(row["amount"]), kwh))
    return found


def record_trace(recipe: str, budget_s: float, output: Path) -> None:
    """Record single steps and validation batches of this machine."""
    settings = QuickSettings(
        budget_s=budget_s, min_s=budget_s, max_settle_s=0.0, window_steps=1, window_clips=16, window_s=0.0
    )
    plan = Plan("generic", recipe, stages=("training",), quick=settings, idle_s=0.0, allow_estimate=True)
    with tempfile.TemporaryDirectory() as folder:
        record = run_calibration(plan, Path(folder) / "trace.json")
        windows = windows_of(read_journal(journal_of(Path(folder) / "trace.json")))
    with output.open("w", encoding="utf-8", newline="") as file:
        how = ", ".join(f"{name} {one.method}" for name, one in record.stages["training"].components.items())
        file.write(f"# one training step, or some validated clips, a row; recipe {recipe}; {how}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["phase", "duration_s", "amount", *(f"{name}_kwh" for name in COMPONENTS)])
        for window in of_phase(windows, "training_window", "validation_window"):
            kwh = [window.component_kwh(name) for name in COMPONENTS]
            amount = window.payload[WINDOW_UNITS[window.phase]]
            shown = ["" if value is None else f"{value:.6g}" for value in kwh]
            writer.writerow([window.phase, f"{window.duration_s:.6f}", amount, *shown])
