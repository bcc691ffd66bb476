"""Makes the page that says which calibration belongs to which edition: ``make editions``."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.api.edition_calibration import calibrations_page

PAGE = Path(__file__).resolve().parent / "reference" / "calibrations.md"

if __name__ == "__main__":
    PAGE.write_text(calibrations_page(), encoding="utf-8")
