"""The susceptibility by the backward equation, in closed form, by the forward equation, and by difference."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from synfer.population.theory import lif_susceptibility, siegert_slope, susceptibility, threshold_integration

LIF_2 = {"tau_m": 10.0, "V_reset": -70.0, "t_ref": 2.0}
EIF_F = {"tau_m": 10.0, "V_top": -30.0, "V_reset": -68.0, "t_ref": 1.7}


def no_spike_current(V):
    return np.zeros_like(V)


def sodium(V):
    return 3.48 * np.exp((V + 59.9) / 3.48)


def forward_equation(frequency, mu, sigma, *, V_top, V_reset, tau_m, t_ref):
    """Richardson's linearised equations by an adaptive implicit integrator: R = -J_E/J_r at the bottom."""
    w, D, V_lb = 2e-3 * np.pi * frequency, sigma**2 / tau_m, -65.0 - 9 * sigma

    def rhs(V, y, flux):
        p0, p_r, J_r, p_E, J_E, _ = y
        a = (mu - V + sodium(V)) / sigma**2
        return [
            a * p0 - flux / D,
            a * p_r - J_r / D,
            -1j * w * p_r,
            a * p_E - J_E / D + p0 / sigma**2,
            -1j * w * p_E,
            p0,
        ]

    above = np.array([0, 0, 1, 0, 0, 0], complex)
    options = {"method": "BDF", "rtol": 1e-9, "atol": 1e-12}
    y = solve_ivp(rhs, (V_top, V_reset), above, args=(1.0,), **options).y[:, -1]
    y[2] -= np.exp(-1j * w * t_ref)
    y = solve_ivp(rhs, (V_reset, V_lb), y, args=(0.0,), **options).y[:, -1]
    mass = -y[5]
    return 1e3 * -y[4] / y[2] / (mass + t_ref)


def test_published_lif_response():
    point = {"mu": -60.0, "sigma": 5.0, **LIF_2}
    printed = np.array([4.418827 - 0.054204j, 4.349224 - 0.534462j, 1.818539 - 1.659372j])
    swept = susceptibility([1, 10, 100], no_spike_current, V_top=-55.0, **point)
    closed = lif_susceptibility([1, 10, 100], V_th=-55.0, **point)
    for R in (swept, closed):
        assert R.real == pytest.approx(printed.real, abs=5.1e-7)
        assert R.imag == pytest.approx(printed.imag, abs=5.1e-7)


def test_published_eif_response():
    R = susceptibility([10, 100], sodium, mu=-65.0, sigma=3.0, **EIF_F)
    printed = np.array([2.577256 - 1.926921j, -0.061682 - 0.349831j])
    # 2.5772565 is printed as 2.577256: half a unit of the last digit and the truncation.
    assert R.real == pytest.approx(printed.real, abs=5.5e-7)
    assert R.imag == pytest.approx(printed.imag, abs=5.1e-7)


RNG = np.random.default_rng(22)
POINTS = [
    (RNG.uniform(-64, -50), RNG.uniform(1.0, 6.0), RNG.uniform(-72, -58), RNG.choice([0.0, 2.0])) for _ in range(8)
]


@pytest.mark.parametrize(("mu", "sigma", "V_reset", "t_ref"), POINTS)
def test_lif_agrees_with_parabolic_cylinder_functions(mu, sigma, V_reset, t_ref):
    point = {"tau_m": 10.0, "mu": float(mu), "sigma": float(sigma), "V_reset": float(V_reset), "t_ref": float(t_ref)}
    f = np.array([0.0, 1e-4, 3.0, 40.0, 300.0])
    closed = lif_susceptibility(f, V_th=-55.0, **point)
    # The fastest layer, sqrt(D/w), is resolved to fourth order: 1e-9 of R(0) up to 300 Hz.
    assert np.abs(susceptibility(f, no_spike_current, V_top=-55.0, **point) - closed) == pytest.approx(
        0, abs=2e-9 * abs(closed[0])
    )


@pytest.mark.parametrize("frequency", [3.0, 30.0, 200.0])
@pytest.mark.parametrize(("mu", "sigma"), [(-65.0, 3.0), (-62.5, 1.5)])
def test_eif_agrees_with_the_forward_equation(mu, sigma, frequency):
    neuron = EIF_F | {"V_top": -40.0}
    R = susceptibility(frequency, sodium, mu=mu, sigma=sigma, **neuron)
    # The oracle's own rtol is 1e-9 per step.
    assert abs(R - forward_equation(frequency, mu, sigma, **neuron)) < 1e-6 * abs(R)


@pytest.mark.parametrize(("mu", "sigma"), [(-65.0, 3.0), (-62.0, 0.8), (-70.0, 2.0)])
def test_zero_frequency_is_the_slope_of_the_rate(mu, sigma):
    d = 0.004 * sigma
    r = [threshold_integration(sodium, mu=mu + k * d, sigma=sigma, h=sigma / 200, **EIF_F).rate for k in (-2, -1, 1, 2)]
    slope = (r[0] - 8 * r[1] + 8 * r[2] - r[3]) / (12 * d)
    R = susceptibility([0.0, 1e-3], sodium, mu=mu, sigma=sigma, **EIF_F)
    # Fourth-order difference: (d/sigma)^4 = 3e-10 times a relative fifth derivative of up to 1e3.
    assert R[0] == pytest.approx(slope, rel=2e-6)
    assert R[0].imag == 0
    assert abs(R[1] - R[0]) < 1e-3 * abs(R[0])


@pytest.mark.parametrize(("mu", "sigma"), [(-62.0, 1.0), (-80.0, 0.85)])
def test_the_slope_of_a_silent_neuron(mu, sigma):
    point = {"mu": mu, "sigma": sigma, **LIF_2}
    assert susceptibility(0.0, no_spike_current, V_top=-55.0, **point) == pytest.approx(
        siegert_slope(V_th=-55.0, **point), rel=1e-9
    )


def test_a_shunt_is_a_faster_narrower_lif():
    """With g the leak is 1 + g: tau_m and mu's weight shrink by it, sigma by its root."""
    f, g = np.array([5.0, 50.0]), 0.5
    R = susceptibility(f, no_spike_current, mu=-55.0, sigma=4.0, g=g, gE=-35.0, V_top=-55.0, **LIF_2)
    closed = lif_susceptibility(f, mu=-60.0, sigma=4 / np.sqrt(1.5), V_th=-55.0, **(LIF_2 | {"tau_m": 10 / 1.5})) / 1.5
    assert np.abs(R - closed) == pytest.approx(0, abs=1e-9)


def test_closed_form_refuses_no_noise():
    with pytest.raises(ValueError, match=r"sigma = 0\.0 mV must be > 0"):
        lif_susceptibility(10.0, mu=-60.0, sigma=0.0, V_th=-55.0, **LIF_2)
