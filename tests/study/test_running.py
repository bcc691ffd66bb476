"""The grid: folders, states, locks, and a real Dask cluster of which one worker is killed. Nothing is trained here."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dcase_energy.errors import LockedError, RecipeError, StudyError
from dcase_energy.locks import held, is_held
from dcase_energy.measure.meter import Reading
from dcase_energy.study.gather import gather
from dcase_energy.study.grid import make_grid, prepare_folders
from dcase_energy.study.running import Ended, Job, run_job, run_jobs, to_do
from dcase_energy.study.runs import StudyRun, TrainingProgress, open_run, update
from dcase_energy.study.status import read_status
from dcase_energy.study.train import ProgressWriter
from tests.cli.run import run as dcase_energy
from tests.study.clusters import cluster, has_ended, wait_for

ROOT = Path(__file__).parent.parent.parent
TINY = str(Path(__file__).parent / "tiny.toml")
TRAINER = (sys.executable, str(Path(__file__).parent / "fake_trainer.py"))
CHOICES = {"edition": "generic", "recipe": TINY, "execution_path": "fast", "device": "cpu", "epochs": 3}


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    """The lock of trainings in a folder of the test's own: another training on this machine is not waited for."""
    locks = tmp_path / "locks"
    locks.mkdir()
    monkeypatch.setenv("TMPDIR", str(locks))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'baseline'}")
    monkeypatch.setattr("tempfile.tempdir", None)


def grid(output: Path, batches=(4, 8), repeats=2, gpu="Pretended GPU") -> list[StudyRun]:
    return prepare_folders(output, make_grid(batches, repeats, gpu=gpu, **CHOICES), TINY)


def jobs(folders: list[StudyRun]) -> list[Job]:
    return [Job(run.folder, per_device=False, command=TRAINER) for run in folders]


def states(output: Path) -> list[str]:
    return [run.state for run in read_status([output]).runs]


def orders(output: Path, **by_batch: str) -> None:
    output.mkdir(exist_ok=True)
    (output / "orders.json").write_text(json.dumps({name[1:]: order for name, order in by_batch.items()}))


def test_a_folder_is_named_by_the_hash_of_what_the_run_is(tmp_path):
    specifications = make_grid((4, 8), 2, gpu="T4", **CHOICES)
    names = [one.folder for one in specifications]
    assert [name.rpartition("-")[0] for name in names] == ["b4-r1", "b8-r1", "b4-r2", "b8-r2"]
    assert len({name.rpartition("-")[2] for name in names}) == 4
    assert [one.folder for one in make_grid((4, 8), 2, gpu="T4", **CHOICES)] == names
    assert not {one.folder for one in make_grid((4, 8), 2, gpu="A100", **CHOICES)} & set(names)
    assert [one.seed for one in specifications] == [42, 42, 43, 43]
    # Other data are another run; where they lie is not.
    places = [make_grid((4,), 1, gpu="T4", **CHOICES, data=place)[0].folder for place in ("/a", "/b")]
    assert places[0] == places[1] != names[0]


def test_a_recipe_that_cannot_have_the_batch_size_is_refused():
    with pytest.raises(RecipeError, match="multiple of 4"):
        make_grid((6,), 1, gpu="T4", **CHOICES)
    with pytest.raises(RecipeError, match="smok"):
        make_grid((4,), 1, gpu="T4", **CHOICES | {"recipe": "smok"})


def test_running_again_trains_nothing_again(tmp_path):
    output = tmp_path / "runs"
    todo = to_do(grid(output))
    assert [ended.outcome for ended in run_jobs(jobs(todo), None)] == ["done"] * 4
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert to_do(grid(output), retry_failed=True) == []
    assert run_job(jobs(todo)[0]).outcome == "done"  # even if it had been submitted
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    # A larger grid trains only what is new.
    assert [one.folder.name[:5] for one in to_do(grid(output, repeats=3))] == ["b4-r3", "b8-r3"]
    runs, findings = gather([output], "07")
    assert [finding.message for finding in findings] == ["the run has not begun; it is left out"] * 2
    assert [run.epochs[2].intersection_f1_07 for run in runs] == [pytest.approx(0.3)] * 4


