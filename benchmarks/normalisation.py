"""How much of the hardware does dividing by a baseline remove, and what is in the rest?

``python benchmarks/normalisation.py`` computes the figures of `docs/explanation/normalise.md` from the organisers' own
measurements in `tests/data`; ``--picture FILE`` draws them.

A GPU model is held out, and each of its runs is predicted from the runs of the other models with the same batch size.
Raw: the prediction is their geometric mean. Divided: it is the geometric mean of their ratios to a baseline, times the
baseline of the GPU that is held out; each of its other runs is the baseline in turn. The typical factor is the
exponential of the root mean square of the logarithmic errors: 1 is a perfect prediction.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from dcase_energy.documents.device_names import gpu_model
from dcase_energy.sheets.plots.chart import Chart, ChartPart, Series
from dcase_energy.sheets.plots.files import chart_files

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
CLIPS_PER_UNIT = 4


@dataclass(frozen=True)
class Run:
    """One training of the baseline over 200 epochs."""

    gpu: str
    batch: int
    energy_kwh: float
    hours: float

    @property
    def power_w(self) -> float:
        """Mean power."""
        return 1000 * self.energy_kwh / self.hours


FIGURES: dict[str, Callable[[Run], float]] = {
    "energy": lambda run: run.energy_kwh,
    "hours": lambda run: run.hours,
    "mean power": lambda run: run.power_w,
}


def rows_of(name: str) -> list[dict[str, str]]:
    """Rows of a table of the test data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minutes(text: str) -> float:
    """The organisers write times as h:min."""
    first, last = text.split(":")
    return 60 * float(first) + float(last)


def runs_of_sheet() -> list[Run]:
    """The organisers' early sheet of single runs."""
    return [
        Run(
            row["gpu"],
            CLIPS_PER_UNIT * int(row["batch_unit"]),
            float(row["total_kwh"]),
            minutes(row["time_hh_mm"]) / 60,
        )
        for row in rows_of("desed_energy_runs.csv")
    ]


def squared_errors(runs: Sequence[Run], figure: Callable[[Run], float]) -> list[tuple[float, float]]:
    """Squared logarithmic errors of each run that can be predicted: raw, and divided (mean over its baselines)."""
    logs = {(run.gpu, run.batch): math.log(figure(run)) for run in runs}
    found = []
    for (gpu, batch), value in logs.items():
        others = {name: other for (name, size), other in logs.items() if name != gpu and size == batch}
        divided = []
        for (name, size), baseline in logs.items():
            ratios = [other - logs[one, size] for one, other in others.items() if (one, size) in logs]
            if name == gpu and size != batch and ratios:
                divided.append((value - baseline - fmean(ratios)) ** 2)
        if divided:
            found.append(((value - fmean(others.values())) ** 2, fmean(divided)))
    return found


def typical_factors(runs: Sequence[Run], figure: Callable[[Run], float]) -> tuple[float, float]:
    """Typical factor between a run and its prediction: raw, and divided by a baseline."""
    raw, divided = zip(*squared_errors(runs, figure), strict=True)
    return math.exp(math.sqrt(fmean(raw))), math.exp(math.sqrt(fmean(divided)))


def division(runs: Sequence[Run]) -> list[str]:
    """Lines about what dividing removes."""
    gpus, predicted = {run.gpu for run in runs}, len(squared_errors(runs, FIGURES["energy"]))
    lines = [
        f"{len(runs)} runs of one baseline on {len(gpus)} GPU models; of {predicted} another model has the batch size",
        "typical factor between a run and its prediction from the other GPU models",
        f"{'':14}{'raw':>8}{'divided':>10}",
    ]
    factors = {name: typical_factors(runs, figure) for name, figure in FIGURES.items()}
    lines += [f"  {name:12}{f'×{raw:.2f}':>8}{f'×{divided:.2f}':>10}" for name, (raw, divided) in factors.items()]
    left = {name: math.log(divided) ** 2 for name, (_, divided) in factors.items()}
    time, power = (left[name] / left["energy"] for name in ("hours", "mean power"))
    return [*lines, f"of the squared error that is left of the energy, time is {time:.0%}, mean power {power:.0%}"]


