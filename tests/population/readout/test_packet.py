"""Volleys whose size and spread are known: Gaussians in closed form, brute force, and Poisson counts."""

import numpy as np
import pytest
from scipy.special import erf

from synfer.core.errors import ParameterError
from synfer.population.readout import packet

Z = np.sqrt(2 * np.log(50))
"""A Gaussian falls to 2 % of its peak at Z sd."""
KEPT = erf(Z / np.sqrt(2))
SD_KEPT = np.sqrt(1 - 2 * Z * np.exp(-0.5 * Z**2) / np.sqrt(2 * np.pi) / KEPT)
"""Mass and sd of a Gaussian cut at +-Z sd."""


def centres(t, dt):
    return (np.arange(round(t / dt)) + 0.5) * dt


def gaussian(t, dt, a=1.0, sd=1.0, at=10.0):
    """Mean rate over each step [Hz] of `a` spikes per neuron, Gaussian in time."""
    z = (t[:, None] + [-dt / 2, dt / 2] - at) / (sd * np.sqrt(2))
    return 500 * a * np.diff(erf(z))[:, 0] / dt


@pytest.mark.parametrize("sd", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("at", [20.0, 20.013])
def test_gaussian_is_cut_at_two_percent(sd, at):
    """Tolerances are the stated .0075 and .027 (dt/sd)^2."""
    dt = 0.05
    t = centres(40, dt)
    volley = packet(gaussian(t, dt, 0.9, sd, at) + 5, 5, t, width=200)
    error = (dt / sd) ** 2
    assert volley.a == pytest.approx(180 * KEPT, rel=0.0076 * error)
    assert volley.sigma_t == pytest.approx(sd * SD_KEPT, rel=0.028 * error)
    assert volley.t_packet == pytest.approx(at, abs=2e-4 * sd)
    assert volley.survived


def test_errors_fall_with_the_square_of_the_step():
    """The largest error over positions of the volley in the grid; the slope between dt and dt/2 is 2 +- .1."""

    def worst(dt):
        t = centres(20, dt)
        rates = np.array([gaussian(t, dt, at=10 + dt * k / 12) for k in range(12)])
        read = packet(rates, 0, t, width=1)
        return np.array([np.abs(read.a - KEPT).max(), np.abs(read.sigma_t - SD_KEPT).max()])

    order = np.log2(worst(0.2) / worst(0.1))
    assert order == pytest.approx([2, 2], abs=0.1)


def test_whole_window_recovers_the_uncut_gaussian():
    """A window of +-10 sd holds everything; Sheppard's dt^2/12 is taken off, leaving rounding."""
    dt = 0.2
    t = centres(40, dt)
    volley = packet(gaussian(t, dt, sd=1.0, at=20.03), 0, t, width=1, window=20.0)
    assert (volley.a, volley.sigma_t, volley.t_packet) == pytest.approx((1, 1, 20.03), rel=1e-9)


@pytest.mark.parametrize("window", [0.5, 3, 20.0])
def test_sliding_window_is_the_fullest_of_all(window):
    dt, rng = 0.1, np.random.default_rng(1)
    t = centres(20, dt)
    rate = rng.poisson(3, (2, 3, t.size)) * 100.0
    quiet = rng.uniform(0, 10, (3, t.size))
    got = packet(rate, quiet, t, width=50, window=window)
    k = round(window / dt)
    for index in np.ndindex(2, 3):
        starts = range(t.size - k + 1)
        best = max(starts, key=lambda s: rate[index][s : s + k].sum())
        evoked = (rate[index] - quiet[index[1]])[best : best + k]
        assert got.a[index] == pytest.approx(evoked.sum() * dt / 1000 * 50, rel=1e-12)
        mean = (evoked * t[best : best + k]).sum() / evoked.sum()
        # Slopes at the window's ends are those of noise: each moves the mean by less than a step.
        assert got.t_packet[index] == pytest.approx(mean, abs=dt)


def test_equal_windows_give_the_first():
    t = centres(5, 1.0)
    assert packet([0, 500, 0, 500, 0], 0, t, width=1, window=1.0).t_packet == 1.5


def test_count_above_background_is_unbiased_over_poisson_trials():
    """400 trials of 100 neurons: a and the squared sd of the mean trial agree with the volley within 4 s.e.

    The window (6 ms = 6 sd) is the fullest by counts, which adds a little background by choice: less than .3 spikes.
    """
    dt, N, trials, rng = 0.1, 100, 400, np.random.default_rng(2)
    t = centres(40, dt)
    expected = (gaussian(t, dt, 0.6, at=20) + 5) * N * dt / 1000
    counts = rng.poisson(expected, (trials, t.size))
    read = packet(counts / (N * dt / 1000), 5.0, t, width=N, window=6.0)
    error = read.a.std() / np.sqrt(trials)
    assert read.a.mean() == pytest.approx(60 * erf(3 / np.sqrt(2)), abs=4 * error + 0.3)
    assert np.median(read.sigma_t) == pytest.approx(1.0, abs=0.05)
    assert 0.8 < read.survived.mean() < 1


def test_second_peak_counts_only_without_a_gap():
    dt = 0.05
    t = centres(40, dt)
    apart = gaussian(t, dt, 0.6, at=10) + gaussian(t, dt, 0.3, at=25)
    joined = gaussian(t, dt, 0.6, at=18) + gaussian(t, dt, 0.3, at=21)
    read = packet([apart, joined], 0, t, width=1)
    assert read.a[0] == pytest.approx(0.6 * KEPT, rel=1e-4)
    assert 0.88 < read.a[1] < 0.9
    assert read.t_packet[1] == pytest.approx(19, abs=0.05)


@pytest.mark.parametrize("window", ["evoked", 3.0])
@pytest.mark.parametrize(("peak", "dead"), [(0.0, True), (0.099, True), (0.101, False)])
def test_volley_below_a_tenth_of_a_hertz_is_dead(window, peak, dead):
    t = centres(20, 0.1)
    volley = packet(5 + peak * np.exp(-0.5 * (t - 10.05) ** 2), 5, t, width=100, window=window)
    assert np.isnan(volley.sigma_t) == np.isnan(volley.t_packet) == dead
    assert (volley.a == 0) == dead
    assert not volley.survived


def test_silenced_population_is_dead():
    t = centres(20, 0.1)
    for window in ("evoked", 2.0):
        read = packet(np.zeros(t.size), np.full(t.size, 5.0), t, width=10, window=window)
        assert read.a == 0
        assert np.isnan(read.sigma_t)


def test_all_spikes_in_one_step_have_no_spread():
    """The signed variance is minus Sheppard's term there, which no volley has."""
    t = centres(10, 0.5)
    rate = np.where(np.arange(t.size) == 8, 2000.0, 0.0)
    read = packet(rate, 0, t, width=10, window=2.5)
    assert (read.a, read.sigma_t, read.t_packet) == pytest.approx((10, 0, t[8]))


def test_moments_of_a_lost_volley_stay_in_the_window():
    """Signed weights of nearly no sum put the mean far away; the positive part cannot."""
    t = centres(10, 0.5)
    rate = np.zeros(t.size)
    rate[4], rate[7] = 100.0, 60.0
    quiet = np.zeros(t.size)
    quiet[5], quiet[6] = 90.0, 69.0
    read = packet(rate, quiet, t, width=10, window=2.0)
    assert read.a == pytest.approx(10 * 0.5 * 1 / 1000)
    assert t[4] < read.t_packet < t[7]
    assert read.sigma_t == pytest.approx(1.5 * np.sqrt(100 * 60) / 160)


def test_rows_that_are_not_finite_stay_marked_and_alone():
    dt = 0.1
    t = centres(20, dt)
    rates = np.array([gaussian(t, dt)] * 3)
    rates[1, 50] = np.nan
    rates[2, 7] = np.inf
    read = packet(rates, 0, t, width=[1, 1, 1])
    assert np.isnan(read.a).tolist() == np.isnan(read.sigma_t).tolist() == [False, True, True]
    assert read.survived.tolist() == [True, False, False]
    assert read.a[0] == packet(rates[0], 0, t, width=1).a


def test_volley_cut_by_the_end_of_the_run_is_what_the_run_holds():
    dt = 0.05
    t = centres(10, dt)
    assert packet(gaussian(t, dt, at=10), 0, t, width=1).a == pytest.approx(KEPT / 2, rel=1e-3)


def test_shapes_and_widths_broadcast():
    dt = 0.1
    t = centres(20, dt)
    rate = np.broadcast_to(gaussian(t, dt), (4, 3, t.size))
    read = packet(rate, np.zeros((3, 1)), t, width=np.array([10, 20, 30]))
    assert read.a.shape == read.sigma_t.shape == read.t_packet.shape == read.survived.shape == (4, 3)
    assert read.a[2] == pytest.approx(np.array([10, 20, 30]) * KEPT, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"window": 0.25}, "whole number of steps"),
        ({"window": 0}, "at least one"),
        ({"window": -1.0}, "at least one"),
        ({"window": float("nan")}, "whole number"),
        ({"window": 21.0}, "longer than the run"),
        ({"window": "peak"}, "'evoked' or a length"),
        ({"window": True}, "'evoked' or a length"),
        ({"width": 0}, "width = 0 must be > 0"),
        ({"time": [0, 1, 3]}, "equal steps"),
        ({"time": [0]}, "at least 2"),
        ({"rate": np.zeros(7)}, "last axis"),
    ],
)
def test_bad_arguments_are_named(change, words):
    t = centres(20, 0.1)
    arguments = {"rate": np.ones(t.size), "quiet": 0.0, "time": t, "width": 10} | change
    with pytest.raises(ParameterError, match=words):
        packet(arguments.pop("rate"), arguments.pop("quiet"), arguments.pop("time"), **arguments)
