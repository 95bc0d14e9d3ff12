"""Responses in Neurodata Without Borders files (extra `recordings`).

The table of trials has a row per stimulus: start_time, stop_time, `stimulus` (sources), `input` (electrodes), and
`culture`, `session`, `step`, `spikes` (a count per unit). Where a file has no `spikes`, spike times of its units are
counted from start_time up to stop_time; without `culture` there is one, without `session` and `step` sessions are
`steps` rows long. Module "responses", table "cultures" names the cultures, and its description holds the attrs.
"""

import datetime
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import shortly
from synfer.core.errors import ParameterError, UsageError
from synfer.io.files import RATIO, SLACK, check_claim
from synfer.io.responses.rows import SAMPLES, Rows, attributes, from_attributes, from_rows, rows, sessions_of

OBJECTS = 10_000
"""More groups and arrays than any such file has."""
CHUNKS = 100_000
READ = ("intervals/trials/", "processing/responses/", "units/")
"""What is read of a file, where no chunk may be lost."""
ORDERS = {2, 3}
"""Filters of HDF5 that change no size, or hardly: shuffle and fletcher32."""
TEXTS = 2**20
"""More bytes than the names of cultures have."""
COLUMNS = {
    "culture": "index of the culture in the table of cultures",
    "session": "number of the session, from 0",
    "step": "number of the stimulus within its session, from 0",
    "stimulus": "hidden sources, 0 or 1",
    "input": "stimulated electrodes, 0 or 1",
    "spikes": "spikes of each unit",
}


def write(ds: xr.Dataset, path: Path) -> None:
    """Write the file; the times of stimuli are nominal, one a second."""
    pynwb, common, h5, h5py = _pynwb()
    given = rows(ds)
    start = np.arange(len(given.spikes), dtype=float)
    columns = [
        common.VectorData(name=name, description="nominal", data=start + k)
        for k, name in enumerate(("start_time", "stop_time"))
    ]
    for name, description in COLUMNS.items():
        data = h5.H5DataIO(getattr(given, name), compression="gzip", compression_opts=1)
        columns.append(common.VectorData(name=name, description=description, data=data))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    title = f"responses of cultured neurons to stimuli, {ds.attrs.get('condition') or 'no condition given'}"
    file = pynwb.NWBFile(title, "synfer-responses", epoch, file_create_date=[epoch])
    file.trials = pynwb.epoch.TimeIntervals(name="trials", description="a row per stimulus", columns=columns)
    cultures = [
        common.VectorData(name="culture", description="name", data=ds["culture"].values.tolist()),
        common.VectorData(name="n_units", description="number of units", data=ds["n_units"].values),
    ]
    module = file.create_processing_module("responses", "what the trials belong to")
    module.add(common.DynamicTable(name="cultures", description=attributes(ds), columns=cultures))
    # Built in memory: HDF5 does not survive a disk that fills up.
    memory = h5py.File("responses.nwb", "w", driver="core", backing_store=False)
    with memory, pynwb.NWBHDF5IO(file=memory, mode="w") as io:
        io.write(file)
        memory.flush()
        path.write_bytes(memory.id.get_file_image())


def read(path: Path, steps: int) -> xr.Dataset:
    """Read the file."""
    _check_file(path)
    pynwb, *_ = _pynwb()
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        try:
            file = io.read()
        except RecursionError:
            raise ParameterError("its links lead in a circle; save the recording without them") from None
        return _responses(file, path, steps)


def _responses(file: Any, path: Path, steps: int) -> xr.Dataset:
    trials = file.trials
    if trials is None or not {"stimulus", "input"} <= set(trials.colnames):
        names = "none" if trials is None else shortly(list(trials.colnames))
        raise ParameterError(f"its table of trials must have the columns stimulus and input; there are {names}")
    columns = {name: _column(trials, name) for name in COLUMNS if name in trials.colnames}
    if "spikes" not in columns:
        columns["spikes"] = _counted(file.units, _column(trials, "start_time"), _column(trials, "stop_time"))
    for name in SAMPLES:
        if columns[name].ndim != 2:
            raise ParameterError(
                f"trials.{name} has the shape {columns[name].shape} and must have a row for each trial"
            )
    n = len(columns["spikes"])
    culture, names, n_units, attrs = _cultures(file, columns, n, path)
    if ("session" in columns) != ("step" in columns):
        raise ParameterError("trials must have both the columns session and step, or neither")
    places = [columns[k] for k in ("session", "step")] if "session" in columns else sessions_of(culture, steps)
    return from_rows(Rows(culture, *places, *(columns[name] for name in SAMPLES)), names, n_units, attrs)


def _cultures(
    file: Any, columns: dict[str, np.ndarray], n: int, path: Path
) -> tuple[np.ndarray, list[str], np.ndarray, dict[str, Any]]:
    module = file.processing.get("responses")
    if module is not None and "cultures" in module.data_interfaces:
        table = module["cultures"]
        names = _texts(table["culture"].data)
        culture = columns.get("culture", np.zeros(n, np.int64))
        if culture.dtype.kind not in "iu" or ((culture < 0) | (culture >= len(names))).any():
            raise ParameterError(f"trials.culture goes beyond the table of cultures, which has {len(names)}")
        return culture, names, np.asarray(table["n_units"].data[:]), from_attributes(table.description)
    given = columns.get("culture", np.full(n, "c0"))
    words, culture = np.unique(given.astype(str), return_inverse=True)
    units = np.full(len(words), columns["spikes"].shape[1])
    return culture, words.tolist(), units, {"file": path.name}


