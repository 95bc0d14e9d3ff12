"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["maze_prediction"] = "maze_prediction"
    E_right: tuple[float, ...] = field((0.35,), doc="priors of moving right whose learning is predicted")
    wrong: tuple[float, ...] = field((0.25,), doc="the prior that is wrong for each, by .1 or more")
    mazes: int = field(8, ge=2, doc="mazes in which learning is predicted")
    known: int = field(4, ge=1, doc="others, in whose first trials E is estimated")
    trials: int = field(12, ge=1, doc="trials in each maze")
    replicates: int = field(1, ge=1, doc="agents whose mean is the prediction of a maze")
    recovery_E_right: tuple[float, ...] = field((0.25,), doc="priors of the agents in which E is recovered")
    agents: int = field(6, ge=2, doc="agents with each of them")
    recovery_trials: int = field(6, ge=2, doc="trials that they learn for")
    T: int = field(20_000, ge=100, doc="steps of a trial at most")
    seed: int = field(1, ge=0, doc="seed of mazes and decisions")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.E_right or len(self.E_right) != len(self.wrong):
            raise ValueError(
                f"wrong = {self.wrong} must hold one prior for each of E_right = {self.E_right}, at least one"
            )
        for right, wrong in zip(self.E_right, self.wrong, strict=True):
            if abs(right - wrong) < 0.1 - 1e-12:
                raise ValueError(f"wrong = {wrong:g} must differ by .1 or more from E_right = {right:g}")
        for name in ("E_right", "wrong", "recovery_E_right"):
            values = getattr(self, name)
            if not values or not all(0 < value < 0.5 for value in values):
                raise ValueError(f"{name} = {values} must hold numbers between 0 and 1/2")
        for name in ("E_right", "recovery_E_right"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold numbers that increase")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        E_right=(0.15, 0.25, 0.3, 0.35),
        wrong=(0.25, 0.35, 0.2, 0.25),
        mazes=30,
        known=10,
        trials=100,
        replicates=2,
        recovery_E_right=(0.15, 0.25, 0.35),
        agents=200,
        recovery_trials=30,
    ),
}
