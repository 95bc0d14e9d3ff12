"""Whether a model and a task go together, and the action that begins each decision."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from synfer.core.checks import check_count, check_kind
from synfer.core.errors import ParameterError
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks.contract import check_parts


def actions_of(n_decisions: int, n_actions: int) -> np.ndarray:
    """(Nd,) the action that begins each decision: decision k begins with k x n_actions // Nd.

    Raises:
        ParameterError: as many decisions as are no multiple of the actions.

    Example:
        >>> actions_of(8, 4).tolist()
        [0, 0, 1, 1, 2, 2, 3, 3]
    """
    n_decisions, n_actions = check_count("n_decisions", n_decisions), check_count("n_actions", n_actions)
    if n_decisions % n_actions:
        raise ParameterError(
            f"there are {n_decisions} decisions, which must be a multiple of the {n_actions} actions, as many of each "
            f"that begin with it; give E of {max(1, round(n_decisions / n_actions)) * n_actions} decisions"
        )
    return np.arange(n_decisions) * n_actions // n_decisions


def check_fit(model: Any, task: Any, needs: Sequence[str] = ("c", "E")) -> None:
    """That a model of decisions can act in a task.

    Args:
        model: A `GenerativeModel`.
        task: See `check_task`, which executes what is only looked for here.
        needs: Fields that the model has to have.

    Raises:
        ParameterError: no model or no task, a field that is missing, or sizes that do not fit.
    """
    check_kind("model", model, GenerativeModel, "for example sf.maze_model(0.25)")
    check_parts(task)
    if any(getattr(model, name) is None for name in needs):
        raise ParameterError(
            f"the model takes no decisions; give it {' and '.join(needs)}, as sf.maze_model() has them"
        )
    if model.n_observations != task.n_observations:
        raise ParameterError(
            f"the model has {model.n_observations} observations and the task shows {task.n_observations}; "
            f"give a model with a of shape (2, {task.n_observations}, 2, Ns)"
        )
    actions_of(model.n_decisions, task.n_actions)
