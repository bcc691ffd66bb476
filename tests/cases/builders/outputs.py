"""Score files, event lists, ground truth and durations."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.cases.builders.common import CASES, case, put

BAKER = "packages/Baker_LAB/Baker_LAB_task4_1"


def scores(at: Path, ex: Path) -> list[Path]:
    shutil.copytree(ex / BAKER / "Baker_LAB_task4_1_run1.output", at / "scores")
    return sorted((at / "scores").iterdir())


def spoil(name: str, clips: slice, change: Callable[[bytes], bytes]) -> None:
    def build(at: Path, ex: Path) -> None:
        for path in scores(at, ex)[clips]:
            path.write_bytes(change(path.read_bytes()))

    CASES[f"score-files/{name}"] = build


def in_ms(data: bytes) -> bytes:
    head, *rows = data.decode().splitlines()
    cells = [row.split("\t") for row in rows]
    return "\n".join(
        [head, *("\t".join([f"{float(a) * 1000:g}", f"{float(b) * 1000:g}", *c]) for a, b, *c in cells), ""]
    ).encode()


SEVENTH, LAST, ALL = slice(6, 7), slice(15, 16), slice(None)
spoil("blank-line-at-end", SEVENTH, lambda b: b + b"\n")
spoil("cr-cr-lf", SEVENTH, lambda b: b.replace(b"\n", b"\r\r\n"))
spoil("blank-line-in-last-file", LAST, lambda b: b + b"\n")
spoil("blank-line-in-every-file", ALL, lambda b: b + b"\n")
spoil("cr-line-ends", SEVENTH, lambda b: b.replace(b"\n", b"\r"))
spoil("tab-before-line-end", SEVENTH, lambda b: b.replace(b"\n", b"\t\n"))
spoil("blank-after-header", SEVENTH, lambda b: b.replace(b"\n", b" \n", 1))
spoil("blank-in-a-cell", SEVENTH, lambda b: b.replace(b"\t0.00\t", b"\t0.00 \t", 1))
spoil("times-in-ms", SEVENTH, in_ms)
spoil("blank-line-inside", SEVENTH, lambda b: b.replace(b"\n", b"\n\n", 3).replace(b"\n\n", b"\n", 2))


@case("score-files/blank-line-in-package")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / BAKER, at / "Baker_LAB_task4_1")
    path = at / "Baker_LAB_task4_1/Baker_LAB_task4_1_run1.output/clip07.tsv"
    path.write_bytes(path.read_bytes() + b"\n")


@case("score-files/blank-in-a-cell-in-package")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / BAKER, at / "Baker_LAB_task4_1")
    path = at / "Baker_LAB_task4_1/Baker_LAB_task4_1_run1.output/clip07.tsv"
    path.write_bytes(path.read_bytes().replace(b"\t0.00\t", b"\t0.00 \t", 1))


@case("score-files/doubtful-outputs")
def _(at: Path, ex: Path) -> None:
    """No outputs, a run that is missing and one that is a copy, outputs of another team, the same score everywhere."""
    for team in ("Adams_UNI", "Baker_LAB"):
        shutil.copytree(ex / "packages" / team, at / "inbox" / team)
    meta = (ex / BAKER / "Baker_LAB_task4_1.meta.yaml").read_text().replace("Baker_LAB", "Davis_COL")
    put(at / "inbox/Davis_COL/Davis_COL_task4_1/Davis_COL_task4_1.meta.yaml", meta)
    three = at / "inbox/Adams_UNI/Adams_UNI_task4_2"
    shutil.rmtree(three / "Adams_UNI_task4_2_run2.output")
    shutil.rmtree(three / "Adams_UNI_task4_2_run3.output")
    shutil.copytree(three / "Adams_UNI_task4_2_run1.output", three / "Adams_UNI_task4_2_run3.output")
    one = at / "inbox/Adams_UNI/Adams_UNI_task4_1/Adams_UNI_task4_1_run1.output"
    shutil.rmtree(one)
    shutil.copytree(ex / BAKER / "Baker_LAB_task4_1_run1.output", one)
    for path in (at / "inbox/Baker_LAB/Baker_LAB_task4_2/Baker_LAB_task4_2_run1.output").iterdir():
        head, *rows = path.read_text().splitlines()
        cells = [row.split("\t") for row in rows]
        put(path, "\n".join([head, *("\t".join([*row[:2], *["0.5"] * len(row[2:])]) for row in cells), ""]))


@case("score-files/output-folders-misnamed")
def _(at: Path, ex: Path) -> None:
    """Outputs that are found by no run: another case, another label, a folder in the folder."""
    for index, name in enumerate(("_task4_1_Run1.Output", "_task4_run1.output", "_task4_1_run1.output/scores")):
        team = ("Adams_UNI", "Baker_LAB", "Davis_COL")[index]
        home = at / "inbox" / team / f"{team}_task4_1"
        meta = (ex / BAKER / "Baker_LAB_task4_1.meta.yaml").read_text().replace("Baker_LAB", team)
        put(home / f"{team}_task4_1.meta.yaml", meta)
        shutil.copytree(ex / BAKER / "Baker_LAB_task4_1_run1.output", home / f"{team}{name}")


@case("score-files/symlinked-file")
def _(at: Path, ex: Path) -> None:
    path = scores(at, ex)[6]
    path.rename(at / "elsewhere.tsv")
    path.symlink_to("../elsewhere.tsv")


@case("score-files/symlinked-run")
def _(at: Path, ex: Path) -> None:
    """Of three runs the second is a link: the mean of the other two is not the system's."""
    shutil.copytree(ex / "packages/Adams_UNI", at / "Adams_UNI")
    run = at / "Adams_UNI/Adams_UNI_task4_2/Adams_UNI_task4_2_run2.output"
    run.rename(at / "elsewhere")
    run.symlink_to("../../elsewhere")


