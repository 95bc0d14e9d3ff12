"""Stationary densities against exact theory, and as fixed points of the evolution."""

import numpy as np
import pytest

from synfer.core.errors import MeshError
from synfer.population import density

LIF_POINTS = [(-61.8, 2.85, 4.286759), (-60.0, 5.0, 26.891760), (-50.0, 2.0, 65.596512), (-62.0, 1.0, 6.257835e-9)]
# mu, sigma, rate [Hz], mean, sd [mV] of EIF-F by threshold integration.
EIF_POINTS = [
    (-65.0, 3.0, 5.960361, -63.945915, 3.869685),
    (-64.0, 3.0, 10.223835, -63.075832, 4.060195),
    (-64.22720614, 2.0, 5.0, -62.67223, 3.121049),
    (-66.22720614, 2.0, 0.231231, -65.30635, 2.394733),
    (-68.22720614, 2.0, 0.001291, -67.78910, 2.145632),
]


@pytest.mark.parametrize(("mu", "sigma", "reference"), LIF_POINTS)
@pytest.mark.parametrize("h", [0.1, 0.05])
def test_lif_rate_matches_siegert_to_second_order(lif, siegert, mu, sigma, reference, h):
    exact = siegert(mu, sigma)
    assert exact == pytest.approx(reference, rel=2e-7)  # the printed digits
    rate = 1e3 * density.stationary(lif(h=h, V_lb=min(mu, -70.0) - 8 * sigma), mu, sigma).rate[0]
    assert abs(rate / exact - 1) <= 0.4 * (h / sigma) ** 2


@pytest.mark.parametrize(("mu", "sigma"), [(-61.8, 2.85), (-60.0, 5.0), (-57.0, 2.0), (-62.0, 1.0), (-63.0, 4.0)])
def test_lif_rate_converges_with_order_two_in_h(lif, siegert, mu, sigma):
    exact = siegert(mu, sigma)
    widths = sigma / np.array([20.0, 40.0])
    lanes = lif(2, h=widths, V_lb=-70.0 - 8 * sigma)
    coarse, fine = np.abs(1e3 * density.stationary(lanes, mu, sigma).rate / exact - 1)
    assert np.log2(coarse / fine) >= 1.8
    assert fine <= 5e-4


@pytest.fixture(scope="module")
def random_points(siegert):
    """LIF points of four ranges of rates, 40 of each, with abs(f) h/D <= 2 at h = .1 between reset and threshold.

    Columns: mu, sigma, tau_m, V_reset, t_ref, rate [Hz].
    """
    rng = np.random.default_rng(20261122)
    ranges = [(1e-9, 1.0), (1.0, 100.0), (100.0, 280.0), (280.0, 400.0)]
    points = [[] for _ in ranges]
    while min(map(len, points)) < 40:
        mu, sigma, tau_m, V_reset, t_ref = rng.uniform([-75, 1, 5, -72, 0], [15, 6, 20, -60, 2])
        P = max(abs(mu + 55.0), abs(mu - V_reset)) * 0.1 / sigma**2
        # Eight sd below threshold all rates are far below 1e-9 Hz.
        if P > 2 or mu < -55.0 - 8 * sigma:
            continue
        rate = siegert(mu, sigma, t_ref, tau_m, V_reset)
        for chosen, (low, high) in zip(points, ranges, strict=True):
            if low <= rate < high and len(chosen) < 40:
                chosen.append((mu, sigma, tau_m, V_reset, t_ref, rate))
    return np.array(points).reshape(-1, 6).T


def relative_errors(points, h):
    mu, sigma, tau_m, V_reset, t_ref, exact = points
    h = np.broadcast_to(h, mu.shape)
    lanes = density.Lanes(tau_m, np.full(mu.shape, -55.0), V_reset, t_ref, h, np.minimum(mu, V_reset) - 8 * sigma)
    return np.abs(1e3 * density.stationary(lanes, mu, sigma).rate / exact - 1)


