"""Threshold integration gives the stationary state of any one-dimensional neuron."""

import numpy as np
import pytest

from synfer.core.errors import MeshError, NumericalError, ParameterError
from synfer.population.theory import first_passage_moments, lif_cv, siegert, threshold_integration

LIF_2 = {"tau_m": 10.0, "V_top": -55.0, "V_reset": -70.0, "t_ref": 2.0}
EIF_F = {"tau_m": 10.0, "V_top": -30.0, "V_reset": -68.0, "t_ref": 1.7}
MU_H1 = -64.22720614
RNG = np.random.default_rng(21)


def no_spike_current(V):
    return np.zeros_like(V)


def sodium(V):
    return 3.48 * np.exp((V + 59.9) / 3.48)


def random_lif():
    """An operating point whose threshold lies -8 to 15 sigma above mu: 1e-50 Hz to some 100 Hz."""
    sigma = 10 ** RNG.uniform(-0.5, 0.9)
    mu, V_reset = -55 - sigma * RNG.uniform(-8, 15), RNG.uniform(-75, -56)
    return float(mu), float(sigma), float(V_reset), float(RNG.choice([0.0, 0.5, 2.0])), float(RNG.uniform(0, 1.5))


POINTS = [random_lif() for _ in range(40)]


@pytest.mark.parametrize(("mu", "sigma", "V_reset", "t_ref", "g"), POINTS)
def test_lif_agrees_with_the_closed_forms(mu, sigma, V_reset, t_ref, g):
    """A shunt is a LIF with tau_m/(1 + g), sigma/sqrt(1 + g): three routes, one rate."""
    drive = {"tau_m": 10.0, "mu": mu * (1 + g) + 70 * g, "sigma": sigma, "g": g, "gE": -70.0 * g}
    closed = {"mu": mu, "tau_m": 10 / (1 + g), "sigma": sigma / np.sqrt(1 + g), "V_reset": V_reset, "t_ref": t_ref}
    edges = {"V_top": -55.0, "V_reset": V_reset, "t_ref": t_ref}
    rate = siegert(**closed, V_th=-55.0)
    # Refined until fourth order says 1e-10; 1e-12 at most points.
    assert threshold_integration(no_spike_current, **drive, **edges).rate == pytest.approx(rate, rel=2e-10)
    mean, cv = first_passage_moments(no_spike_current, **drive, **edges)
    assert 1e3 / mean == pytest.approx(rate, rel=1e-10)
    assert cv == pytest.approx(lif_cv(**closed, V_th=-55.0), rel=1e-10)


@pytest.mark.parametrize(
    ("mu", "sigma", "rate", "mean", "sd"),
    [(-65.0, 3.0, 5.960361, -63.945915, 3.869685), (-64.0, 3.0, 10.223835, -63.075832, 4.060195)],
)
def test_published_eif_states(mu, sigma, rate, mean, sd):
    state = threshold_integration(sodium, mu=mu, sigma=sigma, **EIF_F)
    assert (state.rate, state.mean, state.sd) == pytest.approx((rate, mean, sd), abs=5.1e-7)


@pytest.mark.parametrize(
    ("depth", "eif", "lif"),
    [
        (0, (5, -62.67223, 3.121049), (5, -64.65057, 1.908113)),
        (1, (1.438650, -63.91961, 2.699183), (1.798319, -65.37864, 1.939405)),
        (2, (0.231231, -65.30635, 2.394733), (0.484673, -66.26793, 1.974739)),
        (4, (0.001291, -67.78910, 2.145632), (0.014842, -68.22845, 1.998621)),
    ],
)
def test_weak_inhibition_narrows_eif_and_widens_lif(depth, eif, lif):
    a = threshold_integration(sodium, mu=MU_H1 - depth, sigma=2.0, **EIF_F)
    b = threshold_integration(no_spike_current, mu=MU_H1 - depth, sigma=2.0, **(EIF_F | {"V_top": -59.60470308}))
    # Half a unit of the last printed digit: 1e-6 (rates, sd), 1e-5 (mean).
    for state, printed in ((a, eif), (b, lif)):
        assert (state.rate, state.sd) == pytest.approx((printed[0], printed[2]), abs=5.1e-7)
        assert state.mean == pytest.approx(printed[1], abs=5.1e-6)


@pytest.mark.parametrize(
    ("mu", "sigma", "rate", "V_th"),
    [
        (MU_H1, 2.0, 5.0, -59.60470308),
        (-63.34953130, 2.0, 10.0, -59.62152200),
        (-63.80957017, 1.5, 5.0, -60.35713297),
        (-65.27233422, 3.0, 5.0, -58.29454846),
    ],
)
def test_working_points_are_rate_matched(mu, sigma, rate, V_th):
    eif = threshold_integration(sodium, mu=mu, sigma=sigma, **EIF_F).rate
    lif = siegert(mu, sigma, tau_m=10.0, V_th=V_th, V_reset=-68.0, t_ref=1.7)
    # mu and V_th carry eight decimals; the rates move by 1-4 Hz/mV.
    assert (eif, lif) == pytest.approx((rate, rate), abs=1e-7)


