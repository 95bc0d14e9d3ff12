"""Contract: sequences among a verb's arguments become points, and what varies becomes coordinates."""

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.points import broadcast, varying
from synfer.population.drive import Inhibition, Noise, Shunt
from synfer.population.neurons import EIF, LIF

REST = Noise(mu=-65, sigma=3)


def test_scalars_are_one_point_and_sequences_broadcast():
    assert broadcast(a=1, b="x") == ([{"a": 1, "b": "x"}], False)
    points, many = broadcast(a=[1, 2], b=5, c=[7], d=np.array([0.1, 0.2]))
    assert many
    assert [p["a"] for p in points] == [1, 2]
    assert [(p["b"], p["c"]) for p in points] == [(5, 7), (5, 7)]


def test_a_labelled_array_is_the_sequence_of_its_values():
    points, many = broadcast(sigma=xr.DataArray([0.5, 1.5], dims="x"), h=xr.DataArray(0.25))
    assert many
    assert [type(p["sigma"]) for p in points] == [np.float64] * 2
    assert varying(points)["sigma"].values.tolist() == [0.5, 1.5]
    assert varying(broadcast(seed=np.arange(2))[0])["seed"].values.tolist() == [0, 1]


@pytest.mark.parametrize(("bad", "message"), [({"a": []}, "empty"), ({"a": [1, 2], "b": [1, 2, 3]}, "equally long")])
def test_sequences_that_cannot_form_points_are_refused(bad, message):
    with pytest.raises(ParameterError, match=message):
        broadcast(**bad)


def test_varying_parameters_are_named_by_their_last_name_unless_two_collide():
    drives = [REST + Inhibition(depth=d) for d in (0, 1)]
    assert list(varying([{"drive": d} for d in drives])) == ["depth"]
    gates = [REST + Inhibition(depth=1, on=a, off=9) + Shunt(g=1, E_rev=-70, on=b, off=9) for a, b in ((0, 1), (2, 3))]
    assert sorted(varying([{"drive": g} for g in gates])) == ["inhibition_on", "shunt_on"]


def test_coordinates_carry_the_unit_and_doc_of_their_params():
    label = varying([{"drive": REST + Inhibition(depth=d)} for d in (0, 1)])["depth"]
    assert (label.values.tolist(), label.unit, label.doc) == ([0, 1], "mV", "steady passive hyperpolarisation")
    assert varying([{"dt": 0.1}, {"dt": 0.2}])["dt"].unit == "ms"


def test_neurons_of_two_kinds_are_told_apart_by_kind():
    neurons = [EIF.fourcaud2003(), LIF.diesmann1999()]
    assert varying([{"neuron": n} for n in neurons])["neuron"].values.tolist() == ["eif", "lif"]
