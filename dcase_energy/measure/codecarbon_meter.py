"""CodeCarbon as a meter.

CodeCarbon fails silently by design, takes settings from hidden files and variables, and can count the wrong GPU. So
every argument is passed explicitly, what it chose is checked after its start, and its complaints are kept.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from typing import Any

from dcase_energy.measure.meter import MeterError, Method, Obtained, Reading

# CodeCarbon's own timer would race with readings at marks, and both would count the same seconds. Ours alone reads.
_OWN_TIMER_S = 10**7


class CodeCarbonMeter:
    """Counts with CodeCarbon's offline tracker in machine mode.

    Parameters
    ----------
    gpu_index
        NVML index of the one GPU to count, or None for a run on the CPU, which counts no GPU.
    """

    def __init__(self, gpu_index: int | None) -> None:
        self._gpu_index = gpu_index
        self._tracker: Any = None
        self._last: Any = None
        self._lock = threading.Lock()
        self._log = _Collector()

    def start(self) -> None:
        """Start the tracker and check what it will count."""
        # Read before codecarbon is imported: the logger is set up at import.
        os.environ["CODECARBON_LOG_LEVEL"] = "error"
        try:
            from codecarbon import OfflineEmissionsTracker
        except ImportError as error:
            raise MeterError(
                f"codecarbon cannot be imported ({error}); install it with: pip install 'dcase-energy[measure]'"
            ) from error
        self._log.attach()
        self._tracker = OfflineEmissionsTracker(**self._arguments())
        # The constructor adds a handler that prints and sets its own level.
        self._log.attach()
        self._tracker.start()
        if getattr(self._tracker, "_start_time", None) is None or not getattr(self._tracker, "_hardware", None):
            raise MeterError("CodeCarbon did not start: " + ("; ".join(self._log.take()) or "it gave no reason"))
        self._check_gpu()
        self.read()

    def read(self) -> Reading:
        """Make CodeCarbon measure now and give the energies since the start."""
        with self._lock:
            self._last = None
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
        if self._gpu_index is None:
            found["gpu"] = Method(Obtained.NOT_MEASURED, "the work runs on the CPU; no GPU is counted")
        for hardware in self._tracker._hardware:
            kind = type(hardware).__name__
            if kind == "GPU" and self._gpu_index is not None:
                found["gpu"] = Method(Obtained.COUNTED, f"NVML, GPU {self._gpu_index}")
            elif kind == "CPU":
                found["cpu"] = _cpu_method(hardware)
            elif kind == "RAM":
                found["ram"] = Method(Obtained.ESTIMATED, "constant power by number of memory modules")
        return found

    def settings(self) -> dict[str, str | int | float | bool | None]:
        """Name, version and the settings that can move the figure."""
        import codecarbon

        version: str = codecarbon.__version__
        return {
            "meter": "codecarbon",
            "codecarbon_version": version,
            "tracking_mode": "machine",
            "gpu_index": self._gpu_index,
            "pue": 1.0,
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
            "gpu_ids": [-1 if self._gpu_index is None else self._gpu_index],
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

    def _check_gpu(self) -> None:
        gpus = [hardware for hardware in self._tracker._hardware if type(hardware).__name__ == "GPU"]
        counted = [index for gpu in gpus for index in gpu._get_gpu_ids()]
        expected = [] if self._gpu_index is None else [self._gpu_index]
        if counted != expected:
            self._tracker.stop()
            reason = "; ".join(self._log.take())
            raise MeterError(
                f"CodeCarbon would count GPU {counted or 'none'} instead of {expected or 'none'}"
                + (f" ({reason})" if reason else "; is nvidia-smi on the PATH?")
            )

    def _reading(self) -> Reading:
        data = self._last
        if data is None:
            raise MeterError("CodeCarbon gave no figure: " + ("; ".join(self._log.take()) or "it gave no reason"))
        return Reading(
            time_s=time.monotonic(),
            gpu_kwh=None if self._gpu_index is None else float(data.gpu_energy),
            cpu_kwh=float(data.cpu_energy),
            ram_kwh=float(data.ram_energy),
        )


def _cpu_method(hardware: Any) -> Method:
    mode = hardware._mode
    if mode in {"intel_rapl", "intel_power_gadget", "windows_emi"}:
        return Method(Obtained.COUNTED, {"intel_rapl": "RAPL counters"}.get(mode, mode))
    return Method(Obtained.ESTIMATED, f"{hardware._tdp:g} W nominal power x load of all processes")


class _Handler:
    """Receives CodeCarbon's figures when it is told to flush or stop (duck type of its ``BaseOutput``)."""

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
        # Without a country the carbon intensity is the world's average. We report energy, not carbon.
        if not message.startswith("We do not have data for None"):
            self._messages.append(message)

    def take(self) -> list[str]:
        messages, self._messages = self._messages, []
        return messages
