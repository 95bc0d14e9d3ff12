"""Responses into files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from synfer.core.disk import beside
from synfer.core.errors import ParameterError
from synfer.io.responses import labelled, nwb, rows, table

WRITERS: dict[str, Callable[[xr.Dataset, Path], Any]] = {
    ".nwb": nwb.write,
    ".csv": table.write,
    ".zarr": labelled.write_zarr,
    ".nc": labelled.write_netcdf,
}


def save_responses(rec: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write responses to a file, whole or not at all; `load_responses` gives the same dataset back.

    Args:
        rec: The dataset of responses, whole: a selection is numbered anew before. The truth of synthetic cultures is
            left out with a warning.
        path: .nwb, .csv, .nc (a file there is replaced) or .zarr (a new folder).

    Returns:
        The path.

    Raises:
        ParameterError: not responses, variables or numbering that have no place in a file, an unknown suffix, or a
            path that cannot be written.
        UsageError: .nwb without the extra `recordings`.
    """
    target = file_path(path)
    write = WRITERS.get(target.suffix.lower())
    if write is None:
        raise ParameterError(f"{target} has the suffix {target.suffix!r} and must have one of {', '.join(WRITERS)}")
    rec = rows.whole(rec)
    with beside(target) as partial:
        write(rec, partial)
    return target


def file_path(path: Any) -> Path:
    """A path with a name."""
    if not isinstance(path, (str, os.PathLike)) or not (found := Path(os.fsdecode(path))).name or "\0" in str(found):
        raise ParameterError(f"path = {path!r} must be the name of a file, for example 'response_data_mix0.mat'")
    return found
