"""Free energy: every term against its sum written out, divergence against quadrature, and what is refused."""

import math

import mpmath
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.beliefs import TERMS, expected_log, free_energy, infer, update_counts
from synfer.inference.model import GenerativeModel


def written_out(model, s, q, o, Gamma, first):
    """The five terms by step, and the sum of absolute summands, one summand after the other."""
    logs = [None if x is None else expected_log(x, model.expectation) for x in (model.a, model.b, model.c)]
    T, absolute = len(o), 0.0
    terms = {name: [] for name in TERMS}
    both = lambda x: (x, 1 - x)  # noqa: E731
    for t in range(1, T + 1):
        parts = {name: [] for name in TERMS}
        before = list(zip(*first, strict=True)) if t == 1 else [both(x) for x in s[t - 1]]
        for j, x in enumerate(s[t]):
            for v, p in enumerate(both(x)):
                parts["entropy"].append(p * math.log(p) if p else 0.0)
                parts["prior"].append(-p * math.log(model.D[v, j]))
                for i, seen in enumerate(o[t - 1]):
                    parts["likelihood"] += [-p * y * logs[0][w, i, v, j] for w, y in enumerate(both(seen))]
                if logs[1] is not None:
                    for i, pair in enumerate(before):
                        parts["transition"] += [-p * y * logs[1][w, i, v, j] for w, y in enumerate(pair)]
        for k, x in enumerate([] if q is None else q[t]):
            for v, p in enumerate(both(x)):
                parts["decision"] += [p * math.log(p) if p else 0.0, -p * math.log(model.E[v, k])]
                if logs[2] is not None:
                    for i, pair in enumerate(before):
                        own = [(1 - 2 * Gamma[t - 1]) * -p * y * logs[2][w, i, v, k] for w, y in enumerate(pair)]
                        parts["decision"] += own
        for name, values in parts.items():
            terms[name].append(math.fsum(values))
            absolute += math.fsum(map(abs, values))
    return terms, absolute


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3)),
    T=st.integers(1, 4),
    transitions=st.booleans(),
    weighted=st.booleans(),
    expectation=st.sampled_from(["digamma", "ratio"]),
)
def test_every_term_is_its_sum_written_out(random_model, seed, sizes, T, transitions, weighted, expectation):
    rng = np.random.default_rng(seed)
    initial = rng.uniform(0.001, 0.2, (2, sizes[1])) if weighted else None
    model = random_model(seed, *sizes, transitions=transitions, expectation=expectation, initial=initial)
    s, o, Gamma = rng.random((T + 1, sizes[1])), rng.random((T, sizes[0])), rng.random(T)
    s[-1, 0] = 1.0  # certain: 0 ln 0 = 0
    q = rng.random((T + 1, sizes[2])) if sizes[2] else None
    if initial is not None:
        s[0] = initial[0]
    F = free_energy(model, s, q, o, Gamma)
    first = np.stack([s[0], 1 - s[0]]) if initial is None else initial
    terms, absolute = written_out(model, s, q, o, Gamma, first)
    for name in TERMS:
        np.testing.assert_allclose(
            F.terms.sel(term=name), terms[name], rtol=0, atol=1e-14 * absolute
        )  # 100 roundings at most
    np.testing.assert_allclose(F.free_energy, np.sum(list(terms.values()), 0), rtol=0, atol=1e-14 * absolute)
    assert F.attrs["total"] == pytest.approx(float(F.free_energy.sum()), rel=1e-15)


def test_one_risk_is_that_risk_at_every_step_and_risk_one_half_silences_the_past(random_model):
    model = random_model(3, Nd=3)
    o = np.random.default_rng(3).random((5, 3))
    b = infer(model, o)
    one, each = (free_energy(model, b.s, b.q_d, o, Gamma) for Gamma in (0.3, [0.3] * 5))
    assert one.equals(each)
    half = free_energy(model, b.s, b.q_d, o, 0.5)
    assert half.terms.equals(free_energy(model.replace(c=None), b.s, b.q_d, o, 0.5).terms)
    other = free_energy(model, b.s, b.q_d, o, 0.9)
    assert (other.terms == one.terms).all("step").values.tolist() == [True, True, True, False, True]


def test_unnormalised_weights_shift_the_prior_term_alone(random_model):
    model = random_model(4, Ns=3)
    o = np.random.default_rng(4).random((5, 3))
    s = infer(model, o).s.values
    F, G = (free_energy(m, s, None, o) for m in (model, model.replace(D=model.D / 256)))
    np.testing.assert_allclose((G.terms - F.terms).sel(term="prior"), 3 * math.log(256), rtol=1e-14)
    assert G.terms.drop_sel(term="prior").equals(F.terms.drop_sel(term="prior"))


def test_the_cost_of_what_was_learned_is_the_divergence_of_beta_beliefs(random_model):
    model = random_model(7, No=1, Ns=1, Nd=2, scale=4.0)
    o = np.random.default_rng(7).random((6, 1))
    b = infer(model, o)
    learned = update_counts(model, o, b.s, b.q_d, 0.3)
    F = free_energy(learned, b.s, b.q_d, o, prior_counts=model)

    def divergence(x, y, x0, y0):
        normal, normal0 = mpmath.beta(x, y), mpmath.beta(x0, y0)
        density = lambda p: p ** (x - 1) * (1 - p) ** (y - 1) / normal  # noqa: E731
        log = lambda p: (x - x0) * mpmath.log(p) + (y - y0) * mpmath.log(1 - p) + mpmath.log(normal0 / normal)  # noqa: E731
        return mpmath.quad(lambda p: density(p) * log(p), [0, 0.5, 1])

    exact = 0.0
    for name in "abc":
        now, then = (getattr(m, name).reshape(2, -1).tolist() for m in (learned, model))
        exact += sum(float(divergence(*pair)) for pair in zip(*now, *then, strict=True))
    assert float(F.parameters) == pytest.approx(
        exact, rel=1e-9
    )  # the tolerance of the quadrature at p^(x - 1), x > 1/2
    assert F.attrs["total"] == pytest.approx(float(F.free_energy.sum()) + exact, rel=1e-9)
    assert float(free_energy(model, b.s, b.q_d, o, prior_counts=model).parameters) == 0
    with pytest.raises(ParameterError, match="prior_counts has another c"):
        free_energy(learned, b.s, b.q_d, o, prior_counts=model.replace(c=None))


