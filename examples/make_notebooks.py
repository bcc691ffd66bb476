"""Makes the notebooks in this folder and executes them: ``python examples/make_notebooks.py [FOLDER]``.

They are stored with their outputs, the same bytes every time; nbclient and ipykernel are needed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

START = """\
from pathlib import Path

# The folder of the examples: this notebook's own, or that of a clone.
here = next(path for path in (Path.cwd(), Path.cwd() / "examples") if (path / "truth.tsv").exists())"""

# ruff: noqa: E501 - cells are written as they are shown
PARTICIPANT = [
    "# A participant's journey\n\nFrom the outputs of a system to its place beside the baseline. The measuring itself stands "
    "outside a notebook, since a kernel's own work would be counted: `dcase-energy calibrate --quick` and "
    "`dcase-energy measure --stage training -- python train.py`.",
    START,
    "## Is the package valid?\n\nEvery finding at once, each with its place and what to do.",
    'from dcase_energy import validate\n\nfor finding in validate(here / "packages" / "Clark_INST").findings[:5]:\n'
    "    print(finding.where.line, finding.code, finding.message, '->', finding.hint)",
    'package = here / "packages" / "Baker_LAB"\nvalidation = validate(package)\nassert not validation.findings',
    "## What does it score?",
    'from dcase_energy import score\n\nscores = score(package, here / "truth.tsv", here / "durations.tsv")\nscores.to_pandas().query("average == \'macro\' and `class`.isna()")[["system", "metric", "value"]]',
    "## What does it cost, against the baseline on the same hardware?",
    'from dcase_energy import rank\n\nsheet = rank(package, ground_truth=here / "truth.tsv", durations=here / "durations.tsv")\n'
    "sheet",
]
ORGANISER = [
    "# An organiser's night\n\nWhat came in is validated; what is valid is scored, normalised and ranked; the sheets are written.",
    START,
    "## Validate every team",
    "from dcase_energy import validate\nfrom dcase_energy.findings import Severity\n\nvalid = []\n"
    'for team in sorted((here / "packages").iterdir()):\n    found = validate(team)\n    errors = found.count(Severity.ERROR)\n'
    '    print(team.name, found.files, "systems,", errors, "errors")\n    if not errors:\n        valid.append(team)',
    "## Rank, with intervals from resampled clips",
    "from dcase_energy import rank\n\n"
    'sheet = rank(valid, ground_truth=here / "truth.tsv", durations=here / "durations.tsv", bootstrap=100)\n'
    "sheet",
    "## Write the sheets\n\nThe page `ranking.html` is one file: it can be mailed.",
    "import tempfile\n\nfolder = Path(tempfile.mkdtemp())\n"
    'sorted(path.name for path in sheet.write(folder, ["csv", "md", "html"]))',
]


def notebook(cells: list[str]) -> str:
    """A notebook as JSON; what begins with # and a space is text, everything else a program."""
    made = []
    for number, text in enumerate(cells):
        prose = text.startswith(("# A", "## "))
        cell = {"cell_type": "markdown" if prose else "code", "id": f"cell{number}", "metadata": {}}
        cell |= {"source": text} if prose else {"execution_count": None, "outputs": [], "source": text}
        made.append(cell)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    document = {"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(executed(document), indent=1, sort_keys=True) + "\n"


def executed(document: dict[str, Any]) -> dict[str, Any]:
    """The notebook with its outputs, without what differs from one execution to the next."""
    import nbformat
    from nbclient import NotebookClient

    ready = nbformat.from_dict(document)
    NotebookClient(ready, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in ready.cells:  # times of execution
        cell.metadata = {}
    ready.metadata = document["metadata"]
    return ready


def main(folder: Path) -> None:
    """Write both."""
    for name, cells in (("participant", PARTICIPANT), ("organiser", ORGANISER)):
        (folder / f"{name}.ipynb").write_text(notebook(cells), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
