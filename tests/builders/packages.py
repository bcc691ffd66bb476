"""A small valid package, and pieces to spoil it with."""

from __future__ import annotations

from pathlib import Path

LABEL = "Adams_UNI_task4_1"
META = f"{LABEL}/{LABEL}.meta.yaml"
CLASSES = (
    "Alarm_bell_ringing",
    "Blender",
    "Cat",
    "Dishes",
    "Dog",
    "Electric_shaver_toothbrush",
    "Frying",
    "Running_water",
    "Speech",
    "Vacuum_cleaner",
)
HEADER = "\t".join(("onset", "offset", *CLASSES))


def metadata(label: str = LABEL) -> str:
    """The metadata of a valid system of the generic edition."""
    path = Path(__file__).parent.parent / "acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"
    return path.read_text(encoding="utf-8").replace(LABEL, label)


def score_rows(seed: int, frames: int = 4, classes: int = 10) -> list[str]:
    """Rows of a score file; frames of 0.25 s."""
    return [
        "\t".join(
            [f"{frame * 0.25:g}", f"{(frame + 1) * 0.25:g}"]
            + [f"{(37 * seed + 11 * frame + 7 * column) % 100 / 100:g}" for column in range(classes)]
        )
        for frame in range(frames)
    ]


def scores(seed: int, header: str = HEADER, rows: list[str] | None = None) -> bytes:
    """A score file."""
    return ("\n".join([header, *(score_rows(seed) if rows is None else rows)]) + "\n").encode()


def files(runs: int = 3, clips: int = 2, label: str = LABEL) -> dict[str, bytes]:
    """A valid package as files by name."""
    found = {f"{label}/{label}.meta.yaml": metadata(label).encode()}
    for run in range(1, runs + 1):
        for clip in range(1, clips + 1):
            found[f"{label}/{label}_run{run}.output/clip{clip}.tsv"] = scores(10 * run + clip)
    return found


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
