"""Whole journeys through the command line, as a participant, an organiser and a researcher go them."""

from __future__ import annotations

import csv
import re
import shlex
import sys
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.preflight import HostCheck
from dcase_energy.measure.recorder import Instruments
from tests.builders.inbox import FAULTY, team, write_inbox, write_truth
from tests.cli.run import run
from tests.measure.worlds import ClockMeter

LABEL = "Baker_LAB_task4_1"
FORMATS = "csv,datatable,html,json,latex,md,xlsx"


def command(*arguments: object, code: int = 0, **environment: str) -> str:
    """Run a command; return all that its user reads. No output of this program ends in a traceback."""
    done = run(*arguments, **environment)
    shown = done.stdout + done.stderr
    assert done.returncode == code, shown
    assert "Traceback" not in shown
    return shown


class Hours(ClockMeter):
    """A GPU at 250 W and a processor; what is measured first takes so many hours, and the rest a fiftieth."""

    def __init__(self, hours: float) -> None:
        super().__init__(gpu_w=250.0)
        self.hours = hours

    def read(self) -> Reading:
        self.now_s += 3600 * self.hours / (1 if self.reads < 2 else 50) - 10.0
        return super().read()


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A machine at rest with a GPU, whose clock a test sets."""
    hours = {"now": 1.0}
    made = lambda *_, **__: Instruments(Hours(hours["now"]))  # noqa: E731
    monkeypatch.setattr("dcase_energy.measure.command.machines_own", lambda *_, **__: (made(), {}))
    monkeypatch.setattr("dcase_energy.calibration.command_run.instruments_for", made)
    monkeypatch.setattr("dcase_energy.calibration.command_run.TEST_WINDOW_S", 0.0)
    monkeypatch.setattr(HostCheck, "before", lambda *_, **__: [])
    monkeypatch.setattr(HostCheck, "require", lambda *_, **__: None)
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(tmp_path / "lock"))
    return hours


def fill(path: Path, **values: str) -> None:
    """Write values into the empty fields of a template, as a participant does in an editor."""
    text = path.read_text()
    for name, value in values.items():
        text, count = re.subn(rf"(?m)^(\s*(?:- )?{name}:) *(?:null)?(?=$|  #)", rf"\1 {value}", text, count=1)
        assert count == 1, name
    path.write_text(text)


def write_outputs(system: Path) -> None:
    """Three runs of one clip of each set, before and after post-processing."""
    classes = load_edition("dcase2024-task4").classes
    for number in (1, 2, 3):
        for kind in ("", "_unprocessed"):
            folder = system / f"{LABEL}_run{number}{kind}.output"
            folder.mkdir()
            for clip in ("sound1", "street1"):
                values = [f"{(at * number + len(kind + clip)) % 50 / 100}" for at in range(len(classes))]
                frames = [[f"{0.5 * at:g}", f"{0.5 * at + 0.5:g}", *values[at:], *values[:at]] for at in range(20)]
                rows = [["onset", "offset", *classes], *frames]
                (folder / f"{clip}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))


def small_2024(folder: Path) -> Path:
    """The edition of 2024 with two clips in place of 2,200, which would be 13,200 files."""
    folder.mkdir()
    text = 'base = "dcase2024-task4"\nname = "small-2024"\ntitle = "Two clips"\n[outputs]\nclips = 2\n'
    (folder / "edition.toml").write_text(text)
    return folder


def test_a_participant_of_2024_from_the_template_to_a_zip_that_is_valid(server, tmp_path, monkeypatch):
    baseline, package, edition = tmp_path / "DESED_task", tmp_path / "Baker_LAB", small_2024(tmp_path / "edition")
    baseline.mkdir()
    (baseline / "train_pretrained.py").write_text("pass\n")
    records = {stage: tmp_path / f"{stage}.json" for stage in ("calibration", "training", "test")}

    monkeypatch.setattr("tests.cli.run.ROOT", baseline)
    refused = command("calibrate", "--edition", "dcase2024-task4", code=2)
    assert "--fill checkpoint=VALUE -- python train_pretrained.py" in refused
    words = ("--fill", "checkpoint=best.ckpt", "--idle", "0", "--", sys.executable, "train_pretrained.py")
    shown = command("calibrate", "--edition", "dcase2024-task4", "--output", records["calibration"], *words)
    assert "usable as the baseline of: dcase2024-task4" in shown
    for stage, hours in (("training", 5.0), ("test", 0.05)):
        server["now"] = hours
        options = ["--scope", "inference+scoring"] if stage == "test" else []
        words = (*options, "--idle", "0", "--min-window", "0", "--probe", "none", "--", sys.executable, "-c", "pass")
        shown = command("measure", "--stage", stage, "--output", records[stage], *words)
        assert "\nvalid\n" in shown

    monkeypatch.setattr("tests.cli.run.ROOT", tmp_path)
    meta = package / LABEL / f"{LABEL}.meta.yaml"
    taken = [f"--{stage}={path}" for stage, path in records.items()]
    shown = command("init", LABEL, "--edition", edition, "--output", meta, *taken)
    validate = shlex.split(shown.splitlines()[-1])[1:]
    assert command(*validate, code=1).count(" error M101 ") == 9
    fill(
        meta, name="Small CRNN", abbreviation="SmallCRNN", lastname="Baker", firstname="Bea", email="bea@lab.example",
        input_sampling_rate="16", machine_learning_method="CRNN",
        total_parameters="96580", PSDS1="0.359", mPAUC="0.653",
    )  # fmt: skip
    assert "no problems found" in command(*validate)

    pack = ("pack", package, "--edition", edition)
    assert "O622 the system comes without outputs" in command(*pack), "not first in the finished zip"
    write_outputs(package / LABEL)
    assert "N111 no technical report" in command(*pack, code=1)
    (package / "report.pdf").write_bytes(b"%PDF-1.4\n")
    for path in records.values():
        for name in (path.name, f"{path.stem}.journal.jsonl"):
            (package / LABEL / name).write_bytes((tmp_path / name).read_bytes())
    assert "Baker_LAB.zip: 20 files, " in command(*pack)
    shown = command("validate", tmp_path / "Baker_LAB.zip", "--edition", edition)
    assert shown == "1 metadata file (edition small-2024): no problems found\n"
    first = command("report", tmp_path / "Baker_LAB.zip", "--edition", edition).splitlines()[0]
    assert first.startswith(f"{LABEL}: PSDS1 0.359; mPAUC 0.653; training 1.55 kWh = 5.10 baselines (")


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_an_organiser_of_a_hundred_packages_from_inbox_to_results(tmp_path):
    inbox, letters, results = (tmp_path / name for name in ("inbox", "letters", "results"))
    faulty = write_inbox(inbox)
    truth, durations = write_truth(tmp_path)
    validate = ("validate", inbox, "--durations", durations)
    assert len(faulty) == FAULTY == 30

    shown = command(*validate, "--statistics", code=1)
    assert len(shown.splitlines()) < 40

    shown = command(*validate, "--letters", letters, code=1)
    assert len(shown.splitlines()) <= 50
    assert len(list(letters.glob("*.txt"))) == len(list(letters.glob("*.html"))) == 100
    texts = {path.stem: path.read_text() for path in letters.glob("*.txt")}
    odd, mislabelled = faulty[13], faulty[12]
    accepted = {name for name, text in texts.items() if "0 errors and 0 warnings" in text}
    expected = {team(number).folder for number in range(100)} - {one.folder for one in faulty} | {odd.folder}
    assert accepted == expected
    stem = mislabelled.labels[0]
    assert "N105" in texts[f"file_{stem}"]
    assert not {"Other_UNI_task4", mislabelled.folder} & set(texts), (
        "label and file name two teams: neither is written to"
    )
    words = f"since its label names Other_UNI_task4, its file {stem}; find out who submitted it"
    assert f"not addressed to a team: the letter 'file {stem}', {words}" in shown
    assert "<script>alert" not in (letters / f"{odd.folder}.html").read_text()
    assert not [name for name, text in texts.items() if str(tmp_path) in text]

    repaired, waived = faulty[1], faulty[9]
    path = inbox / repaired.folder / repaired.meta
    path.write_text(path.read_text().replace("training: -", "training: "))
    waivers = tmp_path / "waivers.csv"
    waivers.write_text(f"code,label,reason\nM102,{waived.labels[0]},asked by mail\nE201,Nobody_UNI_task4_1,a slip\n")
    receipt = tmp_path / "receipt.json"
    again = (*validate, "--letters", letters, "--waivers", waivers, "--receipt", receipt)
    shown = command(*again, code=1)
    assert "100 letters" in shown
    assert "Since the last letter: 1 fixed" in (letters / f"{repaired.folder}.txt").read_text()
    assert "asked by mail" in (letters / f"{waived.folder}.txt").read_text()
    assert "verdict:  unchanged" in command("validate", "--check-receipt", receipt)

    given = ("--ground-truth", truth, "--durations", durations, "--waivers", waivers)
    shown = command("rank", inbox, *given, "--formats", FORMATS, "--plots", "svg", "--output-dir", results, code=1)
    assert len(shown.splitlines()) < 40
    assert "115 systems, 94 with a rank, 4 packages without a readable system" in shown
    assert re.search(r"\n +[0-9]+  K804 warning  A baseline energy is like that of other teams on the same GPU", shown)
    rows = table(results / "ranking.csv")
    assert len(rows) == 119
    assert sum(bool(row["rank"]) for row in rows) == 94
    assert all(row["excluded"] for row in rows if not row["rank"])
    assert {row["team"] for row in rows} == {team(number).folder for number in range(100)} - {mislabelled.folder} | {
        "Other_UNI_task4"
    }
    for name in ("html", "json", "tex", "md", "xlsx"):
        assert (results / f"ranking.{name}").stat().st_size > 10_000
    text = (results / "ranking_datatable.md").read_text()
    assert "115 systems of 100 teams were submitted; 21 without a rank, see below. 4 packages had no system" in text
    verbose = command("rank", inbox, "--verbose", "--formats", "csv", "--output-dir", results, code=1)
    assert verbose.count(" error ") > 20
    assert "left over from an earlier run" in verbose
