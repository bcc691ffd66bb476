"""Comparing what is there now with a receipt: packages byte by byte, the edition's rules, other files, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from dcase_energy import __version__
from dcase_energy.documents.fingerprint import file_digest, file_digests, listed
from dcase_energy.findings import Severity
from dcase_energy.submission.receipt import (
    FoundThen,
    Receipt,
    UsedFile,
    found_in,
    package_names,
    used_editions,
    verdict_of,
)
from dcase_energy.submission.validate import Validation
from dcase_energy.text import first_few, more, plural, printable

_SHOWN = 5


@dataclass(frozen=True)
class ReceiptCheck:
    """What became of what a receipt is about.

    Attributes
    ----------
    receipt, validation
        What was found then and now.
    package, edition, inputs, verdict
        What changed of each since, in words; empty where nothing did.
    notes
        What differs and changes nothing: another version of the program, findings of rules that are newer.
    """

    receipt: Receipt
    validation: Validation
    package: tuple[str, ...]
    edition: tuple[str, ...]
    inputs: tuple[str, ...]
    verdict: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether package, edition, other files and verdict are as they were."""
        return not (self.package or self.edition or self.inputs or self.verdict)


def compare_with_receipt(
    receipt: Receipt,
    found: Validation,
    paths: Sequence[Path],
    *,
    rules: Sequence[str],
    inputs: Mapping[str, Sequence[Path]],
) -> ReceiptCheck:
    """Compare a validation of today with a receipt.

    Parameters
    ----------
    receipt, found
        What was found then, and is now, with the edition, ``select`` and ``ignore`` of the receipt.
    paths, inputs
        Where the packages and the other files are now.
    rules
        Codes of the rules that the program has today.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    places = _places(receipt, paths)
    # One package that is left of several is not found as the folder it was, but as the one above.
    added = {
        name: path
        for name, path in package_names(found, paths).items()
        if not any(place.is_relative_to(path) for place in places.values())
    }
    names = {**added, **places}
    verdict, newer = _of_findings(receipt, found, names, rules)
    notes = [*newer]
    if receipt.tool_version != __version__:
        notes.append(f"written by version {receipt.tool_version}, checked by {__version__}")
    return ReceiptCheck(
        receipt,
        found,
        package=(*_of_packages(receipt, places), *(f"{name} was not there" for name in added)),
        edition=tuple(_of_editions(receipt, found)),
        inputs=tuple(_of_inputs(receipt, inputs)),
        verdict=tuple(verdict),
        notes=tuple(notes),
    )


def _places(receipt: Receipt, paths: Sequence[Path]) -> dict[str, Path]:
    """Where the packages of a receipt are now; a single one may have another name."""
    if len(receipt.packages) == len(paths) == 1 and not (paths[0] / receipt.packages[0].name).exists():
        return {receipt.packages[0].name: paths[0]}
    places = {}
    for one in receipt.packages:
        named = [path for path in paths if printable(path.resolve().name) == one.name]
        inside = [path / one.name for path in paths if (path / one.name).exists()]
        if named or inside:
            places[one.name] = [*named, *inside][0]
    return places


def _of_packages(receipt: Receipt, names: Mapping[str, Path]) -> Iterator[str]:
    for one in receipt.packages:
        name = one.name
        if name not in names:
            yield f"{name} is not there"
            continue
        whole = {file for file in one.files if file.endswith("/")}
        now = listed(file_digests(names[name], one.files), whole)
        if len(one.files) == len(now) == 1 and not names[name].is_dir():
            now = dict.fromkeys(one.files, *now.values())
        changed = [file for file in one.files if file in now and now[file] != one.files[file]]
        gone = [file for file in one.files if file not in now]
        for words, files in (
            ("has other bytes", changed),
            ("is not there", gone),
            ("was not there", [file for file in now if file not in one.files]),
        ):
            if files:
                yield f"{name}: {files[0]} {words}{more(len(files) - 1)}"


def _of_editions(receipt: Receipt, found: Validation) -> Iterator[str]:
    now = {one.name: one for one in used_editions(found)}
    for one in receipt.editions:
        today = now.get(one.name)
        if today is None:
            yield f"no system is judged by {one.name} today"
        elif one.sha256 != today.sha256:
            parts = {**one.parts, **today.parts}
            other = [part for part in parts if one.parts.get(part) != today.parts.get(part)]
            yield f"{one.name} has other rules: {', '.join(other)}"
    for name in now.keys() - {one.name for one in receipt.editions}:
        yield f"a system is judged by {name} today"


def _of_inputs(receipt: Receipt, inputs: Mapping[str, Sequence[Path]]) -> Iterator[str]:
    for name in dict.fromkeys([*receipt.inputs, *inputs]):
        then: list[UsedFile] = receipt.inputs.get(name, [])
        now = [file_digest(path) for path in inputs.get(name, ())]
        if sorted(now) != sorted(one.sha256 for one in then):
            files = ", ".join(one.path for one in then) or "none"
            yield f"--{name} is another file than then ({files})"


def _of_findings(
    receipt: Receipt, found: Validation, names: Mapping[str, Path], rules: Sequence[str]
) -> tuple[list[str], list[str]]:
    """What is new and gone among errors, warnings and waived findings; findings of newer rules change no verdict."""
    today = [one for one in (found_in(finding, names) for finding in found.findings) if _counts(one)]
    newer = sorted({one.code for one in today} - set(receipt.rules))
    dropped = sorted({one.code for one in receipt.findings} - set(rules))
    was = Counter(_key(one) for one in receipt.findings if _counts(one) and one.code not in dropped)
    now = Counter(_key(one) for one in today if one.code not in newer)
    changes = []
    for words, several in (("new", now - was), ("gone", was - now)):
        listed_keys = [f"{state} {code} in {PurePath(package, file)}" for code, state, package, file, _ in several]
        if listed_keys:
            changes.append(f"{words}: {first_few(listed_keys, _SHOWN)}")
    passed, passes = receipt.verdict.passed, verdict_of(found, strict=receipt.strict).passed
    if changes and passed != passes:
        changes.insert(0, "passed then, fails now" if passed else "failed then, passes now")
    notes = []
    if newer:
        count = sum(one.code in newer for one in today)
        notes.append(f"{plural(count, 'finding')} of rules that are newer than the receipt: {', '.join(newer)}")
    if dropped:
        notes.append(f"rules that no longer exist: {', '.join(dropped)}")
    return changes, notes


def _counts(one: FoundThen) -> bool:
    return one.severity is not Severity.INFO or one.waived is not None


def _key(one: FoundThen) -> tuple[str, str, str, str, str]:
    """What a finding is, whatever its words and its line."""
    state = "waived" if one.waived is not None else str(one.severity)
    return one.code, state, one.package or "", one.file, one.path or ""
