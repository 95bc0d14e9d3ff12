"""Every number of the experiment."""

from typing import Literal, Self

from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment; those of the article are not given in it."""

    kind: Literal["izhikevich_gate"] = "izhikevich_gate"
    neuron: sf.Izhikevich = field(sf.Izhikevich.regular_spiking(), doc="the neuron")
    I: float = field(3.0, unit="mV/ms", doc="its mean current")
    D: float = field(2.0, unit="mV^2/ms", gt=0, doc="intensity of its noise")
    width: int = field(100, ge=1, doc="neurons per layer")
    tau_s: float = field(0.325, unit="ms", gt=0, doc="time constant of the synapse")
    sigma_t: float = field(1.0, unit="ms", gt=0, doc="spread of the volley, of one spike per neuron")
    A: float = field(15.0, unit="mV", gt=0, doc="drive N p J of the single layer")
    depth: tuple[float, ...] = field((0.5, 1.0, 2.0, 4.0), unit="mV/ms", doc="depths of inhibition")
    length: float = field(30.0, unit="ms", gt=0, doc="its length")
    before: tuple[float, ...] = field(
        (-15.0, -5.0, 0.0, 5.0, 10.0, 20.0, 40.0), unit="ms", doc="its ends before the volley's centre"
    )
    layers: int = field(10, ge=4, doc="layers of the chains")
    A_closed: float = field(28.0, unit="mV", gt=0, doc="drive of the chain that is closed by itself")
    A_open: float = field(36.0, unit="mV", gt=0, doc="drive of the chain that is open by itself")
    chain_depth: float = field(2.0, unit="mV/ms", gt=0, doc="depth of the gates on chains")
    chain_before: float = field(5.0, unit="ms", ge=0, doc="end of the gate that opens, before the volley")
    chain_after: float = field(15.0, unit="ms", gt=0, doc="end of the gate that closes, after the volley")
    lag: float = field(2.0, unit="ms", gt=0, doc="lag per layer of gates that travel")
    tail: float = field(50.0, unit="ms", gt=0, doc="time that a run leaves the last volley to end")
    h: float = field(0.5, unit="mV", gt=0, doc="cell width")
    dw: float = field(0.8, unit="mV/ms", gt=0, doc="column width")
    dt: float = field(0.2, unit="ms", gt=0, doc="step")
    drives: tuple[tuple[float, float], ...] = field(
        ((2.0, 8.0), (3.0, 4.0), (6.0, 8.0), (9.0, 2.0)),
        doc="I [mV/ms] and D [mV^2/ms] at which neurons are simulated too",
    )
    n: int = field(8192, ge=2, doc="spiking neurons at each of these drives")
    settling: float = field(500.0, unit="ms", gt=0, doc="time for which they forget the density that they start from")
    counted: float = field(500.0, unit="ms", gt=0, doc="time for which their spikes are counted then")
    spiking_dt: float = field(0.05, unit="ms", gt=0, doc="their step")
    seed: int = field(1, ge=0, doc="their seed")

    @property
    def current(self) -> sf.Current:
        """What the neuron rests in."""
        return sf.Current(self.I, self.D)

    def mesh(self, refine: int = 1) -> sf.Mesh:
        """The mesh of the neuron, some times finer."""
        return sf.Mesh(self.h / refine, self.dw / refine)

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("depth", "before"):
            values = getattr(self, name)
            if len(values) < 2 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold numbers that increase, at least two")
        if self.depth[0] <= 0:
            raise ValueError(f"depth = {self.depth} must be > 0; no inhibition is compared anyway")
        if not (self.before[0] < 0 < self.before[-1] and self.chain_before in self.before):
            raise ValueError(
                f"before = {self.before} must hold ends after the volley (< 0), ends before it (> 0), and "
                f"chain_before = {self.chain_before:g}"
            )
        if self.before[0] <= -self.length:
            raise ValueError(f"before = {self.before}: inhibition of {self.length:g} ms must begin before the volley")
        if not self.drives:
            raise ValueError("drives = () must hold at least one (I, D)")
        if self.A_closed >= self.A_open:
            raise ValueError(f"A_closed = {self.A_closed:g} mV must be < A_open = {self.A_open:g} mV")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        depth=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0),
        before=(-15.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0),
        layers=20,
        h=0.25,
        dw=0.4,
        dt=0.1,
        drives=(
            (2.0, 2.0),
            (2.0, 8.0),
            (2.5, 1.0),
            (3.0, 1.0),
            (3.0, 4.0),
            (4.0, 2.0),
            (6.0, 1.0),
            (6.0, 8.0),
            (9.0, 2.0),
            (12.0, 4.0),
        ),
        n=32768,
    ),
}
