"""Validation and test: scores of clips, median filter, thresholds, weak F1.

Event-based figures are computed elsewhere; `train` takes a function for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dcase_baseline.batches import QueueLimit, gather
from dcase_baseline.data import Pool
from dcase_baseline.features import LogMel
from dcase_baseline.recipe import EvalConfig, Recipe

Floats = npt.NDArray[np.float32]
Value = TypeVar("Value", np.float32, np.bool_)

# (frame scores after the median filter, shape (n_clips, frames, n_classes); the clips and their events) -> figures.
ScoreFunction = Callable[[Floats, Pool], Mapping[str, float]]


@dataclass(frozen=True)
class Scores:
    """What a network says about the clips of a pool, in its order.

    Attributes
    ----------
    frames
        Shape (n_clips, output_frames, n_classes), float32, before any filter.
    clips
        Shape (n_clips, n_classes), float32.
    """

    frames: Floats
    clips: Floats


@torch.no_grad()
def score_clips(
    networks: Mapping[str, nn.Module], front_end: LogMel, pool: Pool, recipe: Recipe, indices: range | None = None
) -> dict[str, Scores]:
    """Run the networks, in eval mode, over clips of a pool.

    Parameters
    ----------
    networks
        By name, on the device of ``front_end``. Left in eval mode.
    front_end
        Computes the magnitudes once for all networks; each takes its own log and min-max, as in training.
    pool
        Where the clips are.
    recipe
        Gives batch size and shapes.
    indices
        Which clips; all if None.

    Returns
    -------
    dict
        The scores of each network.
    """
    chosen = range(len(pool)) if indices is None else indices
    device = next(front_end.buffers()).device
    shape = (len(chosen), recipe.output_frames, recipe.model.n_classes)
    # Scores stay on the device until the end: a copy for each batch would make the processor wait for it.
    frames = {name: torch.empty(shape, device=device) for name in networks}  # (n_clips, T, n_classes)
    clips = {name: torch.empty(shape[0], shape[2], device=device) for name in networks}  # (n_clips, n_classes)
    for network in networks.values():
        network.eval()  # as a statement: train() of the published CRNN returns nothing
    limit = QueueLimit(device)
    for start in range(0, len(chosen), recipe.evaluation.batch_size):
        rows = slice(start, min(start + recipe.evaluation.batch_size, len(chosen)))
        audio = gather([(pool.audio, np.asarray(chosen[rows]))], device.type == "cuda")  # (B, n_samples)
        magnitudes = front_end.magnitudes(audio.to(device, non_blocking=True))  # (B, n_mels, n_frames)
        for name, network in networks.items():
            strong, weak = network(front_end(magnitudes))  # (B, n_classes, T), (B, n_classes)
            frames[name][rows] = strong.transpose(1, 2)
            clips[name][rows] = weak
        limit.put()
    return {name: Scores(frames[name].cpu().numpy(), clips[name].cpu().numpy()) for name in networks}


def median_filter(values: npt.NDArray[Value], frames: int) -> npt.NDArray[Value]:
    """Take the running median over time.

    Equal to ``scipy.ndimage.median_filter(values[i], size=(frames, 1))`` for each clip i: the window is centred, and
    beyond both ends the clip is mirrored with its edge repeated (scipy's ``reflect``: c b a | a b c | c b a). It is not
    ``scipy.signal.medfilt``, which pads with zeros.

    Parameters
    ----------
    values
        Shape (n_clips, n_frames, n_classes); scores or booleans.
    frames
        Length of the window, odd.

    Returns
    -------
    ndarray
        Shape and type of ``values``.
    """
    half = frames // 2
    padded = np.pad(values, ((0, 0), (half, half), (0, 0)), mode="symmetric")
    length = values.shape[1]
    in_window = [padded[:, first : first + length] for first in range(frames)]
    # Each round moves the least value left to the end, until it is the median: whole arrays at a time, half the time of
    # sorting each window.
    for left in range(frames - 1, half - 1, -1):
        for place in range(left):
            one, other = in_window[place], in_window[place + 1]
            in_window[place], in_window[place + 1] = np.maximum(one, other), np.minimum(one, other)
    return in_window[half]


def postprocess(frame_scores: Floats, config: EvalConfig) -> Floats:
    """Filter scores over time, for any threshold to come; shape (n_clips, n_frames, n_classes) in and out.

    This is what 2023 does. 2022 filters the detections at each threshold, which comes to the same: the median of an
    odd number of scores is above a threshold if and only if most of them are (a test compares both orders).
    """
    return median_filter(frame_scores, config.median_filter_frames)


def weak_macro_f1(clip_scores: Floats, targets: npt.NDArray[np.uint8], threshold: float) -> float:
    """Mean over classes of the F1 of tagging clips.

    Detected is what is above the threshold, not at it. A class without true positive counts 0, one without targets and
    detections too.

    Parameters
    ----------
    clip_scores, targets
        Shape (n_clips, n_classes).
    """
    found, wanted = clip_scores > threshold, targets.astype(bool)
    true_positives = (found & wanted).sum(axis=0)  # (n_classes,)
    f1 = 2 * true_positives / np.maximum(found.sum(axis=0) + wanted.sum(axis=0), 1)  # (n_classes,)
    return float(f1.mean())
