"""Sequences among the arguments of a verb, broadcast to points."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.core.params import Params


def is_sequence(value: object) -> bool:
    """Whether an argument stands for several points."""
    ndim = getattr(value, "ndim", 0)
    return isinstance(value, (list, tuple, range)) or (isinstance(ndim, int) and ndim > 0)


def broadcast(**arguments: Any) -> tuple[list[dict[str, Any]], bool]:
    """One dict of arguments for each point, and whether any argument was a sequence.

    Sequences of length 1 stretch; others must have one common length.

    Raises:
        ParameterError: an empty sequence, or lengths that differ.
    """
    arguments = {name: _values(value) for name, value in arguments.items()}
    lengths = {name: len(value) for name, value in arguments.items() if is_sequence(value)}
    for name, length in lengths.items():
        if length == 0:
            raise ParameterError(f"{name} is an empty sequence; give at least one value")
    size = max(lengths.values(), default=1)
    wrong = {name: length for name, length in lengths.items() if length not in (1, size)}
    if wrong:
        raise ParameterError(f"sequences must be equally long to form points; got lengths {lengths}")
    columns = {
        name: [value[i if lengths[name] > 1 else 0] for i in range(size)] if name in lengths else [value] * size
        for name, value in arguments.items()
    }
    return [{name: column[i] for name, column in columns.items()} for i in range(size)], bool(lengths)


def _values(value: Any) -> Any:
    """Of a labelled array, its values alone; anything else as it is."""
    values = getattr(value, "values", None)
    return values if isinstance(values, np.ndarray) and values.ndim else value


class Label(NamedTuple):
    """A coordinate of points: its values, unit and one line of doc."""

    values: np.ndarray
    unit: str
    doc: str


def varying(points: list[dict[str, Any]]) -> dict[str, Label]:
    """What differs between points, by name: coordinates of the `point` dimension.

    A nested parameter goes by its last name (``depth``), or by its path where two would collide; unit and doc are
    those that its Params declare.
    """
    flat = [dict(_leaves(point)) for point in points]
    paths = [p for p in flat[0] if all(p in f for f in flat) and any(f[p][0] != flat[0][p][0] for f in flat)]
    short = [path.split(".")[-1] for path in paths]
    names = [s if short.count(s) == 1 else p.replace(".", "_") for s, p in zip(short, paths, strict=True)]
    return {
        name: Label(np.array([f[path][0] for f in flat]), *flat[0][path][1:])
        for name, path in zip(names, paths, strict=True)
    }


Leaf = tuple[str, tuple[bool | int | float | str | np.integer[Any], str, str]]


def _leaves(value: Any, path: str = "", unit: str = "", doc: str = "") -> Iterator[Leaf]:
    """(path, (value, unit, doc)) of every number and text below a value; a kind goes by the path of what it names."""
    if isinstance(value, Params):
        for name in type(value).model_fields:
            if name == "kind":
                yield path, (str(getattr(value, name)), unit, doc)
            else:
                yield from _leaves(getattr(value, name), f"{path}.{name}", value.unit(name), value.doc(name))
    elif isinstance(value, dict):
        for name, item in value.items():
            own = "none" if item is None and name in OPTIONAL else item
            yield from _leaves(own, name, *ARGUMENTS.get(name, ("", "")))
    elif isinstance(value, tuple) and value and isinstance(value[0], Params):
        kinds = [getattr(item, "kind", "") for item in value]
        for i, item in enumerate(value):
            yield from _leaves(item, kinds[i] if kinds.count(kinds[i]) == 1 else f"{kinds[i]}_{i}")
    elif isinstance(value, (bool, int, float, str, np.integer)):
        yield path, (value, unit, doc)


OPTIONAL = ("gate",)
"""Arguments of which None is a kind of its own."""
ARGUMENTS = {
    "neuron": ("1", "kind of neuron"),
    "chain": ("1", "kind of chain"),
    "packet": ("1", "kind of volley"),
    "gate": ("1", "kind of gate"),
    "disfacilitation": ("1", "whether silencing a layer takes its background from the next"),
    "drive": ("1", "kind of drive"),
    "scheme": ("1", "time stepping"),
    "dtype": ("1", "arithmetic"),
    "method": ("1", "computation"),
    "h": ("mV", "cell width"),
    "dt": ("ms", "step"),
    "n": ("1", "number of neurons"),
    "sigma_t_in": ("ms", "standard deviation of the spike times of the packet"),
    "seed": ("1", "seed"),
}
"""Unit and doc of the arguments of verbs that may vary between points."""
