"""Integrate-and-fire neurons with an adaptation current."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from synfer.core.params import field
from synfer.population.neurons.integrate_and_fire import EIF, LIF, IntegrateAndFire, LinearisedEIF
from synfer.population.neurons.neuron import Slow


class Adaptation(IntegrateAndFire):
    """An adaptation current w [mV] beside the membrane.

    tau_w dw/dt = a_w (min(V, V_clip) - E_w) - w,    w += b at a spike,    -w joins tau_m dV/dt
    """

    tau_w: float = field(unit="ms", gt=0, symbol="τ_w", doc="time constant of adaptation")
    a_w: float = field(gt=-1, symbol="a_w", doc="subthreshold adaptation per mV, in units of the leak")
    b: float = field(unit="mV", ge=0, symbol="b", doc="jump of w at a spike")
    E_w: float = field(unit="mV", symbol="E_w", doc="potential at which w rests at 0")
    V_clip: float | None = field(
        None, unit="mV", symbol="V_clip", doc="potential above which w grows no faster; none = the spike"
    )

    @property
    def slow(self) -> Slow:
        return Slow(self.tau_w, self.b)

    def slow_target(self, V: np.ndarray) -> np.ndarray:
        return self.a_w * (np.minimum(V, self.V_top if self.V_clip is None else self.V_clip) - self.E_w)

    @model_validator(mode="after")
    def _clip_below_spike(self) -> Self:
        if self.V_clip is not None and not self.V_reset < self.V_clip <= self.V_top:
            name = "V_cut" if isinstance(self, EIF) else "V_th"
            raise ValueError(
                f"V_clip = {self.V_clip} mV must lie above V_reset = {self.V_reset} mV and not above "
                f"{name} = {self.V_top} mV; leave it out for V_clip = {name}"
            )
        return self


class AdaptiveLIF(Adaptation, LIF):
    """Leaky integrate-and-fire neuron with an adaptation current.

    tau_w dw/dt = a_w (min(V, V_clip) - E_w) - w,    w += b at a spike,    -w joins tau_m dV/dt
    """

    kind: Literal["adaptive_lif"] = "adaptive_lif"  # pyright: ignore[reportIncompatibleVariableOverride]


class AdaptiveEIF(Adaptation, EIF):
    """Exponential integrate-and-fire neuron with an adaptation current.

        tau_w dw/dt = a_w (min(V, V_clip) - E_w) - w,    w += b at a spike,    -w joins tau_m dV/dt

    Brette & Gerstner, J. Neurophysiol. 94:3637 (2005), with w in mV and V clipped in its equation.

    Example:
        >>> AdaptiveEIF.example().slow
        Slow(tau=50.0, jump=2.0)
    """

    kind: Literal["adaptive_eif"] = "adaptive_eif"  # pyright: ignore[reportIncompatibleVariableOverride]

    @classmethod
    def example(cls) -> Self:
        """The neuron of `EIF.fourcaud2003` with tau_w = 50 ms, a_w = .5 and b = 2 mV; 6.9 Hz under Noise(-62, 2)."""
        eif = {"tau_m": 10, "V_T": -59.9, "Delta_T": 3.48, "V_cut": -30, "V_reset": -68, "t_ref": 1.7}
        return cls(**eif, tau_w=50, a_w=0.5, b=2, E_w=-65, V_clip=-40)


class AdaptiveLinearisedEIF(Adaptation, LinearisedEIF):
    """LinearisedEIF with an adaptation current: the control that keeps adaptation and drops the sodium's curvature."""

    kind: Literal["adaptive_linearised_eif"] = "adaptive_linearised_eif"  # pyright: ignore[reportIncompatibleVariableOverride]
