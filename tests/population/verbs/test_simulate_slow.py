"""simulate with a slow variable, through its public face: agreement with the density, bytes, continuation, chains."""

import numpy as np
import pytest

import synfer as sf

AEIF = sf.AdaptiveEIF.example()
ALIF = sf.AdaptiveLIF(tau_m=10, V_th=-55, V_reset=-68, t_ref=1.7, tau_w=50, a_w=0.5, b=2, E_w=-65)
RS = sf.Izhikevich.regular_spiking()
GATE = sf.Inhibition(depth=2, on=5, off=12)
VOLLEY = sf.PulsePacket(a=38, sigma_t=1.0, t0=18, weight=0.15795, tau_s=0.325)
CASES = {
    "aeif": (AEIF, sf.Noise(-62, 2) + GATE + VOLLEY, 0.1),
    "alif": (ALIF, sf.Noise(-59, 3) + GATE + VOLLEY, None),
    "izhikevich": (RS, sf.Current(10, 4) + GATE + VOLLEY.replace(weight=0.3), sf.Mesh(dw=0.2)),
}


@pytest.mark.parametrize("kind", CASES)
def test_spikes_agree_with_the_density_through_a_gate_and_a_volley(kind):
    """Bins of a rate are nearly independent; moments are not, w for tens of ms, so of them only the largest is tested.

    abs(z) > 5 once in 1e5 such runs; the rms of 30 bins has sd .13, and of some 30 cells of p_w as much.
    """
    neuron, drive, h = CASES[kind]
    d = sf.evolve(neuron, drive, t=30, dt=0.05, h=h, record="p_w")
    m = sf.simulate(neuron, drive, t=30, n=20_000, every=0.5, seed=3, record=("p", "p_w"))
    z = sf.compare(m, d, width=1.0)
    assert float(abs(z.rate).max()) < 5
    assert 0.7 < float((z.rate**2).mean() ** 0.5) < 1.5
    for name in ("V_mean", "V_sd", "V_iqr", "w_mean", "w_sd"):
        assert float(abs(z[name]).max()) < 5, name
    dw, cells = float(m.w[1] - m.w[0]), 20_000 * float(m.w[1] - m.w[0])
    exact = d.p_w.interp(time=float(m.V_time[-1])).interp(w=m.w, kwargs={"fill_value": 0.0})
    seen = m.p_w.isel(time=-1)
    of_cells = ((seen - exact) / (exact / cells) ** 0.5).where(exact * cells > 50, drop=True)
    assert of_cells.size > 15
    assert float(abs(of_cells).max()) < 5
    assert 0.5 < float((of_cells**2).mean() ** 0.5) < 1.6
    h_V = float(m.V[1] - m.V[0])
    assert float(seen.sum() * dw) == pytest.approx(float(m.p.isel(time=-1).sum() * h_V), abs=1e-4)


@pytest.mark.parametrize("kind", CASES)
def test_a_continued_run_is_the_unbroken_one_bit_for_bit(kind):
    neuron, drive, _ = CASES[kind]
    options = {"n": 300, "every": 1.0, "record": "p_w"}
    whole = sf.simulate(neuron, drive, t=22, seed=4, **options)
    first = sf.simulate(neuron, drive, t=9, seed=4, **options)
    second = sf.simulate(neuron, drive, t=13, initial=first, **options)
    assert float(whole.rate.sum()) > 0
    for name in ("rate", "V_sd", "w_mean", "w_sd_se", "p_w"):
        assert np.array_equal(second[name].values, whole[name].values[9:]), name


def test_a_point_gives_the_same_bytes_alone_and_among_others():
    neurons, drives = [AEIF, sf.EIF.fourcaud2003()], [sf.Noise(-62, 2), sf.Noise(-64, 3)]
    together = sf.simulate(neurons, drives, t=6, n=500, every=1, seed=5, record="p_w")
    for i, (neuron, drive) in enumerate(zip(neurons, drives, strict=True)):
        alone = sf.simulate(neuron, drive, t=6, n=500, every=1, seed=5)
        assert np.array_equal(alone.rate.values, together.rate.isel(point=i).values)
        assert ("w_mean" in alone) == (neuron is AEIF)
    plain = together.isel(point=1)
    assert not plain.w_mean.any()
    assert not plain.w_sd_se.any()
    at_0 = plain.p_w.where(abs(plain.w) < 0.5 + 0.2, drop=True)
    assert float(at_0.sum()) == pytest.approx(float(plain.p_w.sum()))


def test_a_slow_variable_that_nothing_moves_leaves_the_neuron_without_it():
    """b = a_w = 0 is the LIF in law: rates and sds of two independent samples of 20,000, z <= 4 of their difference."""
    lif = sf.LIF(tau_m=10, V_th=-55, V_reset=-68, t_ref=1.7)
    still = ALIF.replace(a_w=0.0, b=0.0)
    runs = (sf.simulate(n, sf.Noise(-59, 3), t=50, n=20_000, every=50, seed=1) for n in (lif, still))
    a, b = (run.isel(time=0) for run in runs)
    for name in ("rate", "V_mean", "V_sd"):
        se = float((a[f"{name}_se"] ** 2 + b[f"{name}_se"] ** 2) ** 0.5)
        assert abs(float(a[name] - b[name])) < 4 * se, name
    assert not b.w_mean.any()


def test_a_chain_agrees_with_its_density():
    """A layer that adapts and an EIF, gated one after the other: 16 trials of N 1000, as in test_chains_simulate.

    A mesh of h = .1 mV would hold back .3 % of a volley's spikes, more than a standard error; the error goes as h^2.
    """
    eif = sf.EIF.fourcaud2003()
    chain = sf.SynfireChain(
        (AEIF, eif), noise=(sf.Noise(-62, 2), sf.Noise(-64.2, 2)), layers=2, width=1000, weight=0.018, tau_s=0.325
    )
    volley, gate = sf.PulsePacket(a=900, sigma_t=1.0, t0=8), sf.Inhibition(2, on=3, off=14, lag=2)
    common = {"t": 28, "gate": gate, "disfacilitation": True}
    d = sf.evolve(chain, volley, window=3.0, h=0.05, **common)
    m = sf.simulate(chain, volley, trials=16, seed=3, **common)
    z = sf.compare(d, m, width=1)
    assert float(abs(z.a).max()) < 4
    assert float(abs(z.rate).max()) < 5
    assert 0.7 < float((z.rate**2).mean() ** 0.5) < 1.4


def test_w_is_refused_where_there_is_none():
    with pytest.raises(sf.ParameterError, match="record = 'p_w' needs a slow variable"):
        sf.simulate(sf.EIF.fourcaud2003(), sf.Noise(-64, 3), t=5, record="p_w")
    first = sf.simulate(ALIF, sf.Noise(-59, 3), t=1, n=64, every=1).drop_vars("state_w")
    with pytest.raises(sf.ParameterError, match="initial lacks state_w"):
        sf.simulate(ALIF, sf.Noise(-59, 3), t=1, n=64, every=1, initial=first)
