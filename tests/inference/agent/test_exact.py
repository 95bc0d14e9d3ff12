"""Truth: the verbs of beliefs, which know nothing of trials, tables or windows, put together trial by trial."""

from itertools import pairwise

import numpy as np
import pytest

from synfer.inference.agent import RiskModulation, learn
from synfer.inference.beliefs import choose, free_energy, infer, sampling_law, uniforms, update_counts

STEPS = 90
RULE = RiskModulation(window=20, net=(-1.0, 3.0), risk=(0.95, 0.45, 0.1), floor=3.0)
RECORD = ("d", "outcome", "state", "s", "q_d", "terms", "Gamma", "E_est")


def replay(model, ring, run, number, infers_first):
    """One trial from what is recorded of it: observed again, inferred, costed and counted by beliefs."""
    own = run.isel(trial=number)
    end = int(own.steps) - 1
    states = own.state_number[: end + 1, 0].values
    o = np.array([ring.observe(p) for p in states[1:]])
    b = infer(model, o)
    s, d = b.s.values.copy(), own.d.values[: end + 1]
    s[0] = model.initial[0]
    np.testing.assert_allclose(own.s[1 : end + 1], s[1:], rtol=0, atol=1e-12)
    np.testing.assert_allclose(own.q_d[1 : end + 1], b.q_d[1:], rtol=0, atol=1e-12)

    # Every decision follows from its law and its uniform number; every move from its decision.
    law = sampling_law(own.q_d.values[1 : end + 1])
    np.testing.assert_array_equal(d[1:], choose(law, uniforms(5, STEPS - 1, number)[:end]))
    action = d // 2
    moves = [ring.step(p, a) for p, a in zip(states[1:end], action[1:end], strict=True)]
    np.testing.assert_array_equal(states[2:], moves)

    G = np.zeros(end + 1)
    after = ring.step(states[end], action[end])
    where = np.append(states[1:], after) if infers_first else np.append(states[1], states[1:])
    G[1:] = [ring.outcome(*pair) for pair in pairwise(where)]
    np.testing.assert_array_equal(own.outcome[: end + 1], G)
    assert ring.done(where[-1]) == bool(own.reached)

    windows = [G[:end][w : w + 20] for w in range(0, end, 20)]
    net = np.array([20 * (1 - 2 * np.mean(w)) for w in windows])
    Gamma = np.select([net <= -1 + 1e-9, net <= 3 + 1e-9], [0.95, 0.45], 0.1)
    np.testing.assert_array_equal(own.Gamma[: len(Gamma)], Gamma)

    one_hot = np.eye(6)[d] * (np.arange(end + 1) > 0)[:, None]
    if end > 1:
        np.testing.assert_allclose(own.E_est, one_hot[2:].mean(0), atol=1e-15)
        F = free_energy(model, s[:end], own.q_d.values[:end], o[: end - 1], Gamma[np.arange(1, end) // 20])
        np.testing.assert_allclose(
            own.terms, F.terms.sum("step"), rtol=1e-12, atol=1e-11
        )  # 90 steps x rounding of 20 nats
        assert float(own.free_energy) == pytest.approx(F.attrs["total"], rel=1e-12)
    risk = Gamma[np.arange(end) // 20]
    return [update_counts(model, o, s, one_hot, risk, window=20, floor=floor) for floor in (3.0, 1e-9)]


@pytest.mark.parametrize("ordering", ["original", "port"])
@pytest.mark.parametrize("others", [{}, {"expectation": "ratio"}, {"b": None}], ids=["digamma", "ratio", "no B"])
def test_trials_are_what_beliefs_say_step_by_step(ring, ring_model, others, ordering):
    model = ring_model(seed=3, **others)
    run = learn(model, ring(), 6, 5, T=STEPS, method="dense", ordering=ordering, modulation=RULE, record=RECORD)
    assert run.reached.any()
    assert not run.reached.all()
    met = 0
    for number in range(6):
        model, lower = replay(model, ring(), run, number, ordering == "port")
        met += (model.c > lower.c + 1e-3).sum()
    assert met > 0  # counts that the floor has held up
    for name in ("a", "b", "c"):
        if getattr(model, name) is not None:
            # 6 x 90 additions of numbers below 1 to counts of up to 500, in another order.
            np.testing.assert_allclose(run[name], getattr(model, name), rtol=1e-12, atol=1e-10)


@pytest.mark.filterwarnings("ignore:a table of this depth")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_deep_table_is_the_recursion(ring, ring_model, depth):
    """In a world of T steps nothing is forgotten by a memory as deep."""
    same = {"T": 2 + depth, "modulation": RULE, "record": ("s", "q_d", "d", "terms")}
    tables, exact = (
        learn(ring_model(seed=1), ring(), 8, 2, **same, **how)
        for how in ({"method": "table", "depth": depth}, {"method": "dense"})
    )
    for name in ("d", "s", "q_d", "terms", "a", "b", "c"):
        np.testing.assert_allclose(tables[name], exact[name], rtol=1e-12, atol=1e-12)


def test_what_a_table_forgets_shrinks_with_its_depth(ring, ring_model):
    """Beliefs forget by a factor, so each further state remembered leaves less of the difference; C is flat, so that
    the course is the same."""
    model = ring_model(seed=1, c=np.full((2, 4, 2, 6), 100.0))
    exact = learn(model, ring(), 1, 3, T=STEPS, method="dense", record="s")
    error = []
    for depth in (1, 2, 3, 4):
        run = learn(model, ring(), 1, 3, T=STEPS, depth=depth, record="s")
        error.append(float(abs(run.s - exact.s).max()))
    assert error[0] > 0
    assert all(more > 2 * less for more, less in pairwise(error))


def test_a_task_too_large_for_tables_is_walked_step_by_step(ring, ring_model):
    """The same bytes through the functions of the task as on its graph."""
    same = {"T": STEPS, "method": "dense", "record": ("s", "d", "outcome", "terms")}
    on_graph = learn(ring_model(), ring(), 4, 7, **same)
    by_step = learn(ring_model(), ring(), 4, 7, **same, limit=2)
    for name in on_graph.variables:
        np.testing.assert_array_equal(on_graph[name], by_step[name])


@pytest.mark.parametrize("method", ["table", "dense"])
def test_trials_go_on_from_the_counts_they_left(ring, ring_model, method):
    model = ring_model()
    first = learn(model, ring(), 3, 1, T=STEPS, method=method)
    then = learn(model.replace(a=first.a, b=first.b, c=first.c), ring(), 2, 1, first=3, T=STEPS, method=method)
    whole = learn(model, ring(), 5, 1, T=STEPS, method=method)
    np.testing.assert_array_equal(np.r_[first.steps, then.steps], whole.steps)
    np.testing.assert_array_equal(np.r_[first.free_energy, then.free_energy], whole.free_energy)
    np.testing.assert_array_equal(np.r_[first.trial, then.trial], whole.trial)
    for name in "abc":
        np.testing.assert_array_equal(then[name], whole[name])
    n = int(first.steps.sum() - 3 + then.steps.sum() - 2)  # t_end steps each
    # Every step adds one to the four counts of every pair (o, s): 5 x 4 pairs.
    assert float(then.a.sum() - model.a.sum()) == pytest.approx(20 * n, rel=1e-12)


def test_results_do_not_depend_on_workers(ring, ring_model):
    tasks = [ring(n) for n in (4, 5, 6, 7)]
    runs = [learn(ring_model(), tasks, 3, 1, T=STEPS, workers=w, record=("d", "terms")) for w in (1, 2, 4)]
    for run in runs[1:]:
        assert run.identical(runs[0])
    seeds = runs[0].seed.values
    alone = learn(ring_model(), ring(6), 3, int(seeds[2]), T=STEPS)
    np.testing.assert_array_equal(alone.c, runs[0].c[2])
    assert len(set(seeds.tolist())) == 4
