"""The instruments of a session, read together and written down before anything is done with the figures."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeVar

from dcase_energy.errors import MeterError
from dcase_energy.measure.counters import DirectCounters, Tick
from dcase_energy.measure.gpu import hidden_uuid
from dcase_energy.measure.journal import JournalWriter
from dcase_energy.measure.meter import COMPONENTS, Meter, Obtained, Reading
from dcase_energy.units import mean_power_w

POLL_S = 5.0
Say = Callable[[str], None]
_Result = TypeVar("_Result")


class Watch(Protocol):
    """Looks who else uses the machine (`dcase_energy.measure.watch.HostWatch`)."""

    def sample(self) -> dict[str, Any]:
        """Plain numbers for the journal."""

    def own_cpu_s(self) -> float | None:
        """CPU seconds of the session and all it started."""


@dataclass
class Instruments:
    """What a session reads.

    Attributes
    ----------
    meter
        Gives the figures.
    counters
        Counters read directly, to check the meter; None where there are none.
    watch
        Looks at the host; None in tests.
    about
        What the journal says about them: GPUs counted, time in which a counter wraps.
    """

    meter: Meter
    counters: DirectCounters | None = None
    watch: Watch | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """Reads the instruments and writes the journal. Threads may call it.

    Parameters
    ----------
    instruments, journal
        Not started; the journal is left open.
    sleep
        How to wait; a test's own clock need not.

    Attributes
    ----------
    ticks
        The step of the counters by component, measured at the start; None where it was not seen.
    last_sample
        What the watch saw last; empty before that.
    """

    def __init__(
        self, instruments: Instruments, journal: JournalWriter, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._sleep = sleep
        self._instruments = instruments
        self._journal = journal
        self._lock = threading.RLock()
        self.ticks: dict[str, Tick | None] = {}
        self.last_sample: dict[str, Any] = {}
        self._sampled_s = float("-inf")
        self._resets = 0
        self._last: Reading | None = None
        self._stopped = False

    def start(self) -> None:
        """Start the meter, and measure the step of the counters.

        Raises
        ------
        MeterError
            If anything that was to be measured cannot be.
        """
        meter = self._instruments.meter
        meter.start()
        try:
            self._describe(meter)
        except BaseException:  # it must not keep measuring in the user's process
            self._stopped = True
            meter.stop()
            raise

    def _describe(self, meter: Meter) -> None:
        methods = {name: asdict(method) for name, method in meter.methods().items()}
        self._journal.write("meter", settings=meter.settings(), methods=methods, about=dict(self._instruments.about))
        if self._instruments.counters is not None and (ticks := self._instruments.counters.ticks()):
            self.ticks = ticks
            seen = {name: None if tick is None else asdict(tick) for name, tick in self.ticks.items()}
            self._journal.write("ticks", components=seen)

    def mark(self, *, entry: str = "mark", **fields: Any) -> Reading:
        """Read the instruments and write a mark, or an entry of another kind with the fields of one."""
        with self._lock:
            reading = self._instruments.meter.read()
            if uuid := fields.pop("gpu_uuid", None):
                fields["gpu_uuid_sha256"] = hidden_uuid(str(uuid))
            watch = self._instruments.watch
            if watch is not None:
                fields["own_cpu_s"] = watch.own_cpu_s()
            self._write(entry, reading, **fields)
            return reading

    def poll(self, *, sample: bool = False) -> Reading:
        """Read the instruments and write a reading."""
        with self._lock:
            reading = self._instruments.meter.read()
            self._write("reading", reading, sample=sample)
            return reading

    def idle(self, when: str, duration_s: float, *, gpu_context: bool) -> None:
        """Measure the machine doing nothing, ``before`` or ``after`` the work, unless no sensor would see it.

        ``gpu_context`` says whether the work is already, or still, ready to compute on a GPU.
        """
        counted = [name for name, how in self._instruments.meter.methods().items() if how.obtained == Obtained.COUNTED]
        if duration_s <= 0 or not counted:
            return
        first = last = self.poll(sample=True)
        while last.time_s - first.time_s < duration_s:
            self._sleep(min(POLL_S, duration_s))
            last = self.poll()
        duration_s = last.time_s - first.time_s
        watts = {name: _mean_power_w(first, last, name) for name in counted}
        with self._lock:
            self._journal.write("idle", when=when, duration_s=duration_s, power_w=watts, gpu_context=gpu_context)

    def finish(self) -> None:
        """Take the last reading and stop the meter; only once."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            with contextlib.suppress(MeterError):
                self._write("reading", self._instruments.meter.stop(), sample=True)

    def _write(self, entry: str, reading: Reading, *, sample: bool = False, **fields: Any) -> None:
        for name in COMPONENTS:
            value, before = reading.component(name), None if self._last is None else self._last.component(name)
            # Either would spoil every sum it enters.
            if value is not None and not (before or 0.0) <= value < math.inf:
                fell = "" if before is None else f" after {before}"
                raise MeterError(f"the meter gave {value} kWh for {name}{fell}", "counter-sane")
        self._last = reading
        extras: dict[str, Any] = {}
        counters = self._instruments.counters
        if counters is not None:
            extras["counters"] = counters.read()
        now = time.monotonic()
        if self._instruments.watch is not None and (sample or now - self._sampled_s >= POLL_S):
            self._sampled_s = now
            extras["sample"] = self.last_sample = self._instruments.watch.sample()
        self._journal.write(entry, reading=asdict(reading), **extras, **fields)
        self._note_trouble()

    def _note_trouble(self) -> None:
        for message in self._instruments.meter.warnings():
            self._journal.write("warning", message=message)
        resets = self._instruments.counters.resets if self._instruments.counters is not None else []
        for message in resets[self._resets :]:
            self._journal.write("counter_reset", message=message)
        self._resets = len(resets)


