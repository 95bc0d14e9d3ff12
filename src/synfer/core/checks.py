"""Checks of arguments that many parts need, each with one error that names the argument, the value and the repair."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from .errors import ParameterError, did_you_mean

T = TypeVar("T")
MOST = 2**31 - 1
"""Of a count, unless more is said to be allowed."""
SUM_TOLERANCE = 1e-9
"""How far the sum of probabilities may be from 1."""


def check_count(name: str, value: Any, least: int = 1, most: int = MOST) -> int:
    """A whole number in least .. most, which True and 2.0 are not.

    Example:
        >>> check_count("trials", 3)
        3
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        allowed = f"in {least} .. {most}" if most != MOST or (whole and value > most) else f">= {least}"
        raise ParameterError(f"{name} = {shortly(value)} must be a whole number {allowed}; for example {name}={least}")
    return int(value)


def check_positive(name: str, value: Any, repair: str, *, unit: str = "", infinite: bool = False) -> float:
    """A number > 0, which True and "1" are not; `repair` says what to give.

    Example:
        >>> check_positive("tau", 8, "for example tau=10.0")
        8.0
    """
    try:
        number = np.asarray(value)
    except (TypeError, ValueError):
        number = np.asarray(None)
    if number.ndim or number.dtype.kind not in "iuf" or not number > 0 or (np.isinf(number) and not infinite):
        raise ParameterError(
            f"{name} = {shortly(value)}{unit} must be a number > 0{unit}{'' if infinite else ' and finite'}; {repair}"
        )
    return float(number)


def check_floor(floor: Any) -> float:
    """The least that counts may become, > 0; -infinity for None."""
    return -np.inf if floor is None else check_positive("floor", floor, "give floor=1.0, a number of counts, or None")


def check_choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """One of the allowed words."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:
        raise ParameterError(f"{name} = {shortly(value)} is unknown{did_you_mean(str(value)[:60], allowed)}")
    return value


def check_kind(name: str, value: object, kind: type[T], repair: str) -> T:
    """A value of that class; `repair` says how one is made."""
    if not isinstance(value, kind):
        raise ParameterError(f"{name} = {shortly(value)} must be of kind {kind.__name__}; {repair}")
    return value


def check_function(name: str, value: Any, form: str) -> Callable[..., Any]:
    """Something that can be called; `form` says with what and what it gives."""
    if not callable(value):
        raise ParameterError(f"{name} = {shortly(value)} must be a function {form}")
    return value


def check_numbers(name: str, value: object, *, finite: bool = True) -> np.ndarray:
    """A float64 copy of real numbers."""
    try:
        if value is None:
            raise TypeError("it is None")
        given = np.asarray(value)
        if given.dtype.kind not in "biufO":
            raise TypeError({"c": "it is complex", "U": "it is text"}.get(given.dtype.kind, f"it holds {given.dtype}"))
        numbers = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ParameterError(f"{name} must be an array of real numbers ({error})") from None
    if finite and not np.isfinite(numbers).all():
        raise ParameterError(f"{place(name, numbers, ~np.isfinite(numbers))} must be finite")
    return numbers


def check_names(axis: str, given: object, size: int) -> tuple[str, ...]:
    """`size` different names along an axis; a0, a1, ... where none are given."""
    if isinstance(given, str) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) == 0:
        raise ParameterError(f"{axis} = {shortly(given)} must be a tuple of {size} names, one for each along its axis")
    names = tuple(given)
    if not names:
        return tuple(f"{axis[0]}{k}" for k in range(size))
    if not all(isinstance(name, str) for name in names):
        raise ParameterError(f"{axis} = {shortly(names)} must be {size} names, each a text")
    if len(names) != size:
        raise ParameterError(f"{axis} has {len(names)} names and must have {size}, one for each along its axis")
    if len(set(names)) != size:
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise ParameterError(f"{axis} names {twice!r} twice; give every one a name of its own")
    return tuple(str(name) for name in names)


def place(name: str, array: np.ndarray, wrong: Sequence[bool] | np.ndarray) -> str:
    """`name[3, 1] = 7`: the first place that is wrong, and what stands there."""
    where = np.unravel_index(int(np.argmax(wrong)), array.shape)
    value = float(array[where])
    shown = f"{value:.6g}"
    return f"{name}{[int(k) for k in where] or ''} = {shown if float(shown) == value else value}"


def shortly(value: object) -> str:
    """Its repr, no longer than a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:50]}... ({type(value).__name__})"
