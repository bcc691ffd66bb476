"""TOML into frozen dataclasses: every key known, every key there, every value of its type."""

from __future__ import annotations

import difflib
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Config = TypeVar("Config")


class RecipeError(ValueError):
    """A recipe that cannot be used.

    Attributes
    ----------
    file
        The recipe as it was named.
    key
        Dotted key, empty where the whole file is meant.
    expected, found
        Short texts for people.
    """

    def __init__(self, file: str, key: str, expected: str, found: str) -> None:
        super().__init__(f"{file}: {key or 'recipe'}: expected {expected}, found {found}")
        self.file, self.key, self.expected, self.found = file, key, expected, found


def build(config: type[Config], table: Mapping[str, Any], *, file: str, key: str = "") -> Config:
    """Build a dataclass, and those inside it, from a parsed TOML table.

    Only a field with a default may be absent. An integer is taken where a float is asked for.

    Raises
    ------
    RecipeError
        At the first key that is unknown, missing or of another type.
    """
    known: dict[str, Field[Any]] = {field.name: field for field in fields(config)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known.keys() - table.keys(), n=1)
            expected = f"a known key (did you mean {near[0]!r}?)" if near else "a known key"
            raise RecipeError(file, _join(key, name), expected, "an unknown one")
    hints = get_type_hints(config)
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in table:
            values[name] = _convert(hints[name], table[name], file, _join(key, name))
        elif field.default is MISSING:
            raise RecipeError(file, _join(key, name), describe(hints[name]), "nothing")
    return config(**values)


def _convert(hint: Any, value: Any, file: str, key: str) -> Any:
    """Check one value against its annotation; lists become tuples, integers floats where asked."""
    if get_origin(hint) in (Union, types.UnionType):  # `X | None`: TOML has no null, so X
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return build(hint, value, file=file, key=key)
    if get_origin(hint) is tuple and isinstance(value, list):
        items = get_args(hint)
        if items[-1] is Ellipsis:
            items = (items[0],) * len(value)
        if len(items) == len(value):
            pairs = zip(items, value, strict=True)
            return tuple(_convert(t, v, file, f"{key}[{i}]") for i, (t, v) in enumerate(pairs))
    if get_origin(hint) is Literal and value in get_args(hint):
        return value
    # bool is a subclass of int, and no field here is a flag.
    if hint is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if hint in (int, str) and type(value) is hint:
        return value
    raise RecipeError(file, key, describe(hint), _found(value))


def describe(hint: Any) -> str:
    """Say in words what an annotation asks for."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(repr(arg) for arg in args)
    if origin is tuple and args[-1] is Ellipsis:
        return f"a list, each item {describe(args[0])}"
    if origin is tuple:
        return f"a list of {len(args)}, each item {describe(args[0])}"
    if origin in (Union, types.UnionType) or is_dataclass(hint):
        return "a table"
    return {int: "an integer", float: "a finite number", str: "a text"}.get(hint, str(hint))


def _found(value: Any) -> str:
    return f"{value!r} ({type(value).__name__})"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
