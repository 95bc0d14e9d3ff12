"""Whether a model fits a task, and which action begins a decision."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.agent import maze_model
from synfer.inference.agent.fit import actions_of, check_fit
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Maze, TMaze

MAZE = Maze.generate(seed=0, width=9, height=7)


def model(decisions, c=True, observations=8):
    E = np.full(decisions, 1 / decisions)
    return GenerativeModel(
        a=np.ones((2, observations, 2, 3)), c=np.ones((2, 3, 2, decisions)) if c else None, E=E
    )  # fmt: skip


@pytest.mark.parametrize(("n_decisions", "n_actions"), [(256, 4), (6, 3), (5, 5), (7, 1)])
def test_as_many_decisions_begin_with_each_action_in_order(n_decisions, n_actions):
    action = actions_of(n_decisions, n_actions)
    assert np.bincount(action).tolist() == [n_decisions // n_actions] * n_actions
    assert (np.diff(action) >= 0).all()


def test_models_that_fit_pass():
    check_fit(maze_model(), MAZE)
    check_fit(model(8), TMaze())
    check_fit(model(8, c=False), TMaze(), needs=("E",))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("maze", MAZE), "model = 'maze' must be of kind GenerativeModel; for example"),
        ((maze_model(), "maze"), "task = 'maze' is no task"),
        ((maze_model(), Maze), "task = Maze is a class"),
        ((GenerativeModel(a=np.ones((2, 8, 2, 3))), TMaze()), "takes no decisions; give it c and E"),
        ((model(4, c=False), TMaze()), "takes no decisions; give it c and E"),
        ((GenerativeModel(a=np.ones((2, 8, 2, 3))), TMaze(), ("E",)), "takes no decisions; give it E, as"),
        (
            (maze_model(), TMaze()),
            r"121 observations and the task shows 8; give a model with a of shape \(2, 8, 2, Ns\)",
        ),
        (
            (model(6), TMaze()),
            "there are 6 decisions, which must be a multiple of the 4 actions.* give E of 8 decisions",
        ),
        (
            (model(2), TMaze()),
            "there are 2 decisions, which must be a multiple of the 4 actions.* give E of 4 decisions",
        ),
    ],
)
def test_what_does_not_fit_is_named(arguments, said):
    with pytest.raises(ParameterError, match=said):
        check_fit(*arguments)
