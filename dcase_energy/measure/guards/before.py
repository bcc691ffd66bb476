"""Guards that look at what stood before the work began."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dcase_energy.measure.guards.model import JournalView, Thresholds, graded, invalid, ok, warn
from dcase_energy.measure.meter import COMPONENTS, Obtained
from dcase_energy.measure.records import Guard

# codecarbon >=3.3.2,<3.4: older ones lose GPUs and counters, and any other version counts otherwise by up to 2x.
VERSION_FROM, VERSION_BELOW = (3, 3, 2), (3, 4)


def tracker_version(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """The tracker's figure depends on its version by a factor of two."""
    version = view.settings.get("codecarbon_version")
    if version is None:
        return
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(version))[:3])
    if VERSION_FROM <= numbers < VERSION_BELOW:
        yield ok(str(version), f"CodeCarbon {version}")
    else:
        yield invalid(str(version), f"CodeCarbon {version}; 3.3.2 or a later 3.3 is needed, others differ up to 2x")


def tracker_config(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Settings in hidden places are overruled, and named."""
    hidden = view.header.get("hidden_settings", [])
    if not hidden:
        yield ok(0, "no hidden setting of CodeCarbon")
        return
    names = "; ".join(f"{one['key']} ({one['source']})" for one in hidden)
    yield warn(len(hidden), f"hidden settings found and overruled: {names}")


def tracker_started(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """A failed measurement is never a zero."""
    if view.failure is not None:
        code = view.failure.partition(":")[0]
        yield invalid(None, f"no figure: see {code}") if code != "interrupted" else ok(None, "the tracker was ready")
        return
    if not view.meters:
        yield invalid(None, "no meter was started")
        return
    for name, stage in view.stages.items():
        zero = [
            component
            for component, energy in stage.components.items()
            if energy.method is not Obtained.NOT_MEASURED and not energy.energy_kwh
        ]
        if zero:
            yield invalid(", ".join(zero), f"{name}: {', '.join(zero)} gave 0 kWh although measured")
        else:
            yield ok(None, f"{name}: every measured component gave a figure")


def backend_tier(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Estimates are called estimates."""
    estimated = [name for name in COMPONENTS if name != "ram" and view.obtained(name) == Obtained.ESTIMATED]
    if estimated:
        names = ", ".join(estimated)
        yield warn(view.tier.value, f"{view.tier}: {names} estimated by a model, no sensor is read")
    else:
        yield ok(view.tier.value, f"{view.tier}: devices read by sensors")


def rapl_permission(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Counters that exist and may not be read."""
    packages, readable = view.host.get("rapl_packages"), view.host.get("rapl_readable")
    if not packages:
        yield ok(packages, "no RAPL counter on this machine")
    elif readable < packages:
        yield warn(readable, f"{packages - readable} of {packages} RAPL counters may not be read; estimated by choice")
    elif (sockets := view.host.get("sockets")) and packages < sockets:
        yield invalid(packages, f"{packages} RAPL counters for {sockets} processors")
    else:
        yield ok(readable, f"{readable} of {packages} RAPL counters can be read")


def gpu_identity(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """The GPU counted is the GPU used."""
    boards = view.about.get("gpus", [])
    if not boards:
        if view.obtained("gpu") == Obtained.COUNTED and "gpus" in view.about:
            yield invalid(0, "GPU energy was counted although the work uses no GPU")
        else:
            yield ok(0, "no GPU is used or counted")
        return
    elsewhere = max((e["sample"].get("gpu_own_elsewhere", 0) for s in view.samples for e in s), default=0)
    indices = ", ".join(str(board["index"]) for board in boards)
    if elsewhere:
        yield invalid(elsewhere, f"GPU {indices} was counted, and the work also ran on another GPU")
    else:
        yield ok(indices, f"GPU {indices} counted, checked by UUID after the start")


def gpu_mode(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Parts of a GPU have no counter of their own."""
    boards = view.about.get("gpus", [])
    if not boards:
        return
    if any(board.get("mig") or board.get("virtual") for board in boards):
        yield invalid("shared", "a counted GPU is cut into instances or a share of a board")
    elif view.about.get("mps"):
        yield invalid("mps", "a multi-process server (MPS) runs: whose work the GPU does cannot be told")
    elif not all(board.get("counter") for board in boards):
        yield warn("power", "the GPU has no energy counter; power readings once a second are averaged")
    else:
        yield ok("whole", "whole GPUs with energy counters")


def gpu_exclusive(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Nobody else uses the GPU."""
    samples = [entry["sample"] for segment in view.samples for entry in segment if "gpu_foreign" in entry["sample"]]
    if not samples:
        return
    foreign = max(sample["gpu_foreign"] for sample in samples)
    own = max(sample["gpu_own"] for sample in samples)
    if foreign and own:
        yield invalid(foreign, f"{foreign} other process{'es' * (foreign > 1)} used the GPU")
    elif foreign:
        yield warn(
            foreign,
            f"{foreign} process{'es' * (foreign > 1)} on the GPU, none known as ours: in a container start it with "
            "--pid=host, or nobody can tell them apart",
        )
    elif not own:
        yield warn(0, "the driver shows no process on the GPU, not even ours: others would not be seen")
    else:
        yield ok(0, "no other process on the GPU")


def host_exclusive(view: JournalView, limits: Thresholds) -> Iterator[Guard]:
    """The share of the processors that work which is not ours used."""
    share = foreign_share(view, limits["min_s"])
    if share is None:
        return
    message = f"other work used {share:.0%} of the processors"
    yield graded(share, limits["ok_share"], limits["warn_share"], message)


def foreign_share(view: JournalView, min_s: float = 0.0) -> float | None:
    """Busy time of the machine without our own, over all processors' time; None where it is not known.

    A time below ``min_s`` tells nothing: the kernel counts in steps of a hundredth of a second.
    """
    threads = view.header.get("hardware", {}).get("cpu_threads")
    foreign_s, wall_s = 0.0, 0.0
    for segment in view.samples:
        first, last = (segment[0], segment[-1]) if segment else ({}, {})
        values = [entry.get("sample", {}).get(key) for entry in (first, last) for key in ("cpu_busy_s", "cpu_own_s")]
        if None in values or len(segment) < 2:
            continue
        foreign_s += max(0.0, (values[2] - values[0]) - (values[3] - values[1]))
        wall_s += last["reading"]["time_s"] - first["reading"]["time_s"]
    return foreign_s / (wall_s * threads) if threads and wall_s > min_s else None


def single_tracker(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """One session a host, and no tracker beside it."""
    others = view.host.get("other_trackers")
    rank = view.host.get("rank")
    if rank:
        yield invalid(rank, f"this process has local rank {rank}: only rank 0 may measure, or work is counted twice")
    elif others:
        yield warn(others, f"other trackers run on this machine: {others}")
    elif view.header.get("locked") is False:
        yield warn(False, "this system has no locks: another session could run beside this one")
    else:
        yield ok(None, "the only session on this machine")


def idle_baseline(view: JournalView, limits: Thresholds) -> Iterator[Guard]:
    """Idle power before and after tells whether the machine was in the same state."""
    before, after = view.idle.before_w, view.idle.after_w
    if before is None and after is None:
        yield ok(None, "idle power was not measured" if view.tier != "estimated" else "an estimate has no idle power")
        return
    gpu = [None if power is None else power.get("gpu") for power in (before, after)]
    if gpu[0] and gpu[1] is not None:
        drift = abs(gpu[1] - gpu[0]) / gpu[0]
        message = f"idle power of the GPU {gpu[0]:.1f} W before, {gpu[1]:.1f} W after"
        yield (warn if drift > limits["drift"] else ok)(round(drift, 4), message)
    else:
        yield ok(None, "idle power stored")


def virtualised(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """In a virtual machine load is not the machine's."""
    inside = [
        name
        for name, is_so in (
            ("a virtual machine", view.header.get("hardware", {}).get("virtualised")),
            ("a container", view.host.get("container")),
        )
        if is_so
    ]
    if not inside:
        yield ok(False, "no virtual machine or container seen")
    elif view.obtained("cpu") == Obtained.ESTIMATED:
        yield warn(True, f"in {' and '.join(inside)}: the processor's estimate rests on load that may not be ours")
    else:
        yield ok(True, f"in {' and '.join(inside)}, with working counters")


def power_state(view: JournalView, limits: Thresholds) -> Iterator[Guard]:  # noqa: ARG001
    """Battery, governor and power limits are part of the machine."""
    if view.host.get("battery"):
        yield warn("battery", "the machine ran on its battery, which slows most processors down")
        return
    governor = view.host.get("governor") or "not known"
    watts = [board.get("limit_w") for board in view.about.get("gpus", [])]
    shown = ", ".join("not known" if limit is None else f"{limit:.0f} W" for limit in watts)
    yield ok(governor, f"governor {governor}" + (f"; power limit {shown}" if watts else ""))
