"""The T-maze by plan and by habit: what a canonical network, whose decisions risk modulates, does and does not do.

The planner is given the model and goes to the cue at once, since the cue tells. To the habit the cue is a state like
any other: at first it goes there as often as E says, and nothing that it could learn there draws it. What becomes a
habit, risk decides by what happened to follow. With the published risk it is rewarded half of the time, whether it
passes by the cue or not; with a risk that unlearns more strongly, some runs find the way by the cue after some hundred
trials, and others learn never to enter an arm. The decision at t follows the belief of t - 1, so that the habit can use
the cue only if it stays a step longer than the planner.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import TMaze
from synfer.inference.tasks.tmaze import Place

from .acting import act
from .t_maze import ARMS, CUE, t_maze_pomdp

AGENTS = ("planner", "pragmatic planner", "habit")
SIZE, MOVES = 8, 4
TOTAL, SURE = 1e7, 9.9e8


def t_maze_habit(c: float = 30.0) -> GenerativeModel:
    """A canonical network's model for the T-maze: a state behind each of 8 observations, 4 decisions, one per action.

    Args:
        c: Counts of decisions before the first trial: how slowly a habit forms.

    Example:
        >>> t_maze_habit().E[0].tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    a, own = np.full((2, SIZE, 2, SIZE), TOTAL), np.arange(SIZE)
    for value in range(2):
        a[value, own, value, own] += SURE
    habit = np.full((2, SIZE, 2, MOVES), c)
    return GenerativeModel(a=a, c=habit, E=np.full(MOVES, 1 / MOVES), expectation="ratio")


@dataclass(frozen=True)
class Lingering:
    """A T-maze whose trial goes on for some steps in the arm; a state is the place and the steps since."""

    task: TMaze
    linger: int

    @property
    def n_observations(self) -> int:
        return self.task.n_observations

    @property
    def n_actions(self) -> int:
        return self.task.n_actions

    def init(self, key: int) -> tuple[Place, int]:
        return self.task.init(key), 0

    def observe(self, state: tuple[Place, int]) -> np.ndarray:
        return self.task.observe(state[0])

    def step(self, state: tuple[Place, int], action: int) -> tuple[Place, int]:
        place, since = state
        return (place, since + 1) if self.task.done(place) else (self.task.step(place, action), 0)

    def outcome(self, before: tuple[Place, int], after: tuple[Place, int]) -> float:
        return self.task.outcome(before[0], after[0])

    def done(self, state: tuple[Place, int]) -> bool:
        return self.task.done(state[0]) and state[1] >= self.linger


def compare_habit(
    task: TMaze | None = None,
    *,
    trials: int,
    model: GenerativeModel | None = None,
    linger: int = 3,
    T: int = 60,
    seed: int,
    **options: Any,
) -> xr.Dataset:
    """Trials of a planner, of one that does not care to know, and of a habit that learns from risk.

    Args:
        task: The T-maze; default TMaze().
        trials: Of each agent. The planners do not learn; the habit does, from trial to trial.
        model: The habit's; default t_maze_habit().
        linger: Steps that the habit's trials go on in the arm. Risk is read from the outcomes before a trial's last
            one, so that with 0 the habit would never learn from a reward.
        T: Most steps of a trial.
        seed: Integer.
        **options: Of `learn`: modulation, ordering ...

    Returns:
        By `agent` and `trial`: `rewarded`; `cue_first`, whether the first action goes to the cue; `moves`, actions
        until an arm is entered, or all.

    Example:
        >>> d = compare_habit(trials=50, seed=1)
        >>> d.cue_first.mean("trial").sel(agent="planner").item()
        1.0
    """
    if isinstance(linger, bool) or not isinstance(linger, (int, np.integer)) or not 0 <= linger < T - 2:
        raise ParameterError(f"linger = {linger!r} must be an integer in [0, T - 2), with T = {T}")
    from synfer.inference.agent import learn  # here, so that planners do without compiled kernels

    own = TMaze() if task is None else task
    pomdp = t_maze_pomdp(own)
    planner = act(pomdp, own, trials=trials, T=T, seed=seed)
    pragmatic = act(pomdp, own, trials=trials, T=T, objective="pragmatic_value", seed=seed)
    model = t_maze_habit() if model is None else model
    habit = learn(
        model, Lingering(own, int(linger)), trials, seed,
        T=T, method="dense", record=("d", "outcome"), **options,
    )  # fmt: skip
    decisions = habit["d"].transpose("trial", "step").values[:, 1:].astype(np.int64)
    actions = np.where(decisions >= 0, decisions * own.n_actions // model.n_decisions, -1)
    last = np.nan_to_num(habit["outcome"].transpose("trial", "step").values, nan=0.5)
    found = [_summary(d.actions.values, (d.outcome == 0).values) for d in (planner, pragmatic)]
    # Only an arm has outcomes other than 1/2, and the leading 0 stands before the first step.
    found.append(_summary(actions, (last[:, 1:] == 0).any(axis=1)))
    names = ("rewarded", "cue_first", "moves")
    variables = {
        name: (("agent", "trial"), np.stack(values))
        for name, values in zip(names, zip(*found, strict=True), strict=True)
    }
    coords = {"agent": (("agent",), list(AGENTS)), "trial": (("trial",), np.arange(1, trials + 1))}
    return dataset(variables, coords, seed=seed, task=own, linger=linger, habit=habit.attrs["spec"])


def _summary(actions: np.ndarray, rewarded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`rewarded`, `cue_first` and `moves` of each trial from its actions (trial, step), -1 where there is none."""
    enters = np.isin(actions, ARMS)
    moves = np.where(enters.any(axis=1), enters.argmax(axis=1) + 1, (actions >= 0).sum(axis=1))
    return rewarded, actions[:, 0] == CUE, moves
