"""Checks the product on a real NVIDIA GPU against NVML read directly: ``make gpu-check``.

``python -m tests.gpu [PART...] [--output FOLDER] [--limit SECONDS]`` prints one line a check and a table, and writes
``gpu_check.json``, records and traces to the folder. ``--page FILE RESULTS...`` writes the page from such files and
needs no GPU. Without parts those of the first call run; ``quick epochs again`` are the second one: each takes less than
ten minutes.
Each part runs in a separate process, since one that has used the GPU would be other work for the next part. No setting
of the GPU is changed. The exit code is 1 if a check fails, 99 if nothing could be checked.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from dcase_energy.measure.gpu import list_gpus, load_nvml, visible_gpus
from tests.gpu import board_parts, calibration_parts, command_parts
from tests.gpu.bench import ROOT, Bench
from tests.gpu.results import Results, State, page

# By name: the part, and the most seconds that it takes.
PARTS: dict[str, tuple[Callable[[Bench, Results], None], float]] = {
    "machine": (board_parts.machine, 20),
    "counter": (board_parts.counter, 40),
    "meter": (board_parts.meter, 40),
    "naming": (command_parts.naming, 90),
    "refused": (command_parts.refused, 50),
    "others": (command_parts.others, 30),
    "resume": (calibration_parts.resume, 150),
    "step": (board_parts.step, 110),
    "trace": (calibration_parts.trace, 60),
    "quick": (calibration_parts.quick, 230),
    "epochs": (calibration_parts.epochs, 90),
    "again": (calibration_parts.again, 190),
}
SECOND_CALL = ("quick", "epochs", "again")
FIRST_CALL = tuple(name for name in PARTS if name not in SECOND_CALL)
RESULTS = "gpu_check.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run parts, or write the page; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} [default: all but the last three]"
    )
    parser.add_argument("--output", type=Path, default=Path("build/gpu-check"), help="folder [default: %(default)s]")
    parser.add_argument("--limit", type=float, default=570, help="seconds in all [default: %(default)s]")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write this page from the files named PART")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # one part, in this process
    options = parser.parse_args(arguments)
    if options.page:
        options.page.write_text(page(Results.read(map(Path, options.names)), PARTS), encoding="utf-8")
        return 0
    if unknown := set(options.names) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    output = options.output.resolve()
    if options.here:
        return run_here(options.names[0], output)
    if problem := no_gpu():
        print(f"gpu-check: NO GPU WAS CHECKED: {problem}")
        return 99
    output.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    return run_parts(options.names or FIRST_CALL, output, options.limit, run_in_child)


def no_gpu() -> str | None:
    """Why nothing can be checked here; None where there is a GPU."""
    try:
        import torch
    except ImportError as error:
        return str(error)
    if load_nvml() is None:
        return "NVML cannot be loaded (pynvml, or the driver)"
    return None if torch.cuda.is_available() else f"torch {torch.__version__} sees no GPU"


def run_here(name: str, output: Path) -> int:
    """Run one part in this process, on the first visible board."""
    nvml = load_nvml()
    board = visible_gpus(list_gpus(nvml))[0]
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as work:
        run_part(name, Bench(nvml, Path(work), output, index=board.index))
    return 0


def run_part(name: str, bench: Bench) -> None:
    """Run one part; its rows join the results in the output folder."""
    path = bench.output / RESULTS
    results = Results.read([path] if path.exists() else [])
    results.part = name
    try:
        PARTS[name][0](bench, results)
    except Exception as error:  # noqa: BLE001 - what one part meets must not hide what it found before
        results.add(name, State.FAIL, f"{type(error).__name__}: {error}")
        (bench.output / f"error-{name}.txt").write_text(traceback.format_exc())
    results.write(path)


def run_in_child(name: str, output: Path, timeout_s: float) -> str | None:
    """Run one part in a separate process; why it did not reach its end, or None."""
    command = [sys.executable, "-m", "tests.gpu", name, "--here", "--output", str(output)]
    try:
        code = subprocess.run(command, cwd=ROOT, timeout=timeout_s, check=False).returncode
    except subprocess.TimeoutExpired:
        return f"stopped after {timeout_s:.0f} s"
    return f"the part ended with exit code {code}" if code else None


def run_parts(
    names: Sequence[str], output: Path, limit_s: float, run_one: Callable[[str, Path, float], str | None]
) -> int:
    """Run the parts one after the other; the results join those that the folder has. The exit code."""
    path, began_s = output / RESULTS, time.monotonic()
    for name in names:
        results = Results.read([path] if path.exists() else [])
        results.rows = [row for row in results.rows if row.part != name]
        results.write(path)
        left_s = limit_s - (time.monotonic() - began_s)
        need_s = PARTS[name][1]
        problem = f"less than {need_s:.0f} s left: run this part alone"
        state = State.SKIP
        if left_s >= need_s:
            problem, state = run_one(name, output, left_s), State.FAIL
        if problem:
            results = Results.read([path])
            results.part = name
            results.add(name, state, problem)
            results.write(path)
    results = Results.read([path])
    print(f"\n{results.summary()}\n{time.monotonic() - began_s:.0f} s; {path}")
    return int(results.count(State.FAIL) > 0)


if __name__ == "__main__":
    sys.exit(main())
