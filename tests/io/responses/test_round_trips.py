"""Conservation: what is saved and loaded again is the same dataset, in every format; what cannot be, is refused."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError, UsageError
from synfer.inference.recordings.layout import responses
from synfer.io.responses import load_responses, save_responses

FORMATS = (".nc", ".zarr", ".csv", ".nwb")
CASES = ((1, 9, {}), (2, 300, {"condition": 'a "b"\n', "base": 0.1 + 0.2}), (3, 2**32 - 1, {"file": "x.mat"}))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def needs(suffix):
    if suffix == ".nwb":
        pytest.importorskip("pynwb", reason="extra recordings is not installed")


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("seed", "most", "attrs"), CASES)
def test_files_give_the_same_dataset_back(tmp_path, uneven, suffix, seed, most, attrs):
    needs(suffix)
    rec = uneven(seed, most, **attrs)
    path = save_responses(rec, tmp_path / f"rec{suffix}")
    xr.testing.assert_identical(load_responses(path), rec)
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize(("seed", "most", "attrs"), CASES)
def test_blocks_of_neo_give_the_same_dataset_back(uneven, seed, most, attrs):
    pytest.importorskip("neo", reason="extra recordings is not installed")
    from synfer.io.responses import from_neo, to_neo

    rec = uneven(seed, most, **attrs)
    xr.testing.assert_identical(from_neo(to_neo(rec)), rec)


@pytest.mark.parametrize("suffix", FORMATS)
def test_published_cultures_survive_every_format(tmp_path, published, suffix):
    needs(suffix)
    every = load_responses(published("response_data_mix0.mat"))
    part = every.isel(culture=[1, 3], session=slice(97, 100))
    alive = part["spikes"].values.any(axis=(1, 2)).all(axis=0)
    spikes = part["spikes"].values[..., alive]
    rec = responses(spikes, part["stimulus"].values, part["input"].values, condition="mix0", base=5.89)
    path = save_responses(rec, tmp_path / f"rec{suffix}")
    xr.testing.assert_identical(load_responses(path), rec)


@pytest.mark.parametrize("suffix", [".nc", ".csv", ".nwb"])
def test_a_file_is_replaced_whole_or_kept(tmp_path, uneven, suffix, monkeypatch):
    needs(suffix)
    old, new, path = uneven(4), uneven(5), tmp_path / f"rec{suffix}"
    save_responses(old, path)
    before = path.read_bytes()
    with monkeypatch.context() as broken:

        def full(*_):
            raise OSError(28, "No space left on device")

        broken.setattr(os, "fsync", full)
        with pytest.raises(ParameterError, match=r"cannot write .*No space left"):
            save_responses(new, path)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]
    save_responses(new, path)
    xr.testing.assert_identical(load_responses(path), new)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rec: rec.assign(truth=("source", [1, 2])), "truth have no place in a file of responses"),
        (lambda rec: rec.isel(session=slice(1, None)), "session = [1, 2, 3] must be numbered from 0"),
        (lambda rec: rec.assign_coords(culture=["a", "b", "c\n"]), r"culture 'c\n' must be a name of letters"),
        (lambda rec: rec.assign_coords(culture=["a", "b", ""]), "culture '' must be a name of letters"),
        (lambda rec: rec.assign_attrs(note=float("nan")), "the attrs of the responses must be finite JSON values"),
        (lambda rec: rec.assign_attrs(base=0), "base = 0 must be a number > 0"),
        (lambda rec: xr.Dataset(), "the responses lack 'spikes'"),
    ],
)
def test_what_would_not_come_back_is_not_saved(tmp_path, uneven, change, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        save_responses(change(uneven(6)), tmp_path / "rec.nc")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rec.mat", "has the suffix '.mat' and must have one of .nwb, .csv, .zarr, .nc"),
        ("rec", "has the suffix ''"),
        ("nowhere/rec.nc", "cannot write"),
        ("folder.nc", "is a folder that exists"),
        ("folder.zarr", "is a folder that exists"),
        ("", "must be the name of a file"),
        (3, "path = 3 must be the name of a file"),
    ],
)
def test_a_path_that_cannot_be_written_is_told(tmp_path, uneven, name, message):
    for folder in ("folder.nc", "folder.zarr"):
        (tmp_path / folder).mkdir()
    with pytest.raises(ParameterError, match=re.escape(message)):
        save_responses(uneven(6), tmp_path / name if isinstance(name, str) and name else name)
    assert names(tmp_path) == ["folder.nc", "folder.zarr"]


def test_without_the_extra_one_line_says_what_to_install(tmp_path, uneven, monkeypatch):
    from synfer.io.responses import to_neo

    for missing in ("pynwb", "neo", "h5py"):
        monkeypatch.setitem(sys.modules, missing, None)
    install = re.escape("pip install 'synfer[recordings]'")
    (tmp_path / "there.nwb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(UsageError, match=install):
        save_responses(uneven(6), tmp_path / "rec.nwb")
    with pytest.raises(UsageError, match=install):
        load_responses(tmp_path / "there.nwb")
    with pytest.raises(UsageError, match=install):
        to_neo(uneven(6))
    assert names(tmp_path) == ["there.nwb"]


def test_loading_costs_neither_pynwb_nor_neo():
    script = (
        "import sys, synfer.io.responses; print([m for m in ('pynwb', 'neo', 'h5py', 'pooch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_of_uneven_recordings_is_uneven(uneven):
    rec = uneven(1)
    lengths = rec["valid"].values.sum(axis=2)
    assert 0 in lengths
    assert len(np.unique(lengths)) > 3
    assert len(np.unique(rec["n_units"].values)) == 3
