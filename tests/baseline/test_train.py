from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dcase_baseline import checkpoint
from dcase_baseline.evaluate import score_clips
from dcase_baseline.mean_teacher import LOSSES, TrainStep
from dcase_baseline.probe import Windows, probe, warm_up
from dcase_baseline.runtime import EXECUTION_PATHS, process_environment
from dcase_baseline.train import EpochLog, best_epoch, run_test, train

from dcase_energy.errors import InputError, TrainingDivergedError
from tests.baseline.slow_intersection_f1 import score_function
from tests.baseline.tiny import tiny_pools, tiny_recipe

ROOT = Path(__file__).parent.parent.parent
RECIPE = tiny_recipe()
PATHS = list(EXECUTION_PATHS)


class Marks:
    """Notes every mark, and answers the ends of one phase with False from the n-th on."""

    def __init__(self, stop: str = "", after: int = 1) -> None:
        self.seen: list[tuple[str, str, int]] = []
        self.payloads: list[dict] = []
        self.stop, self.after = stop, after

    def __call__(self, edge, phase, epoch, payload):
        self.seen.append((edge, phase, epoch))
        self.payloads.append(dict(payload))
        ends = sum(mark[:2] == ("end", self.stop) for mark in self.seen)
        return False if edge == "end" and phase == self.stop and ends >= self.after else None


def rows(log: list[EpochLog]) -> list[str]:
    return [json.dumps(asdict(row)) for row in log]


def test_phases_come_in_order_with_their_work():
    marks = Marks()
    result = train(RECIPE, tiny_pools(), epochs=2, on_mark=marks, score_function=score_function(RECIPE))
    phases = ["training_steps", "validation_forward", "validation_metrics"]
    assert marks.seen == [(edge, phase, epoch) for epoch in (1, 2) for phase in phases for edge in ("begin", "end")]
    begin, end = marks.payloads[0], marks.payloads[1]
    assert begin == {"steps": 3, "clips": 24}
    assert end == {"steps": 3, "clips": 24, "losses": result.log[0].losses}
    assert marks.payloads[2] == {"clips": 8}
    assert marks.payloads[5]["metrics"] == result.log[0].metrics


def test_the_log_has_losses_and_figures_of_both_networks():
    result = train(RECIPE, tiny_pools(), score_function=score_function(RECIPE))
    assert [row.epoch for row in result.log] == [1, 2, 3]  # the recipe's
    assert {(row.steps, row.clips) for row in result.log} == {(3, 24)}
    for row in result.log:
        assert tuple(row.losses) == LOSSES
        assert all(np.isfinite(loss) and loss > 0 for loss in row.losses.values())
        assert {name: tuple(figures) for name, figures in row.metrics.items()} == dict.fromkeys(
            ("student", "teacher"), ("weak_f1", "intersection_f1_05", "intersection_f1_07")
        )
    assert result.trainer.step_number == 9


def test_without_a_score_function_there_is_weak_f1_alone():
    result = train(RECIPE, tiny_pools(), epochs=1)
    assert list(result.log[0].metrics["student"]) == ["weak_f1"]


def test_the_best_epoch_is_the_first_with_the_highest_sum_of_both_f1():
    figures = [(0.1, 0.2), (0.3, 0.3), (0.5, 0.1), (0.2, 0.2)]
    log = [
        EpochLog(i, 1, 1, {}, {"student": {"weak_f1": weak, "intersection_f1_05": f1}, "teacher": {}})
        for i, (weak, f1) in enumerate(figures, start=1)
    ]
    assert best_epoch(log) == 2
    assert best_epoch([]) == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_seed_gives_its_log_line_by_line(path):
    runs = [rows(train(RECIPE, tiny_pools(), execution_path=path, seed=seed).log) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert all(a != b for a, b in zip(runs[0], runs[2], strict=True))


def test_an_end_answered_with_false_makes_the_epoch_the_last():
    marks = Marks(stop="training_steps", after=2)
    result = train(RECIPE, tiny_pools(), on_mark=marks)
    assert [row.epoch for row in result.log] == [1, 2]  # the second one is still validated
    assert marks.seen[-1] == ("end", "validation_metrics", 2)


@pytest.mark.parametrize("path", PATHS)
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path, path):
    settings = {"execution_path": path, "seed": 4, "score_function": score_function(RECIPE)}
    whole = train(RECIPE, tiny_pools(), **settings)
    train(RECIPE, tiny_pools(), epochs=1, checkpoints=tmp_path, **settings)
    torch.manual_seed(99)  # whatever happens in between
    marks = Marks()
    resumed = train(RECIPE, tiny_pools(), checkpoints=tmp_path, resume=True, on_mark=marks, **settings)
    assert marks.seen[0] == ("begin", "training_steps", 2)
    assert rows(resumed.log) == rows(whole.log)
    ours, theirs = (run.trainer.teacher.state_dict() for run in (resumed, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_checkpoints_are_marked_and_nothing_else_is_left(tmp_path):
    marks = Marks()
    train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path / "new", on_mark=marks)
    assert [mark for mark in marks.seen if mark[1] == "checkpoint"] == [
        (edge, "checkpoint", epoch) for epoch in (1, 2) for edge in ("begin", "end")
    ]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["best.pt", "last.pt"]


def test_without_resume_a_checkpoint_is_ignored(tmp_path):
    first = train(RECIPE, tiny_pools(), epochs=1, checkpoints=tmp_path)
    again = train(RECIPE, tiny_pools(), epochs=1, checkpoints=tmp_path)
    assert rows(first.log) == rows(again.log)


def test_resuming_a_finished_run_trains_no_more(tmp_path):
    done = train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path)
    marks = Marks()
    again = train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path, resume=True, on_mark=marks)
    assert marks.seen == []
    assert rows(again.log) == rows(done.log)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"seed": 5}, "seed"),
        ({"execution_path": "reference"}, "execution_path"),
        ({"recipe": replace(RECIPE, year=2022)}, "recipe_sha256"),
        ({"pools": {**tiny_pools(), "test": replace(tiny_pools()["test"], source="DESED")}}, "data"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, key):
    settings = {"recipe": RECIPE, "pools": tiny_pools(), "epochs": 1, "checkpoints": tmp_path}
    train(**settings)
    with pytest.raises(InputError, match=f"last.pt: {key}: this run has"):
        train(**{**settings, **change}, resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    train(RECIPE, tiny_pools(), epochs=1, checkpoints=tmp_path)
    path = tmp_path / "last.pt"
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"not a checkpoint"):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="not a readable checkpoint"):
            train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path, resume=True)
    torch.save({"version": 0}, path)
    with pytest.raises(InputError, match="expected version 1, found 0"):
        train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path, resume=True)


