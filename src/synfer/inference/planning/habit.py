"""The T-maze by plan and by habit: what a canonical network, whose decisions risk modulates, does and does not do.

The planner is given the model and goes to the cue at once, since the cue tells. To the habit the cue is a state like
any other: at first it goes there as often as E says, and nothing that it could learn there draws it. What becomes a
habit, risk decides by what happened to follow. With the published risk it is rewarded half of the time, whether it
passes by the cue or not; with a risk that unlearns more strongly, some runs find the way by the cue after some hundred
trials, and others learn never to enter an arm. The decision at t follows the belief of t - 1, so that the habit can use
the cue only if it stays a step longer than the planner.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, check_kind, check_positive
from synfer.core.results import dataset
from synfer.core.seeds import check_seed
from synfer.inference.model import GenerativeModel
from synfer.inference.planning.acting import act
from synfer.inference.planning.t_maze import ARMS, CUE, t_maze_outcomes, t_maze_pomdp
from synfer.inference.tasks import TMaze
from synfer.inference.tasks.contract import Ordering, words
from synfer.inference.tasks.tmaze import Place

if TYPE_CHECKING:
    from synfer.inference.agent import RiskModulation

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
    c = check_positive("c", c, "for example c=30.0")
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
    modulation: "RiskModulation | None" = None,
    ordering: Ordering = "original",
    seed: int,
) -> xr.Dataset:
    """Trials of a planner, of one that does not care to know, and of a habit that learns from risk.

    Args:
        task: The T-maze; default TMaze().
        trials: Of each agent. The planners do not learn; the habit does, from trial to trial.
        model: The habit's; default t_maze_habit().
        linger: Steps that the habit's trials go on in the arm. Risk is read from the outcomes before a trial's last
            one, so that with 0 the habit would never learn from a reward.
        T: Most steps of a trial.
        modulation, ordering: Of the habit, as in `learn`.
        seed: Integer.

    Returns:
        By `agent` and `trial`, from 0: `rewarded`; `cue_first`, whether the first action goes to the cue; `moves` until
        an arm is entered, or all.

    Example:
        >>> d = compare_habit(trials=50, seed=1)
        >>> d.cue_first.mean("trial").sel(agent="planner").item()
        1.0
    """
    trials, T, seed = check_count("trials", trials), check_count("T", T, 3), check_seed(seed)
    linger = check_count("linger", linger, 0, T - 3)
    # Here, so that planners do without compiled kernels.
    from synfer.inference.agent import learn
    from synfer.inference.agent.fit import actions_of, check_fit

    own = check_kind("task", TMaze() if task is None else task, TMaze, "for example sf.TMaze(p_reward=0.9)")
    model, lingering = t_maze_habit() if model is None else model, Lingering(own, linger)
    check_fit(model, lingering)
    pomdp = t_maze_pomdp(own)
    planner = act(pomdp, own, outcomes=t_maze_outcomes, trials=trials, T=T, seed=seed)
    pragmatic = act(
        pomdp, own, outcomes=t_maze_outcomes, trials=trials, T=T, objective="pragmatic_value", seed=seed
    )  # fmt: skip
    habit = learn(
        model, lingering, trials=trials, seed=seed, T=T, method="dense", record=("d", "outcome"),
        modulation=modulation, ordering=ordering,
    )  # fmt: skip
    decisions = habit["d"].transpose("trial", "step").values[:, 1:].astype(np.int64)
    actions = np.where(decisions >= 0, actions_of(model.n_decisions, own.n_actions)[decisions], -1)
    last = np.nan_to_num(habit["outcome"].transpose("trial", "step").values, nan=0.5)
    found = [_summary(run["d"].values, (run["outcome"] == 0).values) for run in (planner, pragmatic)]
    # Only an arm has outcomes other than 1/2, and the leading 0 stands before the first step.
    found.append(_summary(actions, (last[:, 1:] == 0).any(axis=1)))
    names = ("rewarded", "cue_first", "moves")
    variables = {
        name: (("agent", "trial"), np.stack(values))
        for name, values in zip(names, zip(*found, strict=True), strict=True)
    }
    coords = {"agent": (("agent",), list(AGENTS)), "trial": (("trial",), np.arange(trials))}
    told: dict[str, Any] = {"model": model.digest(), "pomdp": pomdp.digest(), "task": words(own)}
    return dataset(
        variables, coords, verb="compare_habit", linger=linger, T=T, seed=seed, habit=habit.attrs["spec"], **told
    )


def _summary(actions: np.ndarray, rewarded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`rewarded`, `cue_first` and `moves` of each trial from its actions (trial, step), -1 where there is none."""
    enters = np.isin(actions, ARMS)
    moves = np.where(enters.any(axis=1), enters.argmax(axis=1) + 1, (actions >= 0).sum(axis=1))
    return rewarded, actions[:, 0] == CUE, moves
