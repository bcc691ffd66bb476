"""Valid metadata, broken at random."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

VALID = (Path(__file__).parent.parent / "acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml").read_text()
VALUES = [
    "None",
    "2024",
    "true",
    "1.50",
    "'x'",
    "|",
    "n/a",
    "[1, [2]]",
    "{a: 1}",
    "1e308",
    "1e-300",
    "-0.0",
    "999999999999999999",
]
VALUES += [
    "9" * 400,
    "1e400",
    ".nan",
    "''",
    "!!null",
    "A100",
    "9" * 400 + " h (9 A100)",
    "1 h * 0 (1 T4)",
    "BEATs",
    "0.000001",
]


@st.composite
def mutated(draw) -> str:
    """A valid document with letters of keys dropped, doubled or exchanged, and values of other kinds."""
    lines = VALID.splitlines()
    for _ in range(draw(st.integers(1, 6))):
        index = draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        position = draw(st.integers(0, max(0, len(line) - 1)))
        kind = draw(st.sampled_from(["drop", "double", "blank", "value", "insert"]))
        if kind == "drop":
            line = line[:position] + line[position + 1 :]
        elif kind == "double":
            line = line[: position + 1] + line[position:]
        elif kind == "blank":
            line += draw(st.sampled_from(["  ", "\t", " # note  "]))
        elif kind == "value":
            line = f"{line.partition(':')[0]}: {draw(st.sampled_from(VALUES))}"
        else:
            line = line[:position] + draw(st.characters(codec="utf-8")) + line[position:]
        lines[index] = line
    return "\n".join(lines) + "\n"
