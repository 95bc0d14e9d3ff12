"""A planner in a task: filter, evaluate all policies, take an action, look again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, check_function
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, generator
from synfer.inference.planning.expected import (
    Objective,
    action_posterior,
    construct_policies,
    evaluate,
    policy_posterior,
)
from synfer.inference.planning.filtering import predict, update
from synfer.inference.planning.pomdp import Pomdp, check_pomdp
from synfer.inference.tasks.contract import Task, check_parts, words


def act(
    pomdp: Pomdp,
    task: Task,
    *,
    outcomes: Callable[[np.ndarray], Sequence[int]],
    trials: int,
    depth: int = 2,
    gamma: float = 16.0,
    objective: Objective = "expected_free_energy",
    T: int = 20,
    seed: int,
) -> xr.Dataset:
    """Trials of a planner that knows the model, learns nothing, and plans anew after every outcome.

    Args:
        pomdp: What the planner believes; its actions are the task's.
        task: Where it acts; see `check_task`. Trial k begins in a state drawn under (seed, k).
        outcomes: How observations of the task are outcomes of the model's modalities, (No,) to M indices; of the
            T-maze, `t_maze_outcomes`.
        trials: Number of trials.
        depth: Actions that a policy looks ahead (that of `learn` and `hitting_time` is memory).
        gamma: Precision of policies; the action is drawn from their posterior.
        objective: As in `expected_free_energy`.
        T: Most actions in a trial.
        seed: Integer.

    Returns:
        By `trial`, from 0: `reached`, whether it came to an end; `moves`, how many; `outcome` of its last step, 0
        progress to 1 setback; `d` (trial, step), the action decided on at steps 1, 2, ..., -1 after its end
        (`learn` has a step 0 before the first observation too, and its `d` are decisions, of which
        several may begin with one action).

    Raises:
        ParameterError: what does not fit.
        NumericalError: an outcome that the model holds impossible.

    Example:
        >>> from synfer.inference.planning import t_maze_outcomes, t_maze_pomdp
        >>> from synfer.inference.tasks import TMaze
        >>> run = act(t_maze_pomdp(), TMaze(), outcomes=t_maze_outcomes, trials=20, seed=0)
        >>> run.d[0, :3].values.tolist(), float((run.outcome == 0).mean())
        ([3, 1, -1], 1.0)
    """
    check_pomdp(pomdp)
    check_parts(task)
    check_function("outcomes", outcomes, "of an observation (No,); for example t_maze_outcomes")
    trials, T, seed = check_count("trials", trials), check_count("T", T), check_seed(seed)
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

    d = np.full((trials, T), -1, dtype=np.int64)
    ends = [_trial(pomdp, task, law, outcomes, seed, k, d[k]) for k in range(trials)]
    reached, moves, outcome = zip(*ends, strict=True)
    variables: dict[str, tuple[Any, ...]] = {
        "reached": (("trial",), np.array(reached)),
        "moves": (("trial",), np.array(moves)),
        "outcome": (("trial",), np.array(outcome), {"long_name": "outcome of the last step: 0 progress, 1 setback"}),
        "d": (("trial", "step"), d),
    }
    coords = {"trial": (("trial",), np.arange(trials)), "step": (("step",), np.arange(1, T + 1))}
    return dataset(
        variables, coords, verb="act", pomdp=pomdp.digest(), task=words(task), seed=seed, depth=depth, T=T,
        gamma=float(gamma), objective=objective,
    )  # fmt: skip


def _trial(
    pomdp: Pomdp,
    task: Task,
    law: Callable[[np.ndarray], np.ndarray],
    outcomes: Callable[[np.ndarray], Sequence[int]],
    seed: int,
    k: int,
    d: np.ndarray,
) -> tuple[bool, int, float]:
    """Whether the trial came to an end, after how many actions, and the outcome of the last; d (T,) is filled in."""
    draws = generator(seed, "planner", str(k)).random(len(d))
    state = task.init(trial_key(seed, k))
    belief, outcome = update(pomdp, pomdp.D, outcomes(task.observe(state)))[0], 0.5
    for t, u in enumerate(draws):
        cumulative = law(belief)
        action = min(int(np.searchsorted(cumulative, u * cumulative[-1], side="right")), len(cumulative) - 1)
        d[t] = action
        before, state = state, task.step(state, action)
        outcome = float(task.outcome(before, state))
        if task.done(state):
            return True, t + 1, outcome
        seen = outcomes(task.observe(state))
        belief = update(pomdp, predict(pomdp, belief, action), seen, step=t + 2)[0]
    return False, len(d), outcome


def trial_key(seed: int, k: int) -> int:
    """The key of a trial's first state."""
    return int(generator(seed, "planner's task", str(k)).integers(2**62))
