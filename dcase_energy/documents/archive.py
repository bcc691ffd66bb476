"""Untrusted zip archives: inspected and read member by member, never extracted.

Common readers hide what is wrong with an archive: they rename ``../x``, take the last of two members of one name, skip
what stands in front of the first. So the directory is compared with the members before anything is read from them.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from dcase_energy.documents.files import open_plain
from dcase_energy.documents.names import SHOWN, few, judge_names
from dcase_energy.documents.package_rules import (
    ARCHIVE_AMBIGUOUS,
    ARCHIVE_BOMB,
    ARCHIVE_BROKEN,
    ARCHIVE_METHOD,
    LINK,
    NAME_ENCODING,
    NAME_UNSAFE,
)
from dcase_energy.documents.rules import TABLE_LIMIT
from dcase_energy.documents.zip_layout import MOST_COUNTED, disagreements, read_end
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule
from dcase_energy.text import printable

MAX_TOTAL_BYTES = 20_000_000_000
# Score files shrink to a third, all-zero ones to a hundredth; a whole package of more than 2 GB never to 4 %.
_FREE_TOTAL_BYTES = 2_000_000_000
_FREE_MEMBER_BYTES = 8_000_000
_MAX_TOTAL_RATIO = 25
_MAX_MEMBER_RATIO = 300

# What reading a damaged archive raises besides BadZipFile.
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    IndexError,
    RuntimeError,
    NotImplementedError,
)
_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}
_BACKSLASH_HINT = (
    "make the archive again with a program that writes slashes (older releases of Compress-Archive and .NET do not), "
    "or with `dcase-energy pack`"
)
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000


class Archive:
    """A zip archive seen as a tree of files; see `dcase_energy.documents.tree.Tree`.

    Parameters
    ----------
    path
        The archive; what it is called in findings.
    data
        Its bytes, where they come from standard input.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self.path = path
        self._base = Path()
        self._data = data
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._findings = list(self._inspect())

    def __getstate__(self) -> dict[str, object]:
        # An open file cannot travel to another process; it is opened again there, whatever the working folder is.
        state = {key: value for key, value in self.__dict__.items() if key != "_zip"}
        return {**state, "_base": Path.cwd() / self._base}

    def names(self) -> list[str]:
        """Names of all files that can be read, with ``/``, sorted."""
        return list(self._members)

    def problems(self) -> list[Finding]:
        """What is wrong with the archive itself."""
        return self._findings

    def where(self, name: str) -> Where:
        """The place of a member for findings."""
        return Where(printable(str(self.path)), printable(name) or None)

    def read(self, name: str, limit_bytes: int) -> tuple[bytes | None, list[Finding]]:
        """Read one member, at most so many bytes of it; its checksum must hold."""
        info = self._members[name]
        where = self.where(name)
        if info.file_size > limit_bytes:
            message = f"the file has {info.file_size:,} bytes"
            return None, [TABLE_LIMIT.finding(where, message, expected=f"at most {limit_bytes:,}")]
        try:
            with self._zip.open(info) as member:
                data = member.read(limit_bytes + 1)
        except _READ_ERRORS as error:
            return None, [ARCHIVE_BROKEN.finding(where, f"the member cannot be read: {_reason(error)}")]
        if len(data) != info.file_size:
            message = f"the member has {len(data):,} bytes and states {info.file_size:,}"
            return None, [ARCHIVE_BROKEN.finding(where, message)]
        return data, []

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self._open())

    def _open(self) -> BinaryIO:
        if self._data is not None:
            return io.BytesIO(self._data)
        return open_plain(self._base / self.path)

    def _inspect(self) -> Iterator[Finding]:
        """Fill the members and yield findings; an archive that is not safe to read has no members."""
        here = self.where("")
        try:
            with self._open() as file:
                entries = read_end(file)
        except OSError as error:
            yield ARCHIVE_BROKEN.finding(here, f"cannot be read: {error.strerror or error}")
            return
        if not isinstance(entries, int):
            yield entries[0].finding(here, entries[1])
            return
        try:
            infos = self._zip.infolist()
        except (*_READ_ERRORS, MemoryError) as error:
            yield ARCHIVE_BROKEN.finding(here, f"the directory cannot be read: {_reason(error)}")
            return
        # An old program that cannot count further writes its largest number.
        if len(infos) != entries and not len(infos) > entries == MOST_COUNTED:
            message = "the number of members at the archive's end is wrong: some programs see only a part of it"
            expected, found = f"{len(infos):,}, as in the directory", f"{entries:,}"
            yield ARCHIVE_AMBIGUOUS.finding(here, message, expected=expected, found=found)
        elif not infos:
            yield ARCHIVE_BROKEN.finding(here, "the archive is empty")
        elif bombs := list(_bombs(infos)):
            yield from (ARCHIVE_BOMB.finding(here, message) for message in bombs)
        else:
            yield from self._take(infos)

    def _take(self, infos: list[zipfile.ZipInfo]) -> Iterator[Finding]:
        # The directory is compared with the header of each member.
        try:
            with self._open() as file:
                found = list(disagreements(file, infos, self._zip.start_dir))
        except (OSError, struct.error) as error:
            yield ARCHIVE_BROKEN.finding(self.where(""), f"the members cannot be read: {_reason(error)}")
        else:
            yield from (ARCHIVE_AMBIGUOUS.finding(self.where(name), message) for name, message in found[:SHOWN])
        files: dict[str, zipfile.ZipInfo] = {}
        names = [_name_of(info) for info in infos]
        # A program that wrote backslashes between folders meant slashes.
        if any("\\" in name for name in names) and not any("/" in name for name in names):
            names = [name.replace("\\", "/") for name in names]
            message = "names with backslashes between folders (read as folders here): other programs see one long name"
            yield NAME_UNSAFE.finding(self.where(""), message, hint=_BACKSLASH_HINT)
        members = [(i, n) for i, n in zip(infos, names, strict=True) if not (n.endswith("/") and i.file_size == 0)]
        for info, name in members:
            # The first of two members of one name stays; the other is a finding.
            files.setdefault(name, info)
        usable, problems = judge_names((name for _, name in members), self.where)
        odd = list(_odd_members({name: files[name] for name in usable}))
        yield from [*problems, *few(rule.finding(self.where(name), message) for rule, name, message in odd)]
        refused = {name for rule, name, _ in odd if rule is not NAME_ENCODING}
        self._members = {name: files[name] for name in usable if name not in refused}


