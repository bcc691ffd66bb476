"""Whatever happens to one file of a package, no figure is printed as if nothing had.

For any damage either all scores are unchanged, or a finding names the file and the system has no figures or says that
they are in doubt. A changed digit inside a valid number cannot be seen and is exempt. `make test-long` draws 10,000
damages.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import numpy as np
import pytest

from dcase_energy import rank
from dcase_energy.api.scores import ScoreSheet
from dcase_energy.cli.render.scores import to_text
from dcase_energy.editions.loader import load_edition
from dcase_energy.findings import Where, has_errors
from dcase_energy.scoring.clips import clip_of_file
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.outputs import Output, SystemOutputs, score_system
from dcase_energy.scoring.score_files import check_score_files, read_scores
from dcase_energy.submission.validate import ValidateOptions, validate_paths
from tests.builders.damages import DAMAGES, OF_BYTES
from tests.builders.packages import CLASSES, LABEL, META, metadata, scores, write
from tests.reference import slow_score_files as slow

N_DAMAGES = int(os.environ.get("DCASE_ENERGY_DAMAGES", "150"))
BLOCK = 500
CLIPS, LENGTH_S = ("clip1", "clip2", "clip3", "clip4"), 2.0
TRUTH = GroundTruth.build(
    dict.fromkeys(CLIPS, LENGTH_S),
    [(clip, 0.3 * i, 0.3 * i + 0.5, CLASSES[(3 * i + j) % 10]) for i, clip in enumerate(CLIPS) for j in range(10)],
    CLASSES,
)
CONVENTIONS = Conventions()
EDITION = load_edition("generic")


def whole_package() -> dict[str, bytes]:
    def file(run: int, clip: int) -> bytes:
        rng = random.Random(10 * run + clip)
        rows = [
            "\t".join([f"{k * 0.25:.2f}", f"{k * 0.25 + 0.25:.2f}", *(f"{rng.random():.3f}" for _ in CLASSES)])
            for k in range(8)
        ]
        return scores(0, rows=rows)

    return {f"S_run{run}.output/{clip}.tsv": file(run, i) for run in (1, 2) for i, clip in enumerate(CLIPS)}


@dataclass(frozen=True)
class Memory:
    """A tree of files that are nowhere on disk."""

    contents: dict[str, bytes]

    def names(self):
        return sorted(self.contents)

    def problems(self):
        return []

    def where(self, name):
        return Where(name)

    def read(self, name, limit_bytes):
        return self.contents[name], []


def scored(contents):
    tree = Memory(contents)
    runs = {
        f"run{run}": Output(tree, tuple(name for name in tree.names() if name.startswith(f"S_run{run}")), "scores")
        for run in (1, 2)
    }
    return score_system(SystemOutputs("S", "S", runs), TRUTH, CONVENTIONS)


def values(figures):
    return [figures.runs[run].values for run in ("run1", "run2")]


KINDS = sorted(DAMAGES)
WHOLE = whole_package()
BEFORE = values(scored(WHOLE).figures)


def damaged(rng: random.Random, number: int) -> tuple[str, str, bytes]:
    """Kinds of damage in turn, each to a file and at a place drawn."""
    kind, name = KINDS[number % len(KINDS)], rng.choice(sorted(WHOLE))
    others = [WHOLE[other] for other in sorted(WHOLE) if other != name and other[:6] == name[:6]]
    return kind, name, DAMAGES[kind](rng, WHOLE[name], others)


def frames_of(data: bytes):
    try:
        return slow.read(data, CLASSES)
    except slow.RefusedError:
        return None


def only_digits_changed(data: bytes, original: bytes) -> bool:
    """Whether a file has the same frames with other scores: a valid number became another valid number."""
    now, before = frames_of(data), frames_of(original)
    return now is not None and len(now) == len(before) and all(
        abs(time - true) <= slow.TOLERANCE_S
        for row, old in zip(now, before, strict=True)
        for time, true in zip(row[:2], old[:2], strict=True)
    )  # fmt: skip


def check_scores(kind: str, name: str, data: bytes) -> str:
    result = scored({**WHOLE, name: data})
    place = (kind, name, data)
    named = [one for one in result.findings if one.where.file == name or name.rpartition("/")[2] in one.message]
    if result.figures is None:
        assert named, place
        assert has_errors(named), place
        return "refused"
    if not result.doubts:
        assert not result.findings, place
        same = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values(result.figures), BEFORE, strict=True))
        assert same or (kind in OF_BYTES and only_digits_changed(data, WHOLE[name])), place
        return "unchanged" if same else "digits"
    assert named, place
    text = to_text(ScoreSheet(EDITION, CONVENTIONS, TRUTH, (result,), tuple(result.findings)))
    assert text.startswith("S  (scores, 2 runs; in doubt: O6"), text
    return "in doubt"


def check_reader(kind: str, name: str, data: bytes) -> None:
    """The reader takes what its slow twin reads, with the same numbers, and nothing else."""
    frames = frames_of(data)
    tree = Memory({name: data})
    run = check_score_files(tree, [name], CLASSES)
    assert has_errors(run.findings) == (frames is None), (kind, name, data, run.findings)
    if frames is not None:
        truth = GroundTruth.build({clip_of_file(name): float(frames[-1][1])}, [], CLASSES)
        read = read_scores(tree, [name], truth).scores
        assert read.values.tolist() == [[row[2][label] for label in CLASSES] for row in frames]
        for column, times in enumerate((read.onset_us, read.offset_us)):
            assert times.tolist() == [round(float(row[column]) * 1e6) for row in frames]


@pytest.mark.parametrize("block", range(-(-N_DAMAGES // BLOCK)))
def test_damage_is_seen_or_changes_nothing(block):
    rng = random.Random(block)
    outcomes = set()
    for number in range(min(BLOCK, N_DAMAGES - block * BLOCK)):
        kind, name, data = damaged(rng, number)
        outcomes.add(check_scores(kind, name, data))
        check_reader(kind, name, data)
    assert outcomes >= {"refused", "unchanged", "in doubt"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The package, its ground truth and durations on disk."""
    root = tmp_path_factory.mktemp("damages")
    contents = {META: metadata().encode()}
    contents |= {f"{LABEL}/{LABEL}{name[1:]}": data for name, data in WHOLE.items()}
    write(root / "package", contents)
    events = [
        f"{clip}\t{0.3 * i:.1f}\t{0.3 * i + 0.5:.1f}\t{CLASSES[(3 * i + j) % 10]}\n"
        for i, clip in enumerate(CLIPS)
        for j in range(10)
    ]
    (root / "truth.tsv").write_text("filename\tonset\toffset\tevent_label\n" + "".join(events))
    durations = [f"{clip}\t{LENGTH_S}\n" for clip in CLIPS]
    (root / "durations.tsv").write_text("filename\tduration\n" + "".join(durations))
    return root


