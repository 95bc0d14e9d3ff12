"""Densities in time: order, conservation, transients, kicks, linear response, moments of the free membrane."""

import numpy as np
import pytest

from synfer.population import density

MU, SIGMA = -61.8, 2.85


def volley(t):
    """I(t) [mV]: 45 spikes of .15795 mV, Gaussian sd 1 ms around 10 ms, through an alpha kernel of .325 ms."""
    u = np.linspace(0.0, 20 * 0.325, 1301)
    alpha = u / 0.325**2 * np.exp(-u / 0.325)
    gauss = np.exp(-((np.asarray(t)[..., None] - u - 10.0) ** 2) / 2) / np.sqrt(2 * np.pi)
    return 10.0 * 45 * 0.15795 * np.trapezoid(alpha * gauss, u, axis=-1)


@pytest.fixture(scope="module")
def transient(lif, timed):
    """transient(dt, ...): LIF-2 at (-61.8, 2.85) receives the volley, 30 ms."""

    def run(dt, *, scheme="sdirk2", t_ref=2.0, h=0.05, dtype=np.float64, duration=30.0):
        lanes = lif(t_ref=t_ref, h=h)
        start = density.stationary(lanes, MU, SIGMA)
        inputs = timed(lambda t: (MU + volley(t), SIGMA, 0.0, 0.0), dt, scheme)
        steps = round(duration / dt)
        return density.evolve(lanes, inputs, steps=steps, dt=dt, initial=start, scheme=scheme, dtype=dtype)

    return run


def test_transient_matches_an_independent_solution(transient):
    """Spec: .564690 spikes per neuron in 5-25 ms within .2 %, 197.523 Hz at 11.24 ms within .5 %."""
    r = transient(0.05)
    t = 0.05 * np.arange(r.rate.shape[1])
    inside = (t > 5.0 + 1e-9) & (t < 25.0 + 1e-9)
    assert r.spikes[0, inside].sum() == pytest.approx(0.564690, rel=2e-3)
    assert 1e3 * r.rate[0].max() == pytest.approx(197.523, rel=5e-3)
    assert t[r.rate[0].argmax()] == pytest.approx(11.24, abs=0.05)
    assert not r.fallbacks.any()


@pytest.mark.parametrize(
    ("scheme", "low", "high"), [("sdirk2", 1.8, 2.2), ("backward-euler", 0.9, 1.1)], ids=["sdirk2", "backward-euler"]
)
@pytest.mark.parametrize("t_ref", [2.0, 1.73, 0.03, 0.0])
def test_order_in_dt(transient, scheme, low, high, t_ref):
    """t_ref a multiple of dt, between multiples, shorter than the larger step, and 0."""
    reference = transient(0.00625, t_ref=t_ref, h=0.1, duration=16.0).rate[0]
    errors = []
    for dt in (0.1, 0.05):
        rate = transient(dt, scheme=scheme, t_ref=t_ref, h=0.1, duration=16.0).rate[0]
        errors.append(np.abs(rate - reference[:: round(dt / 0.00625)]).sum() * dt)
    assert low <= np.log2(errors[0] / errors[1]) <= high


def test_float32_stays_close_to_float64(transient):
    narrow, wide = transient(0.05, dtype=np.float32), transient(0.05)
    assert np.abs(narrow.rate - wide.rate).sum() <= 5e-4 * wide.rate.sum()
    assert narrow.mass[0] == pytest.approx(1.0, abs=1e-5)


def ornstein_walk(t):
    """A drive in which everything moves."""
    return -62.0 + 6 * np.sin(t / 7), 3.0 + np.sin(t / 3), 0.3 + 0.3 * np.sin(t / 5), -24.0 * (1 + np.sin(t / 5))


@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
@pytest.mark.parametrize("t_ref", [0.0, 0.02, 1.73])
@pytest.mark.parametrize("neuron", ["lif", "eif"])
def test_probability_is_conserved_under_varying_drive(lif, eif, timed, neuron, scheme, t_ref):
    """1e4 steps; rounding is random, about eps sqrt(steps) = 2e-14."""
    lanes = {"lif": lif, "eif": eif}[neuron](t_ref=t_ref, h=0.2)
    start = density.stationary(lanes, -62.0, 3.0, 0.3, -24.0)
    inputs = timed(ornstein_walk, 0.05, scheme)
    r = density.evolve(lanes, inputs, steps=10_000, dt=0.05, initial=start, scheme=scheme, every=100, record_p=True)
    assert np.abs(r.mass - 1).max() < 1e-11
    assert r.rate.max() / r.rate.min() > 3
    if scheme == "backward-euler":
        assert r.p.min() >= 0.0


