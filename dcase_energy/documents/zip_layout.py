"""Where things stand in a zip file: read before any library trusts what the file says of itself.

Format: PKWARE APPNOTE.TXT 6.3.10. Only fields that distinguish an honest archive from a manipulated one are read.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.package_rules import ARCHIVE_AMBIGUOUS, ARCHIVE_BOMB, ARCHIVE_BROKEN, ARCHIVE_KIND
from dcase_energy.rules import Rule
from dcase_energy.text import printable

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_END_MARK, _LOCAL_MARK, _LOCATOR_MARK = b"PK\x05\x06", b"PK\x03\x04", b"PK\x06\x07"
_MAX_COMMENT = 0xFFFF
# Placeholders for entries, length and offset where only the ZIP64 record holds them.
MOST_COUNTED = 0xFFFF
_IN_ZIP64 = (MOST_COUNTED, 0xFFFFFFFF, 0xFFFFFFFF)
_DATA_DESCRIPTOR = 0x8
_UNICODE_PATH = 0x7075
# A central directory of 200,000 members with names of 100 characters has 30 MB.
_MAX_DIRECTORY_BYTES = 64_000_000
MAX_MEMBERS = 200_000


def read_end(file: BinaryIO) -> int | tuple[Rule, str]:
    """Return the number of members that the end of an archive states, or why the archive must not be read further.

    Of a ZIP64 archive the number is the larger of what its fields allow. Only the first bytes and the records at the
    end are read.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    kind = kind_of_bytes(file.read(512))
    start = max(0, size - _END.size - _MAX_COMMENT)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(_END_MARK)
    if found >= 0:
        return _judge_end(file, tail, found, start, kind)
    if kind == "zip":
        return ARCHIVE_BROKEN, "the directory at the end is missing: the file was cut short"
    return ARCHIVE_KIND, f"not a zip archive but {kind or ('something else' if size else 'an empty file')}"


