"""Makes the pictures of the documentation from data of this repository: ``python docs/make_picture.py``.

Charts are those that the commands draw; two pictures are pages as a browser shows them, which needs chromium (Debian:
`apt-get install chromium`). `pipeline.svg` is drawn by hand; `benchmarks/normalisation.py` draws
`normalisation.svg`.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
TABLE = ROOT / "tests" / "data" / "dcase2022_task4_results.csv"
SHEET = ROOT / "tests" / "data" / "desed_energy_runs.csv"
TRACE = ROOT / "benchmarks" / "traces" / "gpu_h100_dcase2023.csv"
EXAMPLES = ROOT / "examples"
WIDTH, HEIGHT = 1280, 900
STEPS, FEWEST, J_PER_KWH = 8, 4, 3.6e6


def main() -> int:
    """Make all pictures; the exit code is 1 if a browser is missing, and the charts are made all the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ranking, study = rank(folder / "ranking"), report_study(folder)
        score(folder / "score")
        (PICTURES / "calibration_windows.svg").write_bytes(calibration_windows())
        if (browser := chromium()) is None:
            print("no chromium here: the pictures of pages were not made", file=sys.stderr)
            return 1
        photograph(browser, ranking, PICTURES / "ranking.png")
        photograph(browser, study, PICTURES / "study.png")
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")
    return 0


def rank(folder: Path) -> Path:
    """Rank DCASE 2022 task 4 and keep one plot; returns the page."""
    sheets = ["--formats", "html", "--plots", "svg", "--output-dir", folder]
    _run("rank", TABLE, "--edition", "dcase2022-task4", *sheets)
    shutil.copy(folder / "plot_score_energy_training.svg", PICTURES)
    return folder / "ranking.html"


def report_study(folder: Path) -> Path:
    """Report the organisers' sheet of the study; returns the page."""
    _run("study", "import", SHEET, "--epochs", 200, "--output-dir", folder / "runs", ends_with=(0, 1))
    _run("study", "report", folder / "runs", "--output-dir", folder / "study", "--formats", "html")
    return folder / "study" / "report.html"


def score(folder: Path) -> None:
    """Score the example and keep the curves of its better system."""
    truth = ["--ground-truth", EXAMPLES / "truth.tsv", "--durations", EXAMPLES / "durations.tsv"]
    _run("score", EXAMPLES / "packages" / "Baker_LAB", *truth, "--plots", "svg", "--output-dir", folder)
    for kind in ("psd_roc", "classes"):
        shutil.copyfile(folder / f"Baker_LAB_task4_2_{kind}.svg", PICTURES / f"{kind}.svg")


def calibration_windows() -> bytes:
    """Draw how the mean of the energy of training steps on an H100 gets precise: its interval within the session."""
    from dcase_energy.sheets.plots.chart import Chart, Series
    from dcase_energy.sheets.plots.svg import charts_svg
    from dcase_energy.stats import steady_mean

    lines = [line for line in TRACE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    steps = [row for row in csv.DictReader(lines) if row["phase"] == "training_window"]
    joules = [sum(float(row[key]) for key in row if key.endswith("_kwh")) * J_PER_KWH for row in steps]
    costs = [sum(joules[at : at + STEPS]) / STEPS for at in range(0, len(joules) - STEPS + 1, STEPS)]
    seen = range(FEWEST, len(costs) + 1)
    means = [steady_mean(costs[:count]) for count in seen]
    halves = [mean.half_width() or 0.0 for mean in means]
    running = Series(
        [(count, mean.value) for count, mean in zip(seen, means, strict=True)],
        label="mean so far, 95 % interval",
        marker=0,
        line=0,
        ends=[(mean.value - half, mean.value + half) for mean, half in zip(means, halves, strict=True)],
    )
    windows = Series(list(enumerate(costs, 1)), label=f"one window of {STEPS} steps", colour="grey", marker=3)
    chart = Chart(
        name="calibration_windows",
        title="Energy of a training step on an H100",
        x_title="windows measured",
        y_title="J per step",
        series=[windows, running],
    )
    return charts_svg([chart])


def chromium() -> str | None:
    """The browser of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def photograph(browser: str, page: Path, picture: Path) -> None:
    """Take a picture of the top of a page; 64 colours halve its size without a visible difference."""
    from PIL import Image

    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
    command = [browser, *flags, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(picture) as taken:
        taken.convert("RGB").quantize(64).save(picture, optimize=True)


def _run(*arguments: object, ends_with: tuple[int, ...] = (0,)) -> None:
    command = [sys.executable, "-m", "dcase_energy", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in ends_with:
        raise SystemExit(done.stderr)


if __name__ == "__main__":
    sys.exit(main())
