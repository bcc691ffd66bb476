"""Makes `editions/` in this folder: an example package for each edition that comes with the program.

``python examples/make_editions.py [FOLDER]`` writes the same bytes every time; a test compares them with what is here.
The metadata are the template of `dcase-energy init`, filled in. Names, figures and outputs are invented, and outputs
are a row or two where a submission has thousands. ``editions/NAME/LABEL`` is a system. Those of task 4 of 2022 to 2024
have no score files; `packages/` shows these.
"""

from __future__ import annotations

import io
import json
import sys
import wave
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from dcase_energy.editions.fields import FieldKind
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.submission.template import SCHEMA_URL, template

# What is filled in where a field has no example: every number and choice, and no text.
BY_KIND = {
    FieldKind.FLAG: "no",
    FieldKind.COUNT: "96896",
    FieldKind.SHORT_COUNT: "1.2 M",
    FieldKind.BYTES: "111408",
    FieldKind.POSITIVE: "16",
    FieldKind.QUANTITY: "1.25",
    FieldKind.SCORE: "0.6125",
    FieldKind.PERCENT: "57.25",
    FieldKind.RATE: "44.1kHz",
    FieldKind.ADDRESS: "https://example.org/adams",
}
# By field, where kind and example would not fit the other fields.
BY_FIELD = {
    "ensemble_subsystems": "1",
    "num_models_at_inference": "7",
    "parameter_bits": "16",
    "total_parameters_non_zero": "61148",
    "memory_use": "122296",
    "audio_captions": "4218",
    "training_time": "3h20m (1 NVIDIA A100 40GB)",
    "name": "Small CRNN with mean teacher",
    "abbreviation": "SmallCRNN",
}
AUTHOR = {
    "lastname:": "lastname: Adams",
    "firstname:": "firstname: Ada",
    "email: null": "email: ada@example.org",
    "institute: null": "institute: Example University",
    "location: null": "location: Anytown, Anyland",
}
SCENES = (
    "airport", "bus", "metro", "metro_station", "park", "public_square", "shopping_mall", "street_pedestrian",
    "street_traffic", "tram",
)  # fmt: skip
MACHINES = ("BlowerDustCollector", "Sander", "SewingMachine", "ToothBrush", "ToyDrone")
BIRDS = (
    "Background", "Common Chaffinch", "Common Chiffchaff", "Eurasian Blackbird", "Eurasian Blackcap",
    "Eurasian Blue Tit", "Great Spotted Woodpecker", "Great Tit", "Mallard", "Song Thrush", "Tawny Owl",
)  # fmt: skip
RAM_GB = 31.3
CARBON_KG_PER_KWH = 0.056


def run(project: str, energy_kwh: float, duration_s: float) -> dict[str, str]:
    """What CodeCarbon 2.3.4 writes of a run; RAM is 3/8 W a GB, and the rest is shared by CPU and GPU."""
    ram_w = 0.375 * RAM_GB
    ram_kwh = ram_w * duration_s / 3.6e6
    cpu_kwh = 0.25 * (energy_kwh - ram_kwh)
    gpu_kwh = energy_kwh - ram_kwh - cpu_kwh
    emissions_kg = CARBON_KG_PER_KWH * energy_kwh
    figures = {
        "duration": duration_s, "emissions": emissions_kg, "emissions_rate": emissions_kg / duration_s,
        "cpu_power": cpu_kwh / duration_s * 3.6e6, "gpu_power": gpu_kwh / duration_s * 3.6e6, "ram_power": ram_w,
        "cpu_energy": cpu_kwh, "gpu_energy": gpu_kwh, "ram_energy": ram_kwh, "energy_consumed": energy_kwh,
    }  # fmt: skip
    return {
        "timestamp": "2024-06-10T08:15:30", "project_name": project, "run_id": str(uuid5(NAMESPACE_URL, project)),
        **{name: repr(round(value, 9)) for name, value in figures.items()},
        "country_name": "France", "country_iso_code": "FRA", "region": "", "cloud_provider": "", "cloud_region": "",
        "os": "Linux-5.15.0-105-generic-x86_64-with-glibc2.35", "python_version": "3.11.8",
        "codecarbon_version": "2.3.4", "cpu_count": "16", "cpu_model": "AMD EPYC 7302 16-Core Processor",
        "gpu_count": "1", "gpu_model": "1 x NVIDIA A100-SXM4-40GB", "longitude": "1.44", "latitude": "43.6",
        "ram_total_size": str(RAM_GB), "tracking_mode": "machine", "on_cloud": "N", "pue": "1.0",
    }  # fmt: skip


def emissions_csv(row: dict[str, str]) -> str:
    """The CSV file of one run."""
    return f"{','.join(row)}\n{','.join(row.values())}\n"


def emissions_yaml(row: dict[str, str]) -> str:
    """The file of one task, as the baseline of 2024 task 6 writes it."""
    quoted = {"timestamp", "cloud_provider", "cloud_region"}
    lines = [f"{key}: '{value}'" if key in quoted else f"{key}: {value or 'null'}" for key, value in row.items()]
    return "\n".join([*lines, ""])


