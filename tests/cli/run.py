"""Runs the command line as a user does: in this process, or in a separate one where that makes a difference."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import dcase_energy.cli.main as program

ROOT = Path(__file__).parent.parent.parent


def _environment(changes: dict[str, str]) -> dict[str, str]:
    """Return the environment without colours, and without calibrations of this machine."""
    clean = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "GITHUB_ACTIONS"}}
    return clean | {"NO_COLOR": "1", "DCASE_ENERGY_DATA": os.devnull, **changes}


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``dcase-energy`` with these arguments in this process, from the repository's root."""
    words = ["dcase-energy", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    here = Path.cwd()
    code = None
    with (
        patch.dict(os.environ, _environment(environment), clear=True),
        patch.multiple(sys, argv=words, stdout=out, stderr=err),
    ):
        os.chdir(ROOT)
        try:
            program.main()
        except SystemExit as left:
            code = left.code
        finally:
            os.chdir(here)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(words, code, *texts)


def spawn(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``dcase-energy`` with these arguments in a separate process."""
    return subprocess.run(
        [sys.executable, "-m", "dcase_energy", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_environment(environment),
        check=False,
    )