def test_linear_spike_current_is_a_slower_wider_lif():
    """psi = c + s V: tau_m, mu + c and sigma^2 are divided by the leak that is left, 1 - s."""
    c, s = 0.6 + 0.45 * 62.6, 0.45
    edges = {"V_reset": -68.0, "t_ref": 1.7}
    state = threshold_integration(lambda V: c + s * V, tau_m=10.0, mu=-64.2, sigma=2.0, V_top=-57.4, **edges)
    left = 1 - s
    rate = siegert((c - 64.2) / left, 2 / np.sqrt(left), tau_m=10 / left, V_th=-57.4, **edges)
    assert state.rate == pytest.approx(rate, rel=2e-10)


def test_moments_converge_at_fourth_order():
    exact = threshold_integration(sodium, mu=-65.0, sigma=3.0, h=0.005, **EIF_F)
    error = [threshold_integration(sodium, mu=-65.0, sigma=3.0, h=h, **EIF_F).sd - exact.sd for h in (0.4, 0.2, 0.1)]
    orders = np.log2(np.abs(error[:-1]) / np.abs(error[1:]))
    assert np.all(orders > 3.5), orders


def test_density_is_normalised_and_positive():
    state = threshold_integration(sodium, mu=-63.0, sigma=2.0, **EIF_F)
    # Trapezoids at sigma/200, ten per cent wider from cell to cell in the layer under V_top: 2.5e-7.
    assert np.trapezoid(state.p, state.V) + state.rate * 1.7e-3 == pytest.approx(1.0, abs=1e-6)
    assert np.all(state.p >= 0)
    assert state.p[-1] == 0
    assert state.p[0] < 1e-15


@pytest.mark.parametrize("V_reset", [-68.0, -68.0123456, -65.0 + np.pi / 100])
def test_reset_source_sits_exactly_at_reset(V_reset):
    """The flux ends at V_reset to rounding, so p' falls there by r/D however cells lie."""
    state = threshold_integration(sodium, mu=-65.0, sigma=3.0, **(EIF_F | {"V_reset": V_reset}))
    k = int(np.searchsorted(state.V, V_reset))
    assert state.V[k] == V_reset
    slope = np.diff(state.p) / np.diff(state.V)
    curvature = 2 * np.max(np.abs(np.diff(slope[k + 2 : k + 60])))
    assert slope[k - 1] - slope[k] == pytest.approx(1e-3 * state.rate / 0.9, abs=2 * curvature)


def test_eif_is_invariant_under_the_cutoff():
    """Above -30 mV the spike is deterministic: the rate moves by the vanished microseconds only."""
    rate = [
        threshold_integration(sodium, mu=-64.0, sigma=3.0, **(EIF_F | {"V_top": V_cut})).rate
        for V_cut in (-30.0, -10.0, 0.0)
    ]
    # Time from -30 to 0: tau_m exp(-(V - V_T)/Delta_T) = 1.8e-3 ms of 98 ms.
    assert rate[1] == pytest.approx(rate[0], rel=2.5e-5)
    assert rate[2] == pytest.approx(rate[1], rel=1e-7)


def test_eif_becomes_the_lif_with_threshold_V_T():
    """As Delta_T -> 0 psi is 0 below V_T and infinite above: r -> LIF(V_th = V_T), error ~ Delta_T ln(1/Delta_T)."""
    lif = siegert(-60.0, 5.0, tau_m=10.0, V_th=-55.0, V_reset=-70.0, t_ref=2.0)

    def scaled_error(Delta_T):
        psi = lambda V: Delta_T * np.exp((V + 55) / Delta_T)  # noqa: E731
        rate = threshold_integration(psi, mu=-60.0, sigma=5.0, **(LIF_2 | {"V_top": -55 + 15 * Delta_T})).rate
        return (lif - rate) / (Delta_T * np.log(1 / Delta_T))

    errors = [scaled_error(D) for D in (0.05, 0.02, 0.01)]
    assert 12.5 < errors[2] < errors[1] < errors[0] < 14.5


@pytest.mark.parametrize("mu", [-50.0, -54.0])
def test_weak_noise_approaches_the_deterministic_rate(mu):
    deterministic = siegert(mu, 0.0, tau_m=10.0, V_th=-55.0, V_reset=-70.0, t_ref=2.0)
    rate = threshold_integration(no_spike_current, mu=mu, sigma=0.02, **LIF_2).rate
    # First correction: sigma^2/(mu - V_th)^2 in relative terms.
    assert rate == pytest.approx(deterministic, rel=(0.02 / (mu + 55)) ** 2)


