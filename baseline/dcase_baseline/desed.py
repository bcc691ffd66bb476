"""DESED from disk, laid out as DESED_task lays it out (recipes/dcase2023_task4_baseline, confs/default.yaml).

    ROOT/metadata/train/synthetic21_train/soundscapes.tsv   ROOT/audio/train/synthetic21_train/soundscapes/*.wav
    ROOT/metadata/train/weak.tsv                            ROOT/audio/train/weak/*.wav
                                                            ROOT/audio/train/unlabel_in_domain/*.wav
    ROOT/metadata/validation/synthetic21_validation/soundscapes.tsv   ROOT/audio/validation/synthetic21_validation/...
    ROOT/metadata/validation/validation.tsv                 ROOT/audio/validation/validation/*.wav

A folder that ends in ``_16k``, as the reference's resampler leaves it, is preferred. Clips that a table names and the
disk lacks are counted and named, never skipped in silence: some hundred clips of DESED can no longer be downloaded.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcase_baseline.data import Pool, make_pool
from dcase_baseline.recipe import Recipe
from dcase_baseline.soundscapes import CLASSES, Event
from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.errors import DesedError
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.event_files import EVENT_COLUMNS, event_rows

SPLIT_SEED = 42  # of the reference's 90 / 10 split of the weak clips
WEAK_TRAINING_SHARE = 0.9
MAX_MISSING_SHARE = 0.5  # above, it is another data set or a wrong path
IN_MEMORY_BYTES = 1 << 30  # a larger subset is kept in a file and mapped
TABLE_BYTES = 256 << 20
SYNTHETIC_MARK = "SYNTHETIC.txt"  # in the root of a folder that `dcase-energy soundscapes` wrote
SHOWN = 5  # missing clips that a message names


@dataclass(frozen=True)
class Part:
    """Where one part of the set lies, below ``audio/`` and ``metadata/``."""

    folder: str
    tables: tuple[str, ...] = ()  # the first that exists


WEAK = Part("train/weak", ("train/weak.tsv",))
PARTS = {
    "strong": Part(
        "train/synthetic21_train/soundscapes",
        ("train/synthetic21_train/soundscapes.tsv", "train/soundscapes.tsv"),
    ),
    "weak": WEAK,
    "unlabelled": Part("train/unlabel_in_domain"),
    "weak_validation": WEAK,
    "strong_validation": Part(
        "validation/synthetic21_validation/soundscapes",
        ("validation/synthetic21_validation/soundscapes.tsv", "validation/soundscapes.tsv"),
    ),
    "test": Part("validation/validation", ("validation/validation.tsv",)),
}


@dataclass
class Manifest:
    """What was read: the part of a calibration's record that says on which data it was made.

    Attributes
    ----------
    missing
        By subset, the clips that a table names and the disk lacks.
    synthetic
        Whether `dcase-energy soundscapes` wrote the folder.
    """

    missing: dict[str, list[str]] = field(default_factory=dict)
    synthetic: bool = False
    _lines: list[str] = field(default_factory=list)

    def add(self, subset: str, paths: Iterable[Path], missing: list[str]) -> None:
        """Note the clips of a subset."""
        self._lines.extend(f"{subset}\t{path.name}\t{path.stat().st_size}" for path in paths)
        if missing:
            self.missing[subset] = sorted(missing)

    def sha256(self) -> str:
        """Hash of the sorted lines ``subset, file name, bytes``: names and sizes, since the audio is gigabytes."""
        return hashlib.sha256("\n".join(sorted(self._lines)).encode()).hexdigest()

    def about(self) -> dict[str, str | int]:
        """What a record says, flat."""
        facts: dict[str, str | int] = {"manifest_sha256": self.sha256()}
        if self.synthetic:
            facts |= {"source": "embedded soundscapes from a folder", "note": "synthetic, not comparable"}
        for subset, names in self.missing.items():
            facts[f"{subset}_missing"] = len(names)
            facts[f"{subset}_missing_first"] = ", ".join(names[:SHOWN])
        return facts


@dataclass
class DesedSource:
    """DESED in a folder.

    Attributes
    ----------
    root
        Holds ``audio`` and ``metadata``, or a folder ``dataset`` that does.
    cache
        Folder for the decoded audio of large subsets; must exist.
    manifest
        Filled by `load`.
    """

    root: Path
    cache: Path
    manifest: Manifest = field(default_factory=Manifest)

    def __post_init__(self) -> None:
        nested = self.root / "dataset"
        if not (self.root / "audio").is_dir() and (nested / "audio").is_dir():
            self.root = nested
        self.manifest.synthetic = (self.root / SYNTHETIC_MARK).is_file()
        for name in ("audio", "metadata"):
            if not (self.root / name).is_dir():
                raise DesedError(
                    f"{self.root}: expected a DESED folder that holds audio/ and metadata/, found no {name}/; "
                    "`dcase-energy soundscapes OUT` makes a small one to compare with"
                )

    def load(self, recipe: Recipe, subset: str, n_clips: int) -> Pool:
        """Read the first ``n_clips`` clips of a subset, or all there are.

        Clips longer than the recipe's are cut, shorter ones zero-padded at the end, channels averaged, and other
        rates resampled (soxr, high quality).

        Raises
        ------
        DesedError
            If a table or a clip cannot be read, or more than half of the clips are missing.
        """
        clips, missing = self._clips(subset)
        clips = clips[:n_clips]
        self.manifest.add(subset, [clip.path for clip in clips], missing)
        return make_pool(
            recipe,
            subset,
            clips=[clip.path.stem for clip in clips],
            audio=self._audio(recipe, subset, [clip.path for clip in clips]),
            events=[clip.events for clip in clips],
            labels=[clip.labels for clip in clips],
            source=f"DESED, {PARTS[subset].folder}",
        )

    def missing(self) -> dict[str, list[str]]:
        """By subset, the clips that a table names and the disk lacks; reads tables and folders only.

        Raises
        ------
        DesedError
            As `load`.
        """
        found = {subset: self._clips(subset)[1] for subset in PARTS}
        return {subset: sorted(names) for subset, names in found.items() if names}

    def _clips(self, subset: str) -> tuple[list[_Clip], list[str]]:
        """Clips on disk in a fixed order, that of their table, and the names of those that are not."""
        clips, missing = self._listed(subset)
        if not clips or len(missing) > MAX_MISSING_SHARE * (len(clips) + len(missing)):
            raise DesedError(
                f"{self.root}: {subset}: {len(clips)} clips of {len(clips) + len(missing)} are there"
                + (f", missing are {', '.join(sorted(missing)[:SHOWN])}, ..." if missing else "")
                + f"; expected them in audio/{PARTS[subset].folder} (or its _16k twin)"
            )
        return clips, missing

    def _listed(self, subset: str) -> tuple[list[_Clip], list[str]]:
        part = PARTS[subset]
        if subset == "unlabelled":
            return [_Clip(path) for path in sorted(self._folder(part).glob("*.wav"))], []
        rows = _weak_rows(self._table(part)) if part is WEAK else _strong_rows(self._table(part))
        folder = self._folder(part)
        there = {path.name for path in folder.glob("*.wav")}
        named = [
            _Clip(folder / name, tuple(events), tuple(labels)) if name in there else name
            for name, (events, labels) in rows.items()
        ]
        if part is WEAK:
            named = _split(named, training=subset == "weak")
        return [one for one in named if isinstance(one, _Clip)], [one for one in named if isinstance(one, str)]

    def _folder(self, part: Part) -> Path:
        folder = self.root / "audio" / part.folder
        for candidate in (folder.with_name(folder.name + "_16k"), folder):
            if candidate.is_dir():
                return candidate
        raise DesedError(f"{folder}: expected a folder of clips, found none (nor its _16k twin)")

    def _table(self, part: Part) -> Path:
        for prefix in ("", "dcase_synth"):
            for name in part.tables:
                path = self.root / "metadata" / prefix / name
                if path.is_file():
                    return path
        raise DesedError(f"{self.root / 'metadata' / part.tables[0]}: expected a table of annotations, found none")

    def _audio(self, recipe: Recipe, subset: str, paths: list[Path]) -> npt.NDArray[np.int16]:
        shape = (len(paths), recipe.features.n_samples)
        audio: npt.NDArray[np.int16]
        if 2 * math.prod(shape) <= IN_MEMORY_BYTES:
            audio = np.empty(shape, dtype=np.int16)
        else:
            audio = np.lib.format.open_memmap(self.cache / f"{subset}.npy", mode="w+", dtype=np.int16, shape=shape)
        for index, path in enumerate(paths):
            audio[index] = read_clip(path, recipe.features.sample_rate_hz, shape[1])
        return audio


@dataclass(frozen=True)
class _Clip:
    path: Path
    events: tuple[Event, ...] = ()
    labels: tuple[str, ...] = ()


_Rows = dict[str, tuple[list[Event], list[str]]]  # file name -> events, labels


def read_clip(path: Path, sample_rate_hz: int, n_samples: int) -> npt.NDArray[np.int16]:
    """Read one clip: channels averaged, resampled, cut or padded to (n_samples,) int16.

    Raises
    ------
    DesedError
        If it is not audio, is empty or holds a value that is not finite.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (frames, channels)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise DesedError(f"{path}: expected audio that soundfile can read, found: {error}") from None
    mono = samples.mean(axis=1)  # (frames,)
    if not len(mono) or not np.isfinite(mono).all():
        raise DesedError(f"{path}: expected finite samples, found {'none' if not len(mono) else 'NaN or infinity'}")
    if rate != sample_rate_hz:
        import soxr

        mono = soxr.resample(mono, rate, sample_rate_hz)
    clip = np.zeros(n_samples, dtype=np.int16)
    mono = mono[:n_samples]
    clip[: len(mono)] = np.clip(np.round(mono * 32768.0), -32768, 32767)
    return clip


