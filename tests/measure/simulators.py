"""Simulated hardware: a powercap tree, an NVML module, a /proc. No time passes but what `advance` says.

What the tracker makes of them is real: CodeCarbon runs unchanged on top.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace


class PowercapTree:
    """Counters that wrap, as files: of processor packages, and what else such a tree may hold.

    A domain whose counter only root may read has a folder in the file's place: reading fails for anybody.

    Parameters
    ----------
    watts
        Of each package.
    limits_w
        Power limits of a package: the long-term one first.
    dram_w
        Of the memory of each package; no such domains if empty.
    dies
        Dies of each package, which all show its counter.
    mmio
        What the second interface to the same packages counts, over what the first one does; None: there is none.
    """

    def __init__(
        self,
        root: Path,
        watts: list[float],
        range_j: float = 262_143.328850,
        *,
        readable: bool = True,
        limits_w: tuple[float, ...] = (250.0,),
        dram_w: tuple[float, ...] = (),
        dies: int = 1,
        mmio: float | None = None,
    ) -> None:
        self.root, self.readable, self.range_uj = root, readable, round(range_j * 1e6)
        self._powers: dict[Path, float] = {}
        self._spent_uj: dict[Path, int] = {}
        for number, power_w in enumerate(watts):
            for die in range(dies):
                name = f"package-{number}" if dies == 1 else f"package-{number}-die-{die}"
                self._domain(self.folder(number * dies + die), name, power_w, number, limits_w)
            if dram_w:
                self._domain(
                    self.folder(number) / f"intel-rapl:{number}:0", "dram", dram_w[number], 7 + number, (40.0,)
                )
            if mmio is not None:
                folder = root / "intel-rapl-mmio" / f"intel-rapl-mmio:{number}"
                self._domain(folder, f"package-{number}", power_w * mmio, 50 + number, limits_w)
        self.advance(0.0)

    def _domain(self, folder: Path, name: str, power_w: float, start: int, limits_w: tuple[float, ...]) -> None:
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{self.range_uj}\n")
        for number, limit_w in enumerate(limits_w):
            (folder / f"constraint_{number}_power_limit_uw").write_text(f"{round(limit_w * 1e6)}\n")
        if not self.readable:
            (folder / "energy_uj").mkdir()
        self._powers[folder], self._spent_uj[folder] = power_w, 123_456_789 * (start + 1) % self.range_uj

    def folder(self, number: int) -> Path:
        return self.root / "intel-rapl" / f"intel-rapl:{number}"

    def advance(self, seconds: float) -> None:
        for folder, power_w in self._powers.items():
            self._spent_uj[folder] += round(power_w * seconds * 1e6)
            if self.readable:
                (folder / "energy_uj").write_text(f"{self._spent_uj[folder] % self.range_uj}\n")


@dataclass
class Board:
    """One GPU of `FakeNvml`."""

    watts: float
    name: str = "Simulated GPU"
    counter: bool = True
    mig: bool = False
    virtualization: int = 0
    energy_mj: float = 5e9
    pids: list[int] = field(default_factory=list)
    graphics: list[int] = field(default_factory=list)
    used_by: dict[int, int] | None = None  # per cent of its time by process; None: it does not count by process
    temperature_c: int = 30
    clock_reasons: int = 0


class NVMLError(Exception):
    """As pynvml raises it."""


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818 - pynvml's name
    """As pynvml raises it."""


class FakeNvml:
    """The functions of ``pynvml`` that CodeCarbon and we call; handles are indices."""

    NVMLError = NVMLError
    NVMLError_NotSupported = NVMLError_NotSupported
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *boards: Board) -> None:
        self.boards = list(boards)

    def advance(self, seconds: float) -> None:
        for board in self.boards:
            board.energy_mj += board.watts * seconds * 1e3

    def reset_counters(self) -> None:
        for board in self.boards:
            board.energy_mj = 0.0

    def uuid(self, index: int) -> str:
        return f"GPU-aaaaaaa{index}-0000-0000-0000-00000000000{index}"

    def nvmlInit(self) -> None:  # noqa: N802
        pass

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.boards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:  # noqa: N802
        if not self.boards[handle].counter:
            raise NVMLError_NotSupported("Not Supported")
        return int(self.boards[handle].energy_mj)

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return self.boards[handle].name

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return self.uuid(handle)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=10, free=10, used=0)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:  # noqa: N802
        return self.boards[handle].temperature_c

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: int) -> int:  # noqa: N802
        return self.boards[handle].clock_reasons

    def nvmlDeviceGetProcessUtilization(self, handle: int, since: int) -> list[SimpleNamespace]:  # noqa: N802
        used_by = self.boards[handle].used_by
        if used_by is None:
            raise NVMLError_NotSupported("Not Supported")
        return [SimpleNamespace(pid=pid, smUtil=percent, timeStamp=1) for pid, percent in used_by.items()]

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        return int(self.boards[handle].watts * 1000)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: int) -> int:  # noqa: N802
        return 400_000

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=50)

    def nvmlDeviceGetComputeMode(self, handle: int) -> int:  # noqa: N802
        return 0

    def nvmlDeviceGetMigMode(self, handle: int) -> list[int]:  # noqa: N802
        return [int(self.boards[handle].mig)] * 2

    def nvmlDeviceGetVirtualizationMode(self, handle: int) -> int:  # noqa: N802
        return self.boards[handle].virtualization

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[SimpleNamespace]:  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=1) for pid in self.boards[handle].pids]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: int) -> list[SimpleNamespace]:  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=1) for pid in self.boards[handle].graphics]


class FakeProc:
    """A /proc with processes whose CPU time the test sets."""

    TICKS = os.sysconf("SC_CLK_TCK")

    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine(0.0)

    def machine(self, busy_s: float) -> None:
        """CPU seconds all processes used so far."""
        self.root.mkdir(exist_ok=True)
        (self.root / "stat").write_text(f"cpu  {round(busy_s * self.TICKS)} 0 0 999 5 0 0 0 0 0\n")

    def process(self, pid: int, parent: int, cpu_s: float, children_s: float = 0.0, name: str = "python") -> None:
        folder = self.root / str(pid)
        folder.mkdir(exist_ok=True)
        ticks, of_children = round(cpu_s * self.TICKS), round(children_s * self.TICKS)
        before = f"{pid} ({name} :) x) S {parent} 1 1 0 -1 0 0 0 0 0 {ticks} 0 {of_children} 0 20 0 1 0 {pid * 7}"
        (folder / "stat").write_text(before + " 0 0\n")
        (folder / "comm").write_text(name + "\n")

    def end(self, pid: int) -> None:
        for path in (self.root / str(pid)).iterdir():
            path.unlink()
        (self.root / str(pid)).rmdir()


def install_nvml(monkeypatch, nvml: FakeNvml | None, *, smi: bool = True) -> None:
    """Put a simulated NVML where CodeCarbon and we look for one; None: no driver."""
    import sys

    import codecarbon.core.gpu as gpu
    import codecarbon.core.gpu_nvidia as gpu_nvidia

    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    for module in (gpu, gpu_nvidia):
        monkeypatch.setattr(module, "pynvml", nvml)
        monkeypatch.setattr(module, "PYNVML_AVAILABLE", nvml is not None)
        monkeypatch.setattr(module, "is_nvidia_system", lambda: smi and nvml is not None)


def install_powercap(monkeypatch, tree: PowercapTree | None, empty: Path) -> None:
    """Put a simulated powercap tree where CodeCarbon and we look for one; None: no counters."""
    import codecarbon.core.cpu as cpu
    import codecarbon.external.hardware as hardware

    root = empty if tree is None else tree.root
    monkeypatch.setenv("DCASE_ENERGY_POWERCAP", str(root))
    folder = str(root / "intel-rapl")
    monkeypatch.setattr(cpu, "is_rapl_available", lambda *a, **k: tree is not None and tree.readable)
    original = hardware.CPU.__init__

    def init(self, *args, **kwargs):
        kwargs["rapl_dir"] = folder
        original(self, *args, **kwargs)

    monkeypatch.setattr(hardware.CPU, "__init__", init)
