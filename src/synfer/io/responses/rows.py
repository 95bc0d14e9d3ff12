"""A row per stimulus: what tables, NWB and Neo hold of responses, and the way back."""

import json
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, shortly
from synfer.core.errors import ParameterError, SynferWarning
from synfer.inference.recordings.layout import check_responses, responses
from synfer.inference.recordings.synthetic import TRUTH
from synfer.io.files import SLACK

SAMPLES = ("spikes", "stimulus", "input")


@dataclass(frozen=True)
class Rows:
    """Stimuli in order of culture, session, step: their places and what was shown and counted."""

    culture: np.ndarray
    """Index of the culture (row,)."""
    session: np.ndarray
    step: np.ndarray
    spikes: np.ndarray
    """(row, unit)"""
    stimulus: np.ndarray
    """(row, source)"""
    input: np.ndarray
    """(row, input)"""


def rows(ds: xr.Dataset) -> Rows:
    """The rows of responses; those that are not valid have none."""
    at = np.nonzero(ds["valid"].values)
    return Rows(*at, *(ds[name].values[at] for name in SAMPLES))


def from_rows(given: Rows, cultures: list[str], n_units: Any, attrs: dict[str, Any]) -> xr.Dataset:
    """The responses whose rows these are.

    Raises:
        ParameterError: places that are not whole numbers >= 0 or occur twice, or what `responses` refuses.
    """
    n = len(given.spikes)
    if n == 0:
        raise ParameterError("there is no row: the recording is empty; give one for every stimulus")
    places = [_numbers(name, getattr(given, name)) for name in ("culture", "session", "step")]
    shape = (len(cultures), *(int(p.max()) + 1 for p in places[1:]))
    own = sum(getattr(given, name).nbytes for name in SAMPLES)
    if math.prod(shape) * (own // n) > SLACK + 100 * own:
        raise ParameterError(
            f"session and step go to {shape[1] - 1} and {shape[2] - 1}, and there are {n} rows; number them from 0"
        )
    flat = np.ravel_multi_index(tuple(places), shape)
    first = np.unique(flat, return_index=True)[1]
    if len(first) < n:
        row = int(np.setdiff1d(np.arange(n), first)[0])
        at = ", ".join(f"{k} {p[row]}" for k, p in zip(("culture", "session", "step"), places, strict=True))
        raise ParameterError(f"row {row} is a second one of {at}; give one for every stimulus")
    filled = {}
    for name in SAMPLES:
        values = getattr(given, name)
        filled[name] = np.zeros((*shape, values.shape[1]), values.dtype)
        filled[name][tuple(places)] = values
    valid = np.zeros(shape, bool)
    valid[tuple(places)] = True
    return build(valid=valid, n_units=n_units, culture=cultures, attrs=attrs, **filled)


def build(attrs: dict[str, Any], **arrays: Any) -> xr.Dataset:
    """The responses of these arrays with the attrs of those that were saved."""
    ds = responses(**arrays, condition=attrs.get("condition", ""), base=attrs.get("base"))
    ds.attrs |= attrs
    return ds


def whole(ds: xr.Dataset) -> xr.Dataset:
    """Responses that can be written and read again; a warning names the synthetic truth that is left out.

    Raises:
        ParameterError: they are not in the layout, are a selection, or hold more than the layout.
    """
    check_responses(ds, whole=True)
    names = [name for name in ds["culture"].values.tolist() if not name or not name.isprintable()]
    if names:
        raise ParameterError(f"culture {names[0]!r} must be a name of letters that can be printed, to be saved")
    numbered = {"session", "step", "unit", "source"}
    others = set(ds.variables) - numbered - {"culture", "spikes", "stimulus", "input", "valid", "n_units"}
    truth = sorted(map(str, others & set(TRUTH)))
    if truth and ds.attrs.get("condition") == "synthetic":
        warnings.warn(
            f"the truth of synthetic cultures has no place in a file of responses and is left out: {', '.join(truth)}",
            SynferWarning,
            stacklevel=3,
        )
        ds, others = ds.drop_vars(truth), others - set(truth)
    if others:
        names = sorted(map(str, others))
        raise ParameterError(f"{', '.join(names)} have no place in a file of responses; drop_vars({names}) leaves them")
    for name in numbered & set(ds.coords):
        if not np.array_equal(ds[name].values, np.arange(ds.sizes[name])):
            raise ParameterError(
                f"{name} = {shortly(ds[name].values.tolist())} must be numbered from 0 to be saved; "
                f"assign_coords({name}=range({ds.sizes[name]}))"
            )
    return ds


def attributes(ds: xr.Dataset) -> str:
    """The attrs as JSON text."""
    plain = {str(k): v.item() if isinstance(v, np.generic) else v for k, v in ds.attrs.items()}
    for name, value in plain.items():
        if not _kept(value):
            raise ParameterError(
                f"the attr {name} = {shortly(value)} must be a text, a number or a list of them to be saved; "
                f"del attrs[{name!r}] leaves it out"
            )
    try:
        return json.dumps(plain, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ParameterError(f"the attrs of the responses must be finite JSON values: {error}") from None


def _kept(value: object) -> bool:
    plain = (str, int, float)
    return isinstance(value, plain) or (isinstance(value, list) and all(isinstance(v, plain) for v in value))


def from_attributes(text: object) -> dict[str, Any]:
    """The attrs that `attributes` wrote."""
    try:
        attrs = json.loads(str(text))
    except ValueError as error:
        raise ParameterError(
            f"the attrs {shortly(text)} are no JSON ({error}); leave them out or repair them"
        ) from None
    if not isinstance(attrs, dict) or not all(map(_kept, attrs.values())):
        raise ParameterError(
            f"the attrs {shortly(text)} must be a JSON object of texts and numbers; leave them out or repair them"
        )
    return attrs


def sessions_of(culture: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Session and step of rows that state neither: `steps` rows of a culture are a session."""
    check_count("steps", steps)
    number = np.zeros(len(culture), np.int64)
    for k in np.unique(culture):
        rows_of = culture == k
        if rows_of.sum() % steps:
            raise ParameterError(
                f"culture {k} has {rows_of.sum()} rows, which are no whole number of sessions of {steps}; give steps="
            )
        number[rows_of] = np.arange(rows_of.sum())
    return number // steps, number % steps


def _numbers(name: str, array: np.ndarray) -> np.ndarray:
    values = np.asarray(array)
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise ParameterError(f"{name} must hold whole numbers >= 0, and holds {shortly(values.tolist()[:5])}")
    wrong = (values < 0) | (values != np.floor(values)) | (values >= 2**31)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ParameterError(f"{name}[{row}] = {values[row]:g} must be a whole number >= 0")
    return values.astype(np.int64)
