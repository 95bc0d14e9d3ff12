"""Drill: small files that claim much, and files that lost a part, are refused in time; what is saved can be loaded."""

import json
import re
import shutil
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError, SynferWarning
from synfer.inference.recordings import synthetic_cultures
from synfer.inference.recordings.layout import responses
from synfer.io.responses import load_responses, save_responses

SECONDS = 2.0
"""A bad file is refused within these, of the processor since others may use it too."""
TABLE = "culture,session,step,s0,o0,r0\na,0,0,1,0,3\na,0,1,0,1,0\n"


def refused(path, message, **options):
    began = time.process_time()
    with pytest.raises(ParameterError, match=re.escape(message)) as caught:
        load_responses(path, **options)
    assert time.process_time() - began < SECONDS
    assert str(caught.value).startswith(str(path))


@pytest.fixture
def folder(tmp_path, uneven):
    return save_responses(uneven(9), tmp_path / "x.zarr")


@pytest.mark.parametrize("name", ["spikes", "stimulus", "input", "valid", "n_units", "culture"])
def test_a_lost_part_of_a_zarr_folder_is_never_zeros(folder, name):
    chunks = [p for p in sorted((folder / name / "c").rglob("*")) if p.is_file()]
    assert len(chunks) == (1 if name in ("n_units", "culture") else 3)
    data = chunks[-1].read_bytes()
    chunks[-1].unlink()
    refused(folder, f"the chunk {chunks[-1].relative_to(folder).as_posix()} is missing")
    chunks[-1].write_bytes(data)
    load_responses(folder)
    shutil.rmtree(folder / name)
    refused(folder, f"it lacks the variable '{name}'")


def test_chunks_of_zeros_are_written(tmp_path):
    s = np.zeros((2, 4, 2), int)
    rec = responses(np.ones((2, 4, 3), int), s, s)
    xr.testing.assert_identical(load_responses(save_responses(rec, tmp_path / "x.zarr")), rec)


def test_a_netcdf_file_of_ours_without_a_variable_is_refused(tmp_path, uneven):
    path = save_responses(uneven(9), tmp_path / "x.nc")
    with xr.open_dataset(path, engine="scipy") as ds:
        part = ds.drop_vars("valid").load()
    part.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    refused(path, "it lacks the variable 'valid'")


@pytest.mark.parametrize("codec", ["zstd", "blosc", "gzip"])
def test_chunks_that_unpack_to_too_much_are_refused(folder, codec):
    numcodecs = pytest.importorskip("numcodecs")
    values = load_responses(folder)["spikes"].values
    meta = folder / "spikes" / "zarr.json"
    about = json.loads(meta.read_text())
    pack = {"zstd": numcodecs.Zstd(), "blosc": numcodecs.Blosc(), "gzip": numcodecs.GZip()}[codec]
    settings = {
        "blosc": {"cname": "lz4", "clevel": 5, "shuffle": "noshuffle", "typesize": 1, "blocksize": 0},
        "gzip": {"level": 1},
    }
    about["codecs"] = [{"name": "bytes"}, {"name": codec, "configuration": settings.get(codec, {"level": 0})}]
    meta.write_text(json.dumps(about))
    chunks = [p for p in sorted((folder / "spikes" / "c").rglob("*")) if p.is_file()]
    for chunk, each in zip(chunks, values, strict=True):
        chunk.write_bytes(pack.encode(each.tobytes()))
    assert np.array_equal(load_responses(folder)["spikes"].values, values)
    chunks[1].write_bytes(pack.encode(bytes(10**7)))
    refused(folder, f"the chunk {chunks[1].relative_to(folder).as_posix()} unpacks to ")


@pytest.mark.parametrize("size", [0, 10, 255, 256, 65_791, 65_792, 10**6])
@pytest.mark.parametrize("codec", ["zstd", "blosc", "gzip"])
def test_the_size_of_a_chunk_is_told_before_it_is_unpacked(tmp_path, codec, size):
    """At the edges of the fields that a zstd frame has for it."""
    numcodecs = pytest.importorskip("numcodecs")
    from synfer.io.responses.chunks import _unpacked

    pack = {"zstd": numcodecs.Zstd(), "blosc": numcodecs.Blosc(), "gzip": numcodecs.GZip()}[codec]
    (tmp_path / "0").write_bytes(pack.encode(bytes(size)))
    assert _unpacked(tmp_path / "0", ["bytes", codec], size) == size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [3, 4, 7, 20_000]}, "spikes is cut into 10,002 chunks"),
        ({"shape": [3, 4, 7, -6]}, "spikes has the shape [3, 4, 7, -6]"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 10**4, 10**4, 6]}}}, "it claims 1,8"),
        ({"data_type": {"name": "numpy.datetime64"}}, "spikes has the data_type {'name'"),
        ({"codecs": [{"name": "bytes"}, {"name": "zstd"}, {"name": "gzip"}]}, "spikes is packed more than once"),
        ({"attributes": {"scale_factor": 2}}, "spikes has a scale_factor"),
    ],
)
def test_zarr_arrays_that_claim_too_much_are_refused(folder, change, message):
    meta = folder / "spikes" / "zarr.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | change))
    refused(folder, message)


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(kind, dims, name, body):
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    return element(14, head + element(1, name) + body)


