"""Neurons with a leak, of one dimension: leaky, exponential, and the straight line that stands in for the latter."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from synfer.core.params import field
from synfer.population.neurons.neuron import Neuron


class IntegrateAndFire(Neuron):
    """A neuron with a leak: tau_m, V_reset and t_ref are its parameters."""

    tau_m: float = field(unit="ms", gt=0, symbol="τ_m", doc="membrane time constant")
    V_reset: float = field(unit="mV", symbol="V_r", doc="reset potential")
    t_ref: float = field(unit="ms", ge=0, symbol="t_ref", doc="absolute refractory period")

    @model_validator(mode="after")
    def _reset_below_spike(self) -> Self:
        if type(self) is not IntegrateAndFire and self.V_reset >= self.V_top:
            name = "V_cut" if isinstance(self, EIF) else "V_th"
            raise ValueError(f"V_reset = {self.V_reset} mV must be < {name} = {self.V_top} mV")
        return self


class LIF(IntegrateAndFire):
    """Leaky integrate-and-fire neuron: psi = 0, spike at V_th.

    Example:
        >>> LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2).V_top
        -55.0
    """

    kind: Literal["lif"] = "lif"
    V_th: float = field(unit="mV", symbol="V_th", doc="spike threshold")

    @classmethod
    def diesmann1999(cls) -> Self:
        """The neuron of Diesmann, Gewaltig & Aertsen, Nature 402:529 (1999)."""
        return cls(tau_m=10, V_th=-55, V_reset=-70, t_ref=1)

    @property
    def V_top(self) -> float:
        return self.V_th

    def psi(self, V: np.ndarray) -> np.ndarray:
        return np.zeros_like(V, dtype=np.float64)


class EIF(IntegrateAndFire):
    """Exponential integrate-and-fire neuron: psi = Delta_T exp((V - V_T)/Delta_T), spike at V_cut.

    Fourcaud-Trocme, Hansel, van Vreeswijk & Brunel, J. Neurosci. 23:11628 (2003), eq. 1.
    The rate has converged by V_cut = V_T + 6 Delta_T; the variance of V needs 8 Delta_T.
    """

    kind: Literal["eif"] = "eif"
    V_T: float = field(unit="mV", symbol="V_T", doc="soft threshold, where psi' = 1")
    Delta_T: float = field(unit="mV", gt=0, symbol="Δ_T", doc="sharpness of the sodium activation")
    V_cut: float = field(unit="mV", symbol="V_cut", doc="potential at which a spike is registered")

    @classmethod
    def fourcaud2003(cls) -> Self:
        """The fit of Fourcaud-Trocme et al. (2003) to the Wang-Buzsaki neuron."""
        return cls(tau_m=10, V_T=-59.9, Delta_T=3.48, V_cut=-30, V_reset=-68, t_ref=1.7)

    @model_validator(mode="after")
    def _cut_above_soft_threshold(self) -> Self:
        if self.V_cut <= self.V_T:
            raise ValueError(f"V_cut = {self.V_cut} mV must be > V_T = {self.V_T} mV; V_T + 8 Delta_T is safe")
        if (self.V_cut - self.V_T) / self.Delta_T > 600:
            raise ValueError(
                f"Delta_T = {self.Delta_T} mV is too sharp for V_cut = {self.V_cut} mV: psi(V_cut) overflows; "
                f"lower V_cut to V_T + 8 Delta_T = {self.V_T + 8 * self.Delta_T:g} mV"
            )
        return self

    @property
    def V_top(self) -> float:
        return self.V_cut

    def psi(self, V: np.ndarray) -> np.ndarray:
        return self.Delta_T * np.exp((V - self.V_T) / self.Delta_T)


class LinearisedEIF(IntegrateAndFire):
    """An EIF whose psi is replaced by its tangent psi_0 + slope (V - V_0), with a hard threshold V_th.

    The control that keeps the sodium current's subthreshold slope and drops its curvature;
    `rate_matched` makes one from an EIF.
    """

    kind: Literal["linearised_eif"] = "linearised_eif"
    V_th: float = field(unit="mV", symbol="V_th", doc="spike threshold")
    V_0: float = field(unit="mV", symbol="V_0", doc="potential of the tangent, the EIF's stable point")
    psi_0: float = field(unit="mV", symbol="ψ_0", doc="psi at V_0")
    slope: float = field(lt=1, symbol="ψ'", doc="dpsi/dV at V_0; the leak becomes 1 - slope")

    @property
    def V_top(self) -> float:
        return self.V_th

    def psi(self, V: np.ndarray) -> np.ndarray:
        return self.psi_0 + self.slope * (V - self.V_0)

    def free_membrane(self, mu: float, sigma: float) -> tuple[float, float]:
        leak = 1 - self.slope
        return (mu + self.psi_0 - self.slope * self.V_0) / leak, sigma / leak**0.5
