"""`init`: the edition that a label points to, and what records fill into a metadata file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dcase_energy.api.shared import Log, PathLike, choose_edition, read_calibration, silent
from dcase_energy.arguments import checked
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError
from dcase_energy.submission import guess
from dcase_energy.submission.filling import of_calibration, of_energy_record
from dcase_energy.text import one_line, visible


@checked
def edition_for_label(label: str, edition: PathLike | Edition | None = None, log: Log = silent) -> Edition:
    """Return the edition that is given, or the one that a label alone points to.

    Parameters
    ----------
    label
        Of the system.
    edition
        Name, path or value; None guesses it.
    log
        Receives how it was guessed.

    Raises
    ------
    InputError
        If there is no such edition, several have the label's task, or the label is not one of the edition's.
    """
    rules = _guessed(label, log) if edition is None else choose_edition(edition)
    if not re.fullmatch(rules.label_pattern, label):
        raise InputError(f"{visible(label)!r} is not a label of edition {rules.name}, such as {rules.label_example}")
    return rules


def _guessed(label: str, log: Log) -> Edition:
    """The edition that a label alone points to; the default, or what all tasks share, where it points to none."""
    if (guessed := guess.edition_of_label(label)) is not None:
        log(f"edition {guessed.name}, guessed from the label; choose another with --edition")
        return guessed
    if known := guess.editions_of_task(label):
        raise InputError(f"several editions have this task: name one with --edition ({', '.join(known)})")
    if guess.is_of_unknown_task(label):
        log("no edition covers this task: the file has what all tasks share; choose an edition with --edition")
        return load_edition(guess.COMMON)
    if others := guess.editions_that_take(label):
        log(f"edition {guess.DEFAULT}; to choose one year, use --edition ({', '.join(others)})")
    return load_edition(guess.DEFAULT)


@checked
def figures_of_records(
    edition: Edition,
    calibration: Path | None,
    records: Mapping[str, Path | None],
    *,
    allow_invalid: bool = False,
    log: Log = silent,
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what records fill into a metadata file.

    Parameters
    ----------
    edition
        Whose fields are filled.
    calibration, records
        The baseline's record, and by stage the energy record, or the CodeCarbon file, of the system's work; None
        without one.
    allow_invalid
        Take the figures of a measurement that a guard found invalid, too.
    log
        Receives warnings.

    Returns
    -------
    values, origin
        By canonical field the text that is filled in, energies in kWh, and where it comes from.

    Raises
    ------
    RecordError
        If a record cannot be used, or is not valid and that is not allowed.
    """
    sources = []
    if calibration is not None:
        record = read_calibration(calibration, log)
        sources.append((calibration, of_calibration(record, edition, allow_invalid=allow_invalid)))
    sources += [
        (path, of_energy_record(path, stage, edition, allow_invalid=allow_invalid))
        for stage, path in records.items()
        if path is not None
    ]
    values: dict[str, str] = {}
    origin: dict[str, str] = {}
    for path, filled in sources:
        found = filled.values
        if filled.invalid:
            log(f"warning: {path} is not a valid measurement: {filled.invalid}")
        if "hardware" in values and found.get("hardware", values["hardware"]) != values["hardware"]:
            log(f"warning: {path} was measured on {found['hardware']}, the other records on {values['hardware']}")
        if unasked := [name for name in found if name.endswith("_kwh") and name not in edition.fields]:
            log(f"warning: {path} is not used: edition {edition.name} does not ask for {' and '.join(unasked)}")
        for name, value in found.items():
            if name in edition.fields and name not in values:
                values[name] = value
                origin[name] = f"from {one_line(path.name)}"
                if filled.invalid and name.endswith("_kwh"):
                    origin[name] += f"; NOT A VALID MEASUREMENT: {one_line(filled.invalid)}"
    return values, origin
