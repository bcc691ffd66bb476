"""Which GPU is counted: from what the work uses to NVML's index, or a refusal with a code.

CUDA's own numbers follow visibility and, by default, an order of speed; NVML's follow the bus. So a GPU is
known by its UUID, and only NVML's integer is passed to the meter.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dcase_energy.errors import MeterError
from dcase_energy.measure.counters import read_text
from dcase_energy.measure.journal import sha256_text

_PROC = Path("/proc")


@dataclass(frozen=True)
class Gpu:
    """One board as NVML sees it.

    Attributes
    ----------
    index, uuid, name
        NVML's.
    counter
        Whether it has an energy counter.
    mig, virtual
        Whether it is cut into instances, or is itself part of a board.
    limit_w
        Enforced power limit; None where it is not known.
    driver, vbios
        Versions; None where they are not known.
    """

    index: int
    uuid: str
    name: str
    counter: bool
    mig: bool = False
    virtual: bool = False
    limit_w: float | None = None
    driver: str | None = None
    vbios: str | None = None

    @property
    def uuid_sha256(self) -> str:
        """The UUID as records hold it."""
        return hidden_uuid(self.uuid)

    def facts(self) -> dict[str, Any]:
        """What a journal says about it."""
        return {"uuid_sha256": self.uuid_sha256, **{key: value for key, value in asdict(self).items() if key != "uuid"}}


@dataclass(frozen=True)
class Gpus:
    """The GPUs that are counted, and how the work is kept on them."""

    boards: tuple[Gpu, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def indices(self) -> tuple[int, ...]:
        """NVML's indices."""
        return tuple(board.index for board in self.boards)


def hidden_uuid(uuid: str) -> str:
    """Salted hash of a GPU's UUID: equal for equal boards, and the board cannot be looked up."""
    return sha256_text(f"dcase-energy gpu {uuid}")


def load_nvml() -> Any | None:
    """The module ``pynvml``, initialised; None where there is no NVIDIA driver or no module."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except ImportError:
        return None
    except pynvml.NVMLError:
        return None
    return pynvml


def list_gpus(nvml: Any | None) -> list[Gpu]:
    """All boards in NVML's order.

    Raises
    ------
    MeterError
        If the driver cannot list them.
    """
    if nvml is None:
        return []
    try:
        return [_board(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
    except nvml.NVMLError as error:
        raise MeterError(f"the GPUs cannot be listed: {error}", "gpu-identity") from None


def _board(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    limit = ask_nvml(nvml, "nvmlDeviceGetEnforcedPowerLimit", handle)
    mig = ask_nvml(nvml, "nvmlDeviceGetMigMode", handle)
    mode = ask_nvml(nvml, "nvmlDeviceGetVirtualizationMode", handle)
    return Gpu(
        index=index,
        uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
        name=_text(nvml.nvmlDeviceGetName(handle)),
        counter=ask_nvml(nvml, "nvmlDeviceGetTotalEnergyConsumption", handle) is not None,
        mig=bool(mig and mig[0]),
        # NVML_GPU_VIRTUALIZATION_MODE_VGPU: a share of a board. A board passed through whole (1) counts itself.
        virtual=mode == 2,
        limit_w=None if limit is None else limit / 1000,
        driver=ask_nvml(nvml, "nvmlSystemGetDriverVersion"),
        vbios=ask_nvml(nvml, "nvmlDeviceGetVbiosVersion", handle),
    )


def ask_nvml(nvml: Any, function: str, *arguments: Any) -> Any:
    """What NVML answers, bytes as text; None where the driver or the module does not know the question."""
    try:
        return _text(getattr(nvml, function)(*arguments))
    except (AttributeError, nvml.NVMLError):
        return None


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def gpu_of_uuid(boards: Sequence[Gpu], uuid: str) -> Gpu:
    """The board that torch uses, by the UUID that torch reports.

    Raises
    ------
    MeterError
        If NVML does not know it, or it is one whose counter is not that of the work.
    """
    if uuid.startswith("MIG-"):
        raise MeterError("the work runs on a part of a GPU (MIG), which has no energy counter", "gpu-mode")
    for board in boards:
        if board.uuid.casefold() == uuid.casefold():
            return whole(board)
    if not boards:
        raise MeterError(
            "the work runs on a GPU, but NVML shows none; pip install nvidia-ml-py, or use --device cpu", "gpu-identity"
        )
    raise MeterError(
        f"NVML shows {len(boards)} GPUs and the one the work runs on is not among them: on a part of a GPU (MIG) no "
        "energy can be counted",
        "gpu-identity",
    )


def whole(board: Gpu) -> Gpu:
    """The board itself if its counter is that of the work alone.

    Raises
    ------
    MeterError
        If it is shared in a way that no counter can separate.
    """
    if board.mig:
        raise MeterError(
            f"GPU {board.index} ({board.name}) is cut into instances (MIG); its counter is that of all of them. "
            f"`nvidia-smi -i {board.index} -mig 0` makes it one again",
            "gpu-mode",
        )
    if board.virtual:
        raise MeterError(f"GPU {board.index} ({board.name}) is a share of a board (vGPU)", "gpu-mode")
    return board


def mps_server(proc: Path = _PROC) -> bool:
    """Whether a multi-process server runs: its clients' work is mixed on the GPU and cannot be separated."""
    names = (read_text(path) or "" for path in proc.glob("[0-9]*/comm"))
    return any(name.startswith("nvidia-cuda-mps") for name in names)


