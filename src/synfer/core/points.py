"""Sequences among the arguments of a verb, broadcast to points."""

import json
from typing import Any

import numpy as np

from synfer.core.errors import ParameterError
from synfer.core.params import Params


def is_sequence(value: object) -> bool:
    """Whether an argument stands for several points."""
    return isinstance(value, (list, tuple, range)) or getattr(value, "ndim", 0) > 0


def broadcast(**arguments: Any) -> tuple[list[dict[str, Any]], bool]:
    """One dict of arguments for each point, and whether any argument was a sequence.

    Sequences of length 1 stretch; others must have one common length.

    Raises:
        ParameterError: an empty sequence, or lengths that differ.
    """
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


def varying(points: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """What differs between points, by name: coordinates of the `point` dimension.

    A nested parameter goes by its last name (``depth``), or by its path where two would collide.
    """
    flat = [_flatten(point) for point in points]
    paths = [p for p in flat[0] if all(p in f for f in flat) and any(f[p] != flat[0][p] for f in flat)]
    short = [path.split(".")[-1] for path in paths]
    names = [s if short.count(s) == 1 else p.replace(".", "_") for s, p in zip(short, paths, strict=True)]
    return {name: np.array([f[path] for f in flat]) for name, path in zip(names, paths, strict=True)}


def _flatten(point: dict[str, Any]) -> dict[str, float | str]:
    leaves: dict[str, float | str] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(path if key == "kind" else f"{path}.{key}" if path else key, item)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            kinds = [item.get("kind", "") for item in value]
            for i, item in enumerate(value):
                walk(kinds[i] if kinds.count(kinds[i]) == 1 else f"{kinds[i]}_{i}", item)
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            leaves[path] = value

    walk("", {k: json.loads(v.spec()) if isinstance(v, Params) else v for k, v in point.items()})
    return leaves
