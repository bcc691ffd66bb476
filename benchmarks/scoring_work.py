"""The pieces of work `scoring.py` measures, each in a separate process; runs in our environment and in the peers'.

``python scoring_work.py <work> <folder> <json of options>`` prints one JSON line: figures, seconds and peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

CLASSES = [
    "Alarm_bell_ringing",
    "Blender",
    "Cat",
    "Dishes",
    "Dog",
    "Electric_shaver_toothbrush",
    "Frying",
    "Running_water",
    "Speech",
    "Vacuum_cleaner",
]
FRAMES, FRAME_US = 156, 64_000
THRESHOLDS = [0.01 + 0.02 * k for k in range(50)]
SCENARIOS = {
    "psds1": {"dtc_threshold": 0.7, "gtc_threshold": 0.7, "cttc_threshold": None, "alpha_ct": 0.0, "alpha_st": 1.0},
    "psds2": {"dtc_threshold": 0.1, "gtc_threshold": 0.1, "cttc_threshold": 0.3, "alpha_ct": 0.5, "alpha_st": 1.0},
}


def make(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Write ground truth, continuous scores (median-filtered, as real systems' are) and fifty event lists."""
    import numpy as np

    from dcase_energy.scoring.data import Scores
    from dcase_energy.scoring.intervals import detections_at

    rng = np.random.default_rng(7)
    n = options["clips"]
    names = [f"clip{i:05}" for i in range(n)]
    active = np.zeros((n, FRAMES, len(CLASSES)), dtype=bool)
    truth = ["filename\tonset\toffset\tevent_label"]
    for clip in range(n):
        for label in rng.choice(len(CLASSES), size=rng.integers(0, 4), replace=False):
            cuts = np.sort(rng.choice(np.arange(FRAMES), size=2 * rng.integers(1, 3), replace=False))
            for on, off in cuts.reshape(-1, 2):
                active[clip, on:off, label] = True
                truth.append(f"{names[clip]}.wav\t{on * 0.064:.3f}\t{off * 0.064:.3f}\t{CLASSES[label]}")
    (folder / "truth.tsv").write_text("\n".join(truth) + "\n")
    duration = FRAMES * FRAME_US / 1e6
    rows = "".join(f"{name}.wav\t{duration:.3f}\n" for name in names)
    (folder / "durations.tsv").write_text("filename\tduration\n" + rows)
    values = _scores(active, rng)
    _write_scores(folder / "scores", names, values)
    lists = folder / "lists"
    lists.mkdir()
    scores = Scores.from_uniform(values, FRAME_US / 1e6)
    for threshold in THRESHOLDS:
        _write_events(lists / f"predictions_th_{threshold:.2f}.tsv", names, detections_at(scores, threshold))
    levels = np.mean([len(np.unique(values[i, :, 0])) for i in range(0, n, 10)])
    return {"distinct scores a clip and class": float(levels)}


def _scores(active: Any, rng: Any) -> Any:
    """Activity, blurred and noisy, through a median filter of seven frames; six decimals."""
    import numpy as np

    noise = rng.normal(size=active.shape)
    for axis_steps in (1, 2, 4):
        noise = (noise + np.roll(noise, axis_steps, axis=1)) / 2**0.5
    raw = 3.0 * active - 4.0 + 0.9 * noise
    padded = np.pad(raw, ((0, 0), (3, 3), (0, 0)), mode="edge")
    filtered = np.empty_like(raw)
    for begin in range(0, len(raw), 500):
        part = slice(begin, begin + 500)
        windows = np.lib.stride_tricks.sliding_window_view(padded[part], 7, axis=1)
        filtered[part] = np.median(windows, axis=-1)
    return np.round(1 / (1 + np.exp(-filtered)), 6)


def _write_scores(folder: Path, names: list[str], values: Any) -> None:
    folder.mkdir()
    header = "\t".join(["onset", "offset", *CLASSES]) + "\n"
    times = [f"{k * 0.064:.3f}\t{(k + 1) * 0.064:.3f}\t" for k in range(FRAMES)]
    for name, table in zip(names, values.tolist(), strict=True):
        rows = [time + "\t".join([f"{v:.6f}" for v in row]) for time, row in zip(times, table, strict=True)]
        (folder / f"{name}.tsv").write_text(header + "\n".join(rows) + "\n")


def _write_events(path: Path, names: list[str], events: Any) -> None:
    columns = (events.clip.tolist(), events.onset_us.tolist(), events.offset_us.tolist(), events.label.tolist())
    rows = [
        f"{names[c]}.wav\t{on / 1e6:.3f}\t{off / 1e6:.3f}\t{CLASSES[label]}\n"
        for c, on, off, label in zip(*columns, strict=True)
    ]
    path.write_text("filename\tonset\toffset\tevent_label\n" + "".join(rows))


