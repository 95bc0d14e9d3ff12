"""Chains as spikes, against their densities: volleys, gates, the switch, recurrence, and trials by themselves."""

import numpy as np
import pytest

import synfer as sf

LIF, REST = sf.LIF.diesmann1999(), sf.Noise(mu=-61.78725, sigma=2.8516575)
CHAIN = sf.SynfireChain(LIF, noise=REST, layers=3, width=1000, weight=0.015795, tau_s=0.325)
VOLLEY = sf.PulsePacket(a=600, sigma_t=1.0, t0=8)
EIF = CHAIN.replace(neuron=sf.EIF.fourcaud2003(), noise=sf.Noise(-64.22720614, 2), weight=0.01473)


@pytest.mark.parametrize(
    ("chain", "packet", "gate", "switch"),
    [
        (CHAIN, VOLLEY, None, False),
        (CHAIN, VOLLEY, sf.Inhibition(1, on=3, off=14, lag=2), False),
        (CHAIN, VOLLEY, sf.Inhibition(1, on=3, off=14, lag=2), True),
        (CHAIN, VOLLEY, sf.Shunt(g=0.1, E_rev=-75, on=3, off=14), False),
        (CHAIN, VOLLEY, sf.Inhibition(0.5), True),
        (CHAIN.replace(kernel="biexponential", tau_r=0.2, delay=1.3), VOLLEY, None, False),
        (CHAIN.replace(kernel="exponential", delay=(0.7, 1.1)), VOLLEY, None, False),
        (CHAIN.replace(kernel="delta", tau_s=None, delay=1.5), VOLLEY, None, False),
        (EIF, VOLLEY.replace(a=900), sf.Inhibition(1, on=3, off=14), False),
    ],
)
def test_spikes_agree_with_the_density(chain, packet, gate, switch):
    """z-scores of volleys and of rates in 1-ms bins, 32 trials of N 1000.

    The mean over finite layers is not that of infinite ones where the transfer bends: fluctuations of a of 2 % shift it
    by 1e-3 N, half a standard error here, so z <= 4 for volleys; rates: 120 bins at z <= 5, rms within 20 % of 1.
    """
    common = {"t": 40, "gate": gate, "disfacilitation": switch}
    d = sf.evolve(chain, packet, window=3.0, **common)
    m = sf.simulate(chain, packet, trials=32, seed=3, **common)
    z = sf.compare(d, m, width=1)
    assert float(abs(z.a).max()) < 4
    assert float(abs(z.t_packet).max()) < 4
    assert float(abs(z.rate).max()) < 5
    assert 0.8 < float((z.rate**2).mean() ** 0.5) < 1.25


def test_a_recurrent_pair_agrees_with_its_densities():
    """An excitatory layer and its inhibitory partner, fed back, N 1000 and 250."""
    partner = sf.Population("inhibitory", LIF, REST, width=250)
    network = CHAIN.replace(layers=1).network().joined(
        [partner],
        [
            sf.Projection("1", "inhibitory", weight=0.012, tau_s=0.325),
            sf.Projection("inhibitory", "1", weight=-0.05, tau_s=2.0, delay=0.5),
        ],
    )  # fmt: skip
    d = sf.evolve(network, VOLLEY, t=40, window=3.0)
    m = sf.simulate(network, VOLLEY, t=40, trials=32, seed=5)
    z = sf.compare(d, m, width=1)
    assert float(abs(z.rate).max()) < 5
    assert 0.8 < float((z.rate**2).mean() ** 0.5) < 1.25
    after = slice(12, 25)
    assert float(d.rate.sel(layer="1", time=after).mean()) < 0.97 * float(
        sf.evolve(CHAIN.replace(layers=1), VOLLEY, t=40).rate.sel(layer=1, time=after).mean()
    )


@pytest.mark.parametrize("probability", [0.1, 1.0])
def test_individual_connections_carry_the_same_mean(probability):
    """A = N p J is the same; the input of p = .1 also differs between neurons, which here helps the weak volley on.

    Truth for the first layer, which no connection reaches: the density.
    """
    chain = CHAIN.replace(probability=probability, weight=0.015795 / probability)
    d = sf.propagate(chain, VOLLEY, t=25, window=3.0)
    m = sf.simulate(chain, VOLLEY, t=25, trials=12, connections="individual", seed=2)
    se = m.a.std("trial", ddof=1) / 12**0.5
    assert abs(float((m.a.mean("trial") - d.a)[0] / se[0])) < 4
    assert abs(float((m.a.mean("trial") - d.a)[1])) < 0.05 * 1000


def test_a_trial_is_the_same_alone_and_among_others():
    few = sf.simulate(CHAIN.replace(width=100), VOLLEY, t=20, trials=3, seed=4, record="spikes")
    many = sf.simulate(CHAIN.replace(width=100), VOLLEY, t=20, trials=40, seed=4, record="spikes")
    for name in ("a", "sigma_t", "t_packet", "rate_trial"):
        assert many[name][:3].values.tobytes() == few[name].values.tobytes()
    chosen = many.spike_trial.values < 3
    order = np.lexsort([many[n].values[chosen] for n in ("spike_time", "spike_layer", "spike_trial")])
    same = np.lexsort([few[n].values for n in ("spike_time", "spike_layer", "spike_trial")])
    assert many.spike_time.values[chosen][order].tobytes() == few.spike_time.values[same].tobytes()


