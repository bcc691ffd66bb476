"""From the entries of a journal to an energy record of a user's own system. Nothing else goes in."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import JournalError
from dcase_energy.measure.machine import session_header
from dcase_energy.measure.memory import ON_GPU, SESSION, STARTED, highest
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.probe_record import probe_spans, probes_of
from dcase_energy.measure.records import SCHEMA_VERSION, Energy, Repeats, Stage
from dcase_energy.measure.summary import (
    bases_of,
    basis_intervals,
    components,
    estimated_share,
    evidence,
    interval_of_windows,
    net_kwh,
    phases_of,
    repeats_of,
    with_ticks,
)
from dcase_energy.measure.view import JournalView, idle_of, marks_of, meters_of, tick_s_of
from dcase_energy.measure.windows import Span, Window, failed_kwh, failed_repetition, of_phase, windows_of
from dcase_energy.stats import Interval, times
from dcase_energy.text import plural

if TYPE_CHECKING:
    from dcase_energy.measure.entries import EnergyHeader, Entries, HeaderEntry, Methods


def measurement_header(plan: MeasurePlan, command_sha256: str | None, locked: bool) -> dict[str, Any]:
    """The first entry of the journal of a user's own system. The command itself may hold names and is not in it."""
    header = session_header(locked)
    return {
        "schema_version": SCHEMA_VERSION,
        **header,
        **plan.header(),
        "command_sha256": command_sha256,
        "software": {**header["software"], "python": platform.python_version()},
    }


def energy_of(entries: Entries) -> Energy:
    """Compute an energy record from its journal. It may hold no stage: then ``failure`` says why.

    Raises
    ------
    JournalError
        If it is not the journal of such a measurement.
    """
    header = entries[0] if entries else None
    if header is None or "entry" not in header or header["entry"] != "energy":
        raise JournalError("not the journal of a measured command or block")
    end, windows = last_finish(entries), executed_windows(entries)
    meters = meters_of(entries)
    name, stages, repeats = header["stage"], dict[Any, Stage](), dict[Any, Repeats]()
    if windows and meters:
        stages[name] = _stage(header, windows, meters[-1]["methods"], entries)
    if windows:
        repeats[name] = repeats_of_windows(windows)
    view = view_of_commands(header, entries, stages, repeats)
    return Energy(
        **evidence(view),
        stage=name,
        stages=stages,
        scope=header["scope"],
        command_sha256=header["command_sha256"],
        exit_code=end.get("exit_code"),
        executions=sum(w.payload["executions"] for w in windows),
        repeats=repeats,
        repeat_failure=failed_repetition(entries),
        probes=probes_of(entries, probe_spans(entries)),
        calibration_digest=header.get("probing", {}).get("calibration_digest"),
        failure=view.failure,
    ).seal()


def last_finish(entries: Entries) -> Mapping[str, Any]:
    """How the commands of a session ended; empty where nothing says so."""
    found = [entry for entry in entries if entry["entry"] == "finish"]
    return found[-1] if found else {}


def executed_windows(entries: Entries) -> list[Window]:
    """The windows that hold executions of a command, in order."""
    return [w for w in of_phase(windows_of(entries), "window") if w.payload["executions"] > 0]


def repeats_of_windows(windows: Sequence[Window]) -> Repeats:
    """Energy and CPU seconds of one execution, window by window."""
    own_cpu_s = [None if w.own_cpu_s is None else w.own_cpu_s / w.payload["executions"] for w in windows]
    return repeats_of([w.energy_kwh / w.payload["executions"] for w in windows], own_cpu_s)


def view_of_commands(
    header: HeaderEntry,
    entries: Entries,
    stages: Mapping[str, Stage],
    repeats: Mapping[str, Repeats],
) -> JournalView:
    """The journal of a session that executed commands, as guards and records look at it."""
    end = last_finish(entries)
    return JournalView(
        header,
        entries,
        stages,
        bool(end.get("complete")) and bool(stages),
        repeats=repeats,
        failure=end.get("failure"),
        exit_reason=_reason(end, entries),
        stages_kwh=math.fsum(window.energy_kwh for window in executed_windows(entries)),
        failed_kwh=failed_kwh(entries),
        probes_kwh=math.fsum(span.energy_kwh for span in probe_spans(entries)),
    )


def _reason(end: Mapping[str, Any], entries: Entries) -> str | None:
    if not end:
        begun = any(entry["phase"] == "window" for entry in marks_of(entries))
        return f"the session was cut off{': nothing says how it ended' if begun else ' before the work began'}"
    if end.get("failure") is not None:
        return "the measurement failed"
    if end.get("signal"):
        return f"the command was interrupted by {end['signal']}"
    return f"the command ended with exit code {end['exit_code']}" if end.get("exit_code") else None


def _stage(header: EnergyHeader, windows: Sequence[Window], methods: Methods, entries: Entries) -> Stage:
    """All windows together; the energy of the stage is that of one execution."""
    executions = sum(window.payload["executions"] for window in windows)
    whole = Span(tuple(windows))
    per_execution = [window.energy_kwh / window.payload["executions"] for window in windows]
    bounds = interval_of_windows(per_execution)
    work = "one execution"
    if executions > 1:
        work = f"mean of {executions} executions in {plural(len(windows), 'window')}"
    inner = [window for window in windows_of(entries) if window.phase != "window"]

    def share(name: str) -> float | None:
        return times(whole.component_kwh(name), 1 / executions)

    def interval_of(value: Callable[[Window | Span], float | None]) -> Interval | None:
        known = [times(value(window), 1 / window.payload["executions"]) for window in windows]
        return None if None in known else interval_of_windows([one for one in known if one is not None])

    parts = components(methods, share, share)
    energy_kwh, duration_s = whole.energy_kwh / executions, whole.duration_s / executions
    return Stage(
        work=work,
        scope=header["scope"] or None,
        bases=bases_of(methods, whole.own_cpu_s),
        energy_kwh=energy_kwh,
        energy_interval=bounds,
        net_energy_kwh=net_kwh(parts, duration_s, idle_of(entries)),
        estimated_share=estimated_share(parts),
        full_recipe_energy_kwh=energy_kwh,
        full_recipe_energy_interval=bounds,
        basis_intervals=basis_intervals(methods, interval_of),
        epochs=0,
        steps=0,
        clips=0,
        duration_s=whole.duration_s,
        full_recipe_duration_s=duration_s,
        own_cpu_s=whole.own_cpu_s,
        full_recipe_own_cpu_s=times(whole.own_cpu_s, 1 / executions),
        components=parts,
        phases=with_ticks(phases_of([*windows, *inner]), tick_s_of(entries)),
        **_memory(header, windows, entries),
    )


def _memory(header: EnergyHeader, windows: Sequence[Window], entries: Entries) -> dict[str, Any]:
    """The most memory that was seen; a block runs in the session's own process, a command is started by it."""
    own = [SESSION] if header["command_sha256"] is None else []
    return {
        "memory_bytes": highest(entries, windows, *own, STARTED),
        "gpu_memory_bytes": highest(entries, windows, ON_GPU),
    }
