"""Analytic and statistical: stationary states of the spiking neurons against exact theory."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

from synfer.population.spiking import Neuron, simulate_population


def siegert(neuron, mu, sigma):
    """1/r = t_ref + tau_m sqrt(pi) int_{y_r}^{y_th} erfcx(-y) dy, y = (V - mu)/(sigma sqrt 2), in Hz."""
    low, high = ((V - mu) / (sigma * np.sqrt(2)) for V in (neuron.V_reset, neuron.V_top))
    return 1e3 / (neuron.t_ref + neuron.tau_m * np.sqrt(np.pi) * quad(lambda y: erfcx(-y), low, high)[0])


def random_lifs(number):
    rng = np.random.default_rng(11)
    for _ in range(number):
        t_ref = rng.choice([0.0, 0.3, 1.234, 2.0])
        neuron = Neuron(rng.uniform(5, 20), rng.uniform(-57, -50), rng.uniform(-72, -62), t_ref)
        yield neuron, rng.uniform(-62, -48), rng.uniform(1.5, 6)


LIF_2 = Neuron(10.0, -55.0, -70.0, 2.0)
POINTS = [(LIF_2, -61.8, 2.85), (LIF_2, -60.0, 5.0), (LIF_2, -50.0, 2.0), *random_lifs(9)]


def run(bench, neuron, mu, sigma, *, t, n, dt, dtype=np.float32, seed=1, **options):
    state = bench.settled(neuron, mu, sigma, n=n, dt=dt, dtype=dtype, seed=seed)
    steps = round(t / dt)
    return simulate_population(neuron, bench.inputs(steps, mu, sigma), state, steps_per_bin=steps, **options)


@pytest.mark.parametrize("dt", [0.1, 0.2])
def test_lif_rate_matches_siegert(bench, dt):
    """About 1e5 spikes a point; refractory times are not multiples of dt, and one in four is 0."""
    z = []
    for i, (neuron, mu, sigma) in enumerate(POINTS):
        exact = siegert(neuron, mu, sigma)
        n = int(min(1e5 / exact * 1e3 / 200, 60_000))
        result = run(bench, neuron, mu, sigma, t=200.0, n=n, dt=dt, dtype=[np.float32, np.float64][i % 2], seed=i + 7)
        rate, se = bench.rate(result, 200.0)
        z.append((rate - exact) / se)
    assert np.max(np.abs(z)) < 4, z
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.6  # 12 normals: 1 +- .2


def test_lif_rate_is_right_to_a_tenth_of_a_percent(bench):
    """A regular spiker: 8e5 spikes that scatter less than Poisson, se .03 %."""
    neuron, mu, sigma = POINTS[2]
    rate, se = bench.rate(run(bench, neuron, mu, sigma, t=200.0, n=60_000, dt=0.1), 200.0)
    assert se < 4e-4 * rate
    assert rate == pytest.approx(siegert(neuron, mu, sigma), rel=1e-3)


def test_lif_rate_is_biased_without_the_bridge(bench):
    """Mutant: crossings within a step are then missed, 5 % of them at dt = .02."""
    z = []
    for neuron, mu, sigma in POINTS[:2]:
        rate, se = bench.rate(run(bench, neuron, mu, sigma, t=100.0, n=20_000, dt=0.02, bridge=False), 100.0)
        z.append((rate - siegert(neuron, mu, sigma)) / se)
    assert np.all(np.array(z) < -3)


@pytest.mark.parametrize(
    ("mu", "expected"),
    [(-65.0, (5.960361, -63.945915, 3.869685)), (-64.0, (10.223835, -63.075832, 4.060195))],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eif_rate_mean_and_sd_match_threshold_integration(bench, mu, expected, dtype):
    """Snapshots four time constants apart are independent; V_top = -30 mV is V_cut of the reference."""
    result = run(
        bench, bench.eif, mu, 3.0, t=240.0, n=80_000, dt=0.1, dtype=dtype, steps_per_snapshot=400, first_snapshot=400
    )
    rate, se = bench.rate(result, 240.0)
    looks = result.snapshots
    values = np.array([rate, looks["V_mean"].mean(), looks["V_sd"].mean()])
    errors = np.array([se, *(np.sqrt((looks[f"{name}_se"] ** 2).sum()) / 6 for name in ("V_mean", "V_sd"))])
    assert np.all(np.abs(values - expected) < 3.5 * errors), (values - expected) / errors
    assert values[2] == pytest.approx(expected[2], rel=5e-3)  # and the errors are small enough to say so


def test_float32_is_float64_to_a_fifth_of_a_standard_error_of_a_million_neurons(bench):
    """The same random numbers in both, so that the difference is the bias of float32 and little else."""
    rates, means, sds = [], [], []
    for dtype in (np.float32, np.float64):
        result = run(bench, bench.eif, -64.0, 3.0, t=100.0, n=50_000, dt=0.05, dtype=dtype, steps_per_snapshot=200)
        rates.append(bench.rate(result, 100.0)[0])
        means.append(result.snapshots["V_mean"].mean())
        sds.append(result.snapshots["V_sd"].mean())
    assert abs(rates[0] - rates[1]) < 0.2 * np.sqrt(10.2 * 0.1 / 1e6) / 0.1  # Hz: Poisson count of .1 s
    assert abs(means[0] - means[1]) < 0.2 * 4.06 / 1e3
    assert abs(sds[0] - sds[1]) < 0.2 * 4.06 / 1e3


def test_a_threshold_without_noise_fires_at_its_exact_period(bench):
    """T = t_ref + tau_m ln((mu - V_reset)/(mu - V_th)); crossings are interpolated, to V'' dt^2/8."""
    for t_ref in (0.0, 0.033, 1.0 / 3.0, 2.0):
        neuron = Neuron(10.0, -55.0, -70.0, t_ref)
        result = regular(bench, neuron, -50.0, 0.1)
        assert np.diff(result.spike_time) == pytest.approx(t_ref + 10.0 * np.log(4.0), abs=2e-4)


def test_the_sodium_step_is_second_order(bench):
    """Convergence: the noiseless period against int dV/V'."""
    neuron = bench.eif
    mu = -55.0

    def slowness(V):
        return neuron.tau_m / (mu - V + neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T))

    exact = neuron.t_ref + quad(slowness, neuron.V_reset, neuron.V_top, epsabs=1e-12)[0]
    errors = []
    for dt in (0.4, 0.2, 0.1):
        gaps = np.diff(regular(bench, neuron, mu, dt).spike_time)
        errors.append(abs(gaps.mean() - exact))
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] < 1e-3
    assert np.all((order > 1.7) & (order < 2.3)), (order, errors)


def regular(bench, neuron, mu, dt):
    """Spikes of one noiseless neuron over 400 ms."""
    from synfer.population.spiking import start

    state = start(
        neuron, np.array([neuron.V_reset]), np.zeros(1), dt=dt, dtype=np.float64, seed=np.random.SeedSequence(0)
    )
    steps = round(400 / dt)
    return simulate_population(neuron, bench.inputs(steps, mu, 0.0), state, steps_per_bin=steps, max_spikes=1000)
