from __future__ import annotations

import numpy as np
import pytest
import torch
from dcase_baseline.crnn import CRNN, _AveragePool
from dcase_baseline.dropout import BitDropout
from dcase_baseline.features import LogMel
from dcase_baseline.recipe import load_recipe
from dcase_baseline.runtime import EXECUTION_PATHS

from tests.baseline.parity import NAMES, PARITY, waveform, weights

PUBLISHED = load_recipe("dcase2023")
PATHS = list(EXECUTION_PATHS)


def test_paths_are_named_and_versioned():
    assert EXECUTION_PATHS == {"reference": "reference/1", "fast": "fast/3"}
    with pytest.raises(ValueError, match="expected reference or fast, found 'quick'"):
        CRNN(PUBLISHED, execution_path="quick")


@pytest.mark.parametrize("path", PATHS)
def test_the_state_dict_is_that_of_the_published_checkpoints(path):
    state = CRNN(PUBLISHED, execution_path=path).state_dict()
    assert [(name, list(value.shape)) for name, value in state.items()] == NAMES


@pytest.mark.parametrize("path", PATHS)
def test_parameters_are_the_published_number(path):
    model = CRNN(PUBLISHED, execution_path=path)
    parts = (model, model.cnn, model.rnn, model.dense, model.dense_softmax)
    numbers = [sum(p.numel() for p in part.parameters() if p.requires_grad) for part in parts]
    assert numbers == [1_112_420, 612_688, 494_592, 2_570, 2_570]
    assert numbers[0] == int(PARITY["parameters"])
    assert sum(buffer.numel() for buffer in model.buffers()) == 1_255


@pytest.mark.parametrize("path", PATHS)
def test_outputs_are_those_of_the_published_baseline(path):
    front_end, model = LogMel(PUBLISHED.features), CRNN(PUBLISHED, execution_path=path)
    model.load_state_dict(weights())
    model.eval()
    with torch.no_grad():
        strong, weak = model(front_end(front_end.magnitudes(waveform())))
    assert (strong.shape, weak.shape) == ((1, 10, 156), (1, 10))
    assert np.abs(strong[0].numpy() - PARITY["strong"]).max() <= 1e-4
    assert np.abs(weak[0].numpy() - PARITY["weak"]).max() <= 1e-4


@pytest.mark.parametrize("name", ["dcase2023", "smoke"])
def test_both_paths_say_the_same_in_eval_mode(name):
    recipe = load_recipe(name)
    reference, fast = (CRNN(recipe, execution_path=path) for path in ("reference", "fast"))
    fast.load_state_dict(reference.state_dict())
    reference.eval()
    fast.eval()
    features = torch.rand(3, recipe.features.n_mels, recipe.features.n_frames)
    with torch.no_grad():
        outputs = list(zip(reference(features), fast(features), strict=True))
    for ours, theirs in outputs:
        assert ours.shape == theirs.shape
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert reference(features)[0].shape == (3, 10, recipe.output_frames)


def test_the_fast_path_stays_channels_last_to_the_end():
    model = CRNN(PUBLISHED, execution_path="fast")
    layouts = {}
    for name, block in model.cnn.cnn.named_children():
        block.register_forward_hook(
            lambda _module, _inputs, output, name=name: layouts.update(
                {name: output.is_contiguous(memory_format=torch.channels_last)}
            )
        )
    model(torch.rand(2, 128, 626))
    assert len(layouts) == 35
    assert all(layouts.values())


def test_only_the_fast_path_has_bit_dropout():
    kinds = {
        path: {type(m) for m in CRNN(PUBLISHED, execution_path=path).modules() if "Dropout" in type(m).__name__}
        for path in PATHS
    }
    assert kinds == {"reference": {torch.nn.Dropout}, "fast": {BitDropout}}


def test_attention_pooling_is_the_weighted_mean_it_says():
    model = CRNN(load_recipe("smoke")).eval()
    seen = {}
    model.dropout.register_forward_hook(lambda _module, _inputs, output: seen.update(hidden=output))
    with torch.no_grad():
        _, weak = model(torch.rand(2, 64, 157))
    hidden = seen["hidden"].double().numpy()  # (2, 157, 64)
    dense, attend = (
        {k: v.double().numpy() for k, v in m.state_dict().items()} for m in (model.dense, model.dense_softmax)
    )
    for clip in range(2):
        total = np.zeros((2, 10))
        for frame in range(157):
            probability = 1 / (1 + np.exp(-(dense["weight"] @ hidden[clip, frame] + dense["bias"])))
            share = np.exp(attend["weight"] @ hidden[clip, frame] + attend["bias"])
            share = np.clip(share / share.sum(), 1e-7, 1)  # over classes
            total += [probability * share, share]
        np.testing.assert_allclose(weak[clip], total[0] / total[1], atol=1e-5)


def test_the_gate_is_the_raw_input():
    glu = CRNN(load_recipe("smoke")).cnn.cnn.glu0
    x = torch.randn(2, 16, 3, 4)
    linear = torch.einsum("oc,bctf->botf", glu.linear.weight, x) + glu.linear.bias[None, :, None, None]
    torch.testing.assert_close(glu(x), linear * torch.sigmoid(x))


@pytest.mark.parametrize(("shape", "pool"), [((2, 3, 13, 8), (2, 2)), ((2, 3, 7, 9), (1, 2)), ((2, 5, 9, 10), (3, 4))])
def test_the_gradient_of_the_pooling_is_torchs(shape, pool):
    # What the fast path computes on a GPU; rows and columns that no field holds get no gradient.
    x = torch.randn(shape, dtype=torch.float64).to(memory_format=torch.channels_last).requires_grad_()
    expected = torch.nn.functional.avg_pool2d(x, pool)
    weights = torch.randn_like(expected)
    (theirs,) = torch.autograd.grad(expected, x, weights)
    ours = _AveragePool.apply(x, *pool)
    assert torch.equal(ours, expected)
    (gradient,) = torch.autograd.grad(ours, x, weights)
    torch.testing.assert_close(gradient, theirs)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
