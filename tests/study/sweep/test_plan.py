"""Points come in the order of their axes, and units are of one shape."""

import dataclasses

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import SynferWarning
from synfer.study.sweep.plan import plan
from synfer.study.sweep.work import task


def test_the_last_axis_is_the_fastest(small):
    planned = plan(small)
    assert (planned.size, planned.shape) == (24, (4, 6))
    assert [planned.point(i)["packet.a"] for i in (0, 5, 6, 23)] == [20, 20, 40, 80]
    assert planned.point(7)["chain.weight"] == small.axes[1].values[1]


def test_units_hold_each_point_once_and_points_of_one_shape(chain, volley):
    axes = {"packet.a": [1, 2, 3], "chain.layers": [2, 5], "dt": [0.1, 0.05]}
    planned = plan(sf.Sweep(chain, volley, axes=axes, points_per_unit=2))
    assert sorted(i for unit in planned.units for i in unit) == list(range(12))
    assert {len(unit) for unit in planned.units} == {1, 2}
    for unit in planned.units:
        shapes = {(planned.point(i)["chain.layers"], planned.point(i)["dt"]) for i in unit}
        assert len(shapes) == 1
        assert planned.layers(unit[0]) in (2, 5)
    assert planned.most_layers == 5


def test_lists_are_taken_together(chain, volley):
    planned = plan(sf.Sweep(chain, volley, points={"packet.a": [1, 2], "packet.sigma_t": [3, 4]}))
    assert [planned.point(i) for i in range(2)] == [
        {"packet.a": 1, "packet.sigma_t": 3},
        {"packet.a": 2, "packet.sigma_t": 4},
    ]


def test_sobol_points_fill_their_ranges_evenly_and_again_the_same(chain, volley):
    ranges = {"packet.a": {"from": 20, "to": 100}, "chain.weight": {"from": 0.01, "to": 1, "scale": "log"}}

    def columns(seed):
        return plan(sf.Sweep(chain, volley, sobol={"samples": 64, "seed": seed, "ranges": ranges})).columns

    a, weight = (np.array(column) for column in columns(1))
    # A scrambled net of 2^6 points has one point in each 64th of every axis: counts are exact.
    assert (np.histogram(a, 64, (20, 100))[0] == 1).all()
    assert (np.histogram(np.log10(weight), 64, (-2, 0))[0] == 1).all()
    assert columns(1) == columns(1) != columns(2)


def test_a_number_of_sobol_points_that_is_no_power_of_two_is_warned_of(chain, volley):
    sobol = {"samples": 6, "ranges": {"packet.a": {"from": 20, "to": 100}}}
    with pytest.warns(SynferWarning, match="6 Sobol points"):
        assert plan(sf.Sweep(chain, volley, sobol=sobol)).size == 6


@pytest.mark.parametrize(
    ("given", "duration"),
    [
        # t0 + 3 sigma_t + delays + 10 ms a layer: of the base, of the latest point, of its own layers and step.
        ({"axes": {"packet.a": [1, 2]}}, [43, 43]),
        ({"axes": {"packet.t0": [5, 10.5, 8]}}, [44, 44, 44]),
        ({"axes": {"packet.sigma_t": [0.5, 2]}}, [46, 46]),
        ({"axes": {"chain.layers": [1, 2]}}, [23, 33]),
        ({"points": {"chain.delay": [1, 3], "chain.layers": [2, 3]}}, [36, 49]),
        ({"axes": {"dt": [0.1, 0.3]}}, [43, 43.2]),
        ({"t": 20, "axes": {"packet.t0": [5, 10]}}, [20, 20]),
        ({"axes": {"t": [20, 30]}}, [20, 30]),
    ],
)
def test_spiking_points_of_a_shape_run_for_the_time_that_the_latest_volley_takes(chain, volley, given, duration):
    planned = plan(sf.Sweep(chain, volley, engine="simulate", **given))
    for number, unit in enumerate(planned.units):
        assert [duration[i] for i in unit] == pytest.approx([task(planned, number).t] * len(unit))


def test_durations_of_many_points_look_at_their_columns_once(chain, volley):
    """At 32768 points in 1024 units each look takes milliseconds, all together seconds."""
    ranges = {"packet.t0": {"from": 1, "to": 2}, "packet.sigma_t": {"from": 1, "to": 2}}
    planned = plan(
        sf.Sweep(chain, volley, engine="simulate", sobol={"samples": 16, "ranges": ranges}, points_per_unit=1)
    )
    looks = []

    class Column(tuple):
        def __iter__(self):
            looks.append(1)
            return super().__iter__()

    watched = dataclasses.replace(planned, columns=tuple(Column(column) for column in planned.columns))
    assert len({task(watched, n).t for n in range(16)}) == 1
    assert len(looks) == 2


def test_more_than_a_million_points_have_to_be_confirmed(chain, volley):
    axes = {"packet.a": range(1, 1002), "packet.t0": range(1001)}
    sweep = sf.Sweep(chain, volley, axes=axes)
    with pytest.raises(sf.ParameterError, match=r"1,002,001 points, more than 1,000,000.*--many"):
        plan(sweep)
    assert plan(sweep, many=True).size == 1_002_001
