"""Contract: a generative model is checked, immutable, named, and the same after a file."""

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from synfer.core.errors import ParameterError
from synfer.inference.model import GenerativeModel

ONES = np.ones((2, 3, 2, 2))
FULL = {"a": ONES, "b": np.ones((2, 2, 2, 2)), "c": np.ones((2, 2, 2, 4)), "E": [0.1, 0.2, 0.3, 0.4]}


@pytest.mark.parametrize("parts", [("a",), ("a", "b"), ("a", "c", "E"), ("a", "E"), ("a", "b", "c", "E")])
def test_a_model_may_lack_transitions_and_decisions(parts):
    model = GenerativeModel(**{name: FULL[name] for name in parts})
    assert (model.B is None, model.C is None) == ("b" not in parts, "c" not in parts)
    assert (model.n_observations, model.n_states, model.n_decisions) == (3, 2, 4 if "E" in parts else 0)


def test_a_block_matrix_has_pre_1_in_its_upper_rows_and_post_1_in_its_left_columns():
    block = np.arange(1.0, 25.0).reshape(6, 4)
    a = GenerativeModel(a=block).a
    assert [a[0, 2, 0, 1], a[1, 2, 0, 1], a[0, 2, 1, 1]] == [block[2, 1], block[5, 1], block[2, 3]]


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32), total=st.floats(1e-3, 1e9))
def test_probabilities_come_back_from_their_counts(seed, total):
    rng = np.random.default_rng(seed)
    A1, A0 = rng.uniform(1e-3, 1 - 1e-3, (2, 4, 3))
    B1, B0 = rng.uniform(1e-3, 1 - 1e-3, (2, 3, 3))
    model = GenerativeModel.from_probabilities(A1=A1, A0=A0, B1=B1, B0=B0, total=total)
    # Four roundings: 1 - P, two products, their ratio; relative to P >= 1e-3 of a sum that is off by one.
    np.testing.assert_allclose(model.A[0], np.stack([A1, A0], 1), rtol=8 * np.finfo(float).eps)
    np.testing.assert_allclose(model.B[0], np.stack([B1, B0], 1), rtol=8 * np.finfo(float).eps)
    np.testing.assert_allclose(model.A.sum(0), 1, rtol=4 * np.finfo(float).eps)
    np.testing.assert_allclose(model.a.sum(0), total, rtol=4 * np.finfo(float).eps)


def test_priors_default_to_one_half_and_probabilities_become_pairs():
    model = GenerativeModel(**FULL, initial=[0.25, 0.5])
    assert model.D.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert model.E.tolist() == [[0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]]
    assert model.initial.tolist() == [[0.25, 0.5], [0.75, 0.5]]
    weights = GenerativeModel(**FULL, D=np.full((2, 2), 0.5 / 256)).D
    assert weights.sum() == 4 * 0.5 / 256  # weights stay as they are


def test_a_model_cannot_be_changed_and_replace_checks():
    model = GenerativeModel(**FULL)
    with pytest.raises(ValueError, match="read-only"):
        model.a[0, 0, 0, 0] = 5
    with pytest.raises(AttributeError):
        model.a = ONES
    assert model.replace(a=2 * ONES).a[0, 0, 0, 0] == 2
    assert model.a[0, 0, 0, 0] == 1
    with pytest.raises(ParameterError, match="no field 'prior'"):
        model.replace(prior=0.5)
    with pytest.raises(ParameterError, match=re.escape("b[1, 0, 1, 1] = -3")):
        model.replace(b=np.where(np.arange(16).reshape(2, 2, 2, 2) == 11, -3.0, 1.0))


def test_a_model_does_not_share_the_arrays_that_made_it():
    a = ONES.copy()
    model = GenerativeModel(a=a)
    a[:] = 7
    assert model.a.max() == 1


def test_models_are_equal_by_value():
    assert GenerativeModel(**FULL) == GenerativeModel(**FULL)
    assert GenerativeModel(**FULL) != GenerativeModel(**FULL, states=("left", "right"))
    assert GenerativeModel(a=ONES) != GenerativeModel(a=ONES, b=FULL["b"])
    assert GenerativeModel(a=ONES) != 1


