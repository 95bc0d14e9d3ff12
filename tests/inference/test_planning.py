"""Expected free energy against enumeration of everything that can happen, and a planner in the T-maze."""

from dataclasses import replace
from itertools import product
from math import log, prod

import numpy as np
import pytest

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.planning import (
    Pomdp,
    act,
    compare_habit,
    construct_policies,
    expected_free_energy,
    forward_filter,
    t_maze_habit,
    t_maze_outcomes,
    t_maze_pomdp,
)
from synfer.inference.tasks import TMaze

TERMS = ("risk", "ambiguity", "epistemic_value", "pragmatic_value")


def random_pomdp(seed, n_states=3, n_actions=2, n_outcomes=(2, 3)) -> Pomdp:
    """A model some of whose probabilities are 0."""
    rng = np.random.default_rng(seed)

    def columns(*shape):
        weights = rng.uniform(0, 1, shape) * (rng.random(shape) < 0.7)
        weights[rng.integers(shape[0])] += 0.1
        return weights / weights.sum(axis=0)

    return Pomdp(
        A=[columns(n, n_states) for n in n_outcomes],
        B=columns(n_states, n_states, n_actions),
        C=[rng.normal(0, 2, n) for n in n_outcomes],
        D=rng.dirichlet(np.ones(n_states)),
    )


def enumerated(pomdp, policy):
    """The terms of every step, from the probability of every sequence of states and outcomes, one at a time."""
    states, steps = range(pomdp.n_states), len(policy)
    outcomes = list(product(*(range(n) for n in pomdp.n_outcomes)))
    preferred = {o: sum(C[k] - log(sum(np.exp(C))) for C, k in zip(pomdp.C, o, strict=True)) for o in outcomes}
    emits = {(o, s): prod(A[k, s] for A, k in zip(pomdp.A, o, strict=True)) for o in outcomes for s in states}
    pairs = [dict.fromkeys(emits, 0.0) for _ in range(steps)]
    for path in product(states, repeat=steps + 1):
        moves = zip(policy, path, path[1:], strict=False)
        of_path = pomdp.D[path[0]] * prod(pomdp.B[after, before, u] for u, before, after in moves)
        for seen in product(outcomes, repeat=steps):
            p = of_path * prod(emits[o, s] for o, s in zip(seen, path[1:], strict=True))
            for t in range(steps):
                pairs[t][seen[t], path[t + 1]] += p
    for pair in pairs:
        q_s = [sum(pair[o, s] for o in outcomes) for s in states]
        q_o = {o: sum(pair[o, s] for s in states) for o in outcomes}
        happens = {key: p for key, p in pair.items() if p > 0}
        yield (
            sum(p * (log(p) - preferred[o]) for o, p in q_o.items() if p > 0),
            -sum(p * log(emits[key]) for key, p in happens.items()),
            sum(p * log(p / q_o[o] / q_s[s]) for (o, s), p in happens.items()),
            sum(p * preferred[o] for o, p in q_o.items()),
        )


@pytest.mark.parametrize("seed", range(3))
def test_terms_are_those_of_all_sequences_of_states_and_outcomes(seed):
    pomdp = random_pomdp(seed)
    found = expected_free_energy(pomdp, 2)
    truth = np.array([list(enumerated(pomdp, policy)) for policy in construct_policies(pomdp, 2)])
    # Sums of 36 * 27 products of 5 factors, of order 1: 1e3 roundings at most.
    for k, name in enumerate(TERMS):
        np.testing.assert_allclose(found[name].values, truth[:, :, k], rtol=0, atol=1e-12)
    G = (truth[:, :, 0] + truth[:, :, 1]).sum(axis=1)
    np.testing.assert_allclose(found.q_pi.values, np.exp(-16 * G) / np.exp(-16 * G).sum(), rtol=1e-10)
    first = [found.q_pi.values[found.policies[:, 0].values == u].sum() for u in range(2)]
    np.testing.assert_allclose(found.q_action.values, first, rtol=1e-13)