def ours(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """PSDS1 and PSDS2 of the score files (or the event lists), as the command does it."""
    import numpy as np

    from dcase_energy.documents.tree import Folder
    from dcase_energy.scoring.conventions import LIKE, Conventions
    from dcase_energy.scoring.evaluation import Figure
    from dcase_energy.scoring.outputs import Output, evaluate
    from dcase_energy.scoring.resampling import resample
    from dcase_energy.scoring.truth import read_ground_truth

    truth, _ = read_ground_truth(folder / "truth.tsv", folder / "durations.tsv", CLASSES)
    tree = Folder(folder / options.get("input", "scores"))
    kind = "points" if options.get("input") == "lists" else "scores"
    # Event lists are compared with psds_eval, by its conventions.
    like = {} if kind == "scores" else LIKE["psds_eval-0.5"]
    conventions = Conventions(interval="subsample80", resamples=options.get("resamples", 0), **like)
    assert truth is not None
    evaluation, findings, _ = evaluate(Output(tree, tuple(tree.names()), kind), truth, conventions)
    assert evaluation is not None, findings
    names, figures = evaluation.names(), evaluation.figures()
    found = {metric: float(figures[names.index(Figure(metric))]) for metric in SCENARIOS}
    if options.get("resamples"):
        samples = resample(evaluation.figures, evaluation.truth.clips, conventions.resampling)
        for metric in SCENARIOS:
            column = samples[:, names.index(Figure(metric))]
            found[f"{metric} mean"] = float(np.mean(column))
            found[f"{metric} p5"] = float(np.percentile(column, 5))
    return found


def floor(folder: Path, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Seconds of reading the score files, of parsing them, and of sorting the scores of each class."""
    import io

    import numpy as np
    import pandas as pd

    begun = time.process_time()
    bodies = [path.read_bytes().partition(b"\n")[2] for path in sorted((folder / "scores").iterdir())]
    read = time.process_time()
    np.empty(16_000_000, dtype=np.uint8)  # The C library keeps what is freed up to this size.
    step = max(1, 2_000_000 // len(bodies[0]))
    blocks = [b"".join(bodies[at : at + step]) for at in range(0, len(bodies), step)]
    kept: dict[str, Any] = {"sep": "\t", "header": None, "dtype": np.float64, "na_filter": False, "low_memory": False}
    values = np.concatenate([pd.read_csv(io.BytesIO(block), **kept).to_numpy()[:, 2:] for block in blocks])
    parsed = time.process_time()
    for column in values.T:
        np.sort(column)
    return {"reading": read - begun, "parsing": parsed - read, "sorting": time.process_time() - parsed}


def sed_scores_eval(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """The same from the same files by sed_scores_eval; resamples are its own 80 % subsets."""
    import numpy as np
    from sed_scores_eval import intersection_based, io

    scores = io.read_sed_scores(folder / "scores")
    durations = io.read_audio_durations(folder / "durations.tsv")
    # Clips without events have to be named to it.
    truth = {**{clip: [] for clip in durations}, **io.read_ground_truth_events(folder / "truth.tsv")}
    found: dict[str, Any] = {}
    for metric, scenario in SCENARIOS.items():
        arguments = {
            "ground_truth": truth,
            "audio_durations": durations,
            **scenario,
        }
        found[metric] = float(intersection_based.psds(scores, **arguments)[0])
        if options.get("resamples"):
            drawn = intersection_based.bootstrapped_psds(
                scores, n_folds=5, n_iterations=options["resamples"] // 5, **arguments
            )[0]
            found[f"{metric} mean"] = float(np.mean(drawn))
            found[f"{metric} p5"] = float(np.percentile(drawn, 5))
    return found


def psds_eval(folder: Path, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """The same from the fifty event lists by psds_eval."""
    import pandas as pd
    from psds_eval import PSDSEval

    truth = pd.read_csv(folder / "truth.tsv", sep="\t")
    durations = pd.read_csv(folder / "durations.tsv", sep="\t")
    lists = [pd.read_csv(path, sep="\t") for path in sorted((folder / "lists").glob("*.tsv"))]
    found: dict[str, Any] = {}
    for metric, scenario in SCENARIOS.items():
        evaluation = PSDSEval(
            ground_truth=truth,
            metadata=durations,
            dtc_threshold=scenario["dtc_threshold"],
            gtc_threshold=scenario["gtc_threshold"],
            cttc_threshold=0.3,
        )
        for one in lists:
            evaluation.add_operating_point(one)
        found[metric] = float(evaluation.psds(scenario["alpha_ct"], scenario["alpha_st"], 100).value)
    return found


def peak_mb() -> float:
    """Peak resident memory of this process; the kernel's own mark where it keeps one a program."""
    try:
        line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


WORK = {"make": make, "ours": ours, "floor": floor, "sed_scores_eval": sed_scores_eval, "psds_eval": psds_eval}

if __name__ == "__main__":
    begun = time.perf_counter()
    result = WORK[sys.argv[1]](Path(sys.argv[2]), json.loads(sys.argv[3]))
    wall_s, usage = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    print(json.dumps({"figures": result, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb()}))
