"""From the bytes of a file that is named as YAML to its text, or what the file is instead."""

from __future__ import annotations

import codecs
import re

from dcase_energy.documents.document import Document
from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.look_alikes import named
from dcase_energy.documents.rules import YAML_CHARACTER, YAML_ENCODING, YAML_LIMIT
from dcase_energy.findings import Where

MAX_BYTES = 1_000_000
# C0, C1, line breaks that only some readers know, marks of direction, a BOM inside, and noncharacters.
FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
# UTF-32 first: its mark for little ends begins with the one of UTF-16.
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# What an archive of an office program has inside, by the names in its first entries.
_OFFICE = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel workbook"),
    (b"ppt/", "a PowerPoint file"),
    (b"opendocument.text", "an OpenDocument text"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet"),
)
_MARKUP = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b")


def decode(data: bytes, document: Document) -> str | None:
    """The text of a file, or None and a finding in the document that says what the file is."""
    here = Where(document.file, document.member)
    if len(data) > MAX_BYTES:
        message = f"the document has {len(data):,} bytes"
        document.findings.append(YAML_LIMIT.finding(here, message, expected=f"at most {MAX_BYTES:,}"))
        return None
    if (kind := _kind(data)) is not None:
        message, hint = f"not YAML but {kind[0]}", kind[1]
        start = Where(document.file, document.member, 1, 1)
        document.findings.append(YAML_ENCODING.finding(start, message, expected="YAML, as UTF-8 text", hint=hint))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        where = Where(document.file, document.member, line)
        document.findings.append(YAML_ENCODING.finding(where, message))
        return None


def _kind(data: bytes) -> tuple[str, str] | None:
    """What a file is, if it is not text in one byte a character, and what to do about it."""
    wide = next((name for mark, name in _WIDE if data.startswith(mark)), None)
    if wide or b"\x00" in data[:2]:
        return f"a text in {wide or 'UTF-16 or UTF-32, or no text'}", "save the file as UTF-8"
    kind = kind_of_bytes(data[:512])
    if kind == "zip":
        office = next((name for inside, name in _OFFICE if inside in data), None)
        if office:
            return f"{office} (a zip archive)", "save the metadata as plain text in UTF-8, with a text editor"
        return "a zip archive", "put the metadata file itself here; an archive is named .zip"
    if kind is None and _MARKUP.match(data):
        kind = "a page (HTML)"
    elif kind is None and _XML.match(data):
        kind = "an XML file"
    return None if kind is None else (kind, "put the metadata file itself here, as plain text in UTF-8")


def characters_allowed(text: str, document: Document) -> bool:
    """Whether a text has no control characters; the first one is a finding."""
    match = FORBIDDEN.search(text)
    if match is None:
        return True
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
    where = Where(document.file, document.member, line, column)
    document.findings.append(YAML_CHARACTER.finding(where, named(match[0])))
    return False
