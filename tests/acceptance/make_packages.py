"""Writes the examples of rules about packages, outputs, CodeCarbon files and evidence: a bad and a good one a rule.

``python -m tests.acceptance.make_packages [FOLDER]`` writes below FOLDER (this one). Each example is the smallest
package that shows its rule. The journals of the evidence examples are real ones, of a quick calibration on a small CPU
with the recipe smoke and of a command that slept for a second, their energies scaled to those of a whole training;
after a change of what a journal holds, calibrate and measure again and put them in their place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dcase_energy.calibration.record import record_of
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import canonical_json, parse_journal, sealed, sha256_text
from tests.builders import emissions
from tests.builders.packages import CLASSES, HEADER, LABEL, META, files, metadata, score_rows, scores, write
from tests.builders.zips import Member, archive, package, with_member

HERE = Path(__file__).parent
JOURNAL = Path(__file__).parent.parent / "data" / "calibration.journal.jsonl"
ENERGY_JOURNAL = JOURNAL.with_name("energy.journal.jsonl")
SCALE = 2000.0
ENERGY_SCALE = 224_000.0
RUN = f"{LABEL}/{LABEL}_run{{}}.output"
Files = dict[str, bytes]


def _zip(data: bytes) -> Files:
    return {"submission.zip": data}


def _archives() -> dict[str, tuple[Files, Files]]:
    small = files(runs=1)
    good = _zip(archive(package(small)))
    bomb = Member(f"{RUN.format(1)}/clip9.tsv".encode(), bytes(9_000_000))
    broken = archive([replace(one, crc=1) if b"yaml" in one.name else one for one in package(small)])
    latin = Member(f"{LABEL}/M\u00fcller.txt".encode("cp437"), b"x", flags=0)
    return {
        "Z801": (_zip(b"\x1f\x8b\x08" + bytes(30)), good),
        "Z802": (_zip(broken), good),
        "Z803": (_zip(archive(package(small), prefix=b"#!/bin/sh\n")), good),
        "Z804": (_zip(with_member(small, Member(b"secret.txt", b"x", flags=1))), good),
        "Z805": (_zip(with_member(small, bomb)), good),
        "Z806": (_zip(with_member(small, Member(b"../../evil.tsv", b"x"))), good),
        "Z807": (_zip(with_member(small, Member(META.upper().encode(), b"x"))), good),
        "Z808": (_zip(with_member(small, Member(b"notes", b"/etc/passwd", mode=0o120777))), good),
        "Z809": (_zip(with_member(small, latin)), good),
        "Z810": (_zip(with_member(small, Member(b"outputs.zip", archive(package(small))))), good),
        "Z812": (
            {**small, "report.pdf": b"<html>Bad gateway</html>"},
            {**small, "report.pdf": b"%PDF-1.7\n%%EOF\n"},
        ),
        "Z811": (_zip(with_member(small, Member(b"__MACOSX/._x", b"x"))), good),
        "Z813": ({**good, "notes.txt": b"x"}, good),
        "Z814": ({**good, **small}, good),
    }


def _outputs() -> dict[str, tuple[Files, Files]]:
    good, one = files(), files(runs=1)
    rows = score_rows(1)
    first = f"{RUN.format(1)}/clip1.tsv"
    three = {"edition.toml": b'base = "generic"\nname = "three-runs"\nruns = 3\n'}
    asked = {"edition.toml": b'base = "generic"\nname = "with-report"\nreport = true\n'}
    raw_asked = {"edition.toml": b'base = "generic"\nname = "with-unprocessed"\nunprocessed = true\n'}
    short = scores(21, rows=score_rows(21)[:2])
    return {
        "O601": ({name: data for name, data in good.items() if "run2.output/clip2" not in name}, good),
        "O602": ({**one, "edition.toml": b'base = "generic"\nname = "one-clip"\nclips = 1\n'}, one),
        "O603": ({**one, first: scores(1, HEADER.replace("Dishes", "dishes"))}, one),
        "O604": ({**one, first: scores(1, rows=[rows[0], rows[2], rows[3]])}, one),
        "O605": ({**one, first: scores(1, rows=[*rows[:3], rows[3].rpartition("\t")[0] + "\tnan"])}, one),
        "O606": ({**good, f"{RUN.format(2)}/clip1.tsv": short}, good),
        "O628": ({**one, first.replace("clip1", "clip2"): one[first]}, one),
        "O629": ({**one, first: one[first][:-2]}, {**one, first: one[first] + b"\n"}),
        "O621": ({**good, **{n.replace("run1", "run2"): d for n, d in good.items() if "run1" in n}}, good),
        "O622": ({**one, **three}, {**good, **three}),
        "O623": ({**one, f"{RUN.format(1)}/scores.pkl": b"never opened"}, one),
        "O624": ({**one, f"{LABEL}/Adam_UNI_task4_1_run2.output/clip1.tsv": scores(1)}, one),
        "O625": ({**one, f"{RUN.format(1)}/clip1.wav.tsv": scores(1)}, one),
        "N111": ({**one, **asked}, {**one, **asked, "Adams_UNI_task4.technical_report.pdf": b"%PDF-1.7\n%%EOF\n"}),
        "O627": (
            {**one, **raw_asked},
            {**one, **raw_asked, f"{RUN.format('1_unprocessed')}/clip1.tsv": scores(3)}
            | {f"{RUN.format('1_unprocessed')}/clip2.tsv": scores(4)},
        ),
        "O626": ({**one, **dict.fromkeys([n for n in one if ".tsv" in n], _constant())}, one),
    }


def _clip_tables() -> dict[str, tuple[Files, Files]]:
    """Tables with one row for each clip, under separate editions: scenes with probabilities, and captions."""
    label = "Adams_UNI_task9_1"
    author = (
        "{lastname: Adams, firstname: Ann, email: a@uni.example, corresponding: true, affiliation: {institute: UNI}}"
    )
    meta = f"submission:\n  label: {label}\n  name: Small CNN\n  abbreviation: SmallCNN\n  authors: [{author}]\n"
    base = 'base = "common"\nname = "clips"\ntitle = "Clips"\nclasses = ["bus", "park"]\n'
    scenes = base + '[outputs]\nkind = "clip_table"\nlabel = "scene"\nprobabilities = true\nclips = 12\n'
    texts = base + '[outputs]\nkind = "clip_table"\ntext = "caption"\n'
    rows = [f"{k}.wav\t{'bus' if k % 2 else 'park'}\t{k % 2}\t{1 - k % 2}" for k in range(12)]

    def package(lines: list[str], edition: str = scenes, header: str = "filename\tscene\tbus\tpark") -> Files:
        table = "\n".join([header, *lines, ""]).encode()
        own = {f"{label}/{label}.meta.yaml": meta.encode(), f"{label}/{label}.output.csv": table}
        return {**own, "edition.toml": edition.encode()}

    captions = [f"{k}.wav\ta sound, {k} times" for k in range(3)]
    good, spoken = package(rows), package(captions, texts, "filename\tcaption")
    return {
        "O640": (package([*rows[:11], rows[0]]), good),
        "O641": (package([rows[0].replace("park", "Park"), *rows[1:]]), good),
        "O642": (package([rows[0].replace("\t0\t1", "\t-3.1\t12.4"), *rows[1:]]), good),
        "O643": (package([rows[0].replace("\t0\t1", "\t0.1\t0.1"), *rows[1:]]), good),
        "O644": (package([f"{k}.wav\tbus\t1\t0" for k in range(12)]), good),
        "O645": (package([*captions, "3.wav\t "], texts, "filename\tcaption"), spoken),
    }


def _constant() -> bytes:
    return scores(1, rows=["\t".join([str(i), str(i + 1), *["0.5"] * len(CLASSES)]) for i in range(4)])


def _emissions() -> dict[str, tuple[Files, Files]]:
    row, table = emissions.row, emissions.table
    asked = {"edition.toml": b'base = "generic"\nname = "with-files"\nemissions_csv = true\n'}

    def beside(data: bytes, name: str = "emissions_training.csv") -> Files:
        return {META: metadata().encode(), f"{LABEL}/{name}": data}

    good = beside(table())
    other = table(
        row(project_name="BASELINE TRAINING", gpu_model="1 x Tesla T4", energy_consumed=1.412, cpu_energy=0.1913)
    )
    same = table(row(project_name="BASELINE TRAINING", energy_consumed=1.412, cpu_energy=0.1913))
    old = row(energy_consumed=1.3907)
    gpu_alone = table(row(cpu_energy=0.0, ram_energy=0.0, energy_consumed=1.1247))
    gpu_alone_declared = metadata().replace("1.3907", "1.1247").encode()
    hot = {"gpu_energy": 0.2947, "cpu_energy": 1.0}

    def of_processes(declared: int) -> Files:
        """Eight trackers side by side, each of which counts all eight GPUs."""
        text = metadata().replace("1.3907", f"{declared * 8.266:.4f}").replace("(1 GTX 1080 Ti)", "(8 NVIDIA A100)")
        one = {"gpu_count": 8, "gpu_model": "8 x NVIDIA A100", "gpu_energy": 8.0, "energy_consumed": 8.266}
        files = {f"{LABEL}/emissions_training_rank{n}.csv": table(row(run_id=f"r{n}", **one)) for n in range(8)}
        return {META: text.encode(), **files}

    return {
        "W801": (beside(table().replace(b",", b";")), good),
        "W802": (beside(table(row(gpu_energy=0.5))), good),
        "W803": (beside(table(row(emissions_rate=0.01))), good),
        "W804": (beside(table(row(**_thousandfold()))), good),
        "W805": (beside(table(row(run_id="a", energy_consumed=1.3907), row(run_id="b"))), good),
        "W806": (beside(table(row(), row(duration=100.0, emissions_rate=0.00072))), good),
        "W807": (beside(table(old, versions="1.2")), good),
        "W808": (beside(table(row(gpu_energy=0.0, cpu_energy=1.2947))), good),
        "W809": (beside(table(row(energy_consumed=13.907, gpu_energy=12.541, cpu_energy=1.27))), good),
        "W810": ({**beside(b"", "notes.csv"), **asked}, {**good, **asked}),
        "W811": (
            {**good, f"{LABEL}/emissions_baseline.csv": other},
            {**good, f"{LABEL}/emissions_baseline.csv": same},
        ),
        "W812": (
            {**beside(gpu_alone), META: gpu_alone_declared, f"{LABEL}/emissions_baseline.csv": same},
            {**good, f"{LABEL}/emissions_baseline.csv": same},
        ),
        "W813": (beside(table() + _without_empty_cells(row(run_id="second"))), good),
        "W814": (beside(table().replace(b",", b"  , ")), good),
        "W815": (beside(table(row(cpu_energy="", energy_consumed=""))), good),
        "W816": (of_processes(8), of_processes(1)),
        "W817": (beside(table(row(cpu_model="Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz", **hot))), good),
        "W818": (beside(table(row(energy_consumed=1.412, cpu_energy=0.1913))), {**good}),
        "W819": (beside(b"video,views\nA lecture on owls,120\n", "emissions.csv"), good),
    }


def _without_empty_cells(cells: dict[str, object]) -> bytes:
    """A row as CodeCarbon 3.3.0 appends it (CodeCarbon issue 1304)."""
    written = [str(cells[name]) for name in emissions.HEADERS["2.2.3 to 2.6"] if cells[name] != ""]
    return ",".join(written).encode() + b"\n"


def _thousandfold() -> dict[str, float]:
    return {"energy_consumed": 1390.7, "cpu_energy": 170.0, "gpu_energy": 1124.7, "ram_energy": 96.0}


def _evidence() -> dict[str, tuple[Files, Files]]:
    journal = real_journal()
    record = record_for(journal)
    training, test = (record["stages"][stage]["full_recipe_energy_kwh"] for stage in ("training", "test"))
    text = metadata().replace("1.412", f"{training:.4g}").replace("0.0204", f"{test:.4g}")
    text = text.replace("5 h (1 GTX 1080 Ti)", "54 h (2 CPU cores)")
    edition = {"edition.toml": b'base = "generic"\nname = "smoke"\nrecipe = "smoke"\n'}
    asking = {"edition.toml": edition["edition.toml"] + b'evidence = "recomputed"\n'}
    lines = journal.splitlines(keepends=True)

    def beside(record: dict[str, Any], journal: bytes | None = journal, text: str = text) -> Files:
        found = {META: text.encode(), f"{LABEL}/calibration.json": (json.dumps(record, indent=2) + "\n").encode()}
        found |= {f"{LABEL}/calibration.journal.jsonl": journal} if journal is not None else {}
        return {**found, **edition}

    good = beside(record)
    edited = beside(record)
    name = f"{LABEL}/calibration.json"
    edited[name] = edited[name].replace(b'"quick": true', b'"quick": false')
    stages = {**record["stages"], "training": {**record["stages"]["training"], "full_recipe_energy_kwh": training * 3}}
    resealed = seal({**record, "stages": stages})
    other = text.replace("lastname: Adams", "lastname: Baker").replace(LABEL, "Baker_LAB_task4_1")
    of_baker = {name.replace(LABEL, "Baker_LAB_task4_1"): data for name, data in good.items()}
    of_baker["Baker_LAB_task4_1/Baker_LAB_task4_1.meta.yaml"] = other.encode()
    hot = _with_energies(journal, 100.0)
    rerun = _of_another_run(_with_energies(journal, 0.5))
    of_another = {
        name.replace("calibration", "calibration_2"): data
        for name, data in beside(record_for(rerun), rerun).items()
        if "calibration" in name
    }
    copy = {name.replace("calibration", "calibration_2"): data for name, data in good.items() if "calibration" in name}
    return {
        "V701": (beside(record, b"".join(lines[:-3])), good),
        "V702": (beside(record, _of_another_run(journal)), good),
        "V703": (beside(resealed), good),
        "V704": (beside(record, None), good),
        "V705": ({name: data for name, data in good.items() if name != "edition.toml"}, good),
        "V706": (beside(record, text=text.replace(f"{training:.4g}", f"{training * 2:.4g}")), good),
        "V707": ({META: text.encode(), **asking}, {**good, **asking}),
        "V708": ({**good, **of_baker}, good),
        "V711": (beside(record_for(hot), hot), good),
        "V712": ({**good, **of_another}, {**good, **copy}),
        "X501": (edited, good),
    }


def _energy_evidence() -> dict[str, tuple[Files, Files]]:
    """A system's own energy records."""
    journal = energy_journal()
    training = energy_of(parse_journal(journal, "journal")).stages["training"].full_recipe_energy_kwh
    text = metadata().replace("1.3907", f"{training:.4g}")
    failed = _ending(journal, complete=False, exit_code=1)
    asking = {"edition.toml": b'base = "generic"\nname = "with-records"\nenergy_evidence = "record"\n'}
    test = _as_test(journal, training / float("0.01934"))

    def beside(**journals: bytes) -> Files:
        found = {META: text.encode()}
        for stage, lines in journals.items():
            record = energy_of(parse_journal(lines, "journal")).model_dump(mode="json")
            found[f"{LABEL}/energy_{stage}.json"] = (json.dumps(record, indent=2) + "\n").encode()
            found[f"{LABEL}/energy_{stage}.journal.jsonl"] = lines
        return found

    good = beside(training=journal)
    return {
        "V709": (beside(training=failed), good),
        "V710": ({**good, **asking}, {**beside(training=journal, test=test), **asking}),
    }


