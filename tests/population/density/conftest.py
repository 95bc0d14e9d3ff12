"""Neurons of the literature as lanes, and drives, for the tests of the density engine."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

from synfer.population import density


@pytest.fixture(scope="session")
def lif():
    """lif(L, ...): L lanes of LIF-2 (Diesmann 1999 with t_ref 2 ms)."""

    def lanes(size=1, *, t_ref=2.0, h=0.05, V_lb=-95.0, V_th=-55.0):
        values = (10.0, V_th, -70.0, t_ref, h, V_lb)
        return density.Lanes(*(np.broadcast_to(np.asarray(x, float), (size,)) for x in values))

    return lanes


@pytest.fixture(scope="session")
def eif():
    """eif(L, ...): L lanes of EIF-F (Fourcaud-Trocme 2003)."""

    def lanes(size=1, *, t_ref=1.7, h=0.05, V_lb=-92.0, V_cut=-30.0):
        values = (10.0, V_cut, -68.0, t_ref, h, V_lb)
        arrays = (np.broadcast_to(np.asarray(x, float), (size,)) for x in values)
        return density.Lanes(*arrays, psi=lambda V, _lane: 3.48 * np.exp((V + 59.9) / 3.48))

    return lanes


@pytest.fixture(scope="session")
def constant():
    """constant(mu, sigma, ...): a drive that never changes."""

    def inputs(mu, sigma, g=0.0, gE=0.0):
        return lambda _first, _steps: (mu, sigma, g, gE)

    return inputs


@pytest.fixture(scope="session")
def timed():
    """timed(function, dt, scheme): the drive (mu, sigma, g, gE) = function(t), t (steps, stages, 1) [ms]."""

    def inputs(function, dt, scheme="sdirk2"):
        fractions = np.array(density.stage_fractions(scheme))
        return lambda first, steps: function(((np.arange(first, first + steps)[:, None] + fractions) * dt)[..., None])

    return inputs


@pytest.fixture(scope="session")
def siegert():
    """siegert(mu, sigma): rate of LIF-2 [Hz], 1/r = t_ref + tau_m sqrt(pi) int erfcx(-x) dx (Siegert 1951)."""

    def rate(mu, sigma, t_ref=2.0, tau_m=10.0, V_reset=-70.0):
        low, high = (V_reset - mu) / sigma / np.sqrt(2), (-55.0 - mu) / sigma / np.sqrt(2)
        # A rule fine enough for the peak at the upper end; breakpoints keep quad from missing it.
        points = [high - 10.0**-k for k in (0, 1) if high - 10.0**-k > low]
        integral = quad(lambda x: erfcx(-x), low, high, points=points or None, epsabs=0, epsrel=1e-11, limit=200)[0]
        return 1e3 / (t_ref + tau_m * np.sqrt(np.pi) * integral)

    return rate


@pytest.fixture(scope="session")
def integral():
    """integral(p, h): probability of densities (..., N), the top cell counting TOP_CAPACITY."""

    def content(p, h):
        return h * (np.nansum(p[..., :-1], axis=-1) + density.TOP_CAPACITY * p[..., -1])

    return content
