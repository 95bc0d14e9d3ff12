"""Results on disk: zarr v3 folders whose bytes depend on the result alone.

Nothing of clock, host, path or thread count goes in: one chunk order, one compressor, sorted attributes,
no consolidated copy of the metadata (zarr v3 does not specify one).
"""

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from zarr.codecs import ZstdCodec

from synfer.core.errors import ParameterError
from synfer.study.folder import ATTEMPTS, StoreError, identity, in_replacement, replacing, restore

CHUNK_BYTES = 2**26
"""Chunks stay below 64 MiB; most variables are one chunk, so a result is a handful of files."""


def save(ds: xr.Dataset, path: str | Path) -> Path:
    """Write a result as a zarr v3 folder; equal results give equal bytes.

    Args:
        ds: The result: numbers, booleans and text, attrs of JSON values.
        path: The folder to make. An earlier result there is replaced only once the new one is complete.

    Returns:
        The path.

    Raises:
        ParameterError: a variable or attribute that has no place in a store.
        StoreError: the folder cannot be written, or holds something else than a result.
    """
    target = Path(path)
    if _foreign(target):
        raise StoreError(f"{target} exists and is no zarr result; choose another folder or remove it")
    with replacing(target) as folder:
        write(ds, folder)
    return target


def _foreign(target: Path) -> bool:
    """Whether something lies there that is no result; a result that another writer replaces meanwhile is none such."""
    before = identity(target)
    try:
        names = [path.name for path in target.iterdir()]
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True
    return bool(names) and "zarr.json" not in names and identity(target) == before


def write(ds: xr.Dataset, folder: Path) -> None:
    """Write a result into an empty or new folder, without the ceremony of `save`."""
    prepared = _prepared(ds)
    encoding = {
        str(name): {"chunks": _chunks(variable), "compressors": ZstdCodec(level=3, checksum=True)}
        for name, variable in prepared.variables.items()
    }
    prepared.to_zarr(folder, mode="w", zarr_format=3, consolidated=False, encoding=encoding)


def open(path: str | Path) -> xr.Dataset:
    """Read a result into memory, variables in alphabetical order.

    Raises:
        StoreError: there is no result at `path`, or it cannot be read.
    """
    source = Path(path)
    for left in reversed(range(ATTEMPTS)):
        restore(source)
        before = identity(source)
        try:
            ds = _load(source)
        except StoreError:
            # Between a writer's two renames there is nothing, or the old result on its way out.
            if not left or (identity(source) == before and not in_replacement(source)):
                raise
            time.sleep(0.001)
            continue
        if identity(source) == before:
            return ds
    raise StoreError(f"other programs keep replacing {source}; let one finish")


def _load(source: Path) -> xr.Dataset:
    if not (source / "zarr.json").is_file():
        raise StoreError(f"there is no result at {source}; a result is a folder that holds zarr.json")
    try:
        ds = xr.open_zarr(source, consolidated=False, chunks=None).load()
    except Exception as error:  # a damaged store raises whatever its codec raises
        raise StoreError(f"the result at {source} is damaged ({error}); make it again with synfer run") from error
    return _in_order(_with_fixed_text(ds.drop_encoding()))


def _prepared(ds: xr.Dataset) -> xr.Dataset:
    ds = ds.drop_encoding()
    for name, variable in ds.variables.items():
        if variable.dtype.kind == "U":  # zarr v3 specifies text of variable length only
            ds[name] = variable.astype(object)
        elif variable.dtype.kind not in "biufcT" and not all(isinstance(v, str) for v in variable.values.flat):
            raise ParameterError(f"variable {name} holds {variable.dtype}; a store takes numbers, booleans and text")
        ds[name].attrs = _sorted_attrs(str(name), variable.attrs)
    ds.attrs = _sorted_attrs("the dataset", ds.attrs)
    return ds


def _sorted_attrs(owner: str, attrs: dict[Any, Any]) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(attrs, sort_keys=True, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise ParameterError(f"the attributes of {owner} must be finite JSON values: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _chunks(variable: xr.Variable) -> tuple[int, ...]:
    if not variable.shape:
        return ()
    row = max(1, math.prod(variable.shape[1:])) * variable.dtype.itemsize
    first = max(1, min(variable.shape[0], CHUNK_BYTES // row))
    return (first, *(max(1, n) for n in variable.shape[1:]))


def _with_fixed_text(ds: xr.Dataset) -> xr.Dataset:
    for name, variable in ds.variables.items():
        if variable.dtype.kind in "OT":
            ds[name] = variable.copy(data=np.array(variable.values.tolist(), dtype=str))
    return ds


def _in_order(ds: xr.Dataset) -> xr.Dataset:
    # zarr lists a folder in the order of the file system, which differs from one reading to the next
    variables, coords = (
        {name: part[name].variable for name in sorted(part, key=str)} for part in (ds.data_vars, ds.coords)
    )
    return xr.Dataset(variables, coords, ds.attrs)