def packed(data):
    data = zlib.compress(data)
    return struct.pack("<II", 15, len(data)) + data


EMPTY = struct.pack("<II", 14, 0)
FIELDS = element(5, struct.pack("<i", 8)) + element(1, b"".join(b"f%07d" % k for k in range(200)))
MAT = {
    "cells": ([packed(array(1, (10**6, 1), b"data_x", EMPTY * 10**6))], "data_x holds 1,000,000 arrays, of at most"),
    "structs": (
        [packed(array(2, (100, 1), b"data_x", FIELDS + EMPTY * 20_000))],
        "data_x holds 20,000 arrays, of at most 10,000",
    ),
    "cells of structs": (
        [packed(array(1, (100, 1), b"data_x", array(2, (1, 1), b"", FIELDS + EMPTY * 200) * 100))],
        "data_x holds more than 10,000 arrays",
    ),
    "names": (
        [array(2, (1, 1), b"data_x", element(5, struct.pack("<i", 1)) + element(1, b"a" * 20_000))],
        "data_x names more than 10,000 fields",
    ),
    "twice": ([array(1, (1, 1), b"data_x", EMPTY)] * 2, "a second variable data_x"),
    "axes": ([array(1, (1,) * 40, b"data_x", EMPTY)], "data_x has the shape"),
}


@pytest.mark.parametrize("name", MAT)
def test_matlab_files_of_too_many_parts_are_refused(tmp_path, name):
    parts, message = MAT[name]
    path = tmp_path / "x.mat"
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x100) + b"IM" + b"".join(parts))
    refused(path, message)


def test_only_the_chosen_variable_of_matlab_is_unpacked(tmp_path, monkeypatch):
    one = packed(array(1, (1, 1), b"v00", array(9, (20_000_000, 1), b"", element(2, bytes(20_000_000)))))
    raw = zlib.decompress(one[8:])
    parts = [packed(raw[:4096].replace(b"v00", b"v%02d" % k) + raw[4096:]) for k in range(4)]
    path = tmp_path / "x.mat"
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x100) + b"IM" + b"".join(parts))
    opened = []
    from synfer.io.responses import matlab

    unpacked = matlab._unpacked
    monkeypatch.setattr(matlab, "_unpacked", lambda *given: opened.append(given) or unpacked(*given))
    refused(path, "must hold one variable data_CONDITION")
    assert not opened
    refused(path, "v02{1} is of kind 'numbers'", variable="v02")
    assert len(opened) == 1


@pytest.mark.parametrize("chunks", [(5_000_000, 50), (1, 1)])
def test_nwb_files_of_huge_or_many_chunks_are_refused(tmp_path, chunks):
    h5py = pytest.importorskip("h5py", reason="extra recordings is not installed")
    shape = (32, 5) if chunks[1] > 1 else (10**6, 1)
    with h5py.File(tmp_path / "x.nwb", "w") as file:
        file.create_dataset("spikes", shape=shape, maxshape=(None, None), chunks=chunks, dtype="u1")
    message = "it claims 250,000,000 bytes" if chunks[1] > 1 else "cut into more than 100,000 chunks"
    refused(tmp_path / "x.nwb", message)


@pytest.mark.parametrize(("packer", "more"), [("gzip", 0), ("gzip", 10**8), ("lzf", 0), ("lzf", 10**5)])
def test_nwb_chunks_that_unpack_to_too_much_are_refused(tmp_path, packer, more):
    h5py = pytest.importorskip("h5py", reason="extra recordings is not installed")
    with h5py.File(tmp_path / "x.nwb", "w") as file:
        made = file.create_dataset("spikes", data=np.ones((32, 5), "u1"), chunks=(16, 5), compression=packer)
        if more:
            made.id.write_direct_chunk((16, 0), zlib.compress(bytes(more)) if packer == "gzip" else bytes(more))
    refused(tmp_path / "x.nwb", "spikes has a chunk that unpacks to more" if more else "is damaged")


