"""Records of version 1.0: read into the models of today, and dumped as they were stored.

In 1.0 an interval is two bounds and an English text, and much of what surrounds a measurement is not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

VERSION = "1.0"
_Document = dict[str, Any]

# Stored in records, under their seal: not to be changed with the texts of today (`record_parts`).
_TEXTS = {
    "mean-of-epochs": "mean over epochs (Student's t)",
    "mean-of-windows": "mean of {n} windows (Student's t)",
    "mean-of-runs": "mean of {n} runs (Student's t)",
    "welch-of-windows": "means over windows (Welch; correlation of windows, 1 % systematic)",
}
_FIGURES = ("energy", "full_recipe_energy")
# What 1.0 has no place for.
_LATER = (
    "backends",
    "environment",
    "batch_job",
    "constants_w",
    "counter_ticks",
    "steady_state",
    "recipe_work",
    "measured_work",
    "between_sessions",
    "all_energy",
)
_LATER_THAN_1_0 = {
    "record": (*_LATER, "repeat_failure", "probes", "calibration_digest", "scoring", "workload", "command_probes"),
    "stage": (
        *("scope", "bases", "within_session_interval", "full_recipe_energy_kwh_median", "basis_intervals"),
        *("own_cpu_s", "full_recipe_own_cpu_s", "energy_interval", "full_recipe_energy_interval"),
        *("memory_bytes", "gpu_memory_bytes"),
    ),
    "phase": ("steps", "clips", "own_cpu_s", "ticks", "components"),
    "repeats": ("values_own_cpu_s",),
    "interruption": ("unseen_s",),
    "idle": ("before_gpu_context", "after_gpu_context"),
}


def upgraded(document: Mapping[str, Any]) -> _Document:
    """A stored record of 1.0 in the form of today's models, which judge it; what cannot be read is left to them."""
    stages = document.get("stages")
    if not isinstance(stages, dict):
        return dict(document)
    return {**document, "stages": {n: _upgraded_stage(s) if isinstance(s, dict) else s for n, s in stages.items()}}


def _upgraded_stage(stage: Mapping[str, Any]) -> _Document:
    known = {f"{figure}_kwh_{end}" for figure in _FIGURES for end in ("low", "high")} | {"interval"}
    found = {key: value for key, value in stage.items() if key not in known}
    text = stage.get("interval")
    for figure in _FIGURES:
        low, high = stage.get(f"{figure}_kwh_low"), stage.get(f"{figure}_kwh_high")
        if low is not None and high is not None and isinstance(text, str):
            found[f"{figure}_interval"] = {**_kind_of(text), "low": low, "high": high}
    return found


def _kind_of(text: str) -> _Document:
    """Level, kind and number of values from a text such as ``95 %, mean of 4 windows (Student's t)``."""
    match = re.fullmatch(r"(?P<level>[0-9]+(\.[0-9]+)?) %, (?P<rest>.*)", text)
    if match is None:
        return {"kind": text, "level": None}
    level = float(match["level"]) / 100
    for kind, form in _TEXTS.items():
        pattern = re.escape(form).replace(re.escape("{n}"), r"([0-9]+)")
        if known := re.fullmatch(pattern, match["rest"]):
            return {"kind": kind, "level": level, "n": int(known[1]) if known.groups() else None}
    return {"kind": match["rest"], "level": level}


def stored_form(document: _Document) -> _Document:
    """A record in the form of today's models as 1.0 stores it; the inverse of `upgraded`."""
    found = _without(document, "record")
    found["stages"] = {name: _stored_stage(stage) for name, stage in found["stages"].items()}
    found["repeats"] = {name: _without(one, "repeats") for name, one in found["repeats"].items()}
    found["idle"] = _without(found["idle"], "idle")
    found["interruptions"] = [_without(one, "interruption") for one in found["interruptions"]]
    if "epochs_log" in found:
        found["outside"] = _stored_phases(found["outside"])
        found["epochs_log"] = [{**row, "phases": _stored_phases(row["phases"])} for row in found["epochs_log"]]
    return found


def _stored_stage(stage: _Document) -> _Document:
    found: _Document = {}
    for key, value in _without(stage, "stage").items():
        found[key] = value
        figure = key.removesuffix("_kwh")
        if figure in _FIGURES:
            interval = stage[f"{figure}_interval"] or {"low": None, "high": None}
            found |= {f"{key}_low": interval["low"], f"{key}_high": interval["high"]}
        if figure == _FIGURES[-1]:
            found["interval"] = _text_of(stage[f"{figure}_interval"])
    return {**found, "phases": _stored_phases(stage["phases"])}


def _text_of(interval: _Document | None) -> str | None:
    if interval is None:
        return None
    kind = str(_TEXTS.get(interval["kind"], interval["kind"]))
    return f"{interval['level'] * 100:g} %, " + kind.replace("{n}", str(interval["n"]))


def _stored_phases(phases: Mapping[str, _Document]) -> _Document:
    return {name: _without(phase, "phase") for name, phase in phases.items()}


def _without(document: Mapping[str, Any], what: str) -> _Document:
    return {key: value for key, value in document.items() if key not in _LATER_THAN_1_0[what]}


def first_unknown(document: object, read: object) -> str | None:
    """The first key of a document that what was read from it does not hold, with its place; None if there is none."""
    return next(_unknown(document, read, ""), None)


def _unknown(document: object, read: object, place: str) -> Iterator[str]:
    if isinstance(document, dict) and isinstance(read, dict):
        for key, value in document.items():
            if key not in read:
                yield f"{place}{key}"
            else:
                yield from _unknown(value, read[key], f"{place}{key}.")
    elif isinstance(document, list) and isinstance(read, list):
        for one, other in zip(document, read, strict=False):
            yield from _unknown(one, other, place)