def energy_journal() -> bytes:
    """The journal of the examples of energy records."""
    entries = parse_journal(ENERGY_JOURNAL.read_bytes(), "journal")
    return chained([_scaled(entry, ENERGY_SCALE) for entry in entries])


def _ending(journal: bytes, **changes: object) -> bytes:
    """The same journal with another end."""
    entries = parse_journal(journal, "journal")
    return chained([{**entry, **changes} if entry["entry"] == "finish" else entry for entry in entries])


def _as_test(journal: bytes, less: float) -> bytes:
    """The same journal as one of the stage test, of so much less energy."""
    entries = [_scaled(entry, 1 / less) for entry in parse_journal(journal, "journal")]
    return chained([{**entry, "stage": "test"} if entry["entry"] == "energy" else entry for entry in entries])


def record_for(journal: bytes) -> dict[str, Any]:
    return record_of(parse_journal(journal, "journal")).model_dump(mode="json")


def seal(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "digest": sealed(record)}


def _of_another_run(journal: bytes) -> bytes:
    """The same journal as a later run would have written it: another id, and so another chain."""
    other = {"run_id": "00000000-0000-4000-8000-000000000000"}
    return chained([{**entry, **other} if "run_id" in entry else entry for entry in parse_journal(journal, "journal")])


def real_journal() -> bytes:
    """The journal of the examples, as one of today's recipe."""
    header, *entries = [_scaled(entry, SCALE) for entry in parse_journal(JOURNAL.read_bytes(), "journal")]
    smoke = known_recipe("smoke")
    today = {**header["recipe"], **smoke.counts, "sha256": smoke.sha256}
    return chained([{**header, "recipe": today}, *entries])


