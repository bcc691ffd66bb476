"""One self-contained page: no script, no network, foreign text escaped by the template engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy import __version__
from dcase_energy.editions.model import Edition
from dcase_energy.ranking.order import Ranked
from dcase_energy.ranking.sheet import Cell, Column, columns_of
from dcase_energy.units import format_significant

_DIGITS = 4


def to_html(ranked: Sequence[Ranked], edition: Edition) -> str:
    """Write a ranking as a page; figures with four significant digits, all digits in their tooltips."""
    columns = [column for column in columns_of(ranked) if not column.extra and _filled(column, ranked)]
    rows = [
        {"excluded": one.entry.excluded is not None, "cells": [_cell(column, column.value(one)) for column in columns]}
        for one in ranked
    ]
    page: str = _template().render(
        edition=edition, columns=columns, rows=rows, formulas=describe_formulas(edition), version=__version__
    )
    return page


def describe_formulas(edition: Edition) -> list[str]:
    """The formulas of an edition with their constants, one sentence each."""
    rule, weights, ranking = edition.normalisation, edition.energy_weighted, edition.ranking
    lines = []
    if rule.kind == "ratio":
        lines.append("Energy ratio = energy of the system / energy of the baseline, same stage, same hardware.")
        lines.append("Energy-weighted PSDS = PSDS / energy ratio.")
    if rule.kind == "common_reference":
        rounding = "" if rule.decimals is None else f", rounded to {rule.decimals} decimals"
        lines.append(
            f"Normalised energy = energy of the system x {rule.baseline_kwh:g} kWh / baseline energy{rounding}."
        )
    if weights is not None:
        energy = "energy" if rule.kind == "none" else "normalised energy"
        lines.append(
            f"Energy-weighted PSDS = PSDS x {weights.training_kwh:g} kWh / training {energy}, "
            f"or PSDS x {weights.test_kwh:g} kWh / test {energy}."
        )
    lines.append(
        f"Ranking score = mean of PSDS1 / {ranking.psds1_reference:.6g} and PSDS2 / {ranking.psds2_reference:.6g}; "
        "the energy-weighted one takes the energy-weighted PSDS."
    )
    return lines


def _filled(column: Column, ranked: Sequence[Ranked]) -> bool:
    return column.name == "rank" or any(column.value(one) is not None for one in ranked)


def _cell(column: Column, value: Cell) -> dict[str, Any]:
    if value is None:
        return {"text": "", "title": "", "number": False}
    if isinstance(value, float):
        return {"text": format_significant(value, _DIGITS), "title": repr(value), "number": True}
    text = f"{value:,}" if isinstance(value, int) and column.name != "rank" else str(value)
    return {"text": text, "title": "", "number": isinstance(value, int)}


@cache
def _template() -> Any:
    import jinja2

    source = (Path(__file__).parent / "ranking.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(source)
