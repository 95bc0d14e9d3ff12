"""Every number of the experiment, and what is known of it."""

from typing import Literal, Self

from pydantic import model_validator

from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["source_separation"] = "source_separation"
    D1: tuple[float, ...] = field(
        (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95), doc="priors of the sweep, rising"
    )
    seeds: int = field(40, ge=2, doc="draws of sources and inputs")
    steps: int = field(10_000, ge=100, doc="steps of learning; correlations are those of the second half")
    mixing: float = field(0.25, ge=0, lt=0.5, doc="part of an input that is of the other source")
    own: float = field(0.51, gt=0, lt=1, doc="P(o = 1 | s = 1) before learning, inputs of the state's own source")
    other: float = field(0.5, gt=0, lt=1, doc="P(o = 1 | s = 1) before learning, inputs of the other source")
    total: float = field(100.0, gt=0, doc="counts before learning")
    residual_seeds: int = field(5, ge=1, doc="of the draws, those whose priors are estimated")
    residual_steps: int = field(2000, ge=100, doc="steps from which they are")
    wrong_total: float = field(1.5, gt=0, doc="counts that the sham estimator assumes, over the true ones")
    agents_D1: tuple[float, ...] = field(
        (0.2, 0.35, 0.65, 0.8), doc="priors of agents that learn elsewhere; one swaps with that from the other end"
    )
    agents: int = field(5, ge=2, doc="agents of each prior")
    new_mixing: float = field(0.3, ge=0, lt=0.5, doc="mixing elsewhere")
    new_own: float = field(0.515, gt=0, lt=1, doc="own at the start elsewhere")
    new_other: float = field(0.505, gt=0, lt=1, doc="other at the start elsewhere")
    new_total: float = field(200.0, gt=0, doc="counts at the start elsewhere")
    every: int = field(500, ge=1, doc="steps from one record of synapses to the next")
    seed: int = field(1, ge=0, doc="seed of all draws")

    @property
    def as_known(self) -> bool:
        """Whether learning is that of the values which are known."""
        return all(getattr(self, name) == type(self).model_fields[name].default for name in AS_KNOWN)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("D1", "agents_D1"):
            values = getattr(self, name)
            if not values or any(not 0 < D < 1 for D in values) or sorted(set(values)) != list(values):
                raise ValueError(f"{name} = {values} must be one or more different numbers in (0, 1), rising")
        if len(self.agents_D1) < 2:
            raise ValueError(f"agents_D1 = {self.agents_D1} must be two or more, so that priors can be swapped")
        if self.residual_seeds > self.seeds or self.residual_steps > self.steps:
            raise ValueError("residual_seeds and residual_steps must be some of seeds and of steps, and not more")
        return self


PRESETS = {"quick": Spec(), "full": Spec(seeds=200, residual_seeds=20, agents=25)}
KNOWN = {0.05: (0.58, 0.58), 0.3: (0.70, 0.40), 0.5: (0.88, 0.16), 0.7: (0.71, 0.38), 0.95: (0.58, 0.58)}
"""Correlation with the own and the other source by D1, from an independent program; steps and counts as by default."""
KNOWN_MEAN = {0.2: 0.284, 0.8: 0.724}
"""Mean belief by D1, from the same program."""
AS_KNOWN = ("steps", "mixing", "own", "other", "total")
"""Fields on which these depend."""
