"""Truth: mpmath, scipy, and counts added in order."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, expit

from synfer.inference.agent.counting import count_decisions, risks
from synfer.inference.agent.exponential import decay
from synfer.inference.agent.rows import ADVICE, COSTS, SURPLUS, accumulate, decide, pick
from synfer.inference.agent.walks import Beliefs, Course
from synfer.inference.agent.weights import Prior, mapping, psi


def law(z):
    cumulative, cost = np.empty(len(z)), np.empty(COSTS)
    decide(np.asarray(z, float), 0.0, Prior(np.zeros(len(z)), 0.0), cumulative, cost, np.empty((3, len(z))))
    return np.diff(cumulative, prepend=0) / cumulative[-1], cost


@pytest.mark.parametrize("x", [-0.0, -1e-9, -0.3465, -0.3467, -1.0, -33.3, -199.9, -699.0])
def test_decay_is_the_exponential(x):
    assert float(mpmath.mpf(decay(x)) / mpmath.exp(x) - 1) == pytest.approx(0, abs=2.5e-16)


def test_decay_stays_a_number_below_its_range():
    assert 0 < decay(-1e9) == decay(-701.0) < 1e-303


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-200, 200), min_size=2, max_size=7))
def test_law_of_decisions_is_that_of_exact_arithmetic(z):
    """p ~ q / (1 - q + 1e-6) to 1e-12 for abs(z) <= 200, with no overflow; a probability is a difference of sums."""
    with mpmath.workdps(400):
        q = [1 / (1 + mpmath.exp(-mpmath.mpf(x))) for x in z]
        p = [x / (1 - x + mpmath.mpf(1e-6)) for x in q]
        total = mpmath.fsum(p)
        exact = [float(x / total) for x in p]
        surplus = mpmath.fsum(x * mpmath.log(x) + (1 - x) * mpmath.log(1 - x) for x in q)
        advice = float(mpmath.fsum(x * mpmath.mpf(own) for x, own in zip(q, z, strict=True)))
    got, cost = law(z)
    np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-15)
    assert cost[SURPLUS] == pytest.approx(float(surplus), rel=1e-12, abs=1e-12)
    assert cost[ADVICE] == pytest.approx(advice, rel=1e-12, abs=1e-12)


def test_law_where_every_decision_is_next_to_impossible():
    got, _ = law([-900.0, -900.0 + np.log(3.0)])
    np.testing.assert_allclose(got, [0.25, 0.75], rtol=1e-12)


def test_a_float32_softmax_would_not_have_done():
    """z = 100 is reached at E_right 0.15: e^100 overflows in float32, and its law is not a number."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.float32([100.0, 101.0]))
        assert np.isnan(e / e.sum()).all()
    np.testing.assert_allclose(law([100.0, 101.0])[0], [0.5, 0.5], rtol=1e-12)  # both at the ceiling


@pytest.mark.parametrize("u", [0.0, 0.2, 0.25, 0.9999999])
def test_pick_takes_the_first_decision_whose_sum_passes(u):
    p = np.array([0.25, 0.0, 0.25, 0.5, 0.0])
    assert pick(np.cumsum(p), u) == np.flatnonzero(np.cumsum(p) > u)[0]


@pytest.mark.parametrize("x", [1e-3, 1.0, 9.99, 10.0, 3000.3, 1e9])
def test_psi_is_digamma(x):
    assert psi(x) == pytest.approx(float(digamma(x)), rel=4e-15, abs=4e-15)


def test_accumulate_is_a_product():
    rng = np.random.default_rng(1)
    for n, m in ((1, 3), (8, 5), (21, 4)):
        x, W, out = rng.normal(size=n), rng.normal(size=(n, m)), rng.normal(size=m)
        expected = out + x @ W
        accumulate(x, W, out)
        np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("exact", [True, False])
def test_weights_say_what_counts_say(exact):
    rng = np.random.default_rng(2)
    counts, one, zero, x = rng.uniform(0.5, 9, (2, 3, 2, 4)), rng.random(3), rng.random(3), rng.random(3)
    f = digamma if exact else np.log
    l = f(counts) - f(counts.sum(0))
    m = mapping(counts, exact, one, zero)
    for pair, got, base in (((x, 1 - x), x @ m.W + m.h, x @ m.r + m.k), ((one, zero), m.first, m.base)):
        by_value = np.einsum("vi,viuj->uj", np.array(pair), l)
        np.testing.assert_allclose(got, by_value[0] - by_value[1], rtol=1e-12, atol=1e-12)
        assert base == pytest.approx(by_value[1].sum(), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 70), st.integers(1, 25), st.sampled_from([0.4, 3.0, 60.0]))
def test_counts_meet_the_floor_in_the_order_of_windows(seed, steps, window, scale):
    """Whether its bound lets a decision be counted at once or not, the result is max(floor, .) window by window."""
    rng = np.random.default_rng(seed)
    Ns, Nd, rows = 3, 4, 9
    row = np.concatenate([[-1], rng.integers(0, rows, steps)]).astype(np.int32)
    decision = np.concatenate([[-1], rng.integers(0, Nd, steps)]).astype(np.int32)
    s, first = rng.random((rows, Ns)), rng.random((2, Ns))
    Gamma = rng.choice([0.0, 0.45, 0.55, 1.0], -(-steps // window))
    c = 1 + scale * rng.random((2, Nd, 2, Ns))
    expected = c.copy()
    for w, g in enumerate(1 - 2 * Gamma):
        e = np.zeros_like(c)
        for k in range(w * window, min((w + 1) * window, steps)):
            pair = first if k == 0 else np.array([s[row[k]], 1 - s[row[k]]])
            for d in range(Nd):
                e[0 if d == decision[k + 1] else 1, d] += pair
        expected = np.maximum(1.0, expected + g * e)
    course = Course(steps, row, row, decision, np.zeros(steps + 1))
    count_decisions(c, course, Beliefs(s, np.empty((rows, COSTS)), first, np.empty(COSTS)), Gamma, window, 1.0)
    np.testing.assert_allclose(c, expected, rtol=1e-12, atol=1e-11)


def test_risk_follows_net_progress_exactly_at_its_bounds():
    """95 setbacks more or less in 200: net = 10 exactly, where (1 - 2 x 0.475) x 200 in floats is above 10."""
    G = np.zeros(601)
    G[:200][:95], G[200:400][:94], G[400:600][:100] = 1, 1, 1
    course = Course(600, *(np.zeros(601, np.int32),) * 3, G)
    got = risks(course, 200, np.array([0.0, 10.0]), np.array([0.55, 0.45, 0.0]))
    assert got.tolist() == [0.45, 0.0, 0.55]


def test_states_are_sigmoids_of_what_is_said():
    z = np.linspace(-30, 30, 7)
    np.testing.assert_allclose([law([x, 0.0])[1][ADVICE] for x in z], z * expit(z), rtol=1e-14)
