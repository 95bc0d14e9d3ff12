"""Read-outs of densities that are known exactly, on cells and on nodes."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import norm, truncnorm

from synfer.population.readout import dispersion, iqr, moments, quantile, stable_point, unstable_point
from synfer.population.theory import threshold_integration

QUARTILES = 2 * norm.ppf(0.75)
GRIDS = [("cells", 0.2), ("cells", 0.1), ("nodes", 0.1), ("nodes", 0.02)]


def gaussian(h, mean=-63.037, sd=2.0):
    V = np.arange(-90.0, -35.0, h)
    return norm.pdf(V, mean, sd), V


def sodium(V):
    return 3.48 * np.exp((V + 59.9) / 3.48)


@pytest.mark.parametrize(("on", "h"), GRIDS)
def test_gaussian_moments_are_exact_at_the_points(on, h):
    """Equal sums over a smooth function converge faster than any power of h."""
    p, V = gaussian(h)
    assert moments(0.7 * p, V, on=on) == pytest.approx((-63.037, 2.0), rel=1e-13)


def test_true_cell_averages_widen_by_sheppards_term():
    h, (_, V) = 0.2, gaussian(0.2)
    z = (np.append(V, V[-1] + h) - 0.5 * h + 63.037) / (2 * np.sqrt(2))
    sd = moments(np.diff(0.5 * erf(z)) / h, V, on="cells")[1]
    assert sd**2 - 4.0 == pytest.approx(h**2 / 12, rel=1e-8)


@pytest.mark.parametrize(("on", "h"), GRIDS)
def test_quartiles_are_within_the_stated_error(on, h):
    p, V = gaussian(h)
    bound = 0.1 * h**2 / 2.0 * 2
    assert quantile(p, V, [0.25, 0.5, 0.75], on=on) == pytest.approx(
        norm.ppf([0.25, 0.5, 0.75], -63.037, 2.0), abs=bound
    )
    assert iqr(p, V, on=on) == pytest.approx(2 * QUARTILES, abs=2 * bound)


@pytest.mark.parametrize(("on", "h"), GRIDS)
@pytest.mark.parametrize("V_T", [-62.0, -61.97, -59.9])
def test_restricted_widths_are_those_of_a_truncated_gaussian(on, h, V_T):
    p, V = gaussian(h)
    d = dispersion(p, V, V_T, -57.72418, on=on)
    exact = [truncnorm.std(-np.inf, (c + 63.037) / 2, scale=2.0) for c in (V_T, -57.72418)]
    # Cut cells are second order: h^2 p'/p at the cut.
    assert (d.sd_below_V_T, d.sd_below_V_u) == pytest.approx(exact, abs=0.1 * h**2)
    assert d.mass_above_V_u == pytest.approx(norm.sf(-57.72418, -63.037, 2.0), abs=0.01 * h**2)
    assert d.sd == pytest.approx(2.0)
    assert d.iqr == pytest.approx(2 * QUARTILES, abs=0.2 * h**2)


def test_leading_dimensions_are_read_one_by_one():
    p = np.stack([gaussian(0.1)[0], gaussian(0.1, -60.0, 1.0)[0], gaussian(0.1, -66.0, 3.0)[0]])
    V = gaussian(0.1)[1]
    V_u = np.array([-57.0, -58.0, -59.0])
    for on in ("cells", "nodes"):
        together = dispersion(p, V, -59.9, V_u, on=on)
        apart = [dispersion(p[i], V, -59.9, V_u[i], on=on) for i in range(3)]
        own_grids = dispersion(p, np.stack([V, V, V]), -59.9, V_u, on=on)
        for field in together._fields:
            one_by_one = [getattr(d, field) for d in apart]
            assert getattr(together, field) == pytest.approx(one_by_one, rel=1e-14)
            assert getattr(own_grids, field) == pytest.approx(one_by_one, rel=1e-14)
    assert quantile(p[None], V, [0.1, 0.9], on="cells").shape == (1, 3, 2)


def test_threshold_integration_is_read_to_1e5():
    """Trapezoids on its nodes against its own fourth-order moments; the uneven nodes matter."""
    state = threshold_integration(sodium, tau_m=10.0, mu=-65.0, sigma=3.0, V_top=-30.0, V_reset=-68.0, t_ref=1.7)
    assert moments(state.p, state.V, on="nodes") == pytest.approx((state.mean, state.sd), abs=1e-5)


def test_fixed_points_of_the_working_example():
    assert unstable_point(sodium, -64.22720614, V_lb=-100.0, V_top=-30.0) == pytest.approx(-57.72, abs=0.005)
    for find in (stable_point, unstable_point):
        V = find(sodium, -64.0, V_lb=-100.0, V_top=-30.0, g=0.2, gE=-15.0)
        assert V is not None
        assert -64 - 15 - 1.2 * V + sodium(V) == pytest.approx(0.0, abs=1e-10)


def test_fixed_points_meet_at_rheobase():
    """F has its minimum at V_T, where mu = V_T - Delta_T; just below, the two part like sqrt(2 Delta_T gap)."""
    for gap in (1e-4, 1e-8):
        pair = [find(sodium, -63.38 - gap, V_lb=-100.0, V_top=-30.0) for find in (stable_point, unstable_point)]
        assert np.subtract(pair, -59.9) == pytest.approx(np.sqrt(2 * 3.48 * gap) * np.array([-1, 1]), rel=1e-2)
    assert stable_point(sodium, -63.3799, V_lb=-100.0, V_top=-30.0) is None
    assert unstable_point(sodium, -63.3799, V_lb=-100.0, V_top=-30.0) is None


def test_a_lif_rests_at_mu_and_never_runs_away():
    assert stable_point(np.zeros_like, -60.0, V_lb=-100.0, V_top=-55.0) == pytest.approx(-60.0, abs=1e-12)
    assert unstable_point(np.zeros_like, -60.0, V_lb=-100.0, V_top=-55.0) is None
    assert stable_point(np.zeros_like, -50.0, V_lb=-100.0, V_top=-55.0) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"V": np.arange(5.0)}, "must agree"),
        ({"V": -np.arange(3.0)}, "must increase"),
        ({"p": np.zeros(3)}, "no mass"),
        ({"on": "edges"}, "must be 'cells' or 'nodes'"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        moments(**({"p": np.ones(3), "V": np.arange(3.0), "on": "cells"} | change))


def test_an_empty_range_is_refused():
    p, V = gaussian(0.1)
    with pytest.raises(ValueError, match="no mass in the range"):
        dispersion(p, V, -95.0, -57.0, on="cells")
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        quantile(p, V, 1.0, on="cells")