def _texts(data: Any) -> list[str]:
    """Texts one by one: a file may hold one once and name it a thousand times."""
    found, size = [], 0
    for k in range(len(data)):
        found.append(str(data[k]))
        size += len(found[-1])
        if size > TEXTS:
            raise ParameterError(f"the names of its cultures are longer than {TEXTS:,} letters: it is damaged")
    return found


def _column(table: Any, name: str) -> np.ndarray:
    column = table[name]
    if type(column).__name__.endswith("Index"):
        raise ParameterError(f"trials.{name} is ragged and must hold as many numbers in every row")
    return np.asarray(column.data[:])


def _counted(units: Any, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    if units is None or "spike_times" not in units.colnames or len(units) == 0:
        raise ParameterError("it has neither a column spikes of trials nor units with spike_times; give one of them")
    times = [np.sort(np.asarray(units["spike_times"][k], dtype=float)) for k in range(len(units))]
    return counted(times, start, stop, [f"units.spike_times[{k}]" for k in range(len(units))])


def counted(times: list[np.ndarray], start: np.ndarray, stop: np.ndarray, names: list[str]) -> np.ndarray:
    """Spikes (row, unit) with start <= t < stop, from sorted times.

    Example:
        >>> counted([np.array([0.5, 1.0, 1.5])], np.array([0.0, 1.0]), np.array([1.0, 2.0]), ["a"]).tolist()
        [[1], [2]]
    """
    for name, values in zip((*names, "start_time", "stop_time"), (*times, start, stop), strict=True):
        if not np.isfinite(values).all():
            raise ParameterError(f"{name} must be finite times, and {np.sum(~np.isfinite(values))} are not")
    if (stop < start).any():
        row = int(np.argmax(stop < start))
        raise ParameterError(f"stop_time[{row}] = {stop[row]:g} must be >= start_time = {start[row]:g}")
    return np.stack([np.searchsorted(t, stop) - np.searchsorted(t, start) for t in times], axis=1)


def _check_file(path: Path) -> None:
    """That nothing in the file claims memory it cannot fill, or reaches out of it."""
    try:
        import h5py
    except ImportError:
        raise _missing() from None
    stored, claimed, seen, chunks = path.stat().st_size, 0, 0, 0

    # What they return ends the visit; an exception in there would be lost.
    def visit(name: str, link: Any) -> str | None:
        nonlocal seen
        seen += 1
        if seen > OBJECTS:
            return f"it holds more than {OBJECTS} objects: it is no file of responses"
        return f"{name} is a link to another file; copy that in" if isinstance(link, h5py.ExternalLink) else None

    def weigh(name: str, node: Any) -> str | None:
        nonlocal claimed, chunks
        if isinstance(node, h5py.Dataset):
            if node.external or node.is_virtual:
                return f"{name} lies in another file; copy that in"
            each = math.prod(node.chunks or node.shape or ())
            chunks += -(-(node.size or 0) // max(each, 1))
            if chunks > CHUNKS:
                return f"it is cut into more than {CHUNKS:,} chunks; save it in larger ones"
            claimed += max(node.nbytes, each * node.dtype.itemsize)
            plan = node.id.get_create_plist()
            if sum(plan.get_filter(k)[0] not in ORDERS for k in range(plan.get_nfilters())) > 1:
                return f"{name} is packed more than once; save it with one filter"
            if node.chunks and name.startswith(READ) and node.id.get_num_chunks() < _grid(node.shape, node.chunks):
                return f"{name} lacks chunks: the file is damaged; copy it again"
            if node.chunks and claimed <= SLACK + RATIO * stored and not _fits(node, each * node.dtype.itemsize):
                return f"{name} has a chunk that unpacks to more than its size: it is damaged; save it again"
        return None

    try:
        with h5py.File(path, "r") as file:
            found = file.visititems_links(visit) or file.visititems(weigh)
    except OSError as error:
        raise ParameterError(f"it is no NWB file, or is cut off ({error}); copy it again") from None
    if found:
        raise ParameterError(found)
    check_claim("it", claimed, stored)


def _grid(shape: tuple[int, ...], each: tuple[int, ...]) -> int:
    return math.prod(-(-n // k) for n, k in zip(shape, each, strict=True))


def _fits(node: Any, size: int) -> bool:
    """Whether no chunk unpacks to more than it must; HDF5 would make room for all of it."""
    chunks: list[Any] = []
    node.id.chunk_iter(chunks.append)
    for chunk in chunks:
        if chunk.size > size + size // 64 + 256:  # packers leave larger ones as they are
            return False
        if node.compression == "gzip" and chunk.size > size // 1032:  # more than which deflate cannot pack
            try:
                packed = node.id.read_direct_chunk(chunk.chunk_offset)[1]
                if len(zlib.decompressobj().decompress(packed, size + 65)) > size + 64:  # some for a checksum
                    return False
            except zlib.error:  # left as it is, or damaged, which HDF5 tells
                continue
    return True


def _pynwb() -> tuple[Any, Any, Any, Any]:
    try:
        import h5py
        import hdmf.backends.hdf5 as h5
        import hdmf.common as common
        import pynwb
        import pynwb.epoch
    except ImportError:
        raise _missing() from None
    return pynwb, common, h5, h5py


def _missing() -> UsageError:
    return UsageError("NWB files need pynwb; install it with: pip install 'synfer[recordings]'")
