"""A calibration's process: what it is given, what it says of itself, and what it marks."""

from __future__ import annotations

from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_calibration
from dcase_energy.measure.watch import HostWatch
from tests.calibration.killable import FixedPowerMeter
from tests.calibration.replayed import plan


def test_the_record_says_what_the_process_was_given_and_how_it_worked(tmp_path, monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "SSE41")
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    made = plan(epochs=1, threads=1, idle_s=0.0, device="cpu", pass_env=("ATEN_CPU_CAPABILITY",))
    output = tmp_path / "calibration.json"
    instruments = Instruments(FixedPowerMeter(), watch=HostWatch())
    record = run_calibration(made, output, make_instruments=lambda mark: instruments)
    assert record == load_calibration(output) == record_of(read_journal(journal_of(output)))
    assert record.backends["cpu_capability"] == "DEFAULT"
    assert (record.backends["threads"], record.backends["float32_matmul_precision"]) == (1, "highest")
    assert record.environment.passed == ["ATEN_CPU_CAPABILITY"]
    assert {"DNNL_MAX_CPU_ISA", "SLURM_JOB_ID"} <= set(record.environment.dropped)
    assert record.environment.set["OMP_NUM_THREADS"] == "1"
    assert (record.batch_job.system, record.batch_job.id) == ("slurm", "4711")
    assert record.measured_work == record.recipe_work.model_copy(update={"epochs": 1})
    training = record.stages["training"]
    # All of this process's own CPU time is in it, too.
    assert 0 < training.own_cpu_s <= training.full_recipe_own_cpu_s / 11
    assert training.bases == ["counted", "total", "work"]
    assert training.phases["training_steps"].clips == 24
    assert training.phases["validation_metrics"].own_cpu_s is not None
    marks = [entry for entry in read_journal(journal_of(output)) if entry.get("phase") == "validation_metrics"]
    assert [entry.get("event_clips") for entry in marks] == [None, 5]
