"""CodeCarbon as a meter.

CodeCarbon fails silently by design, takes settings from hidden files and variables, and can count the wrong GPU. So
every argument is passed explicitly, what it chose is checked after its start, and its complaints are kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dcase_energy.errors import MeterError
from dcase_energy.measure.gpu import Gpu
from dcase_energy.measure.meter import Method, Obtained, Reading

# CodeCarbon's own timer would race with readings at marks, and both would count the same seconds. Ours alone reads.
_OWN_TIMER_S = 10**7
_JOB_NUMBERS = ("SLURM_JOB_ID", "SLURM_JOBID")
_KEEP_JOB_NUMBER = ("codecarbon.core.util", "codecarbon.external.ram")

# What our own choices make it say: no country (we report energy, not carbon), no GPU or some of them.
_EXPECTED = (
    "We do not have data for None",
    "GPU ID -1 out of range",
    "GPU with ID '-1'",
    "You have ",
    "Multiple instances of codecarbon are allowed",
)


class CodeCarbonMeter:
    """Counts with CodeCarbon's offline tracker in machine mode.

    Parameters
    ----------
    gpus
        The GPUs to count; none for work on the CPU.
    """

    def __init__(self, gpus: Sequence[Gpu] = ()) -> None:
        self._gpus = tuple(gpus)
        self._tracker: Any = None
        self._last: Any = None
        self._lock = threading.Lock()
        self._log = _Collector()

    def start(self) -> None:
        """Start the tracker and check what it will count."""
        # Read before codecarbon is imported: the logger is set up at import.
        os.environ["CODECARBON_LOG_LEVEL"] = "error"
        with _outside_batch_jobs(), _some_home():
            tracker, hardware_cache = _codecarbon()
            self._log.attach()
            # What an earlier tracker of this process found is kept under a key that confuses "no GPU" with "all".
            hardware_cache._plans.clear()
            hardware_cache._tdp = None
            self._tracker = tracker(**self._arguments())
            # The constructor adds a handler that prints and sets its own level.
            self._log.attach()
            self._tracker.start()
            self._hold_memory()
        if getattr(self._tracker, "_start_time", None) is None or not getattr(self._tracker, "_hardware", None):
            raise MeterError("CodeCarbon did not start: " + ("; ".join(self._log.take()) or "it gave no reason"))
        self._check_gpus()
        self.read()

    def read(self) -> Reading:
        """Make CodeCarbon measure now and give the energies since the start."""
        with self._lock:
            self._last = None
            # Flushing alone measures nothing within 50 ms of the last time, and a short phase would become zero.
            self._tracker._measure_power_and_energy()
            self._tracker.flush()
            return self._reading()

    def stop(self) -> Reading:
        """Stop the tracker and give its last figures."""
        with self._lock:
            self._last = None
            self._tracker.stop()
            self._log.detach()
            return self._reading()

    def methods(self) -> dict[str, Method]:
        """How CodeCarbon obtains each component on this machine."""
        found = {name: Method(Obtained.NOT_MEASURED, "no such component") for name in ("gpu", "cpu", "ram")}
        if not self._gpus:
            found["gpu"] = Method(Obtained.NOT_MEASURED, "the work runs on the CPU; no GPU is counted")
        for hardware in self._tracker._hardware:
            kind = type(hardware).__name__
            if kind == "GPU" and self._gpus:
                found["gpu"] = _gpu_method(self._gpus)
            elif kind == "CPU":
                found["cpu"] = _cpu_method(hardware)
            elif kind == "RAM":
                watts = round(float(hardware.total_power().W), 6)
                found["ram"] = Method(Obtained.ESTIMATED, "constant power by number of memory modules", watts)
        return found

    def settings(self) -> dict[str, str | int | float | bool | None]:
        """Name, version and the settings that can move the figure."""
        import codecarbon

        version: str = codecarbon.__version__
        return {
            "meter": "codecarbon",
            "codecarbon_version": version,
            "tracking_mode": "machine",
            "gpu_indices": ",".join(str(gpu.index) for gpu in self._gpus) or None,
            "pue": 1.0,
            "wue": 0,
        }

    def warnings(self) -> list[str]:
        """Warnings and errors CodeCarbon logged since the last call."""
        return self._log.take()

    def _arguments(self) -> dict[str, Any]:
        """Every argument of the tracker, None included: what is not passed is taken from hidden configuration."""
        return {
            "project_name": "dcase-energy",
            "country_iso_code": None,
            "region": None,
            "country_2letter_iso_code": None,
            "cloud_provider": None,
            "cloud_region": None,
            "measure_power_secs": _OWN_TIMER_S,
            "tracking_mode": "machine",
            # No list is not "no GPU" to CodeCarbon, and neither is an empty one; an index that does not exist is.
            "gpu_ids": [gpu.index for gpu in self._gpus] or [-1],
            "output_methods": [],
            "output_handlers": [_Handler(self)],
            "api_call_interval": -1,
            "allow_multiple_runs": True,
            "force_cpu_power": None,
            "force_ram_power": None,
            "force_mode_cpu_load": False,
            "force_carbon_intensity_g_co2e_kwh": None,
            "pue": 1.0,
            "wue": 0,
            "rapl_include_dram": False,
            "rapl_prefer_psys": False,
            "electricitymaps_api_token": None,
            "emissions_endpoint": None,
            "api_endpoint": None,
            "output_dir": tempfile.gettempdir(),
            "log_level": "error",
            "logger_preamble": "",
        }

    def _hold_memory(self) -> None:
        """Make the size of memory that of the machine in every later reading, too: it is read anew each time."""
        import psutil

        for hardware in getattr(self._tracker, "_hardware", None) or ():
            if type(hardware).__name__ == "RAM":
                hardware.memory_size = psutil.virtual_memory().total / 1024**3

    def _check_gpus(self) -> None:
        """Compare the boards CodeCarbon says it counts with those it was asked to count, by index and UUID."""
        found = [hardware for hardware in self._tracker._hardware if type(hardware).__name__ == "GPU"]
        counted = {index for gpu in found for index in gpu._get_gpu_ids()}
        uuids = {
            info["uuid"]
            for gpu in found
            for info in gpu.devices.get_gpu_static_info()
            if info["gpu_index"] in gpu._get_gpu_ids()
        }
        if counted == {gpu.index for gpu in self._gpus} and uuids == {gpu.uuid for gpu in self._gpus}:
            return
        self._tracker.stop()
        reason = "; ".join(message for message in self._log.take() if "gpu" in message.casefold())
        if self._gpus and not counted:
            reason = "; ".join(filter(None, [reason, "it finds GPUs only where nvidia-smi is on the PATH"]))
        wanted = ", ".join(str(gpu.index) for gpu in self._gpus) or "none"
        got = ", ".join(str(index) for index in sorted(counted)) or "none"
        raise MeterError(
            f"CodeCarbon would count GPU {got}, the work uses GPU {wanted}" + (f" ({reason})" if reason else ""),
            "gpu-identity",
        )

    def _reading(self) -> Reading:
        data = self._last
        if data is None:
            raise MeterError("CodeCarbon gave no figure: " + ("; ".join(self._log.take()) or "it gave no reason"))
        return Reading(
            time_s=time.monotonic(),
            gpu_kwh=float(data.gpu_energy) if self._gpus else None,
            cpu_kwh=float(data.cpu_energy),
            ram_kwh=float(data.ram_energy),
        )


def _gpu_method(gpus: Sequence[Gpu]) -> Method:
    names = ", ".join(f"GPU {gpu.index}" for gpu in gpus)
    if all(gpu.counter for gpu in gpus):
        return Method(Obtained.COUNTED, f"NVML energy counter, {names}")
    return Method(Obtained.COUNTED, f"NVML power readings once a second, {names}: no energy counter")


def _codecarbon() -> tuple[Any, Any]:
    """The tracker's class, and the module that keeps what an earlier tracker found."""
    try:
        from codecarbon import OfflineEmissionsTracker
        from codecarbon.core import hardware_cache
    except ImportError as error:
        raise MeterError(
            f"codecarbon cannot be imported ({error}); install it with: pip install 'dcase-energy[measure]'"
        ) from error
    return OfflineEmissionsTracker, hardware_cache


