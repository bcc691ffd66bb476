"""How much memory measured work takes."""

from __future__ import annotations

from dcase_energy.measure.memory import ON_GPU, STARTED, highest, memory_of
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.windows import Window


def process(proc, pid, **values_kib):
    (proc / str(pid)).mkdir(parents=True)
    lines = {"status": ("VmHWM", "VmRSS"), "smaps_rollup": ("Pss",)}
    for name, keys in lines.items():
        text = "".join(f"{key}:\t {values_kib[key]} kB\n" for key in keys if key in values_kib)
        (proc / str(pid) / name).write_text(f"Name:\tx\n{text}")


def test_shared_pages_count_once_and_a_past_peak_counts(tmp_path):
    process(tmp_path, 1, VmHWM=900, VmRSS=300, Pss=200)
    process(tmp_path, 2, VmHWM=300, VmRSS=300, Pss=200)
    assert memory_of({1, 2}, tmp_path) == 900 * 1024
    assert memory_of({2}, tmp_path) == 300 * 1024
    process(tmp_path, 3, VmRSS=700)
    assert memory_of({2, 3}, tmp_path) == 900 * 1024
    assert memory_of({4}, tmp_path) is None


def test_only_samples_of_the_work_count():
    pause = Window("window", 1, {}, Reading(3.0, None, None, None), Reading(5.0, None, None, None))
    window = Window("window", 1, {}, Reading(1.0, None, None, None), Reading(9.0, None, None, None), pauses=(pause,))
    entries = [
        {"reading": {"time_s": time_s}, "sample": {STARTED: memory, ON_GPU: None}}
        for time_s, memory in ((0.5, 50), (2.0, 10), (4.0, 70), (6.0, 20), (9.5, 90))
    ]
    assert highest([*entries, {"reading": {"time_s": 7.0}}], [window], STARTED) == 20
    assert highest(entries, [window], ON_GPU) is None
