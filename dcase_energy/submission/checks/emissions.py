"""CodeCarbon files of a package against its metadata (W)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.documents.emissions_rows import Emissions
from dcase_energy.documents.emissions_rules import EMISSIONS_DIFFER, EMISSIONS_MISSING, EMISSIONS_UNLIKE
from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.figures import agrees, slip

# Stage by a word in the name of project or file; the baseline's are "DCASE Task 4 SED TRAINING", "... DEVTEST".
_STAGES = (("train", "training"), ("devtest", "test"), ("eval", "evaluation"), ("test", "test"), ("infer", "test"))
_ALIKE = {"tracking_mode": "tracking mode", "gpu_model": "GPU", "cpu_model": "CPU", "codecarbon_version": "version"}


def emissions_in_metadata(system: System) -> Iterator[Finding]:
    """Each file of a known stage holds the system's or the baseline's figure of that stage.

    The baseline's code names its files ``emissions_baseline_...`` whatever system it trains, so a name does not tell
    the two apart.
    """
    for name, emissions in system.records.emissions.items():
        stage = _stage(name, emissions)
        fields = (f"energy_{stage}_kwh", f"energy_baseline_{stage}_kwh", "energy_baseline_kwh")
        declared = {field: value for field in fields if (value := getattr(system.submission, field, None)) is not None}
        totals = [total for total in _totals(emissions) if 0 < total < float("inf")]
        if stage is None or not declared or not totals:
            continue
        texts = {field: system.metadata.canonical.text(field) for field in declared}
        if any(agrees(value, texts[field], total) for field, value in declared.items() for total in totals):
            continue
        # The system's own figure, where there is one; it stands first.
        field, value = next(iter(declared.items()))
        file = name.rpartition("/")[2]
        others = "".join(f", {other} {figure:.6g}" for other, figure in list(declared.items())[1:])
        message = f"{field} is {value:.6g} kWh{others}; {file} has {totals[0]:.6g} kWh"
        reason = slip(value, totals[0])
        hint = f"{reason}? copy energy_consumed from the file" if reason else None
        where = system.metadata.canonical.where(field)
        yield EMISSIONS_DIFFER.finding(where, message, expected=f"{totals[0]:.6g}", found=f"{value:.6g}", hint=hint)


def emissions_there(system: System) -> Iterator[Finding]:
    """Where the edition asks for CodeCarbon's files, the package brings some."""
    if not system.edition.emissions_csv or system.files.folder is None or system.records.emissions:
        return
    if system.metadata.canonical.given("energy_training_kwh"):
        where = system.metadata.canonical.where("energy_training_kwh")
        yield EMISSIONS_MISSING.finding(where, "no CodeCarbon file (*.csv) beside the metadata")


def emissions_alike(system: System) -> Iterator[Finding]:
    """All files come from the same machine, version and tracking mode."""
    files = system.records.emissions
    for column, what in _ALIKE.items():
        values: dict[str, str] = {}
        for name, emissions in files.items():
            for row in emissions.rows:
                if row.texts[column]:
                    values.setdefault(row.texts[column], name)
        if len(values) > 1:
            (one, first), (other, second) = sorted(values.items(), key=lambda item: (item[1], item[0]))[:2]
            message = f"{what} {one[:60]} in {first.rpartition('/')[2]}, {other[:60]} in {second.rpartition('/')[2]}"
            yield EMISSIONS_UNLIKE.finding(system.files.tree.where(second), message)


def _stage(name: str, emissions: Emissions) -> str | None:
    """The stage that a file is of; None if neither the project's nor the file's name tells."""
    projects = " ".join(sorted({row.project for row in emissions.rows}))
    for text in (projects.casefold(), name.rpartition("/")[2].casefold()):
        found = [stage for word, stage in _STAGES if word in text]
        if found:
            return found[0]
    return None


def _totals(emissions: Emissions) -> list[float]:
    """What a metadata file may report of a file: its only run, one of them, their sum or their mean."""
    runs = [row.energy_kwh for row in emissions.last_of_run.values()]
    if len(runs) <= 1:
        return runs
    total = sum(runs)
    return [total, total / len(runs), *runs]
