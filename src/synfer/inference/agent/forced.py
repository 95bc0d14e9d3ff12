"""Agents that are made to act: by decisions that are given to them, or by chance alone, without learning.

Whoever studies behaviour sees an agent through these; how it infers and learns stays inside.
"""

from typing import NamedTuple

import numpy as np

from synfer.inference.agent import counting
from synfer.inference.agent.fit import actions_of
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.stepwise import Modern, walk
from synfer.inference.agent.trial import Agent, Plan, Trial, World
from synfer.inference.agent.weights import Prior, Weights, no_mapping
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import begin


class Followed(NamedTuple):
    """A trial of given decisions d_t, t = 1 .. t_end.

    Attributes:
        t_end: After so many the trial was over, which may be earlier than they end.
        alpha: (n, J) log odds of the decisions from c alone [nats], by distinct belief.
        row: (t_end,) the row of alpha that each decision followed; 0 is what the agent believes before the first step.
        trial: What there is to learn from, until the next trial.
    """

    t_end: int
    alpha: np.ndarray
    row: np.ndarray
    trial: Trial


class Follower:
    """An agent that takes the decisions it is given, with beliefs of its own, and learns from what comes of them.

    Args:
        model: Before the first trial.
        task: Where it acts.
        plan: How it runs and learns.
        columns: (J,) decisions whose counts c it keeps; default all of them.
    """

    def __init__(self, model: GenerativeModel, task: Task, plan: Plan, columns: np.ndarray | None = None) -> None:
        self.agent, self.world, self.modulation = Agent(model), World(task, plan, model), plan.modulation
        if columns is not None:
            self.agent.c = np.ascontiguousarray(self.agent.c[:, columns])
        # With these every decision has the same probability, so that u = (d + 1/2) / Nd takes the decision d.
        self.n = model.n_decisions
        self.C, self.E = no_mapping(model.n_states, self.n), Prior(np.zeros(self.n), 0.0)

    def follow(self, key: int, d: np.ndarray) -> Followed:
        """A trial from init(key) by the decisions d (t,)."""
        own, modulation = self.agent.weights(), self.modulation
        even = Weights(own.A, own.B, self.C, own.D, self.E)
        # How deep a table has to be follows from c, and not from the prior of the model.
        deep = Weights(own.A, own.B, own.C, own.D, Prior(np.zeros(own.C.h.size), 0.0))
        course, beliefs, shown, states = self.world.trial(key, even, self.agent.first, Modern((d + 0.5) / self.n), deep)
        Gamma = counting.risks(course, modulation.window, np.array(modulation.net), np.array(modulation.risk))
        nodes, row = np.unique(course.row[1 : course.t_end], return_inverse=True)
        alpha = np.concatenate([own.C.first[None], beliefs.s[nodes] @ own.C.W + own.C.h])
        nothing = np.empty(0)
        trial = Trial(course, beliefs, Gamma, nothing, own, shown, states, self.world.depth, self.world.truncation)
        return Followed(course.t_end, alpha, np.concatenate([[0], row + 1]), trial)

    def learn(self, followed: Followed, expected: np.ndarray | None = None) -> None:
        """Count what happened in the trial; instead of its decisions, where given, those expected (t_end, J)."""
        agent, trial = self.agent, followed.trial
        if expected is None:
            agent.learn(trial, self.modulation)
            return
        agent.learn_states(trial)
        _count_expected(agent.c, trial, expected, self.modulation)


def _count_expected(c: np.ndarray, trial: Trial, expected: np.ndarray, modulation: RiskModulation) -> None:
    """c [value of d, column, value of s, s] learns what every decision is expected to, window by window."""
    course, beliefs = trial.course, trial.beliefs
    s = np.concatenate([beliefs.first[:1], beliefs.s[course.row[1 : course.t_end]]])
    pair = np.stack([s, 1 - s], axis=1)
    pair[0] = beliefs.first
    for w, gain in enumerate(1 - 2 * trial.Gamma):
        part = slice(w * modulation.window, (w + 1) * modulation.window)
        taken = np.tensordot(expected[part], pair[part], (0, 0))
        c[0] = np.maximum(modulation.floor, c[0] + gain * taken)
        c[1] = np.maximum(modulation.floor, c[1] + gain * (pair[part].sum(0) - taken))


class Responses(NamedTuple):
    """T steps: o (T, No), s (T + 1, Ns) from before the first on, one-hot d (T + 1, Nd), outcome (T,)."""

    o: np.ndarray
    s: np.ndarray
    d: np.ndarray
    outcome: np.ndarray


def respond(model: GenerativeModel, task: Task, key: int, u: np.ndarray) -> Responses:
    """What an agent that does not learn does from init(key) on, by a uniform number u for each of its decisions.

    It observes, infers, decides and acts, in this order; every outcome belongs to the decision of its own step.
    """
    agent = Agent(model)
    s = np.empty((len(u) + 1, model.n_states))
    action = actions_of(model.n_decisions, task.n_actions)
    course, _, shown, _ = walk(task, begin(task, key), agent.weights(), agent.first, Modern(u), s, action, True)
    t_end, steps = course.t_end, slice(1, course.t_end + 1)
    d = np.zeros((t_end + 1, model.n_decisions))
    d[np.arange(1, t_end + 1), course.decision[steps]] = 1
    s[0] = agent.first[0]
    return Responses(shown[course.state[steps]], s[: t_end + 1], d, course.outcome[steps])
