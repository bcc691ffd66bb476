"""The doctor lists the kept calibrations, what they are usable for, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.api.doctor import kept_calibrations
from dcase_energy.calibration.store import keep
from dcase_energy.cli.measure import calibration_lines
from dcase_energy.measure.records import load_calibration

RECORD = Path(__file__).parent.parent / "data" / "records" / "1.1" / "calibration.json"


@pytest.fixture
def of_this_machine(tmp_path, monkeypatch):
    """A calibration, and a machine that it is of; nothing is kept yet."""
    record = load_calibration(RECORD)
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path))
    monkeypatch.setattr("dcase_energy.api.records.describe_host", lambda: record.hardware)
    monkeypatch.setattr("dcase_energy.submission.baseline_choice.why_no_denominator", lambda found, edition: None)
    return record


def test_nothing_is_kept(of_this_machine):
    assert kept_calibrations(()) == []
    assert "calibrate --quick" in calibration_lines([])[-1]


def test_one_of_this_machine_is_usable(of_this_machine):
    keep(of_this_machine)
    (one,) = kept_calibrations(())
    assert (one.created, one.recipe, one.quick) == (
        of_this_machine.created,
        of_this_machine.recipe,
        of_this_machine.quick,
    )
    assert "generic" in one.editions
    assert one.why_not is None
    assert "usable for" in calibration_lines([one])[-1]


@pytest.mark.parametrize(
    ("change", "gpus", "words"),
    [
        ({"cpu_model": "another"}, (), "another machine"),
        ({"gpu_uuid_sha256": "abcdef0123456789", "gpu_name": "Big"}, (), "a GPU that is not in this machine (Big)"),
        ({"gpu_uuid_sha256": "abcdef0123456789", "gpu_name": "Big"}, ("fedcba",), "a GPU that is not in this machine"),
        ({"gpu_uuid_sha256": "abcdef0123456789", "gpu_name": "Big"}, ("fedcba", "abcdef"), None),
    ],
    ids=["machine", "no gpu", "another gpu", "that gpu"],
)
def test_one_that_does_not_fit_says_why(of_this_machine, change, gpus, words):
    other = of_this_machine.model_copy(update={"hardware": {**of_this_machine.hardware, **change}})
    keep(other.seal())
    (one,) = kept_calibrations(gpus)
    if words is None:
        assert one.why_not is None
    else:
        assert words in one.why_not
        assert one.editions == ()
        assert f"not usable: {one.why_not}" in calibration_lines([one])[-1]


def test_one_that_no_edition_can_divide_by_says_why(of_this_machine, monkeypatch):
    for module in ("api.doctor", "submission.baseline_choice"):
        monkeypatch.setattr(f"dcase_energy.{module}.why_no_denominator", lambda *_: "it was interrupted")
    keep(of_this_machine)
    (one,) = kept_calibrations(())
    assert (one.editions, one.why_not) == ((), "it was interrupted")