@pytest.mark.parametrize("seed", range(10))
def test_risk_and_ambiguity_are_epistemic_and_pragmatic_value(seed):
    pomdp = random_pomdp(seed, n_states=7, n_actions=3, n_outcomes=(4, 3, 2))
    d = expected_free_energy(pomdp, 3, np.random.default_rng(seed).dirichlet(np.ones(7)))
    size = sum(abs(d[name]) for name in TERMS)
    assert float((abs(d.risk + d.ambiguity + d.epistemic_value + d.pragmatic_value) / size).max()) < 1e-12
    assert float(d.epistemic_value.min()) > -1e-12
    assert float(d.risk.min()) > -1e-12


def test_outcomes_that_tell_all_or_nothing():
    q = np.array([0.5, 0.3, 0.2])
    B = np.eye(3)[:, :, None]
    clear = expected_free_energy(Pomdp(A=np.eye(3), B=B, D=q), [[0]]).squeeze()
    assert float(clear.ambiguity) == 0
    assert float(clear.epistemic_value) == pytest.approx(-(q * np.log(q)).sum(), abs=1e-15)
    blind = expected_free_energy(Pomdp(A=np.full((2, 3), 0.5), B=B, D=q), [[0]]).squeeze()
    assert float(blind.ambiguity) == pytest.approx(log(2), abs=1e-15)
    assert float(blind.epistemic_value) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_filter_is_bayes_rule_over_all_sequences_of_states(seed):
    pomdp = random_pomdp(seed)
    actions, outcomes = [1, 0, 1], None
    rng = np.random.default_rng(seed)
    while outcomes is None:  # some that can happen
        tried = np.column_stack([rng.integers(n, size=4) for n in pomdp.n_outcomes])
        weights = np.zeros((4, 3))
        for t in range(4):
            for path in product(range(3), repeat=t + 1):
                p = pomdp.D[path[0]] * prod(pomdp.B[path[i + 1], path[i], actions[i]] for i in range(t))
                weights[t, path[t]] += p * prod(
                    A[o, s] for s, own in zip(path, tried[: t + 1], strict=True)
                    for A, o in zip(pomdp.A, own, strict=True)
                )  # fmt: skip
        outcomes = tried if weights[-1].sum() > 0 else None
    d = forward_filter(pomdp, outcomes, actions)
    total = weights.sum(axis=1)
    # 3^4 products of 11 factors.
    np.testing.assert_allclose(d.belief.values, weights / total[:, None], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(d.log_evidence.values.cumsum(), np.log(total), rtol=1e-13)


@pytest.mark.parametrize("p", [0.6, 0.98, 1.0])
def test_t_maze_in_closed_form(p):
    ambiguity = -sum(x * log(x) for x in (p, 1 - p) if x > 0)
    d = expected_free_energy(t_maze_pomdp(TMaze(p_reward=p), reward=2.5, loss=-4.0), 1).isel(step=0)
    constant = log(4) + log(3) + log(1 + np.exp(2.5) + np.exp(-4.0))
    expected = {
        "centre": (0.0, 0.0, 0.0),
        "left": (ambiguity, log(2) - ambiguity, (2.5 - 4.0) / 2),
        "right": (ambiguity, log(2) - ambiguity, (2.5 - 4.0) / 2),
        "cue": (0.0, log(2), 0.0),
    }
    for policy, (unsure, learned, wanted) in expected.items():
        own = d.sel(policy=policy)
        assert float(own.ambiguity) == pytest.approx(unsure, abs=1e-14)
        assert float(own.epistemic_value) == pytest.approx(learned, abs=1e-14)
        assert float(own.pragmatic_value) == pytest.approx(wanted - constant, abs=1e-14)


def test_planner_sees_the_cue_first_and_is_rewarded_as_often_as_the_task_allows():
    task = TMaze(p_reward=0.93)
    d = act(t_maze_pomdp(task), task, outcomes=t_maze_outcomes, trials=600, seed=5)
    # A first step elsewhere has probability 1e-5.
    assert (d.d[:, 0] == 3).all()
    assert (d.moves == 2).all()
    assert d.reached.all()
    # 4 standard errors of 600 trials.
    assert abs(float((d.outcome == 0).mean()) - 0.93) < 4 * np.sqrt(0.93 * 0.07 / 600)


def test_planner_that_does_not_care_to_know_goes_to_the_cue_by_chance():
    # Gain and loss alike, so that all four places are worth the same: uniform, whatever gamma.
    pomdp = t_maze_pomdp(reward=3, loss=-3)
    d = act(pomdp, TMaze(), outcomes=t_maze_outcomes, trials=600, objective="pragmatic_value", seed=5)
    assert abs(float((d.d[:, 0] == 3).mean()) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 600)
    # Of arms entered before the cue, half are right: 2/3 of all trials, as centre, left and right are alike.
    rewarded = 2 / 3 * 0.5 + 1 / 3 * 0.98
    assert abs(float((d.outcome == 0).mean()) - rewarded) < 4 * np.sqrt(rewarded * (1 - rewarded) / 600)


def test_cue_that_says_nothing_draws_nobody():
    maze = t_maze_pomdp()
    location, cue, reward = maze.A
    mute = np.where(cue[0] == 1, cue, np.array([[0.0], [0.5], [0.5]]))
    d = expected_free_energy(Pomdp(A=(location, mute, reward), B=maze.B, C=maze.C, D=maze.D, actions=maze.actions), 2)
    assert float(abs(d.epistemic_value.sel(policy="cue, cue")).max()) < 1e-15
    # The cue is ambiguous now, and what it may say as little wanted as any other outcome.
    assert float(d.q_action.sel(action="cue")) == pytest.approx(float(d.q_action.sel(action="centre")), rel=1e-12)


def test_habit_is_rewarded_half_of_the_time_where_the_planner_uses_the_cue():
    n = 150
    d = compare_habit(trials=n, seed=4)
    rewarded, cue_first = d.rewarded.mean("trial"), d.cue_first.mean("trial")
    assert float(cue_first.sel(agent="planner")) == 1
    assert float(rewarded.sel(agent="planner")) > 0.98 - 4 * np.sqrt(0.98 * 0.02 / n)
    # Before it has learned anything, E sends it to the cue in 1/4 of all trials, and arms are as good as each other.
    assert float(d.cue_first.sel(agent="habit")[:20].mean()) < 0.25 + 4 * np.sqrt(0.25 * 0.75 / 20)
    assert abs(float(rewarded.sel(agent="habit")) - 0.5) < 4 * np.sqrt(0.25 / n)
    assert (d.moves >= 1).all()


def test_a_habit_of_two_decisions_for_each_action_goes_where_they_say():
    """E sends it to the cue by decisions 6 and 7 of 8, action 3 of 4, before it has learned anything."""
    habit = t_maze_habit()
    E = np.full(8, 0.005)
    E[6:] = 0.485
    d = compare_habit(trials=5, model=habit.replace(c=np.repeat(habit.c, 2, axis=3), E=E, decisions=()), seed=3)
    # One trial of five elsewhere would be a chance of 1/7; none of them is there if decisions are taken for actions.
    assert int(d.cue_first.sel(agent="habit").sum()) >= 4


def test_trials_do_not_depend_on_how_many_there_are():
    pomdp = t_maze_pomdp(reward=3, loss=-3)
    few, many = (act(pomdp, TMaze(), outcomes=t_maze_outcomes, trials=n, seed=2) for n in (7, 20))
    assert few.d.equals(many.d[:7])
    assert few.outcome.equals(many.outcome[:7])


def test_outcomes_of_the_task_are_those_that_the_model_expects():
    task, pomdp = TMaze(p_reward=1.0), t_maze_pomdp(TMaze(p_reward=1.0))
    for key in range(8):
        state = task.init(key)
        for action in (0, 3, 3, 1):
            state = task.step(state, action)
            s = pomdp.states.index(
                f"{('centre', 'left arm', 'right arm', 'cue')[state.location]}, {('left', 'right')[state.side - 1]}"
            )
            seen = t_maze_outcomes(task.observe(state))
            assert [A[o, s] for A, o in zip(pomdp.A, seen, strict=True)] == [1, 1, 1]


def small(**changes):
    return Pomdp(**({"A": np.eye(2), "B": np.ones((2, 2, 2)) / 2} | changes))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: small(A=[[0.9, 0.2], [0.2, 0.8]]), r"A\[0\]\[:, 0\] sums to 1.1 and must sum to 1"),
        (lambda: small(A=[[1.2, 0.2], [-0.2, 0.8]]), r"A\[0\]\[1, 0\] = -0.2 is a probability"),
        (lambda: small(A=np.eye(3)), r"A\[0\] has shape \(3, 3\) and must be \(No, 2\)"),
        (lambda: small(B=np.ones((2, 3, 1)) / 2), r"B has shape \(2, 3, 1\) and must be \(Ns, Ns, Nu\)"),
        (lambda: small(C=[1, 2, 3]), r"C prefers among \[3\] outcomes .* \[2\]"),
        (lambda: small(C=[0, np.inf]), r"C\[0\]\[1\] = inf must be finite"),
        (lambda: small(D=[0.5, 0.3, 0.2]), "D has 3 probabilities and must have 2"),
        (lambda: small(actions=("a", "a")), "actions names 'a' twice"),
        (lambda: construct_policies(small(), 0), r"depth = 0 must be a whole number in 1 \.\. 10000"),
        (lambda: construct_policies(small(), 30), r"2\^30 policies .* use a smaller depth"),
        (lambda: expected_free_energy(small(), [[0, 2]]), r"policies\[0, 1\] = 2 must be an action in 0\.\.1"),
        (lambda: expected_free_energy(small(), 1, gamma=-1.0), "gamma = -1.0 must be finite and >= 0"),
        (lambda: expected_free_energy(small(), 1, objective="pragmatic"), "did you mean pragmatic_value"),
        (lambda: expected_free_energy(small(), 1, [0.5, 0.6]), r"belief\[:\] sums to 1.1"),
        (lambda: forward_filter(small(), [[0], [1]], []), r"must be \(T, 1\) and \(T - 1,\)"),
        (lambda: forward_filter(small(), [[2]]), r"outcome 2 of m0 at step 1 must be in 0\.\.1"),
        (lambda: forward_filter(small(), [[0.5]]), "outcomes of dtype float64 must be integers"),
        (
            lambda: act(small(B=np.ones((2, 2, 4)) / 2), TMaze(), outcomes=t_maze_outcomes, trials=1, seed=0),
            "3 outcomes .* model has 1 modalities",
        ),
        (lambda: forward_filter(small(), [[0], [0]], [5]), r"action 5 is not there"),
        (lambda: t_maze_pomdp("maze"), "task = 'maze' must be of kind TMaze"),
        (lambda: small(A=[]), "A is empty; give an array for each modality"),
        (lambda: small(A="ab"), "A = 'ab' must be a list of arrays"),
        (lambda: small(A=[[1, 0], [0]]), r"A\[0\] has shape|A\[0\] must be|A has"),
        (lambda: small(C=[1e308, -1e308]), r"C\[0\]\[0\] = 1e\+308 must be a preference within 1e\+100 nats"),
        (lambda: small(actions=("a", "a, a")), "actions holds 'a, a'; leave out ', '"),
        (lambda: small(states="ab"), "states = 'ab' must be a tuple of 2 names"),
        (lambda: construct_policies("maze", 1), "pomdp = 'maze' must be of kind Pomdp"),
        (lambda: expected_free_energy("maze", 1), "pomdp = 'maze' must be of kind Pomdp"),
        (lambda: expected_free_energy(small(), [[0], [0, 1]]), "policies are of unlike lengths"),
        (lambda: expected_free_energy(small(), "2"), "depth = '2' must be a whole number"),
        (lambda: expected_free_energy(small(), [[0, 1], [1, 1], [0, 1]]), r"policies\[2\] = \[0, 1\] is there twice"),
        (lambda: expected_free_energy(small(), 1, gamma="a"), "gamma = 'a' must be finite"),
        (lambda: forward_filter("maze", [[0]]), "pomdp = 'maze' must be of kind Pomdp"),
        (lambda: forward_filter(small(), [[0], [0, 1]], [0]), "outcomes has rows of unlike lengths"),
        (lambda: t_maze_outcomes([0, 1]), r"observation has shape \(2,\) and must have \(8,\)"),
        (
            lambda: act(t_maze_pomdp(), TMaze, outcomes=t_maze_outcomes, trials=1, seed=0),
            "task = TMaze is a class",
        ),
        (lambda: act(t_maze_pomdp(), TMaze(), outcomes=3, trials=1, seed=0), "outcomes = 3 must be a function"),
        (lambda: act(t_maze_pomdp(), TMaze(), outcomes=t_maze_outcomes, trials=1, T=2.0, seed=0), "T = 2.0 must be"),
        (lambda: compare_habit(trials=2, T="a", seed=0), "T = 'a' must be a whole number"),
        (lambda: compare_habit(trials=2, modulation="a", seed=0), "modulation = 'a' must be of kind RiskModulation"),
        (lambda: compare_habit(trials=2, model=3, seed=0), "model = 3 must be of kind GenerativeModel"),
        (lambda: compare_habit("maze", trials=2, seed=0), "task = 'maze' must be of kind TMaze"),
        (lambda: compare_habit(trials=2, seed="a"), "seed = 'a' must be"),
        (
            lambda: act(small(), TMaze(), outcomes=t_maze_outcomes, trials=1, seed=0),
            "the task has 4 actions and the model 2",
        ),
        (lambda: compare_habit(trials=2, linger=60, seed=0), r"linger = 60 must be a whole number in 0 \.\. 57"),
        (
            lambda: act(t_maze_pomdp(), TMaze(), outcomes=t_maze_outcomes, trials=0, seed=0),
            "trials = 0 must be a whole number >= 1",
        ),
    ],
)
def test_wrong_input_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        wrong()


