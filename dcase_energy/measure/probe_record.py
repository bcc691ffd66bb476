"""From the entries of a journal to the probes of its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.measure.baseline_parts import Probe, ProbeWork
from dcase_energy.measure.guards import BY_CODE
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.record_parts import Implementation
from dcase_energy.measure.summary import interval_of_mean
from dcase_energy.measure.watch import foreign_cpu_s
from dcase_energy.measure.windows import Span, Window, of_phase, windows_of
from dcase_energy.stats import Mean, sample_mean

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries, MarkEntry, ProbeEntry

# The kinds of windows of a probe, and the unit of work in each.
PROBED = {"training_window": "steps", "validation_window": "clips"}
# Of a baseline that is a command: each execution of its probe is one.
PROBED_COMMAND = {"command_window": "executions"}
PROBE_UNITS = {**PROBED, **PROBED_COMMAND}


def probe_spans(entries: Entries) -> list[Window]:
    """The time of each probe, start and data included; one that was cut off reaches to the last reading.

    A probe beside which other work ran shows what the baseline costs beside that work: it failed. So did one beside
    which the measured program went on working.
    """
    found = []
    for begin in (entry for entry in entries if entry["entry"] == "probe" and entry["edge"] == "begin"):
        number = begin["number"]
        ends = (e for e in entries if e["entry"] == "probe" and e["edge"] == "end" and e["number"] == number)
        end = next(ends, None)
        last = [entry["reading"] for entry in entries if "reading" in entry][-1] if end is None else end["reading"]
        payload = {
            "when": begin["when"],
            "paused": begin["paused"],
            "failure": "the session was cut off while it ran" if end is None else end["failure"],
        }
        cpu_s = begin.get("own_cpu_s"), None if end is None else end.get("own_cpu_s")
        span = Window("probe", number, payload, Reading(**begin["reading"]), Reading(**last), 0, 0, *cpu_s)
        payload["failure"] = payload["failure"] or _disturbance(entries, span) or _own_work(entries, span, end)
        found.append(span)
    return found


def _header(entries: Entries) -> Mapping[str, Any]:
    """The header, whose kind does not matter here."""
    return entries[0]


def _disturbance(entries: Entries, span: Window) -> str | None:
    """How much other work ran on the processors during a probe, if it would make a whole record invalid."""
    limits, threads = BY_CODE["host-exclusive"].limits, _header(entries).get("hardware", {}).get("cpu_threads")
    inside = [
        (entry["reading"]["time_s"], entry["sample"])
        for entry in entries
        if "sample" in entry and entry["sample"] and span.begin.time_s <= entry["reading"]["time_s"] <= span.end.time_s
    ]
    if not inside or not threads or (seconds := inside[-1][0] - inside[0][0]) <= limits["min_s"]:
        return None
    others_s = foreign_cpu_s(inside[0][1], inside[-1][1])
    share = 0.0 if others_s is None else others_s / (seconds * threads)
    return f"other work used {share:.0%} of the processors" if share > limits["warn_share"] else None


def _own_work(entries: Entries, span: Window, end: ProbeEntry | None) -> str | None:
    """How much the measured program worked beside a probe, if other work that did so would spoil it: it must wait."""
    threads = _header(entries).get("hardware", {}).get("cpu_threads")
    probe_s = None if end is None else end.get("probe_cpu_s")
    if not threads or probe_s is None or span.own_cpu_s is None or span.duration_s <= 0:
        return None
    share = (span.own_cpu_s - probe_s) / (span.duration_s * threads)
    if share <= BY_CODE["host-exclusive"].limits["warn_share"]:
        return None
    return f"the measured program used {share:.0%} of the processors beside it"


def probes_of(entries: Entries, spans: Sequence[Window]) -> list[Probe]:
    """The probes of a journal, in order; one that failed or was cut off holds no work."""
    about = _header(entries).get("probing", {})
    first_s = next((entry["reading"]["time_s"] for entry in entries if "reading" in entry), 0.0)
    return [
        Probe(
            begin_s=span.begin.time_s - first_s,
            end_s=span.end.time_s - first_s,
            recipe=about["recipe"],
            recipe_sha256=about["recipe_sha256"],
            implementation=Implementation(**about["implementation"]),
            work=_works(entries, span.epoch) if span.payload["failure"] is None else {},
            **span.payload,
        )
        for span in spans
    ]


def _works(entries: Entries, number: int) -> dict[str, ProbeWork]:
    """The windows of a probe, by kind."""
    marks: list[MarkEntry] = [
        {**e, "entry": "mark"} for e in entries if e["entry"] == "probe_mark" and e["number"] == number
    ]
    windows = windows_of(marks)
    return {phase: _work(rows, unit) for phase, unit in PROBE_UNITS.items() if (rows := of_phase(windows, phase))}


def _work(windows: Sequence[Window], unit: str) -> ProbeWork:
    """All windows of one kind together; the interval is that of their mean, for all of the work."""
    whole, units = Span(tuple(windows)), sum(window.payload[unit] for window in windows)
    mean = sample_mean([window.energy_kwh / window.payload[unit] for window in windows])
    error = None if mean.standard_error is None else mean.standard_error * units
    return ProbeWork(
        units=units,
        windows=len(windows),
        energy_kwh=whole.energy_kwh,
        interval=interval_of_mean(Mean(whole.energy_kwh, error, mean.degrees), "mean-of-windows", len(windows)),
        components=whole.components_kwh,
        duration_s=whole.duration_s,
        own_cpu_s=whole.own_cpu_s,
    )
