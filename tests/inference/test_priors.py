"""Priors from behaviour, against a likelihood written out step by step, and against agents whose prior is known."""

import numpy as np
import pytest

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.agent import RiskModulation, learn, learn_maze, maze_model
from synfer.inference.beliefs import infer, sampling_law, update_counts
from synfer.inference.model import GenerativeModel
from synfer.inference.priors import decision_frequency, estimate_prior, prior_recovery
from synfer.inference.priors.recovery import _one, _Stopped
from synfer.inference.tasks import Maze, TMaze

MAZE = Maze.generate(seed=4, width=19, height=7)
T = 500


def quick_learner(E_right):
    """An agent of the maze with a hundredth of its counts of decisions: its habits form within some trials of T."""
    model = maze_model(E_right)
    return model.replace(c=model.c / 100)


def cue_seeker(n_decisions):
    """An agent of the T-maze with three states, which decides at random at first."""
    c, E = np.full((2, 3, 2, n_decisions), 20.0), np.full(n_decisions, 1 / n_decisions)
    return GenerativeModel(a=np.ones((2, 8, 2, 3)), c=c, E=E, initial=np.full((2, 3), 0.5))


def prior(S):
    """256 decisions that share sums over actions."""
    return np.repeat(np.asarray(S) / 64, 64)


