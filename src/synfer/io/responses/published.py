"""Responses as they were published: MATLAB cells data_{condition} of structs s, o, r, a row per stimulus."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.inference.recordings.layout import responses
from synfer.io.responses.matlab import ELEMENTS, Node, variables

FIELDS = {"s": "stimulus", "o": "input", "r": "spikes"}
PREFIX = "data_"


def read(path: Path, steps: int, variable: str | None) -> xr.Dataset:
    """The cultures of one variable; sessions are `steps` rows long."""
    name, node = _chosen(variables(path), variable)
    elements, held = [] if node.kind == "cell" else node.structs(), 0
    for cell in node.cells() if node.kind == "cell" else ():
        elements.append(_struct(cell))
        held += len(elements[-1])
        if held > ELEMENTS:
            raise ParameterError(f"{name} holds more than {ELEMENTS:,} arrays: it is no recording")
    if not elements:
        raise ParameterError(f"{name} has the shape {node.shape}: it holds no culture")
    places = [f"{name}{{{k + 1}}}" for k in range(len(elements))]
    cultures = [_culture(*both, steps) for both in zip(places, elements, strict=True)]
    condition = name.removeprefix(PREFIX)
    arrays: dict[str, Any] = {FIELDS[field]: [culture[field] for culture in cultures] for field in FIELDS}
    return responses(
        **arrays,
        culture=[f"{condition}-{k + 1}" for k in range(len(cultures))],
        condition=condition,
        file=path.name,
    )


def _chosen(found: dict[str, Callable[[], Node] | None], variable: str | None) -> tuple[str, Node]:
    fit = {k: unpack for k, unpack in found.items() if unpack is not None}
    names = [variable] if variable else [k for k in fit if k.startswith(PREFIX)] or list(fit)
    if len(names) != 1 or names[0] not in fit:
        wanted = f"variable {variable!r}" if variable else f"one variable {PREFIX}CONDITION"
        raise ParameterError(
            f"it must hold {wanted}, a cell of structs s, o, r; it holds {', '.join(found) or 'nothing'}"
            + ("; give variable=" if len(fit) > 1 else "")
        )
    return names[0], fit[names[0]]()


def _struct(cell: Node) -> dict[str, Node]:
    elements = cell.structs() if cell.kind == "struct" else []
    if len(elements) != 1:
        raise ParameterError(f"{cell.where} is of kind {cell.kind!r}, {cell.shape}, and must be a struct with s, o, r")
    return elements[0]


def _culture(where: str, fields: dict[str, Node], steps: int) -> dict[str, np.ndarray]:
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        raise ParameterError(f"{where} lacks the field {missing[0]}; it has {', '.join(fields) or 'none'}")
    arrays = {field: fields[field].numbers() for field in ("r", "s", "o")}
    rows = len(arrays["r"])
    for field, array in arrays.items():
        if array.ndim != 2 or 0 in array.shape:
            raise ParameterError(f"{where}.{field} has the shape {array.shape} and must have a row for every stimulus")
        if len(array) != rows:
            raise ParameterError(f"{where}.{field} has {len(array)} rows and {where}.r has {rows}; both need as many")
    if rows % steps:
        raise ParameterError(
            f"{where}.r has {rows} rows, which are no whole number of sessions of {steps}; give steps="
        )
    return {field: array.reshape(-1, steps, array.shape[1]) for field, array in arrays.items()}
