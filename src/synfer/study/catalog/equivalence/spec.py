"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["equivalence"] = "equivalence"
    networks: int = field(120, ge=4, doc="random networks whose identities are checked")
    inputs: int = field(6, ge=1, doc="their inputs, at most")
    hidden: int = field(5, ge=1, doc="their hidden neurons, at most")
    outputs: int = field(4, ge=1, doc="their outputs, at most")
    steps: int = field(5, ge=1, doc="steps of their trajectories, at most")
    weight: float = field(1.7, gt=0, doc="sd of their weights")
    total: float = field(50.0, gt=1, doc="counts behind a synapse, at most")
    entries: int = field(16, ge=1, doc="synapses of each matrix whose slope is taken")
    shammed: int = field(20, ge=1, doc="networks that each sham is tried on")
    settled: int = field(20, ge=1, doc="networks that settle")
    settled_steps: int = field(30, ge=1, doc="inputs that they see")
    hold: tuple[float, ...] = field(
        (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0), doc="how long each input lasts, over the time constant of a neuron"
    )
    learned: int = field(20, ge=1, doc="networks that learn")
    learned_steps: int = field(60, ge=2, doc="steps that they learn from")
    window: int = field(7, ge=1, doc="steps from one arrival of the modulator to the next")
    floor: float = field(1.0, gt=0, doc="least count that a synapse keeps")
    enumerated: int = field(30, ge=1, doc="models whose states are enumerated")
    states: int = field(6, ge=1, le=12, doc="their states, at most")
    E_right: float = field(0.35, gt=0, lt=0.5, doc="prior of the agent whose correspondence is shown")
    seed: int = field(1, ge=0, doc="seed of networks, trajectories and models")

    @model_validator(mode="after")
    def _holds_rise(self) -> Self:
        if len(self.hold) < 2 or self.hold[0] <= 0 or list(self.hold) != sorted(set(self.hold)):
            raise ValueError(f"hold = {self.hold} must hold two or more numbers > 0 that increase")
        if self.hold[0] > 2 or self.hold[-1] < 30:
            raise ValueError(
                f"hold = {self.hold} must go from 2 or less, where neurons do not settle, to 30 or more, where they do"
            )
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        networks=2000, inputs=12, hidden=10, outputs=8, steps=12, shammed=400, settled=100, learned=100, enumerated=300,
        states=8,
    ),
}  # fmt: skip
