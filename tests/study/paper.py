"""Runs that would have given the tables printed in the paper (Serizel, Cornell, Turpault, ICASSP 2023).

One builder for each panel of each table: the grand means of the panels disagree, so that no one grid gives two of them.
What is built is a grid of 4 batch sizes and 6 GPUs with 3 runs each. Cells differ from each other, so that averaging in
another way gives other figures; the runs of a cell differ by the printed deviation.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from dcase_energy.study import runs as study_runs
from dcase_energy.study.runs import Epoch, RunFile, TrainedWork, write_epochs

DATA = Path(__file__).parent.parent / "data"
EPOCHS = 200
BATCHES = (4, 8, 16, 32)
GPUS = ("GTX 980", "GTX 1080 Ti", "RTX 2080 Ti", "T4", "A40", "A100")
# Two patterns over three runs: mean 0, sample standard deviation 1, orthogonal.
U = (-1.0, 0.0, 1.0)
V = (1 / math.sqrt(3), -2 / math.sqrt(3), 1 / math.sqrt(3))

Printed = dict[str, str]


def printed(number: int, panel: str) -> dict[str, Printed]:
    """Rows of one panel (``batch`` or ``gpu``) of a printed table, by batch size or GPU."""
    with (DATA / f"icassp2023_table{number}.csv").open(newline="") as file:
        return {row["value"]: row for row in csv.DictReader(file) if row["group"] == panel}


def inside(*figures: tuple[str, float]) -> float:
    """A number that rounds to several printed figures, each of which is the number times a factor.

    Where no number does (some printed deviations contradict each other) the first figure is taken as it stands.
    """
    low, high = -math.inf, math.inf
    for text, factor in figures:
        half = 0.5 * 10.0 ** -len(text.partition(".")[2])
        low, high = max(low, (float(text) - half) / factor), min(high, (float(text) + half) / factor)
    return (low + high) / 2 if low < high else float(figures[0][0]) / figures[0][1]


def seconds(text: str) -> float:
    hours, minutes = text.split(":")
    return 3600.0 * int(hours) + 60.0 * int(minutes)


def cells_of(panel: str, value: str) -> list[tuple[str, int]]:
    """The cells that are averaged to one row."""
    return [(gpu, int(value)) for gpu in GPUS] if panel == "batch" else [(value, batch) for batch in BATCHES]


def write_run(runs: Path, gpu: str, batch: int, repeat: int, epochs: list[Epoch]) -> None:
    folder = runs / f"{gpu.replace(' ', '-')}-b{batch}-r{repeat}"
    folder.mkdir(parents=True)
    write_epochs(folder, epochs)
    work = TrainedWork(recipe="dcase2022", epochs=len(epochs), data="DESED")
    study_runs.write_run(folder, RunFile(state="done", gpu=gpu, batch_size=batch, repeat=repeat, work=work, valid=True))


def build_table1(runs: Path, panel: str) -> None:
    """Runs of one panel of table 1."""
    for value, row in printed(1, panel).items():
        for (gpu, batch), figures in zip(
            cells_of(panel, value), _cells1(row, len(cells_of(panel, value))), strict=True
        ):
            for repeat, (kwh, duration_s, f1_pct) in enumerate(figures, 1):
                epochs = [
                    Epoch(e, duration_s / EPOCHS, kwh / EPOCHS, intersection_f1_07=f1_pct / 100 * min(1.0, e / 150))
                    for e in range(1, EPOCHS + 1)
                ]
                write_run(runs, gpu, batch, repeat, epochs)


Run1 = tuple[float, float, float]


def _cells1(row: Printed, count: int) -> list[list[Run1]]:
    """Energy in kWh, seconds and F1 in percent of the runs of each cell.

    Cells with more and less time alternate. How far their energies follow decides the mean energy of a minute; how far
    the energy of a run follows its time decides its deviation.
    """
    kwh, minute_wh = inside((row["total_kwh"], 1), (row["epoch_wh"], 5)), float(row["minute_wh"])
    kwh_std = inside((row["total_kwh_std"], 1), (row["epoch_wh_std"], 5))
    time_s, time_std = seconds(row["time"]), seconds(row["time_std"])
    f1, f1_std = float(row["max_f1"]), float(row["max_f1_std"])

    def cells(follow: float, angle: float) -> list[list[Run1]]:
        mixed = [math.cos(angle) * u + math.sin(angle) * v for u, v in zip(U, V, strict=True)]
        return [
            [
                (
                    kwh * (1 + sign * follow) + kwh_std * m,
                    time_s * (1 + sign * 0.2) + time_std * u,
                    f1 + sign + f1_std * u,
                )
                for u, m in zip(U, mixed, strict=True)
            ]
            for sign in [1, -1] * (count // 2)
        ]

    def solved(angle: float) -> list[list[Run1]]:
        return cells(_bisect(lambda follow: minute_wh - _mean(map(_minutes_wh_mean, cells(follow, angle)))), angle)

    angles = [math.pi * step / 40 for step in range(41)]
    target = float(row["minute_wh_std"])
    return min(map(solved, angles), key=lambda found: abs(_mean(map(_minutes_wh_std, found)) - target))


def _minutes_wh(cell: list[Run1]) -> list[float]:
    return [60_000 * kwh / duration_s for kwh, duration_s, _ in cell]


def _minutes_wh_mean(cell: list[Run1]) -> float:
    return _mean(_minutes_wh(cell))


def _minutes_wh_std(cell: list[Run1]) -> float:
    values = _minutes_wh(cell)
    return math.sqrt(sum((value - _mean(values)) ** 2 for value in values) / (len(values) - 1))


def _mean(values) -> float:
    values = list(values)
    return math.fsum(values) / len(values)


def _bisect(rising: Callable[[float], float]) -> float:
    low, high = -0.9, 0.9
    assert rising(low) < 0 < rising(high), "the printed figures contradict each other"
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


LEVELS = ("kwh_at_f1_40", "kwh_at_95_max", "kwh_at_max", "kwh_200_epochs")


def build_table2(runs: Path, panel: str) -> None:
    """Runs of one panel of table 2."""
    for value, row in printed(2, panel).items():
        f1 = inside((row["max_f1"], 1), (row["f1_95"], 0.95))
        f1_std = inside((row["max_f1_std"], 1), (row["f1_95_std"], 0.95))
        for index, (gpu, batch) in enumerate(cells_of(panel, value)):
            sign = (-1) ** index
            for repeat, u in enumerate(U, 1):
                energies = [float(row[name]) * (1 + 0.05 * sign) + float(row[f"{name}_std"]) * u for name in LEVELS]
                write_run(runs, gpu, batch, repeat, list(_epochs2(f1 + sign + f1_std * u, energies)))


def _epochs2(max_f1_pct: float, energies: list[float]) -> Iterator[Epoch]:
    """A training that reaches 40 %, 95 % of its highest F1 and that itself when it has spent these energies (kWh)."""
    last = energies[-1]
    ends = [max(rank, round(kwh / last * EPOCHS)) for rank, kwh in enumerate(energies, 1)]
    assert ends == sorted(set(ends)), ends
    before = [20.0, 40.0, 0.951 * max_f1_pct, max_f1_pct]
    begin, spent = 0, 0.0
    for part, (end, kwh) in enumerate(zip(ends, energies, strict=True)):
        for epoch in range(begin + 1, end + 1):
            # The epoch that ends a part is the first to reach its level; after the highest F1 it falls a little.
            f1 = before[part] if epoch < end or part == 3 else before[part + 1]
            f1 -= 0.3 if part == 3 else 0.0
            yield Epoch(epoch, 100.0, (kwh - spent) / (end - begin), intersection_f1_07=f1 / 100)
        begin, spent = end, kwh
