"""Integrate-and-fire neurons, as values.

    tau_m dV/dt = mu + I(t) - V + psi(V) - w - g(t)(V - E_rev) + sigma sqrt(2 tau_m) xi(t)

A neuron that reaches V_top spikes, is silent for t_ref, and goes on from V_reset. The kinds
differ in psi: 0 (leaky), Delta_T exp((V - V_T)/Delta_T) (exponential), or a straight line.
One-dimensional neurons have w = 0. Others have a slow variable

    tau_w dw/dt = target(V) - w,    w += jump at a spike,

which rests while the neuron is refractory.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from synfer.core.params import Params, field

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
