"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["aberrant_priors"] = "aberrant_priors"
    inputs: int = field(8, doc="inputs of a sensory neuron", ge=2, le=16)
    contrast: float = field(0.7, doc="P(o = 1 | s = 1) of every input; 1 less this is P(o = 1 | s = 0)", gt=0.5, lt=1)
    D: float = field(0.2, doc="healthy prior probability that there is a signal", gt=0, lt=1)
    shift: tuple[float, ...] = field(
        (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0), unit="nats", doc="displacements of logit D, which rise"
    )
    runs: int = field(60, doc="independent runs, over which standard errors are taken", ge=8)
    steps: int = field(100, doc="steps of a run", ge=10)
    calibration: int = field(16_000, doc="steps from which a counter-shift is computed", ge=200)
    persistence: float = field(0.9, doc="P(s_{t-1} = s_t) that a network with recurrent synapses expects", ge=0.5, lt=1)
    recurrent_shift: float = field(1.0, unit="nats", doc="displacement where synapses recur", gt=0)
    counts: float = field(50.0, doc="counts of a pair before learning under a displaced prior", gt=0)
    learning_steps: int = field(3000, doc="steps of that learning", ge=100)
    learning_shift: tuple[float, ...] = field((0.0, 1.0, 2.0, 3.0), unit="nats", doc="displacements meanwhile; 0 first")
    learners: int = field(12, doc="independent networks that learn", ge=8)
    before: float = field(0.6, doc="contrast that synapses have when thresholds are frozen", gt=0.5, lt=1)
    agents: int = field(20, doc="independent agents of the choice task", ge=8)
    length: int = field(20, doc="responses of a session", ge=5)
    sessions: tuple[int, int] = field((4, 10), doc="sessions before and after the reversal of the contingency")
    habit: tuple[float, ...] = field((0.0, 1.0, 2.0, 3.0), unit="nats", doc="displacements of logit E; 0 first")
    choice_counts: float = field(10.0, doc="counts of a response before learning", gt=1)
    delay: int = field(2, doc="steps from a response to its outcome", ge=1)
    lags: tuple[int, ...] = field((-2, -1, 0, 1, 2), doc="lateness of the modulator; negative: too early; 0 in it")
    seed: int = field(1, ge=0, doc="seed of everything")

    @model_validator(mode="after")
    def _grids(self) -> Self:
        for name in ("shift", "learning_shift", "habit", "lags"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)) or 0 not in values or len(values) < 2:
                raise ValueError(f"{name} = {values} must rise and have 0 in it, and another number")
        if min(self.learning_shift) < 0 or min(self.habit) < 0:
            raise ValueError("learning_shift and habit must be >= 0")
        if min(self.lags) < -self.delay:
            raise ValueError(f"lags = {self.lags} must be >= -delay = {-self.delay}: nothing arrives before it is sent")
        if min(self.sessions) < 1:
            raise ValueError(f"sessions = {self.sessions} must be >= 1 before and after the reversal")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        shift=(-4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0),
        runs=200,
        steps=200,
        calibration=100_000,
        learning_shift=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
        learning_steps=10_000,
        learners=60,
        agents=100,
        sessions=(6, 24),
        habit=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
        lags=(-2, -1, 0, 1, 2, 3, 4),
    ),
}
