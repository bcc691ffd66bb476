"""The metadata file to start from: every field of an edition, explained, with what is known filled in."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from dcase_energy.editions.fields import NUMBER_KINDS, FieldKind, FieldSpec
from dcase_energy.editions.model import Edition
from dcase_energy.text import one_line

SCHEMA_URL = "https://dcase-energy.github.io/dcase-energy/schemas/{edition}/submission.schema.json"
_WIDTH = 110
_LABEL = re.compile(r"[A-Za-z][\w'-]*_[\w'-]+")


def template(
    edition: Edition,
    label: str,
    values: Mapping[str, str],
    schema: str | None,
    origin: Mapping[str, str],
    *,
    named: str | None = None,
) -> str:
    """Write the commented template.

    Parameters
    ----------
    edition, label
        For which edition and system.
    values
        What is known, as text, by canonical field.
    schema
        Address or path of the JSON Schema, for editors; None if there is none to name.
    origin
        Where a value comes from, by canonical field; shown beside it.
    named
        How the user named the edition, such as a path; None is its own name.

    Returns
    -------
    str
        YAML text. A field that is mandatory and not known stays empty; an optional one is null.
    """
    tree: dict[str, Any] = {}
    for name, spec in edition.fields.items():
        node = tree
        for parent in spec.path[:-1]:
            node = node.setdefault(str(parent), {})
        node[str(spec.path[-1])] = name
    known = {**values, "label": label}
    head = [
        *([f"# yaml-language-server: $schema={schema}"] if schema else []),
        f"# {one_line(edition.title)}",
        "# Fill in what is empty; leave null what does not apply. Text after # is for you, and is ignored.",
        f"# `dcase-energy validate --edition {named or edition.name}` shows what is missing,",
        "# `dcase-energy explain CODE` says why a rule is there.",
    ]
    return "\n".join([*head, *_lines(tree, 0, edition, known, origin)]) + "\n"


def _lines(
    node: Mapping[str, Any], depth: int, edition: Edition, known: Mapping[str, str], origin: Mapping[str, str]
) -> Iterator[str]:
    indent = "  " * depth
    for key, below in node.items():
        if isinstance(below, dict):
            yield f"{indent}{key}:"
            yield from _lines(below, depth + 1, edition, known, origin)
            continue
        spec = edition.fields[below]
        if spec.group is None or below == _first_of(spec.group, edition):
            yield from _comment(spec, indent, mandatory=below in edition.required)
        if spec.kind is FieldKind.AUTHORS:
            yield f"{indent}{key}:"
            yield from (indent + "  " + line for line in _AUTHOR)
        else:
            source = f"  # {origin[below]}" if below in origin and below in known else ""
            value = _value(spec, known.get(below), mandatory=below in edition.required)
            yield f"{indent}{key}:{value}{source}"


def _first_of(group: str, edition: Edition) -> str:
    """The field of a group that has the comment for all of them."""
    return next(name for name, spec in edition.fields.items() if spec.group == group)


_AUTHOR = (
    "- lastname:",
    "  firstname:",
    "  email: null",
    "  corresponding: true  # true for exactly one author",
    "  affiliation:",
    "    abbreviation: null",
    "    institute: null",
    "    department: null",
    "    location: null",
)


def _comment(spec: FieldSpec, indent: str, *, mandatory: bool) -> Iterator[str]:
    text = spec.description + ("" if mandatory else " (optional)")
    if spec.choices:
        text += ": one of " + ", ".join(spec.choices)
    if spec.example is not None:
        example = spec.example if spec.kind in NUMBER_KINDS else _quoted(str(spec.example))
        text += f"; for example {example}"
    yield from (f"{indent}# {line}" for line in textwrap.wrap(text, _WIDTH - len(indent), break_on_hyphens=False))


def _value(spec: FieldSpec, text: str | None, *, mandatory: bool) -> str:
    if text is None:
        return "" if mandatory else " null"
    # Other labels than these may be a number or a mapping to YAML.
    plain = spec.kind in NUMBER_KINDS or (spec.kind is FieldKind.LABEL and _LABEL.fullmatch(text))
    return f" {text}" if plain else f" {_quoted(text)}"


def _quoted(text: str) -> str:
    # A JSON string is a YAML string, whatever it holds.
    return json.dumps(text, ensure_ascii=False)
