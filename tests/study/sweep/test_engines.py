"""Sweeps of real chains: what a point gives is what its verb gives."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.sweep import Sweep

GATE = sf.Inhibition(depth=1.0, on=5, off=35, lag=3)


@pytest.fixture(scope="module")
def base(chain):
    return chain.replace(layers=2), {"h": 0.25, "dt": 0.1, "t": 30.0}


def test_a_point_is_propagate_at_that_point_bit_by_bit(base, volley, tmp_path):
    chain, mesh = base
    axes = {
        "packet.a": [40, 90],
        "gate.depth": [0, 1.5],
        "chain.neuron.t_ref": [1, 2],
        "disfacilitation": [False, True],
    }
    ds = sf.sweep(chain, volley, gate=GATE, axes=axes, points_per_unit=5, **mesh)
    assert (ds.status == 0).all()
    for depth, on in ((0, False), (1.5, True)):
        here = ds.sel(a_in=90, depth=depth, t_ref=2, disfacilitation=on)
        other = chain.replace(neuron=chain.neuron.replace(t_ref=2))
        alone = sf.propagate(other, volley.replace(a=90), gate=GATE.replace(depth=depth), disfacilitation=on, **mesh)
        for name in ("a", "sigma_t", "t_packet", "survived"):
            np.testing.assert_array_equal(here[name].values, alone[name].values)


def test_every_point_has_its_own_cells(base, volley):
    """Points of one unit, whose cells differ; .25 and .1 mV give a that differ by 1e-4 at least."""
    chain, mesh = base
    ds = sf.sweep(chain, volley, axes={"h": [0.25, 0.1]}, dt=mesh["dt"], t=mesh["t"])
    for h in (0.25, 0.1):
        alone = sf.propagate(chain, volley, h=h, dt=mesh["dt"], t=mesh["t"])
        np.testing.assert_array_equal(ds.a.sel(h=h).values, alone.a.values)
    assert np.abs(ds.a.diff("h")).max() > 1e-4


def test_every_gate_of_a_point_acts(base, volley):
    chain, mesh = base
    gates = sf.Inhibition(depth=1.0, on=5, off=12) + sf.Shunt(g=0.1, E_rev=-75, on=12, off=20)
    ds = sf.sweep(chain, volley, gate=gates, axes={"gate.1.depth": [0.5, 1.0], "gate.2.g": [0.1, 0.2]}, **mesh)
    for depth in (0.5, 1.0):
        for g in (0.1, 0.2):
            own = gates.parts[0].replace(depth=depth) + gates.parts[1].replace(g=g)
            alone = sf.propagate(chain, volley, gate=own, **mesh)
            np.testing.assert_array_equal(ds.a.sel(depth=depth, g=g).values, alone.a.values)
    assert (ds.a.diff("g") != 0).all()


def test_a_gate_moves_along_a_network(base, volley):
    chain, mesh = base
    network, gate = chain.network("left "), sf.Inhibition(depth=2, layers=("left 1",))
    ds = sf.sweep(network, volley, gate=gate, axes={"gate.layers": ["left 1", "left 2"]}, **mesh)
    for name in ("left 1", "left 2"):
        alone = sf.propagate(network, volley, gate=gate.replace(layers=(name,)), **mesh)
        np.testing.assert_array_equal(ds.a.sel(layers=name).values, alone.a.values)


def test_results_do_not_depend_on_the_size_of_units_or_on_workers(base, volley):
    """Nor on the mates' packets, whose lateness would lengthen a run."""
    chain, mesh = base
    mesh = {name: value for name, value in mesh.items() if name != "t"}
    axes = {"packet.t0": [10, 17.5], "chain.layers": [1, 2]}
    one, two, three = (
        sf.sweep(chain, volley, axes=axes, points_per_unit=size, workers=workers, **mesh)
        for size, workers in ((1, 1), (32, 1), (2, 2))
    )
    for other in (two, three):
        assert one.drop_attrs().identical(other.drop_attrs())


def test_a_chain_that_cannot_be_computed_is_recorded(base, volley):
    chain, mesh = base
    ds = sf.sweep(chain, volley, axes={"chain.noise.sigma": [2.85, 0.0, 3.0]}, **mesh)
    assert ds.status.values.tolist() == [0, 2, 0]
    assert "sigma" in str(ds.reason.values[1])


def test_a_sweep_of_adaptive_neurons_states_their_mesh_error_and_why_a_point_failed():
    chain = sf.SynfireChain(sf.AdaptiveEIF.example(), sf.Noise(-62, 2), layers=1, weight=0.14, tau_s=0.325)
    volley, run = sf.PulsePacket(a=1, sigma_t=0.5, t0=5), {"h": sf.Mesh(0.4, 0.25, (-1, 7)), "t": 12.0, "dt": 0.05}
    ds = sf.sweep(chain, volley, axes={"packet.a": [1, 200]}, **run)
    alone = sf.propagate(chain, volley, **run)
    for name in ("a", "mesh_error"):
        np.testing.assert_array_equal(ds[name][0].values, alone[name].values)
    assert ds.status.values.tolist() == [0, 2]
    assert np.isnan(ds.a[1]).all()
    assert "reaches the ends of its columns, -1 to 7 mV" in str(ds.reason.values[1])


def test_a_sweep_is_a_whole_argument_too(base, volley):
    chain, mesh = base
    sweep = Sweep(chain, volley, axes={"packet.a": [40, 90]}, **mesh)
    assert sf.sweep(sweep).identical(sf.sweep(chain, volley, axes={"packet.a": [40, 90]}, **mesh))
    with pytest.raises(sf.ParameterError, match="a Sweep is complete"):
        sf.sweep(sweep, volley)


def test_a_point_of_spikes_is_simulate_at_that_point_bit_by_bit(base, volley):
    chain, _ = base
    sweep = {"engine": "simulate", "trials": 2, "dt": 0.1, "t": 30, "axes": {"packet.a": [-1, 60], "seed": [1, 2]}}
    ds = sf.sweep(chain, volley, **sweep)
    assert ds.status.values.tolist() == [[2, 2], [0, 0]]
    alone = sf.simulate(chain, volley, trials=2, dt=0.1, t=30, seed=2)
    for name in ("a", "sigma_t", "t_packet", "survived"):
        np.testing.assert_array_equal(ds[name].sel(a_in=60, seed=2).values, alone[name].values)
    assert (ds.a.sel(seed=1, a_in=60) != ds.a.sel(seed=2, a_in=60)).any()
