"""compare: calibrated z-scores, bins that add up, and refusals."""

import numpy as np
import pytest
import xarray as xr

import synfer as sf
from synfer.core.compare import compare

LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
NOISE = sf.Noise(mu=-58, sigma=3)


@pytest.fixture(scope="module")
def runs():
    return sf.simulate(LIF, NOISE, t=100, n=2048, every=1, seed=range(30))


@pytest.fixture(scope="module")
def density():
    return sf.evolve([LIF] * 30, NOISE, t=100, every=1, h=0.05)


@pytest.mark.parametrize("width", [1, 10, 100])
def test_z_scores_have_unit_scale_at_any_width(runs, density, width):
    """Regular spiking makes a neuron's bins depend on each other, so added-up errors would miss: blocks do not."""
    z = compare(runs, density, width=width).rate.values
    # The mean square of 30 or more values; a width of 100 ms leaves 30: sd of the rms 0.13, with 32 blocks 0.15.
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1, abs=0.45 if width == 100 else 0.2)


def test_two_simulations_share_their_errors(runs):
    a, b = runs.isel(point=slice(0, 15)), runs.isel(point=slice(15, 30))
    assert np.sqrt(float((compare(a, b, width=10).rate ** 2).mean())) == pytest.approx(1, abs=0.25)


def test_the_sign_is_a_minus_b_and_a_result_equals_itself(runs, density):
    forward, back = compare(runs, density), compare(density, runs)
    assert np.array_equal(forward.rate.values, -back.rate.values)
    assert float(abs(compare(runs, runs).V_mean).max()) == 0


def test_a_shift_of_the_rate_is_seen():
    m = sf.simulate(LIF, NOISE, t=100, n=4096, every=10, seed=1)
    d = sf.evolve(LIF, NOISE.replace(mu=-57.5), t=100, every=1)
    assert float(compare(m, d, width=100).rate.item()) < -5


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (lambda m, d: (d, d), "neither result has standard errors"),
        (lambda m, d: (m, sf.evolve([LIF] * 30, NOISE, t=50, every=1)), "windows differ, 0 to 100 ms and 0 to 50 ms"),
        (lambda m, d: (m, d.isel(point=slice(0, 2))), "points differ"),
        (lambda m, d: (m, xr.Dataset()), "results of evolve and simulate"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, density, pair, message):
    with pytest.raises(sf.ParameterError, match=message):
        compare(*pair(runs, density))


@pytest.mark.parametrize("width", [0.5, 1.5, 30, -1])
def test_a_width_that_does_not_fit_is_refused(runs, density, width):
    with pytest.raises(sf.ParameterError, match=r"width = .* must be a multiple of the bins"):
        compare(runs, density, width=width)


def test_too_few_neurons_to_add_up_bins_are_refused():
    m = sf.simulate(LIF, NOISE, t=20, n=1024, every=1)
    d = sf.evolve(LIF, NOISE, t=20, every=1)
    assert compare(m, d).rate.sizes["time"] == 20
    with pytest.raises(sf.ParameterError, match="too few neurons"):
        compare(m, d, width=10)


def test_simulations_with_other_bins_are_compared_at_the_coarser_times():
    a = sf.simulate(LIF, NOISE, t=20, n=4096, dt=0.05, every=0.5, seed=1)
    b = sf.simulate(LIF, NOISE, t=20, n=4096, dt=0.05, every=2, seed=2)
    z = compare(a, b)
    assert z.V_time.values.tolist() == b.time.values.tolist()
    assert all(np.isfinite(z[name].values).all() for name in z)