@pytest.fixture
def good(random_model):
    model = random_model(9, Nd=2)
    o = np.random.default_rng(9).random((4, 3))
    b = infer(model, o)
    return {"model": model, "s": b.s.values, "q_d": b.q_d.values, "o": o, "Gamma": 0.2}


def _changed(array, place, value):
    array = np.array(array, dtype=float)
    array[place] = value
    return array


def test_a_belief_that_is_not_a_number_is_named_with_the_term_and_the_step(good):
    with pytest.raises(
        NumericalError, match=r"likelihood of the free energy is nan at step 3; look at s\[3, 1\] = nan.*s1"
    ):
        free_energy(**good | {"s": _changed(good["s"], (3, 1), np.nan)})
    with pytest.raises(
        NumericalError, match=r"transition of the free energy is nan at step 1; look at s\[0, 0\] = nan"
    ):
        free_energy(**good | {"s": _changed(good["s"], (0, 0), np.nan)})
    with pytest.raises(
        NumericalError, match=r"decision of the free energy is nan at step 2; look at q_d\[2, 0\] = nan.*d0"
    ):
        free_energy(**good | {"q_d": _changed(good["q_d"], (2, 0), np.nan)})


def test_counts_too_small_for_a_logarithm_are_named_by_their_term(good):
    b = np.full((2, 2, 2, 2), 1e-310)  # its digamma overflows
    with pytest.raises(NumericalError, match=r"transition of the free energy is .* at step 1; look at b of the model"):
        free_energy(**good | {"model": good["model"].replace(b=b)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Gamma": 1.2}, r"Gamma = 1\.2 must be in \[0, 1\].*1 - 2 Gamma"),
        ({"Gamma": [0, 0.5, -0.1, 1]}, r"Gamma\[2\] = -0\.1 must be in"),
        ({"Gamma": np.nan}, "Gamma = nan"),
        ({"Gamma": [0.5, 0.5]}, r"Gamma has shape \(2,\) and must be one number or \(4,\)"),
        ({"Gamma": "high"}, "Gamma must be an array of real numbers"),
        ({"s": np.full((4, 2), 0.5)}, r"s has shape \(4, 2\) and must be \(5, 2\).*one before them"),
        ({"q_d": np.full((5, 3), 0.5)}, r"q_d has shape \(5, 3\) and must be \(5, 2\)"),
        ({"prior_counts": 3}, "prior_counts = 3 must be of kind GenerativeModel"),
        ({"q_d": None}, "q_d is missing, and the model has 2 decisions"),
        ({"s": np.full((5, 2), 1.5)}, r"s of s0 at step 0 is 1\.5 and must be in"),
        ({"q_d": np.full((5, 2), -1.0)}, r"q_d of d0 at step 1 is -1"),
        ({"o": [[2, 0, 0]] * 4}, "o of o0 at step 1 is 2"),
    ],
)
def test_bad_series_are_refused(good, change, message):
    with pytest.raises(ParameterError, match=message):
        free_energy(**good | change)


def test_the_first_state_is_the_initial_one(good):
    model = good["model"].replace(initial=np.full((2, 2), 0.002))
    with pytest.raises(ParameterError, match=r"s\[0, 0\] = .* must be 0\.002, the model's initial weight of s0 = 1"):
        free_energy(**good | {"model": model})
    s = _changed(good["s"], 0, 0.002)
    assert np.isfinite(free_energy(**good | {"model": model, "s": s}).attrs["total"])
    s = _changed(s, (2, 0), -0.5)
    with pytest.raises(ParameterError, match="s of s0 at step 2"):
        free_energy(**good | {"model": model, "s": s})


def test_beliefs_and_their_free_energy_are_one_dataset(good):
    b, F = infer(good["model"], good["o"]), free_energy(**good)
    both = xr.merge([b, F], join="outer")
    assert both.terms.dims == ("term", "step")
    assert both.decision.values.tolist() == ["d0", "d1"]
    np.testing.assert_allclose(both.terms.sum("term")[1:], F.free_energy, rtol=1e-14)  # the same five numbers
    assert (b.attrs["verb"], F.attrs["verb"]) == ("infer", "free_energy")
    assert b.attrs["model"] == F.attrs["model"] == good["model"].digest()
    assert all("units" in both[name].attrs for name in both.variables)


def test_a_divergence_that_is_not_a_number_is_refused(good):
    small = good["model"].replace(b=np.full((2, 2, 2, 2), 1e-310), expectation="ratio")
    with pytest.raises(NumericalError, match="the free energy of all steps is"):
        free_energy(**good | {"model": small}, prior_counts=good["model"])


def test_decisions_without_a_model_of_them_are_refused(good):
    model = GenerativeModel(a=good["model"].a)
    with pytest.raises(ParameterError, match="q_d is given, and the model has no decisions"):
        free_energy(**good | {"model": model})
