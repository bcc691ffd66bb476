"""How scores look: text for people, JSON and CSV for programs. Every figure stands beside its conventions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations, pairwise
from typing import Any

from dcase_energy import __version__
from dcase_energy.api.scores import ScoreSheet
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import style
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.evaluation import Figure, describe_figure, score_beside
from dcase_energy.scoring.outputs import KIND_NAMES, Scored
from dcase_energy.scoring.resampling import SampledInterval
from dcase_energy.scoring.system import Estimate, SystemFigures, differences
from dcase_energy.sheets.formats.csv import table_csv
from dcase_energy.sheets.table import Value, data_table
from dcase_energy.text import plural, visible

_MANY_SYSTEMS = 6


def _known(scores: ScoreSheet) -> list[tuple[Scored, SystemFigures]]:
    """Those that could be scored."""
    return [(one, one.figures) for one in scores.systems if one.figures is not None]


def to_text(scores: ScoreSheet) -> str:
    """For people: means over the runs, ``mean (low - high)`` of the resamples, conventions, classes, differences."""
    blocks = ["\n".join(_system_lines(one, figures, scores)) for one, figures in _known(scores)]
    if lines := list(_difference_lines(scores)):
        blocks.append("\n".join([style("differences on the same resamples", bold=True), *lines]))
    return "\n\n".join(blocks) + "\n"


def _system_lines(one: Scored, figures: SystemFigures, scores: ScoreSheet) -> Iterator[str]:
    kind, drawn = KIND_NAMES[one.kind], figures.resampling
    how = f"; {drawn.kind}, {drawn.n} resamples, {drawn.level:.0%} intervals" if drawn.count else ""
    doubts = f"; in doubt: {', '.join(one.doubts)}" if one.doubts else ""
    yield style(visible(figures.name), bold=True) + f"  ({kind}, {plural(len(figures.runs), 'run')}{how}{doubts})"
    for metric, title in scores.titles().items():
        estimate = figures.estimates.get(Figure(metric))
        name = f"  {title:<28}"
        if estimate is None:
            yield f"{name}  -       ({_why_not(metric, one, scores.conventions)})"
            continue
        runs = "" if estimate.runs is None else f"   runs {_range(estimate.runs, 4)}"
        yield f"{name}  {_figure(estimate)}{runs}  [{describe_figure(metric, scores.conventions)}]"
        if beside := _beside(metric, figures, scores.conventions):
            yield f"  {'':<28}  {beside}"
    shown = {name: title for name, title in scores.titles(short=True).items() if Figure(name) in figures.estimates}
    width = max([21 if drawn.count else 10, *map(len, shown.values())])
    rows = [["class", *shown.values()]]
    rows += [
        [visible(label), *(_class_cell(figures.estimates.get(Figure(metric, label))) for metric in shown)]
        for label in _classes(figures)
    ]
    for first, *cells in rows:
        yield f"  {first:<28}" + "".join(f"  {cell:<{width}}" for cell in cells).rstrip()


def _beside(metric: str, figures: SystemFigures, conventions: Conventions) -> str:
    """What was computed beside a score, then the same of all classes together, in a few words."""
    start = f"{metric}_"
    all_names = dict.fromkeys(one.metric for one in figures.estimates)
    parts = [name for name in all_names if name != metric and score_beside(name, conventions) == metric]
    words = []
    for average, names in (("macro", parts), ("micro", [metric, *parts])):
        known = [(name, figures.estimates.get(Figure(name, None, average))) for name in names if parts]
        shown = [
            f"{'F' if name == metric else name.removeprefix(start).replace('_', ' ')} {one.value:.3f}"
            for name, one in known
            if one is not None and one.value is not None
        ]
        if shown:
            words.append(("all classes together: " if average == "micro" else "") + ", ".join(shown))
    return "; ".join(words)


def _classes(figures: SystemFigures) -> list[str]:
    return list(dict.fromkeys(figure.label for figure in figures.estimates if figure.label is not None))


def _why_not(metric: str, one: Scored, conventions: Conventions) -> str:
    if _is_f1(metric, conventions):
        return f"no detections at threshold {conventions.threshold:g}"
    if conventions.timing.in_seconds and one.kind == "scores":
        return "PSDS of scores needs --arithmetic microseconds"
    return "PSDS needs scores or several operating points"


def _is_f1(score: str, conventions: Conventions) -> bool:
    return conventions.scores[score][0].endswith("_f1")


def _range(interval: SampledInterval, digits: int) -> str:
    return f"{interval.low:.{digits}f} - {interval.high:.{digits}f}"


def _figure(estimate: Estimate) -> str:
    """``value   mean (low - high)``, the organisers' way of printing a bootstrapped figure."""
    if estimate.value is None:
        return "-"
    drawn = estimate.resampled
    return f"{estimate.value:.4f}" + ("" if drawn is None else f"   {drawn.mean:.3f} ({_range(drawn, 3)})")


