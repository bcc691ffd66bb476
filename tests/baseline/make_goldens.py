"""Write the goldens of this folder anew: ``python -m tests.baseline.make_goldens``. Review the difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dcase_baseline.recipe import load_recipe, recipe_names
from dcase_baseline.soundscapes import soundscape

from tests.baseline.test_soundscapes import GOLDEN, name

DATA = Path(__file__).parent / "data"


def main() -> None:
    """Hashes of the recipes, events and levels of a few clips."""
    hashes = [f"{recipe} {load_recipe(recipe).sha256()}" for recipe in recipe_names()]
    events, levels = ["clip\tonset\toffset\tevent_label"], []
    for key in GOLDEN:
        audio, annotated = soundscape(*key)
        events += [f"{name(key)}\t{onset:.3f}\t{offset:.3f}\t{label}" for onset, offset, label in annotated]
        seconds = np.abs(audio.astype(float)).reshape(10, -1).mean(axis=1)
        levels.append("\t".join([name(key), *(f"{level:.2f}" for level in seconds)]))
    for file, lines in (
        ("recipe_hashes.txt", hashes),
        ("soundscape_events.tsv", events),
        ("soundscape_levels.tsv", levels),
    ):
        (DATA / file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
