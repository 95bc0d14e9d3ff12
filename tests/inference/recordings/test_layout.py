"""Contract: the layout of responses holds what it was given, and refuses what is no recording, saying where."""

import re

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.inference.recordings.layout import check_responses, responses


@pytest.fixture
def arrays():
    rng = np.random.default_rng(11)
    s = rng.integers(2, size=(3, 8, 2))
    return rng.poisson(3.0, (3, 8, 5)) + (np.arange(5) == 0), s, s.repeat(2, axis=2)


def changed(array, place, value):
    array = np.array(array, dtype=float)
    array[place] = value
    return array


def test_one_culture_is_what_was_given(arrays):
    rec = responses(*arrays, culture=["a"], condition="mine", base=2.5, file="f.mat")
    for name, array in zip(("spikes", "stimulus", "input"), arrays, strict=True):
        assert np.array_equal(rec[name].values[0], array)
        assert rec[name].dtype == np.uint8
    assert rec["valid"].values.all()
    assert rec["valid"].dtype == bool
    assert rec["n_units"].values.tolist() == [5]
    assert rec["culture"].values.tolist() == ["a"]
    assert all(
        rec[k].values.tolist() == list(range(n)) for k, n in zip(("session", "step", "unit"), (3, 8, 5), strict=True)
    )
    assert {k: rec.attrs[k] for k in ("condition", "base", "file")} == {
        "condition": "mine",
        "base": 2.5,
        "file": "f.mat",
    }


def test_cultures_of_unequal_sizes_are_padded_with_zeros(arrays):
    r, s, o = arrays
    rec = responses([r[:2, :, :3], r], [s[:2], s], [o[:2], o])
    assert rec["n_units"].values.tolist() == [3, 5]
    assert np.array_equal(rec["spikes"].values[0, :2, :, :3], r[:2, :, :3])
    assert not rec["spikes"].values[0, 2].any()
    assert not rec["spikes"].values[0, ..., 3:].any()
    assert rec["valid"].values.sum(axis=2).tolist() == [[8, 8, 0], [8, 8, 8]]
    assert np.array_equal(rec["spikes"].values[1], r)


@pytest.mark.parametrize(("most", "kind"), [(255, "u1"), (256, "u2"), (65535, "u2"), (65536, "u4"), (2**32 - 1, "u4")])
def test_counts_keep_their_values_in_the_smallest_kind(arrays, most, kind):
    r, s, o = arrays
    rec = responses(changed(r, (1, 2, 3), most), s, o)
    assert rec["spikes"].dtype == np.dtype(kind)
    assert rec["spikes"].values[0, 1, 2, 3] == most


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, r"spikes\[0, 1, 2, 3\] = nan \(culture, session, step, unit\) must be finite"),
        (np.inf, r"spikes\[0, 1, 2, 3\] = inf .* must be finite"),
        (0.5, r"spikes\[0, 1, 2, 3\] = 0.5 .* must be a whole number"),
        (-1, r"spikes\[0, 1, 2, 3\] = -1 .* must be >= 0"),
        (2.0**32, r"spikes\[0, 1, 2, 3\] = 4.* must be < 4294967296"),
    ],
)
def test_a_count_that_is_none_is_told_with_its_place(arrays, value, message):
    r, s, o = arrays
    with pytest.raises(ParameterError, match=message):
        responses(changed(r, (1, 2, 3), value), s, o)


