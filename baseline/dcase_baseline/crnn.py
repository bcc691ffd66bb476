"""The CRNN of the DCASE task 4 baseline: seven gated convolutions, a BiGRU, attention pooling.

Layer by layer, for the published geometry (desed_task/nnet/CNN.py:66-98, CRNN.py, RNN.py), 1 112 420 parameters:

    input           (B, 1, 626, 128)            time x mel, one channel
    conv block 0-1  (B, 32, 156, 32)            both axes halved twice
    conv block 2-6  (B, 128, 156, 1)            mel halved five times
    BiGRU           (B, 156, 256)               two layers, 128 units a direction
    strong          (B, 10, 156)                sigmoid of one linear layer: class per frame
    weak            (B, 10)                     mean over time, weighted by an attention over classes

Names in the state dict are those of the published checkpoints, so that these load.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from dcase_baseline.dropout import BitStream, make_dropout
from dcase_baseline.recipe import Recipe
from dcase_baseline.runtime import check_execution_path


class GLU(nn.Module):
    """Gate each channel by itself: ``linear(x) * sigmoid(x)``.

    Not the GLU of Dauphin et al. (2017): there one half gates the other. Here the linear path has a 1x1 layer and
    the gate is the raw input.

    Parameters
    ----------
    convolve
        Compute the linear layer as a 1x1 convolution in training: the same products, half the time backward.
    """

    def __init__(self, channels: int, *, convolve: bool = False) -> None:
        super().__init__()
        self.convolve = convolve
        self.linear = nn.Linear(channels, channels)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T, F) to the same shape."""
        if self.convolve and self.training:
            kernel = self.linear.weight[:, :, None, None].contiguous(memory_format=torch.channels_last)  # (C, C, 1, 1)
            return nn.functional.conv2d(x, kernel, self.linear.bias) * self.sigmoid(x)  # (B, C, T, F)
        linear = self.linear(x.permute(0, 2, 3, 1))  # (B, T, F, C): Linear wants channels last
        return linear.permute(0, 3, 1, 2) * self.sigmoid(x)  # (B, C, T, F)


def average_pool(x: Tensor, pool: tuple[int, int]) -> Tensor:
    """The mean of each field of ``pool``, (B, C, T, F) to (B, C, T / pool, F / pool).

    On a GPU its gradient is one copy, which takes a fifth of the time of torch's.
    """
    if x.is_cuda and x.requires_grad and x.is_contiguous(memory_format=torch.channels_last):
        return _AveragePool.apply(x, *pool)  # type: ignore[no-any-return]
    return nn.functional.avg_pool2d(x, pool)


class _AveragePool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, time: int, mel: int) -> Tensor:
        ctx.shape, ctx.pool = x.shape, (time, mel)
        return nn.functional.avg_pool2d(x, (time, mel))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (n, c, t, f), (time, mel), (gradient,) = ctx.shape, ctx.pool, gradients
        spread = torch.empty(n, t, f, c, dtype=gradient.dtype, device=gradient.device)
        frames, mels = t // time, f // mel
        spread[:, frames * time :] = 0  # what is left over at the ends was not pooled
        spread[:, :, mels * mel :] = 0
        fields = spread[:, : frames * time, : mels * mel].unflatten(1, (frames, time)).unflatten(3, (mels, mel))
        part = (gradient / (time * mel)).permute(0, 2, 3, 1)  # (B, frames, mels, C)
        fields.copy_(part[:, :, None, :, None])  # (B, frames, time, mels, mel, C)
        return spread.permute(0, 3, 1, 2), None, None


