"""The mean teacher: one training step of student and teacher (Tarvainen and Valpola 2017).

The student learns from the strong and the weak labels, and from agreeing with the teacher on all clips. The teacher is
the exponential moving average of the student. Details follow DESED_task, recipe of 2022 (local/sed_trainer.py:155-333).
What looks like a slip there and would change energy or scores is kept here, and said.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dcase_baseline.batches import Batch
from dcase_baseline.crnn import CRNN
from dcase_baseline.features import LogMel
from dcase_baseline.graphed import Graphed
from dcase_baseline.recipe import Recipe

LOSSES = ("total", "strong", "weak", "consistency_strong", "consistency_weak")


def ramp(step: int, warmup_steps: int, exponent: float) -> float:
    """Rise from exp(-exponent) to 1 over the warm-up: exp(-5 (1 - t)^2), t = step / warmup_steps.

    Laine and Aila (2017), section 2.2; here of the learning rate and of the consistency weight.
    """
    t = min(step, warmup_steps) / warmup_steps
    return math.exp(-exponent * (1.0 - t) ** 2)


def learning_rate(step: int, recipe: Recipe) -> float:
    """Learning rate of a step, counted from 1.

    The reference's scheduler first speaks after a step, so step 1 runs at the full rate and step 2
    at a hundred-and-fiftieth of it (desed_task/utils/schedulers.py:76-79).
    """
    optim = recipe.optimisation
    scale = 1.0 if step == 1 else ramp(step, recipe.warmup_steps, optim.ramp_exponent)
    return optim.learning_rate * scale


def consistency_weight(step: int, recipe: Recipe) -> float:
    """Weight of the agreement with the teacher in a step, counted from 1."""
    optim = recipe.optimisation
    return optim.consistency_weight * ramp(step, recipe.warmup_steps, optim.ramp_exponent)


def ema_decay(step: int, cap: float) -> float:
    """Share that the teacher keeps in a step, counted from 1: min(1 - 1 / (step + 1), cap)."""
    return min(1.0 - 1.0 / (step + 1), cap)


def mixup(magnitudes: Tensor, targets: Tensor, share: float | Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
    """Mix each clip with another of its subset (Zhang et al. 2018), soft labels.

    Parameters
    ----------
    magnitudes
        Linear mel magnitudes, shape (n, n_mels, n_frames): a sum of sounds is a sum of these.
    targets
        Shape (n, ...).
    share
        Of the clip itself; its partner has the rest.
    partner
        Permutation, shape (n,).

    Returns
    -------
    tuple of Tensor
        Mixed magnitudes and targets, of the shapes that came in.
    """
    mixed = share * magnitudes + (1.0 - share) * magnitudes[partner]
    labels = share * targets + (1.0 - share) * targets[partner]
    return mixed, labels.clamp(0.0, 1.0)


@dataclass(frozen=True)
class StepNumbers:
    """What changes from step to step besides clips and weights.

    Floats; scalars on the device where a step is a graph that is replayed, so that its kernels read them anew.

    Attributes
    ----------
    learning_rate, consistency_weight
        Of this step.
    kept, taken
        Shares of the teacher's average: of the teacher, and of the student.
    mixed
        Share and partners of the strong and of the weak clips; empty where nothing is mixed.
    """

    learning_rate: float | Tensor
    consistency_weight: float | Tensor
    kept: float | Tensor
    taken: float | Tensor
    mixed: tuple[tuple[float | Tensor, Tensor], ...]


class TrainStep:
    """Student, teacher and all that changes from one training step to the next.

    Parameters
    ----------
    recipe
        All hyper-parameters.
    execution_path
        ``reference`` or ``fast``.
    device
        Where it runs.
    seed
        Of weights, dropout and mixup. Sets torch's global generator, from which the weights and
        the reference path's dropout are drawn.
    """

    def __init__(
        self, recipe: Recipe, *, execution_path: str = "fast", device: torch.device | str = "cpu", seed: int = 42
    ) -> None:
        self.recipe, self.device, self.seed = recipe, torch.device(device), seed
        torch.manual_seed(seed)
        self.front_end = LogMel(recipe.features).to(self.device)
        self.student = CRNN(recipe, execution_path=execution_path, seed=2 * seed).to(self.device)
        self.teacher = CRNN(recipe, execution_path=execution_path, seed=2 * seed + 1).to(self.device)
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False)
        optim = recipe.optimisation
        self._graphed: Graphed | None = None
        if execution_path == "fast" and self.device.type == "cuda":
            self._graphed = Graphed(self._from_tensors, self.device)
        # On a GPU one kernel for all weights; `capturable` keeps its counts there.
        fused = {"fused": True, "capturable": True} if self._graphed else {}
        self.optimiser = torch.optim.Adam(
            self.student.parameters(), lr=optim.learning_rate, betas=optim.adam_betas, eps=optim.adam_epsilon, **fused
        )
        self.rng = np.random.default_rng(seed)  # mixup
        self.step_number = 0  # steps done
        self.loss_sums = torch.zeros(len(LOSSES), device=self.device)  # since the last drain
        self.loss_steps = 0

    def step(self, batch: Batch) -> Tensor:
        """Train on one batch, and leave its losses on the device: no step waits for the GPU.

        Parameters
        ----------
        batch
            Clips of the recipe's batch, on any device.

        Returns
        -------
        Tensor
            The losses named by `LOSSES`, shape (5,).
        """
        self.step_number += 1
        self.loss_steps += 1
        self.student.train()
        self.teacher.train()  # own batch statistics and dropout, as in the reference
        numbers = self._numbers(len(batch.strong), len(batch.weak))
        if self._graphed is None:
            return self._compute(batch.to(self.device), numbers)
        return self._graphed(*self._as_tensors(batch, numbers)).clone()

    def _numbers(self, n_strong: int, n_weak: int) -> StepNumbers:
        """Draw the mixup, and look up what the schedules say.

        One draw decides for the step; strong and weak clips then have a share each; unlabelled clips are left alone.
        """
        config, kept = self.recipe.optimisation, ema_decay(self.step_number, self.recipe.optimisation.ema_decay_max)
        mixed: list[tuple[float, Tensor]] = []
        if self.rng.random() < config.mixup_probability:
            for clips in (n_strong, n_weak):
                share = float(self.rng.beta(config.mixup_alpha, config.mixup_alpha))
                mixed.append((share, torch.from_numpy(self.rng.permutation(clips))))
        step, recipe = self.step_number, self.recipe
        return StepNumbers(
            learning_rate(step, recipe), consistency_weight(step, recipe), kept, 1.0 - kept, tuple(mixed)
        )

    def _as_tensors(self, batch: Batch, numbers: StepNumbers) -> tuple[Tensor, ...]:
        """The same inputs for every step, mixed or not: unmixed clips are mixed with themselves."""
        sizes = len(batch.strong), len(batch.weak)
        mixed = numbers.mixed or tuple((1.0, torch.arange(size)) for size in sizes)
        scalars = torch.tensor(
            [numbers.learning_rate, numbers.consistency_weight, numbers.kept, numbers.taken, *(m[0] for m in mixed)]
        )
        partners = torch.cat([m[1] for m in mixed])
        if self.device.type == "cuda":
            scalars, partners = scalars.pin_memory(), partners.pin_memory()
        return batch.audio, batch.strong, batch.weak, scalars, partners

    def _from_tensors(self, audio: Tensor, strong: Tensor, weak: Tensor, scalars: Tensor, partners: Tensor) -> Tensor:
        """A step from tensors on the device alone."""
        rate, weight, kept, taken, share_strong, share_weak = scalars.unbind()
        of_strong, of_weak = partners.split([len(strong), len(weak)])
        mixed = ((share_strong, of_strong), (share_weak, of_weak))
        return self._compute(Batch(audio, strong, weak), StepNumbers(rate, weight, kept, taken, mixed))

    def _compute(self, batch: Batch, numbers: StepNumbers) -> Tensor:
        magnitudes, strong, weak = self._mixed(batch, numbers)  # (B, mels, frames), (n_s, C, T), (n_w, C)

        student, teacher = self._outputs(magnitudes)
        losses = self.losses(student, teacher, strong, weak, numbers.consistency_weight)  # (5,)

        # The average is taken before this step's gradient is applied: the teacher is a step late.
        self._update_teacher(numbers)
        self.optimiser.zero_grad()
        losses[0].backward()
        for group in self.optimiser.param_groups:
            group["lr"] = numbers.learning_rate
        self.optimiser.step()

        losses = losses.detach()
        self.loss_sums += losses
        return losses

    def _outputs(self, magnitudes: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Outputs of student and teacher, each (B, C, T) and (B, C)."""
        # Each network takes its own log and min-max, as in the reference: it is part of the work.
        student = self.student(self.front_end(magnitudes))
        with torch.no_grad():
            teacher = self.teacher(self.front_end(magnitudes))
        return student, teacher

    def losses(
        self,
        student: tuple[Tensor, Tensor],
        teacher: tuple[Tensor, Tensor],
        strong: Tensor,
        weak: Tensor,
        weight: float | Tensor,
    ) -> Tensor:
        """Compute the losses named by `LOSSES`, shape (5,).

        Parameters
        ----------
        student, teacher
            Outputs for the whole batch: (B, n_classes, frames) and (B, n_classes).
        strong, weak
            Targets of the strong clips and of the weak ones that follow them.
        weight
            Of the consistency in this step.
        """
        n_strong = len(strong)
        supervised_strong = functional.binary_cross_entropy(student[0][:n_strong], strong)
        supervised_weak = functional.binary_cross_entropy(student[1][n_strong : n_strong + len(weak)], weak)
        consistency_strong = functional.mse_loss(student[0], teacher[0])
        consistency_weak = functional.mse_loss(student[1], teacher[1])
        total = supervised_strong + supervised_weak + weight * (consistency_strong + consistency_weak)
        return torch.stack([total, supervised_strong, supervised_weak, consistency_strong, consistency_weak])

    def drain_losses(self) -> dict[str, float]:
        """Return the mean losses since the last call. This waits for the device."""
        means = (self.loss_sums / max(1, self.loss_steps)).tolist()
        self.loss_sums.zero_()
        self.loss_steps = 0
        return dict(zip(LOSSES, means, strict=True))

    def _mixed(self, batch: Batch, numbers: StepNumbers) -> tuple[Tensor, Tensor, Tensor]:
        """Magnitudes (B, n_mels, n_frames) and targets, mixed up where the numbers say so."""
        magnitudes = self.front_end.magnitudes(batch.audio)
        if not numbers.mixed:
            return magnitudes, batch.strong, batch.weak
        mixed, start = [], 0
        for targets, (share, partner) in zip((batch.strong, batch.weak), numbers.mixed, strict=True):
            partner = partner.to(self.device, non_blocking=True)
            mixed.append(mixup(magnitudes[start : start + len(targets)], targets, share, partner))
            start += len(targets)
        (mixed_strong, strong), (mixed_weak, weak) = mixed
        return torch.cat([mixed_strong, mixed_weak, magnitudes[start:]]), strong, weak

    @torch.no_grad()
    def _update_teacher(self, numbers: StepNumbers) -> None:
        """Move the teacher towards the student; parameters only, batch-norm buffers are its own."""
        kept, new = list(self.teacher.parameters()), list(self.student.parameters())
        torch._foreach_mul_(kept, numbers.kept)
        torch._foreach_add_(kept, torch._foreach_mul(new, numbers.taken))

    def networks(self) -> dict[str, CRNN]:
        """Student and teacher by name."""
        return {"student": self.student, "teacher": self.teacher}

    def state_dict(self) -> dict[str, Any]:
        """All that a later step depends on: tensors, numbers and texts only, so that loading is safe."""
        state: dict[str, Any] = {
            "step_number": self.step_number,
            "loss_sums": self.loss_sums,
            "loss_steps": self.loss_steps,
            "optimiser": self.optimiser.state_dict(),
            "mixup_rng": json.dumps(self.rng.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["cuda_rng"] = torch.cuda.get_rng_state(self.device)
        for name, network in self.networks().items():
            state[name] = network.state_dict()
            if network.stream is not None:
                state[f"{name}_bits"] = network.stream.generator(self.device).get_state()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of `state_dict`; the next losses are those of an uninterrupted run."""
        self.step_number, self.loss_steps = state["step_number"], state["loss_steps"]
        self.loss_sums.copy_(state["loss_sums"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = json.loads(state["mixup_rng"])
        torch.set_rng_state(state["torch_rng"].cpu())
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.device)
        for name, network in self.networks().items():
            network.load_state_dict(state[name])
            if network.stream is not None:
                network.stream.generator(self.device).set_state(state[f"{name}_bits"].cpu())
        if self._graphed is not None:
            self._graphed.forget()
