"""First passage of the LIF: transform, mean and CV are one distribution's."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

from synfer.population.theory import lif_cv, mean_passage, passage_transform

LIF = {"tau_m": 10.0, "mu": -60.0, "sigma": 5.0, "V_th": -55.0, "V_reset": -70.0}


def double_integral(mu, sigma, V_th, V_reset, t_ref, tau_m=10.0):
    """Brunel's variance as it is printed, by nested adaptive quadrature."""

    def inner(x):
        return quad(lambda y: np.exp(-y * y) * erfcx(-y) ** 2, -np.inf, x, epsabs=0, epsrel=1e-13)[0]

    y_r, y_th = ((V - mu) / (sigma * np.sqrt(2)) for V in (V_reset, V_th))
    variance = quad(lambda x: np.exp(x * x) * inner(x), y_r, y_th, epsabs=0, epsrel=1e-12)[0]
    mean = quad(lambda x: erfcx(-x), y_r, y_th, epsabs=0, epsrel=1e-13)[0]
    return tau_m * np.sqrt(2 * np.pi * variance) / (t_ref + tau_m * np.sqrt(np.pi) * mean)


def test_published_numbers():
    assert lif_cv(**LIF, t_ref=2.0) == pytest.approx(0.706848, abs=5.1e-7)
    assert mean_passage(**LIF) == pytest.approx(35.186112, abs=5.1e-7)
    assert passage_transform([0.05, 0.1, 0.2], **LIF) == pytest.approx([0.28107127, 0.12118578, 0.03512614], abs=5.1e-9)


@pytest.mark.parametrize(
    ("mu", "sigma", "V_reset", "t_ref"), [(-60, 5, -70, 2.0), (-50, 3, -60, 0.0), (-62, 2, -57, 0.0)]
)
def test_cv_is_the_double_integral(mu, sigma, V_reset, t_ref):
    cv = lif_cv(tau_m=10.0, mu=mu, sigma=sigma, V_th=-55.0, V_reset=V_reset, t_ref=t_ref)
    assert cv == pytest.approx(double_integral(mu, sigma, -55.0, V_reset, t_ref), rel=1e-11)


@pytest.mark.parametrize(("mu", "sigma"), [(-60.0, 5.0), (-58.0, 2.0), (-52.0, 3.0)])
def test_transform_generates_the_moments(mu, sigma):
    """L(s) = 1 - s E[T] + s^2 E[T^2]/2 - ...: log L is the cumulant generator."""
    neuron = LIF | {"mu": mu, "sigma": sigma}
    mean = mean_passage(**neuron)
    s = 0.01 / mean * np.arange(1, 6)
    # A degree-5 interpolation of log L through 0 at s E[T] <= .05; the sixth cumulant enters at 1e-8.
    coefficients = np.linalg.solve(s[:, None] ** np.arange(1, 6), np.log(passage_transform(s, **neuron)))
    assert -coefficients[0] == pytest.approx(mean, rel=1e-7)
    assert np.sqrt(2 * coefficients[1]) / mean == pytest.approx(lif_cv(**neuron, t_ref=0.0), rel=1e-4)


def test_transform_on_the_imaginary_axis_is_a_characteristic_function():
    L = passage_transform(1j * np.array([1e-9, 0.1, 1.0]), **LIF)
    assert L[0] == pytest.approx(1.0, abs=1e-7)
    assert np.all(np.abs(L) <= 1)
    assert abs(L[2]) < abs(L[1])
    assert passage_transform(-0.1j, **LIF) == pytest.approx(np.conj(L[1]))


def test_cv_limits():
    """Weak noise: sd -> sigma tau_m sqrt((mu - V_th)^-2 - (mu - V_r)^-2), a drifting clock; rare spikes: Poisson."""
    clock = lif_cv(tau_m=10.0, mu=-50.0, sigma=0.01, V_th=-55.0, V_reset=-70.0, t_ref=0.0)
    sd = 0.01 * 10 * np.sqrt(5.0**-2 - 20.0**-2)
    # Corrections of order (sigma/(mu - V_th))^2 = 4e-6.
    assert clock == pytest.approx(sd / (10 * np.log(4)), rel=2e-5)
    assert lif_cv(tau_m=10.0, mu=-80.0, sigma=0.6, V_th=-55.0, V_reset=-75.0, t_ref=2.0) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("sigma", "V_reset"), [(0.7, -55.2), (0.01, -70.0), (0.01, -55.0001), (1e-3, -70.0)])
def test_cv_of_a_passage_that_never_comes(sigma, V_reset):
    """From y_r the barrier is missed with probability 1 - q, q = exp(y_r^2 - y_th^2): CV^2 = (1 + q)/(1 - q)."""
    cv = lif_cv(tau_m=10.0, mu=-80.0, sigma=sigma, V_th=-55.0, V_reset=V_reset, t_ref=0.0)
    y_r, y_th = (np.array([V_reset, -55.0]) + 80) / (np.sqrt(2) * sigma)
    q = np.exp((y_r - y_th) * (y_r + y_th))
    # Dawson's function varies as 1/y: relative corrections of q of order (y_th - y_r)/y_th.
    # Beyond it y_th^2 2^-52 = 7e-8 of rounding at sigma 1e-3.
    assert cv**2 == pytest.approx((1 + q) / (1 - q), rel=1e-6, abs=2 * q * (y_th - y_r) / y_th)


def test_mean_passage_is_infinite_without_noise_below_threshold():
    assert mean_passage(**(LIF | {"sigma": [0.0, 0.01]})).tolist() == [np.inf, np.inf]


def test_cv_needs_representable_noise():
    with pytest.raises(ValueError, match="sigma = 1e-06 mV must exceed"):
        lif_cv(**(LIF | {"sigma": 1e-6}), t_ref=0.0)


@pytest.mark.parametrize("function", [passage_transform, lif_cv])
def test_no_noise_is_refused(function):
    arguments = {"s": 0.1} if function is passage_transform else {"t_ref": 0.0}
    with pytest.raises(ValueError, match="sigma"):
        function(**(LIF | {"sigma": 0.0} | arguments))
    with pytest.raises(ValueError, match="V_reset"):
        function(**(LIF | {"V_reset": -55.0} | arguments))
