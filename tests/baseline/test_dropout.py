from __future__ import annotations

import pytest
import torch
from dcase_baseline.dropout import BitDropout, BitStream, make_dropout

CPU = torch.device("cpu")
N = 1_000_000
SIGMAS = 5  # a fixed seed either passes or does not; five standard errors leave room for none


def kept(seed: int, n: int = N) -> torch.Tensor:
    return BitDropout(BitStream(seed))(torch.ones(n))


def test_half_of_the_elements_are_dropped_and_the_others_doubled():
    y = kept(1)
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert abs(y.mean() - 1) < SIGMAS / N**0.5  # mean 1, standard deviation 1
    assert abs(y.var() - 1) < SIGMAS * 2 / N**0.5


def test_every_bit_of_a_word_is_as_likely_as_not():
    # Element i is bit i // n_octets of octet i % n_octets: a stuck bit would show in one row.
    rows = BitStream(2).bits(64 * 15_625, CPU).view(8, -1, 8).float()  # (bit, word, octet of the word)
    means = rows.mean(dim=1)  # (8, 8)
    assert (means - 0.5).abs().max() < SIGMAS * 0.5 / 15_625**0.5


@pytest.mark.parametrize("lag", [1, 7, 8, 64, 125_000, 250_000])
def test_elements_are_independent_of_each_other(lag):
    y = kept(3) - 1  # -1 or 1
    assert abs((y[lag:] * y[:-lag]).mean()) < SIGMAS / (N - lag) ** 0.5


def test_calls_are_independent_of_each_other():
    dropout = BitDropout(BitStream(4))
    first, second = (dropout(torch.ones(N)) - 1 for _ in range(2))
    assert abs((first * second).mean()) < SIGMAS / N**0.5


def test_a_seed_gives_its_stream():
    assert torch.equal(kept(5), kept(5))
    assert not torch.equal(kept(5), kept(6))


def test_a_stream_goes_on_from_its_state():
    stream = BitStream(7)
    stream.bits(100, CPU)
    state = stream.generator(CPU).get_state()
    expected = stream.bits(1000, CPU)
    other = BitStream(0)
    other.generator(CPU).set_state(state)
    assert torch.equal(other.bits(1000, CPU), expected)


@pytest.mark.parametrize("count", [1, 7, 63, 64, 65, 1000])
def test_any_number_of_bits(count):
    bits = BitStream(8).bits(count, CPU)
    assert bits.shape == (count,)
    assert bits.dtype == torch.uint8
    assert bits.max() <= 1


def test_evaluation_changes_nothing_and_draws_nothing():
    dropout = BitDropout(BitStream(9)).eval()
    x = torch.randn(5)
    assert dropout(x) is x
    dropout.train()
    assert torch.equal(dropout(torch.ones(N)), kept(9))


def test_gradients_pass_where_activations_did_and_are_doubled():
    x = torch.randn(2, 3, 50, 40, requires_grad=True)
    y = BitDropout(BitStream(10))(x)
    y.backward(torch.ones_like(y))
    assert set(x.grad.unique().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(y, x * x.grad)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_memory_layout_is_kept(layout):
    x = torch.ones(2, 8, 100, 60).contiguous(memory_format=layout)
    y = BitDropout(BitStream(11))(x)
    assert y.shape == x.shape
    assert y.is_contiguous(memory_format=layout)
    assert abs(y.mean() - 1) < SIGMAS / x.numel() ** 0.5
    channels = y.permute(1, 0, 2, 3).reshape(8, -1) - 1  # no two channels share a mask
    assert ((channels @ channels.T) / 12_000 - torch.eye(8)).abs().max() < SIGMAS / 12_000**0.5


def test_only_a_half_takes_bits():
    stream = BitStream(0)
    assert isinstance(make_dropout(0.5, stream), BitDropout)
    other = make_dropout(0.25, stream)
    assert (type(other), other.p) == (torch.nn.Dropout, 0.25)
    assert type(make_dropout(0.5, None)) is torch.nn.Dropout


def test_torchs_global_generator_is_left_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    kept(12)
    assert torch.equal(torch.get_rng_state(), before)
