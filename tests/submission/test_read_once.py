"""Each file of a package is opened once, and each record recomputed once, whatever the number of systems.

This includes the metadata that an edition is guessed from.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from dcase_energy import rank, report, validate
from dcase_energy.calibration import record
from tests.cli.run import ROOT

ADAMS = ROOT / "examples" / "packages" / "Adams_UNI"
TRUTH = {"ground_truth": ROOT / "examples" / "truth.tsv", "durations": ROOT / "examples" / "durations.tsv"}


@pytest.fixture
def opened(monkeypatch):
    """How often each file of the package is opened."""
    counts: Counter[str] = Counter()
    real = os.open

    def counting(path, *arguments, **options):
        name = os.fspath(path)
        if isinstance(name, str) and name.startswith(str(ADAMS)):
            counts[name.removeprefix(str(ADAMS))] += 1
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", counting)
    return counts


@pytest.fixture
def recomputed(monkeypatch):
    """The journals that a calibration is computed from."""
    calls = []
    real = record.record_of
    monkeypatch.setattr(record, "record_of", lambda entries: calls.append(entries) or real(entries))
    return calls


@pytest.mark.parametrize("edition", ["generic", None])
@pytest.mark.parametrize("what", ["validate", "rank", "report", "score"])
def test_every_file_is_opened_once_and_a_shared_calibration_recomputed_once(opened, recomputed, what, edition):
    if what == "validate":
        validate(ADAMS, edition=edition)
    elif what == "report":
        report(ADAMS, edition=edition)
    else:
        rank(ADAMS, edition=edition, **(TRUTH if what == "score" else {}))
    expected = Counter(str(path).removeprefix(str(ADAMS)) for path in Path(ADAMS).rglob("*") if path.is_file())
    if what == "score":
        # The first line of a run says whether it holds scores or event lists.
        expected.update(name for name in list(expected) if name.endswith("/clip01.tsv"))
    assert opened == expected
    assert len(recomputed) == 1