def energies(edition: Edition) -> dict[str, str | bytes]:
    """CodeCarbon's files of the energies that the metadata of an edition of task 4 state."""
    files: dict[str, str | bytes] = {}
    for name, duration_s in (("training", 3600.0), ("test", 900.0)):
        for field, project in ((f"energy_{name}_kwh", name), (f"energy_baseline_{name}_kwh", f"baseline_{name}")):
            energy_kwh = float(str(edition.fields[field].example))
            files[f"emissions_{project}.csv"] = emissions_csv(run(project, energy_kwh, duration_s))
    return files


def metadata(edition: Edition, label: str) -> str:
    """The template of an edition with every number, choice and mandatory field filled in."""
    values = {}
    limit = edition.limits.get("macs")
    for name, spec in edition.fields.items():
        value = BY_FIELD.get(name) or spec.example or BY_KIND.get(spec.kind)
        if name == "macs_counter":
            value = (limit and limit.counter) or "thop"
        elif spec.kind is FieldKind.CHOICE and value is None:
            value = spec.choices[0]
        if value is not None:
            values[name] = str(value)
    text = template(edition, label, values, SCHEMA_URL.format(edition=edition.name), {})
    for empty, filled in AUTHOR.items():
        text = "\n".join(
            line.replace(empty, filled) if line.strip(" -") == empty else line for line in text.split("\n")
        )
    return text


def scenes(*, identity: str = "filename") -> str:
    """Scores of scene classification: a file, its class, and a probability for each class."""
    lines = ["\t".join([identity, "scene_label", *SCENES])]
    lines += [
        "\t".join([f"{clip}.wav", SCENES[clip], *("0.55" if one == SCENES[clip] else "0.05" for one in SCENES)])
        for clip in (0, 1)
    ]
    return "\n".join([*lines, ""])


def silence() -> bytes:
    """A tenth of a second of silence at 32 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(32_000)
        sound.writeframes(bytes(6_400))
    return file.getvalue()


def beside(edition: str, label: str) -> dict[str, str | bytes]:
    """What lies beside the metadata, by its name in the folder of the system."""
    output = f"{label}.output.csv"
    moment = {"qid": 1, "query": "A dog barks twice", "vid": "clip01", "pred_relevant_windows": [[1.5, 4.0, 0.82]]}
    separated = {
        "soundscape": "eval_0000",
        "estimate": [{"filename": "eval_0000_0_Speech.wav", "label": "Speech", "probability": 0.97}],
    }
    known: dict[str, dict[str, str | bytes]] = {
        "dcase2023-task1": {output: scenes()},
        "dcase2024-task1": {f"{label}.output.split_{share}.csv": scenes() for share in (5, 10, 25, 50, 100)},
        "dcase2025-task1": {output: scenes()},
        "dcase2026-task1": {output: "id,predicted_bst_second_level_class,prediction_score\n1,m-sp,0.91\n2,fx-o,0.74\n"},
        "dcase2026-task2": {
            f"{kind}_{machine}_section_00_test.csv": f"section_00_0000.wav,{value}\n"
            for kind, value in (("anomaly_score", "0.4137"), ("decision_result", "0"))
            for machine in MACHINES
        },
        "dcase2026-task6": {"submission.jsonl": json.dumps(moment) + "\n"},
        "dcase2026-task7": {output: "0a1b2c3d4e5f6071.wav\tdog_bark\n", f"{label}_model/config.yaml": "width: 16\n"},
        "dcase2024-task6": {
            "adams_uni_task6_submission_1_clotho_testing.csv": "file_name,caption_predicted\n1.wav,a dog barks\n",
            "emissions/fit_emissions.yaml": emissions_yaml(run("dcase24t6", 0.7035, 12960.5)),
        },
        "dcase2024-task4": energies(load_edition("dcase2024-task4")) if edition == "dcase2024-task4" else {},
        "dcase2025-task4": {f"{label}_out/eval_out/eval_0000_Speech.wav": silence()},
        "dcase2026-task4": {
            "eval_out/eval_0000_0_Speech.wav": silence(),
            "eval_results.json": json.dumps({"nparams": 61148, "probabilities": [separated], "config": {}}) + "\n",
        },
        "biodcase2026-task3": {
            "config_submission.yaml": "model: your_submission_model\n",
            "your_submission_model/label_dict.yaml": "".join(f"{bird}: {index}\n" for index, bird in enumerate(BIRDS)),
        },
    }
    return known.get(edition, {})


def main(folder: Path) -> None:
    """Write all packages."""
    for name in edition_names():
        edition = load_edition(name)
        label = edition.label_example
        home = folder / "editions" / name / label
        for file, content in {f"{label}.meta.yaml": metadata(edition, label), **beside(name, label)}.items():
            path = home / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
