"""What the pinned peers say of the files in a folder; runs with their python, prints JSON."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

CLASSES = ["Cat", "Dog", "Speech"]


def psds_eval(folder: Path) -> dict:
    import pandas as pd
    from psds_eval import PSDSEval

    tables = [pd.read_csv(path, sep="\t") for path in sorted((folder / "lists").glob("*.tsv"))]
    found = {}
    for name, tolerance, alpha_ct in (("psds1", 0.7, 0.0), ("psds2", 0.1, 0.5)):
        evaluation = PSDSEval(
            ground_truth=pd.read_csv(folder / "truth.tsv", sep="\t").dropna(),
            metadata=pd.read_csv(folder / "durations.tsv", sep="\t"),
            dtc_threshold=tolerance,
            gtc_threshold=tolerance,
            cttc_threshold=0.3,
            class_names=CLASSES,
        )
        for table in tables:
            evaluation.add_operating_point(table)
        found[name] = float(evaluation.psds(alpha_ct, 1.0, 100).value)
    return found


def sed_scores_eval(folder: Path) -> dict:
    from sed_scores_eval import collar_based, intersection_based, io, segment_based

    scores = io.read_sed_scores(folder / "scores")
    durations = io.read_audio_durations(folder / "durations.tsv")
    truth = {**{clip: [] for clip in durations}, **io.read_ground_truth_events(folder / "truth.tsv")}
    one = intersection_based.psds
    psds1 = one(scores, truth, durations, dtc_threshold=0.7, gtc_threshold=0.7, alpha_st=1.0)[0]
    psds2 = one(
        scores, truth, durations, dtc_threshold=0.1, gtc_threshold=0.1, cttc_threshold=0.3, alpha_ct=0.5, alpha_st=1.0
    )[0]
    threshold = dict.fromkeys(CLASSES, 0.5)
    collar = collar_based.fscore(scores, truth, threshold, onset_collar=0.2, offset_collar=0.2, offset_collar_rate=0.2)[
        0
    ]
    intersection = intersection_based.fscore(scores, truth, threshold, dtc_threshold=0.5, gtc_threshold=0.5)[0]
    segment = segment_based.fscore(scores, truth, durations, threshold, segment_length=1.0)[0]
    return {
        "psds1": float(psds1),
        "psds2": float(psds2),
        "collar_f1": float(collar["macro_average"]),
        "intersection_f1": float(intersection["macro_average"]),
        "segment_f1": float(segment["macro_average"]),
    }


def psds_eval_f1(folder: Path) -> dict:
    import pandas as pd
    from psds_eval import PSDSEval

    truth = pd.read_csv(folder / "truth.tsv", sep="\t").dropna()
    evaluation = PSDSEval(
        ground_truth=truth,
        metadata=pd.read_csv(folder / "durations.tsv", sep="\t"),
        dtc_threshold=0.5,
        gtc_threshold=0.5,
        class_names=sorted(set(truth.event_label)),  # It stops at a class without annotations.
    )
    macro, classes = evaluation.compute_macro_f_score(pd.read_csv(folder / "at_0.5.tsv", sep="\t"))
    return {"macro": float(macro), "classes": [float(classes.get(name, "nan")) for name in CLASSES]}


def sed_eval(folder: Path) -> dict:
    import pandas as pd
    import sed_eval as library

    collar = library.sound_event.EventBasedMetrics(CLASSES, t_collar=0.2, percentage_of_length=0.2)
    segment = library.sound_event.SegmentBasedMetrics(CLASSES, time_resolution=1.0)
    truth = pd.read_csv(folder / "truth.tsv", sep="\t").dropna()
    found = pd.read_csv(folder / "at_0.5.tsv", sep="\t")
    for clip in pd.read_csv(folder / "durations.tsv", sep="\t").filename:
        lists = [
            [
                {"file": clip, "event_label": row.event_label, "event_onset": row.onset, "event_offset": row.offset}
                for row in table[table.filename == clip].itertuples()
            ]
            for table in (truth, found)
        ]
        collar.evaluate(*lists)
        segment.evaluate(*lists)
    figures = {
        "": ("f_measure", "f_measure"),
        "_precision": ("f_measure", "precision"),
        "_recall": ("f_measure", "recall"),
        "_error_rate": ("error_rate", "error_rate"),
    }
    return {
        metric + end: {
            "micro": float(one.results_overall_metrics()[group][name]),
            "macro": float(one.results_class_wise_average_metrics()[group][name]),
            "classes": [float(one.results_class_wise_metrics()[label][group][name]) for label in CLASSES],
        }
        for metric, one in (("collar_f1", collar), ("segment_f1", segment))
        for end, (group, name) in figures.items()
    }


def sed_scores_eval_auc(folder: Path) -> dict:
    from sed_scores_eval import io, segment_based

    scores = io.read_sed_scores(folder / "scores")
    durations = io.read_audio_durations(folder / "durations.tsv")
    truth = {**{clip: [] for clip in durations}, **io.read_ground_truth_events(folder / "truth.tsv")}
    return {
        str(max_fpr): float(
            segment_based.auroc(scores, truth, durations, segment_length=1.0, max_fpr=max_fpr)[0]["mean"]
        )
        for max_fpr in (0.1, 0.3, 1.0)
    }


def sed_scores_eval_best(folder: Path) -> dict:
    from sed_scores_eval import intersection_based, io, segment_based

    scores = io.read_sed_scores(folder / "scores")
    durations = io.read_audio_durations(folder / "durations.tsv")
    truth = {**{clip: [] for clip in durations}, **io.read_ground_truth_events(folder / "truth.tsv")}
    return {
        "segment": float(segment_based.best_fscore(scores, truth, durations, segment_length=1.0)[0]["macro_average"]),
        "intersection": float(
            intersection_based.best_fscore(scores, truth, dtc_threshold=0.5, gtc_threshold=0.5)[0]["macro_average"]
        ),
    }


def psds_eval_options(folder: Path) -> dict:
    """Without ``max_efpr``, and of one list."""
    import pandas as pd
    from psds_eval import PSDSEval

    found = {}
    lists = sorted((folder / "lists").glob("*.tsv"))
    for name, paths, limit in (("last_point", lists, None), ("one_list", [folder / "at_0.5.tsv"], 100)):
        evaluation = PSDSEval(
            ground_truth=pd.read_csv(folder / "truth.tsv", sep="\t").dropna(),
            metadata=pd.read_csv(folder / "durations.tsv", sep="\t"),
            dtc_threshold=0.5,
            gtc_threshold=0.5,
            cttc_threshold=0.3,
            class_names=CLASSES,
        )
        for path in paths:
            evaluation.add_operating_point(pd.read_csv(path, sep="\t"))
        found[name] = float(evaluation.psds(0.5, 1.0, limit).value)
    return found


def sklearn_auc(folder: Path) -> dict:
    """Of rows of a score and a label, 0 or 1: the area, and the partial one that McClish scales."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    scores, labels = np.loadtxt(folder / "rows.txt").T
    return {str(max_fpr): float(roc_auc_score(labels, scores, max_fpr=max_fpr)) for max_fpr in (0.1, 0.3, 1.0)}


def sklearn_clips(folder: Path) -> dict:
    """Of rows of a class, the class it was given, and three probabilities."""
    import numpy as np
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, recall_score

    rows = np.loadtxt(folder / "rows.txt")
    truth, given = rows[:, 0].astype(int), rows[:, 1].astype(int)
    return {
        "micro": float(accuracy_score(truth, given)),
        "macro": float(balanced_accuracy_score(truth, given)),
        "classes": recall_score(truth, given, average=None).tolist(),
        "log_loss": float(log_loss(truth, rows[:, 2:], labels=[0, 1, 2])),
    }


WORK = {
    "sed_scores_eval_best": sed_scores_eval_best,
    "psds_eval_options": psds_eval_options,
    "sklearn_clips": sklearn_clips,
    "sklearn_auc": sklearn_auc,
    "sed_scores_eval_auc": sed_scores_eval_auc,
    "psds_eval": psds_eval,
    "psds_eval_f1": psds_eval_f1,
    "sed_scores_eval": sed_scores_eval,
    "sed_eval": sed_eval,
}

if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        answer = WORK[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(answer))
