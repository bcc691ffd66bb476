"""The last lines of `calibrate` and `measure`: what the figure is worth, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcase_energy.cli.render.record import guard_lines
from dcase_energy.cli.terminal import style
from dcase_energy.text import visible
from dcase_energy.units import format_significant

if TYPE_CHECKING:
    from dcase_energy.calibration.comparing import SideBySide, StagePair
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.records import Calibration, Energy, Evidence


def usable_for(record: Calibration, edition: Edition) -> str:
    """Return which editions can divide by a record; the given one's reason where there is none."""
    from dcase_energy.calibration.workload import how_to_calibrate
    from dcase_energy.submission.baseline_choice import usable_editions, why_no_denominator
    from dcase_energy.submission.evidence import Calibrated

    found = Calibrated(record, "this calibration")
    reason, names = why_no_denominator(found, edition), usable_editions(found)
    if reason is None and edition.name not in names:  # an organiser's own
        names.insert(0, edition.name)
    if reason is None:
        return f"usable as the baseline of: {', '.join(names)}"
    instead = how_to_calibrate(edition) if record.valid and record.complete else None
    why = f"for {edition.name}: {reason}" + (f"; run {instead}" if instead else "")
    return visible(f"usable as the baseline of {', '.join(names) or 'no edition'}; {'not ' if names else ''}{why}")


def after_calibration(record: Calibration) -> str:
    """Return what to do after a calibration."""
    return _repair(record) or (
        "next: `dcase-energy measure --stage training -- COMMAND` measures your own system's training, `--stage test` "
        "its inference"
    )


def after_measurement(record: Energy, compared: SideBySide | None) -> list[str]:
    """Return the ratio to a baseline, as far as there is one, and what to do after a measurement."""
    if record.executions == 0 and record.failure is not None:
        why = visible(record.failure.removeprefix("interrupted: "))
        repair = [] if record.failure.startswith("interrupted: the command") else [_repair(record)]
        return [style("the command was NOT RUN", fg="red", bold=True) + f": {why}", *filter(None, repair)]
    if not record.valid:
        withheld = ["not divided by a baseline's energy, as it is not valid"] if compared is not None else []
        return [*withheld, *filter(None, [_repair(record)])]
    if compared is None:
        what = (
            "`dcase-energy calibrate --quick` measures the baseline on this machine (`--edition NAME`: your edition's)"
        )
        return [f"next: {what}, `dcase-energy records compare` then prints the ratio"]
    if any(pair.ratio is None for pair in compared.stages):
        step = "`dcase-energy records compare` of this record and the baseline's shows in what they differ"
    else:
        step = "`dcase-energy init LABEL` writes your system's metadata from its records"
    return [*ratio_lines(compared), f"next: {step}"]


def ratio_lines(compared: SideBySide) -> list[str]:
    """Return the ratio of each stage and what speaks against it; where a guard refuses, why there is none."""
    lines = [line for pair in compared.stages for line in (_ratio_line(pair, compared.names[0]), *_bases(pair))]
    lines += [f"  {visible(note)}" for note in compared.notes]
    return [*lines, *guard_lines(compared.guards)]


def _ratio_line(pair: StagePair, baseline: str) -> str:
    whose = f"baseline: {visible(baseline)}"
    if pair.ratio is None:
        return f"{pair.name}: not divided by the baseline's energy; {whose}"
    interval = ""
    if pair.interval is not None:
        low, high = (format_significant(end) for end in (pair.interval.low, pair.interval.high))
        interval = f" (between {low} and {high})"
    time = "" if pair.duration_ratio is None else f", {format_significant(pair.duration_ratio)} times its time"
    return f"{pair.name}: {format_significant(pair.ratio)} times the baseline's energy{interval}{time}; {whose}"


def _bases(pair: StagePair) -> Iterator[str]:
    """The ratios beside that of totals, and what that is where no sensor counted."""
    from dcase_energy.submission.checks.durations import MOST_APART

    found = pair.compared
    if found is None:
        return
    names = {"work": "work (CPU time)"}
    beside = [f"{names.get(n, n)} {format_significant(value)}" for n, value in found.ratios.items() if n != "total"]
    yield f"  basis total, constants included{'; beside it ' if beside else ''}{', '.join(beside)}"
    if found.estimated:
        yield "  it is an estimate dominated by time: no sensor counted the energy"
    if pair.ratio and pair.duration_ratio:
        power = pair.ratio / pair.duration_ratio
        if not 1 / MOST_APART <= power <= MOST_APART:
            yield f"  {format_significant(power, 3)} times the baseline's mean power: compare clocks and power limits"


def _repair(record: Evidence) -> str | None:
    """What to do about the first guard that refuses a record; None where none does."""
    from dcase_energy.measure.guards import BY_CODE

    refusing = [guard.code for guard in record.guards if guard.state == "invalid"]
    # What failed says more than that there is no figure.
    code = next((one for one in refusing if one != "tracker-started"), refusing[0] if refusing else None)
    return None if code is None else f"next: {BY_CODE[code].fix}"
