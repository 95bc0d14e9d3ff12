"""A planner in a task: filter, evaluate all policies, take an action, look again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, generator
from synfer.inference.tasks.contract import Task

from .expected import Objective, action_posterior, construct_policies, evaluate, policy_posterior
from .filtering import predict, update
from .pomdp import Pomdp
from .t_maze import t_maze_outcomes


def act(
    pomdp: Pomdp,
    task: Task,
    *,
    trials: int,
    depth: int = 2,
    gamma: float = 16.0,
    objective: Objective = "expected_free_energy",
    T: int = 20,
    outcomes: Callable[[np.ndarray], Sequence[int]] = t_maze_outcomes,
    seed: int,
) -> xr.Dataset:
    """Trials of a planner that knows the model, learns nothing, and plans anew after every outcome.

    Args:
        pomdp: What the planner believes; its actions are the task's.
        task: Where it acts; see `check_task`. Trial k begins in a state drawn under (seed, k).
        trials: Number of trials.
        depth: Actions that a policy looks ahead.
        gamma: Precision of policies; the action is drawn from their posterior.
        objective: As in `expected_free_energy`.
        T: Most actions in a trial.
        outcomes: How observations of the task are outcomes of the model's modalities; default: the T-maze.
        seed: Integer.

    Returns:
        By `trial`: `reached`, whether it came to an end; `steps`, its actions; `outcome` of its last step, 0 progress
        to 1 setback; `actions` (trial, step), -1 after its end.

    Raises:
        ParameterError: what does not fit.
        NumericalError: an outcome that the model holds impossible.

    Example:
        >>> from synfer.inference.planning import t_maze_pomdp
        >>> from synfer.inference.tasks import TMaze
        >>> d = act(t_maze_pomdp(), TMaze(), trials=20, seed=0)
        >>> d.actions[0, :3].values.tolist(), float((d.outcome == 0).mean())
        ([3, 1, -1], 1.0)
    """
    for name, value in {"trials": trials, "T": T}.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ParameterError(f"{name} = {value!r} must be an integer >= 1")
    if task.n_actions != pomdp.n_actions:
        raise ParameterError(
            f"the task has {task.n_actions} actions and the model {pomdp.n_actions}; they must be the same"
        )
    policies = construct_policies(pomdp, depth)
    known: dict[bytes, np.ndarray] = {}

    def law(belief: np.ndarray) -> np.ndarray:
        """Cumulative Q(u), remembered: beliefs come back."""
        key = belief.tobytes()
        if key not in known:
            q_pi = policy_posterior(evaluate(pomdp, policies, belief), gamma, objective)
            known[key] = np.cumsum(action_posterior(policies, q_pi, pomdp.n_actions))
        return known[key]

    actions = np.full((trials, T), -1, dtype=np.int64)
    ends = [_trial(pomdp, task, law, outcomes, check_seed(seed), k, actions[k]) for k in range(trials)]
    reached, steps, outcome = zip(*ends, strict=True)
    variables: dict[str, tuple[Any, ...]] = {
        "reached": (("trial",), np.array(reached), {"units": "1", "long_name": "whether the trial came to its end"}),
        "steps": (("trial",), np.array(steps)),
        "outcome": (("trial",), np.array(outcome), {"units": "1", "long_name": "outcome of the last step"}),
        "actions": (("trial", "step"), actions),
    }
    coords = {"trial": (("trial",), np.arange(1, trials + 1)), "step": (("step",), np.arange(1, T + 1))}
    return dataset(variables, coords, seed=seed, depth=depth, gamma=float(gamma), objective=objective)


def _trial(
    pomdp: Pomdp,
    task: Task,
    law: Callable[[np.ndarray], np.ndarray],
    outcomes: Callable[[np.ndarray], Sequence[int]],
    seed: int,
    k: int,
    actions: np.ndarray,
) -> tuple[bool, int, float]:
    """Whether the trial came to an end, after how many actions, and the outcome of the last."""
    draws = generator(seed, "planner", str(k)).random(len(actions))
    state = task.init(trial_key(seed, k))
    belief, outcome = update(pomdp, pomdp.D, outcomes(task.observe(state)))[0], 0.5
    for t, u in enumerate(draws):
        cumulative = law(belief)
        action = min(int(np.searchsorted(cumulative, u * cumulative[-1], side="right")), len(cumulative) - 1)
        actions[t] = action
        before, state = state, task.step(state, action)
        outcome = float(task.outcome(before, state))
        if task.done(state):
            return True, t + 1, outcome
        seen = outcomes(task.observe(state))
        belief = update(pomdp, predict(pomdp, belief, action), seen, step=t + 2)[0]
    return False, len(actions), outcome


def trial_key(seed: int, k: int) -> int:
    """The key of a trial's first state."""
    return int(generator(seed, "planner's task", str(k)).integers(2**62))