def _class_cell(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "-"
    return f"{estimate.value:.3f}" + (f" ({_range(estimate.resampled, 3)})" if estimate.resampled else "")


def _difference_lines(scores: ScoreSheet) -> Iterator[str]:
    """Paired differences; of many systems only those of neighbours by the first metric."""
    systems = [figures for _, figures in _known(scores)] if scores.conventions.resampling.count else []
    titles = scores.titles(short=True)
    first_figure, *_ = figures = [Figure(name) for name in titles]
    values = {one.name: one.estimates[first_figure].value or 0.0 for one in systems if first_figure in one.estimates}
    sign = 1 if first_figure.metric in scores.lower else -1
    order = sorted((one.name for one in systems), key=lambda name: sign * values.get(name, 0.0))
    pairs = pairwise(order) if len(order) > _MANY_SYSTEMS else combinations(order, 2)
    beside = {frozenset(pair) for pair in pairs}
    for first, second, figure, found in differences(systems, figures, scores.lower):
        if frozenset((first.name, second.name)) in beside and found.interval is not None:
            low, high = found.interval.low, found.interval.high
            yield (
                f"  {titles[figure.metric]:<10}  {visible(first.name)} - {visible(second.name)}: "
                f"{found.value:+.4f}  ({low:+.4f} - {high:+.4f})  first is better with probability "
                f"{found.probability_better:.3f}"
            )


def to_json(scores: ScoreSheet) -> str:
    """For programs; the same bytes for the same input."""
    known, overall = _known(scores), [Figure(name) for name in scores.conventions.scores]
    return dumped(
        {
            "schema_version": "1.1",
            "tool_version": __version__,
            "edition": scores.edition.name,
            "conventions": scores.conventions.to_dict(),
            "clips": sum(len(truth.clips) for truth in scores.truths.values()),
            "systems": [_system_dict(one, figures, scores.conventions) for one, figures in known],
            "not_scored": [one.name for one in scores.systems if one.figures is None],
            "differences": [
                {
                    "first": first.name,
                    "second": second.name,
                    "metric": figure.metric,
                    "value": found.value,
                    "low": None if found.interval is None else found.interval.low,
                    "high": None if found.interval is None else found.interval.high,
                    "probability_first_better": found.probability_better,
                }
                for first, second, figure, found in differences(
                    [figures for _, figures in known], overall, scores.lower
                )
            ],
            # As the commands show findings: what they withhold is a matter of ratios.
            "findings": [
                {name: value for name, value in asdict(finding).items() if name != "withholds"}
                for finding in scores.findings
            ],
        }
    )


def _system_dict(one: Scored, figures: SystemFigures, conventions: Conventions) -> dict[str, Any]:
    classes, names = _classes(figures), tuple(conventions.scores)
    return {
        "output": one.path,
        "system": figures.name,
        "kind": one.kind,
        "in_doubt": one.doubts,
        **_estimates(figures, None, conventions),
        "per_class": {label: _estimates(figures, label, conventions) for label in classes},
        "runs": [
            {
                "run": name,
                **{metric: run.value(Figure(metric)) for metric in names},
                "per_class": {
                    label: {metric: run.value(Figure(metric, label)) for metric in names} for label in classes
                },
            }
            for name, run in figures.runs.items()
        ],
    }


def _estimates(figures: SystemFigures, label: str | None, conventions: Conventions) -> dict[str, Any]:
    """``collar_f1``, ``collar_f1_low``, ... of all scores; the F1s of all classes pooled beside their means."""
    found: dict[str, Any] = {}
    for metric in dict.fromkeys([*conventions.scores, *(one.metric for one in figures.estimates)]):
        wanted = {metric: Figure(metric, label)}
        pooled = metric in conventions.scores and _is_f1(metric, conventions)
        if label is None and (pooled or Figure(metric, None, "micro") in figures.estimates):
            wanted[f"{metric}_micro"] = Figure(metric, None, "micro")
        for name, figure in wanted.items():
            estimate = figures.estimates.get(figure, Estimate(None, None, None))
            found[name] = estimate.value
            if (interval := estimate.interval) is not None:
                found |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
                found[f"{name}_interval"] = interval.to_dict()
            if estimate.runs is not None:
                found[f"{name}_runs"] = estimate.runs.to_dict()
    return found


_COLUMNS = (
    "output", "system", "run", "metric", "class", "average", "value", "mean", "low", "high", "interval", "level", "n",
    "runs_low", "runs_high", "conventions", "in_doubt",
)  # fmt: skip


def to_csv(scores: ScoreSheet) -> str:
    """One row per figure: of a system (``run`` empty) and of each of its runs; missing figures are empty cells."""
    rows = [
        _csv_row(one, system, run, figure, scores.conventions)
        for one, system in _known(scores)
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
    cells: list[Value] = [one.path, system.name, run, figure.metric, figure.label, figure.average, value]
    cells += [None] * 6 if drawn is None else [drawn.mean, drawn.low, drawn.high, drawn.kind, drawn.level, drawn.n]
    cells += [None] * 2 if spread is None else [spread.low, spread.high]
    return [*cells, describe_figure(figure.metric, conventions), " ".join(one.doubts)]


SHEETS = {"text": to_text, "json": to_json, "csv": to_csv}
