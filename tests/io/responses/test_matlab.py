"""Oracle: .mat files hold what scipy reads in them. Drill: bad ones get their errors in time and in memory."""

import pickle
import re
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from synfer.core.errors import ParameterError
from synfer.io.responses import load_responses

INT8, UINT8, INT32, UINT32, DOUBLE, MATRIX, COMPRESSED = 1, 2, 5, 6, 9, 14, 15
CELL, STRUCT, TEXT, DOUBLES, BYTES, FUNCTION, OPAQUE = 1, 2, 4, 6, 9, 16, 17
SECONDS, MEMORY = 2.0, 60e6
"""A bad file is refused within these, of the processor since others may use it too; claims go to 10 GB and more."""


def element(kind, data, claim=None):
    return struct.pack("<II", kind, len(data) if claim is None else claim) + data + bytes(-len(data) % 8)


def array(kind, dims, body, name=b"", flags=0, claim=None):
    head = element(UINT32, struct.pack("<II", kind | flags, 0)) + element(INT32, struct.pack(f"<{len(dims)}i", *dims))
    return element(MATRIX, head + element(INT8, name) + body, claim)


def numbers(values, kind=BYTES, stored=UINT8, dims=None, flags=0):
    values = np.asarray(values)
    return array(kind, dims or values.shape, element(stored, values.tobytes(order="F")), flags=flags)


def culture(dims=(1, 1), **fields):
    names = b"".join(name.encode().ljust(8, b"\0") for name in fields)
    head = element(INT32, struct.pack("<i", 8)) + element(INT8, names)
    return array(STRUCT, dims, head + b"".join(fields.values()))


def mat(*elements):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x100) + b"IM" + b"".join(elements)


def packed(data):
    return element(COMPRESSED, zlib.compress(data))[: 8 + len(zlib.compress(data))]


rng = np.random.default_rng(5)
S = rng.integers(2, size=(12, 2)).astype(np.uint8)
O = S.repeat(3, axis=1)
R = (1 + rng.poisson(2.0, size=(12, 4))).astype(np.uint8)
NAN = np.where(np.arange(12) == 5, np.nan, 0)[:, None]
GOOD = {"s": numbers(S), "o": numbers(O), "r": numbers(R)}


def cell(*cultures, dims=None):
    return array(CELL, dims or (len(cultures), 1), b"".join(cultures), b"data_x")


def with_r(r):
    return mat(cell(culture(**GOOD), culture(**GOOD | {"r": r})))


def load(folder: Path, data: bytes, **options):
    path = folder / "given.mat"
    path.write_bytes(data)
    return load_responses(path, **({"steps": 4} | options))


@pytest.mark.parametrize("name", ["mix0", "bic"])
def test_published_recordings_are_what_scipy_reads(published, name):
    path = published(f"response_data_{name}.mat")
    rec = load_responses(path)
    cultures = scipy.io.loadmat(path)[f"data_{name}"].ravel()
    assert rec.sizes["culture"] == len(cultures)
    assert rec["culture"].values[-1] == f"{name}-{len(cultures)}"
    assert (rec.attrs["condition"], rec.attrs["file"]) == (name, path.name)
    for k, each in enumerate(cultures):
        for field, variable in (("s", "stimulus"), ("o", "input"), ("r", "spikes")):
            assert np.array_equal(rec[variable].values[k], each[field][0, 0].reshape(100, 256, -1))


