"""Editions of version 1.0, which knew two scores and two stages by name, as tables of version 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dcase_energy.editions.parts import stated_field

_SCORES = ("psds1", "psds2")
_PSDS = {"metric": "psds", "unit": "fraction", "energy_weighted": True}
_TOLERANCES = ({"dtc": 0.7, "gtc": 0.7, "alpha_ct": 0.0}, {"dtc": 0.1, "gtc": 0.1, "alpha_ct": 0.5})
_OPTIONS = [{"cttc": 0.3, "alpha_st": 1.0, "e_max": 100.0, **tolerances} for tolerances in _TOLERANCES]
# What the program knew of scores where a file had a field for them.
_KNOWN: dict[str, dict[str, Any]] = {
    "psds1": {"title": "PSDS1", "options": _OPTIONS[0], **_PSDS},
    "psds2": {"title": "PSDS2", "options": _OPTIONS[1], **_PSDS},
    "collar_f1": {"title": "Collar-based F1", "metric": "collar_f1", "unit": "fraction"},
    "intersection_f1": {"title": "Intersection-based F1", "metric": "intersection_f1", "unit": "fraction"},
}
_STAGES = ("training", "test")
_MOVED = {
    "clips": ("outputs", "clips"),
    "runs": ("outputs", "runs"),
    "unprocessed": ("outputs", "unprocessed"),
    "recipe": ("baseline", "recipe"),
    "execution_path": ("baseline", "execution_path"),
}


def converted(table: dict[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """A file's table in version 2.0, key by key: a file that builds on another need not state its version."""
    table = dict(table)
    if table.get("schema_version") == "1.0":
        table["schema_version"] = "2.0"
        for stage in _STAGES:
            _add(table, "stages", stage, {"title": stage.capitalize(), "components": stage == _STAGES[0]})
        _add(table, "stages", _STAGES[1], {"scope": ["inference", "scoring"]})
    for key, (part, name) in _MOVED.items():
        if key in table:
            table[part] = {**table.get(part, {}), name: table.pop(key)}
    for key, convert in (("energy_weighted", _weights), ("normalisation", _baselines), ("ranking", _references)):
        if isinstance(table.get(key), dict):
            convert(table)
    if isinstance(table.get("plausible"), dict):
        table["plausible"] = _plausible(table["plausible"])
    if isinstance(table.get("fields"), dict):
        _stated(table, base)
    return table


def _stated(table: dict[str, Any], base: Mapping[str, Any]) -> None:
    """Fields of scores become scores with the key paths that state them."""
    fields, known = dict(table["fields"]), base.get("scores", {})
    for score in _KNOWN:
        field = fields.get(name := stated_field(score))
        if isinstance(field, dict) and "paths" in field:
            fields[name] = {key: one for key, one in field.items() if key not in {"paths", "kind"}}
            _add(table, "scores", score, {**({} if score in known else _KNOWN[score]), "stated": field["paths"]})
    table["fields"] = fields
    if set(_SCORES) <= set(table.get("scores", {})) and not set(_SCORES) & set(known):
        _add(table, "scores", "intersection_f1", _KNOWN["intersection_f1"])
        table.setdefault("ranking", {"kind": "ratio_mean", "terms": [{"score": score} for score in _SCORES]})


def _add(table: dict[str, Any], part: str, name: str, values: dict[str, Any]) -> None:
    known = table.get(part, {})
    table[part] = {**known, name: {**known.get(name, {}), **values}}


def _weights(table: dict[str, Any]) -> None:
    weights = table.pop("energy_weighted")
    if others := {key: one for key, one in weights.items() if key not in {f"{stage}_kwh" for stage in _STAGES}}:
        table["energy_weighted"] = others
    for stage in _STAGES:
        if f"{stage}_kwh" in weights:
            _add(table, "stages", stage, {"reference_kwh": weights[f"{stage}_kwh"]})


def _baselines(table: dict[str, Any]) -> None:
    """Editions of ratios had a baseline figure for each stage, others one for both."""
    kind = table["normalisation"].get("kind")
    for stage in _STAGES if kind is not None else ():
        baseline = f"energy_baseline_{stage}_kwh" if kind == "ratio" else "energy_baseline_kwh"
        _add(table, "stages", stage, {"baseline": baseline})


def _references(table: dict[str, Any]) -> None:
    """Where a file named a score, systems were ranked by it alone."""
    references = {score: table["ranking"].get(f"{score}_reference") for score in _SCORES}
    if all(value is None for value in references.values()) or "terms" in table["ranking"]:
        return
    others = {key: one for key, one in table["ranking"].items() if key.removesuffix("_reference") not in _SCORES}
    terms = [{"score": score, "reference": 1.0 if one is None else one} for score, one in references.items()]
    table["ranking"] = {**others, "kind": "ratio_mean", "terms": terms}
    if table.get("scores"):
        del table["ranking"]


def _plausible(plausible: dict[str, Any]) -> dict[str, Any]:
    plausible = dict(plausible)
    figures = {stage: plausible.pop(f"readme_{stage}_kwh") for stage in _STAGES if f"readme_{stage}_kwh" in plausible}
    if figures:
        plausible["readme_kwh"] = {**plausible.get("readme_kwh", {}), **figures}
    first, second = _STAGES
    if "training_over_test" in plausible:
        plausible["stage_ratios"] = {first: {second: plausible.pop("training_over_test")}}
    return plausible
