"""The logic of the checks, on a simulated board that counts by the clock: no GPU has to be there."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from benchmarks.training_step import FORWARD_MACS, PASSES
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.windows import Window
from dcase_energy.units import joules_to_kwh
from tests.cli.run import run as product
from tests.gpu import __main__ as program
from tests.gpu import board_parts, calibration_parts, command_parts
from tests.gpu.bench import Bench, Sample, Samples
from tests.gpu.results import Results, State, page
from tests.measure.conftest import alone, machine  # noqa: F401 - fixtures
from tests.measure.simulators import Board, FakeNvml

FOLDER = Path(__file__).parent
WATTS = 200.0
# What wheels.txt expects on a machine with torch.
_THERE = {
    "click",
    "jinja2",
    "numpy",
    "nvidia-ml-py",
    "pandas",
    "psutil",
    "pyyaml",
    "requests",
    "rich",
    "torch",
    "torchaudio",
    "typer",
}
_THEIRS = {
    "typing-extensions",
    "urllib3",
    "certifi",
    "idna",
    "charset-normalizer",
    "markupsafe",
    "pygments",
    "markdown-it-py",
    "mdurl",
    "annotated-doc",
    "editables",
    "six",
}


class RunningNvml(FakeNvml):
    """Counts in real time, in steps of 10 mJ."""

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:  # noqa: N802
        board = self.boards[handle]
        return int(board.energy_mj + board.watts * time.monotonic() * 1e3) // 10 * 10


class SimulatedBench(Bench):
    """Runs the product in this process, where it sees the simulated board."""

    def run(self, command, timeout_s, **changes):
        if command[1:3] != ["-m", "dcase_energy"]:
            time.sleep(float(command[-1]))
            return subprocess.CompletedProcess(command, 0, "cuda True\n", "")
        words = [str(self.work / word) if word.endswith(".json") else word for word in command[3:]]
        printed = self.work / "printed.txt"
        printed.unlink(missing_ok=True)
        done = product(*words, **{name: value for name, value in changes.items() if value is not None})
        return done if not printed.exists() else SimpleNamespace(**{**vars(done), "stdout": printed.read_text()})

    def burn(self, seconds=None):
        code = f"""if 1:
            import os, pathlib, time
            shown = os.environ.get('CUDA_VISIBLE_DEVICES') != '-1'
            pathlib.Path({str(self.work / "printed.txt")!r}).write_text(f'cuda {{shown}}')
            time.sleep(0.3)"""
        return [sys.executable, "-c", code] if seconds is None else [sys.executable, str(self.work), str(seconds)]


@pytest.fixture
def bench(machine, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("dcase_energy.measure.preflight.LOOK_S", 0.0)
    nvml = RunningNvml(Board(WATTS))
    machine(nvml)
    (tmp_path / "out").mkdir()
    return SimulatedBench(nvml, tmp_path, tmp_path / "out", burn_s=0.2)


def states(results: Results) -> dict[str, str]:
    return {row.check: str(row.state) for row in results.rows}


def test_measure_of_a_gpu_by_its_uuid_agrees_with_the_samples(bench):
    results, uuid = Results(part="naming"), bench.uuid()
    done, record = command_parts.measured(bench, "uuid", "--gpu", uuid)
    command_parts.judge_measured(bench, results, "uuid", done, record)
    assert states(results)["measure, GPU by uuid"] == "PASS", results.summary()
    assert json.loads((bench.output / "uuid.json").read_text())["kind"] == "energy"


def test_a_figure_that_is_not_the_counters_fails(bench):
    results = Results(part="naming")
    done, record = command_parts.measured(bench, "number", "--gpu", "0")
    bench.samples = Samples([Sample(s.time_s, s.energy_j * 1.5, 0, 0, 0, 0) for s in bench.samples])
    command_parts.judge_measured(bench, results, "number", done, record)
    assert states(results)["measure, GPU by number"] == "FAIL"


def test_what_cannot_be_counted_is_refused(bench, monkeypatch):
    results = Results(part="refused")
    monkeypatch.setattr(command_parts, "without_smi", lambda *_: None)  # simulated boards need none
    command_parts.refused(bench, results)
    assert set(states(results).values()) == {"PASS"}, results.summary()


@pytest.mark.parametrize(("state", "verdict"), [("invalid", "PASS"), ("warn", "WARN"), ("ok", "FAIL")])
def test_other_work_must_be_seen(state, verdict):
    results = Results()
    command_parts.judge_others({"guards": [{"code": "gpu-exclusive", "state": state}]}, results)
    assert list(states(results).values()) == [verdict]


def test_the_counter_part_finds_tick_and_quantum(bench):
    results = Results(part="counter")
    board_parts.counter(bench, results)
    assert set(states(results).values()) == {"PASS"}, results.summary()
    assert results.figures["highest power (W)"] == WATTS
    # A counter that shows half of the power's energy.
    results, bench.nvml.nvmlDeviceGetPowerUsage = Results(), lambda handle: int(2 * WATTS * 1000)
    board_parts.counter(bench, results)
    assert states(results)["counter / integral of power"] == "FAIL"


def test_samples_smooth_the_steps_of_a_counter():
    samples = Samples([Sample(t / 100, t // 10 * 20.0, 200.0, float("nan"), 50, 30) for t in range(101)])
    assert samples.ticks() == pytest.approx((0.1, 0.1, 20.0))
    assert samples.integral_j("power_w") == pytest.approx(200.0)
    assert samples.counted_j() == 200.0
    assert samples.between_j(0.095, 0.205) == pytest.approx(30.0)


def test_the_machine_part_compares_torch_with_nvml(bench, monkeypatch):
    torch = pytest.importorskip("torch")
    properties = SimpleNamespace(name="Simulated GPU", uuid=bench.uuid().removeprefix("GPU-"))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda *_: None)
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: None)
    results = Results(part="machine")
    board_parts.machine(bench, results)
    found = states(results)
    assert found["torch's UUID is NVML's"] == found["energy counter"] == found["doctor: the GPU is counted"] == "PASS"
    assert found["NVML shows this process"] == "WARN"
    assert results.machine["GPU"] == "Simulated GPU"
    assert bench.uuid() not in str(results)
    properties.uuid = "another"
    monkeypatch.setattr(board_parts, "doctor", lambda *_: None)
    board_parts.machine(bench, results := Results(part="machine"))
    assert states(results)["torch's UUID is NVML's"] == "FAIL"


def test_judgements_of_meter_step_and_warming():
    results = Results()
    board_parts.judge_meter({"waited_j": 100, "waited_nvml_j": 99, "queued_j": 50}, results)
    board_parts.judge_warming([10.0] * 8 + [10.4] * 17, results)
    found = {"fast": (0.006, 2.0), "fast, no loader": (0.0058, 2.0), "reference": (0.02, 5.0)}
    board_parts.judge_steps(found, 2 * PASSES * FORWARD_MACS * 48, 50e12, results)
    assert list(states(results).values()) == ["PASS", "FAIL", "WARN", "PASS", "PASS", "PASS"]


def windows_of_steps(samples: Samples, phase: str, joules: float, seconds: float, work: dict) -> list[Window]:
    begin_s = samples[0].time_s
    begin, end = Reading(begin_s, 0.0, 0.0, 0.0), Reading(begin_s + seconds, joules_to_kwh(joules), 0.0, 0.0)
    return [Window(phase, 1, work, begin, end)]


def quick_record(reached: bool = True, guard: str = "ok") -> dict:
    return {
        "complete": True,
        "tier": "mixed",
        "reasons": [],
        "hardware": {"device": "cuda"},
        "stages": {"training": {"components": {"gpu": {"full_recipe_energy_kwh": 2.0}}}},
        "counter_ticks": {"gpu": {"interval_s": 0.1, "energy_kwh": 1e-6}},
        "steady_state": {"reached": reached, "waited_s": 60.0, "gpu_temperature_c": 55.0},
        "guards": [{"code": code, "state": guard} for code in calibration_parts._GUARDS],
    }


def test_judgement_of_a_quick_calibration(bench, monkeypatch):
    bench.samples = Samples([Sample(float(t), 300.0 * t, 300.0, 300.0, 99, 50) for t in range(30)])
    steps = windows_of_steps(bench.samples, "training_window", 3000.0, 10.0, {"steps": 1000})
    monkeypatch.setattr(bench, "windows", lambda name: steps)
    results = Results(figures={"J per step, warm": 3.0})
    calibration_parts.judge_quick(bench, results, "quick", quick_record())
    assert set(states(results).values()) == {"PASS"}, results.summary()
    calibration_parts.judge_epochs(results, {"stages": quick_record()["stages"]})
    assert results.rows[-1].state is State.PASS
    results.figures["quick (kWh)"] = 2.2
    calibration_parts.judge_epochs(results, {"stages": quick_record()["stages"]})
    assert results.rows[-1].state is State.FAIL
    # Windows that are short, on a machine that is not steady, with energy that the counter does not show.
    steps[:] = windows_of_steps(bench.samples, "training_window", 2700.0, 8.0, {"steps": 1000})
    calibration_parts.judge_quick(bench, results := Results(), "again", quick_record(False, "invalid"))
    found = states(results)
    assert found["again: windows / counter"] == found["again: guards"] == "FAIL"
    assert found["again: length of training_window"] == "FAIL"
    assert found["again: the machine is steady"] == "WARN"


def test_a_trace_needs_the_gpus_energy(tmp_path):
    path = tmp_path / "trace.csv"
    head = "# a trace\nphase,duration_s,amount,gpu_kwh,cpu_kwh,ram_kwh\n"
    for energy, state in (("1e-6", "PASS"), ("", "FAIL")):
        path.write_text(f"{head}training_window,0.01,1,{energy},1e-6,1e-6\n")
        calibration_parts.judge_trace(path, results := Results())
        assert states(results) == {"trace": state}


def test_parts_join_one_file_and_a_page(tmp_path):
    def one(name, output, timeout_s):
        if name == "step":
            return "the part ended with exit code 1"
        bench = SimpleNamespace(output=output)
        program.run_part(name, bench)  # fails: there is no board
        return None

    assert program.run_parts(["meter", "step", "quick"], tmp_path, 200, one) == 1
    assert program.run_parts(["step"], tmp_path, 0, one) == 1
    results = Results.read([tmp_path / program.RESULTS])
    assert [(row.part, str(row.state)) for row in results.rows] == [
        ("meter", "FAIL"),
        ("quick", "SKIP"),
        ("step", "SKIP"),
    ]
    results.machine["GPU"] = "a | b"
    text = page(results, program.PARTS)
    assert "| a \\| b |" in text
    assert "Not run: machine, counter" in text


def test_the_parts_of_each_call_fit_into_ten_minutes():
    for names in (program.FIRST_CALL, program.SECOND_CALL):
        assert sum(program.PARTS[name][1] for name in names) <= 600


def test_without_a_gpu_the_check_says_so_and_passes(monkeypatch, capsys, tmp_path):
    done = subprocess.run([FOLDER / "run"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    if "NO GPU HERE" not in done.stderr:
        pytest.skip("this machine has a GPU")
    assert done.returncode == 0
    monkeypatch.setattr(program, "load_nvml", lambda: None)
    assert program.main(["--output", str(tmp_path / "none")]) == 99
    assert "NO GPU WAS CHECKED" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_the_list_of_wheels_has_all_that_the_product_needs():
    lines = (FOLDER / "wheels.txt").read_text().splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    needed: set[str] = set()

    def walk(name: str, extras: tuple[str, ...] = ("",)) -> None:
        for text in importlib.metadata.requires(name) or ():
            one = Requirement(text)
            key = one.name.lower().replace("_", "-")
            if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in extras):
                continue
            if key == "dcase-energy":
                walk(key, tuple(one.extras))
            elif key not in needed | _THERE:
                needed.add(key)
                walk(key)

    walk("dcase-energy", ("", "train", "measure"))
    assert needed - _THEIRS <= listed


def test_a_sampler_ends_with_its_block(bench):
    before = threading.active_count()
    with bench.sampling() as samples:
        time.sleep(0.05)
    assert threading.active_count() == before
    assert len(samples) >= 2


def test_the_page_of_what_was_seen_is_made_from_its_files():
    seen = Results.read(sorted((FOLDER / "seen").glob("*.json")))
    assert page(seen, program.PARTS) == (FOLDER.parents[1] / "docs" / "gpu.md").read_text(encoding="utf-8")
    assert seen.count(State.FAIL) == 0
    assert seen.machine["GPU"].startswith("NVIDIA")
