"""One trial on a finite task, by tables or step by step; what happened, and what was believed.

Row n of `s` and `cost` is a belief: of a node of the memory (table), or of the step t = n (dense). In a trial, t = 0 is
a placeholder with the model's initial belief; then, at every t, the agent moves by d_{t-1}, observes, infers s_t, and
draws d_t from s_{t-1}. With `infers_first` it observes, infers, draws d_t and then moves by it: the course is the same,
but an outcome belongs to the step of its decision, and the state in which the trial ends is not seen any more.
"""

from typing import NamedTuple

import numpy as np

from synfer.core.jit import kernel
from synfer.inference.agent.memory import Memory
from synfer.inference.agent.rows import COSTS, believe, decide, pick, says
from synfer.inference.agent.table import Sight, Table, deliberate, infer, look, no_sight
from synfer.inference.agent.weights import Weights


class Setting(NamedTuple):
    """What trials on a finite task have in common.

    Attributes:
        memory: Nodes; the dense walk needs one of depth 0, and only its steps.
        observation: (S, No) of every state, 0.0 or 1.0.
        action: (Nd,) the action that begins each decision.
        rest: Outcome of not moving at the start.
        infers_first: Of the orders of a step.
    """

    memory: Memory
    observation: np.ndarray
    action: np.ndarray
    rest: float
    infers_first: bool


class Course(NamedTuple):
    """What happened at t = 0 .. t_end, in arrays that may be longer.

    Attributes:
        t_end: Last step.
        row: (T,) row of the belief; row[0] means nothing.
        state: (T,) state of the graph that is observed.
        decision: (T,) d_t; -1 at 0.
        outcome: (T,) G_t; 0 at 0.
    """

    t_end: int
    row: np.ndarray
    state: np.ndarray
    decision: np.ndarray
    outcome: np.ndarray


class Beliefs(NamedTuple):
    """Rows of s (N, Ns) and of their cost (N, 6); those of the placeholder are first (2, Ns) and first_cost (6,)."""

    s: np.ndarray
    cost: np.ndarray
    first: np.ndarray
    first_cost: np.ndarray


@kernel
def walk_table(
    setting: Setting, weights: Weights, first: np.ndarray, u: np.ndarray, sight: Sight, table: Table
) -> tuple[Course, Beliefs]:
    """A trial of at most T - 1 = u.size steps with beliefs by node, which it adds to the table."""
    memory, T = setting.memory, u.size + 1
    Nd = weights.E.difference.size
    row, state = np.full(T, -1, np.int32), np.full(T, -1, np.int32)
    decision, outcome = np.full(T, -1, np.int32), np.zeros(T)
    law, first_cost = np.empty(Nd), np.empty(COSTS)
    decide(weights.C.first, weights.C.base, weights.E, law, first_cost, table.scratch)
    node, t = 0, 0
    while True:
        t += 1
        if t > 1 and not setting.infers_first:
            action = setting.action[decision[t - 1]]
            outcome[t] = memory.outcome[node, action]
            node = memory.after[node, action]
        if not table.believed[node]:
            infer(node, memory, setting.observation, weights, sight, table)
        row[t], state[t] = node, memory.state[node]
        if t == 1:
            outcome[1] = 0.0 if setting.infers_first else setting.rest
            decision[1] = pick(law, u[0])
        else:
            last = row[t - 1]
            if not table.decided[last]:
                deliberate(last, weights, table)
            decision[t] = pick(table.law[last], u[t - 1])
        if setting.infers_first:
            action = setting.action[decision[t]]
            outcome[t] = memory.outcome[node, action]
            node = memory.after[node, action]
        if memory.done[node] or t == T - 1:
            return Course(t, row, state, decision, outcome), Beliefs(table.s, table.cost, first, first_cost)


@kernel
def walk_dense(
    setting: Setting, weights: Weights, first: np.ndarray, u: np.ndarray, s: np.ndarray
) -> tuple[Course, Beliefs]:
    """A trial of at most T - 1 = u.size steps; row t of s (T, Ns) is the belief at t. Exact."""
    memory, T = setting.memory, u.size + 1
    Ns, Nd = weights.D.difference.size, weights.E.difference.size
    sight = no_sight(setting.observation.shape[0], Ns)
    cost, first_cost = np.empty((T, COSTS)), np.empty(COSTS)
    law, said, past, scratch = np.empty(Nd), np.empty(Nd), np.empty(Ns), np.empty((3, max(Ns, Nd)))
    decide(weights.C.first, weights.C.base, weights.E, law, first_cost, scratch)
    row, state = np.arange(T).astype(np.int32), np.full(T, -1, np.int32)
    decision, outcome = np.full(T, -1, np.int32), np.zeros(T)
    node, t = 0, 0
    while True:
        t += 1
        if t > 1 and not setting.infers_first:
            action = setting.action[decision[t - 1]]
            outcome[t] = memory.outcome[node, action]
            node = memory.after[node, action]
        p = memory.state[node]
        state[t] = p
        if not sight.known[p]:
            look(p, setting.observation, weights, sight)
        if t == 1:
            believe(sight.says[p], sight.base[p], weights.B.first, weights.B.base, weights.D, s[1], cost[1], scratch)
            outcome[1] = 0.0 if setting.infers_first else setting.rest
        else:
            base = says(s[t - 1], weights.B, past)
            believe(sight.says[p], sight.base[p], past, base, weights.D, s[t], cost[t], scratch)
            base = says(s[t - 1], weights.C, said)
            decide(said, base, weights.E, law, cost[t - 1], scratch)
        decision[t] = pick(law, u[t - 1])
        if setting.infers_first:
            action = setting.action[decision[t]]
            outcome[t] = memory.outcome[node, action]
            node = memory.after[node, action]
        if memory.done[node] or t == T - 1:
            return Course(t, row, state, decision, outcome), Beliefs(s, cost, first, first_cost)
