"""What a probe runs, and when there is none: by the record of a calibration and the hardware that is counted."""

from __future__ import annotations

import json

import pytest

from dcase_energy.calibration.prepare import execution_path_version
from dcase_energy.calibration.probing import newest_probe, probe_for, probing_for
from dcase_energy.calibration.store import keep
from dcase_energy.errors import CalibrationError
from dcase_energy.measure.gpu import Gpu, Gpus, hidden_uuid
from dcase_energy.measure.machine import describe_host
from dcase_energy.measure.probes import AUTO_AFTER_S
from dcase_energy.measure.records import load_calibration
from tests.measure.test_probed import RECORDS

STORED = load_calibration(RECORDS / "calibration.json")
STORED = STORED.model_copy(
    update={
        "implementation": STORED.implementation.model_copy(update={"execution_path": execution_path_version("fast")})
    }
)
BOARD = Gpu(3, "GPU-1", "A100", counter=True)
OTHER = Gpu(4, "GPU-2", "A100", counter=True)


def calibration(hardware=None, **fields):
    """As if it had been made on this machine."""
    known = {name: describe_host()[name] for name in ("cpu_model", "cpu_threads", "memory_gib", "machine")}
    hardware = {**STORED.hardware, **known, "device": "cpu", "gpu_uuid_sha256": None, **(hardware or {})}
    return STORED.model_copy(update={"hardware": hardware, "valid": True, "complete": True, **fields}).seal()


def on_gpu(**fields):
    return calibration({"device": "cuda", "gpu_uuid_sha256": hidden_uuid("GPU-1")}, **fields)


def test_a_probe_runs_the_windows_of_its_calibration_and_nothing_else(tmp_path):
    record = calibration()
    probe = probe_for(record, Gpus())
    task = json.loads((tmp_path / probe.command(tmp_path)[-1]).read_text())
    assert (task["recipe"], task["batch_size"], task["execution_path"]) == ("smoke", None, "fast")
    assert (task["device"], task["threads"], task["stages"], task["data"]) == ("cpu", 2, [], None)
    assert task["quick"]["warmup_steps"] == 3
    assert probe.environment()["OMP_NUM_THREADS"] == "2"
    assert probe.environment()["CUDA_VISIBLE_DEVICES"] == "-1"
    assert probe.about()["calibration_digest"] == record.digest


def test_a_probe_runs_on_the_calibrated_gpu_of_those_that_are_counted():
    probe = probe_for(on_gpu(), Gpus((OTHER, BOARD)))
    assert probe.plan.device == "cuda:0"
    assert probe.environment()["CUDA_VISIBLE_DEVICES"] == "3"


@pytest.mark.parametrize(
    ("record", "gpus", "why"),
    [
        (calibration(valid=False), Gpus(), "not complete and valid"),
        (calibration({"cpu_model": "Z80"}), Gpus(), "on another machine"),
        (calibration(), Gpus((BOARD,)), "on the processor, and the command's GPU is counted"),
        (on_gpu(), Gpus(), "on a GPU that is not counted"),
        (on_gpu(), Gpus((OTHER,)), "on a GPU that is not counted"),
        (calibration(recipe_work=None), Gpus(), "does not say how much"),
        (calibration(recipe="mine"), Gpus(), "its work is not known here"),
        (calibration(recipe_sha256="0" * 64), Gpus(), "its recipe differs from the one that is named smoke"),
        (
            calibration(implementation=STORED.implementation.model_copy(update={"execution_path": "fast/0"})),
            Gpus(),
            "it measured execution path fast/0; this version has fast/",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_measured_again_is_refused(record, gpus, why):
    with pytest.raises(CalibrationError, match=why):
        probe_for(record, gpus)


def test_the_newest_calibration_that_fits_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path))
    with pytest.raises(CalibrationError, match="this machine has no calibration"):
        newest_probe(Gpus())
    older = calibration(created="2026-01-01T00:00:00+00:00")
    keep(older)
    keep(on_gpu(created="2026-01-02T00:00:00+00:00"))
    assert newest_probe(Gpus()).calibration == older
    assert newest_probe(Gpus((BOARD,))).plan.device == "cuda:0"
    with pytest.raises(
        CalibrationError, match="the newest calibration of this machine cannot be measured again: it was made on a GPU"
    ):
        newest_probe(Gpus((OTHER,)))


def test_when_there_are_probes_and_what_is_said_where_there_are_none():
    said, record = [], calibration()
    assert probing_for("none", "training", Gpus(), said.append, calibration=record) is None
    assert probing_for("auto", "test", Gpus(), said.append, calibration=record) is None
    found = probing_for("auto", "training", Gpus(), said.append, calibration=record)
    assert (found.after_s, found.every_s, found.settle_s) == (AUTO_AFTER_S, None, 0.0)
    assert said == []
    assert probing_for("both", "training", Gpus(), said.append, calibration=record).after_s == 0
    assert probing_for("auto", "training", Gpus((BOARD,)), said.append, calibration=record) is None
    assert probing_for("both", "test", Gpus(), said.append, calibration=record) is None
    found = probing_for("auto", "training", Gpus((BOARD, OTHER)), said.append, calibration=on_gpu(), every_s=300.0)
    assert (found.every_s, found.after_s, found.settle_s) == (None, 0.0, 1.0)
    assert [line.partition(":")[0] for line in said] == [
        "no probes of the baseline",
        "NO PROBES, although they were asked for",
        "no probes inside the command",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("torch", "0.1"), ("threads", 99), ("device", "cuda"), ("gpu_uuid", "GPU-9")]
)
def test_a_process_that_is_not_as_in_the_calibration_ends_the_probe(field, value):
    probe = probe_for(calibration(), Gpus())
    mark = {"device": "cpu", **STORED.software, "backends": STORED.backends}
    assert probe.unlike(mark) is None
    assert "not as in the calibration" in probe.unlike({**mark, field: value})
    assert "cpu_capability is None" in probe.unlike({**mark, "backends": {**STORED.backends, "cpu_capability": None}})
