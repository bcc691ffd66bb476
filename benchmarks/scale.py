"""What many systems cost: scoring and ranking 10 to 300 of them here, and on Dask with one worker and with two.

Each command runs in a separate process, on the same packages (one run each, hard links to the same score files, so
read from memory). Seconds are of the clock; memory is the peak of client, scheduler and the largest worker; bytes are
all that crossed the loopback interface, in a separate network where that can be had (root). Then one system and eleven
of 1,168 clips, and what 1,000 such systems would cost, and 1,000 of 10,000 clips: computed, as the lines say.

usage: python benchmarks/scale.py [--systems 10,100,300] [--clips 16] [--large 1168] [--bootstrap 1000]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
META = HERE.parent / "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"
OWN_NETWORK = "DCASE_ENERGY_OWN_NETWORK"
MANY, MANY_CLIPS = 1000, 10_000


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds, peaks in MB (None where there is no such process), MB on the network."""

    seconds: float
    client_mb: float
    scheduler_mb: float | None
    worker_mb: float | None
    moved_mb: float


def make(folder: Path, clips: int) -> None:
    """Ground truth, durations and the score files of one system."""
    folder.mkdir()
    command = [sys.executable, str(HERE / "scoring_work.py"), "make", str(folder), json.dumps({"clips": clips})]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def packages(folder: Path, systems: int) -> Path:
    """So many packages of one system each, four of a team."""
    made = folder / f"packages{systems}"
    text = META.read_text(encoding="utf-8")
    for number in range(systems):
        team = "".join(chr(ord("a") + int(digit)) for digit in str(number // 4))
        label = f"Team{team}_UNI_task4_{number % 4 + 1}"
        home = made / label
        shutil.copytree(folder / "scores", home / f"{label}_run1.output", copy_function=os.link)
        (home / f"{label}.meta.yaml").write_text(text.replace("Adams_UNI_task4_1", label), encoding="utf-8")
    return made


def moved_bytes() -> int:
    """What has crossed the loopback interface."""
    line = next(one for one in Path("/proc/net/dev").read_text().splitlines() if one.strip().startswith("lo:"))
    return int(line.split()[1])


def peak_mb(process: subprocess.Popen[bytes]) -> float:
    """The peak of a process that runs, its children included one by one: the largest."""
    import psutil

    found = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    peaks = []
    for pid in found:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            peaks.append(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024)
    return max(peaks)


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[list[str], list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers; the options of a command that uses them, and the processes."""
    place = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    host = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(place)]
    started = [subprocess.Popen([*dask, "scheduler", "--port", "0", *host], **quiet)]
    try:
        started += [
            subprocess.Popen([*dask, "worker", *host, "--nthreads", "1", "--no-nanny"], **quiet) for _ in range(workers)
        ]
        from distributed import Client

        while not place.exists():
            time.sleep(0.1)
        with Client(scheduler_file=str(place), set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
        yield ["--scheduler", str(place)], started
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        place.unlink(missing_ok=True)


def cost(command: Sequence[str], folder: Path, workers: int) -> Cost:
    """Run ``dcase-energy`` here (no workers) or on a cluster."""
    context = cluster(folder, workers) if workers else contextlib.nullcontext(([], []))
    with context as (options, processes):
        words = [sys.executable, "-m", "dcase_energy", *command, *options]
        moved, began = moved_bytes(), time.monotonic()
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        seconds, moved = time.monotonic() - began, moved_bytes() - moved
        if status:
            raise SystemExit(f"{' '.join(words)}\n{said.decode()[-2000:]}")
        peaks = [peak_mb(process) for process in processes]
    return Cost(
        seconds,
        used.ru_maxrss / 1024,
        peaks[0] if peaks else None,
        max(peaks[1:]) if peaks else None,
        moved / 1e6,
    )


def row(name: str, where: str, systems: int, clips: int, found: Cost) -> str:
    """One line of the table."""
    peaks = [found.client_mb, found.scheduler_mb, found.worker_mb]
    memory = "".join(f"{'' if value is None else f'{value:.0f}':>11}" for value in peaks)
    return f"{name:<7}{where:<11}{systems:>8}{clips:>8}{found.seconds:>10.1f}{memory}{found.moved_mb:>11.2f}"


def computed(clips: int, few: Cost, more: Cost, extra: int) -> list[str]:
    """Lines about many systems: what each measured one costs, times their number and their clips."""
    each_s = max(more.seconds - few.seconds, 0.0) / extra
    each_mb = max(more.moved_mb - few.moved_mb, 0.0) / extra
    client_mb = (more.client_mb - few.client_mb) / extra
    lines = [
        f"measured: {clips:,} clips, one worker: {each_s:.2f} s, {each_mb:.2f} MB moved and {client_mb:+.1f} MB of the "
        f"client's memory for each system after the first"
    ]
    for size in dict.fromkeys((clips, max(clips, MANY_CLIPS))):
        times = MANY * size / clips
        how = "times the number of systems" if size == clips else "times systems and clips"
        lines.append(
            f"computed: {MANY:,} systems of {size:,} clips, one worker: {times * each_s / 3600:.1f} h, "
            f"{times * each_mb / 1000:.1f} GB moved, {times * client_mb / 1000:+.1f} GB of the client's memory ({how})"
        )
    return lines


WHERE = {"here": 0, "1 worker": 1, "2 workers": 2}


def small(folder: Path, systems: int, clips: int, data: Sequence[str]) -> None:
    """Score and rank so many systems in each place."""
    inbox = packages(folder, systems)
    for command in (["score", inbox.name, *data], ["rank", inbox.name, *data, "--output-dir", "sheets"]):
        for where, workers in WHERE.items():
            print(row(command[0], where, systems, clips, cost(command, folder, workers)), flush=True)
    shutil.rmtree(inbox)


def large(folder: Path, clips: int, data: Sequence[str]) -> list[str]:
    """Score one system and eleven of many clips; what many would cost."""
    make(folder, clips)
    found = []
    for systems in (1, 11):
        found.append(cost(["score", packages(folder, systems).name, *data], folder, 1))
        print(row("score", "1 worker", systems, clips, found[-1]), flush=True)
    shutil.rmtree(folder)
    return computed(clips, *found, extra=10)


def numbers(text: str) -> list[int]:
    """``10,100`` as numbers."""
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=numbers, default=[10, 100, 300])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--large", type=numbers, default=[1168])
    parser.add_argument("--bootstrap", default="1000")
    options = parser.parse_args()
    data = ["--ground-truth", "truth.tsv", "--durations", "durations.tsv", "--bootstrap", options.bootstrap]
    heads = "".join(f"{head:>11}" for head in ("client MB", "sched. MB", "worker MB", "moved MB"))
    print(f"{'':<7}{'where':<11}{'systems':>8}{'clips':>8}{'s':>10}{heads}")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "few"
        make(folder, options.clips)
        for systems in options.systems:
            small(folder, systems, options.clips, data)
        lines = [line for clips in options.large for line in large(Path(work) / f"clips{clips}", clips, data)]
    print("\n".join(["", *lines]))


def in_own_network() -> None:
    """Continue in a network that no one else uses, where that can be had."""
    if os.environ.get(OWN_NETWORK) or shutil.which("unshare") is None or shutil.which("ip") is None or os.geteuid():
        return
    os.environ[OWN_NETWORK] = "1"
    words = " ".join(json.dumps(one) for one in [sys.executable, *sys.argv])
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", f"ip link set lo up && exec {words}"])


if __name__ == "__main__":
    in_own_network()
    main()
