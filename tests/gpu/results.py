"""What the checks on a GPU found: one row a check, figures, and the machine; JSON, a table and a page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class State(StrEnum):
    """PASS: as documented. WARN: works, but look at it. FAIL: a promise is broken. SKIP: not checked."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Row:
    """One check: what was found, and what was expected."""

    part: str
    check: str
    state: State
    found: str
    expected: str = ""

    def line(self) -> str:
        """The row as it is printed."""
        expected = f"   [{self.expected}]" if self.expected else ""
        return f"{self.state:<4}  {self.part:<8}  {self.check}: {self.found}{expected}"


@dataclass
class Results:
    """All rows so far; figures are numbers that later parts and the page use, notes what the page says besides."""

    machine: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    part: str = ""

    def add(self, check: str, state: bool | State, found: str, expected: str = "", *, weak: State = State.FAIL) -> None:
        """Note a check and print it; ``weak`` is the state where it is False."""
        if not isinstance(state, State):
            state = State.PASS if state else weak
        self.rows.append(Row(self.part, check, state, found, expected))
        print(f"{time.strftime('%H:%M:%S')}  {self.rows[-1].line()}", flush=True)

    def close_to(self, check: str, value: float, other: float, within: float, unit: str) -> None:
        """Note whether two figures agree."""
        ratio = value / other if other else float("inf")
        found = f"{value:.4g} {unit} / {other:.4g} {unit} = {ratio:.4f}"
        self.add(check, abs(ratio - 1) <= within, found, f"within {within:.0%}")

    def count(self, state: State) -> int:
        """Number of rows of a state."""
        return sum(row.state is state for row in self.rows)

    def summary(self) -> str:
        """How many of each, and a table of all that is not PASS."""
        counts = ", ".join(f"{self.count(state)} {state}" for state in State)
        return "\n".join([f"{len(self.rows)} checks: {counts}", *(r.line() for r in self.rows if r.state != "PASS")])

    def write(self, path: Path) -> None:
        """Write JSON."""
        document = {"machine": self.machine, "rows": [asdict(row) for row in self.rows], "figures": self.figures}
        document |= {"notes": self.notes} if self.notes else {}
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Self:
        """Join the files of several calls; of a part that was run twice, the later file counts."""
        joined = cls()
        for path in paths:
            one = json.loads(path.read_text(encoding="utf-8"))
            parts = {row["part"] for row in one["rows"]}
            joined.rows = [row for row in joined.rows if row.part not in parts]
            joined.rows += [Row(**{**row, "state": State(row["state"])}) for row in one["rows"]]
            joined.machine |= one["machine"]
            joined.figures |= one["figures"]
            joined.notes += one.get("notes", [])
        return joined


def page(results: Results, parts: Mapping[str, Any]) -> str:
    """The page `docs/gpu.md`."""
    order = list(parts)
    rows = sorted(results.rows, key=lambda row: order.index(row.part))
    missing = [name for name in parts if name not in {row.part for row in results.rows}]
    lines = [
        "# Seen on a GPU",
        "",
        "<!-- Written by `python -m tests.gpu --page docs/gpu.md FILE...`; do not edit. -->",
        "",
        "What `make gpu-check` found on a real machine; [how to run it](how-to/gpu-server.md#check-the-tool-on-a-gpu).",
        f"{results.summary().splitlines()[0]}." + (f" Not run: {', '.join(missing)}." if missing else ""),
        *(f"\n{note}" for note in results.notes),
        "",
        "## Machine",
        "| | |",
        "|---|---|",
        *(f"| {_cell(name)} | {_cell(value)} |" for name, value in results.machine.items()),
        "",
        "## Checks",
        "| part | check | | found | expected |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(map(_cell, (r.part, r.check, r.state, r.found, r.expected)))} |" for r in rows),
        "",
        "## Figures",
        "| figure | value |",
        "|---|--:|",
        *(f"| {_cell(name)} | {value:.4g} |" for name, value in results.figures.items()),
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
