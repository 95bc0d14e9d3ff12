"""The T-maze as a planner states it: eight states, which are four locations by two contexts, and three modalities.

The world itself is `TMaze`. There an arm shows the same outcome for the rest of a trial, which ends on arrival; here it
is drawn anew at every step in the arm, as in the tutorials: what is expected on arrival is the same.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from synfer.core.checks import check_kind, check_numbers, shortly
from synfer.core.errors import ParameterError
from synfer.inference.planning.pomdp import Pomdp
from synfer.inference.tasks import TMaze

LOCATIONS = ("centre", "left", "right", "cue")
CONTEXTS = ("left", "right")
ARMS, CUE = (1, 2), 3


def t_maze_pomdp(task: TMaze | None = None, *, reward: float = 3.0, loss: float = -6.0) -> Pomdp:
    """The T-maze with its own probabilities.

    Modalities: location (4), cue (none, left, right), and reward (none, reward, loss), all seen where the agent is.

    Args:
        task: Whose probabilities of reward and of the left context; default `TMaze()`.
        reward, loss: Preference for them over seeing neither [nats]. By default a loss weighs twice a reward. With as
            much of each, arms are worth as much as the centre while the context is unknown, and as an arm tells of it
            too, the cue is ahead by the ambiguity of an arm only (0.098 nats a step at p_reward = 0.98).

    Example:
        >>> maze = t_maze_pomdp()
        >>> maze.states[2:4], maze.A[2][:, 2].tolist()
        (('left arm, left', 'left arm, right'), [0.0, 0.98, 0.020000000000000018])
    """
    own = check_kind("task", TMaze() if task is None else task, TMaze, "make a Pomdp of your own for other tasks")
    for name, value in {"reward": reward, "loss": loss}.items():
        if check_numbers(name, value).ndim:
            raise ParameterError(f"{name} = {shortly(value)} must be one number [nats]")
    pairs = list(product(range(len(LOCATIONS)), range(len(CONTEXTS))))
    location, cue, reward_seen = np.zeros((4, len(pairs))), np.zeros((3, len(pairs))), np.zeros((3, len(pairs)))
    B = np.zeros((len(pairs), len(pairs), len(LOCATIONS)))
    for s, (place, context) in enumerate(pairs):
        location[place, s] = 1
        cue[1 + context if place == CUE else 0, s] = 1
        p = own.p_reward if place == ARMS[context] else 1 - own.p_reward
        reward_seen[:, s] = (0, p, 1 - p) if place in ARMS else (1, 0, 0)
        for action in range(len(LOCATIONS)):
            B[pairs.index((place if place in ARMS else action, context)), s, action] = 1
    D = np.zeros(len(pairs))
    D[:2] = own.p_left, 1 - own.p_left
    words = ("centre", "left arm", "right arm", "cue")
    return Pomdp(
        A=(location, cue, reward_seen),
        B=B,
        C=(np.zeros(4), np.zeros(3), np.array([0.0, reward, loss])),
        D=D,
        modalities=("location", "cue", "reward"),
        states=tuple(f"{words[place]}, {CONTEXTS[context]}" for place, context in pairs),
        actions=LOCATIONS,
    )


def t_maze_outcomes(observation: Sequence[int] | np.ndarray) -> tuple[int, int, int]:
    """(location, cue, reward) from the eight binary observations of `TMaze`.

    Example:
        >>> task = TMaze()
        >>> t_maze_outcomes(task.observe(task.step(task.init(key=1), 3)))
        (3, 2, 0)
    """
    seen = check_numbers("observation", observation)
    if seen.shape != (8,):
        raise ParameterError(f"observation has shape {seen.shape} and must have (8,), what a TMaze shows")
    return int(seen[:4].argmax()), _none_or(seen[4:6]), _none_or(seen[6:8])


def _none_or(seen: np.ndarray) -> int:
    return 1 + int(seen.argmax()) if seen.any() else 0
