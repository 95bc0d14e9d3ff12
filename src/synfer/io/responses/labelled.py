"""Responses as xarray writes them: zarr v3 folders, and NetCDF 3 files.

Text, attrs and the numbers as integers; nothing in a store chooses code: its codecs are those of a short list.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.io import netcdf_file

from synfer.core.errors import ParameterError
from synfer.io.responses.chunks import check_folder
from synfer.io.responses.rows import attributes, build, from_attributes

NAMES = ("spikes", "stimulus", "input", "valid", "n_units", "culture")
KEPT = "synfer"
"""The attribute that holds those of the responses, as JSON."""


def write_zarr(ds: xr.Dataset, path: Path) -> None:
    """Write a zarr v3 folder."""
    plain = _plain(ds)
    plain["culture"] = plain["culture"].astype(object)
    chunks = {
        str(name): {"chunks": (1, *v.shape[1:]) if v.ndim > 1 else v.shape} for name, v in plain.variables.items()
    }
    plain.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=chunks, write_empty_chunks=True)


def read_zarr(path: Path) -> xr.Dataset:
    """Read a zarr v3 folder."""
    if not (path / "zarr.json").is_file():
        raise ParameterError("it is no zarr v3 folder: there is no zarr.json in it")
    check_folder(path, NAMES)
    others = [p.parent.name for p in path.glob("*/zarr.json") if p.parent.name not in NAMES]
    ds = xr.open_zarr(path, zarr_format=3, consolidated=False, chunks=None, decode_cf=False, drop_variables=others)
    return _responses(ds, path)


def write_netcdf(ds: xr.Dataset, path: Path) -> None:
    """Write a NetCDF 3 file (64-bit offsets)."""
    plain = _plain(ds)
    for name in ("spikes", "stimulus", "input", "valid", "n_units"):
        most = int(plain[name].max())
        kind = next((k for k in ("i1", "i2", "i4") if most <= np.iinfo(k).max), "f8")
        plain[name] = plain[name].astype(kind)
    plain["culture"] = plain["culture"].astype(object)
    plain.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def read_netcdf(path: Path) -> xr.Dataset:
    """Read a NetCDF 3 file."""
    data = path.read_bytes()
    if data[:4] == b"\x89HDF":
        raise ParameterError(
            "it is a NetCDF 4 file; to_netcdf(path, format='NETCDF3_64BIT') writes one that can be read"
        )
    if data[:3] != b"CDF":
        raise ParameterError("it is no NetCDF file: its first bytes say something else")
    claimed = _mapped(path)
    if claimed > len(data) + 2**20:  # nothing is compressed
        raise ParameterError(f"it claims {claimed:,} bytes and has {len(data):,}: it is cut off or damaged")
    with xr.open_dataset(io.BytesIO(data), engine="scipy", decode_times=False, mask_and_scale=False) as ds:
        return _responses(ds, path)


def _mapped(path: Path) -> int:
    """Bytes of all variables of a NetCDF 3 file, of which none is read."""
    file = netcdf_file(path, mmap=True)
    try:
        return sum(file.variables[name].data.nbytes for name in file.variables)
    finally:
        file.variables.clear()
        file.close()


def _plain(ds: xr.Dataset) -> xr.Dataset:
    variables = {name: (ds[name].dims, ds[name].values) for name in NAMES}
    plain = xr.Dataset({k: v for k, v in variables.items() if k != "culture"}, {"culture": variables["culture"]})
    plain["valid"] = plain["valid"].astype(np.uint8)
    plain.attrs = {KEPT: attributes(ds)}
    return plain


def _responses(ds: xr.Dataset, path: Path) -> xr.Dataset:
    needed = NAMES if KEPT in ds.attrs else ("spikes", "stimulus", "input")
    missing = [name for name in needed if name not in ds.variables]
    if missing:
        raise ParameterError(f"it lacks the variable {missing[0]!r}; it holds {', '.join(map(str, ds.variables))}")
    attrs = from_attributes(ds.attrs[KEPT]) if KEPT in ds.attrs else {"file": path.name} | _texts(ds.attrs)
    given: dict[str, Any] = {name: ds[name].values for name in NAMES if name in ds.variables}
    if "culture" in given:
        given["culture"] = [v.decode() if isinstance(v, bytes) else str(v) for v in given["culture"].tolist()]
    for name in ("spikes", "stimulus", "input"):
        packed = sorted({"scale_factor", "add_offset"} & set(ds[name].attrs))
        if packed:
            raise ParameterError(f"{name} has a {packed[0]}: it holds no counts; save whole numbers")
        if given[name].ndim not in (3, 4):
            raise ParameterError(
                f"{name} has the dims {ds[name].dims} and must have culture, session, step and its own"
            )
    return build(attrs, **given)


def _texts(attrs: dict[Any, Any]) -> dict[str, Any]:
    return {k: attrs[k] for k in ("condition", "base") if k in attrs}
