"""How scores look: text for people, JSON and CSV for programs. Every figure stands beside its conventions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from dcase_energy import __version__
from dcase_energy.cli.terminal import style
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.evaluation import F1_METRICS, METRICS, Figure
from dcase_energy.scoring.outputs import KIND_NAMES, Scored
from dcase_energy.scoring.resampling import SampledInterval
from dcase_energy.scoring.system import Estimate, SystemFigures, differences
from dcase_energy.sheets.formats.csv import table_csv
from dcase_energy.sheets.formats.json import document as json_text
from dcase_energy.sheets.table import Value, data_table
from dcase_energy.text import plural, visible

_NAMES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "intersection_f1": "intersection-based F1",
    "intersection_f1_07": "intersection-based F1 (0.7)",
    "collar_f1": "collar-based F1",
    "segment_f1": "segment-based F1",
}
_SHORT = {"psds1": "PSDS1", "psds2": "PSDS2", "intersection_f1": "inters. F1", "collar_f1": "collar F1"}
_SHORT |= {"segment_f1": "segment F1"}
_OVERALL = tuple(Figure(metric) for metric in METRICS)
_MANY_SYSTEMS = 6


@dataclass(frozen=True)
class Sheet:
    """All that a sheet shows."""

    edition: Edition
    conventions: Conventions
    truth: GroundTruth
    scored: Sequence[Scored]
    findings: Sequence[Finding]

    @property
    def systems(self) -> list[tuple[Scored, SystemFigures]]:
        """Those that could be scored."""
        return [(one, one.figures) for one in self.scored if one.figures is not None]


def to_text(sheet: Sheet) -> str:
    """For people: means over the runs, ``mean (low - high)`` of the resamples, conventions, classes, differences."""
    blocks = ["\n".join(_system_lines(one, figures, sheet.conventions)) for one, figures in sheet.systems]
    blocks += ["\n".join(lines) for lines in [list(_difference_lines(sheet))] if lines]
    return "\n\n".join(blocks) + "\n"


def _system_lines(one: Scored, figures: SystemFigures, conventions: Conventions) -> Iterator[str]:
    kind = KIND_NAMES[next(iter(one.outputs.runs.values())).kind]
    drawn = figures.resampling
    how = f"; {drawn.kind}, {drawn.n} resamples, {drawn.level:.0%} intervals" if drawn.count else ""
    doubts = f"; in doubt: {', '.join(one.doubts)}" if one.doubts else ""
    yield style(visible(figures.name), bold=True) + f"  ({kind}, {plural(len(figures.runs), 'run')}{how}{doubts})"
    for metric in METRICS:
        estimate = figures.estimates.get(Figure(metric))
        name = f"  {_NAMES[metric]:<28}"
        if estimate is None:
            yield f"{name}  -       ({_why_not(metric, one, conventions)})"
            continue
        yield f"{name}  {_figure(estimate)}{_runs(estimate.runs)}  [{conventions.describe(metric)}]"
    yield from _class_table(figures)


def _why_not(metric: str, one: Scored, conventions: Conventions) -> str:
    kinds = {output.kind for output in one.outputs.runs.values()}
    if metric.startswith("psds") and "scores" in kinds and conventions.timing.in_seconds:
        return "PSDS of scores needs --arithmetic microseconds"
    if metric.startswith("psds"):
        return "PSDS needs scores or several operating points"
    return f"no detections at threshold {conventions.threshold:g}"


def _figure(estimate: Estimate) -> str:
    """``value   mean (low - high)``, the organisers' way of printing a bootstrapped figure."""
    if estimate.value is None:
        return "-"
    text = f"{estimate.value:.4f}"
    if estimate.resampled is not None:
        text += f"   {_mean_low_high(estimate.resampled)}"
    return text


def _mean_low_high(interval: SampledInterval) -> str:
    return f"{interval.mean:.3f} ({interval.low:.3f} - {interval.high:.3f})"


def _runs(interval: SampledInterval | None) -> str:
    return "" if interval is None else f"   runs {interval.low:.4f} - {interval.high:.4f}"


def _class_table(figures: SystemFigures) -> Iterator[str]:
    classes = dict.fromkeys(figure.label for figure in figures.estimates if figure.label is not None)
    metrics = [metric for metric in _SHORT if Figure(metric) in figures.estimates]
    width = 21 if figures.resampling.count else 10
    yield "  " + f"{'class':<28}" + "".join(f"  {_SHORT[metric]:<{width}}" for metric in metrics).rstrip()
    for label in classes:
        cells = [_class_cell(figures.estimates.get(Figure(metric, label))) for metric in metrics]
        yield "  " + f"{visible(label):<28}" + "".join(f"  {cell:<{width}}" for cell in cells).rstrip()