def test_float32_repays_its_rounding(lif, timed):
    """1e4 steps: a fixed rounding of 1e-8 per step, not repaid, would add up to 1e-4."""
    lanes = lif(3, t_ref=np.array([0.0, 0.02, 1.73]))
    start = density.stationary(lanes, -62.0, 3.0, 0.3, -24.0)
    inputs = timed(ornstein_walk, 0.05)
    r = density.evolve(lanes, inputs, steps=10_000, dt=0.05, initial=start, dtype=np.float32, every=100)
    wide = density.evolve(lanes, inputs, steps=10_000, dt=0.05, initial=start, every=100)
    assert np.abs(r.mass - 1).max() < 1e-6
    assert np.abs(r.rate - wide.rate).sum() < 5e-4 * wide.rate.sum()


def test_spikes_since_the_last_record_are_the_flux_through_threshold(transient):
    """The flux integral, trapezoid of a smooth rate: O(dt^2)."""
    r = transient(0.05)
    assert r.spikes[0, 0] == 0.0
    assert r.spikes.sum() == pytest.approx(0.05 * (r.rate[0, 1:] + r.rate[0, :-1]).sum() / 2, rel=1e-4)


def test_a_kick_makes_the_density_above_threshold_spike(lif):
    """LIF-D: the mass within A of threshold crosses at once: .1116, .5922, .8140 for 4, 8, 10 mV."""
    A = np.array([4.0, 8.0, 10.0])
    lanes = lif(3, t_ref=0.0)
    start = density.stationary(lanes, -61.78725, 2.8516575)

    def inputs(first, steps):
        return -61.78725, 2.8516575, 0.0, 0.0, np.where(np.arange(first, first + steps)[:, None] == 0, A, 0.0)

    # A step of 1e-7 ms: what diffuses over threshold after the kick, sqrt(D dt) p(V_th), is below 1e-4. So short a
    # step would need a long queue; t_ref = 1 ms only scales the density by 1 - r t_ref.
    r = density.evolve(lanes, inputs, steps=1, dt=1e-7, initial=start)
    waiting = density.stationary(lif(t_ref=1.0), -61.78725, 2.8516575).rate[0] * 1.0
    assert r.spikes[:, 1] * (1 - waiting) == pytest.approx([0.1116, 0.5922, 0.8140], abs=1.5e-4)
    assert r.mass[:, 1] == pytest.approx(1.0, abs=1e-13)


def test_many_small_kicks_translate_without_spreading(lif):
    """100 kicks of .0371 mV move a free density by their sum; a linear share would add A h = .19 mV^2."""
    lanes = lif(V_th=-20.0, V_lb=-95.0, t_ref=0.0)
    start = density.stationary(lanes, -60.0, 3.0)
    dt = 1e-9

    def run(kick):
        return density.evolve(lanes, lambda *_: (-60.0, 3.0, 0.0, 0.0, kick), steps=100, dt=dt, initial=start)

    up, down = run(0.0371), run(-0.0371)
    assert up.V_mean[0, -1] == pytest.approx(-56.29, abs=1e-5)
    assert down.V_mean[0, -1] == pytest.approx(-63.71, abs=1e-5)
    assert up.V_sd[0, -1] == pytest.approx(3.0, abs=1e-4)
    assert down.V_sd[0, -1] == pytest.approx(3.0, abs=1e-4)
    assert down.mass[0, -1] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("A", [0.05, 0.2, 0.33, -0.05, -0.2, -0.33])
def test_kicks_through_the_top_cell_conserve_probability(lif, A):
    """Parts of a cell, a whole one (.2 mV), and more, up and down, where the density is steep; 1000 kicks."""
    lanes = lif(h=0.2)
    start = density.stationary(lanes, -50.0, 4.0)
    r = density.evolve(lanes, lambda *_: (-50.0, 4.0, 0.0, 0.0, A), steps=1000, dt=0.05, initial=start, every=100)
    assert np.abs(r.mass - 1).max() < 1e-12
    assert not r.status.any()


