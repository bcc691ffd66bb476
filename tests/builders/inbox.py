"""An organiser's inbox: a hundred packages, folders and zips, thirty of them faulty, some of those hostile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.builders.packages import CLASSES, HEADER, metadata, write
from tests.builders.zips import Member, archive, package

CLIPS = 4
EVENTS = {
    f"clip{clip}": [(0.25 * clip, 0.25 * clip + 0.5, CLASSES[clip]), (1, 1.5, CLASSES[0])] for clip in range(1, 5)
}
Files = dict[str, bytes]


class Team(NamedTuple):
    """A team: its number and the labels of its systems."""

    number: int
    labels: tuple[str, ...]

    @property
    def folder(self) -> str:
        return self.labels[0].removesuffix("_1")

    @property
    def meta(self) -> str:
        return f"{self.labels[0]}/{self.labels[0]}.meta.yaml"

    @property
    def output(self) -> str:
        return f"{self.labels[0]}/{self.labels[0]}_run1.output"


def team(number: int) -> Team:
    """The team of a number; each fifth has two systems."""
    name = "BCDFGHKLMN"[number // 10] + "aeiou"[number % 5] + ("nsen" if number % 10 < 5 else "rwood")
    base = f"{name}_{('UNI', 'LAB', 'INST')[number % 3]}_task4"
    return Team(number, tuple(f"{base}_{index}" for index in range(1, 3 if number % 5 == 0 else 2)))


def scores(clip: int, noise: float) -> bytes:
    """A score file of frames of 0.25 s in 2 s, the better the smaller the noise is (0 to 99)."""
    rows = [HEADER]
    for frame in range(8):
        middle = 0.25 * frame + 0.125
        heard = {name for start, end, name in EVENTS[f"clip{clip}"] if start < middle < end}
        values = [
            0.9 * (name in heard) * (1 - noise / 110)
            + (37 * noise + 11 * frame + 7 * place + 3 * clip) % 100 * noise / 11_000
            for place, name in enumerate(CLASSES)
        ]
        rows.append("\t".join([f"{0.25 * frame:g}", f"{0.25 * frame + 0.25:g}", *(f"{value:.4f}" for value in values)]))
    return ("\n".join(rows) + "\n").encode()


def files(one: Team) -> Files:
    """A valid package."""
    found = {}
    for index, label in enumerate(one.labels):
        kwh = 0.3 + (one.number * 17 + index * 5) % 97 / 100
        baseline_kwh = 0.4 + one.number % 7 / 5
        text = metadata(label).replace("lastname: Adams", f"lastname: {label.split('_')[0]}")
        for old, new in {
            "training: 1.3907": f"training: {kwh:.4f}",
            "test: 0.01934": f"test: {kwh / 60:.5f}",
            "baseline_training: 1.412": f"baseline_training: {baseline_kwh:.3f}",
            "baseline_test: 0.0204": f"baseline_test: {baseline_kwh / 70:.5f}",
            "5 h (1 GTX 1080 Ti)": f"{kwh * 6:.1f} h (1 {('GTX 1080 Ti', 'A100 40GB', 'V100')[one.number % 3]})",
            "name: Small CRNN": f"name: CRNN {one.number} of {index + 1}",
            "abbreviation: SmallCRNN": f"abbreviation: CRNN{one.number}-{index + 1}",
        }.items():
            assert old in text
            text = text.replace(old, new, 1)
        found[f"{label}/{label}.meta.yaml"] = text.encode()
        for clip in range(1, CLIPS + 1):
            found[f"{label}/{label}_run1.output/clip{clip}.tsv"] = scores(clip, (one.number * 31) % 100 + index / 2)
    return found


def text(old: str, new: str) -> Callable[[Team, Files], Files]:
    """Replace a piece of the metadata."""

    def change(one: Team, found: Files) -> Files:
        before = found[one.meta].decode()
        assert old in before, old
        return {**found, one.meta: before.replace(old, new, 1).encode()}

    return change


def output(old: bytes, new: bytes) -> Callable[[Team, Files], Files]:
    """Replace a piece of the first score file."""

    def change(one: Team, found: Files) -> Files:
        name = f"{one.output}/clip1.tsv"
        assert old in found[name], old
        return {**found, name: found[name].replace(old, new, 1)}

    return change


def without(*names: str) -> Callable[[Team, Files], Files]:
    """Leave out files by the end of their name."""
    return lambda one, found: {name: data for name, data in found.items() if not name.endswith(names)}


FAULTS: list[Callable[[Team, Files], Files]] = [
    text("  training: ", "  training: 500 Wh #"),
    text("  training: ", "  training: -"),
    text("  test: ", "  test: 0 #"),
    text("baseline_training: ", "# "),
    text("submission:", "submission: ["),
    text("  name: ", "\tname: "),
    text("total_parameters: ", "total_parameters: 1.1 M #"),
    text("  machine_learning_method", "  machinelearningmethod"),
    text("firstname", "Firstname"),
    text("  email: ", "  email: 0 #"),
    text("corresponding: true", "corresponding: false"),
    text("PSDS1: 0.359", "PSDS1: 35.9"),
    text("  label: ", "  label: Other_UNI_task4_1 #"),
    text("  name: ", "  name: '<script>alert(1)</script>\\e[2J' #"),
    text("  name: ", "  name: [a, b] #"),
    without(".meta.yaml"),
    without("clip3.tsv"),
    text("system:", "system: 1 #"),
    output(b"Blender", b"Blendr"),
    output(b"\t0.25\t", b"\t0,25\t"),
    output(b"0.25\t0.5\t", b"0.25\t0.5\tnan"),
    output(b"0.25\t0.5\t", b"0.25\t0.5\t7"),
    output(b"\n0.25\t0.5", b"\n0.75\t0.5"),
    text("lastname: ", "lastname: \u202e"),
]


def bomb(one: Team, found: Files) -> bytes:
    return archive([*package(found), Member(f"{one.output}/z.tsv".encode(), bytes(20_000_000))])


def outside(one: Team, found: Files) -> bytes:
    return archive([*package(found), Member(b"../../outside.tsv", b"x")])


def link(one: Team, found: Files) -> bytes:
    return archive([*package(found), Member(f"{one.output}/clip5.tsv".encode(), b"/etc/passwd", mode=0o120777)])


def twice(one: Team, found: Files) -> bytes:
    members = package(found)
    return archive([*members, replace(members[0], data=b"other", packed=None)])


def cut(one: Team, found: Files) -> bytes:
    return archive(package(found))[:-200]


def no_zip(one: Team, found: Files) -> bytes:
    return b"Rar!\x1a\x07\x00 and more"


HOSTILE = [bomb, outside, link, twice, cut, no_zip]
FAULTY = len(FAULTS) + len(HOSTILE)


def write_inbox(folder: Path, count: int = 100) -> list[Team]:
    """Write the inbox; return the teams whose package is faulty. Every second package is a zip."""
    faulty = []
    for number in range(count):
        one = team(number)
        found = files(one)
        place, spoilt = divmod(number, 3)
        fault = place if spoilt == 1 else None
        (folder / one.folder).parent.mkdir(parents=True, exist_ok=True)
        if fault is not None and fault < FAULTY:
            faulty.append(one)
        if fault is not None and len(FAULTS) <= fault < FAULTY:
            (folder / f"{one.folder}.zip").write_bytes(HOSTILE[fault - len(FAULTS)](one, found))
            continue
        if fault is not None and fault < len(FAULTS):
            found = FAULTS[fault](one, found)
        if number % 2:
            (folder / f"{one.folder}.zip").write_bytes(archive(package(found)))
        else:
            write(folder / one.folder, found)
    return faulty


def write_truth(folder: Path) -> tuple[Path, Path]:
    """Write ground truth and durations of the clips."""
    truth, durations = folder / "truth.tsv", folder / "durations.tsv"
    rows = [f"{clip}.wav\t{start}\t{end}\t{name}" for clip, events in EVENTS.items() for start, end, name in events]
    truth.write_text("\n".join(["filename\tonset\toffset\tevent_label", *rows, ""]))
    durations.write_text("\n".join(["filename\tduration", *(f"{clip}.wav\t2" for clip in EVENTS), ""]))
    return truth, durations
