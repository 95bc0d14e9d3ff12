"""Priors from residuals: exact where counts are known, and fitted where they are not."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.beliefs import learn_online
from synfer.inference.model import GenerativeModel
from synfer.inference.recordings import prior_from_residual
from synfer.inference.recordings.intervals import implied_intervals
from synfer.inference.recordings.prior import Implied, _past, _potential, implied_prior
from synfer.inference.tasks.sources import Sources

BROKEN = {1: ([0.51, 0.50], [0.50, 0.51]), 0: ([0.49, 0.50], [0.50, 0.49])}
"""P(o = 1 | s_j) at the start for inputs 1-16 and 17-32, which breaks the symmetry; times 100 counts."""


@pytest.mark.parametrize(("D1", "mean"), [(0.2, 0.284), (0.8, 0.724)])
@pytest.mark.parametrize("expectation", ["ratio", "digamma"])
def test_residuals_tell_the_prior_and_the_mean_does_not(D1, mean, expectation):
    task = Sources()
    o = task.generate(10_000, seed=1).input.values
    A = {value: np.repeat(rows, 16, axis=0) for value, rows in BROKEN.items()}
    model = GenerativeModel.from_probabilities(A1=A[1], A0=A[0], total=100).replace(D=[D1, D1], expectation=expectation)
    x = learn_online(model, o).s.values[1:]
    # rounding of x is 1e-16 / (x (1 - x)) in its logit, which the weights cancel; the counts add 1e-16 x 10,000
    assert np.abs(prior_from_residual(model, x, o) - D1).max() < 1e-12
    assert x.mean() == pytest.approx(mean, abs=0.05)  # over streams means differ by some .03
    assert np.abs(x.mean(0) - D1).min() > 0.06


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


def test_bad_input_is_told():
    model = GenerativeModel.from_probabilities(A1=[[0.6]], A0=[[0.4]], total=10)
    with pytest.raises(ParameterError, match=r"x\[1, 0\] = 1.5 must be in \[0, 1\]"):
        prior_from_residual(model, [[0.5], [1.5]], [[1], [0]])
    with pytest.raises(ParameterError, match="0 or 1 at every step"):
        prior_from_residual(model, [[0.0], [1.0]], [[1], [0]])
    with pytest.raises(ParameterError, match="a row for every step"):
        prior_from_residual(model, [[0.5]], [[1], [0]])