def _read(path: Path, columns: Sequence[str]) -> DelimitedTable:
    """A tab-separated table with these columns; whatever is wrong with it is refused."""
    data, unread = read_bytes(path, TABLE_BYTES)
    table = read_table(data or b"", str(path), required=columns)
    _refuse([*unread, *table.findings])
    return table


def _refuse(findings: Sequence[Finding]) -> None:
    for one in findings[:1]:
        found = "" if one.expected is None else f": expected {one.expected}, found {one.found}"
        raise DesedError(f"{one.where}: {one.message}{found}")


def _strong_rows(path: Path) -> _Rows:
    """Events by file; a row with empty cells is a clip without events."""
    table = _read(path, EVENT_COLUMNS)
    names = _file_names(table)
    rows: _Rows = {name: ([], []) for name in names}
    for index, _, label, onset_s, offset_s in event_rows(table):
        if not 0 <= onset_s <= offset_s:
            raise DesedError(f"{table.where(index)}: expected 0 <= onset <= offset, found {onset_s} and {offset_s}")
        rows[names[index]][0].append((onset_s, offset_s, _label(label.strip(), table.where(index))))
    _refuse(table.findings)
    return rows


def _weak_rows(path: Path) -> _Rows:
    table = _read(path, ("filename", "event_labels"))
    rows: _Rows = {}
    for index, name in enumerate(_file_names(table)):
        labels = table.rows[index][table.columns.index("event_labels")].split(",")
        found = [_label(one.strip(), table.where(index)) for one in labels if one.strip()]
        rows.setdefault(name, ([], []))[1].extend(found)
    return rows


def _file_names(table: DelimitedTable) -> list[str]:
    """Plain file names, one for each row: the table must not lead out of the folder of clips."""
    names = [row[table.columns.index("filename")] for row in table.rows]
    for index, name in enumerate(names):
        if not name or Path(name).name != name:
            raise DesedError(f"{table.where(index)}: expected the name of a clip, found {name!r}")
    return names


def _label(name: str, where: Where) -> str:
    if name not in CLASSES:
        raise DesedError(f"{where}: expected one of {', '.join(CLASSES)}, found {name!r}")
    return name


def _split(named: list[_Clip | str], *, training: bool) -> list[_Clip | str]:
    """One side of the reference's split of the weak clips: pandas' ``sample(frac=0.9, random_state=42)``.

    Missing clips keep their place in it, so that the others fall on the side they always fall on.
    """
    order = np.random.RandomState(SPLIT_SEED).permutation(len(named))
    count = round(WEAK_TRAINING_SHARE * len(named))
    return [named[index] for index in (order[:count] if training else np.sort(order[count:]))]
