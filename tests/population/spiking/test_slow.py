"""Neurons with a slow variable: exact spike times, conservation of w, and what the bytes depend on."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from synfer.core.errors import ParameterError
from synfer.population.spiking import Inputs, Neuron, Slow, Synapses, simulate_network, simulate_population, start
from synfer.population.spiking.slow.cell import MOST_SPIKES

AEIF = Neuron(10.0, -30.0, -68.0, 1.7, Delta_T=3.48, V_T=-59.9, slow=Slow(50.0, 2.0, 0.5, 32.5, -40.0))
ALIF = Neuron(10.0, -55.0, -68.0, 1.7, slow=Slow(50.0, 2.0, 0.5, 32.5, -55.0))
RS = Neuron(1.0, 30.0, -65.0, psi_0=140.0, slope=6.0, curvature=0.04, slow=Slow(50.0, 8.0, 0.2, 0.0, 30.0))
CH = RS._replace(V_reset=-50.0, slow=RS.slow._replace(jump=2.0))
NEURONS = {"aeif": AEIF, "alif": ALIF, "izhikevich": RS}
DRIVES = {"aeif": (-60.0, 3.0), "alif": (-56.0, 4.0), "izhikevich": (6.0, 1.5)}
REST = {"aeif": 2.0, "alif": 2.0, "izhikevich": -13.0}


def constant(steps, mu, sigma, g=0.0, gE=0.0):
    return Inputs(*(np.full(steps, float(x)) for x in (mu, sigma, g, gE, 0.0)))


def begin(neuron, w, dtype=np.float64, n=300, dt=0.05):
    rng = np.random.default_rng(1)
    refractory = np.where(rng.random(n) < 0.2, rng.random(n) * neuron.t_ref, 0.0)
    V = rng.normal(-66, 1, n)
    slow = () if neuron.slow is None else (w + rng.normal(0, 0.5, n),)
    return start(neuron, V, refractory, *slow, dt=dt, dtype=dtype, seed=np.random.SeedSequence(9))


def spikes_of_the_equation(neuron, mu, g, gE, V, w, t):
    """Spike times [ms] of a noiseless neuron, by an integrator of the equation between spikes."""
    slow, now, found = neuron.slow, 0.0, []

    def slope(_, state):
        V, w = state
        sodium = neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T) if neuron.Delta_T else 0.0
        psi = sodium + neuron.psi_0 + neuron.slope * V + neuron.curvature * V**2
        target = slow.gain * min(V, slow.V_clip) + slow.offset
        return [(mu + gE - (1 + g) * V + psi - w) / neuron.tau_m, (target - w) / slow.tau]

    def top(_, state):
        return state[0] - neuron.V_top

    top.terminal = True
    while now < t:
        run = solve_ivp(slope, (now, t), [V, w], events=top, rtol=1e-10, atol=1e-10, method="DOP853", max_step=1.0)
        if not run.t_events[0].size:
            break
        found.append(run.t_events[0][0])
        V, w, now = neuron.V_reset, run.y_events[0][0][1] + slow.jump, found[-1] + neuron.t_ref
    return np.array(found)


@pytest.mark.parametrize(
    ("neuron", "drive", "C"),
    [
        (AEIF, (-35.0, 0.3, -22.5), 1.0),
        (ALIF._replace(slow=ALIF.slow._replace(V_clip=-58.0)), (-40.0, 0.0, 0.0), 0.1),
        (RS, (15.0, 0.1, -7.0), 4.0),
        (CH, (10.0, 0.0, 0.0), 20.0),
    ],
)
@pytest.mark.parametrize("dt", [0.1, 0.025])
def test_spikes_without_noise_come_when_the_equation_says(neuron, drive, C, dt):
    """Second order: off by C dt^2 ms at most, C twice what was measured from dt .01 to .1; 100 ms, 3 to 15 spikes."""
    mu, g, gE = drive
    w = 1.0 if neuron.curvature == 0 else -14.0
    exact = spikes_of_the_equation(neuron, mu, g, gE, -66.0, w, 100.0)
    state = start(neuron, np.array([-66.0]), np.zeros(1), np.array([w]), dt=dt, seed=np.random.SeedSequence(0))
    steps = round(100 / dt)
    run = simulate_population(neuron, constant(steps, mu, 1e-9, g, gE), state, steps_per_bin=40, max_spikes=100)
    assert len(exact) >= 3
    assert run.spike_time == pytest.approx(exact, abs=C * dt**2)


@pytest.mark.parametrize("kind", ["alif", "izhikevich"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_w_is_what_flows_into_it(kind, dtype):
    """d sum(w) = sum over the free of (gain V + offset - w) dt/tau + jump per spike, path by path, looked at each step.

    The sum over steps takes V half a step early at spikes and late at releases: within 1 % of what the jumps bring.
    """
    neuron, steps, dt = NEURONS[kind], 1000, 0.05
    state = begin(neuron, REST[kind], dtype)
    run = simulate_population(
        neuron, constant(steps, *DRIVES[kind]), state, steps_per_bin=steps, steps_per_snapshot=1, max_spikes=20_000
    )
    looks, slow = run.snapshots, neuron.slow
    flow = looks["n_free"] * (slow.gain * looks["V_mean"] + slow.offset - looks["w_mean"])
    jumps = slow.jump * run.count.sum()
    gained = run.state.w.sum() - state.w.sum()
    assert jumps > 100 * slow.jump
    assert gained == pytest.approx(flow.sum() * dt / slow.tau + jumps, abs=0.01 * jumps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("neuron", [ALIF._replace(slow=None), AEIF._replace(slow=None)])
def test_a_slow_variable_that_rests_at_0_changes_no_byte(neuron, dtype):
    still = neuron._replace(slow=Slow(50.0, 0.0, 0.0, 0.0, -50.0))
    a, b = begin(neuron, 0.0, dtype), begin(still, 0.0, dtype)
    b.lanes.w[...] = 0.0
    inputs = constant(400, -58.0, 4.0)._replace(kick=np.where(np.arange(400) % 37 == 5, 1.5, 0.0))
    options = {"steps_per_bin": 20, "steps_per_snapshot": 20, "max_spikes": 10_000}
    one, two = (simulate_population(n, inputs, s, **options) for n, s in ((neuron, a), (still, b)))
    assert one.count.sum() > 200
    assert np.array_equal(one.spike_time, two.spike_time)
    assert np.array_equal(one.snapshots["V_sd"], two.snapshots["V_sd"])
    assert np.array_equal(one.state.lanes.x, two.state.lanes.x)


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_and_cuts_change_no_byte(kind, dtype):
    neuron, state = NEURONS[kind], begin(NEURONS[kind], REST[kind], dtype)
    inputs = constant(400, *DRIVES[kind])._replace(kick=np.where(np.arange(400) % 37 == 5, 1.5, 0.0))
    options = {"steps_per_bin": 20, "steps_per_snapshot": 20, "first_snapshot": 10, "max_spikes": 10_000}
    options |= {"slow_histogram": (-20.0, 0.5, 100)}
    whole = simulate_population(neuron, inputs, state, **options)
    split = simulate_population(neuron, inputs, state, workers=3, blocks=2, **options)
    assert np.array_equal(whole.spike_time, split.spike_time)
    assert all(np.array_equal(a, b) for a, b in zip(whole.state.lanes, split.state.lanes, strict=True))
    first = simulate_population(neuron, Inputs(*(a[:160] for a in inputs)), state, **options)
    second = simulate_population(neuron, Inputs(*(a[160:] for a in inputs)), first.state, **options)
    assert whole.count.sum() > 100
    assert whole.state.V.max() < neuron.V_top
    assert np.array_equal(np.r_[first.count_sq, second.count_sq], whole.count_sq)
    assert np.array_equal(np.r_[first.slow_histogram, second.slow_histogram], whole.slow_histogram)
    for name, column in whole.snapshots.items():
        assert np.array_equal(np.r_[first.snapshots[name], second.snapshots[name]], column), name
    assert all(np.array_equal(a, b) for a, b in zip(second.state.lanes, whole.state.lanes, strict=True))


def joined(neurons, starts, workers=1, connections="individual"):
    """Two trials of a ring of populations of 100 for 20 ms: alpha, exponential and delta synapses."""
    ends = np.arange(len(neurons))
    synapses = Synapses(
        ends, np.roll(ends, -1), np.full(len(ends), 0.3), np.full(len(ends), 0.1), ends % 2 * 3,
        np.full(len(ends), 0.3), np.full(len(ends), np.nan), np.full(len(ends), 1.0),
    )  # fmt: skip
    V, refractory = [np.full((2, 100), -66.0)] * len(ends), [np.zeros((2, 100))] * len(ends)
    w = None if starts is None else [np.full((2, 100), value) for value in starts]
    inputs = [constant(400, *DRIVES[kind]) for kind in ("aeif", "alif", "izhikevich")[: len(ends)]]
    seeds = np.random.SeedSequence(3).spawn(2)
    return simulate_network(
        neurons, [100] * len(ends), synapses, inputs, V, refractory, w, dt=0.05, seeds=seeds, connections=connections,
        steps_per_bin=400, spike_trains=True, workers=workers,
    )  # fmt: skip


def test_networks_of_all_kinds_run_and_know_no_threads():
    one, two = (joined([AEIF, ALIF, RS], REST.values(), workers) for workers in (1, 2))
    assert one.status.tolist() == [0, 0]
    assert (one.count > 20).all()
    for a, b in zip(one.spikes, two.spikes, strict=True):
        assert np.array_equal(a.time, b.time)


@pytest.mark.parametrize("connections", ["shared", "individual"])
def test_a_network_of_slow_variables_at_rest_is_that_without_them(connections):
    """Populations without a slow variable keep their bytes among those with one that rests."""
    plain = [AEIF._replace(slow=None), ALIF._replace(slow=None)]
    still = [plain[0]._replace(slow=Slow(50.0, 0.0, 0.0, 0.0, -50.0)), plain[1]]
    one, two = joined(plain, None, connections=connections), joined(still, [0.0, 0.0], connections=connections)
    assert one.count.sum() > 50
    assert np.array_equal(one.count, two.count)
    for a, b in zip(one.spikes, two.spikes, strict=True):
        assert np.array_equal(a.time, b.time)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: start(AEIF, np.full(2, -66.0), np.zeros(2), dt=0.1, seed=None), "w must be given"),
        (lambda: joined([RS], None), "w must be given"),
        (
            lambda: simulate_population(RS, constant(10, 900.0, 1.0), begin(RS, -13.0, dt=0.5), steps_per_bin=10),
            "dt = 0.5 ms is too long for a drive of 884 mV",
        ),
        (
            lambda: simulate_population(
                RS._replace(t_ref=1.0), constant(10, 3.0, 1.0), begin(RS, -13.0), steps_per_bin=10
            ),
            "t_ref = 1.0 ms of a neuron with a parabola",
        ),
    ],
)
def test_what_a_slow_neuron_cannot_be_is_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_neuron_that_spikes_without_end_in_a_step_has_no_number_and_no_more_spikes():
    """A drive of 3e5 mV at t_ref 0: the most spikes of a step are reported, and the lane gives up."""
    neuron = ALIF._replace(t_ref=0.0)
    kick = np.where(np.arange(40) == 3, 500.0, 0.0)
    inputs = constant(40, -62.0, 1.0)._replace(mu=np.where(np.arange(40) == 3, 3e5, -62.0), kick=kick)
    run = simulate_population(neuron, inputs, begin(neuron, 1.0), steps_per_bin=1)
    assert np.isnan(run.state.V).all()
    assert (run.count[4:] == 0).all()
    assert run.count[3] <= (2 * MOST_SPIKES + 2) * 300
