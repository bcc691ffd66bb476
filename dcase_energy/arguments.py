"""What arguments of public functions may be: types, and ranges of numbers, which options of the command line share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, wraps
from inspect import signature
from numbers import Integral, Real
from os import PathLike
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, Union, Unpack, get_args, get_origin, get_type_hints

from dcase_energy.errors import InputError

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Within:
    """A range of numbers; an end that is open does not belong to it, None means that there is no limit."""

    low: float
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number is in the range; NaN is in none."""
        above = value > self.low if self.low_open else value >= self.low
        return above and (self.high is None or (value < self.high if self.high_open else value <= self.high))

    def __str__(self) -> str:
        low, high = (f"{end:,.10g}" for end in (self.low, self.high or 0))
        if self.high is None:
            return f"of at least {low}"
        ends = f"above {low} and {'below' if self.high_open else 'at most'} {high}"
        return ends if self.low_open else f"from {low} to {high}"


# How often something is done, on how much, and how long.
AtLeastOne = Annotated[int, Within(1)]
StudyRepeats = Annotated[int, Within(1, 1000)]
BatchClips = Annotated[int, Within(4)]
JobCount = Annotated[int, Within(0)]
ResampleCount = Annotated[int, Within(0, 1_000_000)]
SomeSeconds = Annotated[float, Within(0)]
BudgetSeconds = Annotated[float, Within(1)]
# A probe takes about a minute.
ProbeGapSeconds = Annotated[float, Within(30)]
# What the generators of torch and NumPy all take; repeats add 1 each.
Seed = Annotated[int, Within(0, 2**32 - 1)]
Share = Annotated[float, Within(0, 1)]
Precision = Annotated[float, Within(0, 1, low_open=True)]
ConfidenceLevel = Annotated[float, Within(0, 1, low_open=True, high_open=True)]


def bounds_in(alias: Any) -> Within:
    """Return the range of an alias such as `Share`."""
    found: Within = get_args(alias)[1]
    return found


def checked(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Make a function refuse arguments that are not what its annotations say, before it does anything.

    A number of NumPy is passed on as Python's, and what is iterated over once as a list. The function then raises
    `InputError` with the argument's name, what was expected and what was found.
    """
    form = signature(function)

    @wraps(function)
    def call(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        given = form.bind(*args, **kwargs)
        hints = _hints(function)
        for name, value in given.arguments.items():
            hint = hints.get(name, Any)
            if get_origin(hint) is Unpack:
                kinds = _hints(get_args(hint)[0])
                if unknown := sorted(value.keys() - kinds.keys()):
                    raise TypeError(f"{function.__name__}() got an unexpected keyword argument {unknown[0]!r}")
                given.arguments[name] = {key: _judged(key, one, kinds[key]) for key, one in value.items()}
            else:
                given.arguments[name] = _judged(name, value, hint)
        return function(*given.args, **given.kwargs)

    return call


@cache
def _hints(thing: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function or TypedDict; names that only type checkers import are anything."""
    names: dict[str, Any] = {}
    while True:
        try:
            return get_type_hints(thing, localns=names, include_extras=True)
        except NameError as missing:
            names[str(missing.name)] = Any


def _judged(name: str, value: Any, hint: Any) -> Any:
    """The value as it is passed on."""
    if isinstance(value, Iterable) and not isinstance(value, Sequence | Mapping | Set) and _takes_list(hint):
        value = list(value)
    if not _fits(value, hint):
        raise InputError(f"{name}: expected {_in_words(hint)}; found {value!r:.80}")
    if _is_real(value) and type(value) not in {int, float}:
        return int(value) if isinstance(value, Integral) else float(value)
    return value


def _takes_list(hint: Any) -> bool:
    return any(get_origin(one) is Sequence for one in (hint, *get_args(hint)))


def _is_real(value: Any) -> bool:
    """Whether a value is a finite number, and not True or False."""
    try:
        return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # an integer that no float holds
        return False


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | Set) and not isinstance(value, str | bytes)


# Whether a value is of a kind of annotation, by the parts of that; of other kinds it is an instance.
_FITS: dict[Any, Callable[[Any, tuple[Any, ...]], bool]] = {
    Any: lambda _, __: True,
    Annotated: lambda value, parts: _fits(value, parts[0]) and parts[1].holds(value),
    Union: lambda value, parts: any(_fits(value, one) for one in parts),
    Literal: lambda value, parts: any(type(value) is type(one) and value == one for one in parts),
    int: lambda value, _: isinstance(value, Integral) and _is_real(value),
    float: lambda value, _: _is_real(value),
    Callable: lambda value, _: callable(value),
    Sequence: lambda value, parts: _is_list(value) and all(_fits(one, parts[0]) for one in value),
    tuple: lambda value, parts: _is_list(value) and len(value) == len(parts) and all(map(_fits, value, parts)),
    Mapping: lambda value, parts: (
        isinstance(value, Mapping) and all(all(map(_fits, pair, parts)) for pair in value.items())
    ),
}
_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a finite number",
    bool: "True or False",
    str: "a text",
    PathLike: "a path",
    Callable: "a function",
}


def _kind(hint: Any) -> Any:
    return Union if isinstance(hint, UnionType) else get_origin(hint) or hint


def _fits(value: Any, hint: Any) -> bool:
    fits = _FITS.get(_kind(hint))
    return isinstance(value, _kind(hint)) if fits is None else fits(value, get_args(hint))


def _in_words(hint: Any) -> str:
    kind = _kind(hint)
    if kind in _WORDS:
        return _WORDS[kind]
    parts = [_in_words(one) for one in get_args(hint) if one is not NoneType]
    if kind is Annotated:
        return f"{parts[0].replace('finite ', '')} {parts[1]}"
    if kind is Literal:
        return f"one of {', '.join(parts)}"
    if kind is Union:  # a path may be a text
        return " or ".join(dict.fromkeys(one for one in parts if one != "a text" or "a path" not in parts))
    if kind is tuple:
        return f"({', '.join(parts)})"
    if kind in {Sequence, Mapping}:
        several = [re.sub(r"^a (path|text|whole number|finite number|number)", r"\1s", one) for one in parts]
        return f"a {'mapping' if kind is Mapping else 'list'} of {' to '.join(several)}"
    return getattr(kind, "__name__", str(kind))
