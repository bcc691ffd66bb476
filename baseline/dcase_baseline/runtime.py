"""What must stand before a training process starts: named execution paths, environment, memory.

Nothing here imports torch.
"""

from __future__ import annotations

from dcase_baseline.recipe import Recipe

# Same parameters, losses and shapes, other kernels. The version changes when the energy of a step may.
EXECUTION_PATHS = {"reference": "reference/1", "fast": "fast/3"}


def check_execution_path(path: str) -> str:
    """Return ``path`` if it is one of `EXECUTION_PATHS`.

    Raises
    ------
    ValueError
        If it is not.
    """
    if path not in EXECUTION_PATHS:
        raise ValueError(f"execution path: expected {' or '.join(EXECUTION_PATHS)}, found {path!r}")
    return path


def process_environment(execution_path: str, threads: int) -> dict[str, str]:
    """Variables that must be set before the training process starts.

    The reference path gets its number of threads and nothing else. The fast path also keeps freed memory: by default
    glibc hands every large activation back to the system and takes it again, page fault by page fault, which more
    than doubles a step at batch 48. The memory comes in huge pages where the system gives them, which spares nearly all
    page faults. Other C libraries ignore these names.

    Nor do OpenMP's waiting threads spin: a step then takes the same time beside one busy neighbour as alone, while
    spinning threads take twice as long there and burn the core that the neighbour needs. On a quiet machine a step
    with two threads takes about a tenth longer at batch 48; small batches are better off with one thread.

    Parameters
    ----------
    execution_path
        ``fast`` or ``reference``.
    threads
        Threads of torch's operators.
    """
    variables = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    if check_execution_path(execution_path) == "fast":
        variables |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30)}
        variables |= {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
        variables |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}  # GNU's OpenMP, and LLVM's or Intel's
    return variables


# Fitted to the peak resident memory of five steps of dcase2023 at batches of 4 to 48, torch 2.13 on Linux (within
# 15 %): the process with torch, then bytes for each convolution output of a batch. The fast path's masks and its
# allocator keep more; without gradients hardly anything is kept.
PROCESS_GB = 0.6
TRAINING_BYTES = {"reference": 35, "fast": 46}
EVALUATION_BYTES = 17


def memory_needed_gb(recipe: Recipe, execution_path: str, pool_clips: int = 0) -> float:
    """Estimate the peak resident memory of a training process on the CPU, in GB (1e9 bytes).

    Parameters
    ----------
    recipe
        Gives batch and geometry.
    execution_path
        ``fast`` or ``reference``.
    pool_clips
        Clips that are held in memory besides, 0.32 MB each.
    """
    training = recipe.batch.total * TRAINING_BYTES[check_execution_path(execution_path)]
    evaluation = recipe.evaluation.batch_size * EVALUATION_BYTES
    activations = _convolution_outputs(recipe) * max(training, evaluation)
    return PROCESS_GB + (activations + pool_clips * 2 * recipe.features.n_samples) / 1e9


def _convolution_outputs(recipe: Recipe) -> int:
    """Numbers that the convolutions put out for a clip: 2.84 million for the published geometry."""
    frames, mels, total = recipe.features.n_frames, recipe.features.n_mels, 0
    for channels, (time_pool, mel_pool) in zip(recipe.model.channels, recipe.model.pooling, strict=True):
        total += channels * frames * mels
        frames, mels = frames // time_pool, mels // mel_pool
    return total
