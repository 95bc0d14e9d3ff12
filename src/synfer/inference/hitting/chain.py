"""Absorbing Markov chains: built from a task and a law of decisions, and propagated step by step."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from synfer.core.jit import kernel
from synfer.inference.hitting.laws import Decisions
from synfer.inference.tasks import TaskGraph


class Chain(NamedTuple):
    """N nodes, of which the first is the start.

    Attributes:
        next: (N, n_actions) the node after each action.
        p: (N, n_actions) probabilities of the actions.
        done: (N,) where the trial ends.
        error: (N,) bounds on the total variation between p and the law of full memory.
    """

    next: np.ndarray
    p: np.ndarray
    done: np.ndarray
    error: np.ndarray


def flat_chain(graph: TaskGraph, decide: Decisions) -> Chain:
    """Where beliefs do not bear on decisions: the nodes are the task's states."""
    size, n_actions = graph.next.shape
    law = decide.law(np.zeros((2, len(decide.slopes.on))), n_actions)
    return Chain(graph.next, np.tile(law, (size, 1)), graph.done, np.zeros(size))


def pull(chain: Chain) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first, source, weight): what flows into node k are edges first[k] .. first[k + 1]. From done, nothing flows."""
    size, n_actions = chain.next.shape
    source = np.repeat(np.arange(size), n_actions)
    leaves = ~chain.done[source]
    edges = chain.p.ravel()[leaves], (chain.next.ravel()[leaves], source[leaves])
    flow = csr_array(edges, shape=(size, size))
    return flow.indptr, flow.indices, flow.data


@kernel
def propagate(
    first: np.ndarray, source: np.ndarray, weight: np.ndarray, done: np.ndarray, error: np.ndarray, moves: int
) -> tuple[np.ndarray, float]:
    """Probability of being done after 0 .. moves - 1 moves, and the expected sum of the errors along the way.

    Two chains whose laws differ by `error` part company at a node with no more than that probability, so the sum
    bounds how far what they do is apart.
    """
    size = len(done)
    p, after = np.zeros(size), np.zeros(size)
    p[0] = 1.0
    hits = np.zeros(moves)
    missed = 0.0
    for n in range(moves):
        for k in range(size):
            if done[k]:
                hits[n] += p[k]
            else:
                missed += p[k] * error[k]
        for k in range(size):
            total = 0.0
            for edge in range(first[k], first[k + 1]):
                total += weight[edge] * p[source[edge]]
            after[k] = total
        p, after = after, p
    return hits, missed
