from __future__ import annotations

import importlib
import json
import re
import sys
import types

import pytest
import torch
from dcase_baseline.crnn import CRNN
from dcase_baseline.macs import challenge_macs, torch_macs
from dcase_baseline.recipe import load_recipe
from dcase_baseline.runtime import EXECUTION_PATHS
from dcase_baseline.thop_rules import COUNTERS
from torch import nn

from tests.cli.run import run

PUBLISHED = load_recipe("dcase2023")


@pytest.fixture(scope="module")
def thop():
    """THOP, with a stand-in for distutils where Python and setuptools have none any more."""
    names = ("distutils", "distutils.version")
    added = []
    try:
        importlib.import_module("distutils.version")
    except ModuleNotFoundError:
        version = types.ModuleType("distutils.version")
        version.LooseVersion = lambda text: [int(part) for part in re.findall(r"\d+", text)[:3]]
        for name, module in zip(names, (types.ModuleType("distutils"), version), strict=True):
            sys.modules[name] = module
            added.append(name)
    module = importlib.import_module("thop")
    for name in added:
        del sys.modules[name]
    return module


@pytest.mark.parametrize("path", list(EXECUTION_PATHS))
def test_the_baseline_has_the_published_macs(path):
    count = challenge_macs(CRNN(PUBLISHED, execution_path=path), torch.rand(1, 128, 626))
    assert count.macs == 930_901_932  # 930.902 M in the README of the recipe
    assert (count.parameters, count.trainable_parameters) == (1_112_420, 1_112_420)
    assert count.counter == "thop"
    dropout = {"reference": (), "fast": ("dcase_baseline.dropout.BitDropout",)}[path]
    assert count.uncounted == (*dropout, "torch.nn.Sigmoid")


@pytest.mark.parametrize(("frames", "macs"), [(625, 930_472_876), (627, 930_961_324)])
def test_a_frame_more_or_less_shows(frames, macs):
    assert challenge_macs(CRNN(PUBLISHED), torch.rand(1, 128, frames)).macs == macs


@pytest.mark.parametrize("path", list(EXECUTION_PATHS))
def test_torch_counts_products_and_convolutions_alone(path):
    count = torch_macs(CRNN(PUBLISHED, execution_path=path), torch.rand(1, 128, 626))
    assert count.macs == 917_553_152
    assert count.counter == "torch"
    assert {"aten.avg_pool2d", "aten.native_batch_norm", "aten._softmax"} <= set(count.uncounted)
    assert not {"aten.mm", "aten.addmm", "aten.convolution", "aten.sigmoid"} & set(count.uncounted)


