"""Which clips the score files of a run belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from dcase_energy.documents.names import folded
from dcase_energy.documents.tables import Table
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule
from dcase_energy.scoring.rules import CLIPS_MISSING, CLIPS_UNKNOWN

_SHOWN = 5
_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


def clip_name(filename: str) -> str:
    """Name of a clip: its file's name without the extension of an audio format."""
    for suffix in _AUDIO_SUFFIXES:
        if filename.lower().endswith(suffix):
            return filename[: -len(suffix)]
    return filename


def clip_of_file(name: str) -> str:
    """Clip that an output file is named after, ``clip1`` of ``folder/clip1.wav.tsv``."""
    base = name.rpartition("/")[2]
    stem, dot, _ = base.rpartition(".")
    return clip_name(stem if dot else base)


def clip_findings(
    files: Collection[str], named: Collection[str], expected: Collection[str], folder: Where, *, of: str = "clips"
) -> Iterator[Finding]:
    """Missing and unknown clips as one finding each, with the first names.

    Parameters
    ----------
    files
        Clips that have a score file.
    named
        Clips that any entry of the folder is named after; what is wrong with the entry is a separate finding.
    expected
        Clips there must be.
    folder
        Place of the findings.
    of
        What to call the expected clips.
    """
    have, wanted = set(files), set(expected)
    missing = [clip for clip in expected if clip not in named]
    unknown = sorted(have - wanted)
    if missing:
        message = f"no scores of {len(missing):,} of {len(expected):,} {of}: {some_names(missing)}"
        yield CLIPS_MISSING.finding(folder, message, expected=f"{len(expected):,} score files")
    if unknown:
        verb = "belongs" if len(unknown) == 1 else "belong"
        message = f"{len(unknown):,} of {len(files):,} score files {verb} to no known clip: {some_names(unknown)}"
        yield CLIPS_UNKNOWN.finding(folder, message, found=_near_misses(unknown, missing))


def some_names(names: Sequence[str]) -> str:
    """The first few names."""
    return ", ".join(name[:100] for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _near_misses(unknown: Sequence[str], missing: Sequence[str]) -> str | None:
    """Unknown clips that differ from a missing one in case or in the form of Unicode only."""
    meant = {folded(clip): clip for clip in missing}
    pairs = [f"{clip} for {meant[key]}" for clip in unknown if (key := folded(clip)) in meant]
    return f"differ in case or Unicode form only: {some_names(pairs)}" if pairs else None


def unknown_labels(rows: Iterable[tuple[int, str]], table: Table, rule: Rule) -> Iterator[Finding]:
    """Labels that the edition does not have, each at the first of its rows (a row and its label)."""
    found: dict[str, list[int]] = {}
    for row, label in rows:
        found.setdefault(label, []).append(row)
    for label, where in found.items():
        quoted = len(label) > 1 and label[0] in "\"'" and label[-1] == label[0]
        message = f"{label!r} is not a class of the edition" + (f" ({len(where):,} rows)" if len(where) > 1 else "")
        hint = "write the class without quotation marks" if quoted else None
        yield rule.finding(table.where(where[0]), message, hint=hint)
