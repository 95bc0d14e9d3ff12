"""Truth by enumeration: posteriors and the least free energy, from all 2^Ns states one after the other."""

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.beliefs import expected_log, free_energy, infer
from synfer.inference.model import GenerativeModel

CHEAP = settings(max_examples=25, deadline=None, derandomize=True, database=None)
# Sums of at most 30 rounded terms of up to 20 nats, 30 x 20 x 1.1e-16 = 7e-14, and as much again in the exponential.
ROUNDING = 1e-12


def expert(counts, expectation, pre, post, i, j):
    """exp E ln P(i = pre | j = post): what one expert multiplies with."""
    own, other = mpmath.mpf(counts[pre, i, post, j]), mpmath.mpf(counts[1 - pre, i, post, j])
    if expectation == "ratio":
        return own / (own + other)
    return mpmath.exp(mpmath.digamma(own) - mpmath.digamma(own + other))


def soft(counts, expectation, values, post, i, j):
    """An expert that has seen a value between 0 and 1."""
    by_value = (expert(counts, expectation, v, post, i, j) for v in (0, 1))
    return mpmath.fprod(e**x for e, x in zip(by_value, values, strict=True))


def enumerated(experts, n):
    """Marginals of 1 and -ln of the sum, over all vectors of n values, of the product of experts(j, value index)."""
    table = [[experts(j, v) for v in (0, 1)] for j in range(n)]
    joint = {
        values: mpmath.fprod(table[j][v] for j, v in enumerate(values))
        for values in itertools.product((0, 1), repeat=n)
    }
    total = mpmath.fsum(joint.values())
    marginals = [mpmath.fsum(p for values, p in joint.items() if values[j] == 0) / total for j in range(n)]
    return [float(p) for p in marginals], -float(mpmath.log(total))


@pytest.mark.parametrize("expectation", ["digamma", "ratio"])
@pytest.mark.parametrize(
    ("No", "Ns", "Nd", "transitions"), [(3, 4, 2, True), (4, 3, 3, False), (1, 6, 0, True), (2, 1, 1, True)]
)
def test_posteriors_are_marginals_and_free_energy_is_minus_ln_of_the_sum(
    random_model, expectation, No, Ns, Nd, transitions
):
    model = random_model(No * 10 + Ns, No, Ns, Nd, transitions=transitions, expectation=expectation)
    o = np.random.default_rng(Ns).random((3, No))
    result = infer(model, o)
    F = free_energy(model, result.s, result.q_d if Nd else None, o)
    states = result.s.values
    for t in range(1, 4):
        before = [(float(x), 1 - float(x)) for x in states[t - 1]]
        seen = [(float(x), 1 - float(x)) for x in o[t - 1]]

        def state_expert(j, v, before=before, seen=seen):
            e = mpmath.mpf(model.D[v, j])
            e *= mpmath.fprod(soft(model.a, expectation, seen[i], v, i, j) for i in range(No))
            if transitions:
                e *= mpmath.fprod(soft(model.b, expectation, before[i], v, i, j) for i in range(Ns))
            return e

        def decision_expert(k, v, before=before):
            own = mpmath.fprod(soft(model.c, expectation, before[i], v, i, k) for i in range(Ns))
            return own * mpmath.mpf(model.E[v, k])

        s, F_states = enumerated(state_expert, Ns)
        q, F_decisions = enumerated(decision_expert, Nd)
        np.testing.assert_allclose(states[t], s, rtol=0, atol=ROUNDING)
        assert float(F.free_energy[t - 1]) == pytest.approx(F_states + F_decisions, abs=ROUNDING)
        if Nd:
            np.testing.assert_allclose(result.q_d[t], q, rtol=0, atol=ROUNDING)


@CHEAP
@given(seed=st.integers(0, 2**32), No=st.integers(1, 6), Ns=st.integers(1, 5), Nd=st.integers(2, 5))
def test_any_other_belief_costs_its_divergence_from_the_posterior(random_model, seed, No, Ns, Nd):
    model = random_model(seed, No, Ns, Nd)
    rng = np.random.default_rng(seed)
    o = rng.random((1, No))
    best = infer(model, o)
    s, q = best.s.values.copy(), best.q_d.values.copy()
    s[1], q[1] = rng.uniform(0.01, 0.99, Ns), rng.uniform(0.01, 0.99, Nd)
    extra = free_energy(model, s, q, o).attrs["total"] - free_energy(model, best.s, best.q_d, o).attrs["total"]
    z = np.concatenate([np.log(best.s[1] / (1 - best.s[1])), best.log_odds[1]])
    x = np.concatenate([s[1], q[1]])
    # KL of x from sig(z), with ln(1 + e^z) as it does not round.
    divergence = (x * np.log(x) + (1 - x) * np.log(1 - x) - x * z + np.logaddexp(0, z)).sum()
    assert extra >= 0
    assert extra == pytest.approx(divergence, abs=ROUNDING * max(1, np.abs(z).sum()))


