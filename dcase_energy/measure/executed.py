"""``python -m dcase_energy.measure.executed TASK.json``: a command as a probe, executed until the session has enough.

Each execution is a window between marks, as the baseline's own process makes them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dcase_energy.measure.marks import Marks
from dcase_energy.orphans import ask_system


def execute(task_file: str) -> int:
    """Execute the command of a task (``command``, ``folder``, ``device``); give the exit code of the first that fails.

    What it prints is left out: a probe runs beside another command's output.
    """
    marks = Marks.from_environment()
    task = json.loads(Path(task_file).read_text(encoding="utf-8"))
    marks.send("begin", "session", device=task["device"])
    number, go_on = 0, True
    while go_on:
        number += 1
        marks.send("begin", "command_window", epoch=number)
        done = subprocess.run(
            task["command"],
            cwd=task["folder"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=ask_system,
            check=False,
        )
        if done.returncode:
            return 1 if done.returncode < 0 else done.returncode
        go_on = marks.send("end", "command_window", epoch=number, executions=1).get("go_on", False)
    marks.send("end", "session")
    return 0


if __name__ == "__main__":
    sys.exit(execute(sys.argv[1]))
