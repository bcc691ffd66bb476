"""How much of the variance of a figure goes with the GPU, the batch size, and both together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Shares:
    """A sum of squares around the mean, and the share of it that each source explains.

    Attributes
    ----------
    variance
        Sample variance (n - 1) of all values.
    gpu, batch_size, interaction, residual
        Fractions that add up to 1. None where the design does not determine it: a factor with one level, no cell with
        two runs (``interaction`` then holds the residual too), or no variance at all.
    """

    variance: float | None
    gpu: float | None = None
    batch_size: float | None = None
    interaction: float | None = None
    residual: float | None = None


def explained(gpus: Sequence[str], batch_sizes: Sequence[int], values: Sequence[float]) -> Shares:
    """Two-way analysis of variance of values, shape (n,), by least squares.

    In a grid with gaps the share of a factor depends on whether it is fitted before or after the other; the mean over
    both orders is given (Lindeman, Merenda and Gold), which in a full grid is the classical share.

    Examples
    --------
    >>> explained(["a", "a", "b", "b"], [4, 8, 4, 8], [1.0, 2.0, 3.0, 4.0])
    Shares(variance=1.6666666666666667, gpu=0.8, batch_size=0.2, interaction=0.0, residual=None)
    """
    y = np.asarray(values, dtype=float)
    if len(y) < 2:
        return Shares(None)
    total = float(np.sum((y - y.mean()) ** 2))
    variance = total / (len(y) - 1)
    if total <= 1e-24 * max(1.0, float(np.sum(y**2))):
        return Shares(0.0)
    a, b = _indicators(list(gpus)), _indicators(list(batch_sizes))
    cells = _indicators(list(zip(gpus, batch_sizes, strict=True)))
    left = {name: _unexplained(design, y) for name, design in {"a": a, "b": b, "ab": np.hstack([a, b])}.items()}
    within = _unexplained(cells, y)
    by_gpu = (total - left["a"] + left["b"] - left["ab"]) / 2
    by_batch = (total - left["b"] + left["a"] - left["ab"]) / 2

    def share(part: float) -> float:
        return round(max(0.0, part) / total, 12)

    both = a.shape[1] > 1 and b.shape[1] > 1
    repeated = cells.shape[1] < len(y)
    return Shares(
        variance,
        share(by_gpu) if a.shape[1] > 1 else None,
        share(by_batch) if b.shape[1] > 1 else None,
        share(left["ab"] - within) if both else None,
        share(within) if repeated else None,
    )


def _indicators(levels: Sequence[object]) -> _Floats:
    """One column of zeros and ones a level, shape (n, levels)."""
    known = sorted(set(levels), key=str)
    return np.array([[float(level == one) for one in known] for level in levels])


def _unexplained(design: _Floats, y: _Floats) -> float:
    """Sum of squares that a least-squares fit leaves."""
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(np.sum((y - fitted) ** 2))