@pytest.mark.parametrize("mu", [-61.8, -45.0])
def test_many_small_kicks_are_a_drift(lif, siegert, mu):
    """Kicks of f dt against the mean input mu + f tau_m: O(dt) of the splitting and O(h^2) of the top cell."""
    lanes, f, dt = lif(h=0.1), 0.3, 0.01
    start = density.stationary(lanes, mu + 10 * f, 2.85)
    r = density.evolve(lanes, lambda *_: (mu, 2.85, 0.0, 0.0, f * dt), steps=5000, dt=dt, initial=start, every=5000)
    assert 1e3 * r.spikes[0, -1] / 50.0 == pytest.approx(siegert(mu + 10 * f, 2.85), rel=0.4 * (0.1 / 2.85) ** 2)


@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
@pytest.mark.parametrize("t_ref", [0.0, 1.73])
def test_a_reset_into_the_top_cell_conserves_probability(lif, timed, scheme, t_ref):
    """V_reset a quarter of a cell below the highest centre: most of the flux re-enters the top cell."""
    lanes = lif(h=0.2, t_ref=t_ref)._replace(V_reset=np.array([-55.15]))
    start = density.stationary(lanes, -62.0, 3.0, 0.3, -24.0)
    inputs = timed(ornstein_walk, 0.05, scheme)
    still = timed(lambda t: (-62.0 + 0 * t, 3.0, 0.3, -24.0), 0.05, scheme)
    fixed = density.evolve(lanes, still, steps=200, dt=0.05, initial=start, scheme=scheme)
    r = density.evolve(lanes, inputs, steps=1000, dt=0.05, initial=start, scheme=scheme)
    assert fixed.rate[0] == pytest.approx(start.rate[0], rel=1e-10)  # 200 steps of rounding
    assert np.abs(r.mass - 1).max() < 1e-11


@pytest.mark.parametrize(("scheme", "dtype"), [("sdirk2", np.float64), ("backward-euler", np.float32)])
def test_huge_kicks_empty_the_density_or_pile_it_up(lif, scheme, dtype):
    lanes = lif(2, h=0.2)
    start = density.stationary(lanes, MU, SIGMA)
    A = np.array([1e6, -1e6])

    def inputs(first, steps):
        return MU, SIGMA, 0.0, 0.0, np.where(np.arange(first, first + steps)[:, None] == 0, A, 0.0)

    r = density.evolve(lanes, inputs, steps=1, dt=0.05, initial=start, scheme=scheme, dtype=dtype)
    assert r.spikes[0, 1] == pytest.approx(1 - 2.0 * start.rate[0], rel=1e-6)
    assert abs(r.spikes[1, 1]) < 1e-30
    assert r.mass[:, 1] == pytest.approx(1.0, abs=1e-6)
    assert not r.status.any()


@pytest.mark.parametrize(
    ("neuron", "mu", "sigma", "frequency", "reference"),
    [
        ("lif", -60.0, 5.0, 10.0, 4.349224 - 0.534462j),
        ("lif", -60.0, 5.0, 100.0, 1.818539 - 1.659372j),
        ("eif", -65.0, 3.0, 10.0, 2.577256 - 1.926921j),
        ("eif", -65.0, 3.0, 100.0, -0.061682 - 0.349831j),
    ],
)
def test_linear_response(lif, eif, timed, neuron, mu, sigma, frequency, reference):
    """Rate over a sinusoidal mu of .05 mV, projected on the last periods; error < 1 % of abs R(1 Hz)."""
    lanes = {"lif": lif, "eif": eif}[neuron](h=sigma / 40, V_lb=-70 - 8 * sigma)
    start = density.stationary(lanes, mu, sigma)
    omega, dt = 2e-3 * np.pi * frequency, 0.05
    inputs = timed(lambda t: (mu + 0.05 * np.sin(omega * t), sigma, 0.0, 0.0), dt)
    r = density.evolve(lanes, inputs, steps=6000, dt=dt, initial=start)
    t = dt * np.arange(4000, 6000)  # whole periods, after 200 ms
    response = 1e3 * 2 * np.mean(r.rate[0, 4000:6000] * np.exp(-1j * (omega * t - np.pi / 2))) / 0.05
    at_1_hz = {"lif": 4.4188, "eif": 3.9}[neuron]
    assert abs(response - reference) < 0.01 * at_1_hz


