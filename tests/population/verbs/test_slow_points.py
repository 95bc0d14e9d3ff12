"""Neurons with a slow variable side by side, in layers and in runs that go on: each keeps what is its own."""

import numpy as np
import pytest

import synfer as sf

AEIF, REST = sf.AdaptiveEIF.example(), sf.Noise(-62, 2)
CHAIN = sf.SynfireChain(AEIF, REST, layers=2, weight=0.14, tau_s=0.325)
PACKET = sf.PulsePacket(a=60, sigma_t=1, t0=5)
HELD = sf.Mesh(h=0.4, dw=0.25, w_range=(-3, 15))


def volley(t0):
    return sf.PulsePacket(a=1, sigma_t=1, t0=t0, weight=6, tau_s=0.325)


def test_every_layer_has_the_quiet_twin_of_its_own_gate():
    chain, weak, gate = CHAIN.replace(width=10), PACKET.replace(a=0.1), sf.Inhibition(4, on=2, off=8, lag=5)
    d = sf.evolve(chain, weak, gate=gate, t=20, h=HELD)
    for layer, on in ((0, 2), (1, 7)):
        alone = sf.evolve(AEIF, REST + sf.Inhibition(4, on=on, off=on + 6), t=20, h=HELD)
        assert d.quiet_rate[layer].values == pytest.approx(alone.rate.values, rel=1e-9)
    d = sf.evolve(chain, weak, gate=gate, t=20)
    m = sf.simulate(chain, weak, gate=gate, t=20, dt=0.05, every=0.5, seed=1)
    nodes = d.quiet_rate.values
    mean = (0.5 * (nodes[:, 1:] + nodes[:, :-1])).reshape(2, -1, 10).mean(axis=-1)
    assert m.quiet_rate.values == pytest.approx(mean, abs=2e-3 * mean.max())
    assert mean.min() < 0.6 * mean.max()


def test_points_and_layers_keep_their_own_slow_variable():
    other = AEIF.replace(a_w=0.2, b=1, tau_w=30)
    drive = REST + volley(2)
    both = sf.evolve([AEIF, other], drive, t=6, every=1, h=HELD)
    for i, neuron in enumerate((AEIF, other)):
        alone = sf.evolve(neuron, drive, t=6, every=1, h=HELD)
        for name in ("rate", "w_mean", "edge_mass", "mesh_error"):
            assert both[name][i].values.tobytes() == alone[name].values.tobytes(), name


def test_a_run_goes_on_in_more_columns_as_if_nothing_had_happened():
    drive = REST + volley(2)
    whole = sf.evolve(AEIF, drive, t=9, h=HELD)
    first = sf.evolve(AEIF, drive, t=5, h=HELD)
    on = sf.evolve(AEIF, drive, t=4, h=HELD.replace(w_range=(-5, 15)), initial=first)
    for name in ("rate", "w_mean", "w_sd"):
        assert on[name].values == pytest.approx(whole[name][100:].values, rel=1e-7), name


NARROW = sf.Mesh(h=0.4, dw=0.25, w_range=(-1, 5))
STRONG = sf.PulsePacket(a=100, sigma_t=0.5, t0=5)


@pytest.mark.parametrize(
    "run",
    [
        lambda: sf.evolve(CHAIN, STRONG, t=20, every=5, h=NARROW),
        lambda: sf.propagate(CHAIN, STRONG, t=20, h=NARROW),
        lambda: sf.evolve(AEIF, [REST + volley(3).replace(weight=w) for w in (30, 0)], t=12, every=6, h=NARROW),
        lambda: sf.stationary([AEIF, AEIF], [sf.Noise(-60, 2.5), REST], h=[NARROW, HELD]),
        lambda: sf.stationary(AEIF, sf.Noise(-60, 2.5), method=["density", "theory"], h=[NARROW, None]),
    ],
    ids=["chain", "propagate", "one of the points", "stationary", "beside theory"],
)
def test_lost_mass_is_refused_wherever_it_is_lost(run):
    with pytest.raises(sf.MeshError, match=r"reaches the ends of its columns, -1 to 5 mV"):
        run()


def test_mass_at_the_lower_end_counts_as_that_at_the_upper():
    for run in (sf.stationary, lambda *of, **mesh: sf.evolve(*of, t=1, **mesh)):
        with pytest.raises(sf.MeshError, match=r"reaches the ends of its columns, 0.1 to 15\.\d+ mV"):
            run(AEIF, REST, h=sf.Mesh(0.4, 0.25, (0.1, 15)))


def test_a_current_spreads_an_izhikevich_neuron_as_its_equation_says():
    A, D = np.array([[0.08 * -70 + 5, -1.0], [0.02 * 0.2, -0.02]]), 0.05
    eye = np.eye(2)
    S = np.linalg.solve(np.kron(A, eye) + np.kron(eye, A), -np.array([2 * D, 0, 0, 0])).reshape(2, 2)
    s = sf.stationary(sf.Izhikevich.regular_spiking(), sf.Current(0, D), h=sf.Mesh(h=0.05))
    assert (float(s.V_mean), float(s.w_mean)) == pytest.approx((-70, -14), abs=0.05)
    assert float(s.V_sd) == pytest.approx(S[0, 0] ** 0.5, rel=0.02)
    # w_sd is .030 instead of .0090 mV here: columns of .1 mV, and nothing says so.
