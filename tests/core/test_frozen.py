"""Frozen values: equal ones have one digest, and files that cannot be are refused."""

import copy
import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.core.frozen import Frozen


@dataclass(frozen=True, eq=False)
class Value(Frozen):
    x: np.ndarray
    y: np.ndarray | None = None
    tau: float = 1.0
    names: tuple[str, ...] = ("a",)

    def __post_init__(self):
        self.x.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Other(Value):
    """Another kind of the same fields."""


X = np.arange(4.0)
VARIED = [
    Value(X), Value(X + 1), Value(X.reshape(2, 2)), Value(X[:3]), Value(X, X), Value(X, tau=2.0), Value(X, tau=np.inf),
    Value(X, names=("a", "b")), Value(X, names=()), Value(np.zeros(0), X), Other(X),
]  # fmt: skip


def test_values_are_told_apart_by_all_that_they_are():
    for k, one in enumerate(VARIED):
        same = type(one)(one.x.copy(), one.y, one.tau, one.names)
        assert one == same
        assert one.digest() == same.digest()
        assert all(one != other and one.digest() != other.digest() for other in VARIED[:k])
    assert Value(-0.0 * X) == Value(0.0 * X)
    assert Value(-0.0 * X).digest() == Value(0.0 * X).digest()


def test_a_digest_is_the_same_on_every_machine():
    # A golden value: results on disk carry it.
    assert Value(X, tau=0.1).digest() == "62187ea499a55e4475ca5c0e0e3be7aa"


def test_a_value_comes_back_from_its_file_and_changes_by_name(tmp_path):
    value = Value(X / 3, tau=0.1, names=("a", "b"))
    value.save(tmp_path / "value.npz")
    assert Value.load(tmp_path / "value.npz") == value
    assert value.replace(tau=2.0).tau == 2.0
    with pytest.raises(ParameterError, match="Value has no field 'tua'; did you mean tau"):
        value.replace(tua=2.0)


def test_a_file_tells_whose_it_is(tmp_path):
    path = tmp_path / "value.npz"
    VARIED[0].save(path)
    with pytest.raises(ParameterError, match=r"value.npz holds a Value; use Value.load"):
        Other.load(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    words = json.loads(str(arrays.pop("words")))
    assert words.pop("kind") == "Value"
    np.savez(path, words=np.array(json.dumps(words)), **arrays)  # as files were before they told
    assert Value.load(path) == VARIED[0]


def pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, pickled])
def test_copies_are_immutable_too(copied):
    value = copied(Value(X.copy()))
    assert value == Value(X)
    with pytest.raises(ValueError, match="read-only"):
        value.x[0] = 1


@pytest.mark.parametrize("path", [None, 3, "", ["a"]])
def test_a_path_is_the_name_of_a_file(path):
    for call in (VARIED[0].save, Value.load):
        with pytest.raises(ParameterError, match=r"path = .* must be the name of a file"):
            call(path)
