"""What an agent believed and counted, replayed from what it did: nothing in it depends on the prior E that it had.

Observations follow from the task and the decisions, states s_t from observations, counts from both and from risk. What
C says about the decisions at t,
    alpha_t = lnC^T [s; s-]_{t-1}    (of d = 1 against 0),
is therefore known, and p_t ~ 1 / (e^-z + 1e-6 (1 + e^-z)), z = alpha_t + ln E - ln(1 - E), has E alone to be estimated.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.agent.fit import actions_of
from synfer.inference.agent.forced import Followed, Follower
from synfer.inference.agent.trial import Plan
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import begin

KEYS = 4
"""Keys of `init` that are tried to see whether a task has one start."""


class Statistics(NamedTuple):
    """All that the likelihood of E takes of one trial, by distinct beliefs.

    Classes are decisions that C cannot tell apart; where decisions are seen, each is one of its own.

    Attributes:
        alpha: (n, J) log odds of a decision of each class, from C alone [nats].
        seen: (n, K) how often each of what can be seen (decisions or actions) followed.
    """

    alpha: np.ndarray
    seen: np.ndarray


class Classes(NamedTuple):
    """J classes: size (J,), how many decisions are in each; seen (J,), as which of K they are seen; first (J,)."""

    size: np.ndarray
    seen: np.ndarray
    first: np.ndarray


def decision_classes(model: GenerativeModel) -> Classes:
    """Every decision by itself."""
    own = np.arange(model.n_decisions)
    return Classes(np.ones(own.size), own, own)


def action_classes(model: GenerativeModel, n_actions: int) -> Classes:
    """Decisions that begin with the same action and have the same counts."""
    assert model.c is not None
    action = actions_of(model.n_decisions, n_actions)
    columns = np.column_stack([action, model.c.transpose(3, 0, 1, 2).reshape(model.n_decisions, -1)])
    _, first, size = np.unique(columns, axis=0, return_index=True, return_counts=True)
    return Classes(size.astype(np.float64), action[first], first)


def replay(
    model: GenerativeModel,
    task: Task,
    trials: Sequence[np.ndarray],
    keys: Sequence[int] | None,
    plan: Plan,
    classes: Classes,
    by_action: bool,
) -> Iterator[Statistics]:
    """The statistics of each trial of one agent, from decisions or actions (t_end,) of t = 1 .. t_end.

    Where actions alone are seen, counts of decisions are those expected: a class gets the share of an action's steps
    that C gives it among the decisions that begin with it, E being the same for all of them.
    """
    follower = Follower(model, task, plan, classes.first)
    kinds = task.n_actions if by_action else model.n_decisions
    keys = _keys(task, len(trials)) if keys is None else keys
    for number, (own, key) in enumerate(zip(trials, keys, strict=True)):
        followed = follower.follow(key, own * (model.n_decisions // kinds))
        if followed.t_end != own.size:
            raise ParameterError(
                f"trial {number} has {own.size} decisions, and the task is done after {followed.t_end} of them; give "
                f"decisions of this task in the same ordering, padded with -1 after the last"
            )
        yield _statistics(followed, own, kinds)
        expected = None
        if by_action:
            expected = _shares(followed.alpha, classes)[followed.row] * (own[:, None] == classes.seen)
        follower.learn(followed, expected)


def _statistics(followed: Followed, seen: np.ndarray, kinds: int) -> Statistics:
    """What was seen after each belief, counted."""
    n = len(followed.alpha)
    counts = np.bincount(followed.row * kinds + seen, minlength=n * kinds).reshape(n, kinds)
    return Statistics(followed.alpha, counts.astype(np.float64))


def _shares(alpha: np.ndarray, classes: Classes) -> np.ndarray:
    """(n, J) probability of one decision of each class, given its action, where E does not tell them apart."""
    share = np.empty_like(alpha)
    for action in np.unique(classes.seen):
        own = classes.seen == action
        weight = np.exp(alpha[:, own] - alpha[:, own].max(1, keepdims=True))
        share[:, own] = weight / (weight @ classes.size[own])[:, None]
    return share


def _keys(task: Task, trials: int) -> list[int]:
    if len({begin(task, key) for key in range(KEYS)}) > 1:
        raise ParameterError(
            f"{type(task).__name__} begins in different states; give keys, that of init for each of the {trials} trials"
        )
    return [0] * trials
