"""Hostile packages (H-P)."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.builders.packages import LABEL, META, files, metadata, write
from tests.builders.zips import STORED, Member, archive, package, with_member
from tests.hostile.case import Case, folder, honest, zipped

RUN = f"{LABEL}/{LABEL}_run1.output"
GOOD = files(runs=1)
MEMBERS = package(GOOD)


def _with(name: str, member: Member, *codes: str, words: str = "") -> Case:
    return zipped(name, lambda: with_member(GOOD, member), *codes, words=words)


def _named(name: str, member: bytes, *codes: str, flags: int = 0x800) -> Case:
    """A valid archive with one more file of this name."""
    return _with(name, Member(member, b"x", flags=flags), *(codes or ("Z806",)))


def _changed(name: str, change: Callable[[Member], Member], *codes: str, words: str = "") -> Case:
    """A valid archive whose metadata member is changed."""
    return zipped(
        name,
        lambda: archive([change(one) if one.name == META.encode() else one for one in MEMBERS]),
        *codes,
        words=words,
    )


def _standard(method: int) -> bytes:
    """An archive as Python's own writer makes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in GOOD.items():
            file.writestr(name, data)
    return buffer.getvalue()


def _streamed() -> bytes:
    """An archive written to a pipe: sizes stand behind each member."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in GOOD.items():
            file.writestr(name, data)
    return pipe.data


def _zip64() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in GOOD.items():
            with file.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return buffer.getvalue()


def _counted(here: int, total: int) -> bytes:
    """A valid archive whose end states other numbers of members."""
    data = honest()
    return data[:-14] + struct.pack("<2H", here, total) + data[-10:]


def _two_kinds_of_end(entries: int = len(MEMBERS), extra: bytes = b"", *, plain: int = len(MEMBERS)) -> bytes:
    """A valid archive with a ZIP64 end before the plain one, each with its own number of members."""
    data = honest()
    size, offset = struct.unpack_from("<2L", data, len(data) - 10)
    at = len(data) - 22
    numbers = (entries, entries, size, offset)
    zip64 = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44 + len(extra), 45, 45, 0, 0, *numbers)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
    return data[:at] + zip64 + locator + data[at : at + 8] + struct.pack("<2H", plain, plain) + data[-10:]


def _with_backslashes() -> bytes:
    return archive([replace(one, name=one.name.replace(b"/", b"\\")) for one in MEMBERS])


def _overlapping() -> bytes:
    """Fifield: many names for one and the same compressed data."""
    kernel = Member(f"{RUN}/a.tsv".encode(), bytes(1_000_000))
    ghosts = [replace(kernel, name=f"{RUN}/b{i}.tsv".encode(), ghost=True, at=0) for i in range(500)]
    return archive([kernel, *ghosts])


def _quoted_overlap() -> bytes:
    """CVE-2024-0450: a member whose stored data is the next member, header and all."""
    inner = Member(b"b.tsv", bytes(1000), method=STORED)
    outer = Member(b"a.tsv", inner.local(), method=STORED)
    return archive([outer, replace(inner, ghost=True, at=30 + 5)])


def _together() -> bytes:
    """Each member below the limit, 2.4 GB together."""
    one = Member(f"{RUN}/z.tsv".encode(), bytes(7_900_000))
    packed = one.packed_bytes
    more = [
        Member(f"{RUN}/z{i}.tsv".encode(), b"", packed=packed, size=7_900_000, local_size=7_900_000, crc=0)
        for i in range(300)
    ]
    return archive([*MEMBERS, *more])


def _many_members() -> bytes:
    return archive(Member(b"%d" % i, b"", STORED) for i in range(70_000))


def _two_ends() -> bytes:
    data = honest()
    return data[:-2] + struct.pack("<H", 22) + archive([])


def _end_in_member() -> bytes:
    """A stored member that holds an end which reaches the end of the file, as the true one does."""
    end = b"PK\x05\x06" + bytes(16)
    whole = archive([*MEMBERS, Member(b"x", end + bytes(2), STORED)])
    reach = len(whole) - whole.index(end) - 22
    return archive([*MEMBERS, Member(b"x", end + struct.pack("<H", reach), STORED)])


def _cut(at: float) -> bytes:
    data = honest()
    return data[: int(len(data) * at)]


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("../x"), io.BytesIO())
    return buffer.getvalue()


def _nested_folders(where: Path) -> Path:
    path = where / "package"
    write(path, GOOD)
    deep = path
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / f"{LABEL}.meta.yaml").write_text(metadata())
    return path


def _odd_names(where: Path) -> Path:
    write(where / "package", GOOD)
    odd = (b"line\nbreak", b"esc\x1b[2J", b"\xff\xfe", "rtl\u202ex".encode(), b"back\\slash", b"CON.yaml", b"end.")
    for name in odd:
        Path(os.fsdecode(os.fsencode(where / "package") + b"/" + name)).write_bytes(b"x")
    return where / "package"


def _unreadable(where: Path) -> Path:
    """Unreadable for anybody but root, for whom it is a loop of links."""
    write(where / "package", GOOD)
    (where / "package" / META).unlink()
    (where / "package" / META).symlink_to("again.yaml")
    return where / "package"


def _label(name: str, label: str, *codes: str) -> Case:
    return folder(name, {META: metadata(label).encode()}, *codes)


_OTHER_NAME = struct.pack("<HHBL", 0x7075, 9, 1, 0) + b"evil"
CASES = [
    zipped("P00-honest", honest),
    zipped("P00-stored", lambda: _standard(zipfile.ZIP_STORED)),
    zipped("P00-deflated", lambda: _standard(zipfile.ZIP_DEFLATED)),
    zipped("P00-streamed", _streamed),
    zipped("P00-zip64", _zip64),
    folder("P00-folder", {}),
    zipped("P01-no-zip", b"hello", "Z801"),
    zipped("P01-no-bytes", b"", "Z801", words="empty"),
    zipped("P01-empty-zip", lambda: archive([]), "Z802", words="empty"),
    _with("P01-zip-stored-in-zip", Member(f"{LABEL}/code.zip".encode(), honest(), STORED), "Z810"),
    zipped("P01-zip-of-zip", lambda: archive([Member(b"submission.zip", honest())]), "Z810", "N101"),
    _named("P02-parent", b"../../evil.tsv"),
    _named("P02-parent-inside", b"a/../../evil.tsv"),
    _named("P03-absolute", b"/etc/evil"),
    _named("P04-backslash", b"..\\..\\evil"),
    _named("P04-drive", b"C:evil"),
    _named("P04-share", b"\\\\host\\evil"),
    _with("P05-link-to-file", Member(b"link", b"/etc/passwd", mode=0o120777), "Z808"),
    _with("P05-link-to-parent", Member(b"link", b"..", mode=0o120777), "Z808"),
    _changed("P05-link-as-metadata", lambda one: replace(one, data=b"/etc/passwd", mode=0o120777), "Z808"),
    _with("P06-device", Member(b"device", mode=0o020666), "Z808"),
    _with("P06-fifo", Member(b"fifo", mode=0o010644), "Z808"),
    _with("P06-setuid", Member(b"notes.txt", b"x", mode=0o104755)),
    _named("P07-nul", b"a\x00b.txt"),
    _named("P07-line-break", b"a\nb.txt"),
    _named("P07-escape", b"a\x1b[2Jb.txt"),
    _named("P07-bidi", "a\u202eb.txt".encode()),
    _named("P07-zero-width", "a\u200bb.txt".encode()),
    _named("P07-not-utf-8", b"a\xed\xa0\x80b.txt", "Z802"),
    _named("P07-cp437", "M\u00fcller.txt".encode("cp437"), "Z809", flags=0),
    _named("P07-utf-8-not-marked", "M\u00fcller.txt".encode(), "Z809", flags=0),
    _named("P08-empty", b""),
    _named("P08-dot", b"."),
    _named("P08-dot-folder", b"./x"),
    _named("P08-end-dot", b"x."),
    _named("P08-end-blank", b"x "),
    _named("P08-reserved", b"CON.yaml"),
    _named("P08-reserved-folder", b"aux/x"),
    _named("P09-long-name", b"x" * 300),
    _named("P09-deep", b"a/" * 1500 + b"x"),
    _named("P10-exact-duplicate", META.encode(), "Z807"),
    _named("P11-case", META.replace("meta", "Meta").encode(), "Z807"),
    zipped(
        "P12-composition",
        lambda: archive(
            [*MEMBERS, *[Member(unicodedata.normalize(form, "caf\u00e9").encode(), b"x") for form in ("NFC", "NFD")]]
        ),
        "Z807",
    ),
    _named("P13-file-and-folder", LABEL.encode(), "Z807"),
    _with("P14-bomb", Member(f"{RUN}/z.tsv".encode(), bytes(200_000_000)), "Z805"),
    zipped("P15-many-small", _together, "Z805"),
    zipped("P16-overlap", _overlapping, "Z803", words="overlaps"),
    zipped("P16-quoted-overlap", _quoted_overlap, "Z803", words="overlaps"),
    _changed("P17-states-less", lambda one: replace(one, size=10, local_size=10), "Z802"),
    _changed("P17-states-more", lambda one: replace(one, size=9_999, local_size=9_999), "Z802"),
    _changed("P17-two-sizes", lambda one: replace(one, local_size=10), "Z803"),
    _changed("P18-checksum", lambda one: replace(one, crc=1), "Z802", words="CRC"),
    _changed("P18-garbage", lambda one: replace(one, packed=b"\xff" * 99), "Z802"),
    *[zipped(f"P19-cut-at-{at}", lambda at=at: _cut(at), "Z802") for at in (0.01, 0.3, 0.9)],
    zipped("P19-last-byte-missing", lambda: honest()[:-1], "Z802"),
    zipped("P19-two-ends", _two_ends, "Z803"),
    zipped("P19-end-in-member", _end_in_member, "Z803", words="two ends"),
    zipped("P19-prefix", lambda: archive(MEMBERS, prefix=b"#!/bin/sh\nexit\n"), "Z803"),
    zipped("P19-trailing", lambda: archive(MEMBERS, trailing=b"more"), "Z803"),
    zipped("P19-long-comment", lambda: archive(MEMBERS, comment=b"c" * 65_535)),
    zipped("P19-end-in-comment", lambda: archive(MEMBERS, comment=b"PK\x05\x06" + bytes(18)), "Z803"),
    zipped("P19-counts-too-few", lambda: _counted(1, 1), "Z803", words="number of members"),
    zipped("P19-counts-too-many", lambda: _counted(99, 99), "Z803", words="number of members"),
    zipped("P19-counts-differ", lambda: _counted(1, len(MEMBERS)), "Z803", words="counts 1 members"),
    zipped("P21-zip64-end", _two_kinds_of_end),
    zipped("P21-zip64-end-alone-counts", lambda: _two_kinds_of_end(plain=0xFFFF)),
    zipped("P21-zip64-end-differs", lambda: _two_kinds_of_end(plain=1), "Z803", words="two ends that differ"),
    zipped("P21-zip64-end-counts-too-few", lambda: _two_kinds_of_end(1, plain=1), "Z803", words="number of members"),
    zipped("P21-zip64-end-too-short", lambda: _two_kinds_of_end(extra=b"hidden"), "Z802", words="ZIP64 record"),
    zipped("P04-backslashes-for-slashes", _with_backslashes, "Z806", words="read as folders here"),
    _named("P11-folder-case", f"{LABEL.upper()}/notes.txt".encode(), "Z807"),
    folder("P11-folder-case-on-disk", {f"{LABEL.upper()}/notes.txt": b"x"}, "Z807", words="this folder"),
    _named("P11-folder-and-file-case", LABEL.upper().encode(), "Z807"),
    _changed("P20-two-names", lambda one: replace(one, local_name=one.name.replace(b"A", b"B")), "Z803"),
    zipped("P20-hidden", lambda: archive([*MEMBERS, Member(b"hidden.txt", b"x", hidden=True)]), "Z803"),
    zipped("P20-hidden-between", lambda: archive([Member(b"h", b"x", hidden=True), *MEMBERS]), "Z803"),
    zipped("P20-ghost", lambda: archive([*MEMBERS, Member(b"ghost.txt", b"x", ghost=True)]), "Z803"),
    _changed("P21-encrypted", lambda one: replace(one, flags=0x801), "Z804"),
    *[_changed(f"P21-method-{method}", lambda one, m=method: replace(one, method=m), "Z804") for method in (9, 93, 99)],
    zipped("P21-bzip2", lambda: _standard(zipfile.ZIP_BZIP2), "Z804", words="bzip2"),
    zipped("P21-lzma", lambda: _standard(zipfile.ZIP_LZMA), "Z804", words="lzma"),
    _changed("P21-unicode-path", lambda one: replace(one, extra=_OTHER_NAME), "Z803"),
    zipped("P22-many-members", _many_members, "N101"),
    _named("P23-macos", b"__MACOSX/._x", "Z811"),
    _named("P23-ds-store", f"{RUN}/.DS_Store".encode(), "Z811"),
    _named("P23-thumbs", b"Thumbs.db", "Z811"),
    *[
        _named(f"P23-{word}", name.encode(), "Z811")
        for word, name in (
            ("git", ".git/config"),
            ("office-lock", f"{LABEL}/~$report.docx"),
            ("icon", f"{LABEL}/Icon\r"),
            ("jupyter", f"{LABEL}/.ipynb_checkpoints/{LABEL}-checkpoint.meta.yaml"),
            ("bytecode", f"{LABEL}/__pycache__/{LABEL}.meta.yaml"),
            ("pytest", f".pytest_cache/{META}"),
            ("desktop", "DESKTOP.INI"),
        )
    ],
    zipped("P24-tar", _tar, "Z801", words="tar"),
    zipped("P24-7z", b"7z\xbc\xaf\x27\x1c" + bytes(100), "Z801", words="7z"),
    zipped("P24-rar", b"Rar!\x1a\x07\x00" + bytes(100), "Z801", words="rar"),
    zipped("P24-gzip", b"\x1f\x8b\x08" + bytes(100), "Z801", words="gzip"),
    zipped("P24-tar-and-zip", lambda: archive(MEMBERS, prefix=_tar()), "Z803"),
    zipped("P24-pdf-and-zip", lambda: archive(MEMBERS, prefix=b"%PDF-1.7\n"), "Z803"),
    folder("P26-report-no-pdf", {"report.pdf": b"<html>"}, "Z812"),
    _label("P27-label-differs", "Baker_LAB_task4_1", "N105"),
    folder(
        "P28-nine-systems",
        {f"Adams_UNI_task4_{i}.meta.yaml": metadata(f"Adams_UNI_task4_{i}").encode() for i in range(2, 10)},
        "N104",
    ),
    *[
        _label(f"P29-label-{name}", label, code)
        for name, label, code in (
            ("slash", "Adams/UNI_task4_1", "N104"),
            ("blank", "Adams UNI_task4_1", "N104"),
            ("emoji", "Adams_\U0001f600_task4_1", "N104"),
            ("long", "A" * 200 + "_UNI_task4_1", "N105"),
            ("baseline", "Baseline_UNI_task4_1", "N107"),
            ("cyrillic", "\u0410dams_UNI_task4_1", "N104"),
        )
    ],
    Case("P09-deep-folder", _nested_folders, ("Z806",)),
    Case("P07-odd-names-in-folder", _odd_names, ("Z806",)),
    Case("P05-link-as-metadata-in-folder", _unreadable, ("Z808",)),
]