class CNN(nn.Module):
    """Blocks of convolution, batch norm, GLU, dropout, average pooling."""

    def __init__(self, recipe: Recipe, stream: BitStream | None) -> None:
        super().__init__()
        config = recipe.model
        self.cnn = nn.Sequential()
        n_in = 1
        for i, (n_out, pool) in enumerate(zip(config.channels, config.pooling, strict=True)):
            conv = nn.Conv2d(n_in, n_out, config.kernel_size, padding=config.kernel_size // 2)
            norm = nn.BatchNorm2d(n_out, eps=config.batch_norm_epsilon, momentum=config.batch_norm_momentum)
            self.cnn.add_module(f"conv{i}", conv)  # (B, C, T, F)
            self.cnn.add_module(f"batchnorm{i}", norm)
            self.cnn.add_module(f"glu{i}", GLU(n_out, convolve=stream is not None))
            self.cnn.add_module(f"dropout{i}", make_dropout(config.dropout, stream, in_place=True))
            pooling = nn.AvgPool2d(pool)  # (B, C, T / pool, F / pool)
            if stream is not None:  # the module stays what counters of operations know
                pooling.forward = partial(average_pool, pool=pool)
            self.cnn.add_module(f"pooling{i}", pooling)
            n_in = n_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 1, T, F) to (B, C, T', 1)."""
        return self.cnn(x)


class BidirectionalGRU(nn.Module):
    """A stack of bidirectional GRUs, no dropout between them.

    Parameters
    ----------
    one_thread
        Run on one thread of the CPU, backward too. A GRU is thousands of products too small to share: waking a second
        thread for each takes longer than it saves, half as long again at batch 48.
    """

    def __init__(self, n_in: int, units: int, layers: int, *, one_thread: bool = False) -> None:
        super().__init__()
        self.one_thread = one_thread
        self.rnn = nn.GRU(n_in, units, num_layers=layers, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, C) to (B, T, 2 * units)."""
        if not self.one_thread or x.device.type != "cpu":
            return self.rnn(x)[0]
        threads = torch.get_num_threads()
        if x.requires_grad:
            # The engine runs a CPU graph's backward in the thread that asked for it, in reverse order.
            x.register_hook(lambda _: torch.set_num_threads(threads))
        torch.set_num_threads(1)
        try:
            y = self.rnn(x)[0]  # (B, T, 2 * units)
        finally:
            torch.set_num_threads(threads)
        if y.requires_grad:
            y.register_hook(lambda _: torch.set_num_threads(1))
        return y


class CRNN(nn.Module):
    """The network of student and teacher.

    Parameters
    ----------
    recipe
        Gives the geometry.
    execution_path
        ``reference``: stock dropout, default memory format, as the published system runs.
        ``fast``: channels-last activations, one-bit dropout, gates as convolutions, the GRU on one thread; same
        mathematics, float32.
    seed
        Of the one-bit dropout; the reference path, and any path on a GPU, draws from torch's global generator.

    Raises
    ------
    ValueError
        If ``execution_path`` is neither.
    """

    def __init__(self, recipe: Recipe, *, execution_path: str = "fast", seed: int = 0) -> None:
        super().__init__()
        self.execution_path = check_execution_path(execution_path)
        fast = execution_path == "fast"
        self.stream = BitStream(seed) if fast else None
        config = recipe.model
        self.attention_floor = config.attention_floor

        self.cnn = CNN(recipe, self.stream)
        self.rnn = BidirectionalGRU(config.channels[-1], config.rnn_units, config.rnn_layers, one_thread=fast)
        self.dropout = make_dropout(config.dropout, self.stream)
        self.dense = nn.Linear(2 * config.rnn_units, config.n_classes)
        self.sigmoid = nn.Sigmoid()
        self.dense_softmax = nn.Linear(2 * config.rnn_units, config.n_classes)
        self.softmax = nn.Softmax(dim=-1)
        # Convolutions put out the layout of their weights: this alone makes all activations channels-last.
        self.to(memory_format=torch.channels_last if fast else torch.contiguous_format)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Detect and tag sound events.

        Parameters
        ----------
        features
            Shape (B, n_mels, n_frames), in [0, 1].

        Returns
        -------
        strong : Tensor
            Probability of each class in each output frame, shape (B, n_classes, output_frames).
        weak : Tensor
            Probability of each class in the clip, shape (B, n_classes).
        """
        x = features.transpose(1, 2).unsqueeze(1)  # (B, 1, T, F)
        x = self.cnn(x).squeeze(-1).transpose(1, 2)  # (B, T', C)
        x = self.dropout(self.rnn(x))  # (B, T', 2 * units)
        strong = self.sigmoid(self.dense(x))  # (B, T', n_classes)
        # The softmax runs over classes, not time: each frame spreads one unit of attention.
        attention = self.softmax(self.dense_softmax(x))  # (B, T', n_classes)
        attention = attention.clamp(min=self.attention_floor, max=1.0)
        weak = (strong * attention).sum(dim=1) / attention.sum(dim=1)  # (B, n_classes)
        return strong.transpose(1, 2), weak  # (B, n_classes, T'), (B, n_classes)
