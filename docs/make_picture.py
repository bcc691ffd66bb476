"""Makes the pictures of the ranking page of DCASE 2022 task 4: as a browser shows it, and one of its plots.

``python docs/make_picture.py`` needs chromium (Debian: `apt-get install chromium`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "ranking.png"
PLOT = "plot_score_energy_training.svg"
TABLE = ROOT / "tests" / "data" / "dcase2022_task4_results.csv"
WIDTH, HEIGHT = 1280, 900


def main() -> int:
    """Rank, then take the picture; the exit code is 1 if a browser is missing."""
    browser = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not browser:
        print("no chromium here: the picture was not made", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        rank = [sys.executable, "-m", "dcase_energy", "rank", TABLE, "--edition", "dcase2022-task4"]
        formats = ["--formats", "html", "--plots", "svg"]
        subprocess.run([*rank, "--output-dir", folder, *formats], check=True, capture_output=True)
        shutil.copyfile(Path(folder) / PLOT, PICTURE.parent / PLOT)
        flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={WIDTH},{HEIGHT}",
        ]
        page = (Path(folder) / "ranking.html").as_uri()
        subprocess.run([browser, *flags, f"--screenshot={PICTURE}", page], check=True, capture_output=True)
    _shrink(PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KiB")
    return 0


def _shrink(path: Path) -> None:
    """Keep 64 colours: half the size without a visible difference."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
