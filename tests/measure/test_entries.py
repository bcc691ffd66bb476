"""The types of journal entries name what journals hold, those of version 1.0 too."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from dcase_energy.measure import entries
from dcase_energy.measure.journal import read_journal

ROOT = Path(__file__).parent.parent.parent
JOURNALS = sorted(path for folder in ("examples", "tests/data") for path in (ROOT / folder).rglob("*.journal.jsonl"))


def fits(value: object, kind: object) -> bool:
    """Whether a value has the keys of a type, and those of the types in it."""
    if typing.get_origin(kind) is typing.NotRequired:
        return fits(value, typing.get_args(kind)[0])
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if not typing.is_typeddict(kind):
        return True
    fields = typing.get_type_hints(kind, include_extras=True)
    needed = {n for n, one in fields.items() if kind.__total__ and typing.get_origin(one) is not typing.NotRequired}
    return needed <= set(value) <= set(fields) and all(fits(one, fields[name]) for name, one in value.items())


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_entry_of_a_journal_is_of_one_type(path):
    kinds = typing.get_args(entries.JournalEntry)
    strange = [entry for entry in read_journal(path) if sum(fits(entry, kind) for kind in kinds) != 1]
    assert strange == []
