"""Beliefs by node of the memory, each computed when it is first needed in a trial."""

from typing import NamedTuple

import numpy as np

from synfer.core.jit import kernel
from synfer.inference.agent.memory import BEGINNING, STAYED, Memory
from synfer.inference.agent.rows import COSTS, believe, decide, says
from synfer.inference.agent.weights import Weights

ROUNDS = 2
"""Steps of inference after which an agent that has not moved believes what it will go on believing, nearly."""


class Sight(NamedTuple):
    """What the observation of each state of the task says: says (S, Ns), base (S,); filled in where known."""

    known: np.ndarray
    says: np.ndarray
    base: np.ndarray


class Table(NamedTuple):
    """By node: s (N, Ns) and cost (N, 6), where believed; past (N, Ns) and its base, what s says about the next s,
    where told; law (N, Nd), cumulative, where decided. And scratch (4, .)."""

    believed: np.ndarray
    s: np.ndarray
    cost: np.ndarray
    told: np.ndarray
    past: np.ndarray
    past_base: np.ndarray
    decided: np.ndarray
    law: np.ndarray
    scratch: np.ndarray


@kernel
def no_sight(n_states: int, width: int) -> Sight:
    """Nothing seen so far."""
    return Sight(np.zeros(n_states, np.bool_), np.empty((n_states, width)), np.empty(n_states))


@kernel
def no_table(n_nodes: int, n_states: int, n_decisions: int) -> Table:
    """Nothing believed so far."""
    return Table(
        np.zeros(n_nodes, np.bool_), np.empty((n_nodes, n_states)), np.empty((n_nodes, COSTS)),
        np.zeros(n_nodes, np.bool_), np.empty((n_nodes, n_states)), np.empty(n_nodes),
        np.zeros(n_nodes, np.bool_), np.empty((n_nodes, n_decisions)), np.empty((4, max(n_states, n_decisions))),
    )  # fmt: skip


@kernel
def look(p: int, observation: np.ndarray, weights: Weights, sight: Sight) -> None:
    """Let it be known what state p shows."""
    sight.base[p] = says(observation[p], weights.A, sight.says[p])
    sight.known[p] = True


@kernel
def infer(node: int, memory: Memory, observation: np.ndarray, weights: Weights, sight: Sight, table: Table) -> None:
    """Let there be a belief in a node, and in those that it follows from."""
    while not table.believed[node]:
        m = node  # the first of the line whose parent is believed, or has none
        while memory.parent[m] >= 0 and not table.believed[memory.parent[m]]:
            m = memory.parent[m]
        p, parent, s, cost, D = memory.state[m], memory.parent[m], table.s[m], table.cost[m], weights.D
        if not sight.known[p]:
            look(p, observation, weights, sight)
        if parent == BEGINNING:
            believe(sight.says[p], sight.base[p], weights.B.first, weights.B.base, D, s, cost, table.scratch)
        elif parent == STAYED:
            s[:] = 0.5
            for _ in range(ROUNDS):
                base = says(s, weights.B, table.past[m])
                believe(sight.says[p], sight.base[p], table.past[m], base, D, s, cost, table.scratch)
        else:
            if not table.told[parent]:
                table.past_base[parent] = says(table.s[parent], weights.B, table.past[parent])
                table.told[parent] = True
            believe(
                sight.says[p], sight.base[p], table.past[parent], table.past_base[parent], D, s, cost, table.scratch
            )
        table.believed[m] = True


@kernel
def deliberate(node: int, weights: Weights, table: Table) -> None:
    """Let there be a law of the decisions that follow a node in which there is a belief."""
    said = table.scratch[3, : weights.E.difference.size]
    base = says(table.s[node], weights.C, said)
    decide(said, base, weights.E, table.law[node], table.cost[node], table.scratch)
    table.decided[node] = True