def _judge_end(file: BinaryIO, tail: bytes, found: int, start: int, kind: str | None) -> int | tuple[Rule, str]:
    if len(tail) - found < _END.size:
        return ARCHIVE_BROKEN, "the directory's end is cut short"
    _, disk, _, entries_here, entries, length, offset, comment = _END.unpack_from(tail, found)
    behind = len(tail) - found - _END.size - comment
    if behind:
        what = f"{behind:,} bytes after its end" if behind > 0 else "a comment that is cut short"
        return ARCHIVE_AMBIGUOUS, f"the archive has {what}"
    if disk:
        return ARCHIVE_BROKEN, "a part of an archive in several volumes"
    if entries_here != entries:
        return ARCHIVE_AMBIGUOUS, f"the archive's end counts {entries_here:,} members and {entries:,}"
    directory_end = start + found
    if tail[max(0, found - 20) : found].startswith(_LOCATOR_MARK):
        directory_end = struct.unpack_from("<Q", tail, found - 12)[0]
        stated = (entries, length, offset)
        whole = _zip64(file, directory_end, start + found - 20)
        if whole is None:
            return ARCHIVE_BROKEN, "the ZIP64 record at the end is missing or damaged"
        if any(short not in {full, most} for short, full, most in zip(stated, whole, _IN_ZIP64, strict=True)):
            return ARCHIVE_AMBIGUOUS, "the archive has two ends that differ: readers differ in which they take"
        entries, length, offset = whole
    if length > _MAX_DIRECTORY_BYTES:
        entries = max(entries, length // 46)
    elif offset + length > directory_end:
        return ARCHIVE_BROKEN, "the directory does not fit into the file: the file was cut short"
    elif offset + length < directory_end or (kind not in {"zip", None} and entries):
        before = directory_end - offset - length
        what = f"{before:,} bytes that belong to no member" if before else f"the beginning of {kind}"
        return ARCHIVE_AMBIGUOUS, f"the archive has {what}: it was put together from several files"
    elif _has_other_end(tail, found, offset - start):
        return ARCHIVE_AMBIGUOUS, "the archive has two ends: readers differ in which they take"
    if entries > MAX_MEMBERS:
        return ARCHIVE_BOMB, f"{entries:,} members; at most {MAX_MEMBERS:,} are read"
    return int(entries)


def _has_other_end(tail: bytes, found: int, directory: int) -> bool:
    """Whether some reader may take another record for the end: one behind the members, or one that reaches the end.

    Members are no such place else: an archive that is stored in an archive has its end there.
    """
    at = tail.find(_END_MARK)
    while at < found:
        behind = len(tail) - at - _END.size
        if at >= directory or (behind >= 0 and _END.unpack_from(tail, at)[-1] == behind):
            return True
        at = tail.find(_END_MARK, at + 1)
    return False


def _zip64(file: BinaryIO, at: int, locator_at: int) -> tuple[int, int, int] | None:
    """Entries, length and offset of the directory as the ZIP64 record has them; None if that is not a whole record."""
    if at + 56 > locator_at:
        return None
    file.seek(at)
    record = file.read(56)
    size, entries_here, entries, length, offset = struct.unpack("<4xQ12x4Q", record)
    if record[:4] != b"PK\x06\x06" or at + 12 + size != locator_at or entries_here != entries:
        return None
    return entries, length, offset


def disagreements(file: BinaryIO, infos: list[zipfile.ZipInfo], directory_at: int) -> Iterator[tuple[str, str]]:
    """Name and message of each member whose own header says something else than the directory.

    Also members that overlap, and bytes that belong to none.
    """
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        name = info.orig_filename
        if info.header_offset < end:
            yield name, "the member overlaps another one"
            return
        if info.header_offset > end:
            yield name, f"{info.header_offset - end:,} bytes in front of the member belong to none"
        file.seek(info.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != _LOCAL_MARK:
            yield name, "the directory names a member that is not there"
            return
        _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(header)
        own, extra = file.read(name_length), file.read(extra_length)
        if own != info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"):
            yield name, f"the name inside the member is {printable(own.decode('utf-8', 'replace'))[:100]!r}"
        elif method != info.compress_type or (flags ^ info.flag_bits) & 0x1:
            yield name, "member and directory differ in how it is packed"
        elif not flags & _DATA_DESCRIPTOR and not _sizes_agree(info, crc, packed, size):
            yield name, "member and directory differ in size or checksum"
        elif _has_other_name(info.extra) or _has_other_name(extra):
            yield name, "the member has a second name, which only some zip programs use"
        end = info.header_offset + _LOCAL.size + name_length + extra_length + info.compress_size
        end += _descriptor_length(file, end, info) if flags & _DATA_DESCRIPTOR else 0
    if end != directory_at:
        what = "overlap the directory" if end > directory_at else "are followed by bytes that belong to none"
        yield "", f"the members {what}"


def _sizes_agree(info: zipfile.ZipInfo, crc: int, packed: int, size: int) -> bool:
    in_zip64 = 0xFFFFFFFF
    return crc == info.CRC and packed in {info.compress_size, in_zip64} and size in {info.file_size, in_zip64}


def _has_other_name(extra: bytes) -> bool:
    at = 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        if field == _UNICODE_PATH:
            return True
        at += 4 + length
    return False


def _descriptor_length(file: BinaryIO, at: int, info: zipfile.ZipInfo) -> int:
    """Length of the data descriptor: with or without mark, with sizes of 4 or 8 bytes."""
    file.seek(at)
    data = file.read(24)
    mark = 4 if data[:4] == b"PK\x07\x08" else 0
    for length, form in ((12, "<3L"), (20, "<LQQ")):
        if len(data) >= mark + length:
            crc, packed, size = struct.unpack_from(form, data, mark)
            if (crc, packed, size) == (info.CRC, info.compress_size, info.file_size):
                return mark + length
    return 0