class Poison:
    """Unpickles into a call."""

    def __reduce__(self):
        return (os.system, ("exit 3",))


def test_a_checkpoint_runs_no_code(tmp_path):
    torch.save({"version": 1, "identity": Poison()}, tmp_path / "last.pt")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "last.pt", {})


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    checkpoint.save(path, {"identity": {}, "value": 1})

    def fail(_content, file):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(path, {"identity": {}, "value": 2})
    assert checkpoint.load(path, {})["value"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_run(monkeypatch, loss):
    step = TrainStep.step

    def poisoned(trainer, batch):
        step(trainer, batch)
        trainer.loss_sums[2] += loss

    monkeypatch.setattr(TrainStep, "step", poisoned)
    with pytest.raises(TrainingDivergedError, match="epoch 1: the mean losses are"):
        train(RECIPE, tiny_pools())


def test_the_test_stage_scores_the_best_epoch(tmp_path):
    # Make the first epoch the best by what the score function says.
    calls = []

    def figures(scores, pool):
        calls.append(pool.subset)
        return {"intersection_f1_05": 1.0 / len(calls)}

    result = train(RECIPE, tiny_pools(), epochs=2, checkpoints=tmp_path, score_function=figures)
    assert best_epoch(result.log) == 1
    first = train(RECIPE, tiny_pools(), epochs=1).trainer
    pool = tiny_pools()["test"]
    expected = score_clips(first.networks(), first.front_end, pool, RECIPE)
    scores, tested = run_test(RECIPE, pool, result.trainer, score_function=figures, checkpoints=tmp_path)
    for name in ("student", "teacher"):
        np.testing.assert_array_equal(scores[name].frames, expected[name].frames)
    assert calls[-2:] == ["test", "test"]
    assert list(tested) == ["student", "teacher"]


def test_without_checkpoints_the_networks_are_tested_as_they_are():
    trainer = TrainStep(RECIPE, seed=0)
    pool = tiny_pools()["test"]
    scores, tested = run_test(RECIPE, pool, trainer)
    expected = score_clips(trainer.networks(), trainer.front_end, pool, RECIPE)
    np.testing.assert_array_equal(scores["student"].frames, expected["student"].frames)
    assert tested == {"student": {}, "teacher": {}}


class Answers(Marks):
    """Says stop at the ends of some windows."""

    def __init__(self, **last: int) -> None:
        super().__init__()
        self.last = last

    def __call__(self, edge, phase, epoch, payload):
        super().__call__(edge, phase, epoch, payload)
        return not (edge == "end" and epoch >= self.last.get(phase, 99))


@pytest.mark.parametrize("settle", [False, True])
def test_a_probe_runs_windows_until_it_is_told_to_stop(settle):
    marks = Answers(settling_window=4, training_window=6, validation_window=2)
    trainer = TrainStep(RECIPE)
    losses = probe(trainer, tiny_pools(), on_mark=marks, warmup_steps=2, window_steps=2, window_clips=3, settle=settle)
    expected = [
        ("warmup", 0),
        *(("settling_window", i) for i in range(1, 5) if settle),
        *(("training_window", i) for i in range(1, 7)),
        *(("validation_window", i) for i in (1, 2)),
    ]
    assert marks.seen == [(edge, phase, epoch) for phase, epoch in expected for edge in ("begin", "end")]
    assert marks.payloads[0] == {"steps": 2}
    assert marks.payloads[2] == {"steps": 2, "clips": 16}
    assert marks.payloads[-1] == {"clips": 3}
    assert tuple(losses) == LOSSES


def test_ten_steps_are_measured_on_a_processor_whatever_the_marks_say():
    marks = Answers(training_window=1, validation_window=1)
    probe(TrainStep(RECIPE), tiny_pools(), on_mark=marks, window_steps=3, window_clips=3)
    assert [mark for mark in marks.seen if mark[0] == "end" and mark[2]] == [
        *(("end", "training_window", number) for number in range(1, 5)),
        ("end", "validation_window", 1),
    ]


class SlowStart:
    """Work by a simulated clock: the first units take twenty times as long as all others."""

    def __init__(self, monkeypatch, unit_s: float, slow_units: int) -> None:
        monkeypatch.setattr("dcase_baseline.probe.time.perf_counter", lambda: self.now_s)
        self.now_s, self.done, self.unit_s, self.slow_units = 0.0, 0, unit_s, slow_units

    def __call__(self, units: int) -> None:
        for _ in range(units):
            self.now_s += self.unit_s * (20 if self.done < self.slow_units else 1)
            self.done += 1


@pytest.mark.parametrize("slow_units", [0, 1, 2])
def test_a_window_lasts_long_enough_although_the_first_steps_were_slow(monkeypatch, slow_units):
    work, marks = SlowStart(monkeypatch, 1 / 64, slow_units), Marks(stop="w", after=3)
    windows = Windows(marks, torch.device("cpu"), 3.0)
    windows.run("w", work, windows.fitted(work, 1), lambda units: {"steps": units})
    assert [one["steps"] for one in marks.payloads if "steps" in one] == [192] * 6


def test_a_window_that_was_too_short_makes_the_next_ones_longer(monkeypatch):
    work, marks = SlowStart(monkeypatch, 1 / 64, 3), Marks(stop="w", after=3)
    windows = Windows(marks, torch.device("cpu"), 3.0)
    units = windows.run("w", work, windows.fitted(work, 1), lambda units: {"steps": units})
    assert [one["steps"] for one in marks.payloads[::2]] == [10, 192, 192]
    assert units == 192


def test_a_warm_up_changes_nothing_of_the_training():
    settings = {"execution_path": "reference", "seed": 4}  # its dropout is drawn from torch's global generator
    cold = train(RECIPE, tiny_pools(), epochs=1, **settings)
    marks = Marks()
    warm_up(TrainStep(RECIPE, **settings), tiny_pools(), on_mark=marks)
    warm = train(RECIPE, tiny_pools(), epochs=1, **settings)
    assert marks.seen == [("begin", "warmup", 0), ("end", "warmup", 0)]
    assert rows(warm.log) == rows(cold.log)
    ours, theirs = (run.trainer.teacher.state_dict() for run in (warm, cold))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_probe_ends_by_itself_and_goes_through_its_clips_again(monkeypatch):
    marks = Marks()
    monkeypatch.setitem(Windows.run.__kwdefaults__, "most", 2)
    probe(TrainStep(RECIPE), tiny_pools(), on_mark=marks, window_steps=1, window_clips=48)
    phases = [(phase, epoch) for edge, phase, epoch in marks.seen if edge == "end" and epoch]
    assert phases == [
        ("training_window", 1),
        ("training_window", 2),
        ("validation_window", 1),
        ("validation_window", 2),
    ]
    assert marks.payloads[-1] == {"clips": 48}  # of a pool of 5


def test_a_probe_trains_the_steps_of_a_run(monkeypatch):
    trained = train(RECIPE, tiny_pools(), epochs=1, seed=6).log[0].losses
    monkeypatch.setitem(Windows.run.__kwdefaults__, "most", 1)
    losses = probe(TrainStep(RECIPE, seed=6), tiny_pools(), on_mark=Marks(), warmup_steps=0, window_steps=3)
    assert losses == trained


@pytest.mark.slow
def test_the_smoke_recipe_learns():
    # In a separate process, with the environment that a measured run has.
    environment = {**os.environ, **process_environment("fast", 1)}
    result = subprocess.run(
        [sys.executable, "-m", "tests.baseline.smoke_run", "16"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    *epochs, tested = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(epochs) == 16  # of the 30 that it has: enough to pass the floor
    f1 = [row["metrics"]["student"]["intersection_f1_05"] for row in epochs]
    assert f1[0] < 0.2  # it was not there from the start
    assert max(f1[-5:]) > 0.4
    assert epochs[-1]["losses"]["total"] < 0.6 * epochs[0]["losses"]["total"]
    assert max(network["intersection_f1_05"] for network in tested.values()) > 0.4  # on clips never validated
