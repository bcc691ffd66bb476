"""The score files of a run as scores of the clips of a ground truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, has_errors
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.score_clips import clip_findings
from dcase_energy.scoring.score_ends import end_findings
from dcase_energy.scoring.score_reader import Block, ScoreFiles, read_score_files
from dcase_energy.units import MICROSECONDS_PER_SECOND


def read_scores(tree: Tree, names: Sequence[str], truth: GroundTruth) -> tuple[Scores | None, list[Finding]]:
    """Read the score files of one run: the scores and the findings of `read_run`."""
    scores, run = read_run(tree, names, truth)
    return scores, run.findings


def read_run(tree: Tree, names: Sequence[str], truth: GroundTruth) -> tuple[Scores | None, ScoreFiles]:
    """Read the score files of one run.

    Parameters
    ----------
    tree, names
        Where the files are.
    truth
        Whose clips and classes they must have.

    Returns
    -------
    Scores or None
        None if there is any error: the scores of some clips only are not those of the run.
    ScoreFiles
        The files, with everything that is wrong.
    """
    run = read_score_files(tree, names, truth.classes, keep=True)
    folder = tree.where(run.folder)
    durations_s = dict(zip(truth.clips, (truth.duration_us / MICROSECONDS_PER_SECOND).tolist(), strict=True))
    run.findings = [
        *run.findings,
        *clip_findings(run.files, run.named, truth.clips, folder),
        *end_findings(run, durations_s, tree),
    ]
    if has_errors(run.findings) or run.files.keys() != set(truth.clips):
        return None, run
    return _assemble(run.blocks, truth.clips), run


def _assemble(blocks: Sequence[Block], clips: Sequence[str]) -> Scores:
    """Put the clips of all blocks into the order of the ground truth; each of them must be there once."""
    place = {clip: index for index, clip in enumerate(clips)}
    found = np.array([place[clip] for block in blocks for clip in block.clips], dtype=np.int64)
    order = np.argsort(found)
    if not np.array_equal(found[order], np.arange(len(clips))):
        raise ValueError(f"frames of {len(found)} clips are not those of the {len(clips)} clips of the ground truth")
    counts = np.concatenate([np.diff(block.first_row) for block in blocks])
    scores = Scores(
        np.concatenate([block.values for block in blocks]),
        np.concatenate([block.onset_us for block in blocks]),
        np.concatenate([block.offset_us for block in blocks]),
        np.append(0, np.cumsum(counts)),
    )
    in_order = (np.diff(order) == 1).all()
    return scores if in_order else scores.take_clips(order)