def visible_gpus(boards: Sequence[Gpu], environment: Mapping[str, str] | None = None) -> list[Gpu]:
    """The boards that CUDA_VISIBLE_DEVICES leaves to a command, in CUDA's order.

    Raises
    ------
    MeterError
        If it names what cannot be identified or counted.
    """
    environment = os.environ if environment is None else environment
    setting = environment.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return list(boards)
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in setting.split(",")):
        board = _visible_one(boards, entry, environment)
        if board is None:  # CUDA ignores everything from the first entry on that names no device
            break
        chosen.append(board)
    return chosen


def _visible_one(boards: Sequence[Gpu], entry: str, environment: Mapping[str, str]) -> Gpu | None:
    if entry.upper().startswith("MIG"):
        raise MeterError(f"CUDA_VISIBLE_DEVICES names a part of a GPU ({entry[:8]}...), not counted", "gpu-mode")
    if entry.upper().startswith("GPU-"):
        matching = [board for board in boards if board.uuid.casefold().startswith(entry.casefold())]
        if len(matching) != 1:
            many = "no GPU" if not matching else f"{len(matching)} GPUs"
            raise MeterError(f"CUDA_VISIBLE_DEVICES: {entry[:12]}... names {many}", "gpu-identity")
        return matching[0]
    if not entry.isdecimal() or int(entry) >= len(boards):
        return None
    alike = len({board.name for board in boards}) == 1
    if not alike and environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        raise MeterError(
            f"CUDA_VISIBLE_DEVICES={entry} counts the GPUs by speed, NVML by their place on the bus, and this machine "
            "has different ones; set CUDA_DEVICE_ORDER=PCI_BUS_ID or name the GPU by its UUID (nvidia-smi -L)",
            "gpu-identity",
        )
    return boards[int(entry)]


def select_gpus(boards: Sequence[Gpu], wanted: str, environment: Mapping[str, str] | None = None) -> Gpus:
    """The GPUs to count for a command, and the variables that keep the command on them.

    Parameters
    ----------
    boards
        From `list_gpus`.
    wanted
        ``auto`` (the visible one), ``all`` visible ones, ``none``, or NVML indices and UUIDs with commas between.
    environment
        Of the command; the process's own if None.

    Raises
    ------
    MeterError
        If a GPU cannot be identified or counted, or ``auto`` would have to choose.
    """
    if wanted == "none":
        return Gpus(environment={"CUDA_VISIBLE_DEVICES": "-1"})
    chosen = (
        visible_gpus(boards, environment)
        if wanted in {"auto", "all"}
        else [_named(boards, n) for n in wanted.split(",")]
    )
    if wanted == "auto" and len(chosen) > 1:
        raise MeterError(
            f"the command could use {len(chosen)} GPUs; name those it uses with --gpu (numbers as in nvidia-smi, or "
            "UUIDs), --gpu all or --gpu none",
            "gpu-identity",
        )
    if len({board.index for board in chosen}) < len(chosen):
        raise MeterError("a GPU is named twice", "gpu-identity")
    return pinned([whole(board) for board in chosen]) if boards else Gpus()


def pinned(boards: Sequence[Gpu]) -> Gpus:
    """The boards with variables that show a command those and no others, in NVML's numbering."""
    indices = ",".join(str(board.index) for board in boards) or "-1"
    return Gpus(tuple(boards), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": indices})


def _named(boards: Sequence[Gpu], name: str) -> Gpu:
    name = name.strip()
    matching = [board for board in boards if name == str(board.index) or board.uuid.casefold() == name.casefold()]
    if len(matching) != 1:
        known = ", ".join(f"{board.index} ({board.name})" for board in boards) or "none"
        raise MeterError(f"--gpu {name!r} names no GPU of this machine; there is: {known}", "gpu-identity")
    return matching[0]
