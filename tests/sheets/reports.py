"""A report whose names want to be more than text, with every kind of cell."""

from __future__ import annotations

from dcase_energy.sheets.plots.chart import Chart, ChartPart, Series
from dcase_energy.sheets.report import Bar, Overview, PageView, Report, Sheet
from dcase_energy.sheets.table import Badge, Cell, Column, Table
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
            Cell("E101 E999", badges=[Badge("E101", text, "error", "finding-E101"), Badge("E999")]),
        ]
        for place, text in enumerate(TEXTS)
    ]
    return Table("ranking", "Ranking", COLUMNS, [*rows, [None, "last", None, None, None, None]], "A note = <b>.")


def hostile_report() -> Report:
    table = hostile_table()
    shown = ["rank", "label", "score", "codes"]
    views = [
        PageView("rank", "By rank", "rank", 1, shown),
        PageView("three", "Three <b>", "score", -1, shown, {0, 1, 2}),
        PageView("count", "By count <b>", "count", -1, [*shown, "count"], menu="Others <b>"),
    ]
    cards = [(TEXTS[0], TEXTS[1], ""), ("2 <b>", "systems", "below")]
    short = [text for text in TEXTS if len(text) < 1000]
    charts = [
        Chart("points", "Points", "x <b>", "y", [Series([(n + 1.0, n / 9.0)], marker=0, names=[text], rows=[n],
              colour="accent", named=True) for n, text in enumerate(short)], x_log=True),
        Chart("bars", "Bars", "kWh", groups=short, parts=[ChartPart(text, [1.0] * len(short)) for text in short[:3]]),
    ]  # fmt: skip
    return Report(
        "ranking",
        "Title <b>",
        sheets=[Sheet("ranking", "Title <b>", [table], ["A note & a rule."])],
        data=[table],
        page=[Table("below", "Below <b>", COLUMNS, table.rows)],
        overview=Overview(
            table,
            "Some <b>.",
            cards,
            views,
            "label",
            "team",
            "rank",
            phone=shown[:3],
            reasons={3: TEXTS[5]},
            bars={"score": Bar(reference=0.5), "count": Bar(True, 1e9)},
            references={2: "<b>"},
        ),
        charts=charts,
        origin="Edition <b>.",
    )
