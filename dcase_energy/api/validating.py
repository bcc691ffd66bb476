"""`validate`, `fix` and `pack`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_energy.api.shared import (
    Log,
    PathLike,
    Paths,
    TruthFiles,
    by_set,
    choose_edition,
    existing,
    load_rules,
    read_denominator,
    silent,
    write_files,
)
from dcase_energy.arguments import JobCount, checked
from dcase_energy.errors import InputError, WriteError
from dcase_energy.findings import Finding, Severity

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.submission.checks.system import Peer
    from dcase_energy.submission.fixing import Change
    from dcase_energy.submission.letters import Changes
    from dcase_energy.submission.packing import Packed
    from dcase_energy.submission.validate import Validation
    from dcase_energy.submission.waivers import Waivers


@checked
def validate(
    paths: Paths,
    *,
    edition: PathLike | Edition | None = None,
    calibration: PathLike | None = None,
    durations: TruthFiles | None = None,
    pool: Paths = (),
    waivers: PathLike | None = None,
    stdin: bytes | None = None,
    select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    jobs: JobCount = 1,
    log: Log = silent,
    progress: Callable[[int, int, str], None] | None = None,
) -> Validation:
    """Check metadata files and packages: every finding at once, as `dcase-energy validate` does.

    Parameters
    ----------
    paths
        Metadata files, package folders or archives, or folders of them; ``-`` is ``stdin``.
    edition
        Name, or path of a folder with an ``edition.toml``; None guesses it from labels and keys.
    calibration
        Record to divide by instead of the packages' own.
    durations
        Tab-separated ``filename duration`` (seconds) of the clips that outputs must hold; one file, or one of each set
        of clips by its name.
    pool
        CSV tables with the results of other teams to compare with.
    waivers
        CSV table with ``code``, ``label`` and ``reason``: findings that the organiser accepts for one system.
    select, ignore
        Codes of rules, their names or prefixes of codes, as a list or in a text with commas: only these findings, all
        but these.
    jobs
        Packages read at a time; 0 for as many as there are processors.
    log
        Receives messages, such as how the edition was guessed.
    progress
        Receives how many packages were read, of how many, and the name of the last.

    Raises
    ------
    InputError
        If a path, the edition, a table or the record cannot be used, or no rule begins as ``select`` or ``ignore``
        say.
    ParallelError
        If a process that reads packages ends unexpectedly.

    Examples
    --------
    >>> from dcase_energy import validate
    >>> validate("examples/packages/Baker_LAB").findings
    []
    """
    from dcase_energy.submission.inbox import find_packages
    from dcase_energy.submission.validate import ValidateOptions, validate_paths

    given, chosen, dropped = existing(paths, stdin), rule_codes(select, "select"), rule_codes(ignore, "ignore")
    packages = find_packages(given, stdin)
    rules = choose_edition(edition, packages, log=log)
    denominator, accepted = read_denominator(calibration, rules), read_accepted(waivers)
    options = ValidateOptions(denominator, durations_s=_durations(durations, rules), waivers=accepted)
    found = validate_paths(packages, rules, options=options, pool=_peers(pool, rules), jobs=jobs, progress=progress)
    unused = accepted.unused({one.name: found.codes_near(one) for one in found.systems if accepted.rows})
    return replace(found, findings=selected([*found.findings, *unused], chosen, dropped))


def selected(findings: Sequence[Finding], select: Sequence[str], ignore: Sequence[str]) -> list[Finding]:
    """Return the findings whose code begins as one of ``select``, all where it is empty, and as none of ``ignore``."""
    chosen, dropped = tuple(select) or ("",), tuple(ignore)
    return [one for one in findings if one.code.startswith(chosen) and not one.code.startswith(dropped)]


@checked
def write_letters(validation: Validation, folder: PathLike, *, log: Log = silent) -> tuple[list[Path], Changes | None]:
    """Write a letter to each team as a page and as text: what was accepted, what is wrong, where, and how to fix it.

    Parameters
    ----------
    validation
        What `validate` found.
    folder
        Holds the letters, and what the next ones are compared with.
    log
        Receives a message for each letter that is not addressed to the team that its label names, and why.

    Returns
    -------
    The files, and what changed since the letters before; None where there were none.

    Raises
    ------
    InputError
        If the folder holds a file of that name which is not ours.
    WriteError
        If the folder cannot be written to.
    """
    from dcase_energy.submission.letter_files import letter_files
    from dcase_energy.submission.letters import STATE, changes_of, file_names, letters_of, read_state, state_of

    letters = letters_of(validation, read_state(Path(folder)))
    files = letter_files(list(zip(file_names(letters), letters, strict=True)), validation.edition)
    files[STATE] = state_of(letters, validation.edition.name)
    written = write_files(folder, files)
    for letter in letters:
        if letter.doubt is not None:
            log(f"not addressed to a team: the letter '{letter.team}', since {letter.doubt}; find out who submitted it")
    return written, changes_of(letters)


@checked
def fix(
    paths: Paths,
    *,
    edition: PathLike | Edition | None = None,
    write: bool = True,
    on_change: Callable[[Change], None] | None = None,
) -> list[Change]:
    """Apply safe edits to metadata files, as `dcase-energy validate --fix` does; return what was changed.

    Parameters
    ----------
    paths, edition
        As `validate` takes them; files in archives are left alone.
    write
        Whether files are changed; else the changes are only returned, as with ``--diff``.
    on_change
        Receives each changed file, before the next one is read.

    Raises
    ------
    InputError
        If a path or the edition cannot be used.
    WriteError
        If a file cannot be written.
    """
    from dcase_energy.submission.fixing import fix_paths
    from dcase_energy.submission.inbox import find_packages

    given = existing(paths)
    changes = []
    for change in fix_paths(given, choose_edition(edition, find_packages(given)), write=write):
        changes.append(change)
        if on_change is not None:
            on_change(change)
    return changes


@checked
def pack(
    folder: PathLike,
    output: PathLike | None = None,
    *,
    edition: PathLike | Edition | None = None,
    calibration: PathLike | None = None,
    strict: bool = False,
    log: Log = silent,
) -> tuple[Validation, Packed | None]:
    """Validate a package folder and write the submission zip, as `dcase-energy pack` does.

    Parameters
    ----------
    folder, output
        The package, and the zip to write; None is a zip of the folder's name beside it.
    edition, calibration, log
        As `validate` takes them.
    strict
        Write nothing while there is a warning, either.

    Returns
    -------
    What validation found, and what was written: None where findings prevent it.

    Raises
    ------
    InputError
        If the folder, the edition or the record cannot be used.
    WriteError
        If the zip cannot be written; an older one is then untouched.
    """
    from dcase_energy.submission.packing import write_zip
    from dcase_energy.writing.files import why_not_writable

    source = Path(folder).resolve()
    target = source.parent / f"{source.name}.zip" if output is None else Path(output)
    if (reason := why_not_writable(target)) is not None:
        raise WriteError(f"cannot write {target}: {reason}")
    found = validate(folder, edition=edition, calibration=calibration, log=log)
    found = replace(found, findings=sorted([*found.findings, *_without_outputs(found)], key=Finding.sort_key))
    prevented = found.count(Severity.ERROR) or (strict and found.count(Severity.WARNING))
    return found, None if prevented else write_zip(Path(folder), target)


def _without_outputs(found: Validation) -> Iterator[Finding]:
    """What only a zip has to bring: a folder may be unfinished, and its outputs are written last."""
    from dcase_energy.submission.checks.outputs import without_outputs

    if found.edition.outputs.kind == "score_folders":
        missing = (without_outputs(system) for system in found.systems if not system.files.runs)
        yield from (one for one in missing if one not in found.findings)


def rule_codes(given: str | Sequence[str] | None, option: str) -> tuple[str, ...]:
    """Return codes and prefixes of codes, of a list or of a text such as ``E,M101``; a name of a rule gives its code.

    Raises
    ------
    InputError
        If one begins no code, or there is none; the message begins with the name of the option.
    """
    if given is None or (not given and not isinstance(given, str)):
        return ()
    known = _codes()
    found = []
    parts = given.split(",") if isinstance(given, str) else given
    for part in filter(None, (one.strip().upper() for one in parts)):
        code = known.get(part, part)
        if not any(other.startswith(code) for other in known.values()):
            close = difflib.get_close_matches(part, known, n=1)
            hint = f"did you mean {close[0].lower() if '-' in close[0] else close[0]}? " if close else ""
            raise InputError(f"{option}: no rule begins with {part!r}; {hint}`dcase-energy explain` lists all")
        found.append(code)
    if not found:
        raise InputError(f"{option}: name codes such as E201, or prefixes such as E")
    return tuple(found)


def read_accepted(path: PathLike | None) -> Waivers:
    """Read a file of waivers.

    Raises
    ------
    InputError
        If it cannot be used; what is wrong are its ``findings``.
    """
    from dcase_energy.submission.waivers import NO_WAIVERS, read_waivers

    if path is None:
        return NO_WAIVERS
    waivers, findings = read_waivers(existing(path)[0], _codes())
    if findings:
        raise InputError(f"the waivers {path} cannot be used: {findings[0].message}", findings)
    return waivers


def _codes() -> dict[str, str]:
    """Return the code of each rule by its code and by its name in capitals."""
    rules = load_rules()
    return {rule.code: rule.code for rule in rules} | {rule.name.upper(): rule.code for rule in rules}


def _durations(given: TruthFiles | None, edition: Edition) -> dict[str, float] | None:
    """Durations of all clips that outputs must contain; those of several sets together."""
    if given is None:
        return None
    from dcase_energy.scoring.truth import read_durations

    found: dict[str, float] = {}
    paths = by_set(given, edition).values() if isinstance(given, Mapping) else existing(given)
    for path in paths:
        clips, findings = read_durations(path)
        if findings or not clips:
            reasons = "; ".join(f"{one.where}: {one.message}" for one in findings)
            raise InputError(f"the durations cannot be used: {reasons}")
        found |= clips
    return found


def _peers(tables: Paths, edition: Edition) -> list[Peer]:
    """Return the systems of other teams in some tables."""
    from dcase_energy.submission.checks.pool import read_pool

    peers: list[Peer] = []
    for path in existing(tables) if tables else ():
        found, problems = read_pool(path, edition)
        if problems:
            raise InputError(f"--pool {problems[0].where}: {problems[0].message}")
        peers += found
    return peers
