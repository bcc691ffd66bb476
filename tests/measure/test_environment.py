"""The baseline's process gets an allow-list of variables; names of the others are recorded, values never are."""

from __future__ import annotations

import json
import os

import pytest
from dcase_baseline.runtime import process_environment

from dcase_energy.calibration.prepare import calibration_header, environment_of, recipe_of
from dcase_energy.measure.environment import child_environment
from tests.calibration.replayed import plan

# Each was seen, or is documented, to change the energy of the same work.
MOVING = {
    "ATEN_CPU_CAPABILITY": "default",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "CUDA_LAUNCH_BLOCKING": "1",
    "NVIDIA_TF32_OVERRIDE": "0",
    "PYTORCH_NO_CUDA_MEMORY_CACHING": "1",
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    "LD_PRELOAD": "/x.so",
    "MALLOC_ARENA_MAX": "1",
    "GOMP_CPU_AFFINITY": "0",
    "MKL_DYNAMIC": "FALSE",
    "TORCH_CUDNN_BENCHMARK": "1",
}
KEPT = {
    "PATH": "/bin",
    "HOME": "/root",
    "LD_LIBRARY_PATH": "/lib",
    "CUDA_VISIBLE_DEVICES": "1",
    "CUDA_DEVICE_ORDER": "FASTEST_FIRST",
    "TMPDIR": "/scratch",
    "LC_ALL": "C.UTF-8",
    "LANG": "C",
    "https_proxy": "http://proxy",
    "NO_PROXY": "localhost",
    "PYTHONPATH": "/code",
}
OTHERS = {"API_TOKEN": "secret", "PATH_TO": "x", "CUDA_HOME": "/usr/local/cuda", "NCCL_VERSION": "2"}


@pytest.fixture
def surroundings(monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in {**MOVING, **KEPT, **OTHERS, "OMP_NUM_THREADS": "64"}.items():
        monkeypatch.setenv(name, value)


def test_what_moves_energy_is_left_out_and_named(surroundings):
    found = environment_of(plan(threads=2))
    assert set(found.kept) == set(KEPT)
    assert {*MOVING, *OTHERS} == set(found.dropped) - {"PYTEST_CURRENT_TEST"}
    assert set(found.moving) == set(MOVING)
    assert found.variables == {**KEPT, **process_environment("fast", 2)}
    record = found.record()
    assert record["set"]["OMP_NUM_THREADS"] == "2"
    assert "secret" not in json.dumps(record)


def test_a_name_that_is_asked_for_is_passed(surroundings):
    found = environment_of(plan(pass_env=("LD_PRELOAD", "NOT_SET", "PATH")))
    assert found.passed == ("LD_PRELOAD", "PATH")
    assert found.variables["LD_PRELOAD"] == "/x.so"
    assert not {"LD_PRELOAD", "NOT_SET"} & {*found.kept, *found.dropped}


def test_the_execution_path_and_the_device_overrule_everything(surroundings):
    found = environment_of(plan(device="cpu", pass_env=("OMP_NUM_THREADS",)))
    assert found.variables["CUDA_VISIBLE_DEVICES"] == "-1"
    assert found.variables["OMP_NUM_THREADS"] == "1"
    assert found.passed == ()
    assert "CUDA_VISIBLE_DEVICES" not in found.kept
    assert child_environment({}, environment={}).variables == {}


def test_gpus_are_numbered_as_nvidia_smi_does_unless_the_caller_says_otherwise(surroundings, monkeypatch):
    assert environment_of(plan()).variables["CUDA_DEVICE_ORDER"] == "FASTEST_FIRST"
    monkeypatch.delenv("CUDA_DEVICE_ORDER")
    assert environment_of(plan()).record()["set"]["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_the_journal_begins_with_it(surroundings):
    made = plan()
    header = calibration_header(made, recipe_of(made.recipe, made.batch_size), True)
    assert header["environment"] == environment_of(made).record()
