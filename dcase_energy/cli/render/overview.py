"""Findings about many systems, where their number would hide what else was printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dcase_energy.cli.render import severity_of, show_findings
from dcase_energy.cli.terminal import quiet, to_stderr, verbose
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import get
from dcase_energy.submission.by_package import gravest, gravity
from dcase_energy.text import plural, visible

_MOST_FINDINGS, _MOST_RULES = 20, 12


def show_many(findings: Iterable[Finding], elsewhere: str) -> None:
    """Print findings to stderr one a line; many of them as counts by rule, unless ``--verbose`` asks for all.

    Parameters
    ----------
    findings
        What was found.
    elsewhere
        A line that says where else they are.
    """
    wanted = [one for one in dict.fromkeys(findings) if not quiet() or one.severity is Severity.ERROR]
    if verbose() or len(wanted) <= _MOST_FINDINGS:
        return show_findings(wanted)
    counts, worst = Counter(one.code for one in wanted), gravest(wanted)
    order = sorted(counts, key=lambda code: (gravity(worst[code]), -counts[code], code))
    severities = Counter(severity_of(one) for one in wanted)
    kinds = ", ".join(plural(severities[one], one) for one in map(str, Severity) if severities[one])
    kinds += f", {severities['waived']:,} waived" if severities["waived"] else ""
    to_stderr(f"{plural(len(wanted), 'finding')}: {kinds}; by rule:")
    single = [code for code in order if counts[code] == 1] if len(order) > _MOST_RULES else []
    for code in order:
        if code not in single:
            rule = get(code)
            title = visible(rule.title if rule else worst[code].message)
            to_stderr(f"{counts[code]:>5,}  {code} {severity_of(worst[code]):<7}  {title}")
    if single:
        to_stderr(f"    1 each of {' '.join(single)} (`dcase-energy explain CODE`)")
    to_stderr(f"each finding with how to fix it: --verbose; {visible(elsewhere)}")