class LenientRecorder:
    """Records work that is worth more than its measurement: where the instruments fail, the work continues unmeasured.

    Parameters
    ----------
    instruments, journal
        As of `Recorder`; the meter is started at once.
    say
        Gets lines for people about what failed.

    Attributes
    ----------
    failure
        Why the measurement failed, as records hold it; None while all goes well.

    Raises
    ------
    MeterError
        If the meter cannot be started: nothing has begun yet.
    """

    def __init__(self, instruments: Instruments, journal: JournalWriter, say: Say = lambda _: None) -> None:
        self.failure: str | None = None
        self._recorder = Recorder(instruments, journal)
        self._say, self._unwritten = say, False
        self._recorder.start()

    @property
    def ticks(self) -> Mapping[str, Tick | None]:
        """As of `Recorder`."""
        return self._recorder.ticks

    def mark(self, *, entry: str = "mark", **fields: Any) -> Reading | None:
        """Read the instruments and write a mark; gives the reading, None where the instruments fail."""
        return self._attempt(lambda: self._recorder.mark(entry=entry, **fields))

    def poll(self) -> None:
        """Read the instruments and write a reading."""
        self._attempt(self._recorder.poll)

    def idle(self, when: str, duration_s: float, *, gpu_context: bool) -> None:
        """Measure the machine doing nothing; ``before`` the work, errors are raised: nothing has begun yet."""
        if when == "before":
            self._recorder.idle(when, duration_s, gpu_context=gpu_context)
        else:
            self._attempt(lambda: self._recorder.idle(when, duration_s, gpu_context=gpu_context))

    def finish(self) -> None:
        """Take the last reading and stop the meter."""
        with contextlib.suppress(OSError):  # closing the journal tries once more
            self._recorder.finish()

    def _attempt(self, action: Callable[[], _Result]) -> _Result | None:
        if self.failure is not None:
            return None
        try:
            return action()
        except MeterError as error:
            self.failure = error.failure
            self._say(f"the measurement failed ({error}); the command continues")
        except OSError as error:
            # The journal keeps what it could not write, and tries again with the next entry.
            if not self._unwritten:
                self._say(f"the journal cannot be written now ({error}); the command continues")
            self._unwritten = True
        return None


def _mean_power_w(first: Reading, last: Reading, name: str) -> float | None:
    """Power of a component between two readings; None where one of them does not have it."""
    before, after = first.component(name), last.component(name)
    return None if before is None or after is None else mean_power_w(after - before, last.time_s - first.time_s)
