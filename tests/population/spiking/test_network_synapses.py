"""Synapses of a network, seen by neurons without a leak, whose V is the charge that they have received.

A source is either such a neuron too, driven to its threshold at a known time, or noisy, its spikes being asked for.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from synfer.population.spiking import Neuron
from synfer.population.spiking.network import NetworkRun, simulate_network
from synfer.population.spiking.network.synapses import KERNELS, Synapses, bernoulli, stream
from synfer.population.synapse import volley_cumulative

FILTERS = ("alpha", "exponential", "biexponential")
TAU = {"tau_s": 0.9, "tau_r": 0.2}
PROBE = Neuron(tau_m=10.0, V_top=100.0, V_reset=-1e3, slope=1.0)
ONCE = Neuron(tau_m=10.0, V_top=0.0, V_reset=-1e4, slope=1.0)  # at mu = 10 mV V rises by 1 mV per ms


class Part(NamedTuple):
    """A population: neuron, V at the start by neuron, mu, sigma."""

    neuron: Neuron
    V: np.ndarray
    mu: float = 0.0
    sigma: float = 0.0


def synapses(*rows, kernel, probability=1.0):
    """Rows of (source, target, weight, delay)."""
    source, target, weight, delay = (np.array(column) for column in zip(*rows, strict=True))
    one = np.ones(len(rows))
    code = np.full(len(rows), KERNELS.index(kernel))
    return Synapses(source, target, weight, one * probability, code, one * TAU["tau_s"], one * TAU["tau_r"], delay)


def network(bench, parts, links, *, steps, dt=0.05, trials=1, seed=1, kick=None, **options) -> NetworkRun:
    inputs = [bench.inputs(steps, part.mu, part.sigma) for part in parts]
    if kick is not None:
        inputs[-1] = inputs[-1]._replace(kick=kick)
    V = [np.tile(part.V, (trials, 1)) for part in parts]
    run = simulate_network(
        [part.neuron for part in parts], [len(part.V) for part in parts], links, inputs, V, [0 * v for v in V],
        dt=dt, seeds=np.random.SeedSequence(seed).spawn(trials), steps_per_bin=steps, spike_trains=True, **options,
    )  # fmt: skip
    assert not run.status.any()
    return run


def given(x, kernel):
    """The fraction of a spike's charge given x ms after its arrival."""
    return volley_cumulative(x, 0.0, kernel, TAU["tau_s"], TAU["tau_r"] if kernel == "biexponential" else None)


@pytest.mark.parametrize(
    ("kernel", "delay"),
    [(k, d) for k in FILTERS for d in (0.0, 0.0137, 0.05, 0.5, 1.2371) if k != "exponential" or d >= 0.05],
)
@pytest.mark.parametrize("steps", [45, 46, 47, 60, 200])
def test_a_spike_has_given_its_kernel_to_rounding_at_every_later_step(bench, kernel, delay, steps):
    at = 0.8172  # ms, inside a step
    run = network(
        bench, [Part(ONCE, np.array([-at]), 10.0), Part(PROBE, np.zeros(3))],
        synapses((0, 1, 0.7, delay), kernel=kernel), steps=steps,
    )  # fmt: skip
    assert run.spikes[0].time == pytest.approx([at], abs=1e-12)
    # 1e-11: rounding of V_top - V = 100 mV in 200 steps is 3e-12.
    assert run.V[1] == pytest.approx(np.full((1, 3), 0.7 * given(steps * 0.05 - at - delay, kernel)), abs=1e-11)


@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_what_a_spike_misses_in_its_own_step_comes_in_the_next(bench, delay):
    parts = [Part(ONCE, np.array([-0.8172]), 10.0), Part(PROBE, np.zeros(1))]
    links = synapses((0, 1, 0.7, delay), kernel="alpha")
    V = [float(network(bench, parts, links, steps=steps).V[1][0, 0]) for steps in (17, 18)]
    assert V[0] == 0.0  # 0.85 ms: the step of the spike
    assert V[1] == pytest.approx(0.7 * given(0.9 - 0.8172 - delay, "alpha"), abs=1e-11)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("connections", ["shared", "individual"])
@pytest.mark.parametrize("kind", ["lif", "eif"])
def test_no_charge_is_lost(bench, kind, kernel, connections, dtype):
    """Every spike of noisy sources, whose drive ends, has moved all its targets by J in the end."""
    neuron = getattr(bench, kind)
    probability = 0.3 if connections == "individual" else 1.0
    quiet = np.where(np.arange(3000) < 1500, -55.0, -90.0)
    parts = [Part(neuron, np.full(150, -64.0), quiet, 4.0), Part(PROBE._replace(V_top=1.0), np.zeros(90))]
    run = network(
        bench, parts, synapses((0, 1, -0.01, 0.31), kernel=kernel, probability=probability), steps=3000,
        connections=connections, dtype=dtype,
    )  # fmt: skip
    spikes = np.bincount(run.spikes[0].neuron, minlength=150)
    assert spikes.sum() > 400
    assert run.spikes[0].time.max() < 90.0  # 60 ms, 67 times tau_s, before the end
    made = np.ones((150, 90))
    if connections == "individual":
        rng = np.random.default_rng(stream(np.random.SeedSequence(1).spawn(1)[0], 1, 0))
        first, target = bernoulli(rng, probability, 150, 90, False)
        made = np.array([np.bincount(target[a:b], minlength=90) for a, b in pairwise(first)])
        assert made.max() == 1
    # Rounding of V_top - V <= 8 mV in each of 3,000 steps.
    rounding = float(8 * np.finfo(dtype).eps * 3000)
    assert run.V[1][0] == pytest.approx(-0.01 * spikes @ made, abs=rounding)


