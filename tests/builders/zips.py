"""Zip archives byte by byte, right ones and wrong ones: common writers refuse to write what an attacker sends."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

UTF8 = 0x800
STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class Member:
    """One member; what is None is as an honest writer has it."""

    name: bytes
    data: bytes = b""
    method: int = DEFLATED
    flags: int = UTF8
    mode: int = 0o100644
    local_name: bytes | None = None
    crc: int | None = None
    size: int | None = None
    local_size: int | None = None
    packed: bytes | None = None
    extra: bytes = b""
    hidden: bool = False
    ghost: bool = False
    at: int | None = field(default=None)

    @cached_property
    def packed_bytes(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method != DEFLATED:
            return self.data
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        return deflate.compress(self.data) + deflate.flush()

    def local(self) -> bytes:
        """Header and data as they stand in front of the directory."""
        size = len(self.data) if self.local_size is None else self.local_size
        header = self._fields(self.local_name or self.name, size)
        return (
            b"PK\x03\x04" + struct.pack("<5H3L2H", *header) + (self.local_name or self.name) + self.extra + self.body()
        )

    def body(self) -> bytes:
        return self.packed_bytes

    def central(self, at: int) -> bytes:
        """The entry of the directory."""
        size = len(self.data) if self.size is None else self.size
        fields = self._fields(self.name, size)
        tail = struct.pack("<3H2L", 0, 0, 0, (self.mode << 16) & 0xFFFFFFFF, at if self.at is None else self.at)
        return b"PK\x01\x02\x14\x03" + struct.pack("<5H3L2H", *fields) + tail + self.name + self.extra

    def _fields(self, name: bytes, size: int) -> tuple[int, ...]:
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        # 1 January 1980, midnight: the same bytes every time.
        return (20, self.flags, self.method, 0, 0x21, crc, len(self.packed_bytes), size, len(name), len(self.extra))


def archive(members: Iterable[Member], *, comment: bytes = b"", prefix: bytes = b"", trailing: bytes = b"") -> bytes:
    """An archive of these members; offsets do not count the prefix, as in a program with an archive behind it."""
    local, central, entries = bytearray(), bytearray(), 0
    for member in members:
        if not member.hidden:
            central += member.central(len(local))
            entries += 1
        if not member.ghost:
            local += member.local()
    count = min(entries, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(central), len(local), len(comment))
    return b"".join([prefix, local, central, end, comment, trailing])


def package(files: dict[str, bytes]) -> list[Member]:
    """Honest members of files by name."""
    return [Member(name.encode(), data) for name, data in sorted(files.items())]


def with_member(files: dict[str, bytes], member: Member) -> bytes:
    """An honest package with one more member at its end."""
    return archive([*package(files), member])


__all__ = ["DEFLATED", "STORED", "UTF8", "Member", "archive", "package", "replace", "with_member"]
