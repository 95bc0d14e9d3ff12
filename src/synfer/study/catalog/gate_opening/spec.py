"""Every number of the experiment."""

from typing import Any, Literal, Self

from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment."""

    kind: Literal["gate_opening"] = "gate_opening"
    neuron: sf.AdaptiveEIF = field(sf.AdaptiveEIF.example(), doc="the neuron; its controls are made from it")
    mu: float = field(-62.0, unit="mV", doc="mean of its noise")
    sigma: float = field(2.0, unit="mV", gt=0, doc="sd of its noise")
    width: int = field(100, ge=1, doc="neurons per layer")
    tau_s: float = field(0.325, unit="ms", gt=0, doc="time constant of the synapse")
    sigma_t: float = field(1.0, unit="ms", gt=0, doc="spread of the volley, of one spike per neuron")
    gate_depth: float = field(4.0, unit="mV", gt=0, doc="depth of the gate")
    gate_length: float = field(30.0, unit="ms", gt=0, doc="length of the gate")
    before: float = field(20.0, unit="ms", ge=0, doc="the gate of layer 1 ends so long before the volley's centre")
    A_single: float = field(6.0, unit="mV", gt=0, doc="drive N p J of the single layer")
    single_before: tuple[float, ...] = field(
        (0.0, 3.0, 10.0, 20.0, 30.0), unit="ms", doc="ends of the gate before the volley's centre, single layer"
    )
    counted: tuple[float, float] = field((-5.0, 15.0), unit="ms", doc="window around the volley's centre")
    layers: int = field(12, ge=3, doc="layers at which the claims speak of a chain")
    deep: int = field(20, ge=4, doc="layers over which an opening has to last")
    A: tuple[float, ...] = field((11.5, 12.0), unit="mV", doc="drives N p J of the map")
    lag: tuple[float, ...] = field((0.0, 4.5), unit="ms", doc="lags of the gate per layer, of the map")
    depth: tuple[float, ...] = field((4.0,), unit="mV", doc="depths of the gate, of the map")
    A_open: float = field(12.0, unit="mV", gt=0, doc="drive of the map at which a travelling gate is shown")
    lag_open: float = field(4.5, unit="ms", gt=0, doc="its lag")
    A_at_once: float = field(11.5, unit="mV", gt=0, doc="drive of the map at which the gate on all layers is judged")
    A_stated: float = field(12.3, unit="mV", gt=0, doc="drive at which an opening was first reported")
    lag_stated: float = field(3.0, unit="ms", gt=0, doc="lag at which it was")
    capture: tuple[float, ...] = field((0.0, 40.0), unit="ms", doc="other ends of the travelling gate")
    fraction: tuple[float, ...] = field((0.9,), doc="drives of the ablations over their own critical drive")
    fraction_judged: float = field(0.9, gt=0, lt=1, doc="the lowest of them at which the claims are judged")
    lag_ratio: tuple[float, ...] = field((0.0, 1.0), doc="lags of their gate over their own transit per layer")
    alif_fraction: float = field(
        0.955, gt=0, lt=1, doc="drive of the aLIF under a gate of its own, over its critical one"
    )
    alif_depth: float = field(8.0, unit="mV", gt=0, doc="depth of that gate")
    alif_lag: float = field(0.9, unit="ms", gt=0, doc="its lag")
    A_bounds: tuple[float, float] = field((8.0, 15.0), unit="mV", doc="where critical drives are looked for")
    tolerance: float = field(0.02, gt=0, lt=1, doc="width of their brackets over the upper end")
    pace: float = field(5.0, unit="ms", gt=0, doc="time that a run leaves a volley for each layer, at least")
    tail: float = field(50.0, unit="ms", gt=0, doc="time that a run leaves the last volley to end")
    finite_width: int = field(1000, ge=1, doc="neurons per layer of the spiking chains")
    trials: int = field(4, ge=1, doc="runs of each spiking chain")
    finite_dt: float = field(0.05, unit="ms", gt=0, doc="step of the spiking chains")
    window: float = field(20.0, unit="ms", gt=0, doc="window in which both are read")
    seed: int = field(1, ge=0, doc="seed of the spiking chains")
    h: float = field(0.2, unit="mV", gt=0, doc="cell width")
    dw: float = field(0.5, unit="mV", gt=0, doc="column width")
    dt: float = field(0.25, unit="ms", gt=0, doc="step")

    @property
    def noise(self) -> sf.Noise:
        """What the neuron rests in."""
        return sf.Noise(self.mu, self.sigma)

    def start(self, before: float | None = None) -> float:
        """Centre of a volley [ms] that leaves room for the gate and the packet before it."""
        ends = self.before if before is None else before
        return max(self.gate_length + ends, 10.0 * self.sigma_t)

    def gate(self, lag: float = 0.0, before: float | None = None, depth: float | None = None) -> sf.Inhibition:
        """The gate on a chain whose volley enters at `start(before)`."""
        off = self.start(before) - (self.before if before is None else before)
        amount = self.gate_depth if depth is None else depth
        return sf.Inhibition(amount, on=off - self.gate_length, off=off, lag=lag)

    def volley(self, t0: float, **options: Any) -> sf.PulsePacket:
        """The packet that enters, one spike per neuron."""
        return sf.PulsePacket(a=self.width, sigma_t=self.sigma_t, t0=t0, **options)

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("A", "lag", "depth", "single_before", "capture", "fraction", "lag_ratio"):
            values = getattr(self, name)
            if not values or min(values) < 0 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold numbers >= 0 that increase, at least one")
        needed = {
            "A": (self.A_open, self.A_at_once),
            "lag": (0.0, self.lag_open),
            "depth": (self.gate_depth,),
            "single_before": (0.0, 20.0),
            "lag_ratio": (0.0,),
            "fraction": (self.fraction_judged,),
        }
        for name, values in needed.items():
            missing = sorted(set(values) - set(getattr(self, name)))
            if missing:
                raise ValueError(f"{name} = {getattr(self, name)} lacks {missing}, at which the claims are judged")
        if self.deep < self.layers:
            raise ValueError(f"deep = {self.deep} must be at least layers = {self.layers}")
        if len(self.lag_ratio) < 2:
            raise ValueError(f"lag_ratio = {self.lag_ratio} must hold a lag besides 0, for gates that travel")
        if not self.counted[0] < self.counted[1]:
            raise ValueError(f"counted = {self.counted} ms must increase")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        tail=60.0,
        single_before=(0.0, 1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0),
        deep=40,
        A=(11.0, 11.5, 11.7, 11.8, 11.9, 12.0, 12.1, 12.3),
        lag=(0.0, 1.5, 3.0, 3.4, 4.0, 4.5, 5.0, 6.0),
        capture=(0.0, 5.0, 10.0, 15.0, 30.0, 40.0),
        depth=(4.0, 6.0),
        fraction=(0.85, 0.9, 0.95),
        lag_ratio=(0.0, 0.75, 1.0, 1.25, 1.5),
        tolerance=0.004,
        trials=40,
        h=0.2,
        dw=0.25,
        dt=0.2,
    ),
}