def _bombs(infos: list[zipfile.ZipInfo]) -> Iterator[str]:
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > MAX_TOTAL_BYTES or (total > _FREE_TOTAL_BYTES and total > _MAX_TOTAL_RATIO * max(packed, 1)):
        yield f"{packed:,} bytes unpack to {total:,}"
    for info in infos:
        if info.file_size > max(_FREE_MEMBER_BYTES, _MAX_MEMBER_RATIO * info.compress_size):
            size, name = info.file_size, printable(_name_of(info))
            yield f"the {info.compress_size:,} bytes of {name[:100]} unpack to {size:,}"
            return


def _odd_members(files: dict[str, zipfile.ZipInfo]) -> Iterator[tuple[Rule, str, str]]:
    """Members that are not plain files, or that common tools cannot read."""
    for name, info in files.items():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            what = "a symbolic link" if kind == stat.S_IFLNK else "not a plain file but a folder, pipe or device"
            yield LINK, name, f"the member is {what}"
        elif info.flag_bits & _ENCRYPTED_FLAGS:
            yield ARCHIVE_METHOD, name, "the member is encrypted"
        elif info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
            yield ARCHIVE_METHOD, name, f"the member is packed with {method}"
        elif not info.flag_bits & _UTF8_FLAG and not info.orig_filename.isascii():
            yield NAME_ENCODING, name, "the name is not marked as UTF-8"


def _name_of(info: zipfile.ZipInfo) -> str:
    """The whole name: not cut at a NUL, and read as UTF-8 where it is, marked or not."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _reason(error: BaseException) -> str:
    return printable(str(error)[:200]) or type(error).__name__