def test_cv_counts_the_refractory_time_in_the_mean_only():
    free = first_passage_moments(sodium, mu=-64.0, sigma=3.0, **(EIF_F | {"t_ref": 0.0}))
    held = first_passage_moments(sodium, mu=-64.0, sigma=3.0, **EIF_F)
    assert held.mean == pytest.approx(free.mean + 1.7, rel=1e-14)
    assert held.cv * held.mean == pytest.approx(free.cv * free.mean, rel=1e-14)


@pytest.mark.parametrize(("mu", "sigma"), [(-65.0, 3.0), (-63.5, 0.3), (-70.0, 1.0)])
def test_density_and_passage_time_give_one_rate(mu, sigma):
    """Mass of the density downwards, passage time upwards: different equations and discretisations."""
    rate = threshold_integration(sodium, mu=mu, sigma=sigma, **EIF_F).rate
    assert 1e3 / first_passage_moments(sodium, mu=mu, sigma=sigma, **EIF_F).mean == pytest.approx(rate, rel=1e-9)


def test_a_silent_neuron_keeps_its_digits():
    point = {"mu": -80.0, "sigma": 0.85}
    rate = siegert(**point, tau_m=10.0, V_th=-55.0, V_reset=-70.0, t_ref=2.0)
    assert 1e-190 < rate < 1e-180
    state = threshold_integration(no_spike_current, **point, **LIF_2)
    assert state.rate == pytest.approx(rate, rel=1e-11)
    # The free membrane: Gaussian of its mean and sd.
    assert (state.mean, state.sd) == pytest.approx((-80.0, 0.85), rel=1e-10)
    assert first_passage_moments(no_spike_current, **point, **LIF_2).cv == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"sigma": 0.0}, "sigma = 0.0 mV must be > 0"),
        ({"sigma": float("nan")}, "sigma = nan"),
        ({"V_reset": -20.0}, "must lie below V_top"),
        ({"V_lb": -60.0}, "V_lb = -60.0 mV must lie below"),
        ({"V_top": 5000.0}, "psi is not finite"),
        ({"sigma": 1e-7}, "raise sigma"),
        ({"g": -1.0}, "does not hold V"),
    ],
)
def test_bad_input_is_named(bad, message):
    with pytest.raises(ValueError, match=message):
        threshold_integration(sodium, **({"mu": -65.0, "sigma": 3.0} | EIF_F | bad))


HUGE = ("tau_m", "mu", "sigma", "V_top", "V_reset", "t_ref", "g", "gE")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("solve", [threshold_integration, first_passage_moments])
def test_what_is_no_number_or_beyond_all_is_refused_by_name(solve, name, value):
    with pytest.raises(ParameterError, match=rf"{name} = |V_reset = .* must lie below V_top"):
        solve(sodium, **({"mu": -65.0, "sigma": 3.0} | EIF_F | {name: value}))


@pytest.mark.parametrize("bad", [{"sigma": 1e-4}, {"g": 1e9}, {"mu": -1e12}, {"V_lb": -np.inf}, {"h": 1e-9}])
def test_a_mesh_that_would_be_too_large_is_refused_before_it_is_made(bad):
    with pytest.raises(MeshError, match=r"cells from .* mV to V_top = -30 mV, at most 4e\+06: raise sigma or h"):
        threshold_integration(sodium, **({"mu": -65.0, "sigma": 3.0} | EIF_F | bad))


@pytest.mark.parametrize("h", [0.0, -0.1, np.nan])
def test_a_cell_has_a_length(h):
    with pytest.raises(ParameterError, match=r"h = .* mV must be finite and > 0 mV"):
        threshold_integration(sodium, **({"mu": -65.0, "sigma": 3.0} | EIF_F), h=h)


def test_an_interval_beyond_the_numbers_is_no_result():
    with pytest.raises(NumericalError, match="the mean interval exceeds 1e300 ms"):
        first_passage_moments(np.zeros_like, **EIF_F | {"mu": -200.0, "sigma": 3.0})


def test_under_a_strong_shunt_the_mesh_follows_the_narrower_density():
    """With g the sd is sigma/sqrt(1 + g), far below threshold exactly."""
    state = threshold_integration(
        np.zeros_like, mu=-60.0, sigma=3.0, g=1e4, gE=-62e4, tau_m=10.0, V_top=-55.0, V_reset=-70.0, t_ref=2.0
    )
    # (mu + gE)/(1 + g); digits: the mean is sums over 1e5 nodes.
    assert (state.mean, state.sd) == (
        pytest.approx((-60 - 62e4) / 10001, rel=1e-9),
        pytest.approx(3 / 10001**0.5, rel=1e-6),
    )


def test_a_drive_far_above_threshold_fires_at_the_end_of_each_refractory_time():
    state = threshold_integration(sodium, **({"mu": 1e9, "sigma": 3.0} | EIF_F))
    assert state.rate == pytest.approx(1e3 / EIF_F["t_ref"], rel=1e-6)
