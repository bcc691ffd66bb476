"""The five changes of CONTRIBUTING.md: the files it shows are written into a copy of the checkout and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SHOWN = dict(
    re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)
)
TABLE = """\
label,accuracy,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh
Adams_UNI_task9_1,0.58,0.5,0.01,1.0,0.02
Baker_LAB_task9_1,0.61,2.0,0.04,1.0,0.02
"""


@pytest.fixture
def scratch(tmp_path):
    for name in ("dcase_energy", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path


def add(scratch: Path, name: str) -> None:
    """Write one file that CONTRIBUTING.md shows; nothing else is changed."""
    path = scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    assert not path.exists()
    path.write_text(SHOWN[name], encoding="utf-8")


def python(scratch: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(scratch), "DCASE_ENERGY_POWERCAP": str(scratch / "none")}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rank(scratch: Path, *options: str) -> None:
    edition = ["--edition", "schemas/dcase2027-task9"]
    python(scratch, "-m", "dcase_energy", "rank", "table.csv", *edition, "--output-dir", "out", *options)


def test_an_edition_is_one_toml_file(scratch):
    add(scratch, "schemas/dcase2027-task9/edition.toml")
    rank(scratch, "--formats", "csv")
    header, *rows = (line.split(",") for line in (scratch / "out/ranking.csv").read_text().splitlines())
    systems = [dict(zip(header, row, strict=True)) for row in rows]
    assert [one["label"] for one in systems] == ["Baker_LAB_task9_1", "Adams_UNI_task9_1"]
    assert [float(one["ranking_score"]) for one in systems] == pytest.approx([61.0, 58.0])
    assert [float(one["energy_ratio_training"]) for one in systems] == [2.0, 0.5]


def test_a_rule_with_its_check_is_one_python_file_and_an_example(scratch):
    add(scratch, "dcase_energy/submission/checks/titles.py")
    example = scratch / "tests/acceptance/negative/N190"
    shutil.copytree(ROOT / "tests/acceptance/positive/M101", example)
    (metadata,) = example.rglob("*.meta.yaml")
    name = re.search(r"^  name: .*$", metadata.read_text(), re.M)[0]
    metadata.write_text(metadata.read_text().replace(name, f"  name: {'x' * 61}"))
    options = ["--select", "N190", "--format", "json"]
    found = json.loads(python(scratch, "-m", "dcase_energy", "validate", str(example), *options))
    assert [(one["code"], one["message"]) for one in found["findings"]] == [("N190", "a name of 61 characters")]
    kept = python(scratch, "-m", "dcase_energy", "validate", str(ROOT / "tests/acceptance/positive/M101"), *options)
    assert json.loads(kept)["findings"] == []
    assert "N190 name-long" in python(scratch, "-m", "dcase_energy", "explain", "N190")


def test_a_sheet_format_is_one_python_file(scratch):
    add(scratch, "schemas/dcase2027-task9/edition.toml")
    add(scratch, "dcase_energy/sheets/formats/tsv.py")
    assert "tsv" in python(scratch, "-m", "dcase_energy", "rank", "--help")
    rank(scratch, "--formats", "csv,tsv")
    lines = (scratch / "out/ranking.tsv").read_text().splitlines()
    assert [line.split("\t")[1] for line in lines] == ["label", "Baker_LAB_task9_1", "Adams_UNI_task9_1"]


def test_a_metric_is_one_python_file_with_its_slow_twin(scratch):
    add(scratch, "dcase_energy/scoring/metrics/tagging_f1.py")
    add(scratch, "tests/reference/test_tagging_f1.py")
    printed = python(scratch, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/reference/test_tagging_f1.py")
    assert "1 passed" in printed


def test_a_meter_is_one_python_file(scratch):
    add(scratch, "dcase_energy/measure/sources/hwmon.py")
    socket = scratch / "hwmon/hwmon0"
    socket.mkdir(parents=True)
    program = (
        "from pathlib import Path\n"
        "from dcase_energy.measure.gpu import Gpus\n"
        "from dcase_energy.measure.sources import direct_counters, hwmon\n"
        "hwmon.ROOT = Path('hwmon')\n"
        "file = Path('hwmon/hwmon0/energy1_input')\n"
        "file.write_text('1000000')\n"
        "counters = direct_counters(Gpus())\n"
        "print(counters.read())\n"
        "file.write_text('3601000000')\n"
        "print(counters.read())\n"
    )
    assert python(scratch, "-c", program) == "{'cpu_kwh': 0.0}\n{'cpu_kwh': 0.001}\n"


def test_the_page_shows_all_files_of_the_drills():
    assert len(SHOWN) == 6