def test_a_name_alone_is_found_in_the_folder_of_recordings(published, monkeypatch):
    monkeypatch.setenv("SYNFER_DATA", str(published("response_data_mix0.mat").parents[1]))
    assert load_responses("response_data_mix0.mat").sizes["culture"] == 4


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["uint8", "float64", "int32", "uint16", "bool"])
def test_files_that_scipy_writes_are_read(tmp_path, compressed, kind):
    spikes = [(R[:8] > 2).astype(kind) + np.array(np.arange(4) == 1, kind) if kind == "bool" else R[:8].astype(kind), R]
    cells = np.empty((2, 1), dtype=object)
    for k, r in enumerate(spikes):
        r = r | (np.arange(len(r)) == 0)[:, None] if kind == "bool" else r
        spikes[k] = r
        cells[k, 0] = {"s": S[: len(r)].astype(kind), "o": O[: len(r)], "r": r, "note": "a text"}
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"other": np.eye(3), "data_x": cells, "word": "text"}, do_compression=compressed)
    rec = load_responses(path, steps=4)
    assert rec["valid"].values.sum(axis=(1, 2)).tolist() == [8, 12]
    for k, r in enumerate(spikes):
        assert np.array_equal(rec["spikes"].values[k, : len(r) // 4], r.reshape(-1, 4, 4))
        assert np.array_equal(rec["stimulus"].values[k, : len(r) // 4], S[: len(r)].reshape(-1, 4, 2))


@pytest.mark.parametrize("wrap", [lambda e: e, packed])
def test_bytes_made_by_the_format_are_read(tmp_path, wrap):
    rec = load(tmp_path, mat(wrap(cell(culture(**GOOD), culture(**GOOD)))))
    assert np.array_equal(rec["spikes"].values, np.stack([R.reshape(3, 4, 4)] * 2))
    assert np.array_equal(rec["input"].values, np.stack([O.reshape(3, 4, 6)] * 2))


def test_one_of_several_variables_is_chosen_by_name(tmp_path):
    both = mat(cell(culture(**GOOD)), cell(culture(**GOOD)).replace(b"data_x", b"data_y"))
    assert load(tmp_path, both, variable="data_y").attrs["condition"] == "y"
    with pytest.raises(ParameterError, match=re.escape("it holds data_x, data_y; give variable=")):
        load(tmp_path, both)
    with pytest.raises(ParameterError, match=re.escape("must hold variable 'data_z'")):
        load(tmp_path, both, variable="data_z")


class Touch:
    """Its pickle makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


HUGE = 10_000_000_000
BAD = {
    "text": (b"session 1: 3 spikes\n" * 50, "is no MATLAB 5 file"),
    "short": (b"MATLAB 5.0", "is no MATLAB 5 file"),
    "empty": (b"", "is empty"),
    "header alone": (mat(), "it holds nothing"),
    "7.3": (b"MATLAB 7.3 MAT-file".ljust(512), "MATLAB 7.3"),
    "hdf": (b"\x89HDF\r\n\x1a\n".ljust(512, b"\0"), "MATLAB 7.3"),
    "negative": (with_r(numbers(-R.astype("i1"), 8, INT8)), "spikes[1, 0, 0, 0] = -"),
    "fraction": (with_r(numbers(R / 2 + 0.25, DOUBLES, DOUBLE)), "must be a whole number"),
    "nan": (with_r(numbers(R + NAN, DOUBLES, DOUBLE)), "spikes[1, 1, 1, 0] = nan"),
    "rows": (with_r(numbers(R[:8])), "data_x{2}.s has 12 rows and data_x{2}.r has 8"),
    "turned": (with_r(numbers(R.T)), "data_x{2}.s has 12 rows and data_x{2}.r has 4"),
    "cube": (with_r(numbers(R.reshape(12, 2, 2))), "data_x{2}.r has the shape (12, 2, 2)"),
    "no rows": (with_r(numbers(R[:0], dims=(0, 4))), "data_x{2}.r has the shape (0, 4)"),
    "nothing": (with_r(element(MATRIX, b"")), "data_x{2}.r has the shape (0, 0)"),
    "silent": (with_r(numbers(R * (np.arange(4) != 2).astype("u1"))), "culture 'x-2': unit [2] has no spike"),
    "word": (with_r(array(TEXT, (1, 2), element(UINT8, b"ab"))), "data_x{2}.r is of kind 'text'"),
    "function": (with_r(array(FUNCTION, (1, 1), b"")), "data_x{2}.r is of kind 'function' and must be real numbers"),
    "object": (with_r(array(OPAQUE, (1, 1), b"")), "data_x{2}.r is of kind 'object'"),
    "complex": (with_r(numbers(R, flags=0x800)), "data_x{2}.r is of kind 'complex numbers'"),
    "shape": (with_r(numbers(R, dims=(12, 5))), "claims the shape (12, 5), and 48 numbers are there"),
    "10 GB of counts": (with_r(numbers(R, dims=(HUGE // 2**4 // 4, 64))), "and 48 numbers are there"),
    "negative shape": (with_r(numbers(R, dims=(-12, -4))), "has the shape (-12, -4)"),
    "10 GB of cells": (mat(cell(culture(**GOOD), dims=(2**31 - 1, 5))), "data_x claims 10,737,418,235 elements"),
    "10 GB of structs": (mat(cell(culture((2**31 - 1, 5), **GOOD))), "claims 10,737,418,235 elements"),
    "4 GB of bytes": (mat(array(CELL, (1, 1), b"", b"data_x", claim=2**32 - 8)), "claims 4,294,967,288 bytes"),
    "4 GB packed": (mat(packed(array(CELL, (1, 1), b"", b"data_x", claim=2**32 - 8))), "claims 4,294,967,296 bytes"),
    "a bomb": (mat(packed(array(CELL, (1, 1), bytes(10**8), b"data_x"))), "made to exhaust the memory"),
    "field": (mat(cell(culture(s=GOOD["s"], o=GOOD["o"]))), "data_x{1} lacks the field r"),
    "no struct": (mat(cell(numbers(R))), "data_x{1} is of kind 'numbers', (12, 4), and must be a struct"),
    "structs in a cell": (mat(cell(array(CELL, (1, 1), culture(**GOOD)))), "data_x{1} is of kind 'cell'"),
    "no cells": (mat(cell(dims=(0, 1))), "data_x has the shape (0, 1): it holds no culture"),
    "numbers alone": (mat(numbers(R)), "must hold one variable data_CONDITION"),
    "not packed": (mat(element(COMPRESSED, b"no zlib stream here")), "is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_time_and_memory(tmp_path, name):
    data, message = BAD[name]
    load(tmp_path, mat(cell(culture(**GOOD))))  # what is imported and looked up once
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(ParameterError, match=re.escape(message)) as caught:
            load(tmp_path, data)
        spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith(str(tmp_path / "given.mat"))
    assert spent < SECONDS
    assert peak < MEMORY


def test_a_pickle_is_refused_and_not_run(tmp_path):
    ran = tmp_path / "ran"
    data = pickle.dumps(Touch(ran))
    for name in ("x.mat", "x.nwb", "x.nc", "x.csv", "x.npz", "x.npy", "x.pkl"):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ParameterError, match=re.escape(str(path))):
            load_responses(path)
    objects = np.empty(1, dtype=object)
    objects[0] = Touch(ran)
    np.savez(tmp_path / "y.npz", spikes=objects)
    (tmp_path / "y.npz").rename(tmp_path / "y.mat")
    with pytest.raises(ParameterError, match="is no MATLAB 5 file"):
        load_responses(tmp_path / "y.mat")
    assert not ran.exists()
    pickle.loads(data)  # noqa: S301 - that the drill is one
    assert ran.exists()


@pytest.mark.parametrize("wrap", [lambda e: e, packed])
def test_a_file_cut_anywhere_is_refused(tmp_path, wrap):
    whole = mat(wrap(cell(culture(**GOOD))))
    load(tmp_path, whole)
    for length in range(0, len(whole) - 4, 7):
        with pytest.raises(ParameterError):
            load(tmp_path, whole[:length])


@pytest.mark.parametrize(("wrap", "most"), [(lambda e: e, 60), (packed, 0)])
def test_a_damaged_byte_raises_nothing_but_the_typed_error(tmp_path, wrap, most):
    """Counts and names may change unseen where there is no checksum; what is packed has one."""
    whole = bytearray(mat(wrap(cell(culture(**GOOD)))))
    accepted, tried = 0, 0
    for place in range(124, len(whole), 3):
        changed = whole.copy()
        changed[place] ^= 0x80 if place % 2 else 0x01
        tried += 1
        try:
            load(tmp_path, bytes(changed))
            accepted += 1
        except ParameterError:
            pass
    assert accepted <= most * tried / 100


def test_a_published_file_cut_in_half_is_refused(tmp_path, published):
    data = published("response_data_bic.mat").read_bytes()
    began = time.process_time()
    with pytest.raises(ParameterError, match="cut off or damaged"):
        load(tmp_path, data[: len(data) // 2], steps=256)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.mat", "there is no file"),
        ("folder.mat", "is a folder, which .mat is not"),
        ("x.zarr", "is a file, which .zarr is not"),
        ("x.docx", "has the suffix '.docx' and must have one of .mat, .nwb, .csv, .zarr, .nc"),
        (None, "path = None must be the name of a file"),
        ("", "must be the name of a file"),
        ("a\0.mat", "must be the name of a file"),
    ],
)
def test_a_path_that_is_none_is_told(tmp_path, monkeypatch, path, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mat").mkdir()
    (tmp_path / "x.zarr").touch()
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_responses(path)


def test_steps_must_divide_the_rows(tmp_path):
    with pytest.raises(
        ParameterError, match=re.escape("data_x{1}.r has 12 rows, which are no whole number of sessions of 5")
    ):
        load(tmp_path, mat(cell(culture(**GOOD))), steps=5)
    with pytest.raises(ParameterError, match=re.escape("steps = 0 must be a whole number >= 1")):
        load(tmp_path, mat(cell(culture(**GOOD))), steps=0)
