"""Every number of the experiment."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["weak_inhibition"] = "weak_inhibition"
    neuron: sf.EIF = field(sf.EIF.fourcaud2003(), doc="the neuron whose sodium current is in question")
    sigma: tuple[float, ...] = field((1.5, 2.0, 3.0), unit="mV", doc="noise levels of the grid")
    rate: tuple[float, ...] = field((2.5, 5.0, 10.0), unit="Hz", doc="base rates of the grid")
    depth: tuple[float, ...] = field(
        (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0), unit="mV", doc="depths of sustained inhibition"
    )
    reference_sigma: float = field(2.0, unit="mV", gt=0, doc="noise of the reference point")
    reference_rate: float = field(5.0, unit="Hz", gt=0, doc="base rate of the reference point")
    reference_depth: float = field(2.0, unit="mV", gt=0, doc="depth at which ratios are read")
    g: tuple[float, ...] = field((0.0, 0.05, 0.1, 0.2, 0.4), doc="shunts in units of the leak")
    E_rev: float = field(-75.0, unit="mV", doc="reversal potential of the shunt")
    pulse_on: float = field(10.0, unit="ms", ge=0, doc="start of the pulse")
    pulse_width: float = field(30.0, unit="ms", gt=0, doc="length of the pulse")
    pulse_run: float = field(90.0, unit="ms", gt=0, doc="length of the run with the pulse")
    map_sigma: tuple[float, ...] = field(
        (0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0), unit="mV", doc="noise levels of the map"
    )
    map_rate: tuple[float, ...] = field((1.0, 2.0, 5.0, 10.0, 15.0, 20.0), unit="Hz", doc="base rates of the map")
    control_sigma: float = field(0.7, unit="mV", gt=0, doc="noise of the negative control")
    control_rate: float = field(20.0, unit="Hz", gt=0, doc="base rate of the negative control")
    n: int = field(12_000, ge=2048, doc="spiking neurons")
    t: float = field(500.0, unit="ms", gt=50, doc="length of the spiking runs; V is looked at every 50 ms")
    seed: int = field(1, ge=0, doc="seed of the spiking runs")

    def with_reference(self, name: str) -> list[float]:
        """A grid with its reference point in it: depth, sigma or rate."""
        extra = {getattr(self, f"reference_{name}")} | ({0.0} if name == "depth" else set())
        return sorted(set(getattr(self, name)) | extra)

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("depth", "sigma", "rate", "g", "map_sigma", "map_rate"):
            values = getattr(self, name)
            fewest = 2 if name.startswith("map_") else 1
            if len(values) < fewest or min(values) < 0 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold {fewest} or more numbers >= 0 that increase")
        if self.pulse_on + self.pulse_width > self.pulse_run or self.pulse_run % 10:
            raise ValueError(f"pulse_run = {self.pulse_run} ms must hold the pulse and be a multiple of 10 ms")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        sigma=(1.5, 2.0, 2.5, 3.0, 4.0),
        rate=(1.0, 2.5, 5.0, 10.0, 20.0),
        depth=tuple(np.arange(0, 4.01, 0.25).tolist()),
        map_sigma=(0.5, 0.7, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0),
        map_rate=(0.5, 1.0, 2.0, 3.5, 5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 30.0),
        n=100_000,
        t=1000.0,
    ),
}
