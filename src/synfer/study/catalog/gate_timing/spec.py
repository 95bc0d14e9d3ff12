"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["gate_timing"] = "gate_timing"
    neuron: sf.EIF = field(sf.EIF.fourcaud2003(), doc="the neuron; the LIF is matched to its rate")
    rate: float = field(5.0, unit="Hz", gt=0, doc="base rate of both neurons")
    sigma: float = field(2.0, unit="mV", gt=0, doc="noise")
    A_eif: float = field(14.73, unit="mV", gt=0, doc="drive N p J of the EIF chain, 1.15 x its critical weight")
    A_lif: float = field(10.03, unit="mV", gt=0, doc="drive N p J of the LIF chain, 1.15 x its critical weight")
    layers: int = field(10, ge=2, doc="layers of the chains")
    width: int = field(100, ge=1, doc="neurons per layer")
    tau_s: float = field(0.325, unit="ms", gt=0, doc="time constant of the synapse")
    a: float = field(0.9, unit="N", gt=0, doc="size of the volley over the width")
    sigma_t: float = field(1.0, unit="ms", gt=0, doc="its spread")
    t0: float = field(10.0, unit="ms", gt=0, doc="its centre")
    half: tuple[float, ...] = field((2.5, 5.0, 10.0), unit="ms", doc="half-lengths of windows around the arrival")
    reference_half: float = field(5.0, unit="ms", gt=0, doc="half-length at which the claim is judged")
    depth: tuple[float, ...] = field((0.0, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0), unit="mV", doc="depths of the windows")
    weak: float = field(2.0, unit="mV", gt=0, doc="the deepest inhibition that is called weak")
    short_window: float = field(3.0, unit="ms", gt=0, doc="read-out that asks for synchrony as well")
    patience: float = field(
        35.0, unit="ms", gt=0, doc="wait after the ungated arrival, of a reader who does not wait on"
    )
    lag_ratio: tuple[float, ...] = field(
        (0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0), doc="lag per layer of a travelling gate over the ungated volley's own"
    )
    travel_depth: float = field(3.0, unit="mV", gt=0, doc="depth of the travelling gates")
    length: tuple[float, ...] = field((5.0, 10.0, 20.0), unit="ms", doc="windows whose closing charge is sought")
    travel_length: float = field(10.0, unit="ms", gt=0, doc="length of travelling gates")
    price_lag_ratio: tuple[float, ...] = field((0.0, 1.0, 1.5), doc="lags at which their closing charge is sought")
    depth_bounds: tuple[float, float] = field((1.0, 25.0), unit="mV", doc="where closing depths are looked for")
    tolerance: float = field(0.1, gt=0, lt=1, doc="width of their brackets over the upper end")
    h: float = field(0.2, unit="mV", gt=0, doc="cell width")
    dt: float = field(0.1, unit="ms", gt=0, doc="step")

    @property
    def volley(self) -> sf.PulsePacket:
        """The volley."""
        return sf.PulsePacket(a=self.a * self.width, sigma_t=self.sigma_t, t0=self.t0)

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("half", "depth", "lag_ratio", "length", "price_lag_ratio"):
            values = getattr(self, name)
            if not values or min(values) < 0 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold numbers >= 0 that increase, at least one")
        for name, needed in (("depth", (0.0, 1.25, self.weak, 3.0)), ("half", (self.reference_half, 10.0))):
            missing = sorted(set(needed) - set(getattr(self, name)))
            if missing:
                raise ValueError(f"{name} = {getattr(self, name)} lacks {missing}, at which the claims are judged")
        if not {0.0, 1.0} <= set(self.price_lag_ratio):
            raise ValueError(f"price_lag_ratio = {self.price_lag_ratio} must hold 0 and 1, which are compared")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        half=(1.0, 2.5, 5.0, 7.5, 10.0, 15.0),
        depth=(0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0),
        lag_ratio=(0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5),
        length=(2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0),
        price_lag_ratio=(0.0, 0.5, 1.0, 1.5, 2.0),
        depth_bounds=(0.5, 40.0),
        tolerance=0.01,
        h=0.1,
        dt=0.05,
    ),
}
