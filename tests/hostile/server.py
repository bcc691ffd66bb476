"""Runs command lines in forked children, each under a limit of CPU seconds; reports exit code, output and peak memory.

Starting Python and its libraries takes longer than most cases; the server does it once. A request is a JSON line
``{"id", "argv"}`` on stdin, the answer a JSON line on stdout.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

CPU_SECONDS = 60
EXAMPLE = Path(__file__).parent.parent / "acceptance/positive/M101"


def serve() -> None:
    import pandas  # noqa: F401 - loaded before the forks, once

    import dcase_energy.calibration.record
    import dcase_energy.cli.main as command_line
    import dcase_energy.cli.render.text
    import dcase_energy.documents.archive
    import dcase_energy.measure.records  # noqa: F401
    from dcase_energy.editions.loader import load_edition
    from dcase_energy.submission.validate import validate_paths

    # Fills the caches that every child inherits: the edition, its schema.
    validate_paths([EXAMPLE], load_edition("generic"))
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"id": request["id"], **run(command_line.main, request["argv"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def run(main, argv: list[str]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as work:
        out, err = Path(work) / "out", Path(work) / "err"
        child = os.fork()
        if child == 0:
            _child(main, argv, out, err)
        _, status, usage = os.wait4(child, 0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "out": out.read_text(encoding="utf-8", errors="replace"),
            "err": err.read_text(encoding="utf-8", errors="replace")[-4000:],
            "peak_mb": usage.ru_maxrss / 1e3,
        }


def _child(main, argv: list[str], out: Path, err: Path) -> None:
    code = 99
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
        sys.argv = ["dcase-energy", *argv]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
