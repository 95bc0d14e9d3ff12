"""A finite task as tables: every state that can be reached, what is seen in it, and where actions lead."""

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from synfer.core.checks import check_count
from synfer.core.errors import ParameterError
from synfer.inference.tasks.contract import Task, begin, call, check_hashable, check_parts, ended, judged, observed


class TooManyStates(ParameterError):
    """A task of more states than may be tabulated."""


class TaskGraph(NamedTuple):
    """S states in the order in which a search in breadth meets them. A state that is done leads to itself.

    Attributes:
        next: (S, n_actions) int32, the state after each action.
        observation: (S, No) uint8, 0 or 1.
        outcome: (S, n_actions) of each step, in [0, 1]; 1/2 where the trial is done, as nobody takes it.
        done: (S,) bool.
        start: The state that a trial begins in, 0.
        states: The task's own states.
    """

    next: np.ndarray
    observation: np.ndarray
    outcome: np.ndarray
    done: np.ndarray
    start: int
    states: tuple[Hashable, ...]


def explore(task: Task, key: int = 0, limit: int = 100_000) -> TaskGraph:
    """Tabulate the states of a task that can be reached from `init(key)`.

    Args:
        task: See `check_task`.
        key: Of the first state.
        limit: Most states.

    Raises:
        ParameterError: more states than `limit`, or a task that breaks the contract, as `check_task` says it.

    Example:
        >>> from synfer.inference.tasks import Maze
        >>> graph = explore(Maze.generate(seed=0))
        >>> graph.next.shape, graph.states[graph.start]
        ((428, 4), (9, 1))
    """
    check_parts(task)
    key, limit = check_count("key", key, 0, 2**63 - 1), check_count("limit", limit)
    start = begin(task, key)
    place: dict[Hashable, int] = {start: 0}
    states, following, outcome, done = [start], [], [], []
    for state in states:  # grows while it is read
        ends = ended(task, state)
        after = [state if ends else call(task, "step", state, action) for action in range(task.n_actions)]
        for action, own in enumerate(after):
            check_hashable("step", (state, action), own)
            if own not in place:
                if len(states) == limit:
                    raise TooManyStates(
                        f"more than limit = {limit} states can be reached from init({key}) of "
                        f"{type(task).__name__}; raise limit, or go step by step without tables"
                    )
                place[own] = len(states)
                states.append(own)
        following.append([place[own] for own in after])
        reached = {own: 0.5 if ends else judged(task, state, own) for own in after}
        outcome.append([reached[own] for own in after])
        done.append(ends)
    return TaskGraph(
        next=np.array(following, dtype=np.int32),
        observation=np.array([observed(task, state) for state in states]),
        outcome=np.array(outcome, dtype=np.float64),
        done=np.array(done),
        start=0,
        states=tuple(states),
    )