def actions(d):
    return np.where(d >= 0, d // 64, -1)


@pytest.fixture(scope="module")
def run():
    """Three trials, exact."""
    return learn_maze(
        quick_learner(0.3), MAZE, trials=3, seed=8, T=T, method="dense", record=("d", "position", "Gamma")
    )


def literal(model, run, first=0):
    """ln L of the decisions from trial `first` on, by beliefs alone: observed, inferred, decided, learned."""
    level = 0.0
    for trial in range(run.sizes["trial"]):
        own = run.isel(trial=trial)
        t_end = int((own.d.values >= 0).sum())
        d = own.d.values[1 : t_end + 1]
        o = np.array([MAZE.observe(tuple(p)) for p in own.position.values[1 : t_end + 1]], dtype=float)
        beliefs = infer(model, o)
        if trial >= first:
            law = sampling_law(log_odds=beliefs.log_odds.values[1:])
            level += np.log(law[np.arange(t_end), d]).sum()
        one_hot = np.zeros((t_end + 1, 256))
        one_hot[np.arange(1, t_end + 1), d] = 1
        Gamma = np.repeat(own.Gamma.values, 200)[:t_end]
        model = update_counts(model, o, beliefs.s.values, one_hot, Gamma, window=200, floor=1.0)
    return level


def test_the_likelihood_is_that_of_beliefs_step_by_step(run):
    found = estimate_prior(maze_model(0.1).replace(c=quick_learner(0.1).c), MAZE, run.d, method="dense")
    level = literal(quick_learner(0.3).replace(E=found.E.values), run)
    # Beliefs of two programs differ by roundings, 1e-13 in z, over 1500 steps.
    assert float(found.log_likelihood) == pytest.approx(level, rel=1e-10)
    table = estimate_prior(quick_learner(0.3), MAZE, run.d)
    # The table's laws are off by 2e-7 a step in total variation, far below the standard error of ln L.
    assert table.E_action.values == pytest.approx(found.E_action.values, abs=1e-4)


@pytest.mark.parametrize("last", [None, 1])
def test_the_estimate_is_its_maximum_and_the_error_its_curvature(run, last):
    found = estimate_prior(quick_learner(0.3), MAZE, run.d, method="dense", last=last)
    S, se = found.E_action.values, found.E_action_se.values
    first = 0 if last is None else run.sizes["trial"] - last

    def along(step):
        """ln L where S_right moves, and the others in the ratios that are likeliest: by the covariance, in ratio."""
        other = S.copy()
        other[3] += step * se[3]
        other[:3] *= (1 - other[3]) / S[:3].sum()
        return literal(quick_learner(0.3).replace(E=prior(other)), run, first)

    top, up, down = along(0.0), along(0.3), along(-0.3)
    assert top > max(up, down)
    # The profile falls by step^2/2 where others follow at their best, and by no less on another line; cubic terms 5 %.
    slope, curvature = (up - down) / 0.6, (up + down - 2 * top) / 0.09
    assert abs(slope) < 0.02
    assert -1.3 < curvature < -0.95


def test_before_anything_is_learned_the_estimate_is_the_frequency():
    run = learn_maze(maze_model(0.35), Maze.generate(seed=3), trials=1, seed=2, T=6000, record="d")
    raw = decision_frequency(run.d, 256)
    assert abs((raw.E_action - [0.25, 0.25, 0.15, 0.35]) / raw.E_action_se).max() < 4
    every = estimate_prior(maze_model(0.35), Maze.generate(seed=3), run.d, by="decision")
    # p ~ E / (1 - E + 1e-6) with one parameter for each decision gives every frequency exactly; the last of Newton's
    # steps is below 1e-5 standard errors, 1e-5 x sqrt(1/256/6000) = 1e-8.
    law = sampling_law(log_odds=np.log(every.E.values) - np.log1p(-every.E.values))
    assert np.allclose(law, raw.E, rtol=0, atol=1e-8)
    assert every.E.values.sum() == pytest.approx(1, abs=1e-12)
    # Standard errors of proportions, but for the factor 1 / (1 - E), 1/256.
    assert every.E_action_se.values == pytest.approx(raw.E_action_se.values, rel=0.01)
    shared = estimate_prior(maze_model(0.35), Maze.generate(seed=3), run.d)
    assert shared.E_action.values == pytest.approx(every.E_action.values, abs=0.02 * raw.E_action_se.values.min())
    # Actions tell as much about sums over actions.
    seen = estimate_prior(maze_model(0.35), Maze.generate(seed=3), actions(run.d), seen="actions")
    assert seen.E_action.values == pytest.approx(shared.E_action.values, abs=1e-6)


def test_agents_that_share_a_prior_are_fitted_together(run):
    one = estimate_prior(quick_learner(0.3), MAZE, run.d)
    two = estimate_prior(quick_learner(0.3), [MAZE, MAZE], np.stack([run.d, run.d]))
    assert two.E_action.values == pytest.approx(one.E_action.values, abs=1e-8)
    assert two.E_action_se.values == pytest.approx(one.E_action_se.values / np.sqrt(2), rel=1e-6)
    assert int(two.n) == 2 * int(one.n)


def test_agents_that_have_learned_give_their_prior_away_to_the_likelihood_alone():
    # Errors of estimates over standard errors are normal: 4 agents x 4 sums exceed 4.5 once in 9000 runs. Habits have
    # formed, so that the frequency is tens of standard errors off; E is the same in all.
    mazes = [Maze.generate(seed=200 + k, width=39, height=11) for k in range(4)]
    found = prior_recovery(quick_learner(0.25), mazes, trials=3, seed=5, T=1500)
    z = abs((found.E_action - found.E_true) / found.E_action_se).max(("agent", "action"))
    assert float(z.sel(estimator="likelihood, all trials")) < 4.5
    assert float(z.sel(estimator="frequency")) > 10
    alone = prior_recovery(quick_learner(0.25), mazes, trials=3, seed=5, T=1500, workers=1)
    assert alone.equals(found)


def test_any_task_and_ordering():
    task = TMaze(p_left=1.0, p_reward=1.0)
    model = cue_seeker(8)
    d = learn(model, task, 200, seed=3, ordering="port", record="d").d
    found = estimate_prior(model, task, d, ordering="port")
    assert abs((found.E_action - 0.25) / found.E_action_se).max() < 4.5
    with pytest.raises(ParameterError, match="task is done after"):
        estimate_prior(model, task, np.array([[-1, 2, 4, 6]]), ordering="port")


def test_keys_of_tasks_that_begin_in_different_states():
    model = cue_seeker(4)
    task, d = TMaze(), np.array([[-1, 0, 1], [-1, 3, 2]])
    with pytest.raises(ParameterError, match="begins in different states; give keys"):
        estimate_prior(model, task, d)
    found = estimate_prior(model, task, np.tile(d, (20, 1)), keys=np.arange(40))
    assert int(found.n) == 80


def test_what_is_not_determined_is_not_estimated():
    """All decisions are all but certain, z >> 14, so that each is as likely as any other whatever E is."""
    c = np.full((2, 121, 2, 256), 3000.0)
    c[0, :, 1] = c[1, :, 1] = 1e3
    c[1, :, 1] = 2e3
    model = maze_model(0.3).replace(c=c)
    d = np.tile(np.arange(256), (1, 2))
    with pytest.raises(NumericalError, match="what was seen does not tell it"):
        estimate_prior(model, Maze.generate(seed=0), d)


SOME = np.array([[-1, *range(0, 256, 7)]])


@pytest.mark.parametrize(
    ("d", "arguments", "said"),
    [
        (SOME.astype(float), {}, "d is of type float64 and must be whole numbers"),
        (SOME + 40, {}, r"d\[0, 32\] = 257 must be in 0 \.\. 255"),
        (-np.ones((1, 3), int), {}, "d holds no decision"),
        (SOME[0], {}, r"d has shape \(38,\) and must be \(trial, step\)"),
        (np.array([[1, -1, 3]]), {}, "without a gap"),
        (SOME, {"by": "decision"}, "decision 1 is never taken in the trials fitted to.*or by='action'"),
        (SOME % 64, {}, "action 1 is never taken in the trials fitted to"),
        (SOME, {"last": 0}, "last = 0 must be a whole number >= 1"),
        (SOME, {"seen": "action"}, "seen = 'action' is unknown; did you mean actions"),
        (SOME, {"seen": "actions"}, r"must be in 0 \.\. 3"),
        (SOME % 4, {"seen": "actions", "by": "decision"}, "tells nothing about single decisions"),
        ([[1, 2], [1]], {}, "d has rows of unlike lengths; pad them with -1"),
        (SOME, {"last": True}, "last = True must be a whole number >= 1"),
        (SOME, {"keys": "a"}, "keys is of type <U1 and must be whole numbers"),
        (SOME, {"keys": [-4]}, r"keys\[0\] = -4 must be >= 0"),
        (SOME, {"modulation": 3}, "modulation = 3 must be of kind RiskModulation"),
        (SOME, {"depth": 0}, "depth = 0 must be a whole number >= 1"),
        (SOME, {"model": "maze"}, "model = 'maze' must be of kind GenerativeModel"),
        (SOME, {"task": []}, "is no task"),
        (SOME, {"task": [MAZE, "maze"]}, "task = 'maze' is no task"),
        (SOME, {"keys": [1, 2]}, r"keys has shape \(2,\) and must have \(1, 1\), one for each agent and trial"),
        (SOME, {"ordering": "prot"}, "ordering = 'prot' is unknown; did you mean port"),
        (SOME, {"task": [MAZE, MAZE]}, r"must be \(trial, step\), or \(2, trial, step\) for 2 agents"),
        (SOME, {"model": GenerativeModel(a=np.ones((2, 121, 2, 1)))}, "the model takes no decisions"),
        (SOME, {"task": TMaze()}, "121 observations and the task shows 8"),
    ],
)
def test_what_does_not_fit_is_named(d, arguments, said):
    with pytest.raises(ParameterError, match=said):
        estimate_prior(**{"model": quick_learner(0.3), "task": MAZE, "d": d} | arguments)


def test_learning_without_risk_is_replayed_with_its_own_parameters():
    modulation = RiskModulation(window=50, risk=(0.2, 0.1, 0.0))
    model = quick_learner(0.25)
    d = learn_maze(model, MAZE, trials=4, seed=1, T=1000, modulation=modulation, record="d").d
    right = estimate_prior(model, MAZE, d, modulation=modulation)
    wrong = estimate_prior(model, MAZE, d)
    assert float(right.log_likelihood) > float(wrong.log_likelihood) + 10
    assert abs((right.E_action - 0.25) / right.E_action_se).max() < 4.5


def test_decisions_are_a_multiple_of_actions():
    with pytest.raises(ParameterError, match="10 decisions, which must be a multiple of the 4 actions"):
        decision_frequency([1, 2], n_decisions=10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"trials": 0}, "trials = 0 must be a whole number >= 1"),
        ({"workers": 0}, "workers = 0 must be a whole number >= 1"),
        ({"model": 3}, "model = 3 must be of kind GenerativeModel"),
        ({"task": [MAZE, TMaze]}, "TMaze is a class"),
        ({"progress": 3}, "progress = 3 must be a function of the fraction"),
        ({"seed": [1, "a"]}, "seed = 'a' must be"),
        ({"T": "long"}, "T = 'long' must be a whole number"),
    ],
)
def test_recoveries_that_make_no_sense_are_named(arguments, said):
    with pytest.raises(ParameterError, match=said):
        prior_recovery(**{"model": quick_learner(0.3), "task": [MAZE, MAZE], "trials": 1, "seed": 1} | arguments)


def test_results_say_what_they_come_from(run):
    found = estimate_prior(quick_learner(0.3), MAZE, run.d)
    assert (found.verb, found.model, found.task) == ("estimate_prior", quick_learner(0.3).digest(), [repr(MAZE)])
    assert [name for name, variable in found.variables.items() if not variable.attrs.get("units")] == []


def test_an_agent_stops_after_the_trial_in_which_another_has_failed():
    asked = []
    with pytest.raises(_Stopped):
        _one(quick_learner(0.3), MAZE, 50, 1, 30, None, lambda: bool(asked.append(1)) or len(asked) > 1)
    assert len(asked) == 2
