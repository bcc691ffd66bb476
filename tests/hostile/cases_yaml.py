"""Hostile metadata files (H-Y)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.builders.packages import metadata
from tests.hostile.case import LABEL, Case, field, yaml

_NAME = "name: Small CRNN"
_COUNT = "total_parameters: 1112420"
_ENERGY = "training: 1.3907"
GOOD = metadata()

_MERGE = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 25))
_NINE = "[{0},{0},{0},{0},{0},{0},{0},{0},{0}]\n"
_ALIAS = (
    "a: &a "
    + _NINE.format("x")
    + "".join(
        f"{letter}: &{letter} " + _NINE.format(f"*{before}")
        for before, letter in zip("abcdefghi", "bcdefghij", strict=True)
    )
)
_FULL_WIDTH = "\uff4e\uff41\uff4d\uff45"
_WIDE = "\u0bcc" * 250_000


def _fields(name: str, old: str, template: str, values: list[str], *codes: str) -> list[Case]:
    return [field(f"{name}-{number}", old, template.format(value), *codes) for number, value in enumerate(values)]


CASES = [
    yaml("Y01-empty", "", "Y006"),
    yaml("Y02-comments", "# nothing\n# at all\n", "Y006"),
    yaml("Y03-scalar", "just text", "Y006", words="single value"),
    yaml("Y04-list", "- a\n- b\n", "Y006", words="list"),
    yaml("Y05-two-documents", GOOD + "---\n" + GOOD, "Y008"),
    yaml("Y06-alias-bomb", _ALIAS, "Y004"),
    yaml("Y07-merge-bomb", _MERGE, "Y004"),
    yaml("Y08-self-alias", "a: &a [*a]\n", "Y004"),
    field("Y09-unused-anchor", _NAME, "name: &n Small CRNN", "Y004", words="anchor &n"),
    yaml("Y10-brackets", "[" * 100_000, "Y007", words="deeper"),
    yaml("Y11-nested", "".join(" " * i + "a:\n" for i in range(1000)), "Y007"),
    yaml("Y12-keys", "".join(f"k{i}: 1\n" for i in range(50_000)), "Y007", words="values"),
    yaml("Y12-unknown-keys", GOOD + "".join(f"key_number_{i}: 1\n" for i in range(9_000)), "M104"),
    yaml("Y12-unknown-long-keys", GOOD + "".join(f"{'totalparametre' * 12}{i}: 1\n" for i in range(4_500)), "M104"),
    yaml("Y12-authors", GOOD.replace("    - lastname", "    - {}\n" * 6_000 + "    - lastname", 1), "M101"),
    yaml("Y13-long-key", "x" * 900_000 + ": 1", "Y002"),
    yaml("Y13-blanks", "b: [\n" + " " * 29_000 + "!\n c: }", "Y002"),
    yaml("Y13-hyphens", "b: [\n" + "- " * 14_000 + "a!: b: c\n c: }", "Y002"),
    yaml("Y13-tabs", "b: [\n" + "\t" * 900_000 + "!\n c: }", "Y002"),
    field("Y13-blank-energy", _ENERGY, f'training: "{" " * 900_000}x"', "E201"),
    yaml("Y14-long-scalar", "a: " + "x" * 10_000_000, "T108"),
    field("Y14-long-name", _NAME, f"name: {'x' * 900_000}", "M103"),
    field("Y14-wide-name", _NAME, f"name: {_WIDE}", "M103"),
    field("Y15-duplicate-key", _COUNT, _COUNT + "\n    total_parameters: 1", "Y003", words="line 21"),
    field("Y16-quoted-duplicate", _COUNT, _COUNT + '\n    "total_parameters": 1', "Y003"),
    field("Y17-case", _NAME, _NAME + "\n  Name: other", "Y011"),
    field("Y17-full-width", _NAME, f"{_NAME}\n  {_FULL_WIDTH}: other", "Y011"),
    field("Y18-python-tag", _NAME, "name: !!python/object/apply:os.system [ls]", "Y005"),
    field("Y19-binary", _NAME, "name: !!binary aGk=", "Y005"),
    field("Y19-set", _NAME, "name: !!set {a, b}", "Y005"),
    field("Y19-omap", _NAME, "name: !!omap [a: 1]", "Y005"),
    field("Y19-own-tag", _NAME, "name: !x y", "Y005"),
    field("Y20-complex-key", _NAME, "? [1]\n  : 2", "Y009"),
    field("Y21-whole-number-key", _NAME, _NAME + "\n  1: x", "M104"),
    field("Y21-truth-key", _NAME, _NAME + "\n  true: x", "M104"),
    field("Y21-null-key", _NAME, _NAME + "\n  ~: x", "Y009"),
    field("Y22-merge-key", _NAME, _NAME + "\n  <<: {abbreviation: x}", "Y004"),
    *_fields("Y23-not-finite", _ENERGY, "training: {}", [".nan", ".inf", "-.inf", "NaN"], "E201"),
    *_fields("Y24-float-limits", _ENERGY, "training: {}", ["1e400", "-1e400", "1e-400"], "E201"),
    field("Y25-digits", _COUNT, "total_parameters: " + "9" * 5_000, "C301"),
    *_fields("Y26-numbers", _COUNT, "total_parameters: {}", ["0x10", "0o7", "0b1", "1_000", "1:30:00"], "C301"),
    field("Y26-octal", _COUNT, "total_parameters: 0123", "Y012", words="83"),
    *_fields("Y27-truth-as-number", _ENERGY, "training: {}", ["yes", "no", "on", "off", "y", "true"], "E201"),
    *_fields("Y27-truth-as-text", _NAME, "name: {}", ["yes", "no", "on", "off", "NO"], "Y012"),
    field("Y28-norway", "location: Anytown, Anyland", "location: NO", "Y012", words="quote"),
    field("Y29-date", _NAME, "name: 2024-01-01", "Y012", words="date"),
    field("Y29-version", _NAME, "name: 1.10", "M102"),
    yaml("Y30-tab", GOOD.replace("  label", "\tlabel", 1), "Y002"),
    yaml("Y31-crlf", GOOD.replace("\n", "\r\n")),
    yaml("Y31-cr", GOOD.replace("\n", "\r")),
    *[
        yaml(f"Y31-line-break-{ord(mark):04x}", GOOD.replace("Small CRNN", f"Small{mark}CRNN"), "Y010")
        for mark in "\x85\u2028\u2029"
    ],
    yaml("Y32-bom", b"\xef\xbb\xbf" + GOOD.encode()),
    *[yaml(f"Y33-{code}", GOOD.encode(code), "Y001") for code in ("utf-16", "utf-16-be", "utf-32", "utf-32-le")],
    yaml("Y34-latin-1", GOOD.replace("Ada\n", "Adé\n").encode("latin-1"), "Y001"),
    yaml("Y35-nul", GOOD.replace("Small", "Sm\x00all"), "Y010"),
    yaml("Y35-escape", GOOD.replace("Small", "Sm\x1b[2Jall"), "Y010"),
    field("Y35-written-nul", _NAME, 'name: "a\\x00b"', "Y010"),
    field("Y35-written-escape", _NAME, 'name: "a\\x1b[2Jb"', "Y010"),
    field("Y35-bidi", _NAME, "name: a\u202eb", "Y010"),
    field("Y36-surrogate", _NAME, 'name: "\\ud800"', "Y002"),
    yaml("Y37-version", "%YAML 3.0\n---\n" + GOOD, "Y002"),
    yaml("Y37-tag", "%TAG ! tag:evil.example,2000:\n---\n" + GOOD.replace("Small CRNN", "!x y"), "Y005"),
    field("Y38-open-quote", "PSDS2: 0.562", 'PSDS2: "0.562', "Y002"),
    field("Y39-folded", _NAME, "name: >\n    ---\n    Small CRNN"),
    yaml("Y40-disable-comment", "# dcase-energy: disable\n" + GOOD.replace("1.3907", "-1 # noqa"), "E201"),
    # The parameters are not required by the edition that is guessed; the label is.
    field("Y41-one-edit", "total_parameters:", "total_paramters:", "M104", words="total_paramters"),
    field("Y43-one-edit-of-a-required-key", "label:", "lable:", "M104", "M101", words="lable"),
    field("Y42-wrong-level", "  source_code", "macs: 1\nsource_code", "M104"),
]


def _special(name: str, *codes: str):
    def decorate(make):
        CASES.append(Case(name, make, codes))
        return make

    return decorate


@_special("Y43-folder", "N101")
def _folder(where: Path) -> Path:
    path = where / f"{LABEL}.meta.yaml"
    path.mkdir()
    return path


@_special("Y43-fifo", "T107")
def _fifo(where: Path) -> Path:
    path = where / f"{LABEL}.meta.yaml"
    os.mkfifo(path)
    return path


@_special("Y43-fifo-in-package", "Z808")
def _fifo_inside(where: Path) -> Path:
    os.mkfifo(where / f"{LABEL}.meta.yaml")
    return where


@_special("Y43-socket", "T107")
def _socket(where: Path) -> Path:
    path = where / "s.yaml"
    end = socket.socket(socket.AF_UNIX)
    previous = Path.cwd()
    os.chdir(where)  # the names of sockets must be short
    end.bind("s.yaml")
    os.chdir(previous)
    end.close()
    return path


@_special("Y43-dev-zero", "T107")
def _zero(where: Path) -> Path:
    return Path("/dev/zero")


@_special("Y43-dangling", "T107")
def _dangling(where: Path) -> Path:
    path = where / f"{LABEL}.meta.yaml"
    path.symlink_to(where / "nowhere")
    return path


@_special("Y43-loop", "T107")
def _loop(where: Path) -> Path:
    path = where / f"{LABEL}.meta.yaml"
    path.symlink_to(path)
    return path


@_special("Y43-link-in-package", "Z808")
def _link(where: Path) -> Path:
    (where / f"{LABEL}.meta.yaml").symlink_to("/etc/passwd")
    return where


@_special("Y43-link-to-parent", "Z808")
def _up(where: Path) -> Path:
    (where / f"{LABEL}.meta.yaml").write_text(GOOD)
    (where / "up").symlink_to("..")
    return where