def test_nwb_links_in_a_circle_are_told(tmp_path, uneven):
    h5py = pytest.importorskip("h5py", reason="extra recordings is not installed")
    path = save_responses(uneven(9), tmp_path / "x.nwb")
    with h5py.File(path, "a") as file:
        file["intervals/trials/soft"] = h5py.SoftLink("/intervals/trials")
    refused(path, "its links lead in a circle")


def test_tables_of_too_many_columns_are_refused(tmp_path):
    (tmp_path / "x.csv").write_text(",".join(f"r{k}" for k in range(200_000)) + "\n")
    refused(tmp_path / "x.csv", "line 1 names 200,000 columns, of at most 10,000")


@pytest.mark.parametrize(
    ("lead", "line"), [("", 5), ('# {"base": 2}\n', 6), ("\ufeff", 5), ('\ufeff# {"base": 2}\n', 6)]
)
def test_lines_of_tables_are_counted_with_the_blank_ones(tmp_path, lead, line):
    path = tmp_path / "x.csv"
    path.write_text(lead + TABLE.replace("\na,0,1", "\n\n  \na,0,1"), encoding="utf-8")
    assert load_responses(path)["spikes"].values.ravel().tolist() == [3, 0]
    assert load_responses(path).attrs.get("base") == (2 if "base" in lead else None)
    path.write_text(path.read_text(encoding="utf-8").replace("0,1,0\n", "0,1,x\n"), encoding="utf-8")
    refused(path, f"line {line}, column r0: 'x' must be a whole number")


@pytest.mark.parametrize("value", [None, {"a": 1}, [[1, 2]], np.arange(3), 1j])
@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".csv"])
def test_attrs_that_would_not_be_loaded_are_not_saved(tmp_path, uneven, suffix, value):
    with pytest.raises(
        ParameterError, match=re.escape(f"the attr note = {value!r} must be a text, a number or a list")
    ):
        save_responses(uneven(6).assign_attrs(note=value), tmp_path / f"x{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".csv", ".nwb"])
def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path, uneven, suffix):
    with pytest.raises(ParameterError) as caught:
        save_responses(uneven(6), tmp_path / "no" / f"x{suffix}")
    assert f"there is no folder {tmp_path / 'no'}; make it first" in str(caught.value)
    assert ".partial" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_hdf5_says_is_told_in_words(tmp_path):
    from synfer.core.disk import beside

    said = "[Errno 13] Unable to open file (name = '.partial-1-x', errno = 13, error message = 'Permission denied')"
    with (
        pytest.raises(ParameterError, match=r"cannot write .*x\.nwb \(Permission denied\)"),
        beside(tmp_path / "x.nwb"),
    ):
        raise OSError(said)


@pytest.mark.parametrize("base", [10**400, np.inf, "2", None, True])
def test_a_base_that_is_no_finite_number_is_refused(tmp_path, uneven, base):
    with pytest.raises(ParameterError, match=r"base = .* must be a number > 0 and finite"):
        save_responses(uneven(6).assign_attrs(base=base), tmp_path / "x.nc")


def test_masked_counts_are_refused():
    s = np.zeros((2, 4, 2), int)
    counts = np.ma.masked_array(np.ones((2, 4, 3), int), np.arange(24).reshape(2, 4, 3) == 5)
    for given in (counts, [counts]):
        with pytest.raises(ParameterError, match="spikes is masked in places"):
            responses(given, s if given is counts else [s], s if given is counts else [s])
    assert responses(np.ma.masked_array(counts.data, False), s, s)["spikes"].values.all()


def test_a_culture_of_neo_must_be_a_name(uneven):
    pytest.importorskip("neo", reason="extra recordings is not installed")
    from synfer.io.responses import from_neo, to_neo

    block = to_neo(uneven(6))
    block.segments[1].annotations["culture"] = ["a"]
    with pytest.raises(ParameterError, match=re.escape("segments[1].culture = ['a'] must be a name")):
        from_neo(block)


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".csv"])
def test_the_truth_of_synthetic_cultures_is_left_out_with_a_warning(tmp_path, suffix):
    rec = synthetic_cultures(2, sessions=3, steps=64, seed=1)
    truth = ["ensemble", "logit_D", "plasticity", "shift", "truth_W", "truth_x"]
    with pytest.warns(SynferWarning, match=f"is left out: {', '.join(truth)}"):
        path = save_responses(rec, tmp_path / f"x{suffix}")
    xr.testing.assert_identical(load_responses(path), rec.drop_vars(truth))
    with pytest.raises(ParameterError, match=r"ensemble, logit_D, .* have no place"):
        save_responses(rec.assign_attrs(condition="mine"), path)


