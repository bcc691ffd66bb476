"""Names that look the same to readers, or that a file system treats as one."""

from __future__ import annotations

import pytest

from dcase_energy.documents.names import folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Clip", "cLIP"),
        ("caf\u00e9", "CAFE\u0301"),
        ("\uff2e\uff41\uff4d\uff45", "name"),
        ("\u2115", "n"),
        ("\U0001d40dame", "name"),
        ("\ufb01le", "FILE"),
        ("stra\u00dfe", "STRASSE"),
        ("\u212a", "k"),
    ],
)
def test_case_composition_and_form_do_not_matter(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("a", "\u0430"), ("cafe", "caf\u00e9"), ("o", "0"), ("clip1", "clip01")])
def test_other_letters_are_others(one, other):
    assert folded(one) != folded(other)
