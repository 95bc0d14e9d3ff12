"""The graph of a task is the task: walked or tabulated, it comes to the same."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.core.seeds import generator
from synfer.inference.tasks import Maze, TMaze, explore

TASKS = [Maze.generate(seed=4, width=21, height=11), TMaze()]


@pytest.mark.parametrize("task", TASKS)
def test_a_walk_on_the_graph_is_a_walk_in_the_task(task):
    graph, state = explore(task), task.init(0)
    node = graph.start
    for action in generator(1, "walk").integers(task.n_actions, size=500):
        assert graph.states[node] == state
        assert np.array_equal(graph.observation[node], task.observe(state))
        assert graph.done[node] == task.done(state)
        if task.done(state):
            state, node = task.init(0), graph.start
        after = task.step(state, action)
        assert graph.outcome[node, action] == task.outcome(state, after)
        state, node = after, graph.next[node, action]


@pytest.mark.parametrize("task", TASKS)
def test_arrays_are_what_they_are_said_to_be(task):
    graph = explore(task)
    size = len(graph.states)
    assert graph.next.shape == graph.outcome.shape == (size, task.n_actions)
    assert (graph.next.dtype, graph.observation.dtype, graph.done.dtype) == (np.int32, np.uint8, bool)
    assert graph.observation.shape == (size, task.n_observations)
    ended = np.flatnonzero(graph.done)
    assert ended.size
    assert (graph.next[ended] == ended[:, None]).all()
    assert set(graph.next.ravel()) == set(range(size))


def test_a_task_beyond_the_limit_is_refused():
    with pytest.raises(ParameterError, match=r"more than limit = 10 states .*raise limit"):
        explore(TASKS[0], limit=10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"task": "maze"}, "task = 'maze' is no task"),
        ({"key": 1.0}, "key = 1.0 must be a whole number"),
        ({"limit": 0}, "limit = 0 must be a whole number >= 1"),
    ],
)
def test_arguments_that_make_no_graph_are_named(arguments, said):
    with pytest.raises(ParameterError, match=said):
        explore(**{"task": TASKS[1]} | arguments)


def test_states_that_cannot_be_hashed_are_named():
    task = type("T", (TMaze,), {"step": lambda self, state, action: [action]})()
    with pytest.raises(ParameterError, match="is a list, which cannot be hashed"):
        explore(task)