def _with_energies(journal: bytes, factor: float) -> bytes:
    """The same journal with other energies for the same time."""
    entries = parse_journal(journal, "journal")
    scaled = [_scaled(entry, factor) for entry in entries]
    times = [{"time_s": entry["reading"]["time_s"]} if "reading" in entry else {} for entry in entries]
    return chained(
        [
            {**one, "reading": {**one["reading"], **time}} if time else one
            for one, time in zip(scaled, times, strict=True)
        ]
    )


def _scaled(entry: dict[str, Any], scale: float) -> dict[str, Any]:
    """The same powers for so much longer: energies and time of a reading."""
    reading = entry.get("reading")
    if reading is None:
        return entry
    return {**entry, "reading": {name: None if value is None else value * scale for name, value in reading.items()}}


def chained(entries: list[dict[str, Any]]) -> bytes:
    """A journal of these entries, whose chain holds."""
    lines, previous = [], "0" * 64
    for entry in entries:
        lines.append(canonical_json({**entry, "previous": previous}))
        previous = sha256_text(lines[-1])
    return ("\n".join(lines) + "\n").encode()


FAMILIES: tuple[Callable[[], dict[str, tuple[Files, Files]]], ...] = (
    _archives,
    _outputs,
    _clip_tables,
    _emissions,
    _evidence,
    _energy_evidence,
)


def examples() -> dict[str, Files]:
    """Every example: files by ``negative/CODE`` and ``positive/CODE``."""
    found: dict[str, Files] = {}
    for family in FAMILIES:
        for code, (bad, good) in family().items():
            found[f"negative/{code}"], found[f"positive/{code}"] = bad, good
    return found


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for folder, contents in examples().items():
        write(target / folder, contents)