def test_the_mean_current_of_many_spikes_is_the_sum_of_their_kernels(bench):
    """Against k * (the spike train), with the steps of their times and of the sum being independent."""
    parts = [Part(bench.eif, np.full(200, -62.0), -58.0, 4.0), Part(PROBE, np.zeros(1))]
    for kernel in FILTERS:
        run = network(bench, parts, synapses((0, 1, 0.02, 1.03), kernel=kernel), steps=997)
        expected = 0.02 * given(997 * 0.05 - run.spikes[0].time - 1.03, kernel).sum()
        assert expected > 1.0
        assert run.V[1] == pytest.approx(np.array([[expected]]), abs=1e-9)


@pytest.mark.parametrize(("at", "delay", "boundary"), [(0.81, 0.05, 17), (0.84, 0.05, 18), (0.81, 1.9, 54)])
def test_a_delta_synapse_kicks_at_the_boundary_nearest_to_the_arrival(bench, at, delay, boundary):
    parts = [Part(ONCE, np.array([-at]), 10.0), Part(PROBE, np.zeros(1))]
    links = synapses((0, 1, 0.7, delay), kernel="delta")
    for steps, expected in ((boundary, 0.0), (boundary + 1, 0.7)):
        assert network(bench, parts, links, steps=steps).V[1] == pytest.approx(np.array([[expected]]), abs=1e-12)


@pytest.mark.parametrize("connections", ["shared", "individual"])
def test_simultaneous_delta_spikes_are_an_exact_kick(bench, connections):
    """Bit for bit: a hundred spikes of 0.08 mV and a kick of 8 mV of the inputs, sources being one-shot."""
    target = Part(bench.lif_d, np.minimum(np.random.default_rng(2).normal(-61.8, 2.8, 300), -55.5), -61.8, 2.85)
    none = Part(ONCE, np.full(100, -0.8))
    some = none._replace(mu=10.0)
    links = synapses((0, 1, 0.08, 2.01), kernel="delta")
    kick = np.zeros(400)
    kick[56] = 100 * 0.08
    synaptic = network(bench, [some, target], links, steps=400, connections=connections)
    direct = network(bench, [none, target], links, steps=400, kick=kick)
    assert direct.count[0, 1].sum() > 150
    assert np.array_equal(synaptic.spikes[1].time, direct.spikes[1].time)
    assert np.array_equal(synaptic.V[1], direct.V[1])


def response(bench, kind, kernel, dt):
    """V of a membrane without noise 6 ms after a volley of 5 spikes of 1 mV begins to arrive."""
    at = 1.0 + np.array([0.012, 0.2371, 0.4113, 0.7171, 1.3])
    parts = [Part(ONCE, -at, 10.0), Part(getattr(bench, kind), np.array([-66.0]), -64.0)]
    links = synapses((0, 1, 0.6, 1.01), kernel=kernel)
    return network(bench, parts, links, steps=round(8 / dt), dt=dt).V[1][0, 0]


def membrane(bench, kind, kernel):
    """The same by an integrator of ordinary differential equations."""
    neuron = getattr(bench, kind)
    arrival = 2.01 + np.array([0.012, 0.2371, 0.4113, 0.7171, 1.3])
    tau_s, tau_r = TAU["tau_s"], TAU["tau_r"]
    k = {
        "alpha": lambda u: u / tau_s**2 * np.exp(-u / tau_s),
        "exponential": lambda u: np.exp(-u / tau_s) / tau_s,
        "biexponential": lambda u: (np.exp(-u / tau_s) - np.exp(-u / tau_r)) / (tau_s - tau_r),
        "delta": lambda u: 0.0,
    }[kernel]

    def f(t, V, n):
        psi = neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T) if neuron.Delta_T else 0.0
        return (-64.0 - V + psi) / 10.0 + 0.6 * sum(k(t - a) for a in arrival[:n])

    V, edges = np.array([-66.0]), np.r_[0.0, arrival, 8.0]
    for n in range(6):
        V = solve_ivp(f, edges[n : n + 2], V, args=(n,), rtol=1e-10, atol=1e-10).y[:, -1]
        if kernel == "delta" and n < 5:
            V = V + 0.6
    return V[0]


