"""Hostile score files (H-S): each in a package that is valid except for it."""

from __future__ import annotations

import gzip
import unicodedata
from pathlib import Path

from tests.builders.packages import CLASSES, HEADER, LABEL, files, score_rows, scores, write
from tests.hostile.case import Case, folder

RUN = f"{LABEL}/{LABEL}_run1.output"
FIRST = f"{RUN}/clip1.tsv"
ROWS = score_rows(1)


def _score(name: str, data: bytes, *codes: str, words: str = "") -> Case:
    return folder(name, {FIRST: data}, *codes, words=words)


def _cell(name: str, cell: str, *codes: str, words: str = "") -> Case:
    """The last cell of the last frame is this."""
    return _score(name, scores(1, rows=[*ROWS[:-1], ROWS[-1].rpartition("\t")[0] + f"\t{cell}"]), *codes, words=words)


def _times(name: str, times: list[tuple[str, str]], *codes: str) -> Case:
    """Frames with these onsets and offsets."""
    rest = [row.split("\t", 2)[2] for row in ROWS]
    rows = ["\t".join([*pair, rest[index % 4]]) for index, pair in enumerate(times)]
    return _score(name, scores(1, rows=rows), *codes)


def _header(name: str, header: str, words: str, extra: str = "") -> Case:
    rows = [row + extra for row in ROWS]
    return _score(name, scores(1, header, rows), "O603", words=words)


def _big(frames: int):
    def make(where: Path) -> Path:
        write(where / "package", files(runs=1))
        row = "\t".join(["0.5"] * len(CLASSES))
        with (where / "package" / FIRST).open("w") as file:
            file.write(HEADER + "\n")
            for block in range(0, frames, 1000):
                file.write("".join(f"{i}\t{i + 1}\t{row}\n" for i in range(block, block + 1000)))
        return where / "package"

    return make


def _late(where: Path) -> Path:
    """A large file whose very last cell is wrong."""
    path = _big(700_000)(where)
    with (path / FIRST).open("a") as file:
        file.write("700000\t700001\t" + "\t".join(["0.5"] * 9) + "\tx\n")
    return path


def _many(where: Path) -> Path:
    """2,200 clips, every one of them wrong in another way."""
    contents = {f"{RUN}/c{i}.tsv": scores(i, rows=[f"{i}\t" + "x\t" * (i % 12)]) for i in range(2200)}
    return write(where / "package", {**files(runs=1, clips=0), **contents})


def _constant(value: str) -> bytes:
    return scores(1, rows=["0\t1" + f"\t{value}" * 10])


def _cafe(form: str) -> str:
    return unicodedata.normalize(form, "caf\u00e9")


