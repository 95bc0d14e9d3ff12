"""Izhikevich's neuron and the types that he named."""

from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from synfer.core.params import field
from synfer.population.neurons.neuron import Neuron, Slow


class Izhikevich(Neuron):
    """The neuron of Izhikevich, IEEE Trans. Neural Netw. 14:1569 (2003).

        dv/dt = .04 v^2 + 5 v + 140 - u + I + sqrt(2 D) xi,    du/dt = a (b v - u),    v -> c, u += d at v = V_peak

    It has no leak, so a `Current` drives it, and conductances are 1/ms. tau_m is 1 ms: it turns the mV/ms of u, of its
    jump d and of depths of inhibition into mV, and results give them so.
    """

    kind: Literal["izhikevich"] = "izhikevich"
    background: ClassVar[Literal["noise", "current"]] = "current"
    tau_m: ClassVar[float] = 1.0
    t_ref: ClassVar[float] = 0.0
    a: float = field(unit="1/ms", gt=0, symbol="a", doc="rate at which u relaxes")
    b: float = field(symbol="b", doc="sensitivity of u to v")
    c: float = field(unit="mV", symbol="c", doc="reset of v")
    d: float = field(unit="mV", ge=0, symbol="d", doc="jump of u at a spike")
    V_peak: float = field(30.0, unit="mV", symbol="V_peak", doc="v at which a spike is registered")

    @classmethod
    def regular_spiking(cls) -> Self:
        """Excitatory cortical neuron, regular spiking."""
        return cls(a=0.02, b=0.2, c=-65, d=8)

    @classmethod
    def intrinsically_bursting(cls) -> Self:
        """Excitatory cortical neuron, intrinsically bursting."""
        return cls(a=0.02, b=0.2, c=-55, d=4)

    @classmethod
    def chattering(cls) -> Self:
        """Excitatory cortical neuron, chattering."""
        return cls(a=0.02, b=0.2, c=-50, d=2)

    @classmethod
    def fast_spiking(cls) -> Self:
        """Inhibitory cortical neuron, fast spiking."""
        return cls(a=0.1, b=0.2, c=-65, d=2)

    @classmethod
    def low_threshold_spiking(cls) -> Self:
        """Inhibitory cortical neuron, low-threshold spiking."""
        return cls(a=0.02, b=0.25, c=-65, d=2)

    @classmethod
    def thalamo_cortical(cls) -> Self:
        """Thalamo-cortical neuron."""
        return cls(a=0.02, b=0.25, c=-65, d=0.05)

    @classmethod
    def resonator(cls) -> Self:
        """Resonator."""
        return cls(a=0.1, b=0.26, c=-65, d=2)

    @property
    def V_reset(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.c

    @property
    def V_top(self) -> float:
        return self.V_peak

    @property
    def slow(self) -> Slow:
        return Slow(1 / self.a, self.d)

    def slow_target(self, V: np.ndarray) -> np.ndarray:
        return self.b * np.asarray(V, dtype=np.float64)

    def psi(self, V: np.ndarray) -> np.ndarray:
        return 0.04 * V**2 + 6 * V + 140

    def free_membrane(self, mu: float, sigma: float) -> tuple[float, float]:
        """Mean and sd [mV] around the stable point of v with u at rest; at least .2/ms stiff where there is none."""
        slope = 5 - self.b
        bend = slope**2 - 0.16 * (140 + mu)
        V_0 = (-slope - max(bend, 0.0) ** 0.5) / 0.08
        return V_0, sigma / max(-(0.08 * V_0 + 5), 0.2) ** 0.5

    @model_validator(mode="after")
    def _reset_below_peak(self) -> Self:
        if self.c >= self.V_peak:
            raise ValueError(f"c = {self.c} mV must be < V_peak = {self.V_peak} mV")
        return self
