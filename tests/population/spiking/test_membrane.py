"""Analytic: the free membrane, kicks, snapshots and standard errors."""

import numpy as np
import pytest

from synfer.population.spiking import Neuron, simulate_population, start
from synfer.population.spiking.snapshot import COLUMNS, describe

FREE = Neuron(10.0, 100.0, -60.0)
N = 40_000


def free_run(bench, steps, dtype=np.float64, neuron=FREE, V=-60.0, sd=0.0, dt=0.1, **drive):
    rng = np.random.default_rng(2)
    V = V + sd * rng.standard_normal(N)
    state = start(neuron, V, np.zeros(N), dt=dt, dtype=dtype, seed=np.random.SeedSequence(3))
    every = steps // 4
    return simulate_population(
        neuron, bench.inputs(steps, **drive), state, steps_per_bin=every, steps_per_snapshot=every
    ).snapshots


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("g", "psi_0", "slope"), [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.3, -12.0, 0.4), (0.0, 0.0, 1.0)]
)
def test_a_free_membrane_is_an_exact_ornstein_uhlenbeck_process(bench, dtype, g, psi_0, slope):
    """Even with a step of tau_m/2; a slope of 1 leaves Brownian motion with drift."""
    neuron = FREE._replace(psi_0=psi_0, slope=slope)
    looks = free_run(bench, 8, dtype, neuron, dt=5.0, mu=-55.0, sigma=3.0, g=g, gE=-80.0 * g)
    t, leak = np.arange(1, 5) * 10.0, 1 + g - slope
    push = (-55.0 - 80.0 * g + psi_0 - leak * -60.0) / 10.0
    decay = np.exp(-leak * t / 10)
    mean = -60 + (push * t if leak == 0 else push * 10 / leak * (1 - decay))
    sd = 3.0 * np.sqrt(2 * t / 10 if leak == 0 else (1 - decay**2) / leak)
    assert np.all(np.abs(looks["V_mean"] - mean) < 4 * looks["V_mean_se"])
    assert np.all(np.abs(looks["V_sd"] - sd) < 4 * looks["V_sd_se"])
    iqr = looks["V_q75"] - looks["V_q25"]
    assert np.all(np.abs(iqr - 1.3489795 * sd) < 4 * looks["V_iqr_se"])
    # For a normal law these errors are known.
    assert looks["V_mean_se"] == pytest.approx(sd / np.sqrt(N), rel=0.02)
    assert looks["V_sd_se"] == pytest.approx(sd / np.sqrt(2 * N), rel=0.03)
    assert looks["V_iqr_se"] == pytest.approx(1.5734 * sd / np.sqrt(N), rel=0.05)


def test_a_conductance_step_narrows_the_membrane(bench):
    """mu -60, sigma 3, g .5, E_rev -80: mean(10 ms) -65.17913, sd(10) 2.47979."""
    looks = free_run(bench, 100, sd=3.0, mu=-60.0, sigma=3.0, g=0.5, gE=-40.0)
    assert looks["V_mean"][-1] == pytest.approx(-65.17913, abs=4 * looks["V_mean_se"][-1])
    assert looks["V_sd"][-1] == pytest.approx(2.47979, abs=4 * looks["V_sd_se"][-1])


@pytest.mark.parametrize(("A", "fraction"), [(4.0, 0.1116), (8.0, 0.5922), (10.0, 0.8140)])
def test_a_kick_fires_the_fraction_that_a_density_shift_does(bench, A, fraction):
    state = bench.settled(bench.lif_d, -61.78725, 2.8516575, n=100_000, dt=0.1)
    inputs = bench.inputs(2, -61.78725, 2.8516575, kick=[0.0, A])
    result = simulate_population(bench.lif_d, inputs, state, steps_per_bin=1, max_spikes=100_000)
    fired = np.mean(result.spike_time == 0.1) * len(result.spike_time) / 100_000
    assert fired == pytest.approx(fraction, abs=4 * np.sqrt(fraction * (1 - fraction) / 1e5))