CASES = [
    _cell("S01-nan", "nan", "O605", words="'nan'"),
    _cell("S01-inf", "inf", "O605"),
    _cell("S01-negative", "-0.1", "O605", words="outside 0 to 1"),
    _cell("S01-above-one", "1.5", "O605", words="1.5"),
    _cell("S01-huge", "1e400", "T104"),
    _cell("S01-empty-cell", "", "T104", words="nothing"),
    _score("S02-short-row", scores(1, rows=[*ROWS[:3], "0.75\t1"]), "T103", words="ragged"),
    _score("S02-long-row", scores(1, rows=[*ROWS[:3], ROWS[3] + "\t0.5"]), "T103"),
    _score("S02-empty-line", scores(1, rows=[*ROWS[:2], "", *ROWS[2:]]), "T103", words="empty line"),
    _header("S03-extra-column", HEADER + "\tBird", "unknown: Bird", "\t0.5"),
    _header("S03-missing-column", HEADER.replace("\tCat", "").replace("\tDog", "\tDog\tDog"), "missing: Cat"),
    _header("S03-doubled-column", HEADER.replace("Cat", "Dog"), "more than once: Dog"),
    _header("S03-order", HEADER.replace("onset\toffset", "offset\tonset"), "not in the order"),
    _header("S03-case", HEADER.replace("Dishes", "dishes"), "write 'dishes' as 'Dishes'"),
    _header("S03-nbsp", HEADER.replace("Cat", "Cat\u00a0"), "as 'Cat'"),
    _header("S03-blank", HEADER.replace("Running_water", "Running water"), "as 'Running_water'"),
    _header("S03-commas", HEADER.replace("\t", ","), "separate the columns by tabs"),
    _times("S04-hole", [("0", "0.25"), ("0.5", "1")], "O604"),
    _times("S04-overlap", [("0", "0.5"), ("0.25", "1")], "O604"),
    _times("S04-zero-length", [("0", "0"), ("0", "1")], "O604"),
    _times("S04-negative-length", [("0", "0.5"), ("0.5", "0.25"), ("0.25", "1")], "O604"),
    _times("S04-decreasing", [("0.5", "1"), ("0", "0.5")], "O604"),
    _times("S04-not-from-zero", [("0.25", "0.5"), ("0.5", "1")], "O604"),
    _times("S04-past-the-end", [("0", "1e308"), ("1e308", "1.7e308")], "O604"),
    folder("S05-clip-twice", {f"{RUN}/clip1.wav.tsv": scores(1)}, "O625"),
    folder("S05-clip-extra", {f"{LABEL}/{LABEL}_run2.output/clip9.tsv": scores(1)}, "O601"),
    folder("S05-subfolder", {f"{RUN}/more/clip3.tsv": scores(1)}, "O624"),
    _score("S06-header-only", (HEADER + "\n").encode(), "T105"),
    _score("S06-empty", b"", "T105"),
    Case("S07-many-rows", _big(2_200_000), ("T108",)),
    Case("S07-late-error", _late, ("T104",), "'x'"),
    Case("S07-all-wrong", _many, ("T103",), "more files"),
    _score("S08-quoted-cell", scores(1, rows=[*ROWS[:3], ROWS[3][:-4] + '"0.5\n0.6"']), "T103"),
    _score("S09-crlf", scores(1).replace(b"\n", b"\r\n")),
    _score("S09-cr", scores(1).replace(b"\n", b"\r")),
    _score("S09-cr-cr-lf", scores(1).replace(b"\n", b"\r\r\n")),
    _score("S09-cr-inside", scores(1).replace(b"\n", b"\n\r", 2), "T109", words="carriage return"),
    _score("S09-blank-lines-at-the-end", scores(1) + b"\n \n\r\n"),
    _score("S09-bom", b"\xef\xbb\xbf" + scores(1)),
    _score("S09-utf-16", scores(1).decode().encode("utf-16"), "T101"),
    _score("S09-latin-1", scores(1, HEADER.replace("Cat", "Ca\u00e9")).decode().encode("latin-1"), "T101"),
    _cell("S10-hexadecimal", "0x0p0", "T104"),
    _cell("S10-underscore", "0_1", "T104"),
    _cell("S10-arabic", "\u0660.\u0665", "T104"),
    _cell("S10-comma", "0,5", "T104"),
    _cell("S10-blank", " 0.5", "T104"),
    *[
        folder(f"S11-all-{value}", {f"{RUN}/clip{i}.tsv": _constant(value) for i in (1, 2)}, "O626")
        for value in ("0", "1", "0.5")
    ],
    _score("S14-gzip", gzip.compress(scores(1), mtime=0), "O623", words="gzip"),
    _score("S14-zstd", b"\x28\xb5\x2f\xfd" + bytes(50), "O623", words="zstd"),
    *[
        folder(f"S15-{suffix}", {f"{RUN}/scores.{suffix}": b"\x80\x04\x95never opened"}, "O623", words="not opened")
        for suffix in ("npy", "pt", "pkl", "tsv.gz", "txt")
    ],
    folder("S16-case", {f"{RUN}/CLIP1.tsv": scores(1)}, "Z807"),
    folder("S16-full-width", {f"{RUN}/\uff43lip1.tsv": scores(1)}, "Z807"),
    folder("S16-composition", {f"{RUN}/{_cafe(form)}.tsv": scores(1) for form in ("NFC", "NFD")}, "Z807"),
]
