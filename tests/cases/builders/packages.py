"""Packages and inboxes."""

from __future__ import annotations

import shutil
import tarfile
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


# Siblings: the same kinds of fault in other clothes.


@case("packages-and-inbox/inbox-with-a-broken-zip")
def _(at: Path, ex: Path) -> None:
    data = zipped(small(at, ex))
    shutil.rmtree(at / "Adams_UNI")
    put(at / "inbox/Adams_UNI.zip", data[: len(data) // 2])
    put(at / "inbox/Clark_INST.tar.gz", b"\x1f\x8b\x08" + bytes(100))
    (at / "inbox/Davis_DEPT").mkdir()
    shutil.copytree(ex / BAKER, at / "inbox/Baker_LAB/Baker_LAB_task4_1")
    shutil.copytree(ex / "packages/Clark_INST", at / "inbox/Evans")


@case("packages-and-inbox/inbox-of-numbers")
def _(at: Path, ex: Path) -> None:
    """As a conference system hands submissions out: a folder for each, with the upload and a mail in it."""
    data = zipped(small(at, ex))
    shutil.rmtree(at / "Adams_UNI")
    put(at / "inbox/17/Submission/Adams_UNI.zip", data)
    put(at / "inbox/17/mail.txt", "x")
    shutil.copytree(ex / BAKER, at / "inbox/18/Submission/Baker_LAB_task4_1")
    put(at / "inbox/.DS_Store", "x")
    put(at / "inbox/__MACOSX/._17", "x")


@case("packages-and-inbox/two-versions")
def _(at: Path, ex: Path) -> None:
    folder = small(at, ex)
    put(at / "Adams_UNI_new.zip", zipped(folder))
    meta = folder / LABEL / f"{LABEL}.meta.yaml"
    meta.write_text(meta.read_text().replace("training: 1.284", "training: 1.184"))


@case("packages-and-inbox/team-folder-and-its-own-zip-in-it")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / "packages/Adams_UNI", at / "Adams_UNI")
    put(at / "Adams_UNI/Adams_UNI.zip", zipped(at / "Adams_UNI"))
    put(at / "Adams_UNI/code.zip", zipped(put(at / "code/train.py", "pass").parent))
    shutil.rmtree(at / "code")


@case("packages-and-inbox/litter")
def _(at: Path, ex: Path) -> None:
    names = ("Icon\r", ".DS_Store", "Thumbs.db", "desktop.ini", f"~${LABEL}.docx", f"._{LABEL}.meta.yaml")
    package(at, **dict.fromkeys(names, b"x"))
    for folder in (".git", "__pycache__", ".pytest_cache", ".backup", ".ipynb_checkpoints"):
        put(at / LABEL / folder / f"{LABEL}.meta.yaml", META)


@case("packages-and-inbox/plain-yaml-of-another-name")
def _(at: Path, ex: Path) -> None:
    put(at / LABEL / "metadata.yaml", META)
    put(at / LABEL / "conf/train.yaml", "lr: 0.001\n")


@case("packages-and-inbox/folders-differ-in-case-on-disk")
def _(at: Path, ex: Path) -> None:
    package(at, **{"code/a.py": b"x", "Code/b.py": b"x"})


@case("packages-and-inbox/outputs-in-folder-and-zip")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / BAKER, at / "Baker_LAB_task4_1")
    put(at / "Baker_LAB.zip", zipped(at / "Baker_LAB_task4_1"))


@case("packages-and-inbox/packages-that-cannot-be-read")
def _(at: Path, ex: Path) -> None:
    shutil.copytree(ex / BAKER, at / "inbox/Baker_LAB/Baker_LAB_task4_1")
    put(at / "inbox/Davis_COL.zip", "not an archive")
    put(at / f"inbox/Adams_UNI/{LABEL}/{LABEL}.meta.yaml", META.encode("utf-16"))
    (at / "inbox/Evans_ORG").mkdir()


@case("packages-and-inbox/tar-gz")
def _(at: Path, ex: Path) -> None:
    with tarfile.open(at / "Baker_LAB.tar.gz", "w:gz") as archive:
        archive.add(ex / "packages/Baker_LAB", "Baker_LAB")
