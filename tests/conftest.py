"""What holds for every test: nothing is left in, or read from, the user's own folders."""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from pathlib import PurePath

from hypothesis import settings

# The same examples each time, so that a result does not depend on the run; `--hypothesis-profile=search` draws new
# ones.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("suite")

# A shell starts what runs in the background with interrupts ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """Give each test process, and what it starts, a separate lock and data folder; wait for no disk.

    Nothing of a test process is lost if the machine stops; what it starts as a separate process does wait.
    """
    os.fsync = lambda number: None
    folder = tempfile.TemporaryDirectory(prefix="dcase-energy-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["DCASE_ENERGY_LOCK"] = os.path.join(folder.name, "lock")  # noqa: PTH118
    os.environ["DCASE_ENERGY_DATA"] = os.path.join(folder.name, "data")  # noqa: PTH118


# Folders that `make test` leaves out, and what runs them.
_ELSEWHERE = {"browser": "`make browser-test`", "cluster": "`make cluster-test`"}


def pytest_terminal_summary(terminalreporter, config):
    """Say in the last lines what was not tested and why, one line for each reason."""
    reasons = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        path, _, reason = report.longrepr
        place = "/".join(PurePath(path).parts[-2:])
        reasons[place, reason.removeprefix("Skipped: ")] += 1
    left_out = [PurePath(path).name for path in config.getoption("ignore") or ()]
    lines = [f"{count} in {place}: {reason}" for (place, reason), count in sorted(reasons.items())]
    lines += [f"all of tests/{name}: {_ELSEWHERE[name]} runs it" for name in left_out if name in _ELSEWHERE]
    if lines and left_out:
        lines.append("measurements on a real GPU: `make gpu-check` makes them")
    if lines:
        terminalreporter.section("not tested here, and why")
        terminalreporter.write("\n".join([*lines, ""]))