@pytest.mark.parametrize("seed", range(max(20, N_DAMAGES // 100)))
def test_commands_say_the_same_of_a_damaged_file(folder, seed):
    """`validate` finds what `rank` finds; a system that cannot be scored has neither a rank nor its stated scores."""
    _, name, data = damaged(random.Random(seed), 7 * seed)
    path = folder / "package" / LABEL / f"{LABEL}{name[1:]}"
    path.write_bytes(data)
    sheet = rank(folder / "package", ground_truth=folder / "truth.tsv", durations=folder / "durations.tsv")
    options = ValidateOptions(durations_s=dict.fromkeys(CLIPS, LENGTH_S))
    validated = validate_paths([folder / "package"], EDITION, options=options)
    path.write_bytes(WHOLE[name])
    ranked, checked = (
        {(one.code, one.where, one.message) for one in some if one.code[0] in "OT"}
        for some in (sheet.findings, validated.findings)
    )
    assert ranked == {one for one in checked if one[0] not in {"O621", "O622", "O626"}}
    (system,) = sheet.systems
    assert has_errors(sheet.findings) == (system.rank is None) == (system.entry.scores.get("psds1") is None)
    assert (system.entry.excluded is None) == (system.rank is not None)
    assert {one.code for one in sheet.findings} <= set(system.entry.findings)