class Recurrent(nn.Module):
    """A recurrent layer without its states, as THOP needs it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


def conv_net() -> nn.Module:
    return nn.Sequential(
        nn.ZeroPad2d(1),
        nn.Conv2d(3, 8, (3, 5), stride=2, bias=False),
        nn.BatchNorm2d(8),
        nn.LeakyReLU(),
        nn.Conv2d(8, 8, 3, groups=4, dilation=2),
        nn.InstanceNorm2d(8),
        nn.PReLU(8),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 1),
        nn.PixelShuffle(2),
        nn.AdaptiveAvgPool2d((3, 2)),
        nn.Flatten(),
        nn.Linear(18, 5),
        nn.Softmax(dim=1),
    )


MODELS = {
    "conv2d": (conv_net, (2, 3, 40, 37)),
    "conv1d": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 6, 5, stride=2),
            nn.BatchNorm1d(6, affine=False),
            nn.AvgPool1d(3),
            nn.InstanceNorm1d(6, affine=True),
        ),
        (3, 4, 50),
    ),
    "conv3d": (
        lambda: nn.Sequential(
            nn.Conv3d(2, 4, (1, 2, 3)), nn.BatchNorm3d(4), nn.ReLU6(), nn.AvgPool3d(2), nn.AdaptiveMaxPool3d(1)
        ),
        (1, 2, 6, 7, 8),
    ),
    "transposed": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(4, 6, 3, stride=2), nn.ConvTranspose2d(6, 6, 2, groups=3), nn.Upsample(scale_factor=2)
        ),
        (1, 4, 5, 6),
    ),
    "transposed1d": (
        lambda: nn.Sequential(nn.ConvTranspose1d(4, 2, 3), nn.Upsample(scale_factor=3, mode="linear")),
        (2, 4, 9),
    ),
    "transposed3d": (lambda: nn.ConvTranspose3d(2, 3, 2), (1, 2, 3, 4, 5)),
    "bilinear": (
        lambda: nn.Sequential(
            nn.UpsamplingBilinear2d(scale_factor=2),
            nn.Upsample(size=(9, 9), mode="bicubic"),
            nn.UpsamplingNearest2d(scale_factor=2),
        ),
        (1, 2, 4, 4),
    ),
    "trilinear costs nothing": (lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (1, 2, 3, 3, 3)),
    "linear": (
        lambda: nn.Sequential(nn.Linear(7, 9), nn.LayerNorm(9), nn.Dropout(), nn.Linear(9, 4, bias=False)),
        (2, 5, 7),
    ),
    "plain layer norm": (lambda: nn.LayerNorm((5, 7), elementwise_affine=False), (3, 5, 7)),
    "softmax over time": (lambda: nn.Softmax(dim=-1), (3, 4, 11)),
    "gru": (lambda: Recurrent(nn.GRU(5, 6, num_layers=2, bidirectional=True, batch_first=True)), (3, 8, 5)),
    "gru without bias": (lambda: Recurrent(nn.GRU(5, 6, bias=False)), (8, 3, 5)),
    "lstm": (lambda: Recurrent(nn.LSTM(5, 6, num_layers=3, bidirectional=True)), (8, 3, 5)),
    "lstm one way": (lambda: Recurrent(nn.LSTM(5, 6, num_layers=2, bias=False)), (8, 3, 5)),
    "rnn": (lambda: Recurrent(nn.RNN(5, 6, num_layers=2, batch_first=True)), (3, 8, 5)),
    "gru cell": (lambda: nn.GRUCell(5, 6), (3, 5)),
    "lstm cell": (lambda: Recurrent(nn.LSTMCell(5, 6, bias=False)), (3, 5)),
    "rnn cell": (lambda: nn.RNNCell(5, 6), (3, 5)),
    "nested": (
        lambda: nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4))), nn.ReLU()),
        (2, 4),
    ),
    "called twice": (lambda: (lambda layer: nn.Sequential(nn.ReLU(), Twice(layer)))(nn.Linear(4, 4)), (2, 4)),
}


class Twice(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(self.layer(x))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(MODELS))
def test_thop_counts_the_same(thop, name):
    build, shape = MODELS[name]
    model, x = build(), torch.rand(shape)
    theirs, _ = thop.profile(model, inputs=(x,), verbose=False)
    ours = challenge_macs(model, x).macs
    assert ours == theirs
    assert ours > 0 or name == "trilinear costs nothing"


@pytest.mark.filterwarnings("ignore")
def test_thop_counts_the_same_for_the_baseline(thop):
    model, x = CRNN(load_recipe("smoke"), execution_path="reference"), torch.rand(2, 64, 157)
    assert challenge_macs(model, x).macs == thop.profile(model, inputs=(x,), verbose=False)[0]


def test_the_same_types_have_a_rule(thop):
    profile = importlib.import_module("thop.profile")
    assert set(COUNTERS) == set(profile.register_hooks)


@pytest.mark.filterwarnings("ignore")
def test_thop_counts_a_packed_batch_as_if_padded(thop):
    gru = Recurrent(nn.GRU(5, 6, batch_first=True))
    packed = nn.utils.rnn.pack_padded_sequence(torch.rand(3, 8, 5), [8, 5, 2], batch_first=True)
    padded = challenge_macs(gru, torch.rand(3, 8, 5)).macs
    assert challenge_macs(gru, packed).macs == padded == thop.profile(gru, inputs=(packed,), verbose=False)[0]


def test_one_sequence_is_a_batch_of_one():
    gru, cell = nn.GRU(5, 6, bidirectional=True), nn.LSTMCell(5, 6)
    assert challenge_macs(gru, torch.rand(8, 5)).macs == challenge_macs(gru, torch.rand(8, 1, 5)).macs
    assert challenge_macs(cell, torch.rand(5)).macs == challenge_macs(cell, torch.rand(1, 5)).macs


class Own(nn.Module):
    """A layer without a rule, called by keyword."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 4), requires_grad=False)
        self.inner = nn.Linear(4, 2)

    def forward(self, x):
        return self.inner(input=x @ self.weight)