def test_seeds_and_points_make_streams():
    chain = CHAIN.replace(width=100)
    a, b = (sf.simulate(chain, VOLLEY, t=15, trials=2, seed=seed) for seed in (1, 2))
    assert not np.array_equal(a.rate_trial, b.rate_trial)
    both = sf.simulate([chain, chain], VOLLEY, t=15, trials=2, seed=[1, 2])
    assert both.rate_trial[0].values.tobytes() == a.rate_trial.values.tobytes()
    assert both.rate_trial[1].values.tobytes() == b.rate_trial.values.tobytes()


def test_spike_trains_make_the_rate():
    m = sf.simulate(CHAIN.replace(width=100), VOLLEY, t=15, trials=2, seed=1, record="spikes", every=0.5)
    counts = np.zeros((2, 3, 30))
    bins = np.floor(m.spike_time.values / 0.5).astype(int)
    np.add.at(counts, (m.spike_trial.values, m.spike_layer.values - 1, bins), 1)
    assert np.abs(m.rate_trial.values - counts / (100 * 0.5) * 1000).max() < 1e-9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": 0}, "trials = 0 must be a whole number >= 1"),
        ({"trials": 1.5}, "trials = 1.5 must be a whole number"),
        ({"n": 100}, "n is for single populations"),
        ({"connections": "privat"}, "connections = 'privat' is unknown"),
        ({"seed": -1}, "seed = -1"),
        ({"window": 0.0317}, "window = 0.0317 ms must be a multiple of dt"),
        ({"every": 0.7}, "must divide t"),
        ({"record": "p"}, "record = 'p' is unknown"),
        ({"drive": 3}, "driven by a PulsePacket"),
    ],
)
def test_what_a_spiking_chain_cannot_take_is_refused(changes, words):
    arguments = {"drive": VOLLEY, "t": 20} | changes
    with pytest.raises(sf.ParameterError, match=words):
        sf.simulate(CHAIN.replace(width=20), arguments.pop("drive"), **arguments)


def test_too_few_trials_are_not_compared():
    chain = CHAIN.replace(width=50)
    d, m = sf.evolve(chain, VOLLEY, t=30), sf.simulate(chain, VOLLEY, t=30, trials=2)
    with pytest.raises(sf.ParameterError, match="2 trials scatter too little"):
        sf.compare(d, m)


def test_volleys_are_compared_where_both_are_read_in_one_window():
    chain = CHAIN.replace(width=50)
    m = sf.simulate(chain, VOLLEY, t=30, trials=8)
    assert set(sf.compare(sf.evolve(chain, VOLLEY, t=30), m)) == {"rate"}
    assert set(sf.compare(sf.evolve(chain, VOLLEY, t=30, window=3), m)) == {"rate", "a", "t_packet"}


def test_what_is_recorded_does_not_change_what_is_read():
    chain = CHAIN.replace(width=50)
    runs = [
        sf.simulate(chain, VOLLEY, t=t, every=every, trials=2, seed=1)
        for t, every in ((30, 0.5), (30, 0.02), (30.02, None))
    ]
    for name in ("a", "sigma_t", "t_packet"):
        assert runs[0][name].values.tobytes() == runs[1][name].values.tobytes()
        assert runs[2][name].values == pytest.approx(runs[0][name].values, rel=1e-12)


def test_trials_of_all_batches_differ():
    """Trials are run 32 at a time; the 33rd is not the first again."""
    m = sf.simulate(CHAIN.replace(width=100, layers=1), VOLLEY, t=20, trials=65, seed=1, every=0.1)
    assert len({m.rate_trial[i].values.tobytes() for i in range(65)}) == 65


@pytest.mark.parametrize(
    "changes",
    [{"weight": 0.02}, {"delay": 1.0}, {"layers": 1}, {"noise": REST.replace(sigma=2.8)}],
)
def test_streams_belong_to_the_whole_point(changes):
    """Spikes of layer 1 before the packet: another chain draws other numbers."""
    chain = CHAIN.replace(width=50, layers=2)
    a, b = (sf.simulate(c, VOLLEY, t=20, seed=1, every=0.1) for c in (chain, chain.replace(**changes)))
    assert not np.array_equal(a.rate_trial[0, 0, :40], b.rate_trial[0, 0, :40])


def test_a_gate_draws_other_numbers():
    a, b = (sf.simulate(CHAIN.replace(width=50), VOLLEY, t=20, seed=1, every=0.1, gate=g)
            for g in (None, sf.Inhibition(1, on=15)))  # fmt: skip
    assert not np.array_equal(a.rate_trial[0, 0, :40], b.rate_trial[0, 0, :40])


def test_a_coarse_step_of_the_sodium_current_is_told():
    sharp = sf.EIF(tau_m=10, V_T=-55, Delta_T=0.3, V_cut=-45, V_reset=-68, t_ref=1.7)
    chain = sf.SynfireChain(sharp, REST, layers=1, width=20, weight=0.5, tau_s=0.3)
    with pytest.warns(sf.SynferWarning, match="exceeds Delta_T"):
        sf.simulate(chain, VOLLEY.replace(a=10), t=20, dt=0.1)


def test_spikes_that_are_cut_are_told():
    with pytest.warns(sf.SynferWarning, match="not over at the end of the run, t = 11 ms"):
        sf.simulate(CHAIN, VOLLEY, t=11, trials=4)
    with pytest.warns(sf.SynferWarning, match="ends before the packet of t0 = 8 ms has entered"):
        sf.simulate(CHAIN.replace(width=20), VOLLEY, t=6)
