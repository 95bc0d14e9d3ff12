"""The chain that the chains' sections share: Diesmann's, under a gate that travels with the volley."""

from typing import Any, NamedTuple

import numpy as np

import synfer as sf
from problem import lanes
from synfer.population import density, readout
from synfer.population.drive import Drive
from synfer.population.signals import signals

LIF = sf.LIF.diesmann1999()
MU, SIGMA = -61.78725, 2.8516575
REST = sf.Noise(MU, SIGMA)
SYNAPSE = {"weight": 0.15795, "tau_s": 0.325}
WIDTH = 100
T, DT = 110.0, 0.05
# 352 cells from -55 mV down to 8 sigma below the reset potential.
H, CELLS = 0.108, 352


def chain(layers: int) -> sf.SynfireChain:
    """The chain of Diesmann, Gewaltig & Aertsen (1999)."""
    return sf.SynfireChain(LIF, REST, layers=layers, width=WIDTH, **SYNAPSE)


def volleys(count: int) -> list[sf.PulsePacket]:
    """Volleys that die and volleys that pass."""
    return [sf.PulsePacket(a=float(a), sigma_t=1.0, t0=10.0) for a in np.linspace(20, 95, count)]


def gates(count: int) -> list[sf.Inhibition]:
    """Inhibition that meets every layer for 10 ms, 3 ms later each: every population needs a quiet twin of its own."""
    return [sf.Inhibition(float(depth), on=7, off=17, lag=3) for depth in np.linspace(0.2, 2, count)]


def propagated(count: int, layers: int = 10, t: float = T) -> Any:
    """`count` chains by the public verb, volleys and gates as values made beforehand."""
    one, packets, inhibition = chain(layers), volleys(count), gates(count)
    return lambda: sf.propagate(one, packets, gate=inhibition, t=t, h=H, dt=DT)


def cell_steps(count: int, layers: int = 10, t: float = T) -> int:
    """Cells times steps of all lanes, twins counted."""
    return count * 2 * layers * CELLS * round(t / DT)


class Networks(NamedTuple):
    """Chains as the engine takes them: ten populations and ten twins each, and all signals ready."""

    lanes: density.Lanes
    synapses: density.Synapses
    network: np.ndarray
    signal: np.ndarray
    mu: np.ndarray
    start: density.State

    def run(self) -> np.ndarray:
        """Mean flux in every step [1/ms], (lanes, steps)."""

        def inputs(first: int, n: int, wanted: np.ndarray) -> tuple:
            return self.mu[first : first + n][..., wanted], SIGMA, 0.0, 0.0, 0.0

        return density.evolve_networks(
            self.lanes, self.synapses, self.network, self.signal, inputs, steps=len(self.mu), dt=DT, initial=self.start
        ).flux

    def packets(self) -> np.ndarray:
        """Spikes of the volleys, (chains, layers), read as `propagate` reads them."""
        count = int(self.network[-1]) + 1
        rate = 1000 * self.run().reshape(count, 2, -1, len(self.mu))
        time = (np.arange(len(self.mu)) + 0.5) * DT
        return readout.packet(rate[:, 0], rate[:, 1], time, width=WIDTH).a


def networks(count: int, layers: int = 10, t: float = T) -> Networks:
    """The chains of `propagated`, without the verb; lanes of a chain: its populations, then their twins."""
    edges = np.arange(round(t / DT) + 1) * DT
    size = 2 * layers
    own = lanes(LIF, count * size, H, LIF.V_th - CELLS * H)
    # Signals of a chain: every layer under the gate, then the first with the volley.
    columns = []
    for packet, gate in zip(volleys(count), gates(count), strict=True):
        gated = [Drive((REST, gate.at(layer, layer))) for layer in range(1, layers + 1)]
        entering = Drive((*gated[0].parts, packet.replace(**SYNAPSE)))
        columns += [signals(drive, LIF.tau_m, edges, density.GAMMA).mu for drive in (*gated, entering)]
    signal = np.concatenate([[layers], np.arange(1, layers), np.arange(layers)])
    first = size * np.arange(count)[:, None]
    source = (first + np.arange(layers - 1)).ravel()
    return Networks(
        lanes=own,
        synapses=density.Synapses(
            source=source,
            target=source + 1,
            reference=source + layers,
            quiet=np.zeros(len(source)),
            A=np.full(len(source), WIDTH * SYNAPSE["weight"]),
            tau_rise=np.full(len(source), SYNAPSE["tau_s"]),
            tau_decay=np.full(len(source), SYNAPSE["tau_s"]),
            delay=np.zeros(len(source)),
        ),
        network=np.repeat(np.arange(count), size),
        signal=((layers + 1) * np.arange(count)[:, None] + signal).ravel(),
        mu=np.stack(columns, axis=2),
        start=density.stationary(own, MU, SIGMA),
    )
