"""The command line."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cases.builders.common import case, package, put
from tests.cases.builders.emissions import row, table
from tests.cases.builders.records import adams


@case("command-line/fifo-as-output")
def _(at: Path, ex: Path) -> None:
    os.mkfifo(at / "pipe")


@case("command-line/fifo-as-calibration")
def _(at: Path, ex: Path) -> None:
    package(at)
    os.mkfifo(at / "calibration.json")


@case("command-line/huge-calibration")
def _(at: Path, ex: Path) -> None:
    package(at)
    with (at / "huge.json").open("wb") as file:
        file.truncate(3_000_000_000)  # sparse: takes no room


@case("command-line/stdout-closed")
def _(at: Path, ex: Path) -> None:
    package(at)


@case("command-line/codecarbon-file-named")
def _(at: Path, ex: Path) -> None:
    put(at / "emissions.csv", table(row(project_name="training")))


@case("command-line/record-named")
def _(at: Path, ex: Path) -> None:
    adams(at, ex)


@case("command-line/metadata-named")
def _(at: Path, ex: Path) -> None:
    """The metadata of a package whose baseline is in a record."""
    adams(at, ex)


@case("command-line/records-written-over")
def _(at: Path, ex: Path) -> None:
    at.mkdir(parents=True, exist_ok=True)


@case("command-line/record-changed")
def _(at: Path, ex: Path) -> None:
    """A record by itself whose figure was changed, and one whose journal was."""
    adams(at, ex)
    folder = at / "Adams_UNI"
    record = (folder / "calibration.json").read_bytes()
    put(at / "figure/calibration.json", record.replace(b'"energy_kwh": 0.', b'"energy_kwh": 1.', 1))
    put(at / "journal/calibration.json", record)
    journal = (folder / "calibration.journal.jsonl").read_bytes()
    put(at / "journal/calibration.journal.jsonl", journal.replace(b'"clips":', b'"clips":1', 1))


@case("command-line/codecarbon-file-of-two-runs")
def _(at: Path, ex: Path) -> None:
    put(at / "emissions.csv", table(row(run_id="a"), row(run_id="b", energy_consumed="0.5")))
    put(at / "results.csv", "label,psds1\nAdams_UNI_task4_1,0.3\n")


@case("command-line/no-place-to-write")
def _(at: Path, ex: Path) -> None:
    package(at)
    put(at / "file", "x")
