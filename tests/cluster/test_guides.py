"""The guides' blocks for SLURM as they are printed; budgets are small by options that the guides name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dcase_energy.measure.records import Calibration, load_calibration, load_energy
from tests.cluster.slurm import Job, Slurm
from tests.docs.blocks import ON_CLUSTER, ROOT, blocks_of, pages
from tests.study.test_real_grid import TINY

EXAMPLES = ROOT / "examples"
QUICK = "--recipe smoke --budget 5 --settle 0 --idle 0 --wait-idle 2m"
# Stands before sbatch in the search path, and adds what the guide says can follow the script's name.
_SBATCH = '#!/bin/sh\nPATH="${{PATH#*:}}" exec sbatch "$@" {more}\n'
_TRAINING = "import time\ntime.sleep(2)\nprint('trained')\n"


def blocks() -> dict[str, str]:
    """All blocks for SLURM, by page and number."""
    found = {}
    for page in pages():
        for number, one in enumerate(block for block in blocks_of(page) if block.reason == ON_CLUSTER):
            found[f"{page.relative_to(ROOT)} {number + 1}"] = one.text
    return found


def follow(slurm: Slurm, folder: Path, text: str, more: str = "") -> Job:
    """Type a block in a folder; the job that it submits."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "sbatch").write_text(_SBATCH.format(more=more))
    (tools / "sbatch").chmod(0o755)
    return slurm.job(folder, slurm.call("bash", "-c", f"set -e\n{text}", folder=folder, tools=str(tools)))


def test_all_blocks_for_slurm_are_executed_here():
    assert list(blocks()) == [
        "docs/how-to/slurm.md 1",
        "docs/how-to/slurm.md 2",
        "docs/how-to/study.md 1",
        "docs/scoring.md 1",
    ]


@pytest.mark.parametrize("page", ["how-to/oar.md", "how-to/slurm.md", "how-to/study.md", "scoring.md"])
def test_shellcheck_finds_nothing_in_scripts_for_clusters(page, tmp_path):
    """Those for OAR as well, which no test runs."""
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    scripts = [one.text for one in blocks_of(ROOT / "docs" / page) if "#SBATCH" in one.text or "#OAR" in one.text]
    assert scripts
    for text in scripts:
        # A script that a block writes is checked, too.
        for part in [text, *re.findall(r"<<'SCRIPT'\n(.*?)^SCRIPT$", text, re.M | re.S)]:
            path = tmp_path / "script.sh"
            path.write_text(part)
            # What is sourced is not there.
            command = ["shellcheck", "--shell=bash", "--severity=warning", "--exclude=SC1091", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


def test_calibrate_and_measure(slurm, tmp_path):
    record = calibrated(slurm, tmp_path)
    (tmp_path / "train.py").write_text(_TRAINING)
    job = follow(slurm, tmp_path, blocks()["docs/how-to/slurm.md 2"]).succeed()
    measured = load_energy(tmp_path / "energy_training.json")
    assert (measured.complete, measured.exit_code, measured.batch_job.id) == (True, 0, job.number)
    assert measured.hardware_sha256 == record.hardware_sha256
    assert measured.constants_w == record.constants_w
    assert "trained" in job.output
    assert "baseline" in job.output
    if not record.valid:
        pytest.skip(f"all else passed, but no calibration of this busy machine was valid: {'; '.join(record.reasons)}")


def calibrated(slurm: Slurm, folder: Path) -> Calibration:
    """Follow the guide until a calibration is valid, three times at most: others may work on this machine meanwhile."""
    for attempt in ("first", "second", "third"):
        (folder / attempt).mkdir()
        job = follow(slurm, folder / attempt, blocks()["docs/how-to/slurm.md 1"], QUICK).wait()
        record = load_calibration(folder / attempt / "calibration-main.json")
        assert (record.complete, record.quick, record.batch_job.id) == (True, True, job.number), job.output
        assert job.exit_code == int(not record.valid), job.output
        shutil.copy(folder / attempt / "calibration-main.json", folder)
        if record.valid:
            break
        # A single reason: the guard for other work on the processors.
        assert [reason.partition(":")[0] for reason in record.reasons] == ["host-exclusive"]
    return record


def test_study(slurm, tmp_path):
    grid = ("--recipe", TINY, "--batch-sizes", "4,8", "--repeats", "1", "--epochs", "3", "--device", "cpu")
    job = slurm.submit(tmp_path, blocks()["docs/how-to/study.md 1"], "--nodes=2", arguments=(*grid, "--threads", "1"))
    job.succeed()
    states = [json.loads(path.read_text())["state"] for path in sorted(slurm.home.glob("runs/b*/run.json"))]
    assert states == ["done", "done"], job.output
    assert job.output.count("Register worker addr") == 2  # one on each node


def test_scoring(slurm, tmp_path):
    for name in ("Adams_UNI", "Baker_LAB"):
        shutil.copytree(EXAMPLES / "packages" / name, tmp_path / "packages" / name)
    for name in ("truth.tsv", "durations.tsv"):
        shutil.copy(EXAMPLES / name, tmp_path)
    slurm.submit(tmp_path, blocks()["docs/scoring.md 1"], "--ntasks=3").succeed()
    data = ("--ground-truth", "truth.tsv", "--durations", "durations.tsv", "--bootstrap", "1000")
    slurm.call(
        "dcase-energy", "score", "packages/", *data, "--format", "json", "--output", "local.json", folder=tmp_path
    )
    assert (tmp_path / "scores.json").read_bytes() == (tmp_path / "local.json").read_bytes()
