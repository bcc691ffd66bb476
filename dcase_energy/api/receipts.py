"""Receipts: what was checked and found, written down and compared with later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_energy.api.shared import Log, PathLike, Paths, TruthFiles, existing, load_rules, silent
from dcase_energy.api.validating import selected, validate
from dcase_energy.arguments import JobCount, checked
from dcase_energy.errors import InputError, WriteError

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.submission.receipt import Receipt, UsedEdition
    from dcase_energy.submission.receipt_check import ReceiptCheck
    from dcase_energy.submission.validate import Validation
# A file of one set of clips is named so in a receipt: "durations maestro".
_SET = "durations "


@checked
def write_receipt(
    found: Validation,
    paths: Paths,
    output: PathLike,
    *,
    edition: object = None,
    calibration: PathLike | None = None,
    durations: TruthFiles | None = None,
    pool: Paths = (),
    waivers: PathLike | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    strict: bool = False,
) -> Receipt:
    """Write the receipt of a validation, as `dcase-energy validate --receipt` does.

    Parameters
    ----------
    found
        What `validate` returned for ``paths`` with the other arguments.
    paths
        The packages that were validated.
    output
        A file that does not exist yet: a receipt is never replaced.
    edition, calibration, durations, pool, waivers, select, ignore
        As they were given to `validate`: the receipt names them, with the hashes of the files.
    strict
        Whether warnings fail, too.

    Raises
    ------
    InputError
        If a file cannot be read, or ``output`` exists.
    WriteError
        If it cannot be written.
    """
    from dcase_energy.submission.receipt import make_receipt
    from dcase_energy.writing.files import write_text

    target, given = Path(output), existing(paths)
    refuse_receipt(target)
    receipt = make_receipt(
        found,
        given,
        rules=[rule.code for rule in load_rules()],
        inputs=_files(calibration, durations, pool, waivers),
        edition_path=str(edition) if edition is not None and Path(str(edition)).exists() else None,
        select=select,
        ignore=ignore,
        strict=strict,
    )
    try:
        write_text(target, receipt.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise WriteError(f"cannot write {target}: {error.strerror}") from None
    return receipt


def refuse_receipt(output: Path) -> None:
    """Refuse a name for a receipt that is taken; raises `InputError`."""
    if output.exists():
        raise InputError(f"{output} exists, and a receipt is never replaced: name another file, or remove this one")


@checked
def check_receipt(
    receipt: PathLike,
    paths: Paths = (),
    *,
    edition: PathLike | None = None,
    calibration: PathLike | None = None,
    durations: TruthFiles | None = None,
    pool: Paths = (),
    waivers: PathLike | None = None,
    jobs: JobCount = 1,
    log: Log = silent,
) -> ReceiptCheck:
    """Report whether packages, edition or verdict changed since a receipt was written.

    Parameters
    ----------
    receipt
        The file that `write_receipt` wrote.
    paths, edition, calibration, durations, pool, waivers
        Where packages and files are now; without them where the receipt says.
    jobs, log
        As `validate` takes them.

    Raises
    ------
    RecordError
        If it is not a receipt, or was changed.
    InputError
        If a package or file is not where it was.
    """
    from dcase_energy.submission.receipt import load_receipt
    from dcase_energy.submission.receipt_check import compare_with_receipt

    then = load_receipt(existing(receipt)[0])
    given = existing(paths) if paths else _existing(then.paths, "PATH")
    inputs = _files(calibration, durations, pool, waivers)
    named = {name.partition(" ")[0] for name in inputs}
    for name, used in then.inputs.items():
        if name.partition(" ")[0] not in named:
            inputs[name] = _existing([one.path for one in used], f"--{name}")
    files = {name: paths[0] for name, paths in inputs.items()}
    sets = {name.removeprefix(_SET): path for name, path in files.items() if name.startswith(_SET)}
    found = validate(
        given,
        edition=_edition_of(then.editions[0]) if edition is None else edition,
        calibration=files.get("calibration"),
        durations=sets or files.get("durations"),
        pool=inputs.get("pool", ()),
        waivers=files.get("waivers"),
        jobs=jobs,
        log=log,
    )
    # Its codes may be those of rules that are gone.
    found = replace(found, findings=selected(found.findings, then.select, then.ignore))
    rules = [rule.code for rule in load_rules()]
    return compare_with_receipt(then, found, given, rules=rules, inputs=inputs)


def _edition_of(used: UsedEdition) -> Edition:
    """The edition of a receipt as it is today; one that was guessed then is taken for guessed, not guessed again."""
    from dcase_energy.editions.loader import load_edition

    edition = load_edition(str(used.name if used.path is None else _existing([used.path], "--edition")[0]))
    return replace(edition, guessed=used.guessed)


def _files(
    calibration: PathLike | None, durations: TruthFiles | None, pool: Paths, waivers: PathLike | None
) -> dict[str, list[Path]]:
    """The files besides the packages that were given, by option, and durations of several sets by option and set."""
    sets = durations if isinstance(durations, Mapping) else {"": durations}
    of_sets = {f"{_SET}{name}".rstrip(): file for name, file in sets.items()}
    given = {"calibration": calibration, **of_sets, "pool": pool or None, "waivers": waivers}
    return {name: existing(files) for name, files in given.items() if files is not None}


def _existing(paths: Sequence[str], option: str) -> list[Path]:
    for path in paths:
        if not Path(path).exists():
            raise InputError(f"the receipt names {path}, which is not there: give {option} to say where it is now")
    return existing(list(paths))
