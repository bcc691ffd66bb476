"""What THOP 0.1.1 counts for each type of layer, written anew from what it returns.

A rule takes one call of a module and gives multiply-accumulates, or what THOP takes for them. THOP:
https://github.com/Lyken17/pytorch-OpCounter (MIT). The tests hold every rule against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn
from torch.nn.utils.rnn import PackedSequence

# How many operations THOP sets for each output element of an interpolation.
UPSAMPLE_COST = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}

# Gates with a matrix product, and elementwise terms a unit beside them (Hadamard products, updates).
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
ELEMENTWISE = {"RNN": 0, "GRU": 4, "LSTM": 4}


class Call(NamedTuple):
    """One call of a module: the module, its first input ``x`` and its output ``y``."""

    module: Any
    x: Any
    y: Any


def zero(_: Call) -> int:
    """Padding, rectifiers, max-pooling, dropout: nothing is multiplied."""
    return 0


def convolution(call: Call) -> int:
    """One product a kernel tap, input channel of the group and output element; no bias.

    THOP uses the same for transposed convolutions, which over-counts them by the stride.
    """
    layer = call.module
    return call.y.numel() * (layer.in_channels // layer.groups) * math.prod(layer.kernel_size)


def linear(call: Call) -> int:
    """One product an input feature and output element; no bias."""
    return call.module.in_features * call.y.numel()


def normalisation(call: Call) -> int:
    """Two operations an element, doubled where there is a learnt scale and shift."""
    layer = call.module
    affine = getattr(layer, "affine", False) or getattr(layer, "elementwise_affine", False)
    return 2 * call.x.numel() * (2 if affine else 1)


def prelu(call: Call) -> int:
    """One product an element. (Leaky rectifiers count zero all the same.)"""
    return call.x.numel()


def softmax(call: Call) -> int:
    """For each row of n: n exponentials, n - 1 sums, n divisions."""
    implicit = 0 if call.x.dim() in (0, 1, 3) else 1  # torch's choice where none is made
    n = call.x.shape[implicit if call.module.dim is None else call.module.dim]
    return call.x.numel() // n * (3 * n - 1)


def average_pool(call: Call) -> int:
    """One division an output element; the sums are free."""
    return call.y.numel()


def adaptive_average_pool(call: Call) -> int:
    """The sums, one an input element, and one division an output element.

    THOP goes through the mean window in floating point and cuts the result off, which may lose one.
    """
    window = math.prod(n_in / n_out for n_in, n_out in zip(call.x.shape[2:], call.y.shape[2:], strict=True))
    return int((window + 1) * call.y.numel())


def upsample(call: Call) -> int:
    """A fixed cost an output element; a mode THOP does not know (trilinear) costs nothing."""
    return UPSAMPLE_COST.get(call.module.mode, 0) * call.y.numel()


def _cell(kind: str, n_in: int, units: int, bias: bool) -> int:
    """One step of one recurrent layer in one direction, for one sequence."""
    gate = units * (n_in + units) + units + (2 * units if bias else 0)
    return GATES[kind] * gate + ELEMENTWISE[kind] * units


def recurrent_cell(call: Call) -> int:
    """One step for each sequence of the batch."""
    cell = call.module
    kind = type(cell).__name__.removesuffix("Cell")
    batch = call.x.shape[0] if call.x.dim() == 2 else 1
    return batch * _cell(kind, cell.input_size, cell.hidden_size, cell.bias)


def recurrent(call: Call) -> int:
    """All steps, layers and directions; a packed batch counts as if padded to its longest."""
    rnn, x = call.module, call.x
    directions = 2 if rnn.bidirectional else 1
    units = rnn.hidden_size
    kind = type(rnn).__name__
    first = _cell(kind, rnn.input_size, units, rnn.bias)
    other = _cell(kind, units * directions, units, rnn.bias)
    if isinstance(x, PackedSequence):
        sequence_steps = int(x.batch_sizes.max()) * len(x.batch_sizes)
    else:
        sequence_steps = math.prod(x.shape[:-1])  # of (T, B, n_in), (B, T, n_in) or (T, n_in)
    return sequence_steps * directions * (first + (rnn.num_layers - 1) * other)


_RULES: dict[Callable[[Call], int], str] = {
    zero: """ZeroPad2d ReLU ReLU6 LeakyReLU Dropout Sequential PixelShuffle
        MaxPool1d MaxPool2d MaxPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d""",
    convolution: "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    normalisation: """BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm
        LayerNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d""",
    average_pool: "AvgPool1d AvgPool2d AvgPool3d",
    adaptive_average_pool: "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d",
    linear: "Linear",
    prelu: "PReLU",
    softmax: "Softmax",
    upsample: "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    recurrent_cell: "RNNCell GRUCell LSTMCell",
    recurrent: "RNN GRU LSTM",
}

# Type of layer -> its rule.
COUNTERS: dict[type[nn.Module], Callable[[Call], int]] = {
    getattr(nn, name): rule for rule, names in _RULES.items() for name in names.split()
}
