"""Running probes: the baseline for half a minute before, inside and after measured work, under its session."""

from __future__ import annotations

import math
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from dcase_energy.errors import CalibrationError
from dcase_energy.measure.baseline_parts import Probe
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.probe_record import PROBE_UNITS, PROBED_COMMAND
from dcase_energy.measure.recorder import LenientRecorder, Say
from dcase_energy.measure.records import Evidence
from dcase_energy.measure.session import least_window_s, measured_child, serve
from dcase_energy.text import plural
from dcase_energy.units import format_duration

PROBE_S = 30.0
# Most of a training are steps; validated clips get the rest of the time.
_SHARE = {"training_window": 0.8, "validation_window": 0.2, "command_window": 1.0}
_MIN_STEPS, _MIN_WINDOWS = 10, 2
_WARM_S, _WINDOW_S = 5.0, 3.0
# The command may be stopped meanwhile: a probe that is stuck must not stop it permanently.
_LIMIT_S = 900.0
# In the default mode no probe follows a command that ended sooner.
AUTO_AFTER_S = 300.0


class ProbeTask(Protocol):
    """What a probe runs, and what must be so (`dcase_energy.calibration.probing`)."""

    def about(self) -> Mapping[str, Any]:
        """What the journal's header says: the calibration's digest, its recipe and implementation."""

    def command(self, folder: Path) -> Sequence[str]:
        """The command to start in a folder for its files.

        Raises
        ------
        CalibrationError
            If the machine cannot run it now.
        """

    def environment(self) -> Mapping[str, str]:
        """Its variables."""

    def unlike(self, mark: Mapping[str, Any]) -> str | None:
        """Why what the work says about itself at its first mark is not as in the calibration; None if it is."""


@dataclass(frozen=True)
class ProbeSettings:
    """When to probe.

    Attributes
    ----------
    task
        What to run.
    every_s
        About so many seconds lie between probes inside the work; None: there are none.
    after_s
        No probe follows work that ended sooner.
    settle_s
        Seconds between stopping the work and the probe: what it has queued on a GPU ends, and is counted as its.
    """

    task: ProbeTask
    every_s: float | None = None
    after_s: float = 0.0
    settle_s: float = 0.0

    def header(self) -> Mapping[str, Any]:
        """What the journal says about it."""
        return {"probing": {**self.task.about(), "every_s": self.every_s}}


class ProbeRule:
    """Answers the marks of a probe: enough work, some of it for warming up."""

    def __init__(self) -> None:
        self._begun_s: dict[str, float] = {}
        self._units: dict[str, int] = {}
        self._windows: dict[str, int] = {}

    def go_on(self, mark: Mapping[str, Any], reading: Reading) -> bool:
        """Whether the phase gets another window."""
        phase = mark["phase"]
        self._begun_s.setdefault(phase, reading.time_s)
        if mark["edge"] == "begin":
            return True
        spent_s = reading.time_s - self._begun_s[phase]
        if phase not in PROBE_UNITS:
            return spent_s < _WARM_S
        self._units[phase] = self._units.get(phase, 0) + mark[PROBE_UNITS[phase]]
        self._windows[phase] = self._windows.get(phase, 0) + 1
        few = phase == "training_window" and self._units[phase] < _MIN_STEPS
        few |= phase not in PROBED_COMMAND and self._windows[phase] < _MIN_WINDOWS
        return few or spent_s < PROBE_S * _SHARE[phase]


