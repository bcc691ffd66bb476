"""The step of each counter is measured once at the start, and stands in the record."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dcase_energy.measure import counters
from dcase_energy.measure.counters import Counter, DirectCounters
from dcase_energy.measure.energy_record import energy_of, measurement_header
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.plan import MeasurePlan
from dcase_energy.measure.recorder import Instruments, Recorder
from tests.measure.worlds import ClockMeter


class Clock:
    """A clock that runs while it is asked; the counters step by it."""

    def __init__(self, monkeypatch) -> None:
        self.now_s = 0.0
        monkeypatch.setattr(counters, "time", SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def counter(self, step_s: float, watts: float, unit_j: float = 1e-6, wraps_at: int | None = None) -> Counter:
        def read() -> int:
            self.now_s += 1e-5  # a look takes time
            value = int(self.now_s // step_s * step_s * watts / unit_j)
            return value if wraps_at is None else value % wraps_at

        return Counter("simulated", read, "unit", unit_j, wraps_at)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


def test_rapl_and_nvml_are_told_apart(clock):
    seen = DirectCounters({"cpu": [clock.counter(1e-3, 200.0)], "gpu": [clock.counter(0.1, 300.0, 1e-3)]}).ticks()
    assert seen["cpu"].interval_s == pytest.approx(1e-3, rel=0.2)
    assert seen["cpu"].energy_kwh == pytest.approx(200.0 * 1e-3 / 3.6e6, rel=0.2)
    assert seen["gpu"].interval_s == pytest.approx(0.1, rel=0.01)
    assert seen["gpu"].energy_kwh == pytest.approx(30.0 / 3.6e6, rel=0.01)
    assert clock.now_s < 1.2, "20 ticks of RAPL are enough"


def test_of_several_counters_the_slowest_counts_and_their_steps_are_added(clock):
    two = [clock.counter(0.02, 100.0, 1e-3), clock.counter(0.1, 300.0, 1e-3)]
    tick = DirectCounters({"gpu": two}).ticks()["gpu"]
    assert tick.interval_s == pytest.approx(0.1, rel=0.01)
    assert tick.energy_kwh == pytest.approx((2.0 + 30.0) / 3.6e6, rel=0.01)


def test_a_counter_that_wraps_meanwhile_keeps_its_step(clock):
    tick = DirectCounters({"cpu": [clock.counter(1e-3, 200.0, wraps_at=1_000_000)]}).ticks()["cpu"]
    assert tick.interval_s == pytest.approx(1e-3, rel=0.2)
    assert tick.energy_kwh > 0


def test_a_counter_that_stands_still_has_no_step(clock):
    still = Counter("still", lambda: 7, "uJ", 1e-6)
    unread = Counter("unread", lambda: None, "uJ", 1e-6)
    assert DirectCounters({"cpu": [still], "gpu": [unread], "ram": []}).ticks() == {"cpu": None, "gpu": None}


def recorded(tmp_path, instruments):
    journal = JournalWriter(tmp_path / "journal.jsonl")
    journal.write("energy", **measurement_header(MeasurePlan("training"), None, True))
    recorder = Recorder(instruments, journal)
    recorder.start()
    recorder.mark(edge="begin", phase="window")
    recorder.mark(edge="end", phase="window", executions=1)
    recorder.finish()
    journal.write("finish", complete=True)
    journal.close()
    return recorder, read_journal(journal.path)


def test_the_record_holds_the_step_of_each_counter(clock, tmp_path):
    sources = {"cpu": [clock.counter(1e-3, 200.0)], "gpu": [Counter("still", lambda: 7, "mJ", 1e-3)]}
    recorder, entries = recorded(tmp_path, Instruments(ClockMeter(), DirectCounters(sources)))
    (entry,) = [one for one in entries if one["entry"] == "ticks"]
    assert entry["components"]["gpu"] is None
    tick = recorder.ticks["cpu"]
    assert entry["components"]["cpu"] == {"interval_s": tick.interval_s, "energy_kwh": tick.energy_kwh}
    (name, kept), *others = energy_of(entries).counter_ticks.items()
    assert (name, kept.interval_s, kept.energy_kwh, others) == ("cpu", tick.interval_s, tick.energy_kwh, [])


def test_without_counters_nothing_is_said(tmp_path):
    _, entries = recorded(tmp_path, Instruments(ClockMeter(), DirectCounters({})))
    assert "ticks" not in {entry["entry"] for entry in entries}
    assert energy_of(entries).counter_ticks == {}
