"""Slow variables: closed forms, and the densities over (V, w) that the approximations are limits of."""

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import NumericalError, ParameterError
from synfer.population import density, theory

AEIF = sf.AdaptiveEIF.example()
OWN = {"tau_m": 10.0, "V_reset": -68.0, "t_ref": 1.7}


def none(V):
    return np.zeros_like(V)


def one(x):
    return np.array([x], dtype=float)


def both(tau, h=0.1, columns=60):
    """The example with jump tau = 100 mV ms: its theory's keywords, and its density's lanes around where w stays."""
    own = OWN | {"mu": -62.0, "sigma": 2.0, "V_top": -30.0, "tau": tau, "jump": 100.0 / tau}
    w = theory.mean_adaptation(AEIF.psi, AEIF.slow_target, **own).w
    reach = 7 * 0.4 * (125.0 / tau) ** 0.5
    slow = density.Slow(
        one(tau), one(own["jump"]), one(w - reach), one(2.2 * reach / columns), np.array([columns]),
        lambda V, _lane: AEIF.slow_target(V),
    )  # fmt: skip
    values = (10.0, -30.0, -68.0, 1.7, h, -78.0)
    return own, density.Lanes(*map(one, values), psi=lambda V, _lane: AEIF.psi(V), slow=slow)


def test_a_membrane_that_never_spikes_settles_where_its_lines_cross():
    """mean V = mu - w and w = a_w (mean V - E_w): w = a_w (mu - E_w)/(1 + a_w)."""

    def target(V):
        return 0.5 * (V + 65.0)

    m = theory.mean_adaptation(none, target, tau=50.0, jump=1.0, mu=-75.0, sigma=1.0, V_top=-50.0, **OWN)
    assert m.w == pytest.approx(0.5 * -10.0 / 1.5, abs=1e-8)


def test_small_jumps_add_up_as_shot_noise():
    """Campbell: mean l b tau, variance l b^2 tau/2 at a constant hazard l; that of mu - w changes by 1e-4 of sigma."""
    b, tau = 1e-4, 50.0
    own = OWN | {"mu": -55.0, "sigma": 3.0, "V_top": -50.0}
    rate = theory.threshold_integration(none, **own).rate
    hazard = 1e-3 * rate / (1 - 1e-3 * rate * 1.7)
    s = theory.slow_adaptation(none, none, tau=tau, jump=b, **own)
    assert s.rate == pytest.approx(rate, rel=1e-4)
    assert s.w_mean == pytest.approx(hazard * b * tau, rel=1e-3)
    assert s.w_sd == pytest.approx(b * (hazard * tau / 2) ** 0.5, rel=1e-3)


@pytest.mark.parametrize("approximation", [theory.mean_adaptation, theory.slow_adaptation])
def test_errors_fall_as_one_over_tau(approximation):
    """Fourfold from tau 125 to 500 ms, at 3.3 and 1.2 %; the mesh costs .05 %."""
    errors = []
    for tau in (125.0, 500.0):
        own, lanes = both(tau)
        found = approximation(AEIF.psi, AEIF.slow_target, **own)
        rate = found.rate if isinstance(found, theory.SlowAdaptation) else found.density.rate
        errors.append(rate / (1e3 * density.stationary(lanes, -62.0, 2.0).rate[0]) - 1)
    assert 3.0 < errors[0] / errors[1] < 4.6
    assert abs(errors[0]) < 0.035


def test_a_slow_variable_that_hardly_moves_leaves_the_neuron_one_dimensional():
    """tau = 1e6 ms: an error of 4 / tau, and the rate of the same mesh at the w that stays."""
    own, lanes = both(1e6)
    s = density.stationary(lanes, -62.0, 2.0)
    w = lanes.slow.low[0] + lanes.slow.dw[0] * (np.arange(60) + 0.5)
    mean = float((s.p[0].sum(axis=0) * w).sum() / s.p[0].sum())
    fixed = density.stationary(lanes._replace(slow=None), -62.0 - mean, 2.0)
    assert s.rate[0] == pytest.approx(fixed.rate[0], rel=1e-4)
    assert mean == pytest.approx(theory.mean_adaptation(AEIF.psi, AEIF.slow_target, **own).w, abs=2e-3)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"tau": 0.0}, ParameterError, "tau = 0.0 ms must be"),
        ({"jump": -1.0}, ParameterError, "jump = -1.0 mV must be"),
        ({"jump": 0.0}, ParameterError, "use mean_adaptation"),
        ({"jump": 1e-3, "tau": 1e6}, NumericalError, "jumps, at most"),
    ],
)
def test_what_is_no_slow_variable_is_refused(change, error, message):
    own = OWN | {"mu": -55.0, "sigma": 3.0, "V_top": -50.0, "tau": 50.0, "jump": 1.0} | change
    with pytest.raises(error, match=message):
        theory.slow_adaptation(none, none, **own)
