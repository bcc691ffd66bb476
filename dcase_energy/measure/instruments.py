"""The real instruments: CodeCarbon, the counters beside it and in its place, and the watch over the host."""

from __future__ import annotations

from dcase_energy.errors import MeterError, SessionRunningError
from dcase_energy.measure.codecarbon_meter import CodeCarbonMeter
from dcase_energy.measure.counted_memory import CountedMemory
from dcase_energy.measure.gpu import Gpus, gpu_of_uuid, list_gpus, load_nvml, mps_server, visible_gpus
from dcase_energy.measure.machine import process_rank
from dcase_energy.measure.powercap import limit_w, rapl_memory, rapl_packages
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.sources import direct_counters
from dcase_energy.measure.watch import HostWatch

PERMIT_RAPL = "sudo chmod -R a+r /sys/class/powercap/intel-rapl*/"
PERMIT_RAPL_FOR_GOOD = (
    'echo \'SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chmod a+r /sys%p/energy_uj"\' | '
    "sudo tee /etc/udev/rules.d/70-energy.rules"
)


def instruments_for(gpus: Gpus, *, allow_estimate: bool = False) -> Instruments:
    """Meter, counters and watch for work on some GPUs, or on the CPU alone.

    Parameters
    ----------
    gpus
        From `dcase_energy.measure.gpu`.
    allow_estimate
        Estimate the processor where its counters exist and may not be read.

    Raises
    ------
    MeterError
        If what is there cannot be counted rightly; `code` says which guard refuses.
    """
    refuse_other_ranks()
    packages = rapl_packages()
    if packages and not all(package.readable for package in packages) and not allow_estimate:
        raise MeterError(
            "this processor counts its energy, and only root may read it. The administrator of the "
            f"machine can allow it until the next start with: {PERMIT_RAPL} (it opens a known side channel, "
            "CVE-2020-8694); --allow-estimate continues with an estimate",
            "rapl-permission",
        )
    nvml = load_nvml() if gpus.boards else None
    wraps_s = [package.wrap_s for package in packages if package.readable and package.wrap_s is not None]
    counters, meter = direct_counters(gpus), CodeCarbonMeter(gpus.boards)
    memory = counters.of("ram")
    return Instruments(
        meter=CountedMemory(meter, memory) if memory else meter,
        counters=counters,
        watch=HostWatch(nvml=nvml, indices=gpus.indices),
        about={
            "gpus": [board.facts() for board in gpus.boards],
            "cpu_wrap_s": min(wraps_s, default=None),
            "cpu_limit_w": limit_w(packages),
            "ram_limit_w": limit_w(rapl_memory()) if memory else None,
            "mps": bool(gpus.boards) and mps_server(),
        },
    )


def refuse_other_ranks() -> None:
    """Refuse all processes of a launcher but the first: each would count the whole machine."""
    number = process_rank()
    if number:
        raise SessionRunningError(
            f"this process has local rank {number}; measure in rank 0 alone, or start the launcher "
            "under `dcase-energy measure`"
        )


def unused_gpus() -> list[str]:
    """Names of the boards that work on the processor could see; those hidden by CUDA_VISIBLE_DEVICES are meant so."""
    try:
        return [board.name for board in visible_gpus(list_gpus(load_nvml()))]
    except MeterError:
        return []


def gpus_of_torch(device: str, gpu_uuid: str | None) -> Gpus:
    """The GPU that torch uses; none for the processor.

    Parameters
    ----------
    device
        Type of the device: ``cpu`` or ``cuda``.
    gpu_uuid
        As torch reports it, with its prefix.

    Raises
    ------
    MeterError
        If nothing counts the energy of the device.
    """
    if device == "cpu":
        return Gpus()
    if device != "cuda" or gpu_uuid is None:
        raise MeterError(f"nothing counts the energy of a device of the kind {device!r}", "gpu-mode")
    return Gpus((gpu_of_uuid(list_gpus(load_nvml()), gpu_uuid),))
