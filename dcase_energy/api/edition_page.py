"""The page of an edition, made from its data: for `dcase-energy explain NAME` and for the documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dcase_energy.api.edition_calibration import calibration_sentences
from dcase_energy.api.shared import load_rules
from dcase_energy.documents.document import dotted
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.ranking.tables import describe_formulas
from dcase_energy.text import plural

_ALL_CALIBRATIONS = "[The calibrations of all editions](../calibrations.md)."


@dataclass(frozen=True, slots=True)
class PageSection:
    """A part of a page: sentences, and a table where it has a head.

    Attributes
    ----------
    title
        Heading; empty for what comes first.
    sentences
        One line each.
    head, rows
        The table, as text; empty without one.
    more
        Link to a page of the documentation that says more, for Markdown alone.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: str = ""


def edition_page(name_or_path: str, *, markdown: bool = True) -> str:
    """Return the page of an edition: label, package, energy, limits, scores, what is not known, and all fields.

    Parameters
    ----------
    name_or_path
        A name that comes with the program, or the path of a separate edition.
    markdown
        Whether it is Markdown for the documentation, or text for a terminal.

    Raises
    ------
    EditionError
        If there is none, or if its file is not a valid edition.
    """
    edition = load_edition(name_or_path)
    sections = [one for one in _sections(edition, name_or_path) if one.sentences or one.rows]
    if not markdown:
        return "\n".join([edition.name, *(line for one in sections for line in _as_text(one))]) + "\n"
    made = "<!-- Made from the edition by `make editions`; do not edit. -->"
    return "\n".join([f"# {edition.name}", "", made, "", *(line for one in sections for line in _as_markdown(one))])


def _sections(edition: Edition, named: str) -> Iterator[PageSection]:
    yield PageSection("", (f"{edition.title}.", f"Source: {edition.source}" if edition.source else ""))
    yield PageSection("Not known", edition.unknown)
    yield PageSection("Commands", tuple(_commands(edition, named)))
    yield PageSection("Package", tuple(_package(edition)))
    yield PageSection("Energy", tuple(_energy(edition)))
    yield PageSection("Calibration", tuple(calibration_sentences(edition)), more=_ALL_CALIBRATIONS)
    yield PageSection("Limits", head=("field", "at most", "counted"), rows=tuple(_limits(edition)))
    scores = tuple((name, one.title, one.unit or "any number", one.better) for name, one in edition.scores.items())
    formulas = tuple(_formulas(edition, ranking=True))
    yield PageSection("Scores", formulas, ("column", "title", "unit", "better"), scores)
    yield PageSection("Classes", (", ".join(edition.classes),) if edition.classes else ())
    yield PageSection(
        "Rules that weigh otherwise", head=("rule", "is", "requirement"), rows=tuple(_severities(edition))
    )
    yield PageSection("Fields", _about_fields(edition), ("key", "value", "given", "meaning"), tuple(_fields(edition)))


def _commands(edition: Edition, named: str) -> Iterator[str]:
    label = edition.label_example
    yield f"`dcase-energy init {label} --edition {named}` writes a metadata file to fill in."
    yield f"`dcase-energy validate {label} --edition {named}` checks the system's folder, or a whole package."
    yield f"`dcase-energy schema --edition {named}` prints the schema for editors; `pack` writes the zip."
    yield _guess(edition) if named in edition_names() else "It is named by its path each time: it is never guessed."


def _guess(edition: Edition) -> str:
    sign = edition.guess
    parts = [
        *([f"a label of the form `{sign.label}`"] if sign.label else []),
        *([f"the key `{sign.key}`"] if sign.key else []),
        *([f"a file `{sign.file}`"] if sign.file else []),
    ]
    if sign.task:
        keys = [one if isinstance(one, str) else " with ".join(one) for one in sign.keys]
        named = f" and keys such as {', '.join(f'`{key}`' for key in keys[:3])}" if keys else ""
        parts.append(f"`{sign.task}` in the label{named}")
    way = f"is guessed from {', or '.join(parts)}" if parts else "is not guessed"
    return f"Without `--edition` it {way}; the first line that `init` writes names it as well."


