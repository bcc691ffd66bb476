"""Findings in one line each, for `grep`, editors and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcase_energy.cli.render import details, headline
from dcase_energy.text import visible

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation


def findings_concise(validation: Validation) -> str:
    """Return place, severity, code and message, then what was expected and found."""
    lines = []
    for one in validation.findings:
        beside = [f"{name}: {visible(text)}" for name, text in details(one).items() if name in {"expected", "found"}]
        lines.append(headline(one) + (f" ({'; '.join(beside)})" if beside else ""))
    return "".join(f"{line}\n" for line in lines)