def test_a_kick_leaves_refractory_neurons_alone(bench):
    n = 1000
    for neuron in (bench.lif, bench.eif):
        state = start(
            neuron, np.full(n, -65.0), np.r_[np.ones(400), np.zeros(600)], dt=0.1, seed=np.random.SeedSequence(1)
        )
        inputs = bench.inputs(1, -65.0, 0.1, kick=40.0)
        result = simulate_population(neuron, inputs, state, steps_per_bin=1, max_spikes=n)
        assert result.count[0] == 600
        assert result.spike_neuron.min() == 400
        assert np.all(result.spike_time == 0.0)
        assert result.state.refractory[:400] == pytest.approx(0.9)
        assert result.state.refractory[400:] == pytest.approx(neuron.t_ref - 0.1)
        assert np.all(neuron.V_reset == result.state.V)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_snapshot_says_what_numpy_says(dtype):
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(-8, 1, 6000), rng.exponential(2, 2000) - 7]).astype(dtype)
    x[rng.random(len(x)) < 0.1] = np.nan
    out = np.empty(len(COLUMNS))
    describe((0,) * 32, x, -10.0, -59.0, 2.5, out)
    looks = dict(zip(COLUMNS, out, strict=True))
    V = -59 + 2.5 * x[~np.isnan(x)].astype(np.float64)
    assert looks["n_free"] == len(V)
    assert looks["V_mean"] == pytest.approx(V.mean(), abs=1e-9)
    assert looks["V_sd"] == pytest.approx(V.std(), rel=1e-10)
    # Interpolation within bins of sd/128 against interpolation between neighbours.
    assert [looks["V_q25"], looks["V_q75"]] == pytest.approx(np.quantile(V, [0.25, 0.75]), abs=V.std() / 128)


def test_nobody_to_look_at_is_nan_and_one_value_has_no_spread():
    out = np.empty(len(COLUMNS))
    describe((0,) * 32, np.full(64, np.nan), 0.0, -60.0, 1.0, out)
    assert out[0] == 0
    assert np.all(np.isnan(out[1:]))
    describe((0,) * 32, np.full(64, 2.0), 0.0, -60.0, 1.0, out)
    assert out.tolist() == [64, -58, 0, 0, 0, -58, -58, 0]


def test_the_histogram_counts_every_free_neuron_once(bench):
    state = bench.settled(bench.eif, -64.0, 3.0, n=5000, dt=0.1)
    inputs = bench.inputs(50, -64.0, 3.0)
    result = simulate_population(
        bench.eif, inputs, state, steps_per_bin=50, steps_per_snapshot=50, histogram=(-130.0, 0.5, 201)
    )
    free = result.state.refractory == 0
    assert result.histogram.sum() == free.sum() == result.snapshots["n_free"][0]
    assert np.array_equal(result.histogram[0], np.histogram(result.state.V[free], -130 + 0.5 * np.arange(202))[0])


def test_count_sq_gives_the_standard_error_of_repeated_runs(bench):
    neuron, n, repeats = bench.lif, 256, 150
    rates, errors = [], []
    settled = bench.settled(neuron, -52.0, 3.0, n=n * repeats, dt=0.2)
    inputs = bench.inputs(500, -52.0, 3.0)
    for seed in range(repeats):
        part = slice(seed * n, (seed + 1) * n)
        state = start(
            neuron, np.minimum(settled.V[part], -55.001), settled.refractory[part], dt=0.2,
            seed=np.random.SeedSequence(seed),
        )  # fmt: skip
        rate, se = bench.rate(simulate_population(neuron, inputs, state, steps_per_bin=500), 100.0)
        rates.append(rate)
        errors.append(se)
    # The sd of 150 runs is known to 6 %; Poisson errors would be 2.5 times too large here.
    assert np.std(rates, ddof=1) / np.sqrt(np.mean(np.square(errors))) == pytest.approx(1, abs=0.2)
