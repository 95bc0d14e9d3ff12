"""The T-maze of active-inference tutorials: a reward on the left or on the right, and a cue that says where.

    left   centre   right
            cue

The arms are final, so going to see the cue first pays. Reference: Friston et al. (2017), Neural Comput. 29:1-49.
"""

from typing import Literal, NamedTuple

import numpy as np

from synfer.core.checks import check_count, check_kind
from synfer.core.params import Params, field
from synfer.core.seeds import generator

CENTRE, LEFT, RIGHT, CUE = range(4)
"""Locations; action k goes to location k, from anywhere."""
OBSERVATIONS = ("at centre", "at left", "at right", "at cue", "cue left", "cue right", "reward", "loss")


class Place(NamedTuple):
    """A state of the T-maze: the agent's location, and what the agent cannot see.

    Attributes:
        location: 0 centre, 1 left, 2 right, 3 cue.
        side: The arm of the reward, 1 left or 2 right.
        honest: Whether the reward is where it belongs in this trial.
    """

    location: int
    side: int
    honest: bool


class TMaze(Params):
    """A T-maze, which is a task (`check_task`); the key of a trial draws the side of its reward.

    A trial ends in an arm, with the outcome that tells of the reward, and risk is read from the outcomes before a
    trial's last one: `learn` on this task never learns from a reward, which `compare_habit` amends by lingering there.

    Example:
        >>> task = TMaze()
        >>> task.observe(task.step(task.init(key=1), 3)).tolist()
        [0, 0, 0, 1, 0, 1, 0, 0]
    """

    kind: Literal["t_maze"] = "t_maze"
    p_reward: float = field(0.98, symbol="p", doc="probability of the reward in the arm of the cue", ge=0.5, le=1)
    p_left: float = field(0.5, doc="probability that a trial's reward is on the left", ge=0, le=1)

    @property
    def n_observations(self) -> int:
        """8: see `OBSERVATIONS`."""
        return len(OBSERVATIONS)

    @property
    def n_actions(self) -> int:
        """4: go to the centre, left, right, to the cue."""
        return 4

    def init(self, key: int) -> Place:
        """In the centre, with the side and the luck of this trial drawn."""
        u_side, u_luck = generator(key, "t-maze").random(2)
        return Place(CENTRE, LEFT if u_side < self.p_left else RIGHT, bool(u_luck < self.p_reward))

    def observe(self, state: Place) -> np.ndarray:
        """(8,) where the agent is, what the cue says where it is seen, reward or loss in an arm."""
        check_kind("state", state, Place, "TMaze().init(key) gives the first")
        seen = np.zeros(len(OBSERVATIONS), dtype=np.uint8)
        seen[state.location] = 1
        if state.location == CUE:
            seen[4 if state.side == LEFT else 5] = 1
        elif self.done(state):
            seen[6 if self._rewarded(state) else 7] = 1
        return seen

    def step(self, state: Place, action: int) -> Place:
        """Go to a location; nothing leads out of an arm."""
        check_kind("state", state, Place, "TMaze().init(key) gives the first")
        location = check_count("action", action, 0, self.n_actions - 1)
        return state if self.done(state) else state._replace(location=location)

    def outcome(self, before: Place, after: Place) -> float:
        """0 in the arm of the reward, 1 in the other, 1/2 elsewhere."""
        if not self.done(after):
            return 0.5
        return 0.0 if self._rewarded(after) else 1.0

    def done(self, state: Place) -> bool:
        """Whether the agent is in an arm."""
        return state.location in (LEFT, RIGHT)

    def _rewarded(self, state: Place) -> bool:
        return (state.location == state.side) == state.honest