def _class_cell(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "-"
    interval = estimate.resampled
    return f"{estimate.value:.3f}" + (f" ({interval.low:.3f} - {interval.high:.3f})" if interval else "")


def _difference_lines(sheet: Sheet) -> Iterator[str]:
    """Paired differences; of many systems only those of neighbours by PSDS1."""
    systems = [figures for _, figures in sheet.systems]
    if len(systems) < 2 or not sheet.conventions.resampling.count:
        return
    figures = [figure for figure in _OVERALL if figure.metric in _SHORT]
    pairs = list(differences(systems, figures))
    if len(systems) > _MANY_SYSTEMS:
        order = sorted(systems, key=lambda s: -(_value(s, _OVERALL[0]) or 0.0))
        beside = {frozenset((a.name, b.name)) for a, b in pairwise(order)}
        pairs = [pair for pair in pairs if frozenset((pair[0].name, pair[1].name)) in beside]
    yield style("differences on the same resamples", bold=True)
    for first, second, figure, found in pairs:
        if found.interval is None:
            continue
        low, high = found.interval.low, found.interval.high
        yield (
            f"  {_SHORT[figure.metric]:<10}  {visible(first.name)} - {visible(second.name)}: {found.value:+.4f}"
            f"  ({low:+.4f} - {high:+.4f})  first is better with probability {found.probability_better:.3f}"
        )


def _value(system: SystemFigures, figure: Figure) -> float | None:
    estimate = system.estimates.get(figure)
    return None if estimate is None else estimate.value


def to_json(sheet: Sheet) -> str:
    """For programs; the same bytes for the same input."""
    document = {
        "schema_version": "1.1",
        "tool_version": __version__,
        "edition": sheet.edition.name,
        "conventions": sheet.conventions.to_dict(),
        "clips": len(sheet.truth.clips),
        "systems": [_system_dict(one, figures) for one, figures in sheet.systems],
        "not_scored": [one.outputs.name for one in sheet.scored if one.figures is None],
        "differences": list(_difference_dicts(sheet)),
        "findings": [_finding_dict(finding) for finding in sheet.findings],
    }
    return json_text(document)


def _finding_dict(finding: Finding) -> dict[str, Any]:
    """As the commands show it: what it withholds is a matter of ratios."""
    return {name: value for name, value in asdict(finding).items() if name != "withholds"}


def _system_dict(one: Scored, figures: SystemFigures) -> dict[str, Any]:
    classes = dict.fromkeys(figure.label for figure in figures.estimates if figure.label is not None)
    overall = {name: value for metric in METRICS for name, value in _estimate_dict(figures, metric, None).items()}
    return {
        "output": one.outputs.path,
        "system": figures.name,
        "kind": next(iter(one.outputs.runs.values())).kind,
        "in_doubt": one.doubts,
        **overall,
        "per_class": {
            label: {k: v for metric in METRICS for k, v in _estimate_dict(figures, metric, label).items()}
            for label in classes
        },
        "runs": [
            {
                "run": name,
                **{metric: run.value(Figure(metric)) for metric in METRICS},
                "per_class": {
                    label: {metric: run.value(Figure(metric, label)) for metric in METRICS} for label in classes
                },
            }
            for name, run in figures.runs.items()
        ],
    }


def _estimate_dict(figures: SystemFigures, metric: str, label: str | None) -> dict[str, Any]:
    """``psds1``, ``psds1_low``, ... of one metric; the F1s of all classes pooled beside their means."""
    found: dict[str, Any] = {}
    micro = metric in F1_METRICS and label is None
    for name, figure in [
        (metric, Figure(metric, label)),
        *([(f"{metric}_micro", Figure(metric, None, "micro"))] if micro else []),
    ]:
        estimate = figures.estimates.get(figure)
        found[name] = None if estimate is None else estimate.value
        if estimate is not None and (interval := estimate.interval) is not None:
            found |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
            found[f"{name}_interval"] = interval.to_dict()
            if estimate.runs is not None:
                found[f"{name}_runs"] = estimate.runs.to_dict()
    return found


def _difference_dicts(sheet: Sheet) -> Iterator[dict[str, Any]]:
    for first, second, figure, found in differences([figures for _, figures in sheet.systems], _OVERALL):
        yield {
            "first": first.name,
            "second": second.name,
            "metric": figure.metric,
            "value": found.value,
            "low": None if found.interval is None else found.interval.low,
            "high": None if found.interval is None else found.interval.high,
            "probability_first_better": found.probability_better,
        }


_COLUMNS = (
    "output", "system", "run", "metric", "class", "average", "value", "mean", "low", "high", "interval", "level", "n",
    "runs_low", "runs_high", "conventions", "in_doubt",
)  # fmt: skip


def to_csv(sheet: Sheet) -> str:
    """One row per figure: of a system (``run`` empty) and of each of its runs; missing figures are empty cells."""
    rows = [
        _csv_row(one, system, run, figure, sheet.conventions)
        for one, system in sheet.systems
        for run in (None, *system.runs)
        for figure in system.estimates
    ]
    return table_csv(data_table("scores", _COLUMNS, rows))


def _csv_row(
    one: Scored, system: SystemFigures, run: str | None, figure: Figure, conventions: Conventions
) -> list[Value]:
    estimate = system.estimates[figure]
    value = estimate.value if run is None else system.runs[run].value(figure)
    drawn, spread = (estimate.resampled, estimate.runs) if run is None else (None, None)
    cells: list[Value] = [one.outputs.path, system.name, run, figure.metric, figure.label, figure.average, value]
    cells += [None] * 6 if drawn is None else [drawn.mean, drawn.low, drawn.high, drawn.kind, drawn.level, drawn.n]
    cells += [None] * 2 if spread is None else [spread.low, spread.high]
    return [*cells, conventions.describe(figure.metric), " ".join(one.doubts)]


SHEETS = {"text": to_text, "json": to_json, "csv": to_csv}