@pytest.mark.parametrize("total", [0.3, 7.0, 3000.0, 1e9])
def test_the_digamma_form_is_that_of_mpmath(total):
    counts = total * np.array([[0.01, 0.3, 0.5, 0.99], [0.99, 0.7, 0.5, 0.01]])
    with mpmath.workdps(40):
        exact = [
            [
                float(mpmath.digamma(mpmath.mpf(x)) - mpmath.digamma(mpmath.mpf(x) + mpmath.mpf(y)))
                for x, y in zip(own, other, strict=True)
            ]
            for own, other in (counts, counts[::-1])
        ]
    # Each digamma to a few units in the last place, and the rounded a + b on top.
    scale = np.abs(exact) + 2 * np.abs(np.log(total)) + 1
    assert (np.abs(expected_log(counts) - exact) <= 8 * np.finfo(float).eps * scale).all()
    np.testing.assert_allclose(
        expected_log(counts, "ratio"), np.log([[0.01, 0.3, 0.5, 0.99], [0.99, 0.7, 0.5, 0.01]]), rtol=1e-13
    )


@pytest.mark.parametrize(
    "counts", [(1.0, 1e-20), (3e9, 0.7), (1e-200, 1e200), (1.0, 1.0), (1e308, 1e308), (5e-324, 1.0)]
)
def test_the_log_of_a_mean_is_exact_where_the_mean_is_near_1(counts):
    # Truth: 400 digits. A quotient, an ln(1 + .), and a logarithm in place of them where odds overflow: 4 roundings.
    a, b = (mpmath.mpf(x) for x in counts)
    with mpmath.workdps(400):
        exact = [float(mpmath.log(x / (a + b))) for x in (a, b)]
    np.testing.assert_allclose(expected_log(counts, "ratio"), exact, rtol=4 * np.finfo(float).eps)


def test_exact_bayes_becomes_the_ratio_as_counts_grow():
    # digamma(x) = ln x - 1/(2x) + O(1/x^2): the forms differ by (1/(a+b) - 1/a)/2.
    a, b = 4e4, 6e4
    difference = (expected_log([a, b]) - expected_log([a, b], "ratio"))[0]
    assert difference == pytest.approx(0.5 / (a + b) - 0.5 / a, rel=1e-4)  # the next order is 1/(6a) = 4e-6


def test_the_filter_starts_from_the_initial_state_or_from_D(random_model):
    model = random_model(5, initial=[0.3, 0.9])
    o = np.random.default_rng(1).random((4, 3))
    assert infer(model, o).s.values[0].tolist() == [0.3, 0.9]
    free = model.replace(initial=None)
    np.testing.assert_allclose(infer(free, o).s[0], model.D[0] / model.D.sum(0), rtol=1e-15)
    assert np.abs(infer(free, o).s[1] - infer(model, o).s[1]).max() > 0.01
    doubled = model.replace(D=2 * model.D)  # weights of both values: posteriors are the same
    np.testing.assert_allclose(infer(doubled, o).s, infer(model, o).s, rtol=0, atol=1e-15)


def test_a_series_is_continued_from_its_last_state(random_model):
    model = random_model(6, Nd=3)
    o = np.random.default_rng(2).random((9, 3))
    whole, first = infer(model, o), infer(model, o[:4])
    rest = infer(model.replace(initial=first.s.values[-1]), o[4:])
    np.testing.assert_allclose(rest.s.values[1:], whole.s.values[5:], rtol=0, atol=1e-15)
    np.testing.assert_allclose(rest.q_d.values[1:], whole.q_d.values[5:], rtol=0, atol=1e-15)


def test_results_name_states_and_decisions():
    counts = np.ones((2, 1, 2, 1))
    model = GenerativeModel(a=counts, E=[0.25, 0.75], states=("rain",), decisions=("stay", "go"))
    result = infer(model, [[1], [0]])
    assert result.s.sel(state="rain").dims == ("step",)
    assert result.q_d.sel(decision="go").values == pytest.approx([0.75] * 3, rel=1e-15)
    assert result.step.values.tolist() == [0, 1, 2]
    assert "q_d" not in infer(GenerativeModel(a=counts), [[1]])


@pytest.mark.parametrize(
    ("o", "message"),
    [
        ([[0.5, 0.5]], r"o has shape \(1, 2\) and must be \(T, 3\)"),
        ([0.5, 0.5, 0.5], r"give o\[None, :\]"),
        (np.empty((0, 3)), r"o has shape \(0, 3\)"),
        ([[0, 0, 0], [0, 1.5, 0]], r"o of o1 at step 2 is 1\.5 and must be in \[0, 1\]"),
        ([[0, 0, np.nan]], "o of o2 at step 1 is nan"),
        ("seen", "o must be an array of real numbers"),
    ],
)
def test_bad_observations_are_refused(random_model, o, message):
    with pytest.raises(ParameterError, match=message):
        infer(random_model(1), o)


def test_a_posterior_that_is_not_a_number_names_its_state_and_step(random_model):
    a = random_model(1).a.copy()
    a[0, 0, 0, 1] = 1e-310  # its digamma overflows
    with pytest.raises(NumericalError, match="s of s1 at step 2 is nan"):
        infer(random_model(1, transitions=False).replace(a=a), [[1, 0, 0], [0, 0, 0]])


def test_unknown_forms_and_counts_are_refused():
    with pytest.raises(ParameterError, match="did you mean ratio"):
        expected_log(np.ones((2, 1)), "ration")
    with pytest.raises(ParameterError, match="expectation = 3 is unknown"):
        expected_log(np.ones((2, 1)), 3)
    with pytest.raises(ParameterError, match=r"counts\[1, 0\] = -1 must be > 0"):
        expected_log([[1.0], [-1.0]])
    with pytest.raises(ParameterError, match=r"counts has shape \(3,\)"):
        expected_log(np.ones(3))
