"""A report whose names want to be more than text, with every kind of cell."""

from __future__ import annotations

from dcase_energy.sheets.plots.chart import Chart, ChartPart, Series
from dcase_energy.sheets.table import Cell, Column, Overview, PageView, Report, Sheet, Table
from tests.sheets.hostile import HOSTILE

COLUMNS = (
    Column("rank", "Rank", "integer", "Names"),
    Column("label", "System", "text", "Names"),
    Column("team", "Team", "text", "Names"),
    Column("score", "Score", "number", "Figures"),
    Column("count", "Count", "integer", "Figures"),
    Column("codes", "Findings", "text", "Notes"),
)
TEXTS = list(HOSTILE.values())
SCORES = [0.9 - place / 7e3 for place in range(len(TEXTS))]


def hostile_table() -> Table:
    """A row per text, one figure missing in every third, and a last row of which nothing is known but its name."""
    rows: list[list[Cell | str | int | float | None]] = [
        [
            place + 1,
            text,
            text,
            Cell(SCORES[place], note="0.3000 to 0.9500"),
            None if place % 3 == 0 else 10**9 + place,
            Cell("E101 E999", tips={"E101": text}),
        ]
        for place, text in enumerate(TEXTS)
    ]
    return Table("ranking", "Ranking", COLUMNS, [*rows, [None, "last", None, None, None, None]], "A note = <b>.")


def hostile_report() -> Report:
    table = hostile_table()
    views = [PageView("By rank", "rank", 1), PageView("Three <b>", "score", -1, {0, 1, 2})]
    short = [text for text in TEXTS if len(text) < 1000]
    charts = [
        Chart("points", "Points", "x <b>", "y", [Series([(n + 1.0, n / 9.0)], marker=0, names=[text], rows=[n],
              colour="accent") for n, text in enumerate(short)], x_log=True),
        Chart("bars", "Bars", "kWh", groups=short, parts=[ChartPart(text, [1.0] * len(short)) for text in short[:3]]),
    ]  # fmt: skip
    return Report(
        "ranking",
        "Title <b>",
        sheets=[Sheet("ranking", "Title <b>", [table], ["A note & a rule."])],
        data=[table],
        page=[Table("below", "Below <b>", COLUMNS, table.rows)],
        overview=Overview(table, "Some.", views, "label", "team", "rank", pale={3}, closed={"Notes"}, wide={"Figures"}),
        charts=charts,
        origin="Edition <b>.",
    )
