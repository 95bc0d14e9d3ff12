"""What an agent believed and counted, replayed from what it did: nothing in it depends on the prior E that it had.

Observations follow from the task and the decisions, states s_t from observations, counts from both and from risk. What
C says about the decisions at t,
    alpha_t = lnC^T [s; s-]_{t-1}    (of d = 1 against 0),
is therefore known, and p_t ~ 1 / (e^-z + 1e-6 (1 + e^-z)), z = alpha_t + ln E - ln(1 - E), has E alone to be estimated.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from synfer.core.errors import ParameterError

from ..agent import counting
from ..agent.modulation import RiskModulation
from ..agent.stepwise import Modern
from ..agent.trial import Agent, Plan, World
from ..agent.walks import Beliefs, Course
from ..agent.weights import Mapping, Prior, Weights, no_mapping
from ..model import GenerativeModel
from ..tasks import Task

KEYS = 4
"""Keys of `init` that are tried to see whether a task has one start."""


class Evidence(NamedTuple):
    """What was seen in one trial, by distinct beliefs.

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
    action = actions_of(model, n_actions)
    columns = np.column_stack([action, model.c.transpose(3, 0, 1, 2).reshape(model.n_decisions, -1)])
    _, first, size = np.unique(columns, axis=0, return_index=True, return_counts=True)
    return Classes(size.astype(np.float64), action[first], first)


def actions_of(model: GenerativeModel, n_actions: int) -> np.ndarray:
    """(Nd,) the action that begins each decision."""
    return np.arange(model.n_decisions) * n_actions // model.n_decisions


def replay(
    model: GenerativeModel,
    task: Task,
    trials: Sequence[np.ndarray],
    keys: Sequence[int] | None,
    plan: Plan,
    classes: Classes,
    by_action: bool,
) -> Iterator[Evidence]:
    """The evidence of each trial of one agent, from decisions or actions (t_end,) of t = 1 .. t_end.

    Where actions alone are seen, counts of decisions are those expected: a class gets the share of an action's steps
    that C gives it among the decisions that begin with it, E being the same for all of them.
    """
    agent, world = Agent(model), World(task, plan, model)
    agent.c = np.ascontiguousarray(agent.c[:, classes.first])
    seen = task.n_actions if by_action else model.n_decisions
    forced, buffer = _flat(model), world.s
    bounds, values = np.array(plan.modulation.net), np.array(plan.modulation.risk)
    keys = _keys(task, len(trials)) if keys is None else keys
    for number, (own, key) in enumerate(zip(trials, keys, strict=True)):
        weights = agent.weights()
        first = own * (model.n_decisions // seen)
        world.s = buffer[: own.size + 1]
        course, beliefs, shown, _ = world.trial(
            int(key), forced(weights), agent.first, Modern((first + 0.5) / model.n_decisions)
        )
        if course.t_end != own.size:
            raise ParameterError(
                f"trial {number} has {own.size} decisions, and the task is done after {course.t_end} of them; give "
                f"decisions of this task in the same ordering, padded with -1 after the last"
            )
        evidence, row = _evidence(course, beliefs, weights.C, agent.first, own, seen)
        yield evidence
        Gamma = counting.risks(course, plan.modulation.window, bounds, values)
        counting.count_observations(agent.a, course, beliefs, shown)
        if agent.b is not None:
            counting.count_transitions(agent.b, course, beliefs)
        if by_action:
            share = _shares(evidence.alpha, classes)
            _expect_decisions(agent.c, course, beliefs, Gamma, plan.modulation, share[row], own, classes)
        else:
            counting.count_decisions(agent.c, course, beliefs, Gamma, plan.modulation.window, plan.modulation.floor)


def _flat(model: GenerativeModel) -> Any:
    """Weights under which every decision has the same probability, so that u = (d + 1/2) / Nd takes the decision d."""
    C = no_mapping(model.n_states, model.n_decisions)
    E = Prior(np.zeros(model.n_decisions), 0.0)
    return lambda weights: Weights(weights.A, weights.B, C, weights.D, E)


def _evidence(
    course: Course, beliefs: Beliefs, C: Mapping, first: np.ndarray, seen: np.ndarray, kinds: int
) -> tuple[Evidence, np.ndarray]:
    """By distinct belief, and (t_end,) which of them each decision followed; 0 is the first pair."""
    nodes, row = np.unique(course.row[1 : course.t_end], return_inverse=True)
    row = np.concatenate([[0], row + 1])
    alpha = np.concatenate([C.first[None], beliefs.s[nodes] @ C.W + C.h])
    counts = np.bincount(row * kinds + seen, minlength=len(alpha) * kinds).reshape(len(alpha), kinds)
    return Evidence(alpha, counts.astype(np.float64)), row


def _shares(alpha: np.ndarray, classes: Classes) -> np.ndarray:
    """(n, J) probability of one decision of each class, given its action, where E does not tell them apart."""
    share = np.empty_like(alpha)
    for action in np.unique(classes.seen):
        own = classes.seen == action
        weight = np.exp(alpha[:, own] - alpha[:, own].max(1, keepdims=True))
        share[:, own] = weight / (weight @ classes.size[own])[:, None]
    return share


def _expect_decisions(
    c: np.ndarray, course: Course, beliefs: Beliefs, Gamma: np.ndarray, modulation: RiskModulation,
    share: np.ndarray, seen: np.ndarray, classes: Classes,
) -> None:  # fmt: skip
    """c [value of d, class, value of s, s] learns what one decision of each class is expected to."""
    s = np.concatenate([beliefs.first[:1], beliefs.s[course.row[1 : course.t_end]]])
    pair = np.stack([s, 1 - s], axis=1)
    pair[0] = beliefs.first
    expected = share * (seen[:, None] == classes.seen)
    for w, gain in enumerate(1 - 2 * Gamma):
        part = slice(w * modulation.window, (w + 1) * modulation.window)
        taken = np.tensordot(expected[part], pair[part], (0, 0))
        c[0] = np.maximum(modulation.floor, c[0] + gain * taken)
        c[1] = np.maximum(modulation.floor, c[1] + gain * (pair[part].sum(0) - taken))


def _keys(task: Task, trials: int) -> list[int]:
    if len({task.init(key) for key in range(KEYS)}) > 1:
        raise ParameterError(
            f"{type(task).__name__} begins in different states; give keys, that of init for each of the {trials} trials"
        )
    return [0] * trials
