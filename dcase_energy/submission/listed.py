"""Names of files as an edition lists them."""

from __future__ import annotations

import re

from dcase_energy.submission.model import team_of


def pattern_of(written: str, label: str) -> re.Pattern[str]:
    """The names that a pattern of an edition represents, at any depth of a package.

    ``<label>`` and ``<team>`` are those of the system, ``*`` is anything but a slash, ``**`` anything.
    """
    text = written.replace("<label>", label).replace("<team>", team_of(label))
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = "".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\?)", text))
    return re.compile(f"(?:.*/)?{made}", re.DOTALL)
