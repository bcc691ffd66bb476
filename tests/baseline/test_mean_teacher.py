from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from dcase_baseline.batches import Batch, BatchLoader
from dcase_baseline.crnn import CRNN
from dcase_baseline.mean_teacher import LOSSES, TrainStep, consistency_weight, ema_decay, learning_rate, mixup, ramp
from dcase_baseline.recipe import load_recipe
from dcase_baseline.runtime import EXECUTION_PATHS

from tests.baseline.tiny import tiny_pools, tiny_recipe

PUBLISHED = load_recipe("dcase2023")
PATHS = list(EXECUTION_PATHS)


def batches(steps: int, seed: int = 0) -> list[Batch]:
    return list(BatchLoader(tiny_recipe(), tiny_pools(), seed).epoch(1, steps))


def parameters(model: CRNN) -> list[np.ndarray]:
    return [p.detach().double().numpy().copy() for p in model.parameters()]


def test_the_ramp_rises_to_one_and_stays():
    assert ramp(0, 5900, 5.0) == pytest.approx(math.exp(-5))
    assert ramp(2950, 5900, 5.0) == pytest.approx(math.exp(-1.25))
    assert ramp(5900, 5900, 5.0) == ramp(23_600, 5900, 5.0) == 1
    assert ramp(1, 1, 5.0) == 1


# lr = 1e-3 exp(-5 (1 - s / 5900)^2), but step 1 runs before the schedule first speaks.
@pytest.mark.parametrize(
    ("step", "rate"),
    [(1, 1e-3), (2, 6.76079e-6), (3, 6.77227e-6), (590, 1.74224e-5), (2950, 2.86505e-4), (5900, 1e-3), (23_600, 1e-3)],
)
def test_the_learning_rate_has_the_references_first_step(step, rate):
    assert learning_rate(step, PUBLISHED) == pytest.approx(rate, rel=1e-5)


def test_the_optimiser_gets_these_rates():
    trainer = TrainStep(tiny_recipe(), seed=0)
    rates = []
    for batch in batches(5):
        trainer.step(batch)
        rates.append(trainer.optimiser.param_groups[0]["lr"])
    expected = [6e-3, 6e-3 * math.exp(-5 / 9), 6e-3, 6e-3, 6e-3]  # the warm-up is one epoch of three steps
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(
    ("step", "decay"), [(1, 0.5), (2, 2 / 3), (9, 0.9), (998, 998 / 999), (999, 0.999), (10**6, 0.999)]
)
def test_the_teacher_keeps_more_and_more(step, decay):
    assert ema_decay(step, 0.999) == pytest.approx(decay, rel=1e-12)


