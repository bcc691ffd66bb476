"""Names and layout (N)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_system, each_team
from dcase_energy.submission.model import team_of
from dcase_energy.text import more

LABEL_PLACE = define(
    Rule(
        code="N105",
        name="label-not-file-name",
        title="Label, folder and file name agree",
        why="In a real package the files were named Sean_NTU_task1_1 and the label Yeo_NTU_task1_1; scores were "
        "listed under "
        "the wrong name.",
        bad="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml with label: Adams_UNI_task4_2",
        good="Adams_UNI_task4_1/Adams_UNI_task4_1.meta.yaml with label: Adams_UNI_task4_1",
        fix="give folder, file and label the same name",
    )
)
LABEL_TEMPLATE = define(
    Rule(
        code="N106",
        name="label-of-template",
        title="The label is not the template's",
        why="A label left over from the template is the same as that of others who left it.",
        bad="label: Cornell_CMU_task4_1",
        good="label: Adams_UNI_task4_1",
        fix="write your own label",
    )
)
NAME_BASELINE = define(
    Rule(
        code="N107",
        name="named-baseline",
        title="No system is named baseline",
        why="Label, name and abbreviation with this word are kept for the organisers' own systems every year.",
        bad="name: Improved baseline",
        good="name: Small CRNN with mean teacher",
        fix="choose a name without the word baseline",
    )
)
LABEL_TWICE = define(
    Rule(
        code="N108",
        name="label-twice",
        title="Every system has its own label",
        why="Two systems of one label overwrite each other in every table.",
        bad="two files with label: Adams_UNI_task4_1",
        good="labels Adams_UNI_task4_1 and Adams_UNI_task4_2",
        fix="number the systems of a team from 1",
    )
)
TOO_MANY_SYSTEMS = define(
    Rule(
        code="N109",
        name="too-many-systems",
        title="A team submits at most as many systems as the edition allows",
        why="The rules of the challenge limit them so that no one buys more tries.",
        bad="nine systems where eight are allowed",
        good="eight systems",
        fix="choose the systems to be ranked",
    )
)
LABEL_SUBTASK = define(
    Rule(
        code="N110",
        name="label-subtask",
        title="The label names the subtask as the edition writes it",
        why="22 of 84 labels of 2023 say task4 and two say task4A where the subtask was task4a; the tables of results "
        "file these teams under task4a, so that label and table no longer go together.",
        bad="label: Adams_UNI_task4_1 (in dcase2023-task4a)",
        good="label: Adams_UNI_task4a_1",
        fix="write the subtask's letter into label, folder and file name",
        severity=Severity.WARNING,
    )
)
REPORT_MISSING = define(
    Rule(
        code="N111",
        name="report-missing",
        title="A package brings the technical report where the edition asks for it",
        why="A package is outputs, metadata and the report; the official tool of 2024 refuses one without a PDF, after "
        "everything else was in order.",
        bad="Adams_UNI_task4_1/ and no PDF beside it",
        good="Adams_UNI_task4_1/ and Adams_UNI_task4.technical_report.pdf",
        fix="put the report as a PDF beside the folders of the systems",
        severity=Severity.WARNING,
    )
)
EDITION_UNKNOWN = define(
    Rule(
        code="N112",
        name="edition-unknown",
        title="An edition knows the task of the metadata",
        why="Fields, units and limits differ from task to task and year to year: what one task asks for is wrong in "
        "another. All 14 readable files of other tasks that were tried failed the rules of task 4, none for a reason "
        "that its organisers would give.",
        bad="label: Adams_UNI_task9_1",
        good="label: Adams_UNI_task1_1, in a file of a task and year that `dcase-energy editions` lists",
        fix="name the edition with --edition, or write one for this task (docs/how-to/own-edition.md)",
    )
)


_TASK = re.compile(r"(?<=_)task[0-9]+[A-Za-z]?(?=_)")


@each_system
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
        what, name = " or ".join(differ), places[differ[0]]
        yield system.finding(LABEL_PLACE, "label", f"label and {what} differ", expected=name, found=label)


@each_system
def task_known(system: System) -> Iterator[Finding]:
    """Some edition knows the task; set by the guess of the edition."""
    if system.edition.unjudged is not None and system.metadata.document.data is not None:
        yield system.finding(EDITION_UNKNOWN, "label", system.edition.unjudged, found=system.submission.label)


@each_system
def label_is_own(system: System) -> Iterator[Finding]:
    """The template's label was replaced."""
    if system.submission.label in system.edition.template_labels:
        yield system.finding(
            LABEL_TEMPLATE, "label", "the label is that of the template", found=system.submission.label
        )


@each_system
def not_named_baseline(system: System) -> Iterator[Finding]:
    """Label, name and abbreviation do not hold the word baseline."""
    for field in ("label", "name", "abbreviation"):
        value = getattr(system.submission, field)
        if value is not None and "baseline" in value.casefold():
            yield system.finding(NAME_BASELINE, field, f"the {field} holds the word baseline", found=value)


@each_system
def label_names_subtask(system: System) -> Iterator[Finding]:
    """The label calls the task what the edition calls it, letter included."""
    label, task = system.submission.label, system.edition.label_task
    named = None if label is None else _TASK.search(label)
    if label is None or task is None or named is None or named[0] == task:
        return
    wrong = "without the subtask's letter" if named[0] == task[:-1] else f"not {task}"
    expected = label[: named.start()] + task + label[named.end() :]
    yield system.finding(LABEL_SUBTASK, "label", f"the label says {named[0]}, {wrong}", expected=expected, found=label)


@each_team()
def report_there(team: Sequence[System]) -> Iterator[Finding]:
    """Outputs of a team come with a report where the edition asks for one."""
    handed_in = [system for system in team if system.files.runs]
    if not handed_in or not handed_in[0].edition.report or any(system.files.reports for system in team):
        return
    files = handed_in[0].files
    where = files.tree.where(str(files.home)) if files.home.name else files.tree.where("")
    yield REPORT_MISSING.finding(where, f"no technical report (*.pdf) of team {team_of(handed_in[0].name)}")


@all_systems
def labels_differ(systems: Sequence[System], _pool: Sequence[Peer]) -> Iterator[Finding]:
    """No label occurs twice, and no team has more systems than the edition allows."""
    places: dict[str, list[System]] = defaultdict(list)
    for system in systems:
        if system.submission.label is not None:
            places[system.submission.label].append(system)
    teams: dict[str, list[System]] = defaultdict(list)
    for label, same in places.items():
        teams[team_of(label)].append(same[0])
        for system in same if len(same) > 1 else ():
            others = [str(other.where("label")) for other in same if other is not system]
            message = f"label {label} is also in {others[0]}{more(len(others) - 1)}"
            yield system.finding(LABEL_TWICE, "label", message, found=label)
    for team, firsts in teams.items():
        allowed, count = firsts[0].edition.max_systems_per_team, len(firsts)
        if allowed is not None and count > allowed:
            message, expected = f"team {team} has {count} systems", f"at most {allowed}"
            yield firsts[0].finding(TOO_MANY_SYSTEMS, "label", message, expected=expected, found=str(count))