@pytest.mark.parametrize("name", ["spikes", "stimulus", "session"])
def test_a_lost_chunk_of_nwb_is_never_zeros(tmp_path, uneven, name):
    h5py = pytest.importorskip("h5py")
    path = save_responses(uneven(9), tmp_path / "x.nwb")
    with h5py.File(path, "r+") as file:
        trials = file["intervals/trials"]
        values, attrs = trials[name][...], dict(trials[name].attrs)
        del trials[name]
        whole = trials.create_dataset(name, values.shape, values.dtype, chunks=(4, *values.shape[1:]))
        whole[:4], whole[8:] = values[:4], values[8:]
        whole.attrs.update(attrs)
    refused(path, f"intervals/trials/{name} lacks chunks")


def test_nwb_that_is_packed_twice_is_refused(tmp_path, uneven):
    h5py = pytest.importorskip("h5py")
    path = save_responses(uneven(9), tmp_path / "x.nwb")
    with h5py.File(path, "r+") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((64,))
        plan.set_deflate(9)
        plan.set_deflate(9)
        space = h5py.h5s.create_simple((64,))
        h5py.h5d.create(file["intervals/trials"].id, b"twice", h5py.h5t.NATIVE_UINT8, space, plan)
    refused(path, "intervals/trials/twice is packed more than once")


def test_a_name_of_nwb_that_stands_a_thousand_times_is_refused(tmp_path, uneven):
    h5py = pytest.importorskip("h5py")
    path = save_responses(uneven(9), tmp_path / "x.nwb")
    with h5py.File(path, "r+") as file:
        names = file["processing/responses/cultures/culture"]
        names[...] = ["x" * 2**20] * len(names)
    refused(path, "the names of its cultures are longer than 1,048,576 letters")


def test_cultures_that_would_be_nearly_all_padding_are_refused():
    cultures = [np.ones((n, m, 1), np.uint8) for n, m in ((30_000, 1), (1, 30_000))]
    began = time.process_time()
    with pytest.raises(ParameterError, match="nearly all of it padding; give them as recordings of their own"):
        responses(cultures, cultures, cultures)
    assert time.process_time() - began < SECONDS


def test_texts_of_zarr_that_claim_to_be_many_are_refused(folder):
    numcodecs = pytest.importorskip("numcodecs")
    (chunk,) = [p for p in (folder / "culture" / "c").rglob("*") if p.is_file()]
    whole = numcodecs.Zstd().decode(chunk.read_bytes())
    chunk.write_bytes(numcodecs.Zstd().encode(struct.pack("<I", 4 * 10**8) + bytes(whole)[4:]))
    refused(folder, "a chunk of culture must hold")


def test_variables_of_netcdf_that_lie_on_each_other_are_refused(tmp_path, uneven):
    path = tmp_path / "x.nc"
    count, size = 40, 2**20
    ds = xr.Dataset({f"v{k:02}": ("n", np.full(size, k, np.int8)) for k in range(1, count)})
    ds.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    data = path.read_bytes()
    begins = [data.index(bytes([k]) * 64) for k in range(1, count)]
    for begin in begins:
        data = data.replace(struct.pack(">q", begin), struct.pack(">q", begins[0]), 1)
    path.write_bytes(data[: begins[0] + size])
    refused(path, "it is cut off or damaged")


@pytest.mark.parametrize("suffix", [".nc", ".csv"])
def test_two_threads_that_save_to_one_file_leave_one_of_theirs(tmp_path, uneven, suffix):
    path, recordings = tmp_path / f"x{suffix}", [uneven(3), uneven(4)]
    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda rec: save_responses(rec, path), recordings))
        found = load_responses(path)
        assert any(found.identical(rec) for rec in recordings)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("line", "count"), [("a,0,0,1,0,3,1\n", 7), ("a,0,0,1,0\n", 5)])
def test_rows_of_tables_have_a_value_for_each_column(tmp_path, line, count):
    path = tmp_path / "x.csv"
    path.write_text(TABLE.splitlines()[0] + "\n" + line)
    refused(path, f"line 2 has {count} values and the header names 6")
