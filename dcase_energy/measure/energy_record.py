"""From the entries of a journal to an energy record of a user's own system. Nothing else goes in."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from dcase_energy.errors import JournalError
from dcase_energy.measure.evidence import (
    Outcome,
    bases_of,
    components,
    estimated_share,
    evidence,
    idle_of,
    interval_of_runs,
    net_kwh,
    of_kind,
    parts_only,
    phases_of,
    repeats_of,
)
from dcase_energy.measure.machine import session_header
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.records import SCHEMA_VERSION, Energy, Stage
from dcase_energy.measure.windows import Window, failed_kwh, failed_repetition, of_phase, windows_of


def header_of(plan: MeasurePlan, command_sha256: str | None, locked: bool) -> dict[str, Any]:
    """The first entry of the journal of a user's own system. The command itself may hold names and is not in it."""
    header = session_header(locked)
    return {
        "schema_version": SCHEMA_VERSION,
        **header,
        **plan.header(),
        "command_sha256": command_sha256,
        "software": {**header["software"], "python": platform.python_version()},
    }


def energy_of(entries: Sequence[dict[str, Any]]) -> Energy:
    """Compute an energy record from its journal. It may hold no stage: then ``failure`` says why.

    Raises
    ------
    JournalError
        If it is not the journal of such a measurement.
    """
    header = entries[0] if entries else {}
    if header.get("entry") != "energy":
        raise JournalError("not the journal of a measured command or block")
    ends = of_kind(entries, "finish")
    end: Mapping[str, Any] = ends[-1] if ends else {"complete": False, "failure": None, "exit_code": None}
    windows = [w for w in of_phase(windows_of(entries), "window") if w.payload["executions"] > 0]
    meters = of_kind(entries, "meter")
    stage = _stage(windows, meters[-1]["methods"], entries) if windows and meters else None
    stages = {header["stage"]: stage} if stage is not None else {}
    per_execution = [w.energy_kwh / w.payload["executions"] for w in windows]
    own_cpu_s = [_per_execution(window) for window in windows]
    repeats = {header["stage"]: repeats_of(per_execution, own_cpu_s)} if per_execution else {}
    failure = end.get("failure")
    code = end.get("exit_code")
    complete = bool(end["complete"]) and stage is not None
    outcome = Outcome(
        stages,
        complete,
        repeats=repeats,
        failure=failure,
        exit_reason=_reason(end, ends),
        stages_kwh=math.fsum(window.energy_kwh for window in windows),
        failed_kwh=failed_kwh(entries),
    )
    return Energy(
        **evidence(header, entries, outcome),
        stage=header["stage"],
        stages=stages,
        scope=header["scope"],
        command_sha256=header["command_sha256"],
        exit_code=code,
        executions=sum(w.payload["executions"] for w in windows),
        repeats=repeats,
        repeat_failure=failed_repetition(entries),
        failure=failure,
    ).seal()


def _per_execution(window: Window) -> float | None:
    return None if window.own_cpu_s is None else window.own_cpu_s / int(window.payload["executions"])


def _reason(end: Mapping[str, Any], ends: Sequence[Mapping[str, Any]]) -> str | None:
    if end.get("failure") is not None:
        return "the measurement failed"
    if not ends:
        return "the session was cut off: nothing says how it ended"
    if end.get("signal"):
        return f"the command was interrupted by {end['signal']}"
    if end.get("exit_code"):
        return f"the command ended with exit code {end['exit_code']}"
    return None


def _stage(windows: Sequence[Window], methods: Mapping[str, Any], entries: Sequence[dict[str, Any]]) -> Stage:
    """All windows together; the energy of the stage is that of one execution."""
    executions = sum(window.payload["executions"] for window in windows)
    whole = parts_only(windows)
    found = components(whole, 1 / executions, methods)
    per_execution = [window.energy_kwh / window.payload["executions"] for window in windows]
    bounds = interval_of_runs(per_execution, "mean-of-windows")
    work = "one execution"
    if executions > 1:
        work = f"mean of {executions} executions in {len(windows)} window{'s' * (len(windows) > 1)}"
    inner = [window for window in windows_of(entries) if window.phase != "window"]
    measured = {name: one.model_copy(update={"energy_kwh": one.full_recipe_energy_kwh}) for name, one in found.items()}
    net = net_kwh(found, whole.duration_s, idle_of(entries))
    energy_kwh = whole.energy_kwh / executions
    return Stage(
        work=work,
        bases=bases_of(methods, whole.own_cpu_s),
        energy_kwh=energy_kwh,
        energy_interval=bounds,
        net_energy_kwh=None if net is None else net / executions,
        estimated_share=estimated_share(found),
        full_recipe_energy_kwh=energy_kwh,
        full_recipe_energy_interval=bounds,
        epochs=0,
        steps=0,
        clips=0,
        duration_s=whole.duration_s,
        full_recipe_duration_s=whole.duration_s / executions,
        own_cpu_s=whole.own_cpu_s,
        full_recipe_own_cpu_s=None if whole.own_cpu_s is None else whole.own_cpu_s / executions,
        components=measured,
        phases=phases_of([*windows, *inner]),
    )
