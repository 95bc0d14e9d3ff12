"""Priors that responses imply, fitted where the counts behind synapses are not known, and how well they are known."""

from typing import Any

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.recordings import ImplicitFreeEnergy, responses, synthetic_cultures
from synfer.inference.recordings.intervals import implied_intervals, widened
from synfer.inference.recordings.prior import Implied, _past, _potential, implied_prior


def test_responses_without_noise_tell_prior_and_plasticity(small):
    # analytic: the culture is of the family that is fitted. What is left is the weak prior on the start.
    for k in range(2):
        x = np.moveaxis(small.truth_x.values[k], -1, 0)
        for e in range(2):
            found = implied_prior(x[e, :12], small.input.values[k, :12], np.full(12, 64), 3000.0)
            assert found.logit_D == pytest.approx(float(small.logit_D[k, e]), abs=5e-3)
            assert found.plasticity == pytest.approx(1, abs=0.03)


def test_the_potential_has_the_derivative_it_claims(small):
    # limit: central differences, h = 1e-5, of a function of order 1: h^2 and 1e-16 / h
    y, o, n = (
        np.moveaxis(small.truth_x.values[0], -1, 0)[0, :5],
        small.input.values[0, :5].astype(float),
        np.full(5, 64),
    )
    beta = np.r_[0.3, np.linspace(0.4, 0.6, 32), 0.7]
    past = _past(y, o, n)
    _, X = _potential(beta, o, past, 300.0)
    for k in (0, 1, 20, 33):
        h = 1e-5 * np.eye(34)[k]
        slope = (_potential(beta + h, o, past, 300.0)[0] - _potential(beta - h, o, past, 300.0)[0]) / 2e-5
        np.testing.assert_allclose(X[..., k], slope, atol=1e-7)


def test_studentised_intervals_cover():
    # statistical: means of 10 draws of a gamma law, 400 times; s.e. of the coverage .015, and 10 skewed draws cost 3 %
    rng, hits = np.random.default_rng(0), 0
    for k in range(400):
        draws = rng.gamma(4.0, size=(10, 2)) / 10
        found = Implied(draws[:, 0].sum(), draws[:, 1].sum(), draws - draws.mean(0))
        (low, high), _ = implied_intervals(found, level=0.9, seed=1, name=str(k))
        hits += low < 4.0 < high
    assert 0.85 < hits / 400 < 0.95


def test_intervals_reach_further_where_the_tail_is():
    # limit: one large positive influence makes the mean of a sample likelier too small than too large
    influence = np.stack([np.r_[5.0, np.full(9, -5 / 9)]] * 2, 1)
    (low, high), _ = implied_intervals(Implied(0.0, 0.0, influence), level=0.9, seed=1, name="a")
    assert high > -low > 0


def test_rates_beyond_the_scale_determine_no_prior():
    rng = np.random.default_rng(0)
    o = rng.integers(2, size=(6, 64, 4))
    with pytest.raises(ParameterError, match="do not determine a prior"):
        implied_prior(np.full((6, 64), 1.2), o, np.full(6, 64), 3000.0)


def test_what_is_not_known_of_the_base_is_added_in_quadrature():
    # analytic: 3-4-5 triangles in units of z = 1; a side on which neither shift lies stays as it is
    found = Implied(0.0, 1.0, np.zeros((3, 2)))
    moved = [Implied(4.0, 1.5, found.influence), Implied(-8.0, 1.2, found.influence)]
    ends = widened(found, np.array([[-6.0, 3.0], [0.9, 2.2]]), moved, 0.6826894921370859)
    np.testing.assert_allclose(ends, [[-10.0, 5.0], [0.9, 1 + 1.3]], rtol=1e-12)


@pytest.fixture(scope="module")
def unlike():
    """Eight cultures of D = .5 and no plasticity, whose gains differ by 10 %."""
    gains = np.random.default_rng(4).normal(0, 0.1, 8)
    size: dict[str, Any] = {"sessions": 12, "steps": 256, "units": 16, "D1": 0.5, "plasticity": 0.0}
    parts = [synthetic_cultures(1, rate=5.9 * np.exp(g), seed=40 + k, **size) for k, g in enumerate(gains)]
    return [[part[name].values[0] for part in parts] for name in ("spikes", "stimulus", "input")]


def covered(fit, D):
    r = fit.result_
    return float(((r.D_low <= D) & (r.D_high >= D)).values[r.determined].mean())


def test_intervals_of_a_fitted_base_cover_cultures_that_differ_in_gain(unlike):
    # statistical: nominal .9 of 16 intervals in pairs, of which those of a base taken as exact hold few
    kind: dict[str, Any] = {"learn_sessions": 6, "permutations": 19, "resamples": 20}
    fit = ImplicitFreeEnergy(**kind).fit(responses(*unlike))
    exact = ImplicitFreeEnergy(**kind, base_se=0.0).fit(responses(*unlike))
    rates = [spikes.mean() for spikes in fit.result_.rate.values[:, :6]]  # sessions of equal length
    assert fit.base_se_ == pytest.approx(np.std(rates, ddof=1), rel=1e-12) == fit.result_.attrs["base_se"]
    np.testing.assert_array_equal(fit.result_.D, exact.result_.D)
    assert int(fit.result_.determined.sum()) >= 12
    assert covered(fit, 0.5) >= 0.8
    assert covered(exact, 0.5) < 0.5
    assert "relative to their group" in fit.result_.attrs["warnings"][0]


def test_a_base_that_is_off_is_covered_by_its_error_and_told_without(small):
    kind: dict[str, Any] = {"learn_sessions": 8, "permutations": 19, "resamples": 20}
    off = small.isel(culture=[0]).assign_attrs(base=5.9 * 1.03)
    plain, known = (ImplicitFreeEnergy(**kind, base_se=se).fit(off).result_ for se in (None, 0.03 * 5.9))
    assert "for this base exactly" in plain.attrs["warnings"][0]
    assert "warnings" not in known.attrs
    assert (known.D_low <= plain.D_low).all()
    assert (known.D_high > plain.D_high).all()
    # base that may be half as large: responses there lie at the end of the scale
    wide = ImplicitFreeEnergy(**kind, base_se=4.0).fit(off).result_
    assert not wide.determined.any()
    assert np.isnan(wide.plasticity_high).all()
    np.testing.assert_array_equal(wide.D, plain.D)
    assert "5.9 +- 4 is not known well enough" in wide.attrs["undetermined"][0].replace("6.08", "5.9")
    alone = ImplicitFreeEnergy(**kind).fit(off.drop_attrs())
    assert alone.base_se_ is None
    assert "the only culture" in alone.result_.attrs["warnings"][0]
