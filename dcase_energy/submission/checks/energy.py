"""Energy (E)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.documents.tree import OneFile, Tree
from dcase_energy.editions.fields import FieldKind
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.text import plural
from dcase_energy.units import format_factor, significant_digits

ENERGY_PAIR = define(
    Rule(
        code="E202",
        name="energy-one-stage-only",
        title="Training and test energy are both given",
        why="In 2022 one system had only a training figure and another only a test figure; neither could be compared.",
        bad="energy_consumption:\n  training: 1.39",
        good="energy_consumption:\n  training: 1.39\n  test: 0.0193",
        fix="measure the other stage as well",
    )
)
ENERGY_BASELINE = define(
    Rule(
        code="E203",
        name="energy-without-baseline",
        title="The baseline's energy on the same hardware is known",
        why="The same training costs 0.38 kWh on one GPU and 1.83 kWh on another; without the baseline's figure on "
        "the same hardware a system's energy cannot be compared.",
        bad="energy_consumption:\n  training: 1.39\n  test: 0.0193",
        good="energy_consumption:\n  training: 1.39\n  test: 0.0193\n  baseline_training: 1.41\n"
        "  baseline_test: 0.0204",
        fix="run `dcase-energy calibrate` on the system's hardware and put its record into the package, or give the "
        "baseline's figures",
    )
)
BASELINE_BESIDE = define(
    Rule(
        code="E209",
        name="baseline-record-not-read",
        title="A calibration record beside the metadata is read with the package",
        why="A metadata file given by itself is checked by itself; its baseline may come from a record beside it.",
        bad="dcase-energy validate Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml",
        good="dcase-energy validate Adams_UNI_task4_1/",
        fix="validate the folder that holds the metadata and the record",
        severity=Severity.INFO,
    )
)
ENERGY_README = define(
    Rule(
        code="E204",
        name="energy-of-readme",
        title="Energies are measured, not copied from the baseline's README",
        why="Four systems of 2022 reported exactly 1.717 and 0.030 kWh, the organisers' own figures on an A100.",
        bad="training: 1.717\ntest: 0.030",
        good="training: 1.6843\ntest: 0.02917",
        fix="measure the system; if the figure really is yours, give more digits",
        severity=Severity.WARNING,
    )
)
ENERGY_STAGES = define(
    Rule(
        code="E205",
        name="energy-stages-implausible",
        title="Training takes between 5 and 2000 times the energy of one test inference",
        why="The median of real submissions is about 150; ratios of 2 and 3 came from test energies measured in "
        "another way.",
        bad="training: 0.036\ntest: 0.018",
        good="training: 1.39\ntest: 0.0193",
        fix="check that both are in kWh and of the whole stage",
        severity=Severity.WARNING,
    )
)
ENERGY_DIGITS = define(
    Rule(
        code="E206",
        name="energy-few-digits",
        title="An energy has at least three significant digits",
        why="0.001 kWh may be anything from 0.0005 to 0.0015: the rounding alone decides ranks.",
        bad="test: 0.002",
        good="test: 0.00213",
        fix="give the figure as it was measured",
        severity=Severity.WARNING,
    )
)
ENERGY_IMPOSSIBLE = define(
    Rule(
        code="E207",
        name="energy-impossible",
        title="An energy is neither below 3.6 J nor above 1 GWh",
        why="Energies are divided by: a figure of 1e-300 kWh would win every energy-weighted ranking.",
        bad="test: 1.0e-12",
        good="test: 0.01934",
        fix="write the energy in kWh as it was measured; leave the field out if it was not",
    )
)
ENERGY_NONE = define(
    Rule(
        code="E208",
        name="energy-not-given",
        title="Energies are given, even where they are not mandatory",
        why="Nineteen of 101 systems of 2022 gave neither training nor test energy and are missing from every ranking "
        "by energy.",
        bad="system:\n  complexity:\n    total_parameters: 1112420",
        good="system:\n  complexity:\n    total_parameters: 1112420\n  energy_consumption:\n    training: 1.39\n"
        "    test: 0.0193",
        fix="measure training and test inference and give both",
        severity=Severity.WARNING,
    )
)


@each_system
def stages_together(system: System) -> Iterator[Finding]:
    """Where energy is optional, all stages are given or none."""
    fields = system.energy_fields
    missing = [name for name in fields if not system.metadata.given(name)]
    if missing and len(missing) < len(fields) and not set(fields) & set(system.edition.required):
        given = next(name for name in fields if name not in missing)
        yield system.finding(ENERGY_PAIR, given, f"{given} is given and {missing[0]} is not", expected=missing[0])


@each_system
def baseline_known(system: System) -> Iterator[Finding]:
    """In an edition of ratios each stage's baseline is declared, or comes with a calibration record.

    A stage whose baseline is not a field of the edition has none. Where a record is there and cannot be used, a finding
    says that.
    """
    brought = system.records.calibrations or system.records.refused
    if system.edition.normalisation.kind != "ratio" or (brought and system.baseline.calibration is None):
        return
    metadata, fields = system.metadata, system.edition.fields
    lacking = {
        name: stage
        for name, stage in system.edition.stages.items()
        if stage.baseline in fields
        and metadata.given(stage.energy)
        and not metadata.given(stage.baseline)
        and system.baseline.energy_kwh.get(name) is None
    }
    if lacking:
        first = next(iter(lacking.values()))
        where = metadata.document.where(metadata.paths[first.energy][:-1], key=True)
        message = f"the baseline's {' and '.join(lacking)} energy on the same hardware"
        if record := _calibration_beside(system.files.tree):
            yield BASELINE_BESIDE.finding(where, f"{message} is not in this file, and {record} was not read")
            return
        from dcase_energy.calibration.workload import how_to_calibrate

        how = how_to_calibrate(system.edition)
        hint = ENERGY_BASELINE.fix.replace("`dcase-energy calibrate`", how) if how is not None else None
        expected = " and ".join(str(fields[stage.baseline].path[-1]) for stage in lacking.values())
        yield ENERGY_BASELINE.finding(
            where,
            f"{message} is not known",
            expected=f"{expected}, or a calibration record",
            hint=hint,
        )


def _calibration_beside(tree: Tree) -> str | None:
    """The file named as a calibration record where a package has it, beside metadata that are given by themselves."""
    if not isinstance(tree, OneFile) or tree.data is not None:
        return None
    folder = tree.path.absolute().parent
    places = {"beside it": folder, "in the folder above": folder.parent}
    found = [
        f"{path.name} {name}" for name, place in places.items() for path in sorted(place.glob("*calibration*.json"))
    ]
    return found[0] if found else None


@each_system
def some_energy(system: System) -> Iterator[Finding]:
    """Where energy is optional, something is given."""
    fields, stages = system.energy_fields, system.edition.stages
    if not fields or len(fields) < len(stages) or set(fields) & set(system.edition.required):
        return
    if not any(system.metadata.given(name) for name in fields):
        path = system.edition.fields[fields[0]].path[:-1]
        message = f"{'neither' if len(fields) > 1 else 'no'} {' nor '.join(stages)} energy is given"
        where = system.metadata.document.where(path, key=True)
        yield ENERGY_NONE.finding(where, message, expected=" and ".join(fields))


@each_system
def not_from_readme(system: System) -> Iterator[Finding]:
    """Figures of system and baseline are not those printed in the baseline's READMEs.

    A test energy has so few digits that it may be equal by chance: it counts beside a training energy of the README.
    """
    stages, known = system.edition.stages, system.edition.plausible.readme_kwh
    for part in ("energy", "baseline"):
        fields = {stage: getattr(one, part) for stage, one in stages.items()}
        copied = [stage for stage, name in fields.items() if system.figures.get(name) in known.get(stage, ())]
        # One baseline figure for all stages is of none of them.
        shared = len(set(fields.values())) < len(fields)
        for stage in copied if copied[:1] == list(stages)[:1] and not shared else ():
            value = f"{system.figures[fields[stage]]:g} kWh"
            message = f"{value} is a figure of the baseline's README"
            yield system.finding(ENERGY_README, fields[stage], message, found=value)


@each_system
def possible(system: System) -> Iterator[Finding]:
    """No energy is outside what is physically possible for the task."""
    low, high = system.edition.plausible.energy_possible_kwh
    for name, value in _all_energies(system).items():
        if not low <= value <= high:
            yield system.finding(
                ENERGY_IMPOSSIBLE,
                name,
                f"{value:g} kWh cannot be the energy of training or inference over a data set",
                expected=f"{low:g} to {high:g} kWh",
                found=f"{value:g} kWh",
            )


@each_system
def stages_plausible(system: System) -> Iterator[Finding]:
    """One stage's energy over another's lies in the range of real systems."""
    edition, limits = system.edition, system.edition.plausible
    pairs = [(over, under, ends) for over, others in limits.stage_ratios.items() for under, ends in others.items()]
    for over, under, (low, high) in pairs:
        energies = [system.figures.get(edition.stages[stage].energy, 0.0) for stage in (over, under)]
        if not all(map(limits.possible, energies)):
            continue
        ratio = energies[0] / energies[1]
        if not low <= ratio <= high:
            yield system.finding(
                ENERGY_STAGES,
                edition.stages[under].energy,
                f"{over} takes {format_factor(ratio)} times the energy of the {under} inference",
                expected=f"{low:g} to {high:g} times",
                found=f"{format_factor(ratio)} times",
            )


@each_system
def enough_digits(system: System) -> Iterator[Finding]:
    """Every energy has enough significant digits as written."""
    wanted = system.edition.plausible.energy_digits
    for name in _all_energies(system):
        text = system.metadata.text(name)
        if text is not None and (digits := significant_digits(text)) < wanted:
            message = f"{text} kWh has {plural(digits, 'significant digit')}"
            yield system.finding(ENERGY_DIGITS, name, message, expected=f"at least {wanted}", found=str(digits))


def _all_energies(system: System) -> dict[str, float]:
    fields = system.edition.fields
    return {name: value for name, value in system.figures.items() if fields[name].kind is FieldKind.ENERGY}