@pytest.mark.parametrize("path", PATHS)
def test_the_teacher_is_a_step_late_and_averages_parameters_only(path):
    trainer = TrainStep(tiny_recipe(), execution_path=path, seed=0)
    expected = parameters(trainer.student)  # the teacher starts as the student
    assert all(np.array_equal(a, b) for a, b in zip(expected, parameters(trainer.teacher), strict=True))
    for step, batch in enumerate(batches(4), start=1):
        before = parameters(trainer.student)  # what this step's gradient has not touched
        trainer.step(batch)
        decay = ema_decay(step, 0.99)
        expected = [decay * kept + (1 - decay) * new for kept, new in zip(expected, before, strict=True)]
        for ours, theirs in zip(parameters(trainer.teacher), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert not any(p.requires_grad or p.grad is not None for p in trainer.teacher.parameters())
    # Batch norm: each network has the statistics of its activations; 99 % are the last batch's.
    student, teacher = (dict(model.named_buffers()) for model in (trainer.student, trainer.teacher))
    assert student["cnn.cnn.batchnorm1.num_batches_tracked"] == teacher["cnn.cnn.batchnorm1.num_batches_tracked"] == 4
    assert not torch.equal(student["cnn.cnn.batchnorm1.running_mean"], teacher["cnn.cnn.batchnorm1.running_mean"])


def test_step_by_hand_gives_the_same_weights():
    # Adam's first step moves each weight by the rate times the gradient's sign: the quirk shows in full.
    trainer = TrainStep(tiny_recipe(), seed=0)
    before = parameters(trainer.student)
    trainer.step(batches(1)[0])
    moved = [np.abs(b - a) for a, b in zip(before, parameters(trainer.student), strict=True)]
    assert max(m.max() for m in moved) == pytest.approx(6e-3, rel=1e-3)
    assert np.median(np.concatenate([m.ravel() for m in moved])) == pytest.approx(6e-3, rel=0.01)


def slow_losses(student, teacher, strong, weak, weight) -> list[float]:
    """The losses by plain loops; outputs and targets as nested lists."""

    def cross_entropy(predicted, wanted):
        return -(wanted * max(math.log(predicted), -100) + (1 - wanted) * max(math.log(1 - predicted), -100))

    def mean(values):
        values = list(values)
        return sum(values) / len(values)

    n_strong, n_weak = len(strong), len(weak)
    classes, frames = range(len(strong[0])), range(len(strong[0][0]))
    bce_strong = mean(
        cross_entropy(student[0][i][c][t], strong[i][c][t]) for i in range(n_strong) for c in classes for t in frames
    )
    bce_weak = mean(cross_entropy(student[1][n_strong + i][c], weak[i][c]) for i in range(n_weak) for c in classes)
    everyone = range(len(student[0]))
    mse_strong = mean(
        (student[0][i][c][t] - teacher[0][i][c][t]) ** 2 for i in everyone for c in classes for t in frames
    )
    mse_weak = mean((student[1][i][c] - teacher[1][i][c]) ** 2 for i in everyone for c in classes)
    return [bce_strong + bce_weak + weight * (mse_strong + mse_weak), bce_strong, bce_weak, mse_strong, mse_weak]


@pytest.mark.parametrize(("step", "weight"), [(1, 2 * math.exp(-5 * (2 / 3) ** 2)), (3, 2.0), (40, 2.0)])
def test_losses_are_those_of_the_slow_twin(step, weight):
    trainer = TrainStep(tiny_recipe(), seed=0)
    torch.manual_seed(step)
    student, teacher = ((torch.rand(8, 10, 7), torch.rand(8, 10)) for _ in range(2))
    strong, weak = torch.rand(2, 10, 7), torch.rand(3, 10).round()  # mixup makes soft targets
    ours = trainer.losses(student, teacher, strong, weak, consistency_weight(step, trainer.recipe)).tolist()
    theirs = slow_losses(
        *([part.tolist() for part in pair] for pair in (student, teacher)), strong.tolist(), weak.tolist(), weight
    )
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(ours) == len(LOSSES)


def test_the_gradient_comes_through_the_student_alone():
    trainer = TrainStep(tiny_recipe(), seed=0)
    student, teacher = (
        [torch.rand(8, 10, 7, requires_grad=True), torch.rand(8, 10, requires_grad=True)] for _ in range(2)
    )
    with torch.no_grad():
        fixed = tuple(part.clone() for part in teacher)
    trainer.losses(tuple(student), fixed, torch.ones(2, 10, 7), torch.ones(2, 10), 2.0)[0].backward()
    assert all((part.grad != 0).any() for part in student)


def test_mixup_mixes_clips_with_their_targets():
    magnitudes, targets = torch.rand(4, 3, 5), torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    partner = torch.tensor([2, 1, 3, 0])
    mixed, labels = mixup(magnitudes, targets, 0.3, partner)
    for i, j in enumerate(partner.tolist()):
        for ours, parts in ((mixed, magnitudes), (labels, targets)):
            torch.testing.assert_close(ours[i], 0.3 * parts[i] + 0.7 * parts[j])
    assert labels.tolist()[1] == [0.0, 1.0]  # with itself: nothing changes


def test_mixup_happens_in_half_of_the_steps_to_strong_and_weak_clips_each_with_its_share():
    trainer = TrainStep(tiny_recipe(), seed=0)
    batch = batches(1)[0]
    plain = trainer.front_end.magnitudes(batch.audio)
    shares, mixed_steps, n = [], 0, 400
    trainer.front_end.magnitudes = lambda _audio: plain
    for _ in range(n):
        magnitudes, strong, weak = trainer._mixed(batch, trainer._numbers(len(batch.strong), len(batch.weak)))
        assert torch.equal(magnitudes[4:], plain[4:])  # unlabelled clips are left alone
        if magnitudes is plain:
            assert strong is batch.strong
            assert weak is batch.weak
            continue
        mixed_steps += 1
        pair = []
        for clips, targets, wanted in ((slice(0, 2), strong, batch.strong), (slice(2, 4), weak, batch.weak)):
            # Two clips: either each keeps to itself, or they mix with one share.
            other = plain[clips].flip(0)
            share = ((magnitudes[clips] - other) * (plain[clips] - other)).sum() / ((plain[clips] - other) ** 2).sum()
            torch.testing.assert_close(
                magnitudes[clips], share * plain[clips] + (1 - share) * other, atol=1e-3, rtol=1e-3
            )
            torch.testing.assert_close(targets, share * wanted + (1 - share) * wanted.flip(0), atol=1e-3, rtol=1e-3)
            pair.append(float(share))
        shares.append(pair)
    assert abs(mixed_steps - n / 2) < 5 * n**0.5 / 2
    real = np.array([pair for pair in shares if max(pair) < 0.999])  # both were mixed with the other clip
    assert len(real) > 20
    assert (np.abs(real[:, 0] - real[:, 1]) > 0.01).mean() > 0.8  # a share each
    # Beta(.2, .2) is U-shaped: more than half of it lies within .1 of the ends (beta(.5, .5): 41 %).
    assert (np.minimum(real, 1 - real) < 0.1).mean() > 0.5
    assert 0.3 < (real < 0.5).mean() < 0.7  # and symmetric


@pytest.mark.parametrize("path", PATHS)
def test_a_seed_gives_its_losses(path):
    def run(seed: int) -> list[list[float]]:
        trainer = TrainStep(tiny_recipe(), execution_path=path, seed=seed)
        return [trainer.step(batch).tolist() for batch in batches(4)]

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("path", PATHS)
def test_a_step_goes_on_from_a_state(path):
    todo = batches(6)
    whole = TrainStep(tiny_recipe(), execution_path=path, seed=1)
    expected = [whole.step(batch).tolist() for batch in todo]
    first = TrainStep(tiny_recipe(), execution_path=path, seed=1)
    for batch in todo[:3]:
        first.step(batch)
    state = first.state_dict()
    second = TrainStep(tiny_recipe(), execution_path=path, seed=99)
    second.load_state_dict(state)
    assert [second.step(batch).tolist() for batch in todo[3:]] == expected[3:]
    assert second.drain_losses() == whole.drain_losses()  # of all six


def test_losses_are_means_since_they_were_last_drained():
    trainer = TrainStep(tiny_recipe(), seed=0)
    losses = torch.stack([trainer.step(batch) for batch in batches(3)])
    assert not losses.requires_grad
    drained = trainer.drain_losses()
    assert list(drained) == list(LOSSES)
    assert list(drained.values()) == pytest.approx(losses.mean(dim=0).tolist(), rel=1e-5)
    last = trainer.step(batches(1)[0])
    assert list(trainer.drain_losses().values()) == pytest.approx(last.tolist())
    assert set(trainer.drain_losses().values()) == {0.0}


def test_both_paths_have_the_same_losses_up_to_chance():
    # Same weights, clips and targets; only the dropout stream differs. Mean and spread of 60 draws must agree.
    recipe = tiny_recipe()
    trainers = [TrainStep(recipe, execution_path=path, seed=5) for path in PATHS]
    trainers[1].student.load_state_dict(trainers[0].student.state_dict())
    batch = batches(1)[0]
    features = trainers[0].front_end(trainers[0].front_end.magnitudes(batch.audio))
    draws = []
    for trainer in trainers:
        trainer.student.train()
        trainer.step_number = 3
        with torch.no_grad():
            fixed = (torch.full((8, 10, recipe.output_frames), 0.5), torch.full((8, 10), 0.5))
            rows = [trainer.losses(trainer.student(features), fixed, batch.strong, batch.weak, 2.0) for _ in range(60)]
        draws.append(torch.stack(rows).double())  # (60, 5)
    difference = draws[0].mean(dim=0) - draws[1].mean(dim=0)
    error = ((draws[0].var(dim=0) + draws[1].var(dim=0)) / 60).sqrt()
    assert (difference.abs() < 4 * error).all()
    assert ((draws[0].std(dim=0) / draws[1].std(dim=0)).log().abs() < math.log(1.7)).all()
    assert (draws[0].std(dim=0) > 0).all()


def test_a_step_from_tensors_alone_is_the_same_step():
    # What a graph on a GPU replays, here without one.
    plain, tensors = (TrainStep(tiny_recipe(), seed=0) for _ in range(2))
    calls = []

    def called(*inputs):
        calls.append([one.shape for one in inputs])
        return tensors._from_tensors(*inputs)

    tensors._graphed = called
    for batch in batches(5):
        np.testing.assert_allclose(plain.step(batch), tensors.step(batch), rtol=1e-5)
    assert len(calls) == 5
    assert all(shapes == calls[0] for shapes in calls)
