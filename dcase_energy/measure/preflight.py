"""The host before and while the work runs: what will spoil the measurement is reported while something can be done.

Guards judge the journal afterwards. Here their limits are applied to the moment: before the work to everything at once,
and while it runs whenever the load of others crosses a limit.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dcase_energy.errors import MeterError
from dcase_energy.measure.counters import read_text
from dcase_energy.measure.doctor import Remark, disk_remark, host_remarks, session_remarks
from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, visible_gpus
from dcase_energy.measure.guards import BY_CODE
from dcase_energy.measure.guards.model import graded
from dcase_energy.measure.powercap import rapl_packages
from dcase_energy.measure.recorder import Instruments, Say, Watch
from dcase_energy.measure.records import GuardState
from dcase_energy.measure.watch import TICKS_PER_S, HostWatch, foreign_share, look
from dcase_energy.text import plural, visible
from dcase_energy.units import format_duration

LOOK_S = 1.0
# Load is averaged over so long before it is reported: a program that starts is not a busy machine.
_SPAN_S = 30.0
_POLL_S = 5.0
_PROC = Path("/proc")
# Of what `doctor` says, what users can act on before the work; the rest stands in the record.
_NOTICED = {"rapl-permission", "gpu-mode", "single-tracker", "power-state"}
_REMEDY = "end it, or wait for it with --wait-idle 10m"


@dataclass(frozen=True, slots=True)
class Load:
    """What others use of a machine at a moment.

    Attributes
    ----------
    share
        Of all processors; None where it is not known.
    busiest
        The names of the busiest programs, with their shares.
    gpu_processes
        On the GPUs that will be counted.
    """

    share: float | None = None
    busiest: str = ""
    gpu_processes: int = 0

    @property
    def state(self) -> GuardState:
        """What the guard host-exclusive would say if it stayed so."""
        return state_of_share(self.share)

    def __str__(self) -> str:
        names = f" ({self.busiest})" if self.busiest else ""
        used = [] if self.share is None else [f"other work uses {self.share:.0%} of the processors{names}"]
        used += [f"{plural(self.gpu_processes, 'process', 'processes')} of others on the GPU"] * bool(
            self.gpu_processes
        )
        return ", ".join(used) or "the load of others is not known"


def state_of_share(share: float | None) -> GuardState:
    """The verdict of the guard host-exclusive on a share of the processors."""
    limits = BY_CODE["host-exclusive"].limits
    return GuardState.OK if share is None else graded(share, limits["ok_share"], limits["warn_share"], "").state


def load_of_others(watch: HostWatch, look_s: float) -> Load:
    """What others use for a moment, with the names of the programs where it is too much."""
    programs = _cpu_s_by_process()
    share, spent_s, after = look(watch, look_s)
    names = _busiest(programs, _cpu_s_by_process(), watch.own_pids, spent_s)
    return Load(share, names if state_of_share(share) is not GuardState.OK else "", after.get("gpu_foreign", 0))


def _cpu_s_by_process() -> dict[int, tuple[str, float]]:
    """Name and CPU seconds of each process; workers of the kernel have one name together."""
    found = {}
    for folder in _PROC.glob("[0-9]*"):
        head, _, tail = (read_text(folder / "stat") or "").rpartition(")")
        if fields := tail.split():  # else it has ended
            found[int(folder.name)] = (
                head.partition("(")[2].partition("/")[0],
                sum(map(int, fields[11:13])) / TICKS_PER_S,
            )
    return found


def _busiest(
    before: Mapping[int, tuple[str, float]], after: Mapping[int, tuple[str, float]], own: Collection[int], wall_s: float
) -> str:
    """The names of the programs that used most between two looks, with their shares of all processors."""
    used_s: dict[str, float] = defaultdict(float)
    for pid, (name, seconds) in after.items():
        if pid not in own:
            used_s[name] += seconds - before.get(pid, (name, 0.0))[1]
    all_s = wall_s * (os.cpu_count() or 1)
    shares = {name: seconds / all_s for name, seconds in used_s.items() if seconds >= 0.01 * all_s}
    busiest = sorted(shares, key=shares.__getitem__, reverse=True)[:3]
    return ", ".join(f"{visible(name)} {shares[name]:.0%}" for name in busiest)


def remark_text(remark: Remark) -> str:
    """A remark for people, what to do in a line below it."""
    text = f"{remark.state} {remark.code}: {remark.message}"
    return text if remark.remedy is None else f"{text}\n  {remark.remedy}"


def gpus_of_device(device: str) -> Gpus:
    """The GPU that torch uses as ``auto``, ``cuda`` or ``cuda:N``; none for the CPU, and where it is not known."""
    if device == "cpu":
        return Gpus()
    try:
        visible_ones = visible_gpus(list_gpus(load_nvml()))
    except MeterError:
        return Gpus()
    number = int(device.partition(":")[2] or 0)
    return Gpus(tuple(visible_ones[number : number + 1]))


@dataclass(frozen=True, slots=True)
class HostCheck:
    """Looks at the host before work is measured.

    Attributes
    ----------
    say
        Gets what is found, for people.
    wait_idle_s
        How long to wait for a quiet host before the work; None does not wait.
    look_s
        How long to look before the work.
    sleep
        How to wait.
    """

    say: Say
    wait_idle_s: float | None = None
    look_s: float = field(default_factory=lambda: LOOK_S)
    sleep: Callable[[float], None] = time.sleep

    def before(self, folder: Path, gpus: Gpus, *, allow_estimate: bool = False) -> list[Remark]:
        """Report what may spoil the record; return what will, or prevents it.

        Parameters
        ----------
        folder
            Where the record will be written.
        gpus
            Those that will be counted.
        allow_estimate
            Whether a processor whose counters cannot be read may be estimated.
        """
        load = self._wait(HostWatch(nvml=load_nvml() if gpus.boards else None, indices=gpus.indices))
        found = [one for one in host_remarks(gpus, rapl_packages()) if one.code in _NOTICED]
        found += [*session_remarks(), disk_remark(folder), *_load_remarks(load)]
        found = [one for one in found if not (allow_estimate and one.code == "rapl-permission")]
        for one in found:
            if one.state is GuardState.WARN:
                self.say(remark_text(one))
        return [one for one in found if one.state is GuardState.INVALID]

    def require(self, folder: Path, gpus: Gpus, *, allow_estimate: bool = False) -> None:
        """As `before`, for work that is done for its record alone.

        Raises
        ------
        MeterError
            If the record would be invalid or impossible; the message names everything that was found.
        """
        refusing = self.before(folder, gpus, allow_estimate=allow_estimate)
        if refusing:
            first, *others = refusing
            texts = [f"{first.message}{_below(first)}", *(f"{one.code}: {one.message}{_below(one)}" for one in others)]
            raise MeterError("\n".join(texts), first.code)

    def _wait(self, watch: HostWatch) -> Load:
        """What others use; where that is too much and the caller wants it, after waiting until it is not."""
        load, began_s = load_of_others(watch, self.look_s), time.monotonic()
        if self.wait_idle_s is None or self._quiet(load):
            return load
        most = format_duration(self.wait_idle_s)
        self.say(f"waiting until nothing else works on this machine, at most {most}; now {self._about(load)}")
        while not self._quiet(load) and (left_s := self.wait_idle_s - (time.monotonic() - began_s)) > 0:
            self.sleep(min(_POLL_S, left_s))
            load = load_of_others(watch, self.look_s)
        waited = f"waited {format_duration(time.monotonic() - began_s)}"
        self.say(f"{waited}: {self._about(load)}{'' if self._quiet(load) else '; this is as long as was asked for'}")
        return load

    def _quiet(self, load: Load) -> bool:
        return load.state is GuardState.OK and not load.gpu_processes and not session_remarks()

    def _about(self, load: Load) -> str:
        return ", ".join([str(load), *(one.message for one in session_remarks())])


def _load_remarks(load: Load) -> list[Remark]:
    """A busy machine only warns: it may be quiet in a minute."""
    found, limit = [], BY_CODE["host-exclusive"].limits["warn_share"]
    if load.state is not GuardState.OK:
        text = f"{replace(load, gpu_processes=0)}; over {limit:.0%} of the whole run the record is not valid"
        found.append(Remark("host-exclusive", GuardState.WARN, text, _REMEDY))
    if load.gpu_processes:
        text = f"{replace(load, share=None)}; the record is not valid if one stays"
        found.append(Remark("gpu-exclusive", GuardState.WARN, text, _REMEDY))
    return found


def _below(remark: Remark) -> str:
    return "" if remark.remedy is None else f"\n  {remark.remedy}"


def loud(instruments: Instruments, say: Say) -> Instruments:
    """The instruments with a watch that reports when the load of others crosses a limit."""
    return instruments if instruments.watch is None else replace(instruments, watch=LoudWatch(instruments.watch, say))


class LoudWatch:
    """A watch that also reports, once for each change, how much others use."""

    def __init__(self, watch: Watch, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._watch, self._say, self._clock = watch, say, clock
        self._samples: deque[tuple[float, dict[str, Any]]] = deque()
        self._busy, self._gpu_processes = False, 0

    def own_cpu_s(self) -> float | None:
        """As the watch."""
        return self._watch.own_cpu_s()

    def sample(self) -> dict[str, Any]:
        """As the watch."""
        sample = self._watch.sample()
        self._samples.append((self._clock(), sample))
        while len(self._samples) > 2 and self._samples[1][0] <= self._samples[-1][0] - _SPAN_S:
            self._samples.popleft()
        self._report_share()
        self._report_gpu(int(sample.get("gpu_foreign", 0)))
        return sample

    def _report_share(self) -> None:
        (began_s, first), (now_s, last) = self._samples[0], self._samples[-1]
        spent_s = now_s - began_s
        share = foreign_share(first, last, spent_s) if spent_s >= _SPAN_S else None
        if share is None:
            return
        state = state_of_share(share)
        # Busy above the one limit, quiet below the other: a share that stays near a limit would fill the screen.
        if state is (GuardState.OK if self._busy else GuardState.INVALID):
            self._busy = not self._busy
            used = f"other work used {share:.0%} of the processors in the last {spent_s:.0f} s"
            if self._busy:
                limit = BY_CODE["host-exclusive"].limits["warn_share"]
                used += f"; over {limit:.0%} of the whole run the record is not valid"
            self._say(f"{_now()} {used}")

    def _report_gpu(self, processes: int) -> None:
        if processes > self._gpu_processes:
            whose = plural(processes, "other process uses", "other processes use")
            self._say(f"{_now()} {whose} the GPU; if our work is on it, the record is not valid")
        self._gpu_processes = processes


def _now() -> str:
    return time.strftime("%H:%M:%S")