@pytest.mark.parametrize("kind", ["lif", "eif"])
@pytest.mark.parametrize("kernel", FILTERS)
def test_the_membrane_follows_its_equation_to_second_order(bench, kind, kernel):
    exact = membrane(bench, kind, kernel)
    errors = np.abs([response(bench, kind, kernel, dt) - exact for dt in (0.1, 0.05, 0.025)])
    # Measured: at most 1.8e-3 dt^2 for kernels that rise, 5.2e-3 dt^2 for one that leaps inside steps.
    assert np.all(errors < 1e-2 * np.array([0.1, 0.05, 0.025]) ** 2), errors


@pytest.mark.parametrize("kind", ["lif", "eif"])
def test_a_delta_volley_moves_the_membrane_to_within_half_a_step(bench, kind):
    """Each of five kicks of 0.6 mV is late or early by dt/2 at most, and then decays at 1/tau_m = 0.1/ms."""
    exact = membrane(bench, kind, "delta")
    for dt in (0.1, 0.05, 0.025):
        assert abs(response(bench, kind, "delta", dt) - exact) < 5 * 0.6 * 0.1 * dt / 2


def test_individual_inputs_are_binomial(bench):
    """All of 400 sources fire once: a target receives Binomial(400, 0.2) times J, anew in each trial."""
    parts = [Part(ONCE, np.full(400, -0.5), 10.0), Part(PROBE, np.zeros(200))]
    links = synapses((0, 1, 0.1, 0.0), kernel="alpha", probability=0.2)
    n = network(bench, parts, links, steps=1000, trials=50, connections="individual").V[1] / 0.1
    assert n == pytest.approx(np.round(n), abs=1e-7)
    mean, variance = 400 * 0.2, 400 * 0.2 * 0.8
    assert abs(n.mean() - mean) < 4 * np.sqrt(variance / n.size)
    assert abs(n.var() - variance) < 4 * variance * np.sqrt(2 / n.size)
    # Columns and trials are independent: means over either vary as they should.
    assert abs(n.mean(axis=1).var(ddof=1) / (variance / 200) - 1) < 4 * np.sqrt(2 / 49)
    assert abs(n.mean(axis=0).var(ddof=1) / (variance / 50) - 1) < 4 * np.sqrt(2 / 199)


@pytest.mark.parametrize("probability", [1.0, 0.5, 0.01])
def test_connections_are_bernoulli_and_none_is_to_oneself(probability):
    first, target = bernoulli(np.random.default_rng(3), probability, 300, 300, True)
    source = np.repeat(np.arange(300), np.diff(first))
    assert not np.any(source == target)
    assert len(np.unique(source * 300 + target)) == len(target)
    pairs = 300 * 299
    assert abs(len(target) - pairs * probability) <= 4 * np.sqrt(pairs * probability * (1 - probability))
    assert np.all(np.diff(source * 300 + target) > 0)


def test_all_individual_connections_are_the_shared_ones_but_for_oneself(bench):
    """A recurrent population without leak: V differs from that of shared connections by J times the own spikes."""
    start = -np.linspace(0.3, 3.0, 130)
    parts = [Part(ONCE, start, 10.0)]
    links = synapses((0, 0, -0.001, 0.4), kernel="alpha")
    own = network(bench, parts, links, steps=1200, connections="individual")
    rose = -1e4 + (60.0 - own.spikes[0].time[np.argsort(own.spikes[0].neuron)])
    assert own.count.sum() == 130
    assert own.spikes[0].neuron.tolist() == list(range(130))
    # A neuron that has fired was held at V_reset and has then received what came later.
    received = own.V[0][0] - rose
    t = own.spikes[0].time
    for i in (0, 64, 129):
        late = np.delete(-0.001 * (1 - given(t[i] - t - 0.4, "alpha")), i).sum()
        assert received[i] == pytest.approx(late, abs=2e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_individual_connections_with_all_made_equal_shared_ones_to_rounding(bench, kernel):
    """By probability 1 - 1e-12 every pair is drawn, and drawn it is."""
    parts = [Part(bench.lif, np.full(150, -64.0), -55.0, 4.0), Part(PROBE, np.zeros(90))]
    shared, drawn = (
        network(bench, parts, synapses((0, 1, 0.01, 0.31), kernel=kernel, probability=p), steps=700, connections=c)
        for c, p in (("shared", 1.0), ("individual", 1 - 1e-12))
    )
    assert shared.V[1].min() > 1.0
    assert drawn.V[1] == pytest.approx(shared.V[1], abs=1e-9)


def test_logs_make_room_for_spikes_that_have_long_to_go(bench):
    """A hundred spikes per neuron, of which some fifteen are on their way at any time."""
    parts = [Part(bench.lif._replace(t_ref=1.5), np.full(20, -64.0), 60.0, 4.0), Part(PROBE, np.zeros(1))]
    run = network(bench, parts, synapses((0, 1, 0.002, 41.17), kernel="alpha"), steps=5000)
    t = run.spikes[0].time
    assert len(t) == run.count[0, 0] > 20 * 80
    assert np.all(np.diff(t) >= 0)
    assert run.V[1] == pytest.approx(np.array([[0.002 * given(250.0 - t - 41.17, "alpha").sum()]]), abs=1e-9)
