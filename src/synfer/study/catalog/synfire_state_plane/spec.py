"""Every number of the experiment."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

import synfer as sf
from synfer.core.params import Params, field


class Spec(Params):
    """Every number of the experiment; sizes of packets are in units of the width N."""

    kind: Literal["synfire_state_plane"] = "synfire_state_plane"
    neuron: sf.LIF = field(sf.LIF.diesmann1999(), doc="the neuron of the chain")
    noise: sf.Noise = field(sf.Noise(mu=-61.78725, sigma=2.8516575), doc="its background")
    A: float = field(15.795, unit="mV", gt=0, doc="drive of a layer that fires once per neuron, N p J")
    tau_s: float = field(0.325, unit="ms", gt=0, doc="time constant of the synapse")
    layers: int = field(8, ge=2, doc="layers of the chain")
    width: int = field(100, ge=1, doc="neurons per layer of the chain, and of the trials shown one by one")
    t0: float = field(10.0, unit="ms", gt=0, doc="centre of the packets that are sent as spikes")
    a_in: tuple[float, ...] = field(tuple(np.linspace(0.1, 1.3, 9).tolist()), doc="sizes of packets on the plane")
    sigma_t_in: tuple[float, ...] = field((0.25, 0.5, 1.0, 2.0, 3.0), unit="ms", doc="their spreads")
    reference_sigma_t: float = field(1.0, unit="ms", gt=0, doc="spread at which the separatrix is read, and of spikes")
    attractor_layers: int = field(20, ge=2, doc="layers of the chain in which packets settle")
    settling: tuple[tuple[float, float], ...] = field(
        ((0.55, 1.0), (0.8, 2.0), (1.0, 0.25), (1.0, 1.0), (1.3, 0.5)),
        doc="(size, spread in ms) of packets that settle",
    )
    tolerance: float = field(0.01, gt=0, lt=1, doc="width of brackets on the plane, over their upper end")
    h: float = field(0.2, unit="mV", gt=0, doc="cell width")
    dt: float = field(0.05, unit="ms", gt=0, doc="step of the densities")
    window: float = field(3.0, unit="ms", gt=0, doc="window in which spikes and density are compared")
    large: int = field(1000, ge=10, doc="neurons per layer where spikes are held against the density")
    large_start: tuple[float, ...] = field((0.5, 0.6), doc="sizes of packets sent there")
    large_trials: int = field(40, ge=2, doc="trials there")
    small_start: tuple[float, ...] = field((0.4, 0.5, 0.6), doc="sizes of packets whose trials are shown one by one")
    small_trials: int = field(60, ge=2, doc="trials of these")
    widths: tuple[int, ...] = field((50, 100, 250), doc="neurons per layer where survival is counted")
    survival_start: tuple[float, ...] = field((0.35, 0.4, 0.45, 0.5, 0.55), doc="sizes of packets there")
    survival_trials: int = field(40, ge=2, doc="trials there")
    t: float = field(45.0, unit="ms", gt=0, doc="length of the runs of spikes that are held against the density")
    spike_dt: float = field(0.05, unit="ms", gt=0, doc="step of the runs of spikes")
    seed: int = field(1, ge=0, doc="seed of the spikes")

    @property
    def chain(self) -> sf.SynfireChain:
        """The chain."""
        return sf.SynfireChain(
            self.neuron, self.noise, layers=self.layers, width=self.width, weight=self.A / self.width, tau_s=self.tau_s
        )

    @model_validator(mode="after")
    def _whole_grids(self) -> Self:
        for name in ("a_in", "sigma_t_in", "widths", "large_start", "small_start", "survival_start"):
            values = getattr(self, name)
            if not values or min(values) <= 0 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} = {values} must hold numbers > 0 that increase, at least one")
        if not self.settling:
            raise ValueError("settling is empty; give at least one packet, for example ((1.0, 0.5),)")
        return self


PRESETS = {
    "quick": Spec(),
    "full": Spec(
        a_in=tuple(np.linspace(0.05, 1.3, 26).tolist()),
        sigma_t_in=(0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0),
        tolerance=0.003,
        h=0.1,
        dt=0.025,
        large_trials=200,
        widths=(25, 50, 100, 200, 400, 800),
        survival_start=(0.3, 0.35, 0.4, 0.425, 0.45, 0.475, 0.5, 0.55, 0.6),
        survival_trials=500,
        small_trials=100,
        spike_dt=0.02,
    ),
}
