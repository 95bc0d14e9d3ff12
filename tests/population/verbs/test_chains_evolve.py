"""Chains as densities: one layer is a population, the switch and its twins, gates that travel, errors."""

from importlib import import_module

import numpy as np
import pytest

import synfer as sf

LIF, REST = sf.LIF.diesmann1999(), sf.Noise(mu=-61.78725, sigma=2.8516575)
SYNAPSE = {"weight": 0.15795, "tau_s": 0.325}
CHAIN = sf.SynfireChain(LIF, noise=REST, layers=4, width=100, **SYNAPSE)
VOLLEY = sf.PulsePacket(a=60, sigma_t=1.0, t0=8)
GATES = {
    "none": None,
    "sustained": sf.Inhibition(0.4),
    "timed": sf.Inhibition(1, on=4, off=13),
    "travelling": sf.Inhibition(1, on=4, off=13, lag=1),
    "one layer": sf.Inhibition(1, on=4, off=20, layers=(2,)),
    "shunt": sf.Shunt(g=0.1, E_rev=-75, on=4, off=13),
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_the_first_layer_is_a_population_of_its_own(gate):
    """The same engine without a network around it: equal to 1e-9 Hz, the order of a step's operations apart."""
    chain = sf.evolve(CHAIN, VOLLEY, t=25, gate=gate)
    here = None if gate is None else gate.at(1, 1)
    drive = REST + VOLLEY.replace(**SYNAPSE)
    alone = sf.evolve(LIF, drive if here is None else drive + here, t=25)
    assert np.abs(chain.rate[0].values - alone.rate.values).max() < 1e-9
    assert np.abs(chain.V_sd[0].values - alone.V_sd.values).max() < 1e-9


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_the_quiet_twin_is_the_chain_without_a_packet(gate):
    for switch in (False, True):
        with_packet = sf.evolve(CHAIN, VOLLEY, t=25, gate=gate, disfacilitation=switch)
        without = sf.evolve(CHAIN, None, t=25, gate=gate, disfacilitation=switch)
        # Constant twins are kept as numbers: a run at rest drifts from them by rounding.
        assert np.abs(with_packet.quiet_rate.values - without.rate.values).max() < 1e-9
        assert float(without.a.max()) == 0
        assert bool(np.isnan(without.sigma_t).all())


@pytest.mark.parametrize("kernel", ["alpha", "delta"])
def test_twins_wait_for_the_same_delay(kernel):
    """Whatever the delay, layers that follow their twins transmit nothing."""
    chain = CHAIN.replace(kernel=kernel, tau_s=0.3 if kernel == "alpha" else None, delay=0.73)
    out = sf.evolve(chain, None, t=25, gate=sf.Inhibition(2, on=4, off=13, lag=1.3))
    assert np.ptp(out.rate.values, axis=1).min() > 1
    assert np.abs(out.rate.values - out.quiet_rate.values).max() < 1e-9


def test_without_a_gate_the_switch_changes_nothing():
    off, on = (sf.evolve(CHAIN, VOLLEY, t=25, disfacilitation=switch) for switch in (False, True))
    assert off.rate.values.tobytes() == on.rate.values.tobytes()


def test_the_switch_hyperpolarises_behind_a_silenced_layer():
    """Truth at rest: layer 2's mean input falls by tau_m A (r0 - r_1), so its rate is that of Siegert's formula there.

    The mesh of .1 mV gives rates within .4 (h/sigma)^2 = 5e-4.
    """
    gate = sf.Inhibition(1.5, layers=(1,))
    rest = sf.evolve(CHAIN, None, t=5, gate=gate, disfacilitation=True)
    r0, r1 = (float(sf.stationary(LIF, drive).rate) for drive in (REST, REST + sf.Inhibition(1.5)))
    shifted = REST.replace(mu=REST.mu - LIF.tau_m * CHAIN.A * (r0 - r1) / 1000)
    assert rest.rate[1, -1] == pytest.approx(float(sf.stationary(LIF, shifted).rate), rel=1e-3)
    assert float(np.ptp(rest.rate.values, axis=1).max()) < 1e-9
    untouched = sf.evolve(CHAIN, None, t=5, gate=gate)
    assert untouched.rate[1, -1] == pytest.approx(r0, rel=1e-3)


def test_a_gate_travels_with_its_lag():
    out = sf.evolve(CHAIN, None, t=40, gate=sf.Inhibition(2, on=5, off=15, lag=3))
    rate = out.rate.values
    for layer in range(1, 4):
        late = round(3 * layer / 0.05)
        assert np.abs(rate[layer][late:] - rate[0][: len(rate[0]) - late]).max() < 1e-9


def test_half_a_packet_of_twice_the_synapse_is_the_same_drive():
    one = sf.propagate(CHAIN, VOLLEY)
    other = sf.propagate(CHAIN.replace(probability=0.5, weight=2 * CHAIN.weight), VOLLEY)
    assert one.a.values == pytest.approx(other.a.values, rel=1e-12)


def test_propagate_gives_the_packets_of_evolve_alone_and_in_a_batch():
    points = [
        (CHAIN, VOLLEY, None),
        (CHAIN.replace(noise=REST.replace(sigma=2)), VOLLEY, GATES["travelling"]),
        (CHAIN.replace(neuron=sf.EIF.fourcaud2003(), noise=sf.Noise(-64.2, 2)), VOLLEY.replace(a=90), GATES["timed"]),
    ]
    chains, packets, gates = (list(column) for column in zip(*points, strict=True))
    batch = sf.propagate(chains, packets, gate=gates, t=40)
    for i, (chain, packet, gate) in enumerate(points):
        own = sf.propagate(chain, packet, gate=gate, t=40)
        long = sf.evolve(chain, packet, gate=gate, t=40, every=40)
        for name in ("a", "sigma_t", "t_packet", "survived"):
            assert batch[name][i].values.tobytes() == own[name].values.tobytes() == long[name].values.tobytes()
    assert list(batch.a_in.values) == [60, 60, 90]


def test_a_layer_is_reached_later_by_its_delay():
    plain, late = (sf.propagate(CHAIN.replace(delay=delay), VOLLEY, t=40) for delay in (0.0, 2.0))
    shift = late.t_packet.values - plain.t_packet.values
    # The input of an undelayed layer is predicted within a step, an error of third order in dt.
    assert shift == pytest.approx([0, 2, 4, 6], abs=2e-3)
    assert late.a.values == pytest.approx(plain.a.values, rel=2e-3)


def test_two_chains_that_cross_carry_two_packets():
    """A network of two unconnected chains is two chains; a sum of packets enters both."""
    a, b = CHAIN.network("a"), CHAIN.replace(noise=REST.replace(sigma=2.5)).network("b")
    both = sf.propagate(a.joined(b.populations, b.projections), VOLLEY)
    assert list(both.layer.values[:5]) == ["a1", "a2", "a3", "a4", "b1"]
    for first, chain in ((0, CHAIN), (4, CHAIN.replace(noise=REST.replace(sigma=2.5)))):
        own = sf.propagate(chain, VOLLEY)
        assert both.a[first : first + 4].values.tobytes() == own.a.values.tobytes()


def test_an_inhibitory_partner_holds_a_volley_down():
    partner = sf.Population("inhibitory", LIF, REST, width=25, layer=2)
    feed = [
        sf.Projection("1", "inhibitory", **SYNAPSE),
        sf.Projection("inhibitory", "2", weight=-0.4, tau_s=0.5, delay=0.2),
    ]
    held = sf.propagate(CHAIN.network().joined([partner], feed), VOLLEY)
    free = sf.propagate(CHAIN, VOLLEY)
    assert float(held.a.sel(layer="2")) < 0.97 * float(free.a[1])
    assert float(held.a.sel(layer="1")) == float(free.a[0])


def test_a_delta_packet_without_spread_is_a_kick():
    """Truth: a single population kicked by the same voltage (and the packet delay that its projection adds)."""
    entry = sf.Projection("packet", "1", weight=0.1, kernel="delta", delay=1.5)
    network = sf.Network([sf.Population("1", LIF, REST)], [entry])
    chain = sf.evolve(network, VOLLEY.replace(sigma_t=0, t0=5), t=20)
    kick = sf.PulsePacket(a=60, sigma_t=0, t0=6.5, weight=0.1, kernel="delta")
    alone = sf.evolve(LIF, REST + kick, t=20)
    assert np.abs(chain.rate[0].values - alone.rate.values).max() < 1e-9
    assert float(chain.a[0]) > 10
    with pytest.warns(sf.SynferWarning, match="acts at 3 ms"):
        sf.evolve(network, VOLLEY.replace(sigma_t=0, t0=1.53), t=20)


def test_the_rate_behind_delta_synapses_is_that_of_the_spikes():
    leaping = CHAIN.replace(kernel="delta", tau_s=None, delay=1.0, layers=2)
    coarse, fine = (sf.evolve(leaping, VOLLEY, t=20, dt=dt) for dt in (0.05, 0.0125))
    assert float(coarse.rate[1].max()) == pytest.approx(float(fine.rate[1].max()), rel=5e-3)
    assert coarse.rate[1, 1:].values == pytest.approx(coarse.n_spikes[1, 1:].values / 0.05 * 1000, rel=1e-9)


def test_a_fractional_delay_moves_the_volley_by_itself():
    """Truth: halving dt; a shift of the charge by half a step would show as dt/2 = .025 ms."""
    for kernel, tau_s in (("delta", None), ("exponential", 0.4)):
        chain = CHAIN.replace(kernel=kernel, tau_s=tau_s, delay=1.237, layers=3, weight=0.1)
        coarse, fine = (sf.propagate(chain, VOLLEY.replace(a=90), dt=dt, t=40) for dt in (0.05, 0.025))
        assert fine.t_packet.values == pytest.approx(coarse.t_packet.values, abs=3e-3)


@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
def test_both_schemes_have_the_same_limit(scheme):
    """Backward Euler is of first order: at dt .0125 its volleys are within 1.5 % of SDIRK2's, at .025 twice as far."""
    truth = sf.propagate(CHAIN, VOLLEY, dt=0.0125, t=40).a.values
    errors = [
        np.abs(sf.propagate(CHAIN, VOLLEY, dt=dt, t=40, scheme=scheme).a.values / truth - 1).max()
        for dt in (0.025, 0.0125)
    ]
    assert errors[1] < 0.015
    assert errors[1] <= 0.6 * errors[0] + 1e-12


def test_varying_noise_has_a_twin_and_counts_against_itself():
    """A gate of no depth is no gate, with the switch too, when the noise of a layer varies."""
    series = sf.Noise(sf.Timeseries([0, 7, 20, 40], [-62.5, -60, -61.5, -61]), 2.8)
    chain = CHAIN.replace(noise=(REST, series, REST, REST))
    free = sf.evolve(chain, VOLLEY, t=40)
    for switch in (False, True):
        for gate in (None, sf.Inhibition(0), sf.Inhibition(0, on=3, off=20)):
            out = sf.propagate(chain, VOLLEY, t=40, gate=gate, disfacilitation=switch)
            assert out.a.values == pytest.approx(free.a.values, rel=1e-9)
    assert float(np.ptp(free.quiet_rate[1].values)) > 1
    alone = sf.evolve(LIF, series, t=40)
    assert free.quiet_rate[1].values == pytest.approx(alone.rate.values, abs=1e-9)


def test_a_gate_of_varying_depth_travels_too():
    wave = sf.Inhibition(sf.Timeseries([0, 5, 10], [0, 2, 0]), lag=5)
    rate = sf.evolve(CHAIN, None, t=40, gate=wave).rate.values
    assert np.abs(rate[2][200:] - rate[0][:-200]).max() < 1e-9
    assert np.ptp(rate[0]) > 1


def test_unlike_neurons_under_one_gate_have_their_own_twins():
    other = LIF.replace(tau_m=15, V_th=-54)
    chain = CHAIN.replace(neuron=(LIF, other, LIF, other))
    gate = sf.Inhibition(1, on=4, off=13)
    out = sf.evolve(chain, None, t=20, gate=gate)
    for layer, neuron in ((0, LIF), (1, other)):
        alone = sf.evolve(neuron, REST + gate, t=20)
        assert out.rate[layer].values == pytest.approx(alone.rate.values, abs=1e-9)
        assert out.quiet_rate[layer].values == pytest.approx(alone.rate.values, abs=1e-9)


def test_strong_inhibition_finds_room_on_the_mesh():
    """Truth: a lower mesh, made by a gate that acts at the very end, gives the same before it."""
    partner = sf.Population("inhibitory", LIF, REST, width=100, layer=2)
    feed = [sf.Projection("1", "inhibitory", **SYNAPSE), sf.Projection("inhibitory", "2", weight=-0.6, tau_s=0.5)]
    network = CHAIN.network().joined([partner], feed)
    own = sf.evolve(network, VOLLEY, t=40)
    roomy = sf.evolve(network, VOLLEY, t=40, gate=sf.Inhibition(40, on=39.5, layers=("2",)))
    assert float(own.V_mean.sel(layer="2").min()) < REST.mu - 20
    before = {"layer": "2", "time": slice(0, 39)}
    assert own.V_mean.sel(before).values == pytest.approx(roomy.V_mean.sel(before).values, abs=1e-6)


def test_points_are_labelled_by_what_differs():
    out = sf.propagate(CHAIN, VOLLEY, gate=[None, sf.Inhibition(1), None], disfacilitation=[False, True, True], t=40)
    assert list(out.gate.values) == ["none", "inhibition", "none"]
    assert list(out.disfacilitation.values) == [False, True, True]
    assert out.attrs["window"] == "evoked"


def test_many_points_are_read_in_parts(monkeypatch):
    module = import_module("synfer.population.verbs.chains.propagate")
    packets = [VOLLEY.replace(a=a) for a in (55, 60, 70, 80, 100)]
    whole = sf.propagate(CHAIN, packets, t=40)
    monkeypatch.setattr(module, "AT_ONCE", 2 * 800 * 4 * 2)
    assert sf.propagate(CHAIN, packets, t=40).a.values.tobytes() == whole.a.values.tobytes()


def test_a_chain_that_fails_is_told_and_the_others_go_on(monkeypatch):
    from synfer.population import density

    healthy, lost = density.evolve_networks, [1]

    def broken(lanes, synapses, network, signal, inputs, **options):
        def bad(first, steps, wanted):
            values = list(inputs(first, steps, wanted))
            values[0] = np.where(np.isin(wanted, signal[np.isin(network, lost)]), np.nan, values[0])
            return values

        return healthy(lanes, synapses, network, signal, bad, **options)

    monkeypatch.setattr(density, "evolve_networks", broken)
    chains = [CHAIN, CHAIN.replace(noise=REST.replace(sigma=2.5)), CHAIN]
    with pytest.warns(sf.SynferWarning, match="1 of 3 points did not stay finite"):
        out = sf.propagate(chains, VOLLEY, t=40)
    assert list(out.status.values) == [0, 1, 0]
    assert bool(np.isnan(out.a[1]).all())
    assert float(out.a[0, -1]) == float(out.a[2, -1]) > 50
    lost.append(0)
    with pytest.raises(sf.NumericalError, match="did not stay finite at any point"):
        sf.propagate(chains[:2], VOLLEY, t=40)


def test_a_volley_that_is_cut_is_told_and_one_without_a_limit_runs_to_its_end():
    slow = sf.SynfireChain(LIF.replace(tau_m=30.0), noise=sf.Noise(-61, 2.0), layers=8, weight=0.16, tau_s=8.0)
    packet = sf.PulsePacket(a=150, sigma_t=1, t0=10)
    with pytest.warns(sf.SynferWarning, match="not over at the end of the run, t = 93 ms"):
        cut = sf.propagate(slow, packet, t=93, h=0.2)
    whole = sf.propagate(slow, packet, h=0.2)
    long = sf.propagate(slow, packet, t=400, h=0.2)
    assert whole.a.values == pytest.approx(long.a.values, rel=1e-3)
    assert float(whole.t_end) > 93 > float(cut.t_packet[0])
    assert float(cut.a[-1]) < 1 < float(whole.a[-1])


def test_a_packet_that_begins_before_the_run_is_told():
    with pytest.warns(sf.SynferWarning, match="begins before the run"):
        sf.propagate(CHAIN, VOLLEY.replace(t0=1))


def test_densities_are_recorded_by_layer():
    out = sf.evolve(CHAIN, VOLLEY, t=24, every=4, record="p")
    assert out.p.dims == ("layer", "time", "V")
    width = float(out.V[1] - out.V[0])
    refractory = 1 - out.p.sum("V") * width
    # At rest a share r t_ref of 4.35 per s times 1 ms is refractory.
    assert float(refractory[3, 0]) == pytest.approx(4.35e-3, rel=2e-3)
    assert float(out.p.min()) >= 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drive": sf.Noise(-60, 2)}, "driven by a PulsePacket"),
        ({"drive": VOLLEY.replace(weight=0.1)}, "a chain brings its own synapse"),
        ({"gate": sf.Noise(-60, 2)}, "must be an Inhibition, a Shunt"),
        ({"gate": sf.Inhibition(1, layers=(5,))}, "layer 5, which the chain does not have; known: 1 to 4"),
        ({"disfacilitation": "yes"}, "must be True or False"),
        ({"initial": 3}, "initial is for single populations"),
        ({"window": 0.33}, "window"),
        ({"window": 30}, "window"),
        ({"window": "evokd"}, "window"),
        ({"t": 0}, "t = 0 ms"),
        ({"dt": 30.0}, "dt"),
        ({"h": 3.0}, "cannot resolve sigma"),
        ({"record": "q"}, "record = 'q' is unknown"),
    ],
)
def test_what_a_chain_cannot_take_is_refused(changes, words):
    arguments = {"drive": VOLLEY, "t": 20} | changes
    with pytest.raises(sf.ParameterError, match=words):
        sf.evolve(CHAIN, arguments.pop("drive"), **arguments)


