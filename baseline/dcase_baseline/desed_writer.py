"""The embedded soundscapes, written as a folder shaped like DESED: to look at, and to test with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcase_baseline.desed import PARTS, SYNTHETIC_MARK, Part
from dcase_baseline.event_sounds import SAMPLE_RATE
from dcase_baseline.soundscapes import CLIP_DURATION_S, Event, soundscape

# Of the clips of each subset, relative to ``--clips``: as many for training as asked, a quarter for the rest.
SHARES = {"strong": 1.0, "weak": 1.0, "unlabelled": 1.0, "strong_validation": 0.25, "test": 0.25}


def write_desed_folder(
    out: Path,
    clips: int,
    *,
    seed: int = 42,
    profile: str = "easy",
    sample_rate_hz: int = SAMPLE_RATE,
    on_part: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Write strong, weak, unlabelled, validation and test clips with their tables.

    Parameters
    ----------
    out
        Folder to fill; it must be empty or not exist.
    clips
        Of each training subset; a quarter as many of the others, one at least.
    seed, profile
        As for `dcase_baseline.soundscapes.soundscape`.
    sample_rate_hz
        16000, or another that the audio is resampled to.
    on_part
        Called with each finished subset and its clips.

    Returns
    -------
    dict
        Clips by subset.

    Raises
    ------
    FileExistsError
        If the folder holds anything.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    out.mkdir(parents=True, exist_ok=True)
    (out / SYNTHETIC_MARK).write_text(
        f"Embedded soundscapes of dcase-energy, profile {profile}, seed {seed}: synthetic, comparable with nothing.\n",
        encoding="utf-8",
    )
    written = {}
    for subset, share in SHARES.items():
        count = max(1, round(share * clips))
        _write_part(out, PARTS[subset], subset, count, seed, profile, sample_rate_hz)
        written[subset] = count
        if on_part is not None:
            on_part(subset, count)
    return written


def _write_part(out: Path, part: Part, subset: str, count: int, seed: int, profile: str, rate_hz: int) -> None:
    folder = out / "audio" / part.folder
    folder.mkdir(parents=True)
    rows: list[tuple[str, list[Event]]] = []
    for index in range(count):
        audio, events = soundscape(seed, subset, index, profile)
        name = f"{subset}_{index:05d}.wav"
        _write_wav(folder / name, audio, rate_hz)
        rows.append((name, events))
    if part.tables:
        table = out / "metadata" / part.tables[0]
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(_weak(rows) if subset == "weak" else _strong(rows), encoding="utf-8")
        if subset != "weak":
            durations = "".join(f"{name}\t{CLIP_DURATION_S:.1f}\n" for name, _ in rows)
            stem = "validation_durations" if subset == "test" else "durations"
            (table.parent / f"{stem}.tsv").write_text("filename\tduration\n" + durations, encoding="utf-8")


def _write_wav(path: Path, audio: npt.NDArray[np.int16], rate_hz: int) -> None:
    import soundfile

    if rate_hz != SAMPLE_RATE:
        import soxr

        audio = soxr.resample(audio, SAMPLE_RATE, rate_hz)
    soundfile.write(path, audio, rate_hz, subtype="PCM_16")


def _strong(rows: list[tuple[str, list[Event]]]) -> str:
    lines = [
        f"{name}\t{onset_s:.3f}\t{offset_s:.3f}\t{label}\n"
        for name, events in rows
        for onset_s, offset_s, label in events
    ]
    return "filename\tonset\toffset\tevent_label\n" + "".join(lines)


def _weak(rows: list[tuple[str, list[Event]]]) -> str:
    lines = [f"{name}\t{','.join(sorted({event[2] for event in events}))}\n" for name, events in rows]
    return "filename\tevent_labels\n" + "".join(lines)
