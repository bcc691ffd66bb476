"""``python -m dcase_baseline.started TASK.json``: the process that a measuring session starts.

First it makes sure that it ends with its session; loading torch takes seconds, in which the session may be killed.
"""

from __future__ import annotations

import sys

from dcase_energy.measure.marks import Marks


def main(task_file: str) -> None:
    """Run the task of a file under the session that started this process."""
    marks = Marks.from_environment()
    from dcase_baseline.measured import run_task

    run_task(task_file, marks)


if __name__ == "__main__":
    main(sys.argv[1])
