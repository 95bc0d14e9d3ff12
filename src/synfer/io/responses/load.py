"""Responses from files."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import xarray as xr

from synfer.core.checks import check_count
from synfer.core.errors import ParameterError, SynferError
from synfer.inference.recordings.layout import check_responses
from synfer.io.download import data_folder
from synfer.io.responses import labelled, nwb, published, table
from synfer.io.responses.save import file_path

READERS: dict[str, Callable[[Path, int, str | None], xr.Dataset]] = {
    ".mat": published.read,
    ".nwb": lambda path, steps, _: nwb.read(path, steps),
    ".csv": lambda path, steps, _: table.read(path, steps),
    ".zarr": lambda path, *_: labelled.read_zarr(path),
    ".nc": lambda path, *_: labelled.read_netcdf(path),
}


def load_responses(
    path: str | os.PathLike[str],
    *,
    steps: int = 256,
    variable: str | None = None,
    condition: str | None = None,
    base: float | None = None,
) -> xr.Dataset:
    """The responses of cultures from a file; numbers are read, nothing in it is run.

    | suffix | what is read |
    |---|---|
    | .mat | MATLAB 5: a cell data_{condition} of structs s, o, r (stimulus x source, electrode, unit), as published |
    | .nwb | `synfer.io.responses.nwb`: trials with stimulus and input, and counts or the units' spike times |
    | .csv | `synfer.io.responses.table`: a row per stimulus, columns culture, session, step, s0, o0, r0, ... |
    | .zarr, .nc | a zarr v3 folder, a NetCDF 3 file: the variables by name |

    A recording that Neo reads is a `neo.Block`, which `from_neo` takes.

    Args:
        path: The file. A name without a folder is looked for here, then in `synfer.io.download.data_folder()`.
        steps: Stimuli in a session, where the file does not say.
        variable: Which variable of a .mat, where it has several.
        condition: Name of the condition; the file's own otherwise.
        base: Mean count per stimulus of a control recording; the file's own otherwise.

    Returns:
        Dataset of `synfer.inference.recordings.layout`; attrs `condition`, `base`, `file`.

    Raises:
        ParameterError: no such file, a damaged or hostile one, or what `responses` refuses: each names the file, the
            variable and the place.
        UsageError: .nwb without the extra `recordings`.

    Example:
        >>> load_responses("response_data_mix0.mat")  # doctest: +SKIP
    """
    source = file_path(path)
    read = READERS.get(source.suffix.lower())
    if read is None:
        raise ParameterError(f"{source} has the suffix {source.suffix!r} and must have one of {', '.join(READERS)}")
    check_count("steps", steps)
    source = _found(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library's doubts about a file; what it returns is checked
            ds = read(source, steps, variable)
        ds.attrs |= {k: v for k, v in (("condition", condition), ("base", base)) if v is not None}
        return check_responses(ds)
    except ParameterError as error:
        raise ParameterError(f"{source}: {error}") from None
    except SynferError:
        raise
    except Exception as error:  # a damaged file raises whatever its library raises
        raise ParameterError(
            f"{source} is damaged, or is something else than its suffix says ({type(error).__name__}: "
            f"{str(error)[:200]}); copy it again, or save it again"
        ) from error


def _found(given: Path) -> Path:
    """The file, here or, where no folder is named, among the recordings on this machine."""
    folder = given.suffix.lower() == ".zarr"
    try:
        source = given
        if not given.exists() and given.name == str(given) and (recordings := data_folder()):
            source = recordings / given
        if not source.exists():
            raise ParameterError(f"there is no file {given}; `synfer data` downloads the public recordings")
        if source.is_dir() != folder:
            raise ParameterError(f"{source} is a {'file' if folder else 'folder'}, which {source.suffix} is not")
        if not folder:
            if source.stat().st_size == 0:
                raise ParameterError(f"{source} is empty; copy it again")
            with source.open("rb"):
                pass
        return source
    except OSError as error:
        raise ParameterError(f"{given} cannot be read ({error.strerror or error}); check its name and rights") from None
