"""Contract: what the spiking engine returns when its inputs are not numbers.

It raises nothing. A membrane that has become NaN never compares as beyond a threshold: it is silent and NaN in
`state.V` for the rest of the run, and snapshots pass over it as they pass over refractory neurons, so their moments are
healthy numbers of the fewer neurons that `n_free` counts. Whoever calls the engine has to look at its inputs or at
`state.V`. Neurons that were refractory at the bad step never saw it.
"""

import numpy as np
import pytest

from synfer.population.spiking import simulate_population, start

STEPS, BAD, PER_BIN = 400, 200, 20
NEURONS = [("eif", np.float64), ("eif", np.float32), ("lif", np.float64), ("lif", np.float32)]


def run(bench, kind, dtype, steps=STEPS, **bad):
    """400 steps of which one, at the start of a bin, has a bad input."""
    neuron = getattr(bench, kind)
    V = np.random.default_rng(1).normal(-65, 2, 300)
    state = start(neuron, V, np.zeros(300), dt=0.05, dtype=dtype, seed=np.random.SeedSequence(9))
    inputs = bench.inputs(steps, -58.0, 4.0)
    for name, value in bad.items():
        getattr(inputs, name)[BAD] = value
    with np.errstate(all="ignore"):
        return simulate_population(
            neuron, inputs, state, steps_per_bin=PER_BIN, steps_per_snapshot=PER_BIN, first_snapshot=10
        )


@pytest.mark.parametrize("name", ["mu", "sigma", "g", "gE", "kick"])
@pytest.mark.parametrize(("kind", "dtype"), NEURONS)
def test_nan_silences_whoever_saw_it_and_stays_in_the_state(bench, kind, dtype, name):
    healthy, ill = run(bench, kind, dtype), run(bench, kind, dtype, **{name: np.nan})
    k = BAD // PER_BIN
    assert np.array_equal(ill.count[:k], healthy.count[:k])
    lost = np.isnan(ill.state.V).sum()
    unaware = (run(bench, kind, dtype, steps=BAD).state.refractory > 0).sum()
    # A neuron that was released within the bad step saw a part of it.
    assert 300 - unaware <= lost <= 300 - unaware + 5
    assert ill.count[k + 1 :].sum() < 0.25 * healthy.count[k + 1 :].sum()


@pytest.mark.parametrize(("kind", "dtype"), NEURONS)
def test_snapshots_pass_over_lost_neurons(bench, kind, dtype):
    ill = run(bench, kind, dtype, mu=np.nan)
    assert np.isfinite(ill.snapshots["V_mean"]).all()
    assert np.all(ill.snapshots["n_free"][BAD // PER_BIN :] <= 300 - np.isnan(ill.state.V).sum())


@pytest.mark.parametrize("name", ["mu", "gE"])
@pytest.mark.parametrize(("kind", "dtype"), NEURONS)
def test_an_infinite_current_fires_every_neuron_once(bench, kind, dtype, name):
    ill = run(bench, kind, dtype, **{name: np.inf})
    waiting = (run(bench, kind, dtype, steps=BAD).state.refractory > 0).sum()
    assert ill.count[BAD // PER_BIN] >= 300 - waiting
    assert np.isfinite(ill.state.V).all()


@pytest.mark.parametrize("name", ["sigma", "g"])
@pytest.mark.parametrize(("kind", "dtype"), NEURONS)
def test_infinite_noise_or_conductance_shows_as_nan_in_the_state(bench, kind, dtype, name):
    assert not np.isfinite(run(bench, kind, dtype, **{name: np.inf}).state.V).all()