def test_the_command_prints_the_state_of_its_runs_as_json(tmp_path):
    output = tmp_path / "runs"
    list(run_jobs(jobs(grid(output, batches=(4,), repeats=1)), None))
    options = ("--recipe", TINY, "--execution-path", "fast", "--device", "cpu", "--epochs", "3", "--repeats", "1",
               "--gpu-name", "Pretended GPU", "--batch-sizes", "4", "--output-dir", output)  # fmt: skip
    done = dcase_energy("study", "run", *options, "--format", "json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert [run["state"] for run in printed["runs"]] == ["done"]
    assert done.stdout == dcase_energy("study", "status", output, "--format", "json").stdout


def test_a_failed_run_is_marked_and_tried_again_on_request_alone(tmp_path):
    output = tmp_path / "runs"
    orders(output, b8="fail")
    results = list(run_jobs(jobs(grid(output, repeats=1)), None))
    assert [ended.outcome for ended in results] == ["done", "failed"]
    assert "the counter went backwards" in results[1].message
    assert states(output) == ["done", "failed"]
    assert to_do(grid(output, repeats=1)) == []
    (output / "orders.json").unlink()
    again = to_do(grid(output, repeats=1), retry_failed=True)
    assert [ended.outcome for ended in run_jobs(jobs(again), None)] == ["done"]
    assert open_run(again[0].folder).about.error is None
    # What failed begins anew.
    assert open_run(again[0].folder).about.sessions == 1
    assert [line.split()[0] for line in (output / "trainings.txt").read_text().splitlines()] == ["begin", "end"] * 3


def test_a_process_that_ends_without_a_word_has_failed(tmp_path):
    output = tmp_path / "runs"
    orders(output, b4="die")
    ended = run_job(jobs(grid(output, batches=(4,), repeats=1))[0])
    assert (ended.outcome, ended.message) == ("failed", "the process of the run ended with exit code 9")
    assert states(output) == ["failed"]


def test_a_folder_that_a_worker_does_not_see_is_named(tmp_path):
    ended = run_job(Job(tmp_path / "elsewhere" / "b4-r1-0", per_device=False, command=TRAINER))
    assert ended.outcome == "failed"
    assert "do all workers see it" in ended.message


def test_an_interrupted_run_is_told_from_a_running_one_by_its_lock(tmp_path):
    output = tmp_path / "runs"
    folder = grid(output, batches=(4,), repeats=1)[0].folder
    update(
        folder,
        state="running",
        progress=TrainingProgress(epochs=1, energy_kwh=0.5, duration_s=100.0, f1=0.2).model_dump(),
    )
    assert states(output) == ["interrupted"]
    with held(folder / "run.lock"):
        assert states(output) == ["running"]
        assert to_do(grid(output, batches=(4,), repeats=1), retry_failed=True) == []
        status = read_status([output])
    assert read_status([output]).left_s == 200.0  # an interrupted run continues from its last epoch
    assert status.left_s == 200.0  # two more epochs of 100 s
    now = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
    assert status.expected_end(now) == now + datetime.timedelta(seconds=200)
    assert [one.folder for one in to_do(grid(output, batches=(4,), repeats=1))] == [folder]


def test_the_expected_end_takes_epochs_of_the_nearest_runs(tmp_path):
    output = tmp_path / "runs"
    folders = grid(output, batches=(4, 8), repeats=2)
    assert read_status([output]).left_s is None
    run_job(jobs(folders[:1])[0])
    status = read_status([output])
    assert [run.left_s for run in status.runs] == [None, 30.0, 30.0, 30.0]
    assert status.left_s == 90.0  # one at a time
    imported = output / "import-0"
    imported.mkdir()
    (imported / "run.json").write_text("{}")
    assert "run.json" in read_status([output]).unreadable[0]


def test_two_trainings_never_run_at_a_time(tmp_path):
    with held(tmp_path / "a.lock"):
        assert is_held(tmp_path / "a.lock")
        with pytest.raises(LockedError), held(tmp_path / "a.lock", wait_s=0.3):
            pass
    assert not is_held(tmp_path / "a.lock")
    output = tmp_path / "runs"
    todo = jobs(grid(output))
    threads = [threading.Thread(target=run_job, args=(job,)) for job in todo]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states(output) == ["done"] * 4
    lines = [line.split()[:2] for line in (output / "trainings.txt").read_text().splitlines()]
    assert [word for word, _ in lines] == ["begin", "end"] * 4
    assert all(lines[i][1] == lines[i + 1][1] for i in range(0, 8, 2))


def test_a_training_ends_when_whoever_started_it_is_gone(tmp_path):
    output = tmp_path / "runs"
    orders(output, b4="hang")
    folder = grid(output, batches=(4,), repeats=1)[0].folder
    child = subprocess.Popen([*TRAINER, str(folder), "machine"], stdin=subprocess.PIPE)
    wait_for(lambda: states(output) == ["running"])
    child.stdin.close()
    assert child.wait(20) == -signal.SIGTERM
    assert states(output) == ["interrupted"]


def test_a_killed_worker_loses_no_run(tmp_path):
    output = tmp_path / "runs"
    orders(output, b8="hang once")
    folders = grid(output, batches=(4, 8), repeats=2)
    started = output / "trainings.txt"
    killed: list[tuple[str, int]] = []

    def kill(pids: set[int]) -> None:
        """Kill the worker that trains the first run of batch 8 as soon as it hangs."""
        wait_for(lambda: started.exists() and "begin b8-r1" in started.read_text())
        line = next(line for line in started.read_text().splitlines() if line.startswith("begin b8-r1"))
        _, name, child, worker = line.split()
        assert int(worker) in pids
        os.kill(int(worker), signal.SIGKILL)
        killed.append((name, int(child)))

    with cluster(tmp_path, 2, "--resources", "measure=1") as (scheduler, workers):
        killer = threading.Thread(target=kill, args=({worker.pid for worker in workers},))
        killer.start()
        results = list(run_jobs(jobs(folders), scheduler))
        killer.join()
    assert [ended.outcome for ended in results] == ["done"] * 4
    assert states(output) == ["done"] * 4
    assert open_run(folders[1].folder).about.sessions == 2
    # The training that the killed worker had started did not continue beside the next one.
    wait_for(lambda: has_ended(killed[0][1]))
    begun = [tuple(line.split()[:2]) for line in started.read_text().splitlines() if not line.startswith("end")]
    assert begun.count(("begin", killed[0][0])) == 1
    assert begun.count(("resume", killed[0][0])) == 1  # from its last checkpoint
    assert len(begun) == 5


def test_a_cluster_without_the_resource_is_refused(tmp_path):
    from dcase_energy.errors import ParallelError

    with cluster(tmp_path, 1) as (scheduler, _), pytest.raises(ParallelError, match="measure=1"):
        list(run_jobs(jobs(grid(tmp_path / "runs")), scheduler))


def test_a_watch_notes_epochs_and_refuses_other_hardware(tmp_path):
    folder = grid(tmp_path / "runs", batches=(4,), repeats=1)[0].folder
    update(folder, progress=TrainingProgress(epochs=1, energy_kwh=0.5, duration_s=100.0).model_dump())
    watch = ProgressWriter(folder, "Pretended GPU")
    watch({"edge": "begin", "phase": "session", "gpu_name": "Pretended GPU"}, Reading(0.0, 0.0, 0.0, None))
    watch({"edge": "begin", "phase": "training_steps", "epoch": 2}, Reading(10.0, 0.1, 0.2, None))
    metrics = {"student": {"intersection_f1_07": 0.25}}
    watch({"edge": "end", "phase": "validation_metrics", "epoch": 2, "metrics": metrics}, Reading(40.0, 0.3, 0.3, None))
    progress = open_run(folder).about.progress
    # What an earlier session had spent counts as well; memory was not measured.
    assert (progress.epochs, progress.duration_s, progress.f1) == (2, 130.0, 0.25)
    assert progress.energy_kwh == pytest.approx(0.8)
    with pytest.raises(StudyError, match="once for each kind"):
        watch({"edge": "begin", "phase": "session", "gpu_name": "Another"}, Reading(0.0, 0.0, 0.0, None))


def test_a_report_can_be_made_of_a_study_with_failures(tmp_path):
    output = tmp_path / "runs"
    orders(output, b8="fail")
    list(run_jobs(jobs(grid(output, repeats=1)), None))
    result = dcase_energy("study", "report", output, "--output-dir", tmp_path / "out", "--figures", "none")
    assert (result.returncode, "1 run in 1 cell" in result.stderr) == (0, True)
    assert "U103 the run failed; it is left out (the counter went backwards)" in result.stderr
    status = dcase_energy("study", "status", output)
    assert status.returncode == 1
    assert "2 runs: 1 done, 1 failed" in status.stdout
    found = json.loads(dcase_energy("study", "status", output, "--format", "json").stdout)
    assert [run["state"] for run in found["runs"]] == ["done", "failed"]


def test_an_invalid_run_is_measured_again_on_request(tmp_path):
    output = tmp_path / "runs"
    folder = grid(output, batches=(4,), repeats=1)[0]
    run_job(jobs([folder])[0])
    update(folder.folder, valid=False, reasons=["host-exclusive: other work"])
    assert run_job(jobs([folder])[0]).message == "not valid: host-exclusive: other work"
    assert "not valid" in (read_status([output]).runs[0].error or "")
    assert to_do(grid(output, batches=(4,), repeats=1), retry_failed=True) == []
    todo = to_do(grid(output, batches=(4,), repeats=1), retry_invalid=True)
    assert [run_job(job) for job in jobs(todo)] == [Ended(folder.folder.name, "done")]
    assert len((output / "trainings.txt").read_text().splitlines()) == 4
