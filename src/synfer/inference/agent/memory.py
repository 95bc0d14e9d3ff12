"""The nodes of a table: what an agent on a finite task can remember if it remembers a few states of the task.

A node is a walk (p_{t-k}, ..., p_{t-1}, p_t) through the graph of the task. The belief in a node follows from that in
its parent, (p_{t-k}, ..., p_{t-1}); the belief in a single state (p,) is that of an agent which has stayed there. Walks
that reach back to the beginning of the trial are known by the mark on their first state, and their beliefs are exact.
"""

from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.tasks import TaskGraph

BEGINNING, STAYED = -1, -2
"""Parents of the node that a trial begins in, which is node 0, and of single states."""
MOST_NODES = 200_000

Walk = tuple[int, ...]


class Memory(NamedTuple):
    """N nodes; a trial begins in node 0.

    Attributes:
        state: (N,) state of the graph that the walk ends in.
        parent: (N,) the node without the walk's last state; BEGINNING; STAYED.
        after: (N, n_actions) the next node; of nodes that are only parents, themselves.
        outcome: (N, n_actions) of that step.
        done: (N,) whether the trial ends there.
    """

    state: np.ndarray
    parent: np.ndarray
    after: np.ndarray
    outcome: np.ndarray
    done: np.ndarray


def remember(graph: TaskGraph, depth: int, limit: int = MOST_NODES) -> Memory:
    """All nodes that can be reached from the start by an agent that remembers `depth` states before the present one.

    Raises:
        ParameterError: more than `limit` nodes.
    """
    following = graph.next.tolist()
    first: Walk = (~graph.start,)  # the mark: a negative number
    place: dict[Walk, int] = {first: 0}
    walks: list[Walk] = [first]
    after = []
    for walk in walks:  # grows while it is read
        reached = []
        for state in following[_end(walk)]:
            longer = (*walk, state)[-depth - 1 :]
            reached.append(place.setdefault(longer, len(walks)))
            if reached[-1] == len(walks):
                walks.append(longer)
        after.append(reached)
        if len(walks) > limit:
            raise ParameterError(
                f"a memory of depth = {depth} has more than {limit} nodes on this task; lower depth, or use "
                f"method='dense'"
            )
    parent = []
    for walk in walks:  # grows while it is read, by parents that no trial passes through
        if walk == first or len(walk) == 1:
            parent.append(BEGINNING if walk == first else STAYED)
            continue
        parent.append(place.setdefault(walk[:-1], len(walks)))
        if parent[-1] == len(walks):
            walks.append(walk[:-1])
    after += [[node] * graph.next.shape[1] for node in range(len(after), len(walks))]
    state = np.array([_end(walk) for walk in walks], dtype=np.int32)
    return Memory(
        state=state,
        parent=np.array(parent, dtype=np.int32),
        after=np.array(after, dtype=np.int32),
        outcome=graph.outcome[state],
        done=graph.done[state],
    )


def _end(walk: Walk) -> int:
    return walk[-1] if walk[-1] >= 0 else ~walk[-1]
