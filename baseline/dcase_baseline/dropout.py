"""Dropout for p = 1/2 from one random bit an element.

Stock dropout draws one 32-bit number an element; on a CPU that is 30 % of a training step. A half needs one bit. The
distribution is the same and the stream is another, which is why the execution path is named in every record.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

INT64_MIN = -(2**63)  # with no upper bound, random_ then fills all 64 bits


class BitStream:
    """A seeded stream of random bits, made on the device that uses them.

    Parameters
    ----------
    seed
        Same seed, device kind and sequence of calls: same bits.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._generator: torch.Generator | None = None

    def generator(self, device: torch.device) -> torch.Generator:
        """The generator on ``device``; made at first use, since a model moves after it is built."""
        if self._generator is None or self._generator.device.type != device.type:
            self._generator = torch.Generator(device).manual_seed(self.seed)
        return self._generator

    def bits(self, count: int, device: torch.device) -> Tensor:
        """Draw ``count`` bits: uint8 zeros and ones, shape (count,)."""
        words = torch.empty((count + 63) // 64, dtype=torch.int64, device=device)  # (n_words,)
        words.random_(INT64_MIN, None, generator=self.generator(device))
        octets = words.view(torch.uint8)  # (8 n_words,)
        shifts = torch.arange(8, dtype=torch.uint8, device=device)  # (8,)
        # Bit k of every octet in row k: the long axis stays innermost, so this vectorises.
        bits = (octets[None, :] >> shifts[:, None]) & 1  # (8, 8 n_words)
        return bits.view(-1)[:count]  # (count,)


class BitDropout(nn.Module):
    """Zero each element with probability 1/2 and double the others, in training only.

    On a GPU it is torch's dropout, one kernel that draws from torch's global generator.

    Parameters
    ----------
    stream
        Where the bits come from; the dropouts of one network share one.
    in_place
        Write into the input: for inputs that no gradient needs, such as a product. It takes half the time.
    """

    p = 0.5

    def __init__(self, stream: BitStream, *, in_place: bool = False) -> None:
        super().__init__()
        self.stream = stream
        self.in_place = in_place

    def forward(self, x: Tensor) -> Tensor:
        """Map a float tensor of any shape to one of the same shape and memory layout."""
        if not self.training:
            return x
        if x.is_cuda:
            return nn.functional.dropout(x, self.p)  # one kernel there
        mask = self.stream.bits(x.numel(), x.device) * 2  # (x.numel(),) uint8, 0 or 2 = 1 / p
        if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
            n, c, h, w = x.shape
            # All bits are equally random, so laying them out as the activations lie is free.
            mask = mask.view(n, h, w, c).permute(0, 3, 1, 2)  # (N, C, H, W)
        else:
            mask = mask.view(x.shape)
        return x.mul_(mask) if self.in_place else x * mask


def make_dropout(p: float, stream: BitStream | None, *, in_place: bool = False) -> nn.Module:
    """Build the bit dropout where a stream is given and p is 1/2, the stock one otherwise."""
    if stream is None or p != BitDropout.p:
        return nn.Dropout(p)
    return BitDropout(stream, in_place=in_place)