def test_lif_rates_from_1e_9_to_400_hz_match_siegert(random_points):
    """Within .4 (h/sigma)^2; measured .29, and .09 below 20 Hz. A top cell of full capacity would reach 1.0."""
    sigma, rate = random_points[1], random_points[-1]
    error = relative_errors(random_points, 0.1) / (0.1 / sigma) ** 2
    assert error.max() <= 0.4
    assert error[rate < 20].max() <= 0.1


def test_random_lif_rates_converge_with_order_two(random_points, siegert):
    """V_reset moved to a face of both meshes: the error depends on where in its cell it lies."""
    mu, sigma, tau_m, V_reset, t_ref, exact = random_points
    assert relative_errors(random_points, sigma / 40).max() <= 5e-4
    V_reset = -55.0 - sigma / 20 * np.round((-55.0 - V_reset) / (sigma / 20))
    exact = np.array([siegert(*point) for point in zip(mu, sigma, t_ref, tau_m, V_reset, strict=True)])
    points = (mu, sigma, tau_m, V_reset, t_ref, exact)
    coarse, fine = relative_errors(points, sigma / 20), relative_errors(points, sigma / 40)
    assert np.log2(coarse / fine).min() >= 1.8


def test_a_constant_drift_is_crossed_in_the_exact_mean_time(lif):
    """T = (V_th - V_reset)/f without noise on the drift's scale: the top cell's capacity takes h^2/(8 D) off.

    g = -1 leaves no leak. f = .1 mV/ms, D = .4 mV^2/ms: P = .025, so that capacity 3/4 - P/16 leaves 1 % of it.
    """
    T = 1 / density.stationary(lif(h=0.1, t_ref=0.0, V_lb=-270.0), 1.0, 2.0, -1.0).rate[0]
    assert abs(T - 150.0) < 0.02 * 0.1**2 / (8 * 0.4)


@pytest.mark.parametrize("mu", [-62.0, -66.0, -70.0])
def test_vanishing_rates_keep_their_digits(lif, siegert, mu):
    """Rates down to 1e-40 Hz: the recurrence has no subtraction, so only C h^2 is left."""
    rate = 1e3 * density.stationary(lif(h=0.02, V_lb=-82.0), mu, 1.0).rate[0]
    assert rate == pytest.approx(siegert(mu, 1.0), rel=0.4 * 0.02**2)


def test_a_rate_below_the_smallest_float_is_zero_and_the_density_is_the_free_one(lif):
    lanes = lif(h=0.01, V_lb=-72.0)
    s = density.stationary(lanes, -70.0, 0.2)
    assert s.rate[0] == pytest.approx(0.0, abs=1e-300)
    V = density.voltages(lanes)[0]
    gauss = np.exp(-((V + 70.0) ** 2) / (2 * 0.2**2)) / (0.2 * np.sqrt(2 * np.pi))
    assert s.p[0] == pytest.approx(gauss, abs=1e-9)


@pytest.mark.parametrize(("mu", "sigma", "rate", "mean", "sd"), EIF_POINTS)
def test_eif_matches_threshold_integration(eif, constant, mu, sigma, rate, mean, sd):
    """.05 % / .01 mV / .2 % at h = .05; the rate of the last point has four printed digits."""
    lanes = eif(V_lb=mu - 10 * sigma)
    s = density.stationary(lanes, mu, sigma)
    r = density.evolve(lanes, constant(mu, sigma), steps=0, dt=0.05, initial=s)
    assert 1e3 * r.rate[0, 0] == pytest.approx(rate, rel=5e-4)
    assert r.V_mean[0, 0] == pytest.approx(mean, abs=0.01)
    assert r.V_sd[0, 0] == pytest.approx(sd, rel=2e-3)
    assert r.mass[0, 0] == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_rate_does_not_depend_on_a_far_cut_off(eif, constant, dtype):
    """V_cut -30 -> 0 mV: psi grows to 1e8 mV, time spent there is below 1e-9 of the interval."""
    lanes = eif(2, V_cut=np.array([-30.0, 0.0]))
    s = density.stationary(lanes, -65.0, 3.0)
    r = density.evolve(lanes, constant(-65.0, 3.0), steps=20, dt=0.05, initial=s, dtype=dtype)
    assert s.rate[1] == pytest.approx(s.rate[0], rel=2e-4)
    assert r.rate[1] == pytest.approx(r.rate[0], rel=2e-4)
    assert not r.status.any()


