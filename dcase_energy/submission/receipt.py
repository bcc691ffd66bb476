"""A receipt: what was checked, under which rules, and what was found, to be compared with later.

It is sealed with a digest, so that a slip is noticed.
It is not a signature: it proves as much as its keeper is trusted.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dcase_energy import __version__
from dcase_energy.documents.files import load_bytes
from dcase_energy.documents.fingerprint import file_digest, file_digests, list_digest, listed
from dcase_energy.editions.identity import edition_digest, edition_parts
from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError, RecordError
from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.journal import check_seal, sealed, strict_json
from dcase_energy.measure.record_parts import validated
from dcase_energy.submission.package import STDIN
from dcase_energy.submission.validate import Validation
from dcase_energy.text import printable

SCHEMA_VERSION = "1.0"
_MAX_BYTES = 200_000_000
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ReceiptPart(BaseModel):
    """A part of a receipt; keys that are not known are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UsedEdition(ReceiptPart):
    """An edition, the digest of its rules, and of each part of them; ``path`` of an organiser's own.

    ``guessed``: labels and keys pointed to it.
    """

    name: str
    path: str | None = None
    guessed: bool = False
    sha256: Digest
    parts: dict[str, str]


class UsedFile(ReceiptPart):
    """A file besides the packages that the findings depend on."""

    path: str
    sha256: Digest


class CheckedPackage(ReceiptPart):
    """A package: its name below the path that was given, the digest of all of it, its systems, and its files.

    ``files`` has one digest for a folder of many files, under ``folder/``.
    """

    name: str
    path: str
    sha256: Digest
    systems: list[str]
    files: dict[str, Digest]


class Verdict(ReceiptPart):
    """Whether validation passed, and how many findings there were."""

    passed: bool
    errors: int
    warnings: int
    waived: int


class FoundThen(ReceiptPart):
    """A finding: ``file`` is its place inside its package; ``package`` is None for other files."""

    code: str
    severity: Severity
    package: str | None
    file: str
    path: str | None
    message: str
    waived: str | None = None


class Receipt(ReceiptPart):
    """The document; ``rules`` are the codes that the program knew, ``select`` and ``ignore`` what was left out."""

    kind: Literal["receipt"] = "receipt"
    schema_version: Literal["1.0"] = "1.0"
    tool_version: str
    created: str
    editions: list[UsedEdition] = Field(min_length=1)
    inputs: dict[str, list[UsedFile]]
    select: list[str]
    ignore: list[str]
    strict: bool
    paths: list[str]
    packages: list[CheckedPackage]
    metadata_files: int
    rules: list[str]
    verdict: Verdict
    findings: list[FoundThen]
    digest: str = ""


def make_receipt(
    found: Validation,
    paths: Sequence[Path],
    *,
    rules: Iterable[str],
    inputs: Mapping[str, Sequence[Path]],
    edition_path: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    strict: bool = False,
) -> Receipt:
    """Return the receipt of a validation; the files of its packages are read once more, for their digests.

    Raises
    ------
    InputError
        If a file cannot be read, or is standard input.
    """
    if STDIN in paths:
        raise InputError("a receipt is about files: standard input has none")
    names = package_names(found, paths)
    receipt = Receipt(
        tool_version=__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        editions=used_editions(found, edition_path),
        inputs={name: [_used(path) for path in files] for name, files in inputs.items() if files},
        select=list(select),
        ignore=list(ignore),
        strict=strict,
        paths=[printable(str(path)) for path in paths],
        packages=[_checked(found, name, path) for name, path in names.items()],
        metadata_files=found.files,
        rules=sorted(rules),
        verdict=verdict_of(found, strict=strict),
        findings=[found_in(one, names) for one in found.findings],
    )
    return receipt.model_copy(update={"digest": sealed(receipt.model_dump(mode="json"))})


def load_receipt(path: Path) -> Receipt:
    """Read a receipt.

    Raises
    ------
    RecordError
        If it is not one, or was changed after it was written.
    """
    try:
        document = strict_json(load_bytes(path, _MAX_BYTES))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not a receipt (`dcase-energy validate --receipt` writes one): {error}") from None
    if not isinstance(document, dict) or document.get("kind") != "receipt":
        raise RecordError(f"{path} is not a receipt (`dcase-energy validate --receipt` writes one)")
    if document.get("schema_version") != SCHEMA_VERSION:
        version = document.get("schema_version")
        raise RecordError(f"{path} has schema version {version!r}; this program reads {SCHEMA_VERSION}")
    receipt = validated(Receipt, document, f"{path} is not a valid receipt")
    check_seal(document, str(path))
    return receipt


def receipt_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a receipt."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Made from the program by `dcase-energy schema --record receipt`; do not edit.",
        **Receipt.model_json_schema(mode="serialization"),
    }


def used_editions(found: Validation, path: str | None = None) -> list[UsedEdition]:
    """Return the edition that was asked for, and any other that a system was judged by."""
    editions: dict[str, Edition] = {found.edition.name: found.edition}
    for system in found.systems:
        editions.setdefault(system.edition.name, system.edition)
    return [
        UsedEdition(
            name=name,
            path=path if one is found.edition else None,
            guessed=one.guessed,
            sha256=edition_digest(one),
            parts=edition_parts(one),
        )
        for name, one in editions.items()
    ]


def package_names(found: Validation, paths: Sequence[Path]) -> dict[str, Path]:
    """Return the packages by their place below the path that was given, which stays when everything is moved."""
    names: dict[str, Path] = {}
    for package in found.packages.paths:
        above = next((path for path in paths if path != package and package.is_relative_to(path)), None)
        name = package.resolve().name if above is None else package.relative_to(above).as_posix()
        name = printable(name)
        names[printable(str(package)) if name in names else name] = package
    return names


def found_in(finding: Finding, names: Mapping[str, Path]) -> FoundThen:
    """Return a finding with its place inside its package."""
    where, package, file = finding.where, None, Path(finding.where.file).name
    for name, path in sorted(names.items(), key=lambda item: len(item[1].parts)):  # the innermost is taken
        if PurePath(where.file).is_relative_to(printable(str(path))):
            inside = PurePath(where.file).relative_to(printable(str(path))).as_posix()
            package, file = name, where.member or inside
    return FoundThen(
        code=finding.code,
        severity=finding.severity,
        package=package,
        file=file,
        path=where.path,
        message=finding.message,
        waived=finding.waived,
    )


def verdict_of(found: Validation, *, strict: bool) -> Verdict:
    """Count the findings; under ``strict`` warnings fail, too."""
    errors, warnings = found.count(Severity.ERROR), found.count(Severity.WARNING)
    waived = sum(one.waived is not None for one in found.findings)
    passed = not errors and not (strict and warnings)
    return Verdict(passed=passed, errors=errors, warnings=warnings, waived=waived)


def _checked(found: Validation, name: str, path: Path) -> CheckedPackage:
    digests = file_digests(path)
    place = printable(str(path))
    return CheckedPackage(
        name=name,
        path=place,
        sha256=list_digest(digests) if path.is_dir() else next(iter(digests.values())),
        systems=sorted(one.name for one in found.systems if one.files.tree.where("").file == place),
        files=listed(digests),
    )


def _used(path: Path) -> UsedFile:
    return UsedFile(path=printable(str(path)), sha256=file_digest(path))