def _package(edition: Edition) -> Iterator[str]:
    yield f"Label: `{edition.label_example}`; regular expression: `{edition.label_pattern}`."
    if edition.max_systems_per_team is not None:
        yield f"At most {plural(edition.max_systems_per_team, 'system')} of a team."
    yield "Metadata: `<label>/<label>.meta.yaml`."
    outputs = edition.outputs
    if outputs.kind == "none":
        yield "Outputs are not read."
    elif outputs.kind == "score_folders":
        clips = "" if outputs.clips is None else f", {plural(outputs.clips, 'clip')}"
        raw = "; outputs before post-processing as well" if outputs.unprocessed else ""
        yield f"Outputs: folders of scores, {plural(outputs.runs, 'run')}{clips}{raw}."
    else:
        name = "<label>.output.csv" if outputs.file is None else outputs.file
        yield f"Outputs: {outputs.kind.replace('_', ' ')} `{name}`."
    if edition.report:
        yield "A technical report (PDF)."
    if edition.emissions_csv:
        yield "CodeCarbon's CSV files."
    if edition.files_required:
        yield f"Required files: {_listed(edition.files_required)}."
    if edition.files:
        yield f"Optional files: {_listed(edition.files)}. Any other file is reported as an info (N113)."


def _listed(files: tuple[str, ...]) -> str:
    return ", ".join(f"`{file}`" for file in files)


def _energy(edition: Edition) -> Iterator[str]:
    fields = [one for one in edition.energy_fields if one in edition.fields]
    if not fields:
        yield "The metadata have no fields for energy. Records of `dcase-energy measure` may be added to the package."
        return
    for stage in edition.stages.values():
        own, baseline = (edition.fields.get(name) for name in (stage.energy, stage.baseline))
        if own is not None:
            divided = f", divided by `{dotted(baseline.path)}`" if baseline is not None else ", with no baseline figure"
            yield f"{stage.title}: `{dotted(own.path)}` in kWh{divided}."
    yield from _formulas(edition, ranking=False)


def _formulas(edition: Edition, *, ranking: bool) -> Iterator[str]:
    """The sentences before that of the ranking score, or from there on."""
    seen = False
    for line in describe_formulas(edition):
        seen = seen or line.startswith("Ranking score")
        if seen is ranking:
            yield line


def _limits(edition: Edition) -> Iterator[tuple[str, ...]]:
    for name, limit in edition.limits.items():
        unit = f" {limit.unit}" if limit.unit else ""
        most = "no maximum" if limit.max is None else f"{limit.max:,.12g}{unit}"
        by = f"by {limit.counter}" if limit.counter else ""
        yield name, most, " ".join(filter(None, (limit.audio.strip(), by))) or "-"


def _severities(edition: Edition) -> Iterator[tuple[str, ...]]:
    titles = {rule.code: rule.title for rule in load_rules()}
    for code, severity in edition.severities.items():
        yield code, str(severity), titles.get(code, "")


def _about_fields(edition: Edition) -> tuple[str, ...]:
    if edition.open_keys:
        return ("The template is only partly known: other keys are accepted, unless they resemble one of these.",)
    return ("Any other key gives a warning (M104).",)


def _fields(edition: Edition) -> Iterator[tuple[str, ...]]:
    sizes = Counter(spec.group for spec in edition.fields.values())
    seen: set[str | None] = {None}
    for name, spec in edition.fields.items():
        if spec.group in seen and spec.group is not None:
            continue
        seen.add(spec.group)
        further = sizes[spec.group] - 1 if spec.group is not None else 0
        key = f"`{dotted(spec.path)}`" + (f" and {plural(further, 'more key')}" if further else "")
        present = "key must be there" if name in edition.present else "optional"
        given = "mandatory" if name in edition.required else present
        example = "" if spec.example is None else f"; for example `{spec.example}`"
        yield key, spec.expected, given, f"{spec.description}{example}"


def _as_markdown(section: PageSection) -> Iterator[str]:
    if section.title:
        yield from (f"## {section.title}", "")
    yield from (f"- {line}" if section.title else f"{line}\n" for line in section.sentences if line)
    if section.title and section.sentences:
        yield ""
    if section.more:
        yield from (section.more, "")
    if section.rows:
        yield f"| {' | '.join(section.head)} |"
        yield "|" + "---|" * len(section.head)
        yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in section.rows)
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _as_text(section: PageSection) -> Iterator[str]:
    if section.title:
        yield from ("", f"{section.title}:")
    yield from (f"  {line}".replace("`", "") for line in section.sentences if line)
    for first, *others in section.rows:
        yield f"  {first}: {'; '.join(one for one in others if one not in {'', '-'})}".replace("`", "")