def test_a_dataset_names_every_axis():
    model = GenerativeModel(**FULL, initial=[0.5, 0.5], states=("left", "right"), decisions=("w", "x", "y", "z"))
    ds = model.to_dataset()
    assert ds.a.dims == ("observation_value", "observation", "state_value", "state")
    assert ds.b.dims == ("previous_value", "previous", "state_value", "state")
    assert ds.c.dims == ("previous_value", "previous", "decision_value", "decision")
    assert float(ds.E.sel(decision="z", decision_value=1)) == 0.4
    assert ds.previous.values.tolist() == ds.state.values.tolist() == ["left", "right"]
    assert all(ds[name].attrs["units"] == "1" for name in ds.variables)
    assert ds.previous_value.attrs["long_name"] == "value of the state one step ago"
    assert ds.attrs["model"] == model.digest()
    assert GenerativeModel(a=xr.DataArray(ds.a)).a.shape == (2, 3, 2, 2)
    assert set(GenerativeModel(a=ONES).to_dataset()) == {"a", "D"}


@pytest.mark.parametrize("more", [{}, {"b": FULL["b"], "expectation": "ratio"}, FULL | {"initial": [0.1, 0.2]}])
def test_a_file_keeps_every_bit(tmp_path, more):
    model = GenerativeModel(**({"a": ONES / 3} | more), states=("left", "right"))
    model.save(tmp_path / "model.npz")
    assert GenerativeModel.load(tmp_path / "model.npz") == model
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert "a" in file.files  # nothing in it needs pickle


def _cut(path):
    GenerativeModel(a=ONES).save(path)
    path.write_bytes(path.read_bytes()[:300])


def _bad_counts(path):
    np.savez(path, words=np.array("{}"), a=-ONES)


DAMAGE = {
    "cut": _cut,
    "text": lambda path: path.write_text("counts"),
    "empty": lambda path: path.write_bytes(b""),
    "one array": lambda path: np.save(path.open("wb"), ONES),
    "other arrays": lambda path: np.savez(path, x=ONES),
    "no counts": lambda path: np.savez(path, words=np.array("{}")),
    "unknown field": lambda path: np.savez(path, words=np.array("{}"), a=ONES, z=ONES),
    "pickle": lambda path: np.savez(path, words=np.array([None], dtype=object), a=ONES),
    "bad counts": _bad_counts,
}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_a_model_file_is_refused(tmp_path, damage):
    path = tmp_path / "model.npz"
    DAMAGE[damage](path)
    with pytest.raises(ParameterError, match=r"model\.npz is not a saved GenerativeModel"):
        GenerativeModel.load(path)


def test_files_and_folders_that_are_not_there(tmp_path):
    with pytest.raises(ParameterError, match="there is no file"):
        GenerativeModel.load(tmp_path / "none.npz")
    with pytest.raises(ParameterError, match="cannot write"):
        GenerativeModel(a=ONES).save(tmp_path / "none" / "model.npz")


def _with(array, place, value):
    changed = np.array(array, dtype=float)
    changed[place] = value
    return changed