class WiderLinear(nn.Linear):
    """THOP matches types exactly: a subclass is not counted."""


def test_what_could_not_be_counted_is_named():
    count = challenge_macs(nn.Sequential(Own(), nn.Tanh(), WiderLinear(2, 3)), torch.rand(5, 4))
    assert count.macs == 5 * 4 * 2
    assert count.uncounted == (f"{__name__}.Own", f"{__name__}.WiderLinear", "torch.nn.Tanh")
    assert (count.parameters, count.trainable_parameters) == (16 + 10 + 9, 10 + 9)
    assert torch_macs(nn.Sequential(Own(), WiderLinear(2, 3)), torch.rand(5, 4)).macs == 5 * (16 + 8 + 6)


def test_a_shared_layer_has_its_parameters_once():
    layer = nn.Linear(4, 4)
    count = challenge_macs(nn.Sequential(layer, layer), torch.rand(1, 4))
    assert (count.macs, count.parameters) == (32, 20)


@pytest.mark.parametrize("counter", [challenge_macs, torch_macs])
def test_the_model_is_left_as_it_was(counter):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
    model.train()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    counter(model, torch.rand(6, 4))
    assert [module.training for module in model] == [True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.backends.mkldnn.enabled
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("counter", [challenge_macs, torch_macs])
def test_the_model_is_left_as_it_was_when_it_fails(counter):
    model = nn.Sequential(nn.Linear(4, 4)).train()
    with pytest.raises(RuntimeError):
        counter(model, torch.rand(6, 5))
    assert model.training
    assert model[0].training
    assert not model[0]._forward_hooks


class ForgetfulTrain(nn.Linear):
    """``train`` returns nothing, as that of the published CRNN."""

    def train(self, mode=True):
        super().train(mode)


def test_a_train_that_returns_nothing_is_no_harm():
    assert torch_macs(ForgetfulTrain(4, 2), torch.rand(3, 4)).macs == 24


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_torch_sees_into_recurrent_layers(kind, gates):
    count = torch_macs(kind(8, 16, batch_first=True), torch.rand(2, 5, 8))
    assert count.macs == 2 * 5 * gates * 16 * (8 + 16)


def test_torch_sees_into_attention():
    layer = nn.TransformerEncoderLayer(16, 4, dim_feedforward=32, batch_first=True)
    batch, time, width = 2, 5, 16
    projections = batch * time * (4 * width * width + 2 * width * 32)
    attention = 2 * batch * time * time * width
    assert torch_macs(layer, torch.rand(batch, time, width)).macs == projections + attention


def test_counting_draws_no_warning(recwarn):
    torch_macs(nn.Linear(2, 2), torch.rand(1, 2))
    assert [str(warning.message) for warning in recwarn] == []


def test_the_command_counts_the_seconds_that_are_asked_for():
    command = ["macs", "baseline", "--format", "json", "--seconds"]
    one, ten = (json.loads(run(*command, seconds).stdout) for seconds in ("1", "10"))
    assert [(found["clip_duration_s"], found["input_shapes"]) for found in (one, ten)] == [
        (1, [[1, 128, 63]]),
        (10, [[1, 128, 626]]),
    ]
    assert [found["counts"][0]["macs"] for found in (one, ten)] == [90_010_675, 930_901_932]
