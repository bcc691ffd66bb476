"""However a valid submission is spoilt, validation ends in findings: reading never raises."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcase_energy.cli.render.json import findings_json
from dcase_energy.cli.render.text import findings_text
from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.journal import journal_digest, parse_journal
from dcase_energy.submission.validate import validate_paths
from tests.acceptance.make_packages import chained, real_journal, record_for, seal
from tests.builders import emissions
from tests.builders.packages import LABEL, META, files, metadata, write
from tests.builders.zips import archive, package

EDITION = load_edition("generic")
LINES = metadata().splitlines()
NASTY = [
    "",
    "null",
    "!!null",
    "~",
    "yes",
    ".nan",
    "-1",
    "0",
    "1e308",
    "1e-300",
    "0,5",
    "500 Wh",
    "[]",
    "{}",
    "[[1], {a: 2}]",
    '\'=HYPERLINK("http://x","y")\'',
    '"\\x1b[2J"',
    '"\\u202e"',
    "<img src=x onerror=alert(1)>",
    "x" * 5000,
    "\U0001f600",
    "{{7*7}}",
    "%s",
    "2024-01-01",
    "99999999999999999999",
]
FAST = settings(max_examples=60, suppress_health_check=list(HealthCheck))


def judge(contents: dict[str, bytes]) -> None:
    """Validate files; every report must come out, whatever they hold."""
    with tempfile.TemporaryDirectory() as work:
        validation = validate_paths([write(Path(work) / "p", contents)], EDITION)
    document = json.loads(findings_json(validation))
    assert len(document["findings"]) == len(validation.findings)
    text = findings_text(validation)
    assert not set("\x1b\x00\u202e") & set(text)
    assert all(finding.message and finding.hint for finding in validation.findings)
    for system in validation.systems:
        validation.of_system(system)


@st.composite
def spoilt_lines(draw: st.DrawFn) -> str:
    """Metadata with lines removed, doubled, moved, indented, renamed, or with another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[at].partition(":")
        match draw(st.sampled_from(["drop", "double", "move", "indent", "rename", "value", "text"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "indent":
                lines[at] = " " * draw(st.integers(0, 6)) + lines[at].strip()
            case "rename":
                lines[at] = lines[at].replace("e", "3", 1)
            case "value":
                lines[at] = f"{key}{colon or ':'} {draw(st.sampled_from(NASTY))}"
            case "text":
                lines[at] = f"{key}: {draw(st.text(max_size=20))}"
        if not lines:
            break
    return "\n".join(lines) + "\n"


@FAST
@given(spoilt_lines())
def test_spoilt_metadata(text):
    judge({META: text.encode("utf-8", "surrogatepass")})


@FAST
@given(st.binary(max_size=300), st.integers(0, 900))
def test_bytes_in_the_middle_of_metadata(junk, at):
    data = metadata().encode()
    judge({META: data[:at] + junk + data[at + len(junk) :]})


_PIECES = [b"nan", b"\t", b"\n", b"\r", b"\x00", b"-", b"e9"]


def _patched(draw: st.DrawFn, data: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        junk = draw(st.one_of(st.binary(max_size=8), st.sampled_from(_PIECES)))
        cut = draw(st.integers(0, 8))
        data = data[:at] + junk + data[at + cut :]
    return data


@st.composite
def patched_archives(draw: st.DrawFn) -> bytes:
    return _patched(draw, archive(package(files(runs=1))))


@FAST
@given(patched_archives())
def test_spoilt_archives(data):
    judge({"submission.zip": data})


@st.composite
def patched_files(draw: st.DrawFn) -> dict[str, bytes]:
    contents = {**files(runs=2), f"{LABEL}/emissions_training.csv": emissions.table()}
    name = draw(st.sampled_from(sorted(name for name in contents if name != META)))
    return {**contents, name: _patched(draw, contents[name])}


@FAST
@given(patched_files())
def test_spoilt_outputs_and_tables(contents):
    judge(contents)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@settings(parent=FAST, max_examples=40)
@given(st.data())
def test_a_journal_whose_chain_holds_may_say_anything(data):
    """Any entry replaced or changed, and the chain forged anew: the record is refused, never a crash."""
    journal = real_journal()
    entries = parse_journal(journal, "journal")
    at = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(sorted(entries[at])))
    entries[at] = {**entries[at], name: data.draw(_JSON)}
    try:
        forged = chained(entries)
    except ValueError:  # a lone surrogate cannot be written
        return
    digest = journal_digest(parse_journal(forged, "forged"))
    record = seal({**record_for(journal), "journal_sha256": digest})
    judge(
        {
            META: metadata().encode(),
            f"{LABEL}/calibration.json": json.dumps(record).encode(),
            f"{LABEL}/calibration.journal.jsonl": forged,
        }
    )
