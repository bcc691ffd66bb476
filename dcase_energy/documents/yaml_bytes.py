"""From the bytes of a file that is named as YAML to its text, or what the file is instead."""

from __future__ import annotations

import codecs
import re

from dcase_energy.documents.document import Document, Place
from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.look_alikes import named
from dcase_energy.documents.rules import YAML_CHARACTER, YAML_ENCODING, YAML_LIMIT
from dcase_energy.text import CONTROLS, DIRECTIONS, SURROGATES

MAX_BYTES = 1_000_000
# C0, C1, line breaks that only some readers know, marks of direction, a BOM inside, and noncharacters.
FORBIDDEN = re.compile(
    f"[{CONTROLS}\u2028\u2029{DIRECTIONS}\ufeff{SURROGATES}\ufffe\uffff](?<![\n\r\t\u061c\u200e\u200f])"
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
_MARKUP = re.compile(rb"\s*<(?:(\?xml)|!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def decode(data: bytes, document: Document) -> str | None:
    """Return the text of a file and set the document's lines, or None with a finding in the document why not."""
    if len(data) > MAX_BYTES:
        document.note(YAML_LIMIT, f"the document has {len(data):,} bytes", expected=f"at most {MAX_BYTES:,}")
        return None
    if (kind := _kind(data)) is not None:
        message, hint = f"not YAML but {kind[0]}", kind[1]
        document.note(YAML_ENCODING, message, Place(1, 1), expected="YAML, as UTF-8 text", hint=hint)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        document.note(YAML_ENCODING, f"byte 0x{data[error.start]:02x} is not UTF-8", line)
        return None
    document.lines = re.split(r"\r\n|[\n\r]", text)
    if match := FORBIDDEN.search(text):
        *above, line_start = text[: match.start()].split("\n")
        document.note(YAML_CHARACTER, named(match[0]), Place(len(above) + 1, len(line_start) + 1))
        return None
    return text


def _kind(data: bytes) -> tuple[str, str] | None:
    """Return what a file is and what to do about it; None if it may be text with one byte per character."""
    wide = next((name for mark, name in _WIDE if data.startswith(mark)), None)
    if wide or b"\x00" in data[:2]:
        return f"a text in {wide or 'UTF-16 or UTF-32, or no text'}", "save the file as UTF-8"
    if (kind := kind_of_bytes(data[:512])) == "zip":
        if office := next((name for inside, name in _OFFICE if inside in data), None):
            return f"{office} (a zip archive)", "save the metadata as plain text in UTF-8, with a text editor"
        return "a zip archive", "put the metadata file itself here; an archive is named .zip"
    if kind is None and (match := _MARKUP.match(data)):
        kind = "an XML file" if match[1] else "a page (HTML)"
    if kind is not None:
        return kind, "put the metadata file itself here, as plain text in UTF-8"
    return None
