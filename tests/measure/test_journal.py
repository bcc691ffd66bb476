from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcase_energy.errors import JournalError
from dcase_energy.measure.command import record_from_journal
from dcase_energy.measure.journal import (
    JournalWriter,
    canonical_json,
    computed,
    journal_digest,
    read_journal,
    sealed,
    strict_json,
)
from dcase_energy.measure.record_file import RecordFile


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "j.jsonl"
    writer = JournalWriter(path)
    for number in range(4):
        writer.write("reading", number=number, text="ü\n")
    writer.close()
    return path


def test_what_was_written_is_read(journal):
    entries = read_journal(journal)
    assert [entry["number"] for entry in entries] == [0, 1, 2, 3]
    assert journal_digest(entries) != journal_digest(entries[:-1])


def test_every_line_is_on_disk_when_write_returns(tmp_path):
    writer = JournalWriter(tmp_path / "j.jsonl")
    writer.write("a")
    assert len(read_journal(tmp_path / "j.jsonl")) == 1


@pytest.mark.parametrize("cut", [1, 10, 50])
def test_a_torn_last_line_is_dropped(journal, cut):
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert [entry["number"] for entry in read_journal(journal)] == [0, 1, 2]


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_is_seen(journal, line):
    lines = journal.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace(f'"number":{line}', '"number":9')
    journal.write_text("".join(lines))
    with pytest.raises(JournalError, match=rf":{line + 2}: does not follow"):
        read_journal(journal)


def test_a_removed_line_is_seen(journal):
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:1] + lines[2:]))
    with pytest.raises(JournalError, match=":2: does not follow"):
        read_journal(journal)


def test_what_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "j.jsonl"
    path.write_text("hello\n")
    with pytest.raises(JournalError, match=":1: not a journal line"):
        read_journal(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".0"])
def test_a_number_that_is_none_or_too_large_is_refused(number):
    with pytest.raises(ValueError, match="is not allowed"):
        strict_json(f'{{"energy_kwh": [{number}]}}')


def test_a_journal_is_never_overwritten(journal):
    with pytest.raises(FileExistsError):
        JournalWriter(journal)


def test_canonical_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_the_seal_covers_everything_but_itself():
    record = {"a": 1, "b": [1.5, None]}
    seal = sealed(record)
    assert sealed({**record, "digest": seal}) == seal
    assert sealed({**record, "a": 2}) != seal
    assert seal == sealed(json.loads(json.dumps(record)))


@pytest.mark.parametrize("error", [OverflowError, ZeroDivisionError, IndexError, StopIteration, KeyError])
def test_whatever_computing_a_record_stumbles_over_is_an_error_of_the_journal(error):
    def stumble(entries):
        raise error

    with pytest.raises(JournalError, match=rf"no record can be computed from x \({error.__name__}\)"):
        computed(stumble, [], "x")


def test_a_journal_of_energies_beyond_arithmetic_is_refused(tmp_path):
    source = Path(__file__).parent.parent / "data/records/1.1/energy.journal.jsonl"
    entries = read_journal(source)
    entries[11]["reading"]["cpu_kwh"] = 1e308
    journal = JournalWriter(tmp_path / "invented.jsonl")
    for entry in entries:
        journal.write(**{key: value for key, value in entry.items() if key != "previous"})
    journal.close()
    with pytest.raises(JournalError, match=r"no record can be computed from .*\(OverflowError\)"):
        record_from_journal(journal.path, RecordFile(tmp_path / "again.json"))