BAD = {
    "count 0": ({"a": _with(ONES, (1, 2, 0, 1), 0)}, "a[1, 2, 0, 1] = 0 must be finite and > 0"),
    "count nan": ({"a": _with(ONES, (0, 0, 0, 0), np.nan)}, "a[0, 0, 0, 0] = nan"),
    "count inf": ({"a": _with(ONES, (0, 0, 1, 0), np.inf)}, "a[0, 0, 1, 0] = inf"),
    "words": ({"a": "many"}, "a must be an array of real numbers (it is text)"),
    "shape of a": ({"a": np.ones((2, 3, 2))}, "a has shape (2, 3, 2) and must be (2, number of observations, 2,"),
    "odd block": ({"a": np.ones((5, 4))}, "its block matrix"),
    "no states": ({"a": np.ones((2, 3, 2, 0))}, "a has shape"),
    "shape of b": ({"a": ONES, "b": np.ones((2, 3, 2, 2))}, "b has shape (2, 3, 2, 2) and must be (2, 2, 2, 2)"),
    "shape of c": (FULL | {"c": np.ones((2, 2, 2, 3))}, "c has shape (2, 2, 2, 3) and must be (2, 2, 2, 4)"),
    "c without E": ({"a": ONES, "c": FULL["c"]}, "c is given without E"),
    "sum of E": (FULL | {"E": [0.1, 0.2, 0.3, 0.5]}, "E sums to 1.1 over its 4 decisions and must sum to 1"),
    "E of 0": ({"a": ONES, "E": [0.0, 1.0]}, "E[0] = 0"),
    "E of nearly 1": ({"a": ONES, "E": [1.0, 1e-30]}, "1 - E[1, 0] = 0"),
    "one decision": ({"a": ONES, "E": [1.0]}, "E has shape (1,)"),
    "shape of D": ({"a": ONES, "D": [0.5, 0.5, 0.5]}, "D has shape (3,) and must be (2, 2)"),
    "D of 1": ({"a": ONES, "D": [0.5, 1.0]}, "D[1] = 1 must be < 1"),
    "initial": ({"a": ONES, "initial": [[0.5, -1], [0.5, 1]]}, "initial[0, 1] = -1"),
    "expectation": ({"a": ONES, "expectation": "digama"}, "did you mean digamma"),
    "few names": ({"a": ONES, "states": ("left",)}, "states has 1 names and must have 2"),
    "same names": ({"a": ONES, "states": ("left", "left")}, "states names 'left' twice"),
    "no names": ({"a": ONES, "states": None}, "states = None must be a tuple of 2 names"),
    "complex": ({"a": ONES + 0j}, "a must be an array of real numbers (it is complex)"),
    "numbers as text": ({"a": [["1", "2"], ["3", "4"]]}, "a must be an array of real numbers (it is text)"),
    "nothing": ({"a": None}, "a must be an array of real numbers (it is None)"),
    "too large a count": ({"a": 1e308 * ONES}, "a[0, 0, 0, 0] = 1e+308 is too large to add up with its pair"),
    "too large a weight": ({"a": ONES, "D": np.full((2, 2), 1e308)}, "D[0, 0] = 1e+308 is too large"),
    "kind of expectation": ({"a": ONES, "expectation": ["ratio"]}, "did you mean ratio"),
    "text of names": ({"a": ONES, "states": "lr"}, "states = 'lr' must be a tuple of 2 names"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_is_refused_by_field_place_and_repair(name):
    fields, message = BAD[name]
    with pytest.raises(ParameterError, match=re.escape(message)):
        GenerativeModel(**fields)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"A0": None}, "A1 and A0 go together"),
        ({"A0": [[0.5, 0.5]]}, "A0 of shape (1, 2)"),
        ({"A1": [[1.0]]}, "A1 of shape (1, 1) must hold probabilities in (0, 1)"),
        ({"B1": [[0.5]]}, "B1 and B0 go together"),
        ({"total": [1.0, 2.0]}, "total = [1.0, 2.0] must be a number > 0"),
        ({"total": -1.0}, "total = -1.0 must be a number > 0 and finite"),
    ],
)
def test_bad_probabilities_are_refused(change, message):
    good = {"A1": [[0.9]], "A0": [[0.2]], "total": 10.0}
    with pytest.raises(ParameterError, match=re.escape(message)):
        GenerativeModel.from_probabilities(**(good | change))


def test_a_model_is_shown_in_a_line():
    model = GenerativeModel(a=np.ones((2, 40, 2, 30)), E=[0.5, 0.5], expectation="ratio")
    sizes = "40 observations, 30 states, 2 decisions"
    assert repr(model) == f"GenerativeModel({sizes}, expectation='ratio', digest='{model.digest()}')"
