"""A package with the outputs of two sets of clips: DESED and MAESTRO in the edition of 2024 of task 4."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from dcase_energy import rank, score
from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import EditionError, InputError
from tests.cli.run import run

EDITION = load_edition("dcase2024-task4")
LABEL = "Adams_UNI_task4_1"
META = (Path(__file__).parent.parent / "editions" / f"{LABEL}.meta.yaml").read_text()
# The worked example of two classes of MAESTRO: mPAUC 0.448864 with the staircase, 0.511364 with the linear area.
CAR = [0.9, 0.8, 0.8, 0.3, 0.95, 0.8, 0.7, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1] + 8 * [0.05]
FOOTSTEPS = [0.6, 0.5, 0.55, 0.3, 0.3, 0.2, 0.2] + 17 * [0.1]


def table(frames: list[dict[str, float]], length_s: float) -> str:
    ends = [min(number + 1.0, length_s) for number in range(len(frames))]
    lines = ["\t".join(["onset", "offset", *EDITION.classes])]
    for number, (frame, end_s) in enumerate(zip(frames, ends, strict=True)):
        values = [frame.get(name, 0.01) for name in EDITION.classes]
        lines.append("\t".join(f"{value:g}" for value in [float(number), end_s, *values]))
    return "\n".join([*lines, ""])


SOUND = [{"Dog": 0.9 if number < 4 else 0.2, "Speech": 0.3} for number in range(10)]
STREET = [{"car": car, "footsteps": steps, "Dog": 0.99} for car, steps in zip(CAR, FOOTSTEPS, strict=True)]


@pytest.fixture
def package(tmp_path):
    """Three runs, of a clip of DESED and one of MAESTRO each; truth and durations of both sets."""
    for number in (1, 2, 3):
        folder = tmp_path / "package" / LABEL / f"{LABEL}_run{number}.output"
        folder.mkdir(parents=True)
        (folder / "sound1.tsv").write_text(table(SOUND, 10.0))
        (folder / "street1.tsv").write_text(table(STREET, 23.4))
    (tmp_path / "package" / LABEL / f"{LABEL}.meta.yaml").write_text(META)
    (tmp_path / "package" / "report.pdf").write_bytes(b"%PDF-1.4\n")
    header = "filename\tonset\toffset\tevent_label"
    (tmp_path / "desed.tsv").write_text(f"{header}\nsound1.wav\t0\t4\tDog\n")
    rows = ["street1\t0\t4\tcar\t0.8", "street1\t0\t2\tfootsteps\t1", "street1\t9\t12\tcar\t0.5",
            "street1\t3\t9\tannouncement\t1"]  # fmt: skip
    (tmp_path / "maestro.tsv").write_text("\n".join([f"{header}\tconfidence", *rows, ""]))
    (tmp_path / "desed_durations.tsv").write_text("filename\tduration\nsound1.wav\t10\n")
    (tmp_path / "maestro_durations.tsv").write_text("filename\tduration\nstreet1.wav\t23.4\n")
    return tmp_path


def given(folder: Path, *sets: str, durations: tuple[str, ...] | None = None) -> dict[str, dict[str, Path]]:
    return {
        "ground_truth": {name: folder / f"{name}.tsv" for name in sets},
        "durations": {name: folder / f"{name}_durations.tsv" for name in durations or sets},
    }


def test_both_sets_are_scored_and_ranked_by_the_sum(package):
    sets = given(package, "desed", "maestro")
    options = [
        f"--{key.replace('_', '-')}={name}={path}" for key, files in sets.items() for name, path in files.items()
    ]
    out = package / "ranking"
    shown = run(
        "rank", package / "package", "--edition", EDITION.name, *options, "--output-dir", out, "--formats", "csv"
    )
    (row,) = csv.DictReader((out / "ranking.csv").open())
    assert row["scores_are"] == "scored", shown.stderr
    psds1, mpauc = float(row["psds1"]), float(row["mpauc"])
    assert mpauc == pytest.approx(0.448864, abs=5e-7)
    assert psds1 == pytest.approx(1.0)
    assert (row["rank"], float(row["ranking_score"])) == ("1", pytest.approx(psds1 + mpauc, abs=1e-12))
    assert "O621" in row["findings"]


def test_score_gives_the_figures_of_both_sets(package):
    sheet = score(
        package / "package", edition=EDITION, interval="bootstrap", resamples=5, **given(package, "desed", "maestro")
    )
    (system,) = sheet.systems
    values = sheet.values[LABEL]
    assert (values["psds1"], values["mpauc"]) == (pytest.approx(1.0), pytest.approx(0.448864, abs=5e-7))
    assert values["collar_f1"] == pytest.approx(1.0)
    figures = next(iter(system.figures.runs.values()))
    assert figures.samples.shape == (5, len(figures.names))
    shown = json.loads(
        run("score", package / "package", "--edition", EDITION.name, "--format", "json",
            *(f"--ground-truth={name}={package / name}.tsv" for name in ("desed", "maestro")),
            *(f"--durations={name}={package / name}_durations.tsv" for name in ("desed", "maestro"))).stdout
    )  # fmt: skip
    assert shown["clips"] == 2
    assert not shown["conventions"].keys() & {"set_of", "joined"}


def test_validate_takes_the_durations_of_both_sets(package):
    durations = [f"--durations={name}={package / name}_durations.tsv" for name in ("desed", "maestro")]
    shown = run("validate", package / "package", "--edition", EDITION.name, *durations, "--select", "O601,O602")
    assert shown.returncode == 0, shown.stdout
    one = run("validate", package / "package", "--edition", EDITION.name, durations[0], "--select", "O601,O602")
    assert "3 errors" in one.stdout + one.stderr
    both = package / "all.tsv"
    both.write_text("filename\tduration\nsound1\t10\nstreet1\t23.4\n")
    shown = run(
        "validate", package / "package", "--edition", EDITION.name, "--durations", both, "--select", "O601,O602"
    )
    assert shown.returncode == 0, shown.stdout


def test_the_other_convention_of_the_area_is_one_line_of_an_edition(package):
    path = package / "edition.toml"
    path.write_text('base = "dcase2024-task4"\nname = "own"\ntitle = "Own"\n[scores.mpauc.options]\narea = "linear"\n')
    sheet = rank(package / "package", edition=path, **given(package, "desed", "maestro"))
    assert sheet.systems[0].entry.scores["mpauc"] == pytest.approx(0.511364, abs=5e-7)


def test_windows_of_files_are_joined_where_clips_are_named_so(package):
    truth, durations = (package / f"maestro{part}.tsv" for part in ("", "_durations"))
    for path in (truth, durations):
        path.write_text(path.read_text().replace("street1.wav", "street1").replace("street1", "city-000000-001000"))
    durations.write_text("filename\tduration\ncity-000000-001000\t10\ncity-000500-001500\t10\n")
    for folder in (package / "package" / LABEL).glob("*.output"):
        (folder / "street1.tsv").unlink()
        for begin, name in ((0, "city-000000-001000"), (5, "city-000500-001500")):
            (folder / f"{name}.tsv").write_text(table(STREET[begin : begin + 10], 10.0))
    truth.write_text(truth.read_text().replace("city-000000-001000\t3\t9", "city-000500-001500\t3\t9"))
    sheet = score(package / "package", edition=EDITION, **given(package, "desed", "maestro"))
    # Fifteen seconds of the file, each once: car is annotated in 4 of them, footsteps in 2.
    car, footsteps = 0.25 * (0.1 - 1 / 11) / 0.1, (0.5 / 13 + (0.1 - 1 / 13)) / 0.1
    assert sheet.values[LABEL]["mpauc"] == pytest.approx((car + footsteps) / 2, abs=1e-12)
    assert sheet.conventions.joined == {"maestro"}


def test_a_clip_of_no_set_or_a_missing_one_gives_no_score(package):
    for folder in (package / "package" / LABEL).glob("*.output"):
        (folder / "street1.tsv").rename(folder / "street2.tsv")
    sheet = rank(package / "package", edition=EDITION, **given(package, "desed", "maestro"))
    assert sheet.systems[0].rank is None
    assert {"O601", "O602"} <= set(sheet.systems[0].entry.findings)


def test_one_set_alone_is_scored_by_itself(package):
    for path in (package / "package").rglob("street1.tsv"):
        path.unlink()
    sheet = score(package / "package", edition=EDITION, **given(package, "desed"))
    assert "mpauc" not in sheet.values[LABEL]
    assert sheet.values[LABEL]["psds1"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("sets", "durations", "words"),
    [
        (("desed",), None, "no ground truth of maestro"),
        (("desed", "maestro"), ("desed",), "ground truth of desed, maestro, durations of desed"),
    ],
)
def test_sets_that_are_not_complete_are_an_error(package, sets, durations, words):
    with pytest.raises(InputError, match=words):
        rank(package / "package", edition=EDITION, **given(package, *sets, durations=durations))


def test_sets_that_do_not_fit_are_an_error(package):
    truth, durations = package / "desed.tsv", package / "desed_durations.tsv"
    with pytest.raises(InputError, match=r"file that belongs to no set .* has the sets desed, maestro: give NAME=TSV"):
        rank(package / "package", edition=EDITION, ground_truth=truth, durations=durations)
    with pytest.raises(InputError, match=r"a set 'b' .* edition generic has no sets"):
        rank(package / "package", edition="generic", ground_truth={"b": truth}, durations={"b": durations})
    twice = {"desed": durations, "maestro": durations}
    with pytest.raises(InputError, match="clip sound1 is in the durations of desed and of maestro"):
        rank(package / "package", edition=EDITION, ground_truth=dict.fromkeys(twice, truth), durations=twice)
    shown = run("score", package / "package", "--ground-truth=a=x.tsv", f"--durations={durations}")
    assert (shown.returncode, "'x.tsv' does not exist" in shown.stderr) == (2, True)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[scores.psds1]\nset = "desde"', "scores.psds1 is computed from a set 'desde'; known: desed, maestro"),
        ('[outputs.sets.b]\nclasses = ["Cow"]', "outputs.sets.b has classes which are not the edition's: Cow"),
    ],
)
def test_an_edition_with_sets_that_cannot_be(tmp_path, toml, words):
    path = tmp_path / "edition.toml"
    path.write_text(f'base = "dcase2024-task4"\nname = "own"\ntitle = "Own"\n{toml}\n')
    with pytest.raises(EditionError, match=words):
        load_edition(str(path))