@case("score-files/cut-in-package")
def _(at: Path, ex: Path) -> None:
    """A copy that was interrupted within a row, in one file of one of three runs."""
    shutil.copytree(ex / "packages/Adams_UNI", at / "Adams_UNI")
    path = at / "Adams_UNI/Adams_UNI_task4_2/Adams_UNI_task4_2_run2.output/clip07.tsv"
    path.write_bytes(path.read_bytes()[:1200])


@case("score-files/last-row-lost")
def _(at: Path, ex: Path) -> None:
    """One frame less than every other clip of the same length."""
    path = scores(at, ex)[6]
    path.write_bytes(path.read_bytes().rstrip(b"\n").rpartition(b"\n")[0] + b"\n")


@case("score-files/suffix-csv")
def _(at: Path, ex: Path) -> None:
    for path in scores(at, ex):
        path.rename(path.with_suffix(".csv"))


def events(name: str, change: Callable[[str], str], file: str = "events.tsv") -> None:
    """The truth itself as output, changed."""

    def build(at: Path, ex: Path) -> None:
        put(at / file, change((ex / "truth.tsv").read_text()))

    CASES[f"event-lists/{name}"] = build


def each_row(change: Callable[[str], str]) -> Callable[[str], str]:
    def all_rows(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([head, *map(change, rows), ""])

    return all_rows


events("offset-far-past-end", lambda t: t + "clip03.wav\t900.0\t1000.0\tDog\n")
events("clip-long-events", each_row(lambda r: "\t".join([r.split("\t")[0], "0.0", "10.0", r.split("\t")[3]])))
events("folder-in-filename", each_row(lambda r: "/data/eval/" + r))
events("tabs-but-named-csv", lambda t: t, "events.csv")


@case("event-lists/thresholds-named-csv")
def _(at: Path, ex: Path) -> None:
    head, *rows = (ex / "truth.tsv").read_text().splitlines()
    for n, threshold in enumerate((0.25, 0.5, 0.75)):
        put(at / f"lists/detections_{threshold}.csv", "\n".join([head, *rows[10 * n :], ""]))


def truth(name: str, change: Callable[[str, str], tuple[str, str]]) -> None:
    def build(at: Path, ex: Path) -> None:
        gt, lengths = change((ex / "truth.tsv").read_text(), (ex / "durations.tsv").read_text())
        put(at / "truth.tsv", gt)
        put(at / "durations.tsv", lengths)

    CASES[f"truth-and-durations/{name}"] = build


truth("quoted-class", lambda t, d: (t.replace("Dog", '"Dog"'), d))
truth(
    "duration-once-per-event",
    lambda t, d: (t, "filename\tduration\n" + "".join(r.split("\t")[0] + "\t10.0\n" for r in t.splitlines()[1:])),
)
truth("two-durations", lambda t, d: (t, d + "clip03.wav\t12.5\n"))
truth("durations-of-another-set", lambda t, d: (t, d.replace("clip", "other")))
truth(
    "truth-in-ms",
    lambda t, d: (
        each_row(
            lambda r: "\t".join(
                [r.split("\t")[0], *(f"{1000 * float(c):g}" for c in r.split("\t")[1:3]), r.split("\t")[3]]
            )
        )(t),
        d,
    ),
)
