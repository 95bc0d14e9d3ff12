"""The dataset of responses: what was shown to a culture and how its units answered, checked on the way in.

    stimulus  (culture, session, step, source)  0/1     hidden sources s
    input     (culture, session, step, input)   0/1     stimulated electrodes o
    spikes    (culture, session, step, unit)    counts  responses r
    valid     (culture, session, step)          bool    False where a session is shorter or missing: all else is 0 there
    n_units   (culture)                                 units of the culture; those beyond are padding, 0

`step` is the number of the stimulus within its session. Nothing in it is NaN.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, check_kind, check_names, check_positive, place, shortly
from synfer.core.errors import ParameterError
from synfer.core.results import dataset

DIMS = {
    "spikes": ("culture", "session", "step", "unit"),
    "stimulus": ("culture", "session", "step", "source"),
    "input": ("culture", "session", "step", "input"),
    "valid": ("culture", "session", "step"),
    "n_units": ("culture",),
}
SLACK, MOST_PADDING = 2**26, 100
"""Cultures of unequal sizes may be padded to so many bytes, and to this many times their own."""
NUMBERED = ("session", "step", "unit", "source")
COUNTS = tuple(np.dtype(f"u{size}") for size in (1, 2, 4))
"""Counts are kept in the smallest of these that holds them."""


def responses(
    spikes: Any,
    stimulus: Any,
    input: Any,
    *,
    valid: Any = None,
    n_units: Any = None,
    culture: Sequence[str] | None = None,
    condition: str = "",
    base: float | None = None,
    file: str | None = None,
) -> xr.Dataset:
    """The dataset of responses (this module's docstring) from arrays.

    Args:
        spikes: Counts: one culture (session, step, unit), several (culture, session, step, unit), or a list of
            cultures (session, step, unit) of unequal sizes, which are padded with 0.
        stimulus: 0/1 in the same form, with sources in place of units.
        input: 0/1 in the same form, with electrodes in place of units.
        valid: Where there was a stimulus, (session, step) or (culture, session, step); everywhere otherwise.
        n_units: Units of each culture.
        culture: Their names; c0, c1, ... otherwise.
        condition: Name of the condition.
        base: Mean count per stimulus of a control recording; `ImplicitFreeEnergy` fits it otherwise.
        file: Name of the file that it was read from.

    Returns:
        Dataset; counts are unsigned integers, numbers of sessions, steps, units and sources begin at 0. `input` is
        both a variable and its last dimension, which xarray lists among the coordinates.

    Raises:
        ParameterError: negative or fractional counts, NaN, a stimulus or input that is not 0/1, shapes that do not
            fit, an empty session, a unit without a spike: each names the variable and the place.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> s = rng.integers(2, size=(10, 256, 2))
        >>> rec = responses(rng.poisson(3, (10, 256, 64)), s, s.repeat(16, axis=2), condition="mine")
        >>> dict(rec.sizes)
        {'culture': 1, 'session': 10, 'step': 256, 'unit': 64, 'source': 2, 'input': 32}
    """
    counts, extents = _cultures("spikes", spikes, 3)
    s, s_extents = _cultures("stimulus", stimulus, 3)
    o, o_extents = _cultures("input", input, 3)
    _same_steps(extents, {"stimulus": s_extents, "input": o_extents})
    if valid is None:
        mask = _filled(extents[:, :2], counts.shape[1:3])
    else:
        mask, v_extents = _cultures("valid", valid, 2)
        _same_steps(extents, {"valid": v_extents})
    units = extents[:, 2] if n_units is None else _units(n_units, len(counts), counts.shape[3])
    names = check_names("culture", () if culture is None else culture, len(counts))
    about = {"condition": condition, "base": base, "file": file}
    _attrs({name: value for name, value in about.items() if value is not None})
    if file is not None and not isinstance(file, str):
        raise ParameterError(f"file = {shortly(file)} must be the name of a file as a text, or left out")
    return check_responses(_labelled(counts, s, o, mask, units, names, about), whole=True)


def check_responses(ds: xr.Dataset, *, whole: bool = False) -> xr.Dataset:
    """The dataset itself, if it has the layout of responses; variables besides are left alone.

    Args:
        ds: What is to be checked.
        whole: Whether it is all of a recording, where every unit has a spike, and every session and step a stimulus; a
            selection of cultures or sessions need not be.

    Raises:
        ParameterError: no such dataset; names the variable and the place that is wrong.

    Example:
        >>> check_responses(xr.Dataset())
        Traceback (most recent call last):
        synfer.core.errors.ParameterError: the responses lack 'spikes'; make them with responses(spikes, ...)
    """
    check_kind("the responses", ds, xr.Dataset, "load_responses and responses(spikes, stimulus, input) make one")
    for name, dims in DIMS.items():
        if name not in ds.variables:
            raise ParameterError(f"the responses lack {name!r}; make them with responses(spikes, ...)")
        if ds[name].dims != dims:
            raise ParameterError(f"{name} has the dims {ds[name].dims} and must have {dims}; transpose it")
    for dim, size in ds.sizes.items():
        if dim in (*DIMS["spikes"], "source", "input") and size == 0:
            raise ParameterError(f"{dim} has length 0: the recording is empty; give at least one {dim}")
    check_names("culture", tuple(ds["culture"].values.tolist()), ds.sizes["culture"])
    _attrs(ds.attrs)
    for name in ("stimulus", "input", "valid"):
        _binary(name, ds[name].values)
    _whole("spikes", ds["spikes"].values)
    if ds["valid"].dtype != bool:
        raise ParameterError(f"valid is of {ds['valid'].dtype} and must be of bool; give valid.astype(bool)")
    for name in ("spikes", "stimulus", "input"):
        if ds[name].dtype.kind not in "iu":
            raise ParameterError(f"{name} is of {ds[name].dtype} and must be of integers; give {name}.astype(int)")
    _units(ds["n_units"].values, ds.sizes["culture"], ds.sizes["unit"])
    _check_padding(ds)
    _check_life(ds, whole)
    return ds


def _labelled(
    counts: np.ndarray, s: np.ndarray, o: np.ndarray, mask: np.ndarray, units: np.ndarray, names: Any, about: Any
) -> xr.Dataset:
    numbers = dict(zip(NUMBERED, (*counts.shape[1:], s.shape[3]), strict=True))
    return dataset(
        {
            "spikes": (DIMS["spikes"], _smallest(_whole("spikes", counts))),
            "stimulus": (DIMS["stimulus"], _binary("stimulus", s)),
            "input": (DIMS["input"], _binary("input", o)),
            "valid": (DIMS["valid"], _binary("valid", mask).astype(bool)),
            "n_units": (DIMS["n_units"], units.astype(np.int64)),
        },
        {"culture": (("culture",), np.array(names))} | {k: ((k,), np.arange(n)) for k, n in numbers.items()},
        **about,
    )


def _cultures(name: str, value: Any, ndim: int) -> tuple[np.ndarray, np.ndarray]:
    """An array with culture first, padded with 0, and the extent (culture, ndim) of each culture along its axes."""
    if any(map(np.ma.is_masked, value if isinstance(value, (list, tuple)) else [value])):
        raise ParameterError(f"{name} is masked in places; give 0 there, {name}.filled(0), and valid=False")
    if isinstance(value, (list, tuple)) and value and all(getattr(part, "ndim", -1) == ndim for part in value):
        return _padded([np.asarray(part) for part in value])
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # ragged
        array = np.array(None)
    if array.dtype.kind not in "biuf" or array.ndim not in (ndim, ndim + 1):
        axes = DIMS[name][1:]
        got = f"{array.dtype} of shape {array.shape}" if array.dtype != object else shortly(value)
        raise ParameterError(
            f"{name} is {got} and must be numbers of shape ({', '.join(axes)}), with culture before them, or a list of "
            f"such arrays, one for each culture"
        )
    array = array if array.ndim == ndim + 1 else array[None]
    return array, np.tile(array.shape[1:], (len(array), 1))


def _padded(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    extents, kind = np.array([part.shape for part in parts]), np.result_type(*parts)
    shape = (len(parts), *extents.max(axis=0).tolist())
    if math.prod(shape) * kind.itemsize > SLACK + MOST_PADDING * sum(part.nbytes for part in parts):
        raise ParameterError(
            f"cultures of shapes {shortly([part.shape for part in parts])} would take {shape} to hold together, nearly "
            f"all of it padding; give them as recordings of their own"
        )
    whole = np.zeros(shape, dtype=kind)
    for row, part in zip(whole, parts, strict=True):
        row[tuple(map(slice, part.shape))] = part
    return whole, extents


def _filled(extents: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    session, step = (np.arange(n)[None] < extents[:, k, None] for k, n in enumerate(shape))
    return session[:, :, None] & step[:, None, :]


def _same_steps(spikes: np.ndarray, others: dict[str, np.ndarray]) -> None:
    for name, extents in others.items():
        if len(extents) != len(spikes):
            raise ParameterError(f"{name} has {len(extents)} cultures and spikes {len(spikes)}; give both for the same")
        wrong = (extents[:, :2] != spikes[:, :2]).any(axis=1)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise ParameterError(
                f"{name} of culture {k} has (session, step) = {tuple(extents[k, :2].tolist())} and spikes have "
                f"{tuple(spikes[k, :2].tolist())}; give one row for every stimulus in both"
            )
        last = extents[:, 2:]
        if (last != last[:1]).any():
            k = int(np.argmax((last != last[:1]).any(axis=1)))
            axis = DIMS[name][-1]
            raise ParameterError(
                f"{name} of culture {k} has {last[k, 0]} along {axis} and culture 0 has {last[0, 0]}; all cultures "
                f"must have as many, so keep those of another task in another dataset"
            )


def _whole(name: str, array: np.ndarray) -> np.ndarray:
    """Counts as integers."""
    if array.dtype.kind == "f":
        wrong = ~np.isfinite(array)
        if wrong.any():
            raise ParameterError(
                f"{_at(name, array, wrong)} must be finite; where there is no count, give 0 and valid=False"
            )
        wrong = array != np.floor(array)
        if wrong.any():
            raise ParameterError(f"{_at(name, array, wrong)} must be a whole number; give counts, no rates")
    elif array.dtype.kind not in "biu":
        raise ParameterError(f"{name} is of {array.dtype} and must be of whole numbers")
    if array.dtype.kind in "if" and array.size and array.min() < 0:
        raise ParameterError(f"{_at(name, array, array < 0)} must be >= 0; give counts")
    if array.size and array.max() >= 2**32:
        raise ParameterError(
            f"{_at(name, array, array >= 2**32)} must be < {2**32}; give counts of spikes per stimulus"
        )
    return array.astype(np.int64) if array.dtype.kind == "f" else array


def _binary(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise ParameterError(f"{name} is of {array.dtype} and must be 0 or 1")
    if array.dtype.kind != "b":
        wrong = (array != 0) & (array != 1)
        if wrong.any():
            raise ParameterError(f"{_at(name, array, wrong)} must be 0 or 1")
    return array.astype(np.uint8)


def _smallest(counts: np.ndarray) -> np.ndarray:
    most = counts.max(initial=0)
    return counts.astype(next(kind for kind in COUNTS if most <= np.iinfo(kind).max))


def _units(given: Any, cultures: int, most: int) -> np.ndarray:
    units = np.atleast_1d(np.asarray(given))
    if units.dtype.kind not in "iu" or units.shape != (cultures,):
        raise ParameterError(f"n_units = {shortly(given)} must be {cultures} whole numbers, one for each culture")
    for k, n in enumerate(units.tolist()):
        check_count(f"n_units[{k}]", n, 1, most)
    return units


def _attrs(attrs: dict[Any, Any]) -> None:
    condition, base = attrs.get("condition", ""), attrs.get("base", 1.0)
    if not isinstance(condition, str):
        raise ParameterError(f"condition = {shortly(condition)} must be a text, for example condition='control'")
    check_positive("base", base, "in spikes per stimulus, or left out")


def _check_padding(ds: xr.Dataset) -> None:
    valid = ds["valid"].values
    for name in () if valid.all() else ("spikes", "stimulus", "input"):
        array = ds[name].values
        wrong = (array != 0) & ~valid[..., None]
        if wrong.any():
            raise ParameterError(f"{_at(name, array, wrong)} must be 0, for valid is False there; set one or the other")
    beyond = np.arange(ds.sizes["unit"]) >= ds["n_units"].values[:, None]
    spikes = ds["spikes"].values
    for k in np.flatnonzero(beyond.any(axis=1)):
        wrong = (spikes[k] != 0) & beyond[k]
        if wrong.any():
            at = _at(f"culture {k}: spikes", spikes[k], wrong, DIMS["spikes"][1:])
            raise ParameterError(f"{at} must be 0, for the culture has n_units = {ds['n_units'].values[k]}")


def _check_life(ds: xr.Dataset, whole: bool) -> None:
    valid, spikes = ds["valid"].values, ds["spikes"].values
    for k, name in enumerate(ds["culture"].values.tolist()):
        if not valid[k].any():
            raise ParameterError(f"valid is False throughout culture {name!r}: an empty recording; leave it out")
        silent = np.flatnonzero(~spikes[k, ..., : int(ds["n_units"].values[k])].any(axis=(0, 1)))
        if whole and len(silent):
            raise ParameterError(
                f"spikes of culture {name!r}: unit {shortly(silent.tolist())} has no spike in any session; "
                f"leave silent units out and give n_units"
            )
    for axis, name in ((1, "session"), (2, "step")):
        empty = np.flatnonzero(~valid.any(axis=tuple({0, 1, 2} - {axis})))
        if whole and len(empty):
            raise ParameterError(f"valid is False throughout {name} {shortly(empty.tolist())}: leave empty {name}s out")
    most = int(ds["n_units"].values.max())
    if whole and most < ds.sizes["unit"]:
        raise ParameterError(
            f"n_units is at most {most} and spikes have {ds.sizes['unit']} units; leave the others out"
        )


def _at(name: str, array: np.ndarray, wrong: np.ndarray, dims: tuple[str, ...] | None = None) -> str:
    return f"{place(name, array, wrong)} ({', '.join(dims or DIMS[name])})"
