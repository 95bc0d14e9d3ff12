"""Drawing decisions: the law against mpmath, both streams against the law and the legacy one draw for draw."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.beliefs import choose, draw, infer, sampling_law, uniforms


def exact_law(z):
    with mpmath.workdps(120):
        weights = [1 / (mpmath.exp(-mpmath.mpf(x)) + mpmath.mpf("1e-6") * (1 + mpmath.exp(-mpmath.mpf(x)))) for x in z]
        total = mpmath.fsum(weights)
        return [float(w / total) for w in weights]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(z=st.lists(st.floats(-200, 200), min_size=2, max_size=8))
def test_the_law_is_that_of_mpmath(z):
    # An exponent of up to 400 is rounded to 400 x 1.1e-16 = 4e-14; 1e-12 is what is promised.
    np.testing.assert_allclose(sampling_law(log_odds=z), exact_law(z), rtol=1e-12)


@pytest.mark.parametrize("z", [[800.0, -800.0], [-800.0, -801.0, -2000.0], [1e300, 0.0], [40.0, 700.0]])
def test_the_law_neither_overflows_nor_vanishes(z):
    np.testing.assert_allclose(sampling_law(log_odds=z), exact_law(z), rtol=1e-12, atol=5e-324)


def test_the_law_levels_off_where_a_softmax_goes_on():
    low, high = sampling_law(log_odds=[-3.0, 2.0]), sampling_law(log_odds=[20.0, 40.0])
    assert low[1] / low[0] == pytest.approx(np.exp(5), rel=2e-5)  # 1e-6 of e^2
    assert high[1] / high[0] == pytest.approx(1 + np.exp(-20) * 1e6, rel=1e-5)  # 1.002, and not e^20


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(z=st.lists(st.floats(-30, 30), min_size=2, max_size=8))
def test_posteriors_and_their_log_odds_give_one_law(z):
    q = 1 / (1 + np.exp(-np.array(z)))
    # q near 1 is rounded by 1.1e-16 of the 1e-6 it is compared with.
    np.testing.assert_allclose(sampling_law(q), sampling_law(log_odds=z), rtol=1e-9)


def test_the_legacy_stream_is_numpys_draw_for_draw(random_model):
    model = random_model(1, Nd=5)
    q = infer(model, np.random.default_rng(1).random((300, 3))).q_d.values
    d = draw(q, stream="legacy", seed=12)
    legacy = np.random.RandomState(12)
    assert d[0].tolist() == [0] * 5
    for t in range(1, 301):
        p = q[t] / (1 - q[t] + 1e-6)
        assert d[t].tolist() == legacy.multinomial(1, p / p.sum()).tolist()


Q = np.array([0.02, 0.1, 0.3, 0.58, 0.9])


@pytest.mark.parametrize("stream", ["modern", "legacy"])
def test_decisions_follow_the_law(stream):
    n = 40_000
    counts = draw(np.tile(Q, (n + 1, 1)), stream=stream, seed=3).sum(0)
    law = sampling_law(Q)
    assert counts.sum() == n
    # Chi-square of 4 degrees of freedom, fixed seed: passes 999 times of 1000, and sees the other law, Q / sum(Q).
    assert stats.chisquare(counts, n * law).pvalue > 1e-3
    assert stats.chisquare(counts, n * Q / Q.sum()).pvalue < 1e-100


def test_successive_decisions_are_independent():
    n = 40_000
    k = draw(np.tile(Q, (n + 1, 1)), seed=4)[1:].argmax(1)
    pairs = np.zeros((5, 5))
    np.add.at(pairs, (k[:-1], k[1:]), 1)
    assert stats.chi2_contingency(pairs[3:, 3:]).pvalue > 1e-3


def test_a_decision_depends_on_seed_trial_and_step_alone():
    u = uniforms(5, 50, trial=2)
    assert (uniforms(5, 20, trial=2) == u[:20]).all()
    assert all((uniforms(*other) != u).all() for other in [(5, 50, 1), (6, 50, 2)])
    log_odds = np.log(Q / (1 - Q))
    long, short = (draw(log_odds=np.tile(log_odds, (T + 1, 1)), trial=2, seed=5) for T in (50, 20))
    assert (long[:21] == short).all()
    assert long[1:].argmax(1).tolist() == choose(sampling_law(log_odds=log_odds)[None].repeat(50, 0), u).tolist()


def test_the_modern_stream_is_the_same_on_every_machine():
    # A golden value: it must never change between versions without a note under "numbers changed".
    assert uniforms(1, 2, trial=7).tolist() == GOLDEN


GOLDEN = [0.20691808556026559, 0.44447128440442785]


def test_what_cannot_happen_is_never_chosen():
    law = [0.0, 0.5, 0.0, 0.5]
    assert choose([law] * 4, [0.0, 0.5 - 1e-16, 0.5, 1 - 2**-53]).tolist() == [1, 1, 3, 3]
    assert int(choose(law, 0.7)) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampling_law(), "give either q_d or log_odds"),
        (lambda: sampling_law([0.5, 0.5], log_odds=[0.0, 0.0]), "give either q_d or log_odds"),
        (lambda: sampling_law([0.5, 1.5]), r"q_d\[1\] = 1\.5 must be in \[0, 1\]"),
        (lambda: sampling_law([[0.5, 0.5], [np.nan, 0.5]]), r"q_d\[1, 0\] = nan must be in"),
        (lambda: sampling_law(log_odds=[0.0, np.inf]), r"log_odds\[1\] = inf must be finite"),
        (lambda: sampling_law(log_odds=[]), "with decisions along the last axis"),
        (lambda: sampling_law(0.5), "with decisions along the last axis"),
        (lambda: draw([0.5, 0.5], seed=1), r"q_d has shape \(2,\) and must be \(T \+ 1, Nd\)"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=-1), "seed = -1"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=1, trial=1.0), "trial = 1.0 must be a whole number >= 0"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=1, trial=-1), "trial = -1 must be a whole number"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=1, trial="a"), "trial = 'a' must be a whole number"),
        (lambda: draw("abc", seed=1), "q_d must be an array of real numbers"),
        (lambda: draw(seed=1), "give either q_d or log_odds"),
        (lambda: sampling_law("abc"), "q_d must be an array of real numbers"),
        (lambda: sampling_law(log_odds=[[1.0], [1.0, 2.0]]), "log_odds must be an array of real numbers"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=2**32, stream="legacy"), r"must be < 2\^32"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=1, stream="legacy", trial=1), "trial = 1 belongs to the modern stream"),
        (lambda: draw([[0.5, 0.5]] * 2, seed=1, stream="modem"), "did you mean modern"),
    ],
)
def test_bad_draws_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_nothing_is_drawn_before_the_first_step():
    assert draw([[0.0, 0.0], [0.0, 1.0]], seed=1).tolist() == [[0, 0], [0, 1]]
    assert draw(log_odds=[[np.nan, 0.0], [-50.0, 50.0]], seed=1).tolist() == [[0, 0], [0, 1]]


def test_no_decision_at_all_is_refused():
    with pytest.raises(NumericalError, match="q_d is 0 for all decisions"):
        sampling_law([0.0, 0.0])
