"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["synfire_gating"] = "synfire_gating"
    neuron: sf.EIF = field(sf.EIF.fourcaud2003(), doc="the neuron, whose controls are matched to it")
    rate: float = field(5.0, unit="Hz", gt=0, doc="base rate of all neurons")
    sigma: float = field(2.0, unit="mV", gt=0, doc="noise")
    layers: int = field(10, ge=2, doc="layers of the chains")
    width: int = field(100, ge=1, doc="neurons per layer")
    tau_s: float = field(0.325, unit="ms", gt=0, doc="time constant of the synapse")
    a: float = field(0.9, unit="N", gt=0, doc="size of the volley over the width")
    sigma_t: float = field(1.0, unit="ms", gt=0, doc="its spread")
    t0: float = field(10.0, unit="ms", gt=0, doc="its centre")
    margin: float = field(1.15, gt=1, doc="weight over the neuron's own critical weight, at equal safety margin")
    critical_depth: float = field(2.0, unit="mV", gt=0, doc="sustained depth at which critical weights are repeated")
    A_bounds: tuple[float, float] = field((6.0, 25.0), unit="mV", doc="where critical weights A_c are looked for")
    depth: tuple[float, ...] = field(
        (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0), unit="mV", doc="depths of the gating curves"
    )
    depth_bounds: tuple[float, float] = field((0.3, 9.0), unit="mV", doc="where closing depths are looked for")
    g: tuple[float, ...] = field((0.0, 0.03, 0.06, 0.09, 0.12, 0.15, 0.2, 0.3), doc="shunts in units of the leak")
    g_bounds: tuple[float, float] = field((0.02, 1.0), doc="where closing shunts are looked for")
    E_rev: float = field(-75.0, unit="mV", doc="reversal potential of the shunt")
    hold: float = field(100.0, unit="ms", gt=0, doc="how long a sustained gate is paid for")
    g_L: float = field(10.0, unit="nS", gt=0, doc="leak of a neuron, for charges in pA ms and ATP")
    shown_layers: tuple[int, ...] = field((1, 3, 6, 10), doc="layers whose densities are shown")
    tolerance: float = field(0.04, gt=0, lt=1, doc="width of brackets over their upper end")
    h: float = field(0.2, unit="mV", gt=0, doc="cell width")
    dt: float = field(0.1, unit="ms", gt=0, doc="step")

    @property
    def volley(self) -> sf.PulsePacket:
        """The volley."""
        return sf.PulsePacket(a=self.a * self.width, sigma_t=self.sigma_t, t0=self.t0)

    @property
    def shown(self) -> list[int]:
        """The layers to show, of those that there are."""
        return [layer for layer in self.shown_layers if layer <= self.layers]

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("depth", "g"):
            values = getattr(self, name)
            if len(values) < 2 or values[0] != 0 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must begin with 0 and increase, at least two numbers")
        if not self.shown or min(self.shown_layers) < 1:
            raise ValueError(f"shown_layers = {self.shown_layers} must hold one between 1 and layers = {self.layers}")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        depth=(0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.125, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0),
        g=(0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2, 0.3, 0.4),
        A_bounds=(4.0, 40.0),
        tolerance=0.003,
        h=0.1,
        dt=0.05,
    ),
}
