"""Densities that move each other: filters, delays, charge, order, and networks that do not feel each other."""

import numpy as np
import pytest
from scipy.integrate import quad

from synfer.core.errors import ParameterError
from synfer.population import density
from synfer.population.density.coupling import Synapses, propagator

MU, SIGMA, A = -61.78725, 2.8516575, 15.795
KERNELS = {"alpha": (0.325, 0.325), "exponential": (0.0, 0.8), "biexponential": (0.2, 0.9), "delta": (0.0, 0.0)}


def kernel_at(name, t):
    """k(t) [1/ms], from its definition."""
    rise, decay = KERNELS[name]
    return {
        "alpha": lambda: t / decay**2 * np.exp(-t / decay),
        "exponential": lambda: np.exp(-t / decay) / decay,
        "biexponential": lambda: (np.exp(-t / decay) - np.exp(-t / rise)) / (decay - rise),
    }[name]()


def synapses(rows):
    """Synapses from (source, target, reference, quiet, A, rise, decay, delay)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    kinds = (np.int64, np.int64, np.int64, float, float, float, float, float)
    return Synapses(*(np.asarray(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def volley(t, size=0.6, t0=6.0, sd=1.0):
    """A Gaussian current [mV] worth `size` A in a membrane of 10 ms."""
    return 10 * A * size * np.exp(-0.5 * ((t - t0) / sd) ** 2) / np.sqrt(2 * np.pi) / sd


def run(lanes, rows, *, t, dt, drive=None, network=None, signal=None, **options):
    """evolve_networks from rest; drive(t) [mV] is added to the lanes of signal 1."""
    size = len(lanes.h)
    fractions = np.array(density.stage_fractions("sdirk2"))

    def inputs(first, steps, wanted):
        times = (first + np.arange(steps)[:, None] + fractions) * dt
        mu = np.stack([np.full_like(times, MU), MU + (0.0 if drive is None else drive(times))], axis=-1)
        return mu[..., wanted], SIGMA, 0.0, 0.0, 0.0

    initial = density.stationary(lanes, MU, SIGMA)
    signal = np.zeros(size, int) if signal is None else signal
    network = np.zeros(size, int) if network is None else network
    return initial, density.evolve_networks(
        lanes, synapses(rows), network, signal, inputs, steps=round(t / dt), dt=dt, initial=initial, **options
    )


def chain_rows(rate, layers, kernel="alpha", delay=0.0, offset=0):
    return [(offset + i, offset + i + 1, -1, rate, A, *KERNELS[kernel], delay) for i in range(layers - 1)]


def first_lane(size):
    return (np.arange(size) == 0).astype(int)


@pytest.mark.parametrize("name", ["alpha", "exponential", "biexponential"])
def test_the_filters_answer_a_straight_line_as_the_convolution_does(name):
    """Truth: quadrature of k against f(u) = m + d (2 u/dt - 1) over one step, after rest at zero."""
    dt, m, d = 0.1, 1.7, -0.6
    P = propagator(*KERNELS[name], dt)
    end, _ = quad(lambda u: kernel_at(name, dt - u) * (m + d * (2 * u / dt - 1)), 0, dt)
    assert P[1, 2] * m + P[1, 3] * d == pytest.approx(end, rel=1e-9)
    mean, _ = quad(
        lambda t: quad(lambda u: kernel_at(name, t - u) * (m + d * (2 * u / dt - 1)), 0, t)[0], 0, dt, epsabs=1e-12
    )
    assert P[2, 2] * m + P[2, 3] * d == pytest.approx(mean / dt, rel=1e-7)
    # A constant input leaves the filters as they are.
    assert P @ np.array([1.0, 1.0, 1.0, 0.0]) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("delay", [1.5, 1.237])
@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_delivers_the_charge_of_the_volley(lif, name, delay):
    """Truth: a silent linear membrane integrates: int (V_mean - mu) dt = tau_m A int (r - quiet) dt.

    The target cannot spike (threshold 60 mV away). A run of 90 ms leaves e^-7 of its charge in the membrane, and the
    mean is read at nodes: the trapezoid is exact to 1e-4.
    """
    source, target = lif(1), lif(1, V_th=0.0, V_lb=-95.0)
    lanes = density.Lanes(*(np.concatenate([a, b]) for a, b in zip(source[:6], target[:6], strict=True)))
    rate = float(density.stationary(lif(1), MU, SIGMA).rate[0])
    dt = 0.05
    _, result = run(
        lanes, [(0, 1, -1, rate, 1.0, *KERNELS[name], delay)], t=90, dt=dt, drive=volley, signal=first_lane(2), every=1
    )
    charge = (result.flux[0] - rate).sum() * dt
    V = result.records.V_mean[1]
    lost = V[-1] - V[0]
    received = dt * ((V - V[0]).sum() - lost / 2) + 10.0 * lost
    if name == "delta":
        received += dt / 2 * charge  # a kick acts at the start of its step, where the trapezoid does not see it
    assert charge > 0.5
    assert received == pytest.approx(10.0 * 1.0 * charge, rel=3e-4)


@pytest.mark.parametrize(
    ("name", "delay"), [("alpha", 0.0), ("alpha", 0.73), ("biexponential", 0.0), ("exponential", 1.03)]
)
def test_a_chain_converges_with_the_square_of_the_step(lif, name, delay):
    """Observed order over three halvings of dt of the spikes in layer 3, window 0-30 ms: >= 1.8."""
    lanes = lif(3, t_ref=1.0, h=0.1)
    rate = float(density.stationary(lanes, MU, SIGMA).rate[0])
    counts = []
    for dt in (0.2, 0.1, 0.05, 0.025):
        _, result = run(lanes, chain_rows(rate, 3, name, delay), t=30, dt=dt, drive=volley, signal=first_lane(3))
        counts.append((result.flux[2] - rate).sum() * dt)
    steps = np.abs(np.diff(counts))
    order = np.log2(steps[:-1] / steps[1:])
    assert order[-1] > 1.8, (counts, order)
    assert counts[-1] > 0.3


def test_a_delta_synapse_converges_with_the_square_of_the_step(lif):
    lanes = lif(2, t_ref=1.0, h=0.1)
    rate = float(density.stationary(lanes, MU, SIGMA).rate[0])
    counts = []
    for dt in (0.1, 0.05, 0.025):
        rows = [(0, 1, -1, rate, 8.0, 0.0, 0.0, 1.5)]
        _, result = run(lanes, rows, t=30, dt=dt, drive=volley, signal=first_lane(2))
        counts.append((result.flux[1] - rate).sum() * dt)
    steps = np.abs(np.diff(counts))
    assert np.log2(steps[0] / steps[1]) > 1.6, counts  # kicks spread the density by O(h^3) each: the order is not clean
    assert steps[1] < 1e-3


def test_layer_two_is_a_single_population_under_the_convolved_volley(lif, timed):
    """Truth by another route: the flux of layer 1, convolved on a fine grid, drives a population of its own."""
    lanes, dt = lif(2, t_ref=1.0), 0.05
    rate = float(density.stationary(lif(1, t_ref=1.0), MU, SIGMA).rate[0])
    _, result = run(lanes, chain_rows(rate, 2), t=30, dt=dt, drive=volley, signal=first_lane(2))
    fine = 0.005
    times = np.arange(0, 30, fine)
    f = np.interp(times, (np.arange(600) + 0.5) * dt, result.flux[0] - rate)
    current = 10 * A * np.convolve(f, kernel_at("alpha", times))[: len(times)] * fine
    one = lif(1, t_ref=1.0)
    drive = timed(lambda t: (MU + np.interp(t, times, current), SIGMA, 0.0, 0.0), dt)
    alone = density.evolve(one, drive, steps=600, dt=dt, initial=density.stationary(one, MU, SIGMA), every=1)
    own = alone.spikes[0, 1:] / dt
    # The convolution is a rectangle rule of step .005 ms on k with k(0) = 0: 1e-3 of the peak.
    assert np.abs(own - result.flux[1]).max() < 2e-3 * own.max()


def test_a_whole_step_of_delay_shifts_the_answer(lif):
    """Delays of 1 and 2 ms differ by a shift of 1 ms, to rounding."""
    lanes, dt = lif(2, t_ref=1.0, h=0.1), 0.05
    rate = float(density.stationary(lanes, MU, SIGMA).rate[0])
    flux = [
        run(lanes, chain_rows(rate, 2, delay=d), t=30, dt=dt, drive=volley, signal=first_lane(2))[1].flux[1]
        for d in (1.0, 2.0)
    ]
    assert np.abs(flux[1][20:] - flux[0][:-20]).max() < 1e-12


def test_networks_do_not_feel_each_other(lif):
    """A chain alone, and among others of other heights, lengths and refractory times: the same bits."""
    dt = 0.05
    rate = float(density.stationary(lif(1, t_ref=1.0), MU, SIGMA).rate[0])
    alone = run(lif(4, t_ref=1.0), chain_rows(rate, 4), t=12, dt=dt, drive=volley, signal=first_lane(4))[1]
    parts = [lif(3, V_lb=-101.0), lif(4, t_ref=1.0), lif(2, t_ref=0.02), lif(17, V_lb=-88.0, t_ref=3.0)]
    lanes = density.Lanes(*(np.concatenate(columns) for columns in zip(*(p[:6] for p in parts), strict=True)))
    starts = (0, 3, 7, 9)
    rows = [r for start, p in zip(starts, parts, strict=True) for r in chain_rows(rate, len(p.h), offset=start)]
    network = np.repeat(np.arange(4), [3, 4, 2, 17])
    signal = np.concatenate([first_lane(len(p.h)) for p in parts])
    among = run(lanes, rows, t=12, dt=dt, drive=volley, network=network, signal=signal)[1]
    assert among.flux[3:7].tobytes() == alone.flux.tobytes()
    assert among.records.state.p.shape[0] == 26
    assert np.all(among.records.status == density.OK)


def test_a_network_that_fails_is_told_and_the_others_go_on(lif):
    """One lane starts from NaN by way of a drive that is not finite; only its own network is lost."""
    lanes, dt = lif(4, t_ref=1.0, h=0.1), 0.05
    rate = float(density.stationary(lanes, MU, SIGMA).rate[0])
    rows = chain_rows(rate, 2) + chain_rows(rate, 2, offset=2)
    bad = lambda t: np.where(t > 5, np.nan, 0.0)  # noqa: E731
    _, result = run(
        lanes, rows, t=12, dt=dt, drive=bad, network=np.array([0, 0, 1, 1]), signal=np.array([1, 0, 0, 0]), every=1
    )
    assert list(result.records.status) == [1, 1, 0, 0]
    assert np.isfinite(result.flux[2:]).all()


def test_inhibition_fed_back_lowers_the_rate_of_its_source(lif):
    """An inhibitory partner: to first order the evoked spikes of the source fall in proportion to A."""
    lanes, dt = lif(2, t_ref=1.0, h=0.1), 0.05
    rate = float(density.stationary(lanes, MU, SIGMA).rate[0])
    evoked = []
    for back in (0.0, -0.5, -1.0, -20.0):
        rows = [(0, 1, -1, rate, A, 0.325, 0.325, 0.5), (1, 0, -1, rate, back, 0.325, 2.0, 0.5)]
        _, result = run(lanes, rows, t=60, dt=dt, drive=volley, signal=first_lane(2))
        evoked.append((result.flux[0] - rate).sum() * dt)
    lost = evoked[0] - np.array(evoked)
    assert 0 < lost[1] < lost[2] < lost[3]
    assert lost[2] / lost[1] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["exponential", "delta"])
def test_a_kernel_that_acts_at_once_needs_a_delay(lif, name):
    with pytest.raises(ParameterError, match=r"delay = 0.02 ms must be >= dt = 0.05 ms"):
        run(lif(2), [(0, 1, -1, 0.0, 1.0, *KERNELS[name], 0.02)], t=1, dt=0.05)


def test_a_synapse_between_networks_is_refused(lif):
    with pytest.raises(ParameterError, match="joins two networks"):
        run(lif(2), chain_rows(0.0, 2), t=1, dt=0.05, network=np.array([0, 1]))