@contextlib.contextmanager
def _outside_batch_jobs() -> Iterator[None]:
    """Hide SLURM's job number: CodeCarbon would take processors and memory of the job for those of the machine.

    The same machine would then have other constants inside a job than outside, or in another job. CodeCarbon keeps the
    number when it is imported, which another part of the program may have done already.
    """
    hidden = {name: os.environ.pop(name) for name in _JOB_NUMBERS if name in os.environ}
    modules = [sys.modules[name] for name in _KEEP_JOB_NUMBER if name in sys.modules]
    kept = [(module, module.__dict__["SLURM_JOB_ID"]) for module in modules if "SLURM_JOB_ID" in module.__dict__]
    for module, _ in kept:
        module.__dict__["SLURM_JOB_ID"] = None
    try:
        yield
    finally:
        os.environ.update(hidden)
        for module, number in kept:
            module.__dict__["SLURM_JOB_ID"] = number


@contextlib.contextmanager
def _some_home() -> Iterator[None]:
    """Name a home where there is none: CodeCarbon looks for settings in it, and does not start without one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = os.devnull
        try:
            yield
        finally:
            del os.environ["HOME"]
    else:
        yield


def _cpu_method(hardware: Any) -> Method:
    mode = hardware._mode
    if mode in {"intel_rapl", "intel_power_gadget", "windows_emi"}:
        return Method(Obtained.COUNTED, {"intel_rapl": "RAPL counters"}.get(mode, mode))
    tdp_w = float(hardware._tdp)
    return Method(Obtained.ESTIMATED, f"{tdp_w:g} W nominal power x load of all processes", tdp_w)


class _Handler:
    """Receives CodeCarbon's figures when it flushes or stops (duck type of its ``BaseOutput``)."""

    def __init__(self, meter: CodeCarbonMeter) -> None:
        self._meter = meter

    def out(self, total: Any, delta: Any) -> None:  # noqa: ARG002
        self._meter._last = total

    def live_out(self, total: Any, delta: Any) -> None:
        """Not used: readings are asked for, not waited for."""

    def task_out(self, data: Any, experiment_name: str) -> None:
        """Not used: the task API loses counter wraps."""

    def exit(self) -> None:
        """Nothing to release."""


class _Collector(logging.Handler):
    """Keeps CodeCarbon's warnings instead of printing them between our lines."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self._messages: list[str] = []

    def attach(self) -> None:
        logger = logging.getLogger("codecarbon")
        logger.handlers.clear()
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.addHandler(self)

    def detach(self) -> None:
        logging.getLogger("codecarbon").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        message = " ".join(record.getMessage().split())
        if not message.startswith(_EXPECTED):
            self._messages.append(message)

    def take(self) -> list[str]:
        messages, self._messages = self._messages, []
        return messages