def test_chains_of_different_shape_do_not_share_a_call():
    with pytest.raises(sf.ParameterError, match="point 1 has 5 layers and point 0 has 4"):
        sf.propagate([CHAIN, CHAIN.replace(layers=5)], VOLLEY)


@pytest.mark.parametrize("verb", [sf.evolve, sf.simulate])
def test_a_population_has_no_window(verb):
    with pytest.raises(sf.ParameterError, match="window is for chains; leave it out"):
        verb(LIF, REST, t=5, window=-5)


def test_chains_and_populations_are_not_points_of_one_call():
    with pytest.raises(sf.ParameterError, match="populations and chains cannot be points of one call"):
        sf.evolve([LIF, CHAIN], REST, t=5)


def test_a_population_takes_no_gate_argument():
    with pytest.raises(sf.ParameterError, match="gate is for chains; add gates to the drive"):
        sf.evolve(LIF, REST, t=5, gate=sf.Inhibition(1))


@pytest.mark.parametrize("gate", [sf.Inhibition(1, on=3, lag=2), sf.Inhibition(1, layers=(1,))])
def test_a_population_has_no_layers_for_a_gate(gate):
    with pytest.raises(sf.ParameterError, match="is for the gate= of a chain"):
        sf.evolve(LIF, REST + gate, t=5)


def test_a_synapse_that_acts_at_once_needs_a_delay_of_a_step():
    leaping = CHAIN.replace(kernel="exponential", delay=0.02)
    with pytest.raises(sf.ParameterError, match=r"delay = 0.02 ms must be >= dt = 0.05 ms"):
        sf.evolve(leaping, VOLLEY, t=20)


def test_a_point_is_read_for_its_own_duration():
    """A later packet beside it makes the run longer; what a point's own default duration ends before stays unseen."""
    early, late = VOLLEY.replace(a=25, t0=3), VOLLEY.replace(t0=60)
    own = sf.propagate(CHAIN, early)
    beside = sf.propagate(CHAIN, [early, late])
    for name in ("a", "sigma_t", "t_packet"):
        assert beside[name][0].values.tobytes() == own[name].values.tobytes()
