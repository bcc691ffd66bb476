"""How long validation takes beside what it cannot do without: reading the bytes and turning them into numbers.

Prints, in one run on this machine:

- checking a package of 3 runs x 2,200 score files (27 classes, 156 frames) against reading the same files and parsing
  them with pandas, joined to blocks of 8 MB and of 1 MB, each in a separate process of which importing does not count,
  and file by file (what people do); the same for the package as a zip archive, where reading includes inflating; the
  peak memory of the check;
- the same package under the official rules of 2024, stated again as a script (`official_2024.py`): it reads one score
  file in 2,200;
- checking one metadata file against ``python -c "import yaml, jsonschema"``.

``python benchmarks/validate_outputs.py [--clips N]``; exit code 1 if a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_energy.editions.loader import load_edition

ROOT = Path(__file__).parent.parent
LABEL = "Adams_UNI_task4_1"
METADATA = ROOT / "tests" / "editions" / f"{LABEL}.meta.yaml"
CLASSES = load_edition("dcase2024-task4").classes
FRAMES, RUNS = 156, 3
FIRST = "0.000\t0.064\t"
BLOCK_BYTES, SMALL_BLOCK_BYTES = 8_000_000, 1_000_000
PACKAGE_LIMIT, SMALL_LIMIT, START_LIMIT = 1.3, 1.8, 2.5


def main() -> int:
    """Measure and print; 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=2200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parse", nargs=2, metavar=("PACKAGE", "BYTES"), help="only read and parse; print seconds")
    arguments = parser.parse_args()
    if arguments.parse:
        print(read_and_parse(Path(arguments.parse[0]), int(arguments.parse[1])))
        return 0
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        paths = make_package(folder, arguments.clips)
        size_mb = sum(path.stat().st_size for path in paths) / 1e6
        print(f"{RUNS} runs x {arguments.clips} score files, {size_mb:.0f} MB; CPU seconds, the least of each")
        edition = ["--edition", str(folder / "edition.toml")]
        apart = timed(lambda: parse_apart(paths))
        print(f"reading and parsing with pandas file by file {apart:.2f} s")
        beyond = False
        for path in (folder / "package", zipped(folder)):
            # In turns, so that other load on the machine affects all.
            joined, small, check, memory_mb = math.inf, math.inf, math.inf, 0.0
            for _ in range(arguments.repeats):
                joined = min(joined, parsing(path, BLOCK_BYTES))
                cpu_s, peak_mb = validate([str(path), *edition])
                small = min(small, parsing(path, SMALL_BLOCK_BYTES))
                check, memory_mb = min(check, cpu_s), max(memory_mb, peak_mb)
            print(f"check of {path.name}: {check:.2f} s, peak memory {memory_mb:.0f} MB")
            print(f"  over reading and parsing with pandas in blocks of 8 MB, {joined:.2f} s: ", end="")
            print(f"{check / joined:.2f} (limit {PACKAGE_LIMIT})")
            print(f"  over blocks of 1 MB, the fastest found, {small:.2f} s: {check / small:.2f} (limit {SMALL_LIMIT})")
            beyond |= check > PACKAGE_LIMIT * joined or check > SMALL_LIMIT * small
            print(f"  over file by file {check / apart:.2f}")
            if path.is_dir():
                official_rules(path, arguments.clips, check)
    start = _start(arguments.repeats)
    return int(beyond or start > START_LIMIT)


def official_rules(package: Path, clips: int, ours_s: float) -> None:
    """The official rules of 2024 beside ours."""
    script = [sys.executable, str(ROOT / "benchmarks" / "official_2024.py"), str(package), str(clips)]
    theirs_s = cost([*script, str(package.parent / "classes.txt")])[0]
    print(f"the official rules of 2024, which read {RUNS} of the {RUNS * clips} score files: {theirs_s:.2f} s")
    print(f"  ours, which read all, over theirs {ours_s / theirs_s:.1f}")


def _start(repeats: int) -> float:
    example = ROOT / "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"
    bare = [sys.executable, "-c", "import yaml, jsonschema"]
    pairs = [(validate([str(example)])[0], cost(bare)[0]) for _ in range(5 * repeats)]
    ours, theirs = (min(column) for column in zip(*pairs, strict=True))
    print(f"one metadata file: {ours:.2f} s, import yaml, jsonschema: {theirs:.2f} s")
    print(f"  ratio {ours / theirs:.2f} (limit {START_LIMIT})")
    return ours / theirs


