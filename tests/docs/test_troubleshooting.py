"""The messages of the troubleshooting page are those of the program."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from pathlib import Path

import dcase_baseline
import pytest

import dcase_energy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = [
    text
    for row in re.findall(r"^\| (.*?) \| ", PAGE, flags=re.MULTILINE)
    for span in re.findall(r"`([^`]+)`", row)
    for text in re.split(r" ?\.\.\. ?", span)
    if text
]


@cache
def source() -> str:
    """All texts of the program, strings over several lines joined."""
    files = chain(*(Path(package.__file__).parent.rglob("*.py") for package in (dcase_energy, dcase_baseline)))
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(file.read_text(encoding="utf-8") for file in files))


def test_the_page_has_messages():
    assert len(MESSAGES) > 20


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_is_one_of_the_program(message):
    parts = re.split(r"INVALID: |NAME|FILE|fast/\d|exit code 124", message)
    missing = [part for part in parts if part.strip() and part.strip() not in source()]
    assert not missing
