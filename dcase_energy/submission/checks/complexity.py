"""Complexity of one system (C)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_system
from dcase_energy.text import plural

MACS_OF_BATCH = define(
    Rule(
        code="C304",
        name="macs-of-batch",
        title="MACs are those of one clip of 10 s, not of a batch",
        why="The baseline's README of 2023 first printed 44.683 G, the MACs of a whole batch; one clip has 930.902 M.",
        bad="macs: 44683000000",
        good="macs: 930902000",
        fix="count with a batch of one clip of 10 s",
        severity=Severity.WARNING,
    )
)
MACS_TOO_FEW = define(
    Rule(
        code="C305",
        name="macs-too-few",
        title="The number of MACs is plausible for the number of parameters",
        why="Systems of 11 to 44 million parameters reported the 911.7 M MACs of a bare CRNN: the embedding network "
        "was "
        "left out. Common counters also miss attention and functional products, so that transformers come out too "
        "low.",
        bad="total_parameters: 44200000\nmacs: 911727000",
        good="total_parameters: 1112420\nmacs: 930902000",
        fix="count the whole system from audio to scores, embedding networks and attention included",
        severity=Severity.WARNING,
    )
)
PRETRAINED_NOT_COUNTED = define(
    Rule(
        code="C306",
        name="pretrained-not-counted",
        title="Parameters include those of the pre-trained networks named",
        why="BEATs alone has 90 million parameters; systems that use it reported one to forty million, because its "
        "embeddings were computed beforehand.",
        bad="total_parameters: 1227236\npre_trained_models: BEATs",
        good="total_parameters: 91227236\npre_trained_models: BEATs",
        fix="add the parameters of every pre-trained network the system runs",
        severity=Severity.WARNING,
    )
)
TEACHER_COUNTED = define(
    Rule(
        code="C307",
        name="teacher-counted",
        title="Parameters are those of the network that is run, not of student and teacher",
        why="Mean teacher trains two copies of a network and runs one. The baseline of 2022 was published with "
        "2,200,000 "
        "parameters, participants who used it reported 1,112,420, and so did 2023.",
        bad="total_parameters: 2224840",
        good="total_parameters: 1112420",
        fix="count the student (or the teacher, if that one is run) once; keep the figure if both are run",
        severity=Severity.WARNING,
    )
)
SIZE_NOT_OF_PARAMETERS = define(
    Rule(
        code="C308",
        name="size-not-of-parameters",
        title="The size of a model fits the number of its parameters",
        why="Tasks with a limit of 128 kB define the size as parameters times bits over 8. A figure below one byte or "
        "above four bytes per parameter has lost a digit, or is in another unit. Where the metadata give the precision "
        "(parameter_bits, or precision_16 under complexity_management), the size is that of this precision.",
        bad="total_parameters: 61148\ntotal_model_size: 12229",
        good="total_parameters: 61148\ntotal_model_size: 122296",
        fix="give the size in bytes: the number of parameters times 1, 2 or 4 for 8, 16 or 32 bits",
        severity=Severity.WARNING,
    )
)


# A network may be cut at its head: a tenth less than published is still the network.
_NEARLY_ALL = 0.9
# Fewer digits than these fit any figure.
_TELLING_DIGITS = 2
# Room for a size or a count that was rounded.
_ROUNDING = 1.02
# The word for a precision of all parameters in the baseline's own metadata of 2024 task 1.
_PRECISION = re.compile(r"\bprecision[_ -]?(8|16|32)\b", re.IGNORECASE)
LIMIT_EXCEEDED = define(
    Rule(
        code="C309",
        name="limit-exceeded",
        title="A figure is within the limit that the edition sets",
        why="Low-complexity tasks exclude larger systems: 128 kB of parameters and 30 million MACs for 1 s of audio in "
        "task 1 of 2023 to 2025. The limit itself is allowed.",
        bad="macs: 33000000",
        good="macs: 30000000",
        fix="make the system smaller, or correct the figure if it is in another unit",
    )
)
OTHER_COUNTER = define(
    Rule(
        code="C310",
        name="macs-by-other-counter",
        title="MACs that are compared come from one counter",
        why="Counters leave out different things: THOP counts 0 for products outside modules, torch's own counter "
        "0 for what is not a product. The baseline has 930.902 M MACs by one and 917.553 M by the other.",
        bad="macs: 29419156\nmacs_counter: thop, where the edition names torchinfo",
        good="macs: 29419156\nmacs_counter: torchinfo",
        fix="count with the tool that is expected, or say in the report how the two counts differ",
        severity=Severity.WARNING,
    )
)


@each_system
def macs_of_one_clip(system: System) -> Iterator[Finding]:
    """MACs are not those that the README gave for a batch."""
    macs = system.submission.macs
    if macs is not None and macs in system.edition.plausible.readme_batch_macs:
        yield system.finding(
            MACS_OF_BATCH, "macs", f"{macs:,} MACs is the figure for a whole batch in the baseline's README"
        )


@each_system
def macs_enough_for_parameters(system: System) -> Iterator[Finding]:
    """MACs are not fewer than so many parameters need."""
    macs, parameters = system.submission.macs, system.submission.total_parameters
    least = system.edition.plausible.macs_per_parameter
    if macs is None or parameters is None or least is None or macs >= least * parameters:
        return
    yield system.finding(
        MACS_TOO_FEW,
        "macs",
        f"{macs:,} MACs are {macs / parameters:.3g} per parameter, for 10 s of audio",
        expected=f"at least {least:g}",
        found=f"{macs / parameters:.3g}",
    )


@each_system
def size_of_parameters(system: System) -> Iterator[Finding]:
    """The size of the model in bytes is that of so many parameters of the precision given, or of 8 to 32 bits.

    Where some parameters are zero they may be left out of the size.
    """
    submission = system.submission
    size, parameters = submission.total_model_size_bytes, submission.total_parameters
    limits, bits = system.edition.plausible.bytes_per_parameter, _bits(system)
    if size is None or parameters is None or limits is None:
        return
    least, most = (bits / 8, bits / 8) if bits else limits
    fewest = min(parameters, submission.total_parameters_non_zero or parameters)
    low, high = least * fewest, most * parameters
    if not low / _ROUNDING <= size <= high * _ROUNDING:
        precision = f"{bits} bits" if bits else f"{8 * least:g} to {8 * most:g} bits"
        yield system.finding(
            SIZE_NOT_OF_PARAMETERS,
            "total_model_size_bytes",
            f"{size:,} bytes are not the size of {parameters:,} parameters of {precision}",
            expected=f"{low:,.0f} bytes" if low == high else f"{low:,.0f} to {high:,.0f} bytes",
            found=f"{size:,} bytes",
        )


def _bits(system: System) -> int | None:
    """Bits of a parameter: the figure that says so, else what a text such as ``precision_16`` says."""
    text = str(system.metadata.values.get("complexity_management") or "")
    named = set(_PRECISION.findall(text))
    return system.submission.parameter_bits or (int(named.pop()) if len(named) == 1 else None)


@each_system
def pretrained_counted(system: System) -> Iterator[Finding]:
    """A system has no fewer parameters than the smallest pre-trained network it names."""
    parameters, named = system.submission.total_parameters, system.submission.pre_trained_models
    if parameters is None or named is None:
        return
    text = named if isinstance(named, str) else ", ".join(named)
    known = {
        name: count
        for name, count in system.edition.plausible.pretrained_parameters.items()
        if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    }
    if not known:
        return
    name, count = min(known.items(), key=lambda one: one[1])
    if parameters < _NEARLY_ALL * count:
        expected = f"more than {count / 1e6:.0f} million"
        yield system.finding(
            PRETRAINED_NOT_COUNTED,
            "total_parameters",
            f"{parameters:,} parameters cannot include those of {name}",
            expected=expected,
            found=f"{parameters:,}",
        )


@each_system
def teacher_not_counted(system: System) -> Iterator[Finding]:
    """Parameters are not those of a known student and of its teacher, be they rounded (2,200,000)."""
    parameters, count = system.submission.total_parameters, system.submission.ensemble_subsystems or 1
    for student in system.edition.plausible.student_parameters:
        if parameters is not None and _rounded_from(parameters, 2 * count * student):
            times = f"twice {count} times" if count > 1 else "twice"
            expected = f"{count * student:,}"
            yield system.finding(
                TEACHER_COUNTED,
                "total_parameters",
                f"{parameters:,} parameters are {times} the {student:,} of the baseline's student",
                expected=expected,
                found=f"{parameters:,}",
            )


def _rounded_from(rounded: int, exact: int) -> bool:
    """Whether a count is another one, rounded to the digits before its last zeros."""
    text = str(rounded)
    unit = 10 ** (len(text) - len(text.rstrip("0")))
    return rounded == exact or (len(text.rstrip("0")) >= _TELLING_DIGITS and 2 * abs(exact - rounded) <= unit)


@each_system
def within_limits(system: System) -> Iterator[Finding]:
    """No figure is above the maximum of the edition."""
    for name, limit in system.edition.limits.items():
        value = system.figures.get(name)
        if value is not None and limit.max is not None and value > limit.max:
            unit = f" {limit.unit}" if limit.unit else ""
            audio = f"{limit.audio} of audio" if limit.audio else ""
            over, most = f"{value - limit.max:,.12g}{unit}", f"{limit.max:,.12g}{unit}"
            message = f"{name} is {over} ({100 * (value / limit.max - 1):.3g} %) above the limit of {most}{audio}"
            yield system.finding(
                LIMIT_EXCEEDED, name, message, expected=f"at most {most}", found=f"{value:,.12g}{unit}"
            )


@each_system
def counted_as_asked(system: System) -> Iterator[Finding]:
    """MACs are counted by the tool that the edition names."""
    own, limit = system.submission.macs_counter, system.edition.limits.get("macs")
    if own is None or limit is None or limit.counter in {None, own}:
        return
    held = "" if limit.max is None else ", also for its limit"
    message = f"MACs were counted with {own}; edition {system.edition.name} asks for {limit.counter}{held}"
    yield system.finding(OTHER_COUNTER, "macs_counter", message, expected=limit.counter, found=own)


@all_systems
def counted_alike(systems: Sequence[System], pool: Sequence[Peer]) -> Iterator[Finding]:  # noqa: ARG001
    """The MACs of an edition's systems come from one tool; of systems that do not name theirs it is not known."""
    named = [one for one in systems if one.submission.macs is not None and one.submission.macs_counter is not None]
    counters: dict[str, Counter[str | None]] = defaultdict(Counter)
    for system in named:
        counters[system.edition.name][system.submission.macs_counter] += 1
    for system in named:
        limit, own = system.edition.limits.get("macs"), system.submission.macs_counter
        (usual, count), *_ = counters[system.edition.name].most_common(1)
        if (limit is None or limit.counter is None) and own != usual:
            message = f"MACs were counted with {own}, those of {plural(count, 'other system')} with {usual}"
            yield system.finding(OTHER_COUNTER, "macs_counter", message, expected=usual, found=own)
