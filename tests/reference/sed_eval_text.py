"""The F-measures and class-wise tables of sed_eval's reports, made from our counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def kept_lines(path: Path) -> list[str]:
    """Lines of a report that follow from counts alone; rows of classes sorted (sed_eval's order is random)."""
    lines = path.read_text().splitlines()
    shares = [_columns(line) for line in lines if line.strip().startswith(("F-measure (F1)", "Precision", "Recall"))]
    table = [line for line in lines if line.count("|") >= 3 and "label" not in line and "---" not in line]
    # The segment report adds accuracies, which need the true negatives.
    return shares + sorted(_columns("|".join(line.split("|")[:4])) for line in table)


def sed_eval_lines(counts) -> list[str]:
    """The same lines from our counts."""
    hits, wrong, annotated = counts.true_positives, counts.false_positives, counts.annotated
    total, found = annotated.sum(), (hits + wrong).sum()
    precision, recall = hits / (hits + wrong), hits / annotated
    f1_per_class, f1_macro, f1_micro = counts.judged_f1()
    lines = [
        *shares(f1_micro, hits.sum() / found, hits.sum() / total),
        *shares(f1_macro, precision.mean(), recall.mean()),
    ]
    rows = []
    for i, name in enumerate(counts.classes):
        label = name if len(name) <= 12 else name[:10] + ".."
        deletions, insertions = (annotated[i] - hits[i]) / annotated[i], wrong[i] / annotated[i]
        rows.append(
            f"{label} | {annotated[i]} {hits[i] + wrong[i]} "
            f"| {percent(f1_per_class[i])} {percent(precision[i])} {percent(recall[i])} "
            f"| {deletions + insertions:.2f} {deletions:.2f} {insertions:.2f}"
        )
    return lines + sorted(rows)


def _columns(line: str) -> str:
    return " ".join(line.split())


def shares(f1: float, precision: float, recall: float) -> list[str]:
    names = ("F-measure (F1)", "Precision", "Recall")
    return [
        f"{name} : {np.round(value * 100, 2):.2f} %" for name, value in zip(names, (f1, precision, recall), strict=True)
    ]


def percent(share: float) -> str:
    return f"{share * 100:.1f}%"