def bad(arrays, what):
    r, s, o = arrays
    seen = np.ones((3, 8), dtype=bool)
    seen[1] = False
    late = np.ones((3, 8), dtype=bool)
    late[:, -1] = False
    kept = seen[..., None]
    return {
        "two": lambda: responses(r, changed(s, (2, 7, 1), 2), o),
        "nan input": lambda: responses(r, s, changed(o, (2, 7, 1), np.nan)),
        "steps": lambda: responses(r, s[:, :7], o),
        "flat": lambda: responses(r[0], s, o),
        "text": lambda: responses("abc", s, o),
        "object": lambda: responses(r.astype(object), s, o),
        "complex": lambda: responses(r + 0j, s, o),
        "ragged": lambda: responses([[1, 2], [3]], s, o),
        "cultures": lambda: responses([r, r], [s], [o, o]),
        "inputs": lambda: responses([r, r], [s, s], [o, o[..., :2]]),
        "no session": lambda: responses(r[:0], s[:0], o[:0]),
        "no unit": lambda: responses(r[..., :0], s, o),
        "empty session": lambda: responses(r * kept, s * kept, o * kept, valid=seen),
        "empty step": lambda: responses(r * late[..., None], s * late[..., None], o * late[..., None], valid=late),
        "not valid": lambda: responses(r, s, o, valid=seen),
        "silent": lambda: responses(changed(r, (..., 2), 0), s, o),
        "beyond": lambda: responses(r, s, o, n_units=[4]),
        "padding": lambda: responses(changed(r, (..., 4), 0), s, o, n_units=[4]),
        "n_units": lambda: responses(r, s, o, n_units=6),
        "n_units kind": lambda: responses(r, s, o, n_units=2.5),
        "names": lambda: responses(r, s, o, culture=["a", "b"]),
        "condition": lambda: responses(r, s, o, condition=3),
        "base": lambda: responses(r, s, o, base=-1.0),
        "base nan": lambda: responses(r, s, o, base=np.nan),
    }[what]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("two", "stimulus[0, 2, 7, 1] = 2 (culture, session, step, source) must be 0 or 1"),
        ("nan input", "input[0, 2, 7, 1] = nan (culture, session, step, input) must be 0 or 1"),
        ("steps", "stimulus of culture 0 has (session, step) = (3, 7) and spikes have (3, 8)"),
        ("flat", "spikes is int64 of shape (8, 5) and must be numbers of shape (session, step, unit)"),
        ("text", "spikes is <U3 of shape ()"),
        ("object", "and must be numbers of shape (session, step, unit)"),
        ("complex", "spikes is complex128"),
        ("ragged", "spikes is [[1, 2], [3]] and must be numbers"),
        ("cultures", "stimulus has 1 cultures and spikes 2"),
        ("inputs", "input of culture 1 has 2 along input and culture 0 has 4"),
        ("no session", "session has length 0: the recording is empty"),
        ("no unit", "unit has length 0"),
        ("empty session", "valid is False throughout session [1]: leave empty sessions out"),
        ("empty step", "valid is False throughout step [7]"),
        ("not valid", "(culture, session, step, unit) must be 0, for valid is False there"),
        ("silent", "spikes of culture 'c0': unit [2] has no spike in any session"),
        ("beyond", "(session, step, unit) must be 0, for the culture has n_units = 4"),
        ("padding", "n_units is at most 4 and spikes have 5 units"),
        ("n_units", "n_units[0] = 6 must be a whole number in 1 .. 5"),
        ("n_units kind", "n_units = 2.5 must be 1 whole numbers"),
        ("names", "culture has 2 names and must have 1"),
        ("condition", "condition = 3 must be a text"),
        ("base", "base = -1.0 must be a number > 0"),
        ("base nan", "base = nan must be a number > 0"),
    ],
)
def test_arrays_that_are_no_recording_are_refused(arrays, what, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        bad(arrays, what)()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rec: 3, "the responses = 3 must be of kind Dataset"),
        (lambda rec: rec.drop_vars("valid"), "the responses lack 'valid'"),
        (lambda rec: rec.transpose("session", ...), "spikes has the dims ('session', 'culture', 'step', 'unit')"),
        (lambda rec: rec.assign(spikes=rec.spikes.astype(float)), "spikes is of float64 and must be of integers"),
        (lambda rec: rec.assign(spikes=-rec.spikes.astype(int)), "must be >= 0"),
        (lambda rec: rec.assign(valid=rec.valid.astype(int)), "valid is of int64 and must be of bool"),
        (lambda rec: rec.assign(n_units=rec.n_units + 1), "n_units[0] = 6 must be a whole number in 1 .. 5"),
        (lambda rec: rec.assign_coords(culture=[1]), "culture = (1,) must be 1 names"),
        (lambda rec: rec.isel(session=[]), "session has length 0"),
        (lambda rec: rec.assign(valid=rec.valid & False), "must be 0, for valid is False there"),
    ],
)
def test_datasets_without_the_layout_are_refused(arrays, change, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        check_responses(change(responses(*arrays)))


def test_a_selection_is_in_the_layout_and_no_whole_recording(arrays):
    r, s, o = arrays
    late = r.copy()
    late[:2, :, 4] = 0
    first = responses(late, s, o).isel(session=slice(2)).assign(truth=("source", [0.5, 0.5]))
    assert check_responses(first) is first
    with pytest.raises(ParameterError, match=re.escape("unit [4] has no spike")):
        check_responses(first, whole=True)


def test_checks_change_nothing(arrays):
    rec = responses(*arrays)
    before = rec.copy(deep=True)
    check_responses(rec)
    xr.testing.assert_identical(rec, before)
