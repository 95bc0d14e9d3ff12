"""What varies in a sweep: axes of values, and ranges that a Sobol sequence fills.

"packet.a" = [20, 40, 60]                                              values
"packet.a" = { from = 20, to = 100, steps = 5, scale = "linear" }      evenly spaced, ends included
"packet.a" = { from = 20, to = 100, scale = "log" }                    a range for Sobol points
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Literal, Self

import numpy as np
from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr, field_validator, model_validator

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.params import Params, field
from synfer.core.points import is_sequence

MOST_STEPS = 1_000_000
"""Values on one axis."""


class Axis(Params):
    """A path and the values that it takes, in order."""

    kind: Literal["axis"] = "axis"
    positional = ("path", "values")
    path: str = field(doc="dotted path of the parameter")
    values: tuple[StrictBool | StrictInt | StrictFloat | StrictStr, ...] = field(doc="its values")


class Range(Params):
    """A path and the range that it is drawn from, evenly in itself or in its logarithm."""

    kind: Literal["range"] = "range"
    positional = ("path", "low", "high")
    path: str = field(doc="dotted path of the parameter")
    low: float = field(doc="smallest value")
    high: float = field(doc="largest value")
    scale: Literal["linear", "log"] = field("linear", doc="what is even: the value, or its logarithm")

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"{self.path!r}: from = {self.low:g} must be < to = {self.high:g}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"{self.path!r}: from = {self.low:g} must be > 0 on a log scale")
        return self


class Sobol(Params):
    """Points of a scrambled Sobol sequence; a power of two of them is spread most evenly."""

    kind: Literal["sobol"] = "sobol"
    samples: int = field(ge=1, le=2**30, doc="number of points; a power of two is best")
    seed: int = field(0, ge=0, lt=2**63, doc="seed of the scrambling")
    ranges: tuple[Range, ...] = field(doc="the ranges, by path")

    @field_validator("ranges", mode="before")
    @classmethod
    def _from_table(cls, value: Any) -> Any:
        return ranges_of(value)


def axes_of(table: Any) -> Any:
    """Axes from a table of values and ranges by path; tuples of Axis pass."""
    if not isinstance(table, Mapping):
        return table
    return tuple(Axis(path, _values(path, value)) for path, value in table.items())


def ranges_of(table: Any) -> Any:
    """Ranges from a table by path; tuples of Range pass."""
    if not isinstance(table, Mapping):
        return table
    return tuple(Range(path, scale=scale, low=a, high=b) for path, (a, b, scale, _) in _ranges(table, steps=False))


def _ranges(table: Mapping[str, Any], steps: bool) -> Any:
    return [(path, _range(path, value, steps)) for path, value in table.items()]


def _values(path: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        low, high, scale, steps = _range(path, value, steps=True)
        Range(path, low, high, scale=scale)
        spaced = np.geomspace if scale == "log" else np.linspace
        return tuple(spaced(low, high, steps).tolist())
    if not is_sequence(value):
        raise ParameterError(f"{path!r} = {value!r} is no axis; give a list, or {{ from = , to = , steps = }}")
    found = tuple(value.tolist() if hasattr(value, "tolist") else value)
    for item in found:
        if not isinstance(item, (bool, int, float, str)) or (isinstance(item, float) and not isfinite(item)):
            raise ParameterError(
                f"{path!r}: {item!r} must be a finite number, or true, false or text where these stand"
            )
    return found


def _range(path: str, value: Any, steps: bool) -> tuple[float, float, str, int]:
    """From, to, scale and steps of a table."""
    form = "{ from = , to = , steps = }" if steps else "{ from = , to = }"
    if not isinstance(value, Mapping):
        raise ParameterError(f"{path!r} = {value!r} must be a range, {form}")
    needed = ("from", "to", *(("steps",) if steps else ()))
    if not set(value) & {"from", "to", "steps", "scale"}:
        raise ParameterError(f'{path!r} is a table; write the whole path in quotes, "{path}.{next(iter(value), "")}"')
    for name in value:
        if name not in (*needed, "scale"):
            raise ParameterError(f"{path!r}: unknown {name!r} in a range{did_you_mean(name, (*needed, 'scale'))}")
    missing = [name for name in needed if name not in value]
    if missing:
        raise ParameterError(f"{path!r}: the range lacks {', '.join(missing)}; write {form}")
    for name in ("from", "to"):
        if isinstance(value[name], bool) or not isinstance(value[name], (int, float)):
            raise ParameterError(f"{path!r}: {name} = {value[name]!r} must be a number")
    count = value.get("steps", 2)
    if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST_STEPS:
        raise ParameterError(f"{path!r}: steps = {count!r} must be a whole number from 2 to {MOST_STEPS}")
    scale = value.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise ParameterError(f"{path!r}: scale = {scale!r} must be linear or log")
    return float(value["from"]), float(value["to"]), scale, count
