"""Contract: what the bytes of a trial depend on, what becomes of bad numbers, and what is refused."""

import re

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.population.spiking.network import simulate_network
from synfer.population.spiking.network.advance import FAULTS
from synfer.population.spiking.network.synapses import KERNELS, Synapses

N, STEPS, TRIALS = (130, 70, 64), 400, 5
FIELDS = Synapses._fields


def loop(**changes):
    """EIF to LIF to LIF to EIF, every kernel, inhibition, recurrence, one diluted."""
    columns = {
        "source": [0, 1, 2, 2, 0],
        "target": [1, 2, 0, 2, 0],
        "weight": [0.05, 0.08, -0.05, -0.02, 0.02],
        "probability": [1.0, 0.4, 1.0, 0.2, 0.5],
        "kernel": [KERNELS.index(k) for k in ("alpha", "exponential", "delta", "biexponential", "alpha")],
        "tau_s": [0.5, 2.0, np.nan, 1.0, 0.5],
        "tau_r": [np.nan, np.nan, np.nan, 0.2, np.nan],
        "delay": [0.0, 0.05, 1.03, 0.3, 2.0],
    } | changes
    return Synapses(*(np.array(columns[name]) for name in FIELDS))


def arguments(bench, trials=TRIALS, seed=1):
    """(args, options): everything varies, and every trial begins elsewhere."""
    t = np.arange(STEPS) * 0.05
    inputs = [
        bench.inputs(STEPS, -58 + 3 * np.sin(t), 4.0, 0.1 * (t > 5), -7.0 * (t > 5), 0.0),
        bench.inputs(STEPS, -55.0, 4 + np.cos(t)),
        bench.inputs(STEPS, -56.0, 4.0, kick=np.where(np.arange(STEPS) % 90 == 5, 1.0, 0.0)),
    ]
    rng = np.random.default_rng(2)
    V = [rng.normal(-66, 2, (trials, n)) for n in N]
    refractory = [np.where(rng.random((trials, n)) < 0.2, 1.3 * rng.random((trials, n)), 0.0) for n in N]
    seeds = np.random.SeedSequence(seed).spawn(trials)
    args = ([bench.eif, bench.lif, bench.lif_d], N, loop(), inputs, V, refractory)
    return args, {"dt": 0.05, "seeds": seeds, "steps_per_bin": 40, "spike_trains": True}


def same(a, b, rows=slice(None)):
    assert np.array_equal(a.count, b.count[rows])
    assert np.array_equal(a.status, b.status[rows])
    for x, y in zip(a.V, b.V, strict=True):
        assert np.array_equal(x, y[rows])


MODES = [(c, d) for c in ("shared", "individual") for d in (np.float64, np.float32)]


