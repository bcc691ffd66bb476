"""Packages and inboxes."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.cases.builders.common import CASES, LABEL, META, case, package, put
from tests.cases.builders.outputs import BAKER


def zipped(folder: Path, name: Callable[[str], str] = str) -> bytes:
    out = folder.with_name("building.zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.writestr(
                zipfile.ZipInfo(name(path.relative_to(folder.parent).as_posix()), (2026, 6, 1, 0, 0, 0)),
                path.read_bytes(),
            )
    data = out.read_bytes()
    out.unlink()
    return data


def small(at: Path, ex: Path) -> Path:
    package(at / "Adams_UNI")
    for name in ("clip01.tsv", "clip02.tsv"):
        put(
            at / "Adams_UNI" / LABEL / f"{LABEL}_run1.output" / name,
            (ex / BAKER / "Baker_LAB_task4_1_run1.output" / name).read_bytes(),
        )
    return at / "Adams_UNI"


@case("packages-and-inbox/folder-beside-zip")
def _(at: Path, ex: Path) -> None:
    data = zipped(small(at, ex))
    shutil.rmtree(at / "Adams_UNI")
    put(at / "inbox/Adams_UNI.zip", data)
    shutil.copytree(ex / BAKER, at / "inbox/Baker_LAB/Baker_LAB_task4_1")


@case("packages-and-inbox/zip-beside-readme")
def _(at: Path, ex: Path) -> None:
    data = zipped(small(at, ex))
    shutil.rmtree(at / "Adams_UNI")
    put(at / "inbox/Adams_UNI.zip", data)
    put(at / "inbox/README.txt", "Packages as they came in.\n")


@case("packages-and-inbox/folder-and-its-own-zip")
def _(at: Path, ex: Path) -> None:
    put(at / "Adams_UNI.zip", zipped(small(at, ex)))


@case("packages-and-inbox/inside-the-system-folder")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / BAKER, at / "Baker_LAB_task4_1")


@case("packages-and-inbox/other-yaml-beside")
def _(at: Path, ex: Path) -> None:
    package(at, **{"hparams.yaml": b"lr: 0.001\nepochs: 200\n", "confs/pretrained.yaml": b"net:\n  n_in_channel: 1\n"})


@case("packages-and-inbox/checkpoint-copy")
def _(at: Path, ex: Path) -> None:
    package(at, **{f".ipynb_checkpoints/{LABEL}-checkpoint.meta.yaml": META.encode()})


@case("packages-and-inbox/backslash-names")
def _(at: Path, ex: Path) -> None:
    put(at / "Adams_UNI.zip", zipped(small(at, ex), lambda name: name.replace("/", "\\")))
    shutil.rmtree(at / "Adams_UNI")


def counted(name: str, count: int) -> None:
    def build(at: Path, ex: Path) -> None:
        folder = small(at, ex)
        put(folder / "second.txt", "x")
        data = zipped(folder)
        number = count.to_bytes(2, "little")
        put(at / "Adams_UNI.zip", data[:-14] + number + number + data[-10:])
        shutil.rmtree(folder)

    CASES[f"packages-and-inbox/{name}"] = build


counted("end-record-counts-too-few", 1)


@case("packages-and-inbox/folders-differ-in-case")
def _(at: Path, ex: Path) -> None:
    folder = small(at, ex)
    put(folder / LABEL.lower() / "notes.txt", "x")
    put(at / "Adams_UNI.zip", zipped(folder))
    shutil.rmtree(folder)
