"""The one reader of `epochs.csv`, what each epoch of a training took and reached: for studies and packages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule

EPOCHS_FILE = "epochs.csv"
MAX_EPOCHS_BYTES = 50_000_000
# No figure of a training in seconds, kWh or Wh is smaller, unless it is 0, or larger.
SMALLEST, LARGEST = 1e-12, 1e12


def is_amount(value: float) -> bool:
    """Whether a figure can be an energy or a duration: 0, or what arithmetic neither loses nor exceeds."""
    return value == 0 or SMALLEST <= value <= LARGEST


def read_epoch_rows(
    data: bytes, place: Where, rule: Rule, columns: Sequence[str], needed: Collection[str]
) -> tuple[list[dict[str, float | None]], list[Finding]]:
    """Read some columns of `epochs.csv`; others are ignored.

    Parameters
    ----------
    data, place
        The file, and where it is.
    rule
        The rule of findings about figures that an epoch cannot have.
    columns
        What is read: ``epoch``, which counts from 1, and figures whose names end in their unit or in that of an F1.
    needed
        Columns in which no cell may be empty; in others it is None.

    Returns
    -------
    rows, findings
        The epochs that nothing is wrong with, by column, and what is wrong.
    """
    table = read_table(data, place.file, member=place.member, required=columns, delimiter=",")
    rows = [_epoch(table, row, rule, columns, needed) for row in range(len(table.rows))]
    if table.columns and not rows and not table.findings:
        table.add(rule.finding(table.where(), "no epoch"))
    return [row for row in rows if row is not None], table.findings


def _epoch(
    table: DelimitedTable, row: int, rule: Rule, columns: Sequence[str], needed: Collection[str]
) -> dict[str, float | None] | None:
    before = table.mark()
    values = {name: table.number(row, name, empty=name not in needed) for name in columns}
    if not table.since(before):
        for name, value in values.items():
            if value is not None and (wrong := _wrong_value(name, value, row)):
                message, expected = wrong
                table.add(rule.finding(table.where(row, name), message, expected=expected, found=f"{value:g}"))
    return None if table.since(before) else values


def _wrong_value(name: str, value: float, row: int) -> tuple[str, str] | None:
    """What is wrong with a figure of an epoch, and what was expected."""
    if name == "epoch" and value != row + 1:
        return "epochs are not counted from 1 without a gap", str(row + 1)
    if name == "duration_s" and value <= 0:
        return "an epoch took no time", "more than 0"
    if name.endswith(("_kwh", "_s")) and not is_amount(value):
        return f"{name} is out of range", f"0, or {SMALLEST:g} to {LARGEST:g}"
    if name.startswith("intersection_f1") and not 0 <= value <= 1:
        return f"{name} is not a fraction", "0 to 1"
    return None
