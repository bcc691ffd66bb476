"""Names and layout (N)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.model import team_of
from dcase_energy.submission.rules import (
    EDITION_UNKNOWN,
    LABEL_PLACE,
    LABEL_SUBTASK,
    LABEL_TEMPLATE,
    LABEL_TWICE,
    NAME_BASELINE,
    REPORT_MISSING,
    TOO_MANY_SYSTEMS,
)

_TASK = re.compile(r"(?<=_)task[0-9]+[A-Za-z]?(?=_)")


def label_matches_place(system: System) -> Iterator[Finding]:
    """Label, file name and folder agree.

    A file given by itself has no folder; a folder without outputs counts if its name has the form of a label.
    """
    label, files = system.submission.label, system.files
    if label is None:
        return
    places = {"file name": files.stem} if files.stem else {}
    if files.folder is not None and (files.runs or re.fullmatch(system.edition.label_pattern, files.folder)):
        places["folder"] = files.folder
    if differ := [what for what, name in places.items() if name != label]:
        where = system.metadata.canonical.where("label")
        what, name = " or ".join(differ), places[differ[0]]
        yield LABEL_PLACE.finding(where, f"label and {what} differ", expected=name, found=label)


def task_known(system: System) -> Iterator[Finding]:
    """Some edition knows the task; set by the guess of the edition."""
    if system.edition.unjudged is not None and system.metadata.document.data is not None:
        where = system.metadata.canonical.where("label")
        yield EDITION_UNKNOWN.finding(where, system.edition.unjudged, found=system.submission.label)


def label_is_own(system: System) -> Iterator[Finding]:
    """The template's label was replaced."""
    if system.submission.label in system.edition.template_labels:
        where = system.metadata.canonical.where("label")
        yield LABEL_TEMPLATE.finding(where, "the label is the template's", found=system.submission.label)


def not_named_baseline(system: System) -> Iterator[Finding]:
    """Label, name and abbreviation do not hold the word baseline."""
    for field in ("label", "name", "abbreviation"):
        value = getattr(system.submission, field)
        if value is not None and "baseline" in value.casefold():
            where = system.metadata.canonical.where(field)
            yield NAME_BASELINE.finding(where, f"the {field} holds the word baseline", found=value)


def label_names_subtask(system: System) -> Iterator[Finding]:
    """The label calls the task what the edition calls it, letter included."""
    label, task = system.submission.label, system.edition.label_task
    named = None if label is None else _TASK.search(label)
    if label is None or task is None or named is None or named[0] == task:
        return
    wrong = "without the subtask's letter" if named[0] == task[:-1] else f"not {task}"
    expected = label[: named.start()] + task + label[named.end() :]
    where = system.metadata.canonical.where("label")
    yield LABEL_SUBTASK.finding(where, f"the label says {named[0]}, {wrong}", expected=expected, found=label)


def report_there(team: Sequence[System]) -> Iterator[Finding]:
    """What a team hands in, that is outputs, comes with a report where the edition asks for one."""
    handed_in = [system for system in team if system.files.runs]
    if not handed_in or not handed_in[0].edition.report or any(system.files.reports for system in team):
        return
    files = handed_in[0].files
    where = files.tree.where(str(files.home)) if files.home.name else files.tree.where("")
    yield REPORT_MISSING.finding(where, f"no technical report (*.pdf) of team {team_of(handed_in[0].name)}")


def labels_differ(systems: Sequence[System]) -> Iterator[Finding]:
    """No label occurs twice, and no team has more systems than the edition allows."""
    places: dict[str, list[System]] = {}
    for system in systems:
        if system.submission.label is not None:
            places.setdefault(system.submission.label, []).append(system)
    for label, same in places.items():
        for system in same if len(same) > 1 else ():
            where = system.metadata.canonical.where("label")
            others = [str(other.metadata.canonical.where("label")) for other in same if other is not system]
            more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
            yield LABEL_TWICE.finding(where, f"label {label} is also in {others[0]}{more}", found=label)
    for team, count in Counter(team_of(label) for label in places).items():
        allowed = systems[0].edition.max_systems_per_team
        if allowed is not None and count > allowed:
            one = next(same[0] for label, same in places.items() if team_of(label) == team)
            where = one.metadata.canonical.where("label")
            message = f"team {team} has {count} systems"
            yield TOO_MANY_SYSTEMS.finding(where, message, expected=f"at most {allowed}", found=str(count))
