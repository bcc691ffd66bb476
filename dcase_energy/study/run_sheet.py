"""Sheets with one training run a row, such as the organisers' own of 2022."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dcase_energy.documents.epochs import LARGEST, SMALLEST, is_amount
from dcase_energy.documents.numbers import half_unit, parse_number
from dcase_energy.documents.tables import DelimitedTable
from dcase_energy.study.rules import SHEET_CONTRADICTS, SHEET_VALUE
from dcase_energy.study.runs import LARGEST_COUNT, StatedFigures

# Every known name of a column. A batch unit is 1 strong, 1 weak and 2 unlabelled clips.
_NAMES = {
    "gpu": ("gpu", "gpu_model", "hardware", "device"),
    "batch_size": ("batch_size", "batch"),
    "batch_unit": ("batch_unit",),
    "epochs": ("epochs",),
    "max_f1_pct": ("max_f1_pct",),
    "time_hh_mm": ("time_hh_mm", "time"),
    "duration_s": ("duration_s", "duration"),
    "total_kwh": ("total_kwh", "energy_kwh", "energy_consumed"),
    "epoch_kwh": ("epoch_kwh",),
    "minute_kwh": ("minute_kwh",),
    "f1_95_pct": ("f1_95_pct",),
    "kwh_at_f1_40": ("kwh_at_f1_40",),
    "kwh_at_95": ("kwh_at_95", "kwh_at_f1_95", "kwh_at_95_max"),
    "kwh_at_max": ("kwh_at_max", "kwh_at_best"),
    "best_over_95_pct": ("best_over_95_pct",),
}
SHEET_NAMES = tuple(itertools.chain(*_NAMES.values()))
_CLIPS_PER_UNIT = 4
_COUNTS = ("batch_size", "batch_unit", "epochs")
_PERCENT = ("max_f1_pct", "f1_95_pct")
_AMOUNTS = ("duration_s", "total_kwh", "epoch_kwh", "minute_kwh", "kwh_at_f1_40", "kwh_at_95", "kwh_at_max")

# What a printed number may have been before it was rounded.
_Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SheetRun:
    """One run of an imported sheet; ``line`` is its line."""

    line: int
    gpu: str | None
    batch_size: int | None
    epochs: int | None
    figures: StatedFigures


def column_of(columns: Sequence[str], name: str) -> str | None:
    """The column of a sheet that holds a figure, under any of its names; None if there is none."""
    return next((alias for alias in _NAMES[name] if alias in columns), None)


def missing_columns(columns: Sequence[str], *, gpu: str | None, batch_size: int | None) -> str:
    """Which of GPU, batch size and total energy no column and no option gives, in words; empty if none is missing."""
    known = {
        "the GPU": gpu or column_of(columns, "gpu"),
        "the batch size": batch_size or column_of(columns, "batch_size") or column_of(columns, "batch_unit"),
        "the total energy": column_of(columns, "total_kwh"),
    }
    return ", ".join(name for name, found in known.items() if not found)


def runs_of_table(table: DelimitedTable) -> Iterator[SheetRun]:
    """The runs of a sheet; a figure that cannot be is a finding and stays empty."""
    for index, line in enumerate(table.row_lines):
        values = {name: _value(table, index, name) for name in _NAMES if name not in {"gpu", "time_hh_mm"}}
        _check(table, index, [name for name, value in values.items() if value is not None])
        counts = {name: None if (count := values.pop(name)) is None else int(count) for name in _COUNTS}
        values["duration_s"] = _time(table, index) or values["duration_s"]
        for name in ("epoch", "minute"):
            kwh = values.pop(f"{name}_kwh")
            values[f"{name}_wh"] = None if kwh is None else 1000 * kwh
        unit = counts["batch_unit"]
        stated = {name: value for name, value in values.items() if name in StatedFigures.model_fields}
        yield SheetRun(
            line=line,
            gpu=_text(table, index, "gpu") or None,
            batch_size=counts["batch_size"] or (None if unit is None else unit * _CLIPS_PER_UNIT),
            epochs=counts["epochs"],
            figures=StatedFigures.model_validate(stated),
        )


def _text(table: DelimitedTable, index: int, name: str) -> str:
    """Return a cell as text; empty where the column does not exist."""
    column = column_of(table.columns, name)
    return "" if column is None else table.rows[index][table.columns.index(column)].strip()


def _value(table: DelimitedTable, index: int, name: str) -> float | None:
    column = column_of(table.columns, name)
    value = None if column is None else table.number(index, column, empty=True)
    if value is None or column is None:
        return None
    if name in _COUNTS and (not 1 <= value <= LARGEST_COUNT or not value.is_integer()):
        message, expected = f"{name} is not a whole number", f"a whole number up to {LARGEST_COUNT:,}"
    elif name in _PERCENT and not 0 <= value <= 100:
        message, expected = f"{column} is out of range", "0 to 100"
    elif name in _AMOUNTS and not (is_amount(value) and is_amount(1000 * value)):  # kWh are also held in Wh
        message, expected = f"{column} is out of range", f"0, or {SMALLEST:g} to {LARGEST / 1000:g}"
    else:
        return value
    table.findings.append(
        SHEET_VALUE.finding(table.where(index, column), message, expected=expected, found=f"{value:g}")
    )
    return None


def _time(table: DelimitedTable, index: int) -> float | None:
    """Hours and minutes as seconds."""
    text = _text(table, index, "time_hh_mm")
    if not text:
        return None
    time_s = _seconds(text)
    if time_s is None:
        where = table.where(index, column_of(table.columns, "time_hh_mm"))
        message = "a time is written hours:minutes"
        table.findings.append(SHEET_VALUE.finding(where, message, expected="08:28", found=repr(text[:20])))
    return time_s


def _seconds(text: str) -> float | None:
    match = re.fullmatch(r"([0-9]{1,4}):([0-5][0-9])", text, re.ASCII)
    return None if match is None else 3600.0 * int(match[1]) + 60.0 * int(match[2])


def _check(table: DelimitedTable, index: int, known: Sequence[str]) -> None:
    """Report known figures of a row that contradict each other within their printed digits."""
    near = dict.fromkeys(_NAMES) | {name: _range_of(_text(table, index, name)) for name in known}
    time_s = _seconds(_text(table, index, "time_hh_mm"))
    duration_s = near["duration_s"] if time_s is None else (time_s - 30, time_s + 30)
    total = near["total_kwh"]
    derived = {
        "epoch_kwh": _divide(total, near["epochs"]),
        "minute_kwh": _divide(total, None if duration_s is None else (duration_s[0] / 60, duration_s[1] / 60)),
        "f1_95_pct": _times(near["max_f1_pct"], 0.95),
        "best_over_95_pct": _times(_divide(near["kwh_at_max"], near["kwh_at_95"]), 100),
    }
    problems = [
        f"{name} is {_shown(found)}, the row's other figures give {_shown(follows)}"
        for name, follows in derived.items()
        if (found := near[name]) is not None and follows is not None and not _overlap(found, follows)
    ]
    for low_name, high_name in itertools.pairwise(("kwh_at_95", "kwh_at_max", "total_kwh")):
        low, high = near[low_name], near[high_name]
        if low is not None and high is not None and low[0] > high[1]:
            problems.append(f"{low_name} ({_shown(low)}) is above {high_name} ({_shown(high)})")
    for problem in problems:
        table.findings.append(SHEET_CONTRADICTS.finding(table.where(index), problem))


def _range_of(text: str) -> _Range | None:
    value = parse_number(text)
    if value is None:
        return None
    return value - half_unit(text), value + half_unit(text)


def _divide(above: _Range | None, below: _Range | None) -> _Range | None:
    if above is None or below is None or below[0] <= 0:
        return None
    return above[0] / below[1], above[1] / below[0]


def _times(value: _Range | None, factor: float) -> _Range | None:
    return None if value is None else (value[0] * factor, value[1] * factor)


def _overlap(one: _Range, other: _Range) -> bool:
    return one[0] <= other[1] * (1 + 1e-9) and other[0] <= one[1] * (1 + 1e-9)


def _shown(interval: _Range) -> str:
    middle, half = (interval[0] + interval[1]) / 2, (interval[1] - interval[0]) / 2
    decimals = min(15, max(0, -math.floor(math.log10(half)))) if half > 0 else 3
    return f"{middle:.{decimals}f} ± {half:.1g}"