@pytest.mark.parametrize(("connections", "dtype"), MODES)
def test_trials_do_not_depend_on_threads_order_or_mates(bench, connections, dtype):
    (*args, V, refractory), options = arguments(bench)
    options |= {"connections": connections, "dtype": dtype}
    whole = simulate_network(*args, V, refractory, **options)
    assert whole.count.sum(axis=(0, 2)).min() > 200
    again = simulate_network(*args, V, refractory, **options, workers=3)
    same(whole, again)
    for a, b in zip(whole.spikes, again.spikes, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    rows = [3, 0]
    options["seeds"] = [options["seeds"][i] for i in rows]
    some = simulate_network(*args, [v[rows] for v in V], [r[rows] for r in refractory], **options)
    same(some, whole, rows)


@pytest.mark.parametrize("connections", ["shared", "individual"])
def test_another_seed_is_another_trial_and_arguments_are_left_alone(bench, connections):
    (*args, V, refractory), options = arguments(bench)
    options |= {"connections": connections}
    before = [v.copy() for v in (*V, *refractory)]
    one = simulate_network(*args, V, refractory, **options)
    assert all(np.array_equal(a, b) for a, b in zip(before, (*V, *refractory), strict=True))
    other = simulate_network(*args, V, refractory, **options | {"seeds": np.random.SeedSequence(2).spawn(TRIALS)})
    assert not np.any(np.all(one.count == other.count, axis=(1, 2)))


def test_counts_are_the_spike_trains_in_bins(bench):
    args, options = arguments(bench)
    run = simulate_network(*args, **options)
    for p, spikes in enumerate(run.spikes):
        for i in range(TRIALS):
            steps = spikes.time[spikes.trial == i] / 0.05
            counted = np.bincount((steps / 40 + 1e-12).astype(int), minlength=STEPS // 40)
            assert np.array_equal(counted, run.count[i, p])
        gaps = np.diff(spikes.time[(spikes.trial == 0) & (spikes.neuron == 3)])
        assert np.all(gaps > args[0][p].t_ref - 1e-6)
    assert run.spikes[1].neuron.max() < N[1]


def test_without_synapses_a_population_does_not_know_its_neighbours(bench):
    """Streams belong to places, so the first population is the same without the others."""
    (neurons, sizes, _, inputs, V, refractory), options = arguments(bench)
    none = Synapses(*(column[:0] for column in loop()))
    all_three = simulate_network(neurons, sizes, none, inputs, V, refractory, **options)
    alone = simulate_network(neurons[:1], sizes[:1], none, inputs[:1], V[:1], refractory[:1], **options)
    assert np.array_equal(all_three.count[:, :1], alone.count)
    assert np.array_equal(all_three.V[0], alone.V[0])


@pytest.mark.parametrize("name", ["mu", "sigma", "g", "gE", "kick"])
@pytest.mark.parametrize("p", [0, 1])
def test_nan_in_an_input_shows_in_the_status_of_every_trial(bench, name, p):
    args, options = arguments(bench)
    getattr(args[3][p], name)[200] = np.nan
    run = simulate_network(*args, **options)
    assert [FAULTS[i] for i in run.status] == ["not_finite"] * TRIALS


@pytest.mark.parametrize("p", [0, 1, 2])
def test_nan_in_one_trial_does_not_touch_another(bench, p):
    args, options = arguments(bench)
    healthy = simulate_network(*args, **options)
    free = np.flatnonzero(args[5][p][2] == 0)  # V of a refractory neuron is not looked at
    args[4][p][2, free[0]] = np.nan
    ill = simulate_network(*args, **options)
    assert [FAULTS[i] for i in ill.status] == ["ok", "ok", "not_finite", "ok", "ok"]
    rest = [0, 1, 3, 4]
    assert np.array_equal(ill.count[rest], healthy.count[rest])


def test_neurons_that_fire_without_end_stop_the_trial_with_a_status(bench):
    args, options = arguments(bench)
    args[0][1] = bench.lif._replace(t_ref=0.0)
    args[3][1].mu[300:] = 1e6
    run = simulate_network(*args, **options)
    assert [FAULTS[i] for i in run.status] == ["too_fast"] * TRIALS


BAD_SYNAPSES = [
    ({"source": [0, 1, 3, 2, 0]}, "source = 3 of synapse 2 must be a population, 0 to 2"),
    ({"target": [1, 2, -1, 2, 0]}, "target = -1 of synapse 2"),
    ({"weight": [np.nan, 1, 1, 1, 1]}, "weight = nan mV of synapse 0 must be finite"),
    ({"probability": [1, 1, 1, 1.5, 1]}, "probability = 1.5 of synapse 3 must lie in (0, 1]"),
    ({"probability": [0, 1, 1, 1, 1]}, "leave the synapse out for 0"),
    ({"kernel": [4, 1, 3, 2, 0]}, "kernel = 4 of synapse 0 is unknown; use one of 0 alpha"),
    ({"tau_s": [0.0, 1, 1, 1, 1]}, "tau_s = 0.0 ms of synapse 0 must be > 0 ms"),
    ({"tau_r": [1, 1, 1, 1.0, 1]}, "tau_r = 1.0 ms of synapse 3 must lie in (0, tau_s = 1.0) ms"),
    ({"delay": [0, 0.02, 1, 0, 0]}, "delay = 0.02 ms of synapse 1 must be >= 0.05 ms"),
    ({"delay": [0, 1, 0.04, 0, 0]}, "delay = 0.04 ms of synapse 2 must be >= 0.05 ms"),
    ({"delay": [-1, 1, 1, 0, 0]}, "delay = -1 ms of synapse 0 must be >= 0.0 ms"),
    ({"delay": [1.0]}, "equally long"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_SYNAPSES)
def test_a_bad_synapse_is_named(bench, changes, message):
    (neurons, sizes, _, *rest), options = arguments(bench)
    with pytest.raises(ParameterError, match=re.escape(message)):
        simulate_network(neurons, sizes, loop(**changes), *rest, **options)


BAD = [
    ("sizes", (130, 70), "sizes has 2 entries"),
    ("sizes", (130, 70, 0), "sizes[2] = 0 must be >= 1"),
    ("V", None, "V[1] has shape (5, 3), need (5, 70)"),
    ("connections", "all", "connections = 'all' must be"),
    ("steps_per_bin", 39, "steps = 400 must be a multiple of steps_per_bin = 39"),
    ("seeds", [], "3 populations and 0 seeds"),
    ("inputs", None, "all inputs must have one shape"),
    ("high", None, "lie below V_top = -55.0 mV"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_what_does_not_fit_is_named(bench, name, value, message):
    args, options = arguments(bench)
    args = list(args)
    if name == "sizes":
        args[1] = value
    elif name == "V":
        args[4][1] = np.zeros((5, 3))
    elif name == "inputs":
        args[3][0] = args[3][0]._replace(mu=np.zeros(3))
    elif name == "high":
        args[4][2][4, 7] = -54.0
    else:
        options[name] = value
    with pytest.raises(ParameterError, match=re.escape(message)):
        simulate_network(*args, **options)
