"""The edition as the rest of the program sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dcase_energy.documents.document import Path
from dcase_energy.editions.fields import COMPUTED, NUMBER_KINDS, FieldKind, FieldSpec
from dcase_energy.editions.outputs import Outputs, OutputSet
from dcase_energy.editions.parts import (
    UNITS,
    EditionStage,
    EfficientTrack,
    Limit,
    Normalisation,
    Part,
    RankedBy,
    Score,
    Scoring,
    Term,
    stated_field,
)
from dcase_energy.editions.plausible import Plausible
from dcase_energy.editions.reference_workload import ReferenceWorkload
from dcase_energy.editions.spelling import folded_path, split_path
from dcase_energy.findings import Severity

SCHEMA_VERSION = "2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess(Part):
    """What gives an edition away where the caller names none.

    Attributes
    ----------
    label, key, file
        Form of labels, a key path, or a pattern of names in a package, that only this edition has: each is enough by
        itself.
    task, keys
        What labels call the task, and key paths by which this edition differs from others of the task (several in a
        list: only together). The edition with most of its keys in a file is guessed; without ``keys`` the task does.
    """

    label: str | None = None
    key: str | None = None
    file: str | None = None
    task: str | None = None
    keys: tuple[str | tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Edition(Part):
    """One challenge year and task with its rules. See ``docs/reference/editions.md`` for what each part means."""

    schema_version: Literal["2.0"]
    name: str
    title: str
    label_pattern: str
    label_example: str
    # What labels call the task, with the subtask's letter; only where the edition is one of several subtasks.
    label_task: str | None = None
    template_labels: tuple[str, ...] = ()
    template_texts: tuple[str, ...] = ()
    guess: Guess = field(default_factory=Guess)
    # Where the facts are from, for people.
    source: str = ""
    # What is not known of this year, for people; and whether keys that are not known are right, as its template is not
    # (wholly) known.
    unknown: tuple[str, ...] = ()
    open_keys: bool = False
    # Texts that the template has for null.
    null_texts: tuple[str, ...] = ()
    # Set by the guess: that it is one, and why metadata is judged by the common part alone.
    guessed: bool = False
    unjudged: str | None = None
    classes: tuple[str, ...] = ()
    max_systems_per_team: int | None = None
    required: tuple[str, ...] = ()
    # Fields whose key must be there, even with the value null; whether the official reader cuts every line at a #.
    present: tuple[str, ...] = ()
    hash_cuts: bool = False
    severities: dict[str, Severity] = field(default_factory=dict)
    # The least a package must bring for the baseline's energies, and for the system's own; whether CodeCarbon's CSV
    # files belong to it.
    evidence: Literal["declared", "record", "recomputed"] = "declared"
    energy_evidence: Literal["declared", "record", "recomputed"] = "declared"
    emissions_csv: bool = False
    # Whether a technical report (PDF) belongs to a package; patterns of names of files that belong to it beside what is
    # read, and of those that must be in a system's folder.
    report: bool = False
    files: tuple[str, ...] = ()
    files_required: tuple[str, ...] = ()
    normalisation: Normalisation
    scores: dict[str, Score] = field(default_factory=dict)
    stages: dict[str, EditionStage] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    outputs: Outputs = field(default_factory=Outputs)
    baseline: ReferenceWorkload
    ranking: RankedBy = field(default_factory=RankedBy)
    efficient: EfficientTrack | None = None
    scoring: Scoring = field(default_factory=Scoring)
    plausible: Plausible = field(default_factory=Plausible)
    fields: dict[str, FieldSpec]

    def __post_init__(self) -> None:
        self.require_positive("max_systems_per_team")

    def check(self) -> None:
        """Refuse parts that contradict each other; shipped editions are checked once, by a test.

        Raises
        ------
        ValueError
            With the first contradiction.
        """
        guess, file = self.guess.label, self.outputs.file
        for key, pattern in {"label_pattern": self.label_pattern, "guess.label": guess, "outputs.file": file}.items():
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"{key} {pattern!r} is not a regular expression: {error}") from None
        for key, listed, what, known in self._named():
            if unknown := sorted(set(listed) - set(known)):
                raise ValueError(f"{key} names {what} that are not defined: {', '.join(unknown)}")
        if texts := sorted(name for name in self.limits if self.fields[name].kind not in NUMBER_KINDS):
            raise ValueError(f"limits can be set for numbers, and these fields hold none: {', '.join(texts)}")
        added = self.ranking.kind in {"ratio_mean", "harmonic_mean", "sum"}
        if added and len({self.scores[name].better for name in self.ranking.names}) > 1:
            raise ValueError(f"scores of both directions cannot be added up by kind = '{self.ranking.kind}'")
        self._check_terms()
        self._check_outputs()
        if taken := sorted(set(self.scores) & {"label", "team", "rank", "ranking_score"}):
            raise ValueError(f"scores cannot be named like other columns: {', '.join(taken)}")
        own = [one.energy for one in self.stages.values()]
        if len(set(own)) < len(own) or set(own) & {one.baseline for one in self.stages.values()}:
            raise ValueError("the energy of each stage needs its own column, which no baseline has")
        if sum(stage.components for stage in self.stages.values()) > 1:
            raise ValueError("the energy of one stage can be reported by component")
        references = {stage.reference_kwh is not None for stage in self.stages.values()}
        if references not in (set(), {self.normalisation.kind != "ratio"}):
            raise ValueError("stages need a reference_kwh unless normalisation.kind is 'ratio', and only then")
        self._check_fields()

    def _named(self) -> Iterator[tuple[str, Iterable[str], str, Iterable[str]]]:
        """Each key that names other parts of the edition: the names, what they are of, and those that are defined."""
        for key, names in (("required", self.required), ("present", self.present), ("limits", self.limits)):
            yield key, names, "fields", self.fields
        yield "ranking", self.ranking.names, "scores", self.scores
        ratios = self.plausible.stage_ratios
        stages = [*ratios, *(under for others in ratios.values() for under in others)]
        yield "plausible.stage_ratios", stages, "stages", self.stages
        for key in ("readme_kwh", "energy_usual_kwh"):
            yield f"plausible.{key}", getattr(self.plausible, key), "stages", self.stages

    def _check_fields(self) -> None:
        """Refuse a field of a kind that its figures cannot be computed from, and key paths that are ambiguous."""
        computed = {**COMPUTED, **dict.fromkeys(self.energy_fields, frozenset({FieldKind.ENERGY}))}
        computed |= {stated_field(name): frozenset({UNITS[one.unit][1]}) for name, one in self.scores.items()}
        owners: dict[str, str] = {}
        for name, spec in self.fields.items():
            if spec.kind not in (able := computed.get(name, {spec.kind})):
                raise ValueError(
                    f"fields.{name} cannot be of kind '{spec.kind}', as figures are computed from it; it may be "
                    + " or ".join(sorted(f"'{kind}'" for kind in able))
                )
            for path in spec.paths:
                if owners.setdefault(path, name) != name:
                    raise ValueError(f"path {path} belongs to both {owners[path]} and {name}")
                if split_path(path) in self.parents:
                    raise ValueError(f"path {path} of fields.{name} holds keys of other fields, and so no value")

    def _check_terms(self) -> None:
        """Refuse terms that come twice, or that count a score against its direction."""
        names = self.ranking.names
        if len(set(names)) < len(names):
            raise ValueError(f"ranking names a score twice: {', '.join(names)}")
        for term in self.ranking.terms if self.ranking.kind == "min_max" else ():
            better = "higher" if term.low < term.high else "lower"
            if self.scores[term.score].better != better:
                raise ValueError(
                    f"low and high of {term.score} in [ranking] count it as if {better} were better, and "
                    f"[scores.{term.score}] says the opposite"
                )

    def _check_outputs(self) -> None:
        """Refuse sets of clips that scores or classes do not fit, and tables whose groups are not known."""
        file = self.outputs.file
        if file is not None and (re.compile(file).groups != 1 or not self.outputs.groups):
            raise ValueError(
                "outputs.file needs exactly one group in parentheses (the group of a table), and outputs.groups "
                "the column with its name"
            )
        sets = self.outputs.sets
        for name, score in self.scores.items():
            if score.set is not None and score.set not in sets:
                known = f"known: {', '.join(sets)}" if sets else "[outputs] has no sets"
                raise ValueError(f"scores.{name} is computed from a set {score.set!r}; {known}")
        for name, one in sets.items():
            if unknown := sorted(set(one.classes) - set(self.classes)):
                raise ValueError(f"outputs.sets.{name} has classes which are not the edition's: {', '.join(unknown)}")

    @cached_property
    def ranking_sign(self) -> Literal[1, -1]:
        """1 where a higher ranking score is better, -1 where a lower one is."""
        if self.ranking.kind == "mean_rank":
            return -1
        lower = {self.scores[name].better == "lower" for name in self.ranking.names}
        return -1 if lower == {True} and self.ranking.kind != "min_max" else 1

    @cached_property
    def macs_title(self) -> str:
        """MACs, with the audio that they are counted for."""
        return f"MACs{self.limits['macs'].audio}" if "macs" in self.limits else "MACs"

    @cached_property
    def component_stage(self) -> str | None:
        """The stage whose energy is reported by component."""
        return next((name for name, stage in self.stages.items() if stage.components), None)

    @cached_property
    def energy_fields(self) -> tuple[str, ...]:
        """Fields, and columns of tables, of the energies of all stages, of systems before those of baselines."""
        stages = self.stages.values()
        return tuple(dict.fromkeys([*(one.energy for one in stages), *(one.baseline for one in stages)]))

    @cached_property
    def weighted_scores(self) -> tuple[str, ...]:
        """Names of the scores that are weighted by energy."""
        return tuple(name for name, score in self.scores.items() if score.energy_weighted)

    @cached_property
    def field_of_path(self) -> dict[Path, str]:
        """Canonical field of every known key path."""
        return {split_path(path): name for name, spec in self.fields.items() for path in spec.paths}

    @cached_property
    def field_of_folded_path(self) -> dict[Path, str]:
        """Canonical field of every key path of the loose fields, case and separators left out."""
        return {folded_path(path): name for path, name in self.field_of_path.items() if self.fields[name].loose}

    @cached_property
    def keys_below(self) -> dict[Path, dict[str, Path]]:
        """For each key path that holds further keys, these keys and the path of each."""
        below: dict[Path, dict[str, Path]] = {}
        for path in self.field_of_path:
            for end in range(len(path)):
                below.setdefault(path[:end], {})[str(path[end])] = path[: end + 1]
        return below

    @cached_property
    def parents(self) -> frozenset[Path]:
        """Every key path that holds further keys."""
        return _above(self.field_of_path)

    @cached_property
    def folded_parents(self) -> frozenset[Path]:
        """Every key path above the loose fields, case and separators left out."""
        return _above(self.field_of_folded_path)

    def field_at(self, path: Path) -> str | None:
        """The field of a key path; a loose field is found whatever its case and separators."""
        return self.field_of_path.get(path) or self.field_of_folded_path.get(folded_path(path))

    def holds_keys(self, path: Path) -> bool:
        """Whether a key path holds further keys; above loose fields whatever its case and separators."""
        return path in self.parents or folded_path(path) in self.folded_parents


def _above(paths: Iterable[Path]) -> frozenset[Path]:
    return frozenset(path[:end] for path in paths for end in range(1, len(path)))


_PARTS: dict[str, type] = {
    "guess": Guess, "normalisation": Normalisation, "outputs": Outputs, "baseline": ReferenceWorkload,
    "ranking": RankedBy, "efficient": EfficientTrack, "scoring": Scoring, "plausible": Plausible, "scores": Score,
    "stages": EditionStage, "limits": Limit,
    "fields": FieldSpec,
}  # fmt: skip
_NAMED = {"scores", "stages", "limits", "fields"}


def edition_of(table: dict[str, Any]) -> Edition:
    """Build a shipped edition from its assembled table, without pydantic: nothing is validated."""
    given = frozen(table)
    given["severities"] = {code: Severity(one) for code, one in given.get("severities", {}).items()}
    if "ranking" in given:
        given["ranking"]["terms"] = tuple(Term(**term) for term in given["ranking"].get("terms", ()))
    if "sets" in given.get("outputs", {}):
        given["outputs"]["sets"] = {name: OutputSet(**one) for name, one in given["outputs"]["sets"].items()}
    for spec in given["fields"].values():
        spec["kind"] = FieldKind(spec["kind"])
    for name, part in _PARTS.items():
        if name in given:
            found = given[name]
            given[name] = {key: part(**one) for key, one in found.items()} if name in _NAMED else part(**found)
    return Edition(**given)


def frozen(value: Any) -> Any:
    """A table with tuples for its lists."""
    if isinstance(value, dict):
        return {key: frozen(one) for key, one in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value
