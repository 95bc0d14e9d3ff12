"""Siegert's rate is the integral it claims to be, over 300 decades and in every limit."""

import mpmath
import numpy as np
import pytest

from synfer.population.theory import siegert, siegert_slope

LIF_2 = {"tau_m": 10.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0}
RNG = np.random.default_rng(20)
FRESH = [(RNG.uniform(-72, -35), 10 ** RNG.uniform(-0.4, 1.1)) for _ in range(8)]
EXTREME = [(-55.0, 1e-3), (-54.99, 1e-2), (-40.0, 0.05), (-62.0, 0.4), (-69.9, 0.6), (-80.0, 1.0), (-20.0, 8.0)]


def primitive(y):
    """int_0^y exp(x^2) (1 + erf x) dx = sqrt(pi)/2 erfi(y) + y^2/sqrt(pi) 2F2(1, 1; 3/2, 2; y^2)."""
    u = y * y
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.erfi(y) + u / mpmath.sqrt(mpmath.pi) * mpmath.hyp2f2(1, 1, 1.5, 2, u)


def defining_integral(mu, sigma, V_reset):
    """Siegert's rate at 40 digits: the primitive above y = -6, below it panels in ratio, for erfcx ~ 1/x."""
    y_max = max(6.0, (-55.0 - mu) / (np.sqrt(2) * sigma))
    with mpmath.workdps(40 + int(y_max**2)):
        y_th, y_r = ((mpmath.mpf(V) - mpmath.mpf(mu)) / (mpmath.sqrt(2) * mpmath.mpf(sigma)) for V in (-55.0, V_reset))
        join = mpmath.mpf(-6)
        integral = primitive(y_th) - primitive(max(y_r, join)) if y_th > join else mpmath.mpf(0)
        if y_r < join:
            top = min(y_th, join)
            panels = [y_r * (top / y_r) ** (mpmath.mpf(i) / 8) for i in range(9)]
            with mpmath.workdps(25):
                integral += mpmath.quad(lambda x: mpmath.exp(x * x) * mpmath.erfc(-x), panels)
        return float(1000 / (2 + 10 * mpmath.sqrt(mpmath.pi) * integral))


@pytest.mark.parametrize(("mu", "sigma"), FRESH + EXTREME)
@pytest.mark.parametrize("V_reset", [-70.0, -55.01])
def test_rate_is_the_defining_integral(mu, sigma, V_reset):
    y_th = max((-55.0 - mu) / (np.sqrt(2) * sigma), 0.0)
    # Rounding y_th^2 in exp(-y_th^2) costs 2 y_th^2 ulp; the rest of the arithmetic a few.
    tolerance = 3e-15 + 2 * y_th**2 * 2.3e-16
    assert siegert(mu, sigma, **(LIF_2 | {"V_reset": V_reset})) == pytest.approx(
        defining_integral(mu, sigma, V_reset), rel=tolerance
    )


@pytest.mark.parametrize(
    ("mu", "sigma", "rate", "digit"),
    [(-61.8, 2.85, 4.286759, 1e-6), (-60, 5, 26.891760, 1e-6), (-50, 2, 65.596512, 1e-6), (-62, 1, 6.257835e-9, 1e-15)],
)
def test_published_rates(mu, sigma, rate, digit):
    assert abs(siegert(mu, sigma, **LIF_2) - rate) <= 0.51 * digit


@pytest.mark.parametrize("t_ref", [0.0, 2.0])
def test_noise_free_limit_is_the_deterministic_neuron(t_ref):
    neuron = LIF_2 | {"t_ref": t_ref}
    exact = 1e3 / (t_ref + 10 * np.log(20 / 5))
    rates = siegert(-50.0, [0.0, 1e-200, 1e-8, 1e-3], **neuron)
    # The first correction is of relative order sigma^2/(mu - V_th)^2 = 4e-8 at 1e-3 mV.
    assert rates == pytest.approx(exact, rel=1e-7)
    assert rates[:3] == pytest.approx(exact, rel=2e-15)
    assert np.all(siegert([-55.0, -60.0], 0.0, **neuron) == 0.0)
    assert siegert(-60.0, 1e-200, **neuron) == 0.0


def test_arguments_broadcast():
    rates = siegert(np.array([-62.0, -55.0])[:, None], [0.0, 1.0, 5.0], **LIF_2)
    assert rates.shape == (2, 3)
    assert rates[1, 2] == siegert(-55.0, 5.0, **LIF_2)


@pytest.mark.parametrize(("mu", "sigma"), [(-60.0, 5.0), (-50.0, 1.0), (-62.0, 1.0), (-65.0, 0.6)])
def test_slope_is_the_derivative(mu, sigma):
    # Fourth-order differences at step d: error about (d/sigma)^4 of the slope plus 1e-13/d rounding.
    d = 1e-3 * sigma
    r = siegert(mu + d * np.array([-2, -1, 1, 2]), sigma, **LIF_2)
    assert siegert_slope(mu, sigma, **LIF_2) == pytest.approx((r[0] - 8 * r[1] + 8 * r[2] - r[3]) / (12 * d), rel=1e-9)


def test_slope_of_a_silent_neuron_is_finite():
    assert siegert_slope(-80.0, 0.85, **LIF_2) == pytest.approx(0.0, abs=1e-180)
    assert siegert_slope(-80.0, 0.01, **LIF_2) == 0.0


@pytest.mark.parametrize("bad", [{"V_reset": -55.0}, {"t_ref": -1.0}, {"tau_m": 0.0}, {"sigma": -1.0}])
def test_impossible_neurons_are_refused(bad):
    with pytest.raises(ValueError, match=r" = .* must "):
        siegert(**({"mu": -60.0, "sigma": 1.0} | LIF_2 | bad))
