"""Counts against loops written out; learning while the filter goes on; the published separation of sources."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.beliefs import infer, learn_online, update_counts
from synfer.inference.model import GenerativeModel

# Sums of T <= 60 numbers near 1 on counts near 20: at most 60 x 80 x 1.1e-16 = 5e-13.
ROUNDING = 1e-12


def written_out(model, o, s, d, Gamma, window, floor):
    """Counts a, b, c pair by pair and step by step; the floor after each window."""
    both = lambda x: (x, 1 - x)  # noqa: E731
    a, b, c = (None if x is None else x.copy() for x in (model.a, model.b, model.c))
    first = model.initial
    T, values = len(o), list(itertools.product((0, 1), repeat=2))
    for t in range(1, T + 1):
        now = [both(x) for x in s[t]]
        before = [
            (first[0, j], first[1, j]) if t == 1 and first is not None else both(x) for j, x in enumerate(s[t - 1])
        ]
        for j, (v, w) in itertools.product(range(len(now)), values):
            for i, x in enumerate(o[t - 1]):
                a[v, i, w, j] += both(x)[v] * now[j][w]
            for i in range(len(before) if b is not None else 0):
                b[v, i, w, j] += before[i][v] * now[j][w]
        for k, (v, w) in itertools.product(range(model.n_decisions if c is not None else 0), values):
            for i in range(len(before)):
                c[v, i, w, k] += (1 - 2 * Gamma[t - 1]) * before[i][v] * both(d[t, k])[w]
        if c is not None and floor is not None and (t % window == 0 or t == T):
            c[c < floor] = floor
    return a, b, c


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 3)),
    T=st.integers(1, 20),
    window=st.integers(1, 9),
    transitions=st.booleans(),
    weighted=st.booleans(),
)
def test_counts_are_the_loops_written_out(random_model, seed, sizes, T, window, transitions, weighted):
    rng = np.random.default_rng(seed)
    initial = rng.uniform(0.001, 0.2, (2, sizes[1])) if weighted else None
    model = random_model(seed, *sizes, transitions=transitions, initial=initial)
    o, s = rng.integers(0, 2, (T, sizes[0])), rng.random((T + 1, sizes[1]))
    if initial is not None:
        s[0] = initial[0]
    d = np.eye(sizes[2])[rng.integers(0, sizes[2], T + 1)] if sizes[2] else None
    Gamma = rng.random(T)
    learned = update_counts(model, o, s, d, Gamma, window=window, floor=1.0)
    for got, exact in zip(
        (learned.a, learned.b, learned.c), written_out(model, o, s, d, Gamma, window, 1.0), strict=True
    ):
        assert (got is None) == (exact is None)
        if got is not None:
            np.testing.assert_allclose(got, exact, rtol=0, atol=ROUNDING)


def test_the_floor_is_applied_window_by_window_in_order(random_model):
    model = random_model(1, Ns=2, Nd=2, scale=1.5)
    rng = np.random.default_rng(1)
    T, window = 60, 20
    o, s, d = rng.random((T, 3)), rng.random((T + 1, 2)), np.eye(2)[rng.integers(0, 2, T + 1)]
    Gamma = np.repeat([0.9, 0.1, 0.55], window)  # down to the floor, up, and down again
    learned = update_counts(model, o, s, d, Gamma, window=window, floor=1.0)
    exact = written_out(model, o, s, d, Gamma, window, 1.0)[2]
    np.testing.assert_allclose(learned.c, exact, rtol=0, atol=ROUNDING)
    at_once = update_counts(model, o, s, d, Gamma, floor=1.0)
    backwards = update_counts(model, o[::-1], s, d, Gamma[::-1], window=window, floor=1.0)
    assert min(np.abs(other.c - learned.c).max() for other in (at_once, backwards)) > 1
    np.testing.assert_allclose(learned.a, at_once.a, rtol=1e-14)  # the floor is one of decisions alone


def test_risk_one_half_learns_no_decisions_and_no_risk_adds_one_count_a_step(random_model):
    model = random_model(2, Nd=3)
    rng = np.random.default_rng(2)
    o, s, d = rng.random((7, 3)), rng.random((8, 2)), rng.random((8, 3))
    assert (update_counts(model, o, s, d, 0.5).c == model.c).all()
    learned = update_counts(model, o, s, d)
    for name in "abc":
        added = (getattr(learned, name) - getattr(model, name)).sum((0, 2))
        np.testing.assert_allclose(added, 7, rtol=1e-13)  # of every pair, whatever the beliefs are


def test_a_series_may_be_counted_in_two_parts(random_model):
    model = random_model(3, Nd=3)
    rng = np.random.default_rng(3)
    o, s, d, Gamma = rng.random((9, 3)), rng.random((10, 2)), rng.random((10, 3)), rng.random(9) / 2
    parts = update_counts(update_counts(model, o[:4], s[:5], d[:5], Gamma[:4]), o[4:], s[4:], d[4:], Gamma[4:])
    whole = update_counts(model, o, s, d, Gamma)
    for name in "abc":
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-14)


@pytest.mark.parametrize("every", [1, 3, 100])
@pytest.mark.parametrize("taken", [True, False])
def test_learning_online_is_inference_and_counting_in_turn(random_model, every, taken):
    model = random_model(4, Nd=3, scale=3.0)
    rng = np.random.default_rng(4)
    T = 20
    o, Gamma = rng.random((T, 3)), rng.random(T)
    d = np.eye(3)[rng.integers(0, 3, T + 1)] if taken else None
    result = learn_online(model, o, d, Gamma, every=every, floor=0.5)
    assert (result.attrs["verb"], result.attrs["model"]) == ("learn_online", model.digest())
    states, own = [infer(model, o).s.values[0]], model
    for start in range(0, T, every):
        part = slice(start, min(start + every, T))
        b = infer(own, o[part])
        decisions = b.q_d.values if d is None else d[start : part.stop + 1]
        states += list(b.s.values[1:])
        own = update_counts(own, o[part], b.s, decisions, Gamma[part], floor=0.5).replace(initial=states[-1])
    np.testing.assert_allclose(result.s, states, rtol=0, atol=ROUNDING)
    for name in "abc":
        np.testing.assert_allclose(result[name], getattr(own, name), rtol=0, atol=ROUNDING)
    assert model.replace(c=result.c).c.tolist() == result.c.values.tolist()
    if every >= T:
        assert result.q_d.equals(infer(model, o).q_d)


@functools.cache
def bss():
    """The separation of two sources of which results are published: model before learning, and what it observes."""
    legacy = np.random.RandomState(0)
    o = np.empty((25_600, 32))
    for row in o:
        first, second = legacy.randint(2, size=2)
        P = np.repeat([(3 * first + second) / 4, (first + 3 * second) / 4], 16)
        row[:] = legacy.rand(32) < P
    total = 200 + 200 * legacy.rand(32, 2)
    one = np.repeat([[0.52, 0.51], [0.51, 0.52]], 16, axis=0)
    zero = np.repeat([[0.48, 0.49], [0.49, 0.48]], 16, axis=0)
    P = np.stack([one, zero], axis=1)
    a = np.stack([P, 1 - P]) * total[:, None, :]
    return GenerativeModel(a=a), o


# 64 products of up to 8 nats a step, each rounded, through a logistic of slope 1/4: 64 x 8 x 1.1e-16 / 4 = 1.4e-14 at
# worst in either program.
PUBLISHED = 3e-14


def test_published_separation_of_two_sources(data_file):
    with np.load(data_file("bss/bss.npz")) as file:
        published = file["qs"]
    model, o = bss()
    result = learn_online(model, o)
    np.testing.assert_allclose(result.s.values[1:], published[:, :2], rtol=0, atol=PUBLISHED)


def test_published_separation_by_inference_and_counting_in_turn(data_file):
    with np.load(data_file("bss/bss.npz")) as file:
        published = file["qs"]
    (model, o), steps = bss(), 150
    for t, row in enumerate(o[:steps]):
        s = infer(model, [row]).s.values
        np.testing.assert_allclose(s[1], published[t, :2], rtol=0, atol=PUBLISHED)
        model = update_counts(model, [row], s)
    ratio = learn_online(bss()[0].replace(expectation="ratio"), o[:steps]).s.values[1:]
    assert np.abs(ratio - published[:steps, :2]).max() > 1e-4  # the other form is seen


@pytest.fixture
def good(random_model):
    rng = np.random.default_rng(5)
    return {
        "model": random_model(5, Nd=2),
        "o": rng.random((4, 3)),
        "s": rng.random((5, 2)),
        "d": np.eye(2)[rng.integers(0, 2, 5)],
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d": None}, "d is missing, and the model has 2 decisions"),
        ({"d": np.ones((4, 2))}, r"d has shape \(4, 2\) and must be \(5, 2\)"),
        ({"s": np.full((5, 2), np.nan)}, "s of s0 at step 0 is nan"),
        ({"Gamma": -0.5}, r"Gamma = -0\.5 must be in \[0, 1\]"),
        ({"window": 0}, "window = 0 must be a whole number >= 1"),
        ({"window": 2.5}, r"window = 2\.5 must be"),
        ({"floor": 0.0}, r"floor = 0\.0 must be a number > 0"),
        ({"floor": "x"}, "floor = 'x' must be a number > 0"),
        ({"floor": True}, "floor = True must be a number > 0"),
        ({"model": "model"}, "model = 'model' must be of kind GenerativeModel"),
        ({"floor": np.nan}, "floor = nan must be a number > 0"),
    ],
)
def test_bad_learning_is_refused(good, change, message):
    with pytest.raises(ParameterError, match=message):
        update_counts(**good | change)


def test_unlearning_below_0_is_refused_with_the_pair_and_the_repair(good):
    good["model"] = good["model"].replace(c=np.full((2, 2, 2, 2), 0.1))
    with pytest.raises(ParameterError, match=r"c of s[01] = [01] before d[01] = [01] falls to -.*floor=1\.0"):
        update_counts(**good, Gamma=1.0)
    with pytest.raises(ParameterError, match=r"c of s[01] = [01] before d[01] = [01] falls to -"):
        learn_online(good["model"], good["o"], good["d"], 1.0)
    assert update_counts(**good, Gamma=1.0, floor=0.1).c.min() == 0.1


def test_bad_online_learning_is_refused(good):
    with pytest.raises(ParameterError, match="floor = 'x' must be"):
        learn_online(good["model"], good["o"], floor="x")
    with pytest.raises(ParameterError, match="every = 0 must be"):
        learn_online(good["model"], good["o"], every=0)
    with pytest.raises(ParameterError, match="d is given, and the model has no decisions"):
        learn_online(GenerativeModel(a=good["model"].a), good["o"], good["d"])
    a = good["model"].a.copy()
    a[1, 0, 0, 0] = 1e-310  # its digamma overflows
    for every in (1, 5):
        with pytest.raises(NumericalError, match="s of s0 at step 2 is nan"):
            learn_online(good["model"].replace(a=a), [[0, 0, 0], [1, 0, 0]] * 2, every=every)
