"""Runs the command line as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``dcase-energy`` with these arguments; colours off, calibrations of this machine out of sight."""
    clean = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "GITHUB_ACTIONS"}}
    clean |= {"NO_COLOR": "1", "DCASE_ENERGY_DATA": os.devnull, **environment}
    return subprocess.run(
        [sys.executable, "-m", "dcase_energy", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean,
        check=False,
    )