def powers(runs: Sequence[Run]) -> list[str]:
    """Lines of the mean power of every run."""
    sizes = sorted({run.batch for run in runs})
    lines = [
        "mean power of a run in W, by batch size",
        f"{'':12}" + "".join(f"{size:>5}" for size in sizes) + "   highest / lowest",
    ]
    for gpu in dict.fromkeys(run.gpu for run in runs):
        by_size = {run.batch: run.power_w for run in runs if run.gpu == gpu}
        cells = "".join(f"{by_size[size]:>5.0f}" if size in by_size else f"{'':5}" for size in sizes)
        lines.append(f"  {gpu:10}{cells}{max(by_size.values()) / min(by_size.values()):>8.2f}")
    return lines


def repeats() -> list[str]:
    """Lines of the study's three repeats on each GPU model: how far one and the same training varies."""
    lines = [
        "standard deviation of three repeats of one training, as a share of their mean",
        f"{'':16}{'time':>8}{'energy':>8}",
    ]
    for row in rows_of("icassp2023_table1.csv"):
        if row["group"] == "gpu":
            time = minutes(row["time_std"]) / minutes(row["time"])
            energy = float(row["total_kwh_std"]) / float(row["total_kwh"])
            lines.append(f"  {row['value']:14}{time:>8.1%}{energy:>8.1%}")
    return lines


def stated_baselines() -> list[str]:
    """Lines of the energy of the baseline as the teams of 2023 state it, of each team the least, by GPU model."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows_of("dcase2023_task4a_results_sample.csv"):
        gpu, kwh = gpu_model(row["training_time"]), row["energy_baseline_kwh"]
        if gpu and kwh:
            teams = found[gpu]
            teams[row["team"]] = min(float(kwh), teams.get(row["team"], math.inf))
    lines = ["energy of the baseline in kWh as the teams of 2023 state it, by the GPU model they name"]
    for gpu, teams in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        values = sorted(teams.values())
        spread = f"   highest / lowest {values[-1] / values[0]:.1f}" if len(values) > 1 else ""
        lines.append(f"  {gpu:14}{', '.join(f'{value:g}' for value in values)}{spread}")
    return lines


def charts(runs: Sequence[Run]) -> list[Chart]:
    """What dividing removes, and the mean power of every run."""
    factors = [typical_factors(runs, figure) for figure in FIGURES.values()]
    parts = [
        ChartPart(label, [100 * (pair[number] - 1) for pair in factors])
        for number, label in enumerate(("raw", "divided"))
    ]
    gpus = list(dict.fromkeys(run.gpu for run in runs))
    series = [
        Series([(run.batch, run.power_w) for run in runs if run.gpu == gpu], gpu, number, line=number, marker=number)
        for number, gpu in enumerate(gpus)
    ]
    return [
        Chart("division", "Typical error of a prediction", "%", groups=list(FIGURES), parts=parts),
        Chart(
            "power", "Mean power of a run", "Batch size", "W", series=series, x_log=True,
            x_ticks=sorted({run.batch for run in runs}),
        ),
    ]  # fmt: skip


def picture(suffix: str = "svg") -> bytes:
    """The charts beside each other."""
    return chart_files({"normalisation": charts(runs_of_sheet())}, [suffix])[f"normalisation.{suffix}"]


def text() -> str:
    """All figures, as the page shows them."""
    runs = runs_of_sheet()
    return "\n\n".join("\n".join(part) for part in (division(runs), powers(runs), repeats(), stated_baselines()))


def main() -> None:
    """Print the figures, or draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.picture:
        options.picture.write_bytes(picture(options.picture.suffix.removeprefix(".")))
    else:
        print(text())


if __name__ == "__main__":
    main()
