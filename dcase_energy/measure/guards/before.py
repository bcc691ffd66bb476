"""Guards that look at what stood before the work began."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dcase_energy.measure.guards.model import Limits, graded, guard, invalid, ok, warn
from dcase_energy.measure.meter import COMPONENTS, Obtained
from dcase_energy.measure.record_parts import Guard
from dcase_energy.measure.view import JournalView
from dcase_energy.measure.watch import foreign_cpu_s
from dcase_energy.text import plural

# codecarbon >=3.3.2,<3.4: older ones lose GPUs and counters, and any other version counts otherwise by up to 2x.
VERSION_FROM, VERSION_BELOW = (3, 3, 2), (3, 4)


@guard(
    1,
    "tracker-version",
    "before",
    "CodeCarbon is 3.3.2 or a later 3.3",
    "for the same work, versions of CodeCarbon differ by a factor of two",
    fix="install the right version with `pip install 'dcase-energy[measure]'`, and use the same version "
    "for baseline and system",
)
def _tracker_version(view: JournalView) -> Iterator[Guard]:
    version = view.settings.get("codecarbon_version")
    if version is None:
        return
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(version))[:3])
    if VERSION_FROM <= numbers < VERSION_BELOW:
        yield ok(str(version), f"CodeCarbon {version}")
    else:
        yield invalid(str(version), f"CodeCarbon {version}; 3.3.2 or a later 3.3 is needed, others differ up to 2x")


@guard(
    2,
    "tracker-config",
    "before",
    "hidden settings of CodeCarbon are overruled and listed",
    "in tests, hidden settings changed the energy by factors from 0.07 to 36",
    fix="no action is needed; to avoid the warning, remove them from the environment and from .codecarbon.config",
)
def _tracker_config(view: JournalView) -> Iterator[Guard]:
    hidden = view.header.get("hidden_settings", [])
    names = "; ".join(f"{one['key']} ({one['source']})" for one in hidden)
    if hidden:
        yield warn(len(hidden), f"hidden settings found and overruled: {names}")
    else:
        yield ok(0, "no hidden setting of CodeCarbon")


@guard(
    3,
    "tracker-started",
    "before",
    "a failed measurement is never recorded as zero",
    "CodeCarbon logs a failure and continues",
    fix="run `dcase-energy doctor` on this machine: it shows which component gives no figure, and why",
)
def _tracker_started(view: JournalView) -> Iterator[Guard]:
    if view.failure is not None:
        code = view.failure.partition(":")[0]
        yield invalid(None, f"no figure: see {code}") if code != "interrupted" else ok(None, "the tracker was ready")
    elif not view.meters:
        yield invalid(None, "no meter was started")
    for name, stage in () if view.failure is not None else view.stages.items():
        zero = [
            component
            for component, energy in stage.components.items()
            if energy.method is not Obtained.NOT_MEASURED and not energy.energy_kwh
        ]
        if zero:
            yield invalid(", ".join(zero), f"{name}: {', '.join(zero)} gave 0 kWh although measured")
        else:
            yield ok(None, f"{name}: every measured component gave a figure")


@guard(
    4,
    "backend-tier",
    "before",
    "each component is marked as measured or estimated",
    "an estimate is time multiplied by a constant, which must be the same for system and baseline",
    limits={"constants": 0.001, "constants_of_1_0": 0.05},
    fix="make the counters readable (`dcase-energy doctor` shows how); an estimate is only divided by an estimate",
)
def _backend_tier(view: JournalView, limits: Limits) -> Iterator[Guard]:  # noqa: ARG001
    estimated = [name for name in COMPONENTS if name != "ram" and view.obtained(name) == Obtained.ESTIMATED]
    if estimated:
        names = ", ".join(estimated)
        yield warn(view.tier.value, f"{view.tier}: {names} estimated by a model, no sensor is read")
    else:
        yield ok(view.tier.value, f"{view.tier}: devices read by sensors")


@guard(
    5,
    "rapl-permission",
    "before",
    "energy counters of the processor are read where they exist",
    "on Linux only root may read them since 2020",
    fix="ask the administrator to make the counters readable, or use --allow-estimate for both baseline and system",
)
def _rapl_permission(view: JournalView) -> Iterator[Guard]:
    packages, readable = view.host.get("rapl_packages"), view.host.get("rapl_readable")
    if not packages:
        yield ok(packages, "no RAPL counter on this machine")
    elif readable < packages and view.obtained("cpu") == Obtained.COUNTED:
        yield invalid(readable, f"only {readable} of {packages} RAPL counters were read, the others may not be")
    elif readable < packages:
        yield warn(readable, f"{packages - readable} of {packages} RAPL counters may not be read; estimated by choice")
    elif (sockets := view.host.get("sockets")) and packages < sockets:
        yield invalid(packages, f"{packages} RAPL counters for {sockets} processors")
    else:
        yield ok(readable, f"{readable} of {packages} RAPL counters can be read")


@guard(
    6,
    "gpu-identity",
    "before",
    "the GPU that is counted is the GPU that does the work",
    "CodeCarbon counted GPUs named by UUID as zero, and a different GPU when they were named by number",
    fix="name the GPU the work uses (`measure --gpu`, `calibrate --device`) and let the work use no other; "
    "install a torch that sees the GPU, or say --device cpu",
)
def _gpu_identity(view: JournalView) -> Iterator[Guard]:
    boards = view.gpus
    if not boards:
        if view.obtained("gpu") == Obtained.COUNTED and "gpus" in view.about:
            yield invalid(0, "GPU energy was counted although the work uses no GPU")
        elif left := view.about.get("unused_gpus"):
            names = ", ".join(left)
            yield warn(len(left), f"the work ran on the processor although there is {names}, which torch does not see")
        else:
            yield ok(0, "no GPU is used or counted")
        return
    elsewhere = max((e["sample"].get("gpu_own_elsewhere", 0) for s in view.samples for e in s), default=0)
    indices = ", ".join(str(board["index"]) for board in boards)
    if elsewhere:
        yield invalid(elsewhere, f"GPU {indices} was counted, and the work also ran on another GPU")
    else:
        yield ok(indices, f"GPU {indices} counted, checked by UUID after the start")


@guard(
    7,
    "gpu-mode",
    "before",
    "whole GPUs with an energy counter are measured",
    "parts of a GPU (MIG, vGPU) have no separate counter",
    fix="measure on a whole GPU: no MIG, no vGPU, no multi-process server (echo quit | nvidia-cuda-mps-control)",
)
def _gpu_mode(view: JournalView) -> Iterator[Guard]:
    boards = view.gpus
    if not boards:
        return
    if any(board.get("mig") or board.get("virtual") for board in boards):
        yield invalid("shared", "a counted GPU is cut into instances or a share of a board")
    elif view.about.get("mps"):
        yield invalid("mps", "a multi-process server (MPS) runs: whose work the GPU does is not known")
    elif not all(board.get("counter") for board in boards):
        yield warn("power", "the GPU has no energy counter; power readings once a second are averaged")
    else:
        yield ok("whole", "whole GPUs with energy counters")


@guard(
    8,
    "gpu-exclusive",
    "before",
    "no other process uses the GPU",
    "a counter cannot separate the processes on a GPU",
    fix="measure again while no other process uses the GPU; start a container with --pid=host, so that "
    "other processes are visible",
)
def _gpu_exclusive(view: JournalView) -> Iterator[Guard]:
    samples = [entry["sample"] for segment in view.samples for entry in segment if "gpu_foreign" in entry["sample"]]
    if not samples:
        return
    foreign = max(sample["gpu_foreign"] for sample in samples)
    own = max(sample["gpu_own"] for sample in samples)
    graphics = max(sample.get("gpu_graphics", 0) for sample in samples)
    if graphics:
        shares = [sample.get("gpu_graphics_utilisation") for sample in samples if sample.get("gpu_graphics")]
        yield warn(graphics, graphics_text(graphics, max((one for one in shares if one is not None), default=None)))
    if foreign and own:
        yield invalid(foreign, f"{foreign} other process{'es' * (foreign > 1)} used the GPU")
    elif foreign:
        yield warn(
            foreign,
            f"{foreign} process{'es' * (foreign > 1)} on the GPU, none known as ours: in a container start it with "
            "--pid=host, or no one can distinguish them",
        )
    elif not own:
        yield warn(0, "the driver shows no process on the GPU, not even ours: others would not be seen")
    elif not graphics:
        yield ok(0, "no other process on the GPU")


def graphics_text(count: int, share: float | None) -> str:
    """Describe other processes that only draw on the GPU, such as a desktop."""
    used = "for a share of its time that is not known" if share is None else f"for at most {share:.0%} of its time"
    return f"{plural(count, 'graphics process', 'graphics processes')} (a desktop) on the GPU, {used}"


@guard(
    9,
    "host-exclusive",
    "before",
    "other programs use little of the processors",
    "in a test, other programs changed the figure by a factor of 2.8",
    limits={"ok_share": 0.05, "warn_share": 0.15, "min_s": 2.0},
    fix="measure while nothing else runs, or ask the scheduler for the whole node",
)
def _host_exclusive(view: JournalView, limits: Limits) -> Iterator[Guard]:
    share = _share_of_others(view, limits["min_s"])
    if share is None:
        return
    message = f"other work used {share:.0%} of the processors"
    yield graded(share, limits["ok_share"], limits["warn_share"], message)


def _share_of_others(view: JournalView, min_s: float = 0.0) -> float | None:
    """Busy time of the machine without our own, over all processors' time; None where it is not known.

    A time below ``min_s`` shows nothing: the kernel counts in steps of a hundredth of a second.
    """
    threads = view.header.get("hardware", {}).get("cpu_threads")
    foreign_s, wall_s = 0.0, 0.0
    for segment in view.samples:
        if not segment:
            continue
        first, last = segment[0], segment[-1]
        others_s = foreign_cpu_s(first["sample"], last["sample"])
        if others_s is None or len(segment) < 2:
            continue
        foreign_s += others_s
        wall_s += last["reading"]["time_s"] - first["reading"]["time_s"]
    return foreign_s / (wall_s * threads) if threads and wall_s > min_s else None


@guard(
    10,
    "single-tracker",
    "before",
    "one measurement runs on a host at a time",
    "in distributed training, each process counted the whole node again",
    fix="let the other measurement end first (`--wait-idle 10m` waits for it), end other trackers, and measure in the "
    "first process of a node only",
)
def _single_tracker(view: JournalView) -> Iterator[Guard]:
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


@guard(
    11,
    "idle-baseline",
    "before",
    "idle power is the same before and after",
    "a change of idle power shows that the machine changed its state",
    limits={"drift": 0.10},
    fix="let the machine cool down and become idle, then measure again with --idle 60",
)
def _idle_baseline(view: JournalView, limits: Limits) -> Iterator[Guard]:
    before, after = view.idle.before_w, view.idle.after_w
    if before is None and after is None:
        yield ok(None, "idle power was not measured" if view.tier != "estimated" else "an estimate has no idle power")
        return
    gpu = [None if power is None else power.get("gpu") for power in (before, after)]
    if view.idle.before_gpu_context != view.idle.after_gpu_context and None not in gpu:
        yield ok(None, "idle power stored; only after the work it had a context on the GPU, which raises it")
    elif gpu[0] and gpu[1] is not None:
        drift = abs(gpu[1] - gpu[0]) / gpu[0]
        message = f"idle power of the GPU {gpu[0]:.1f} W before, {gpu[1]:.1f} W after"
        yield (warn if drift > limits["drift"] else ok)(round(drift, 4), message)
    else:
        yield ok(None, "idle power stored")


@guard(
    12,
    "virtualised",
    "before",
    "virtual machines and containers are recorded",
    "in them, load and counters may include the work of other users",
    fix="measure on the machine itself, or give the container access to its counters",
)
def _virtualised(view: JournalView) -> Iterator[Guard]:
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


@guard(
    13,
    "power-state",
    "before",
    "the machine is not on battery; governor and power limits are recorded",
    "power settings change the energy of the same work (MLPerf Inference records them as well)",
    fix="connect the power supply; use the same power limit for baseline and system",
)
def _power_state(view: JournalView) -> Iterator[Guard]:
    if view.host.get("battery"):
        yield warn("battery", "the machine ran on its battery, which slows most processors down")
        return
    governor = view.host.get("governor") or "not known"
    watts = [board.get("limit_w") for board in view.gpus]
    shown = ", ".join("not known" if limit is None else f"{limit:.0f} W" for limit in watts)
    yield ok(governor, f"governor {governor}" + (f"; power limit {shown}" if watts else ""))
