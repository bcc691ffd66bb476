"""The official rules of DCASE 2024 task 4, stated again as a script, to time `validate` against.

``python benchmarks/official_2024.py FOLDER CLIPS CLASSES.txt``: exit code 0, or 1 with the first error. As the official
validator does, it stops at the first error, counts the score files of each run and reads one of them. Written from a
description of what is checked, in its order; the official validator's code is not used.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

RUNS = 3
READ = 999  # the one file of a run that is read, in sorted order
OLD_SOURCE = "https://github.com/turpaultn/dcase20_task4/tree/public_branch/baseline"


def main(folder: Path, clips: int, classes: list[str]) -> None:
    """Check a submission folder."""
    systems = sorted(path for path in folder.iterdir() if path.is_dir())
    for system in systems:
        check(len(system.name.split("_")) == 4, f"{system.name}: four parts")
        metadata(system)
        for run in range(1, RUNS + 1):
            scores(system / f"{system.name}_run{run}.output", clips, classes)
            raw = system / f"{system.name}_run{run}_unprocessed.output"
            if raw.exists():
                scores(raw, clips, classes)
    check(1 <= len(systems) <= 8, "one to eight systems")
    check(any(folder.glob("*.pdf")), "a report")


def metadata(system: Path) -> None:
    """The metadata file, every line cut at its first number sign."""
    path = system / f"{system.name}.meta.yaml"
    check(path.exists(), f"{path.name}: is there")
    lines = [line.split("#")[0].rstrip() for line in path.read_text().splitlines()]
    data: dict[str, Any] = yaml.safe_load("\n".join(lines))
    submission, described = data["submission"], data["system"]["description"]
    check(submission["label"] == path.name.split(".")[0] != "Cornell_CMU_task4_1", "the label")
    for key in ("label", "name", "abbreviation"):
        check("baseline" not in submission[key].lower(), f"no baseline in {key}")
    authors = submission["authors"]
    check(all(author["firstname"] and author["lastname"] for author in authors), "names of authors")
    check(any(author.get("corresponding") is not None for author in authors), "a corresponding author")
    check(isinstance(described["input_sampling_rate"], int | float), "sampling rate")
    check(isinstance(described["acoustic_features"], str | list | None), "acoustic features")
    check(isinstance(data["system"]["complexity"]["total_parameters"], int), "parameters")
    check(data["system"]["source_code"] != OLD_SOURCE, "source code")
    found = data["results"]["devtest"]
    check(isinstance(found["desed"]["PSDS1"], float) and isinstance(found["maestro"]["mPAUC"], float), "results")


def scores(folder: Path, clips: int, classes: list[str]) -> None:
    """The number of files of a run, and one of them."""
    files = sorted(folder.glob("*.tsv"))
    check(len(files) == clips, f"{folder.name}: {clips} files")
    table = pd.read_csv(io.BytesIO(files[min(READ, clips - 1)].read_bytes()), sep="\t")
    check(list(table.columns[:2]) == ["onset", "offset"], "onset and offset")
    check(set(classes) <= set(table.columns), "the classes")
    onset, offset = table["onset"].tolist(), table["offset"].tolist()
    check(all(a != b for a, b in zip(onset, offset, strict=True)), "no row without length")
    check(onset[1:] == offset[:-1], "no gaps")


def check(holds: bool, what: str) -> None:
    """Stop at the first error."""
    if not holds:
        raise SystemExit(f"not as demanded: {what}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_text(encoding="utf-8").splitlines())
