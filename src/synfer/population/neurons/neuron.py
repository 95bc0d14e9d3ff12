"""What every neuron shares."""

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np

from synfer.core.params import Params

ABSTRACT = "Neuron is abstract; use LIF, EIF, AdaptiveEIF, Izhikevich or another kind"


class Slow(NamedTuple):
    """The slow variable of a neuron: its time constant [ms] and its jump at a spike [mV]."""

    tau: float
    jump: float


class Neuron(Params):
    """What all neurons share: tau_m, V_reset, t_ref, a spike at V_top, psi(V), and perhaps a slow variable."""

    if TYPE_CHECKING:
        tau_m: float
        V_reset: float
        t_ref: float
    background: ClassVar[Literal["noise", "current"]] = "noise"
    """The part of a drive that it needs: a `Noise`, or the `Current` of a neuron without a leak."""

    @property
    def V_top(self) -> float:
        """The potential [mV] at which a spike is registered."""
        raise TypeError(ABSTRACT)

    @property
    def slow(self) -> Slow | None:
        """Its slow variable; None for a one-dimensional neuron."""
        return None

    def slow_target(self, V: np.ndarray) -> np.ndarray:
        """What the slow variable relaxes to at potentials V [mV], of the shape of V."""
        raise TypeError(f"{type(self).__name__} has no slow variable")

    def psi(self, V: np.ndarray) -> np.ndarray:
        """The spike-generating drift psi(V) in mV at potentials V in mV, of the shape of V."""
        raise TypeError(ABSTRACT)

    def free_membrane(self, mu: float, sigma: float) -> tuple[float, float]:
        """Mean and sd [mV] of the membrane without threshold and without psi's upward curvature."""
        return mu, sigma
