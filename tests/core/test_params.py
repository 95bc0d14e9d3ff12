"""Contract: Params are frozen, validated values; an error names field, value, allowed range and repair."""

from typing import ClassVar, Literal

import numpy as np
import pytest

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.params import Array, Params, field


class Bath(Params):
    kind: Literal["bath"] = "bath"
    positional: ClassVar[tuple[str, ...]] = ("mu", "sigma")
    mu: float = field(unit="mV", symbol="μ", doc="mean")
    sigma: float = field(unit="mV", ge=0, doc="sd")
    trace: Array | None = field(None, doc="an array")
    layers: int = field(3, ge=1, doc="count")


class Holder(Params):
    kind: Literal["holder"] = "holder"
    bath: Bath = field(doc="nested")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bath(1, -2.0), "sigma = -2.0 mV must be >= 0 mV; did you mean sigma = 2.0?"),
        (lambda: Bath(1), "sigma is missing [mV]; give sigma=..."),
        (lambda: Bath(1, 2, sigm=3), "unknown field sigm; did you mean sigma?"),
        (lambda: Bath(float("nan"), 1), "mu = nan mV must be finite"),
        (lambda: Bath(float("inf"), 1), "mu = inf mV must be finite"),
        (lambda: Bath("x", 1), "mu = 'x' mV"),
        (lambda: Bath(1, 2, 3), "got 3 positional arguments, takes mu, sigma"),
        (lambda: Bath(1, mu=2, sigma=1), "got mu twice"),
        (lambda: Bath(1, 2, trace=[1, float("nan")]), "trace must be finite; element 1 is not"),
        (lambda: Bath(1, 2, trace="f"), "trace must be an array of numbers"),
        (lambda: Bath(1, 2, layers=2.5), "layers = 2.5"),
        (lambda: Holder(bath={"mu": 1, "sigma": -1}), "sigma = -1 mV must be >= 0 mV"),
        (lambda: Holder(bath={"mu": 1, "sigm": 1}), "unknown field sigm; did you mean sigma?"),
        (lambda: Bath(1, 2).replace(sigma=-1), "sigma = -1 mV must be >= 0 mV"),
    ],
)
def test_bad_input_gets_one_sentence_with_field_value_and_repair(make, message):
    with pytest.raises(ParameterError) as error:
        make()
    assert message in str(error.value)


def test_params_are_frozen():
    with pytest.raises(ParameterError, match="frozen; make a new one with"):
        Bath(1, 2).mu = 3
    trace = Bath(1, 2, trace=[1, 2]).trace
    assert trace is not None
    with pytest.raises(ValueError, match="read-only"):
        trace[0] = 5


def test_arrays_are_copied_in_and_compared_and_hashed_by_bytes():
    source = np.array([1.0, 2.0])
    bath = Bath(1, 2, trace=source)
    source[0] = 9
    same = Bath(1, 2, trace=[1, 2])
    assert bath == same
    assert hash(bath) == hash(same)
    assert bath != Bath(1, 2, trace=[1, 2.0000001])
    assert bath != Bath(1, 2)


def test_json_python_and_nested_mappings_build_the_same_object():
    bath = Bath(1, 2, trace=[0.1, 0.2])
    assert Bath.model_validate_json(bath.spec()) == bath
    assert Holder(bath={"mu": 1, "sigma": 2, "trace": [0.1, 0.2]}) == Holder(bath=bath)
    assert Holder(bath=bath).spec() == Holder(bath=Bath.model_validate_json(bath.spec())).spec()


def test_labelled_scalars_and_numpy_numbers_count_as_numbers():
    assert Bath(np.float32(1.5), np.int64(2)) == Bath(1.5, 2.0)
    assert Bath(np.array(1.5), 2) == Bath(1.5, 2)


def test_unit_and_bounds_reach_the_json_schema():
    schema = Bath.model_json_schema()["properties"]["sigma"]
    assert (schema["unit"], schema["minimum"]) == ("mV", 0)
    assert Bath.unit("sigma") == "mV"


def test_did_you_mean_offers_the_nearest_name_or_all():
    assert did_you_mean("sigm", ["mu", "sigma"]) == "; did you mean sigma?"
    assert did_you_mean("zzz", ["mu", "sigma"]) == "; known: mu, sigma"