class Probes:
    """The probes of one measurement; none of their failures is raised.

    Parameters
    ----------
    settings
        When to probe; None: never.
    recorder
        Of the measurement: readings and marks of probes are in its journal, each with the probe's number.
    say
        Gets lines for people.
    work
        What they call the work that is measured: ``command`` or ``block``.

    Attributes
    ----------
    due_s
        When the next probe inside the work is due, by the monotonic clock; infinite if there is none.
    """

    def __init__(
        self, settings: ProbeSettings | None, recorder: LenientRecorder, say: Say, work: str = "command"
    ) -> None:
        self._settings, self._recorder, self._say, self._work = settings, recorder, say, work
        self.due_s = math.inf
        self._inside = settings is not None and settings.every_s is not None
        self._number = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._problem: str | None = None

    def before(self) -> None:
        """Probe before the work."""
        if self._settings is not None:
            how = " (--probe none leaves it out)" if self._settings.after_s else ""
            self._say(f"a probe of the baseline runs before the {self._work}, about a minute{how}")
            self._run(self._settings.task, "before")

    def after(self, lasted_s: float) -> None:
        """Probe after the work, which lasted so long."""
        if self._settings is None:
            return
        if lasted_s < self._settings.after_s:
            least = format_duration(self._settings.after_s)
            self._say(f"no probe after the {self._work}, which took less than {least} (--probe both measures one)")
        else:
            self._say(f"a probe of the baseline runs after the {self._work}, about a minute")
            self._run(self._settings.task, "after")

    def schedule(self) -> None:
        """Set when the next probe inside is due: jittered, since it would meet what happens regularly."""
        if self._inside and self._settings is not None:
            self.due_s = time.monotonic() + (self._settings.every_s or 0.0) * random.uniform(0.5, 1.5)

    def inside(self, hold: AbstractContextManager[bool], mark: Callable[..., object]) -> None:
        """Probe while the work is stopped; after a failure there are no further probes inside.

        ``hold`` stops it for the time of a block and gives whether it stands still.
        """
        self.due_s = math.inf
        if self._settings is None:
            return
        with hold as still:
            if still:
                time.sleep(self._settings.settle_s)
                mark(edge="paused")
                try:
                    going_on = self._run(self._settings.task, "during", paused=True)
                finally:
                    mark(edge="resumed")
        self._inside = still and going_on
        if self._inside:
            self.schedule()
        else:
            why = "" if still else ", a part of which cannot be stopped"
            self._say(f"no further probes inside the {self._work}{why}")

    def stop(self) -> None:
        """End the probe that runs now: a signal came."""
        self._give_up("interrupted by a signal")

    def _run(self, task: ProbeTask, when: str, *, paused: bool = False) -> bool:
        """Run a probe and give whether it was measured; its failure is reported and recorded."""
        self._number += 1
        self._problem = None
        mark = partial(self._recorder.mark, entry="probe", number=self._number)
        mark(edge="begin", when=when, paused=paused)
        began_s = _ended_children_s()
        try:
            self._measure(task)
        except (CalibrationError, OSError) as error:
            self._problem = str(error)
        except BaseException:
            self._problem = self._problem or "interrupted"
            raise
        finally:
            mark(edge="end", failure=self._problem, probe_cpu_s=_ended_children_s() - began_s)
        if self._problem is not None:
            self._say(f"the probe {when} the {self._work} failed: {self._problem}")
        return self._problem is None

    def _give_up(self, why: str) -> None:
        self._problem = self._problem or why
        if self._child is not None:
            self._child.kill()

    def _measure(self, task: ProbeTask) -> None:
        rule, began_s = ProbeRule(), time.monotonic()

        def poll() -> None:
            self._recorder.poll()
            if time.monotonic() - began_s > _LIMIT_S:
                self._give_up(f"it took longer than {_LIMIT_S / 60:.0f} minutes")

        with tempfile.TemporaryDirectory(prefix="dcase-energy-") as name, tempfile.TemporaryFile() as errors:
            folder = Path(name)
            command = task.command(folder)
            with measured_child(command, task.environment(), folder, errors) as (child, answers, marks):
                self._child = child
                try:
                    serve(answers, marks, lambda mark: self._answer(mark, task, rule), poll)
                    code = child.wait()
                finally:
                    self._child = None
            errors.seek(0)
            if code and self._problem is None:
                self._problem = why_ended(code, errors.read())

    def _answer(self, mark: dict[str, Any], task: ProbeTask, rule: ProbeRule) -> dict[str, Any]:
        if self._problem is None and (mark["edge"], mark["phase"]) == ("begin", "session"):
            self._problem = task.unlike(mark)
        reading = self._recorder.mark(entry="probe_mark", number=self._number, **mark)
        if reading is None:
            self._give_up("the measurement failed")
        elif self._problem is not None:
            self._give_up(self._problem)
        return {
            "go_on": reading is not None and rule.go_on(mark, reading),
            "window_s": least_window_s(_WINDOW_S, self._recorder.ticks),
        }


def _ended_children_s() -> float:
    """CPU seconds of the processes that this one started and that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def why_ended(code: int, errors: bytes) -> str:
    """Why the process of a probe ended with an error; what it printed may hold paths and is not shown."""
    if b"OutOfMemoryError" in errors or b"CUDA out of memory" in errors:
        return "the GPU's memory does not hold it beside the measured work"
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    return f"the baseline ended with {how}"


def about_probes(record: Evidence) -> list[str]:
    """What the probes of a record cost, and which do not count, for people."""
    probes: list[Probe] = getattr(record, "probes", getattr(record, "command_probes", []))
    if not probes:
        return []
    spent_s = math.fsum(probe.end_s - probe.begin_s for probe in probes)
    run_s = math.fsum(stage.duration_s for stage in record.figures.values())
    share = f", {spent_s / run_s:.0%} of the time of the run" if run_s > 0 else ""
    lines = [f"{plural(len(probes), 'probe')} took {format_duration(spent_s)}{share}"]
    work = "block" if getattr(record, "command_sha256", "") is None else "command"
    return lines + [
        f"the probe {probe.when} the {work} does not count: {probe.failure}" for probe in probes if probe.failure
    ]
