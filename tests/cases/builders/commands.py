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


@case("command-line/records-written-over")
def _(at: Path, ex: Path) -> None:
    at.mkdir(parents=True, exist_ok=True)