def test_impossible_outcomes_are_named():
    with pytest.raises(NumericalError, match=r"outcomes \[1\] at step 1 have probability 0"):
        forward_filter(small(D=[1.0, 0.0]), [[1]])


def test_a_precision_as_large_as_numbers_are_takes_the_best_policy():
    pomdp = small(C=[2.0, 0.0], B=np.stack([np.diag([1.0, 1.0]), np.array([[0.0, 0.0], [1.0, 1.0]])], axis=2))
    found = expected_free_energy(pomdp, 2, gamma=1e308)
    best = found.expected_free_energy.values == found.expected_free_energy.values.min()
    np.testing.assert_array_equal(found.q_pi.values, best / best.sum())
    far = expected_free_energy(small(C=[1e100, -1e100]), 2)
    assert np.isfinite(far.expected_free_energy).all()
    assert np.isfinite(far.q_pi).all()


def test_results_say_what_they_come_from():
    pomdp, habit = t_maze_pomdp(), t_maze_habit()
    run = act(pomdp, TMaze(), outcomes=t_maze_outcomes, trials=2, seed=0)
    both = compare_habit(trials=2, seed=0)
    found = expected_free_energy(pomdp, 1)
    beliefs = forward_filter(pomdp, [[0, 0, 0]])
    names = ("act", "compare_habit", "expected_free_energy", "forward_filter")
    for name, ds in zip(names, (run, both, found, beliefs), strict=True):
        assert (ds.verb, ds.pomdp) == (name, pomdp.digest())
        assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []
    assert run.task == both.task == repr(TMaze())
    assert both.model == habit.digest()
    assert run.trial.values.tolist() == both.trial.values.tolist() == [0, 1]
    assert t_maze_pomdp(reward=2).digest() != pomdp.digest()
    for axis in ("modalities", "states", "actions"):
        named = replace(pomdp, **{axis: [f"{name}'" for name in getattr(pomdp, axis)]})
        assert named.digest() != pomdp.digest() == replace(named, **{axis: getattr(pomdp, axis)}).digest()