def test_conductance_step_of_the_free_membrane(lif, constant):
    """Ornstein-Uhlenbeck: mean and variance under g = .5, E_rev -80 from t = 0, in closed form."""
    lanes = lif(V_th=-30.0, V_lb=-105.0)
    start = density.stationary(lanes, -60.0, 3.0)
    r = density.evolve(lanes, constant(-60.0, 3.0, 0.5, -40.0), steps=2000, dt=0.05, initial=start, every=200)
    t = 10.0 * np.arange(11)
    mean = -100 / 1.5 + (-60 + 100 / 1.5) * np.exp(-1.5 * t / 10)
    sd = np.sqrt(9 / 1.5 + (9 - 9 / 1.5) * np.exp(-3 * t / 10))
    assert (mean[1], sd[1], sd[-1]) == pytest.approx((-65.17913, 2.47979, 2.44949), abs=1e-5)
    assert r.V_mean[0] == pytest.approx(mean, abs=1e-3)
    assert r.V_sd[0] == pytest.approx(sd, rel=1e-4)


def test_the_density_is_recorded_where_asked(lif, constant, integral):
    lanes = lif(2, V_lb=np.array([-95.0, -100.0]))
    start = density.stationary(lanes, MU, SIGMA)
    r = density.evolve(lanes, constant(MU, SIGMA), steps=7, dt=0.05, initial=start, every=3, record_p=True)
    assert r.p.shape == (2, 3, 904)
    assert r.rate.shape == (2, 3)
    assert np.isnan(r.p[0, :, :104]).all()
    V = density.voltages(lanes)
    total = integral(r.p, 0.05)
    assert total == pytest.approx(1 - 2 * r.rate, abs=1e-9)
    assert integral(r.p * V[:, None], 0.05) / total == pytest.approx(r.V_mean, abs=1e-9)


def test_stiff_steps_fall_back_to_backward_euler(lif):
    """A 10 mV kick leaves a cliff at threshold, where SDIRK2 turns negative; the step is redone and nothing is lost."""
    lanes = lif(2)
    start = density.stationary(lanes, MU, SIGMA)

    def inputs(first, steps):
        now = np.arange(first, first + steps)[:, None]
        return MU, SIGMA, 0.0, 0.0, np.where(now == 10, np.array([10.0, 0.0]), 0.0)

    r = density.evolve(lanes, inputs, steps=100, dt=0.1, initial=start, record_p=True)
    assert r.fallbacks[0] > 0
    assert r.fallbacks[1] == 0
    assert np.nanmin(r.p / np.nanmax(r.p, axis=2, keepdims=True)) >= -1e-10
    assert r.mass == pytest.approx(1.0, abs=1e-12)
    fine = density.evolve(
        lanes,
        lambda a, n: (*inputs(a, n)[:4], np.where(np.arange(a, a + n)[:, None] == 80, np.array([10.0, 0.0]), 0.0)),
        steps=800, dt=0.0125, initial=start,
    )  # fmt: skip
    assert r.spikes[0].sum() == pytest.approx(fine.spikes[0].sum(), rel=2e-3)


def test_the_siegert_rate_is_reached_from_another_state(lif, siegert, constant):
    lanes = lif(h=0.05)
    start = density.stationary(lanes, -65.0, 3.0)
    r = density.evolve(lanes, constant(-60.0, 4.0), steps=6000, dt=0.05, initial=start, every=6000)
    assert 1e3 * r.rate[0, -1] == pytest.approx(siegert(-60.0, 4.0), rel=0.4 * (0.05 / 4.0) ** 2)


def test_refractory_time_shifts_the_reset(lif, constant, integral):
    """1 - r t_ref of the mass is below threshold, for any t_ref."""
    t_ref = np.array([0.0, 0.01, 0.5, 1.234, 5.0])
    lanes = lif(5, t_ref=t_ref)
    start = density.stationary(lanes, -55.0, 4.0)
    free = 1 / start.rate - t_ref
    assert free == pytest.approx(free[0], rel=1e-12)
    r = density.evolve(lanes, constant(-55.0, 4.0), steps=200, dt=0.05, initial=start, every=200, record_p=True)
    assert integral(r.p[:, -1], 0.05) == pytest.approx(1 - start.rate * t_ref, abs=1e-10)
