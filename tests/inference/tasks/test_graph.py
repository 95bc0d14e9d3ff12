"""The graph of a task is the task: walked or tabulated, it comes to the same."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.core.seeds import generator
from synfer.inference.agent.forced import respond
from synfer.inference.hitting import hitting_time
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Maze, TMaze, check_task, explore

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


class Corridor:
    """Three places in a row, the last one the end; what a step brought is looked up, for steps that there are."""

    n_observations = n_actions = 2

    def __init__(self, **broken):
        vars(self).update(broken)

    def init(self, key):
        return 0

    def observe(self, state):
        return [state > 0, state > 1]

    def step(self, state, action):
        return max(state + 2 * action - 1, 0)

    def outcome(self, before, after):
        return {(0, 0): 0.5, (0, 1): 0.0, (1, 0): 1.0, (1, 2): 0.0}[before, after]

    def done(self, state):
        return state == 2


def test_nobody_judges_steps_from_an_end():
    # Truth: the task itself, which knows no outcome of (2, 2), as no trial has that step.
    check_task(Corridor())
    graph = explore(Corridor())
    assert graph.outcome.tolist() == [[0.5, 0.0], [1.0, 0.0], [0.5, 0.5]]


BROKEN = [
    ({"init": lambda key: [0]}, r"init\(0\) is a list, which cannot be hashed"),
    ({"init": lambda key: 2}, r"init\(0\) = 2 is done already: no trial can begin; start elsewhere"),
    ({"init": lambda key: {}[key]}, r"init\(0\) of Corridor failed \(KeyError: 0\); let every key give a state"),
    ({"step": lambda state, action: {}[action]}, r"step\(0, 0\) of Corridor failed \(KeyError: 0\)"),
    ({"done": lambda state: np.array([True, False])}, r"done\(0\) = array.* must be True or False; return bool"),
    ({"done": lambda state: 1}, r"done\(0\) = 1 must be True or False"),
    ({"observe": lambda state: 1 / 0}, r"observe\(0\) of Corridor failed \(ZeroDivisionError"),
    ({"outcome": lambda before, after: {}[after]}, r"outcome\(0, 0\) of Corridor failed \(KeyError: 0\)"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_task_that_breaks_is_named_alike_wherever_it_is_used(broken, said):
    task = Corridor(**broken)
    model = GenerativeModel.from_probabilities(
        A1=[[0.5], [0.5]], A0=[[0.5], [0.5]], C1=[[0.5, 0.5]], C0=[[0.5, 0.5]], total=9, E=[0.5, 0.5]
    )
    uses = [check_task, explore, lambda task: hitting_time(model, task), lambda task: respond(model, task, 0, [0.1])]
    for use in uses:
        with pytest.raises(ParameterError, match=said):
            use(task)
