"""Moments of the free membrane under time-varying input."""

import numpy as np
import pytest

from synfer.population.theory import ou_moments, ou_moments_smooth


def test_published_conductance_step():
    mean, var = ou_moments([0.0, 10.0, 1e4], -60.0, 3.0, 0.5, -40.0, tau_m=10.0, mean_0=-60.0, var_0=9.0)
    assert mean[1] == pytest.approx(-65.17913, abs=5.1e-6)
    assert np.sqrt(var[1:]) == pytest.approx([2.47979, 2.44949], abs=5.1e-6)


def test_pieces_compose():
    """Splitting an interval changes nothing; leading dimensions are independent runs."""
    one = ou_moments([0.0, 7.0], -60.0, 3.0, 0.5, -40.0, tau_m=10.0, mean_0=[-70.0, -50.0], var_0=[0.0, 4.0])
    many = ou_moments(
        np.linspace(0, 7, 30), -60.0, 3.0, 0.5, -40.0, tau_m=10.0, mean_0=[-70.0, -50.0], var_0=[0.0, 4.0]
    )
    assert one[0].shape == (2, 2)
    assert many[0].shape == (2, 30)
    assert many[0][:, -1] == pytest.approx(one[0][:, -1], rel=1e-14)
    assert many[1][:, -1] == pytest.approx(one[1][:, -1], rel=1e-14)


def constant(value):
    return lambda _: value


def test_smooth_input_against_the_closed_response_to_a_sinusoid():
    """tau m' = mu_0 + A cos(w t) - m has m = mu_0 + Re[A exp(i w t)/(1 + i w tau)] + a part that decays."""
    t, w, tau_m, A = np.linspace(0, 80, 17), 0.3, 10.0, 4.0
    z = A / (1 + 1j * w * tau_m)
    exact = -60 + (z * np.exp(1j * w * t)).real + (-66 + 60 - z.real) * np.exp(-t / tau_m)
    signals = (lambda s: -60 + A * np.cos(w * s), constant(2.0), constant(0.0), constant(0.0))
    mean, var = ou_moments_smooth(t, *signals, tau_m=tau_m, mean_0=-66, var_0=1)
    assert mean == pytest.approx(exact, abs=1e-10)
    assert var == pytest.approx(4 - 3 * np.exp(-2 * t / tau_m), abs=1e-10)


def test_pieces_converge_to_smooth_input_at_second_order():
    signals = (
        lambda s: -60 + np.cos(0.5 * s),
        lambda s: 2 + np.sin(0.1 * s),
        lambda s: 0.4 + 0.3 * np.sin(0.2 * s),
        lambda s: -75 * (0.4 + 0.3 * np.sin(0.2 * s)),
    )
    exact = ou_moments_smooth([0.0, 40.0], *signals, tau_m=10.0, mean_0=-60, var_0=4)

    def error(n):
        t = np.linspace(0, 40, n + 1)
        middles = 0.5 * (t[1:] + t[:-1])
        mean, var = ou_moments(t, *(signal(middles) for signal in signals), tau_m=10.0, mean_0=-60, var_0=4)
        return np.abs([mean[-1] - exact[0][-1], var[-1] - exact[1][-1]])

    assert np.log2(error(100) / error(200)) == pytest.approx([2.0, 2.0], abs=0.1)


@pytest.mark.parametrize(("t", "g", "message"), [([0.0, 0.0], 0.0, "increasing"), ([0.0, 1.0], -1.0, "must leak")])
def test_bad_input_is_refused(t, g, message):
    with pytest.raises(ValueError, match=message):
        ou_moments(t, -60.0, 1.0, g, 0.0, tau_m=10.0, mean_0=-60.0, var_0=1.0)
