"""Every number of the experiment, and what was published."""

from typing import Literal, NamedTuple, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["maze_learning"] = "maze_learning"
    E_right: float = field(0.25, gt=0, lt=0.5, doc="prior of moving right of the agents that are judged closely")
    other_E_right: tuple[float, ...] = field((0.15, 0.35), doc="priors of the others")
    trials: int = field(50, ge=20, doc="trials in each maze")
    mazes: int = field(4, ge=2, doc="fresh mazes, an agent for each")
    other_mazes: int = field(2, ge=2, doc="of them, those that agents of other priors learn")
    null_mazes: int = field(2, ge=2, doc="of them, those that agents without risk learn")
    first_maze: int = field(1000, ge=0, doc="seed of the first maze; the others follow")
    first_mazes: int = field(2, ge=1, doc="mazes in which the first trial is repeated")
    first_runs: int = field(10, ge=10, doc="fresh agents in each of them, at each prior")
    shown_step: int = field(2000, ge=1, doc="step at which beliefs are shown, or the last one before")
    seed: int = field(1, ge=0, doc="seed of the decisions")

    @property
    def priors(self) -> tuple[float, ...]:
        """All of them, in order."""
        return tuple(sorted({self.E_right, *self.other_E_right}))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(not 0 < E < 0.5 for E in self.other_E_right):
            raise ValueError(
                f"other_E_right = {self.other_E_right} must lie in (0, 0.5): left has what right leaves of it"
            )
        if max(self.other_mazes, self.null_mazes) > self.mazes:
            raise ValueError(
                f"other_mazes = {self.other_mazes} and null_mazes = {self.null_mazes} must be some of "
                f"mazes = {self.mazes}, and not more"
            )
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(trials=100, mazes=100, other_mazes=30, null_mazes=20, first_mazes=5, first_runs=1000),
}
BLOCKS = ((1, 10), (11, 20), (41, 50), (91, 100))
"""Trials, from 1, whose means were published."""


class Published(NamedTuple):
    """Mean steps by block; their sd over mazes where known; how far one may be off, relative."""

    steps: tuple[float, float, float, float]
    sd: tuple[float, float, float, float] | None
    limit: tuple[float, float, float, float]


PUBLISHED_MAZES = 20
PUBLISHED = {
    0.15: Published((19203, 18647, 18707, 18363), None, (0.1, 0.1, 0.1, 0.1)),
    0.25: Published((16728, 13346, 9953, 9351), (1524, 2528, 3024, 4095), (0.1, 0.2, 0.25, 0.35)),
    0.35: Published((11867, 11728, 12366, 12147), None, (0.25, 0.25, 0.25, 0.25)),
}
"""By E_right: raw output of the published code, github.com/takuyaisomura/reverse_engineering, over 20 mazes."""
PUBLISHED_FIRST = (0.240, 0.004)
"""Probability of reaching the goal in the first trial at E_right .25, over fresh mazes, and its standard error."""
