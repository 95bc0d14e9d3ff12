"""Analytic: a volley's delivered charge equals the quadrature of kernel times Gaussian."""

import numpy as np
import pytest
from scipy.special import ndtr

from synfer.population.synapse import volley_cumulative

NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)
PANELS = 100
KERNELS = {
    "alpha": lambda u, tau_s, tau_r: u / tau_s**2 * np.exp(-u / tau_s),
    "exponential": lambda u, tau_s, tau_r: np.exp(-u / tau_s) / tau_s,
    "biexponential": lambda u, tau_s, tau_r: (np.exp(-u / tau_s) - np.exp(-u / tau_r)) / (tau_s - tau_r),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("sigma_t", "tau_s", "tau_r"), [(1, 0.325, 0.1), (3, 0.325, 0.2), (0.05, 2, 0.5), (8, 0.3, 0.1)]
)
def test_volley_cumulative_matches_quadrature(kernel, sigma_t, tau_s, tau_r):
    for x in (-2 * sigma_t, 0.0, 0.4 * sigma_t, 3 * sigma_t + 2 * tau_s):
        upper = max(x + 9 * sigma_t, 1e-3)
        u = ((np.arange(PANELS)[:, None] + (NODES + 1) / 2) / PANELS * upper).ravel()
        w = np.tile(WEIGHTS, PANELS) * upper / 2 / PANELS
        exact = np.sum(w * KERNELS[kernel](u, tau_s, tau_r) * ndtr((x - u) / sigma_t))
        value = volley_cumulative(np.array(x), sigma_t, kernel, tau_s, tau_r)
        # 100 panels of 60 Gauss-Legendre nodes are exact to rounding: 6000 terms x 1e-16.
        assert value == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("kernel", [*KERNELS, "delta"])
def test_an_infinitely_sharp_volley_is_the_limit_of_a_sharp_one(kernel):
    times = (None, None) if kernel == "delta" else (0.5, 0.2)
    x = np.array([-1.0, -0.1, 0.1, 0.7, 5.0])
    sharp = volley_cumulative(x, 1e-5, kernel, *times)
    # The first-order difference of the two is sigma_t times the kernel's slope.
    assert np.allclose(volley_cumulative(x, 0.0, kernel, *times), sharp, atol=1e-7)


@pytest.mark.parametrize("sigma_t", [0.0, 1e-6, 0.3, 40.0])
def test_the_charge_is_monotone_and_ends_at_one(sigma_t):
    x = np.linspace(-10 * sigma_t - 1, 10 * sigma_t + 30, 2001)
    delivered = volley_cumulative(x, sigma_t, "alpha", 0.325)
    assert np.all(np.diff(delivered) >= -1e-13)
    assert delivered[0] == pytest.approx(0, abs=1e-13)
    assert delivered[-1] == pytest.approx(1, abs=1e-13)
