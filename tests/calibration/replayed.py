"""Journals of calibrations made from recorded traces: no training, no meter, no time."""

from __future__ import annotations

from pathlib import Path

from dcase_baseline.recipe import load_recipe

from benchmarks.replay import ReplayMeter
from dcase_energy.calibration.plan import Plan, QuickSettings
from dcase_energy.calibration.prepare import calibration_header
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.recorder import Instruments, Recorder

TINY = Path(__file__).parent / "data" / "tiny.toml"
METRICS = {"student": {"intersection_f1_05": 0.5, "intersection_f1_07": 0.4, "intersection_f1_05_nanmean": 0.6}}


class Trace:
    """A machine of 200 W GPU, 50 W processor and 10 W memory, and marks that come at given times."""

    def __init__(self, gpu_w: float | None = 200.0) -> None:
        self.gpu_w = gpu_w
        self.now_s = 100.0
        self.readings: list[Reading] = []
        self.marks: list[dict] = []

    def at(self, edge: str, phase: str, **fields) -> None:
        """A mark now."""
        spent_s = self.now_s - 100.0
        gpu = None if self.gpu_w is None else self.gpu_w * spent_s / 3.6e6
        self.readings.append(Reading(self.now_s, gpu, 50 * spent_s / 3.6e6, 10 * spent_s / 3.6e6))
        self.marks.append({"edge": edge, "phase": phase, **fields})

    def phase(self, phase: str, seconds: float, epoch: int = 0, **payload) -> None:
        """A phase that lasts so long."""
        self.at("begin", phase, epoch=epoch)
        self.now_s += seconds
        self.at("end", phase, epoch=epoch, **payload)

    def epoch(self, number: int, seconds: float = 60.0) -> None:
        """Training takes nine tenths of an epoch."""
        self.phase("training_steps", 0.90 * seconds, number, steps=3, clips=24, losses={"total": 1.0 / number})
        self.phase("validation_forward", 0.08 * seconds, number, clips=8)
        self.phase("validation_metrics", 0.02 * seconds, number, metrics=METRICS)

    def test(self, seconds: float = 90.0) -> None:
        """Forward, then metrics half as long."""
        self.phase("test_forward", seconds * 2 / 3, clips=4)
        self.phase("test_metrics", seconds / 3, metrics=METRICS)


def about(device: str = "cuda") -> dict:
    return {"device": device, "execution_path": "fast/1", "torch": "2.13.0", "gpu_name": "GPU", "gpu_uuid": "GPU-1"}


def plan(**fields) -> Plan:
    return Plan(**{"edition": "generic", "recipe": str(TINY), "epochs": 3, **fields})


def quick_plan(**fields) -> Plan:
    return plan(quick=QuickSettings(**fields))


def journal_of(path: Path, plan: Plan, *traces: Trace, cut: tuple[int, ...] = ()) -> list[dict]:
    """The journal of runs, one a trace; after the runs whose numbers are in ``cut`` the same run is resumed."""
    journal = JournalWriter(path)
    journal.write("calibration", **calibration_header(plan, load_recipe(plan.recipe), True))
    run = 0
    for number, trace in enumerate(traces, 1):
        if number - 1 in cut:
            journal.write("resume", at="2026-11-23T10:00:00+00:00", gap_s=30.0, boot_sha256=None)
        else:
            run += 1
            journal.write("run", number=run, seed=plan.seed + run - 1)
        recorder = Recorder(Instruments(ReplayMeter(trace.readings)), journal)
        recorder.start()
        for mark in trace.marks:
            recorder.mark(**mark)
        if number not in cut:
            recorder.finish()
            journal.write("finish", complete=True)
    journal.close()
    return read_journal(path)


def whole(epochs: range, *, test: bool = True, seconds: float = 60.0) -> Trace:
    """A run of whole epochs."""
    trace = Trace()
    trace.at("begin", "session", **about())
    trace.phase("data_preparation", 20.0)
    for number in epochs:
        trace.epoch(number, seconds)
    if test:
        trace.test()
    trace.at("end", "session")
    return trace