def make_package(folder: Path, clips: int) -> list[Path]:
    """Write the package and its edition; a pool of bodies is dealt out, their first score makes each file another."""
    rng = np.random.default_rng(4)
    times = [f"{frame * 0.064:.3f}\t{(frame + 1) * 0.064:.3f}" for frame in range(FRAMES)]
    header = "\t".join(["onset", "offset", *CLASSES])
    bodies = []
    for _ in range(211):
        values = rng.beta(0.3, 3.0, (FRAMES, len(CLASSES))).astype(np.float32).astype(str)
        rows = ["\t".join([time_s, *row]) for time_s, row in zip(times, values, strict=True)]
        # Room for a score that each file has to itself.
        rows[0] = FIRST + rows[0].removeprefix(FIRST).partition("\t")[2]
        bodies.append("\n".join([header, *rows]) + "\n")
    system = folder / "package" / LABEL
    paths = []
    for run in range(1, RUNS + 1):
        output = system / f"{LABEL}_run{run}.output"
        output.mkdir(parents=True)
        for clip in range(clips):
            path = output / f"{clip:04d}.tsv"
            path.write_text(bodies[(clip * 7 + run) % len(bodies)].replace(FIRST, f"{FIRST}0.{run}{clip:04d}\t", 1))
            paths.append(path)
    (system / f"{LABEL}.meta.yaml").write_bytes(METADATA.read_bytes())
    (folder / "package" / "report.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    # What the official rules do not ask for would not be clean here.
    own = 'base = "dcase2024-task4"\nname = "benchmark"\nemissions_csv = false\nunprocessed = false\n'
    (folder / "edition.toml").write_text(f"{own}clips = {clips}\n", encoding="utf-8")
    return paths


def zipped(folder: Path) -> Path:
    """The package as an archive."""
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted((folder / "package").rglob("*")):
            archive.write(file, file.relative_to(folder / "package"))
    return path


def validate(arguments: list[str]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one check in a separate process; it must find nothing."""
    cpu_s, memory_mb, output = cost([sys.executable, "-m", "dcase_energy", "validate", *arguments])
    if output:
        raise SystemExit(f"the package should be clean:\n{output.decode()[:2000]}")
    return cpu_s, memory_mb


def cost(command: list[str]) -> tuple[float, float, bytes]:
    """CPU seconds (those of others on the machine do not count), peak memory in MB and output of a command."""
    # Bytecode is kept, as it is for the libraries and for users who install the program.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Threads of linear algebra, which nothing here uses, are not started.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{output.decode()[:2000]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, output


def parsing(package: Path, block_bytes: int) -> float:
    """CPU seconds of reading and parsing in a separate process, without those of starting it and of importing."""
    command = [sys.executable, __file__, "--parse", str(package), str(block_bytes)]
    return float(cost(command)[2])


def read_and_parse(package: Path, block_bytes: int) -> float:
    """CPU seconds of reading and parsing all score files of a package in blocks.

    Blocks of 1 MB are the fastest only where the C library keeps what is freed: it learns up to which size from the
    largest piece that was freed before.
    """
    if block_bytes < BLOCK_BYTES:
        np.empty(16_000_000, dtype=np.uint8)
    read = read_files if package.is_dir() else read_archive
    return timed(lambda: parse_joined(read(package), block_bytes))


def read_files(package: Path) -> Iterator[bytes]:
    """All score files of a folder."""
    return (path.read_bytes() for path in sorted(package.rglob("*.tsv")))


def read_archive(package: Path) -> Iterator[bytes]:
    """All score files of an archive."""
    with zipfile.ZipFile(package) as archive:
        yield from (archive.read(name) for name in archive.namelist() if name.endswith(".tsv"))


def parse_joined(files: Iterable[bytes], block_bytes: int = BLOCK_BYTES) -> None:
    """Parse files in blocks, without looking at them."""
    block: list[bytes] = []
    n_bytes = 0
    for data in files:
        block.append(data.partition(b"\n")[2])
        n_bytes += len(block[-1])
        if n_bytes > block_bytes:
            parse_block(block)
            block, n_bytes = [], 0
    if block:
        parse_block(block)


def parse_block(block: list[bytes]) -> None:
    """One call of pandas."""
    pd.read_csv(io.BytesIO(b"".join(block)), sep="\t", header=None, dtype=np.float64)


def parse_apart(paths: list[Path]) -> None:
    """Read and parse file after file."""
    for path in paths:
        pd.read_csv(path, sep="\t")


def timed(work: Callable[[], None]) -> float:
    """CPU seconds of a piece of work in this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
