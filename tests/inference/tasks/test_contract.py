"""check_task passes what keeps the contract, and finds each way of breaking it (mutants)."""

import random

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.tasks import Maze, TMaze, check_task


class Line:
    """Five places in a row; actions left and right; the last place is the end."""

    n_observations = 5
    n_actions = 2

    def init(self, key):
        return 0

    def observe(self, state):
        return np.eye(5)[state]

    def step(self, state, action):
        return min(max(state + 2 * action - 1, 0), 4)

    def outcome(self, before, after):
        return 0.5 * (1 - (after - before))

    def done(self, state):
        return state == 4


@pytest.mark.parametrize("task", [Line(), TMaze(), Maze.generate(seed=0, width=9, height=7)])
def test_tasks_that_keep_the_contract_pass(task):
    check_task(task)


class Restless(Line):
    """Ends always in time, and never the same way."""

    def step(self, state, action):
        return min(state + random.randint(0, 1), 4)


class Moody(Line):
    """Remembers outside of its state."""

    def __init__(self):
        self.calls = 0

    def step(self, state, action):
        self.calls += 1
        return super().step(state, action if self.calls < 1500 else 1 - action)


class Erring(Line):
    def step(self, state, action):
        return [0, 1, 2, 3][state + 1] if action else state


MUTANTS = {
    "no function": (
        type("T", (), {"n_observations": 1, "n_actions": 1})(),
        r"it lacks init\(key\) -> state; observe",
    ),
    "no actions": (type("T", (Line,), {"n_actions": 0})(), "n_actions = 0 must be a whole number >= 1"),
    "random step": (Restless(), r"step\(\d, \d\).*draw chance in init\(key\)"),
    "hidden memory": (Moody(), r"step\(\d, \d\).*state and the action alone"),
    "error": (Erring(), r"step\(3, 1\) of Erring failed \(IndexError: .*let every action be possible"),
}


def mutant(said, **functions):
    return type("T", (Line,), functions)(), said


MUTANTS |= {
    "random start": mutant(r"init\(0\) gave", init=lambda self, key: random.random()),
    "random outcome": mutant(r"outcome\(|same actions", outcome=lambda self, before, after: random.random()),
    "outcome above 1": mutant(r"outcome\(0, 0\) = 1.5 must be a number in \[0, 1\]", outcome=lambda self, b, a: 1.5),
    "outcome nan": mutant(r"outcome\(0, 0\) = nan", outcome=lambda self, b, a: float("nan")),
    "outcome none": mutant(r"outcome\(0, 0\) = None", outcome=lambda self, b, a: None),
    "too few observations": mutant(
        r"observe\(0\) has shape \(4,\) and must have \(5,\).*n_observations = 4", observe=lambda self, s: np.zeros(4)
    ),
    "a table of observations": mutant(r"has shape \(1, 5\)", observe=lambda self, s: np.zeros((1, 5))),
    "grey observations": mutant(r"observe\(0\)\[0\] = 0.5 must be 0 or 1", observe=lambda self, s: np.full(5, 0.5)),
    "words": mutant(r"observe\(0\) is of type <U1 and must be numbers", observe=lambda self, s: list("abcde")),
    "objects": mutant(r"is of type object and must be numbers", observe=lambda self, s: np.zeros(5, object)),
    "ragged": mutant(r"observe\(0\) = .* is ragged", observe=lambda self, s: [0, [1, 0], 0, 0, 0]),
    "observation nan": mutant(r"observe\(0\)\[0\] = nan must be 0 or 1", observe=lambda self, s: np.full(5, np.nan)),
    "state nan": mutant(r"init\(0\) gave \(nan,\) twice, and one is not equal", init=lambda self, key: (float("nan"),)),
    "no key": mutant(r"init\(0\) of T failed .*let every key give a state", init=lambda self, key: {}[key]),
    "a list as state": mutant(
        r"init\(0\) is a list, which cannot be hashed", init=lambda self, key: [0], done=lambda self, s: s == [4]
    ),
    "an array after a step": mutant(
        r"step\(0, 0\) is a ndarray, which cannot be hashed",
        step=lambda self, state, action: np.zeros(2),
        observe=lambda self, state: np.zeros(5),
        done=lambda self, state: False,
        outcome=lambda self, before, after: 0.5,
    ),
    "done at once": mutant(r"init\(0\) = 0 is done already", done=lambda self, s: True),
    "done is no bool": mutant(r"done\(0\) = 0 must be True or False", done=lambda self, s: 0),
    "no end": mutant(r"none of the 5 states .* is done.*ends=False", done=lambda self, s: False),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_contract_is_found(name):
    task, said = MUTANTS[name]
    with pytest.raises(ParameterError, match=said):
        check_task(task)


def test_a_task_without_end_may_say_so():
    check_task(MUTANTS["no end"][0], ends=False)


class Nested(Line):
    """States may be tuples of tuples of any lengths."""

    def init(self, key):
        return ((0,), (key, "x"))

    def observe(self, state):
        return super().observe(state[0][0]).tolist()

    def step(self, state, action):
        return ((super().step(state[0][0], action),), state[1])

    def outcome(self, before, after):
        return super().outcome(before[0][0], after[0][0])

    def done(self, state):
        return super().done(state[0][0])


def test_states_may_be_nested():
    check_task(Nested(), key=3)


def test_of_a_task_without_bounds_a_part_is_visited():
    def step(self, state, action):
        return state + 1

    check_task(type("T", (Line,), {"step": step, "observe": lambda self, s: np.zeros(5), "n_actions": 1})(), ends=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"task": TMaze}, r"task = TMaze is a class and must be one of its objects"),
        ({"task": 3}, "task = 3 is no task: it lacks n_observations, how many they are; n_actions"),
        ({"key": -1}, r"key = -1 must be a whole number in 0 \.\."),
        ({"steps": -1}, "steps = -1 must be a whole number >= 0"),
        ({"steps": 2.5}, "steps = 2.5 must be a whole number"),
    ],
)
def test_arguments_that_make_no_check_are_named(arguments, said):
    with pytest.raises(ParameterError, match=said):
        check_task(**{"task": TMaze()} | arguments)