@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
@pytest.mark.parametrize("t_ref", [0.0, 0.02, 1.73, 2.0])
def test_the_stationary_state_is_a_fixed_point(lif, constant, scheme, t_ref):
    lanes = lif(t_ref=t_ref)
    s = density.stationary(lanes, -60.0, 4.0)
    r = density.evolve(lanes, constant(-60.0, 4.0), steps=400, dt=0.05, initial=s, scheme=scheme, every=100)
    assert r.rate[0] == pytest.approx(s.rate[0], rel=1e-10)  # 400 steps of rounding
    assert r.mass[0] == pytest.approx(1.0, abs=1e-12)


def test_quartiles_and_moments_of_a_gaussian(lif, constant):
    """Far below threshold the density is Gaussian: IQR = 1.3489795 sd; the linear CDF costs O(h^2)."""
    lanes = lif(V_th=-20.0, V_lb=-92.0)
    s = density.stationary(lanes, -60.0, 3.0)
    r = density.evolve(lanes, constant(-60.0, 3.0), steps=0, dt=0.05, initial=s)
    assert r.V_mean[0, 0] == pytest.approx(-60.0, abs=1e-9)
    assert r.V_sd[0, 0] == pytest.approx(3.0, abs=1e-9)
    assert r.V_iqr[0, 0] == pytest.approx(1.3489795 * 3.0, rel=1e-4)


def test_the_top_cell_counts_its_capacity(lif):
    """All neurons in the cell below V_top: quartiles spread evenly over it, the mean at its centre."""
    lanes = lif(h=0.2, t_ref=0.0)
    start = density.stationary(lanes, -60.0, 3.0)
    start.p[0], start.queue[0] = 0.0, 0.0
    start.p[0, -1] = 1 / (density.TOP_CAPACITY * 0.2)
    r = density.evolve(lanes, lambda *_: (-60.0, 3.0, 0.0, 0.0), steps=0, dt=0.05, initial=start)
    assert r.mass[0, 0] == pytest.approx(1.0, abs=1e-14)
    assert (r.V_mean[0, 0], r.V_iqr[0, 0]) == pytest.approx((-55.1, 0.1), abs=1e-12)


def test_a_mesh_without_the_reset_point_is_refused(lif):
    with pytest.raises(MeshError, match=r"V_reset = -70 mV of lane 0 must lie in"):
        density.stationary(lif(V_lb=-60.0), -60.0, 3.0)


@pytest.mark.parametrize(("h", "message"), [(0.0, "h = 0.0 mV must be > 0"), (4e-8, "gives 1000000000 cells; at most")])
def test_an_impossible_cell_width_is_refused(lif, h, message):
    with pytest.raises(MeshError, match=message):
        density.stationary(lif(h=h), -60.0, 3.0)


def test_the_cell_count_is_rounded_up_to_whole_blocks():
    n = density.cells(np.array([-55.0, -55.0]), np.array([-95.0, -95.01]), np.array([0.05, 0.05]))
    assert n.tolist() == [800, 808]
    assert density.centres(-55.0, 0.5, 4).tolist() == [-56.75, -56.25, -55.75, -55.25]
    assert density.faces(-55.0, 0.5, 4).tolist() == [-56.5, -56.0, -55.5, -55.0]
