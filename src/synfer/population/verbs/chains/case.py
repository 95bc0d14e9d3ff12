"""One chain or network at one point, spelled out: what drives every population, and what its quiet twin is.

The quiet twin of a population is the same population under the same gate without the packet. With the switch
`disfacilitation` off, a projection carries r - quiet twin's rate, so that a gate leaves the background of the next
layer alone; with it on, r - r0, r0 being the ungated rate: silencing a layer hyperpolarises the next.
A twin needs a lane of its own only where its drive changes in time; else its rate is a constant.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from synfer.core.errors import ParameterError, did_you_mean
from synfer.population.chain import PACKET, Network, Population, Projection, SynfireChain
from synfer.population.drive import Background, Drive, Gate, Part, PulsePacket, Timeseries

Name = int | str


class Case(NamedTuple):
    """A network at one point.

    Attributes:
        network: the populations and projections.
        names: of the populations as results name them: 1, 2, ... in a chain.
        drives: noise and gates of every population; populations with equal ones share the object.
        volleys: the packets that enter every population, with their synapses.
        steady: whether every drive is constant in time.
        gated: whether a gate acts anywhere.
        disfacilitation: the switch.
    """

    network: Network
    names: list[Name]
    drives: list[Drive]
    volleys: list[tuple[PulsePacket, ...]]
    steady: list[bool]
    gated: bool
    disfacilitation: bool

    def ungated(self) -> "Case":
        """The same without gates."""
        drives = [ungated(drive) for drive in self.drives]
        return self._replace(drives=drives, steady=[is_steady(drive) for drive in drives], gated=False)

    def projections(self) -> list[tuple[int, int, Projection]]:
        """(source, target, projection) of the projections between populations."""
        index = {population.name: i for i, population in enumerate(self.network.populations)}
        return [(index[p.source], index[p.target], p) for p in self.network.projections if p.source != PACKET]

    def strength(self, source: int, projection: Projection) -> float:
        """A = N p J [mV] of a projection."""
        return self.network.populations[source].width * projection.probability * projection.weight


def case_of(point: dict[str, Any]) -> Case:
    """The case of a point with chain, packet, gate and disfacilitation.

    Raises:
        ParameterError: anything else than these, a packet with a synapse of its own, a gate on a layer that does not
            exist.
    """
    network, names = _network(point["chain"])
    packets = _packets(point["packet"])
    gates = _gates(point["gate"], names)
    switch = point["disfacilitation"]
    if not isinstance(switch, bool):
        raise ParameterError(f"disfacilitation = {switch!r} must be True or False")
    shared: dict[tuple, Drive] = {}
    drives = [
        _drive(population, name, gates, shared) for population, name in zip(network.populations, names, strict=True)
    ]
    steady = {id(drive): is_steady(drive) for drive in shared.values()}
    volleys = [_entering(network, population, packets) for population in network.populations]
    return Case(network, names, drives, volleys, [steady[id(drive)] for drive in drives], bool(gates), switch)


def _network(chain: object) -> tuple[Network, list[Name]]:
    if isinstance(chain, SynfireChain):
        return chain.network(), list(range(1, chain.layers + 1))
    if isinstance(chain, Network):
        return chain, [population.name for population in chain.populations]
    raise ParameterError(
        f"chain = {chain!r} must be a SynfireChain or a Network; for example "
        "sf.SynfireChain(sf.LIF.diesmann1999(), noise=sf.Noise(-61.8, 2.85), weight=0.158, tau_s=0.325)"
    )


def _packets(packet: Any) -> tuple[PulsePacket, ...]:
    parts: Any = packet.parts if isinstance(packet, Drive) else () if packet is None else (packet,)
    for part in parts:
        if not isinstance(part, PulsePacket):
            raise ParameterError(
                f"a chain is driven by a PulsePacket or a sum of them, and got {part!r}; "
                "its noise belongs to the chain, gates to gate="
            )
        own = [name for name in ("weight", "tau_s", "tau_r") if getattr(part, name) is not None]
        if own or part.kernel != "alpha":
            raise ParameterError(
                f"the packet has {own[0] if own else 'kernel'}, but a chain brings its own synapse; leave it out"
            )
    return tuple(parts)


def _gates(gate: Any, names: list[Name]) -> tuple[Gate, ...]:
    parts: Any = gate.parts if isinstance(gate, Drive) else () if gate is None else (gate,)
    for part in parts:
        if not isinstance(part, Gate):
            raise ParameterError(f"gate = {part!r} must be an Inhibition, a Shunt or a sum of them")
        for layer in part.layers or ():
            if layer not in names:
                known = (
                    f"; known: 1 to {len(names)}"
                    if isinstance(names[0], int)
                    else did_you_mean(str(layer), map(str, names))
                )
                if isinstance(layer, str) and layer.isdigit() and int(layer) in names:
                    known = f"; write {layer} without quotes"
                raise ParameterError(f"the gate acts on layer {layer!r}, which the chain does not have{known}")
    return tuple(parts)


def _drive(population: Population, name: Name, gates: Iterable[Gate], shared: dict[tuple, Drive]) -> Drive:
    """Noise and gates of a population; the same object for all that meet the same gates at the same time."""
    acting = [gate for gate in gates if gate.layers is None or name in gate.layers]
    late = [gate.lag * (population.layer - 1) if varies(gate) else 0.0 for gate in acting]
    key = (id(population.noise), *((id(gate), ms) for gate, ms in zip(acting, late, strict=True)))
    if key not in shared:
        met = (gate.at(name, population.layer) for gate in acting)
        shared[key] = Drive((population.noise, *(gate for gate in met if gate is not None)))
    return shared[key]


def _entering(network: Network, population: Population, packets: tuple[PulsePacket, ...]) -> tuple[PulsePacket, ...]:
    """The packets as currents of a population: every neuron receives a p of the a spikes."""
    entries = [p for p in network.projections if p.source == PACKET and p.target == population.name]
    return tuple(
        packet.replace(
            t0=packet.t0 + entry.delay,
            weight=entry.weight * entry.probability,
            kernel=entry.kernel,
            tau_s=entry.tau_s,
            tau_r=entry.tau_r,
        )
        for entry in entries
        for packet in packets
    )


def is_steady(drive: Drive) -> bool:
    """Whether a drive is constant in time."""
    return not any(varies(part) for part in drive.parts)


def varies(part: Part) -> bool:
    """Whether a part changes in time."""
    values = (getattr(part, name) for name in type(part).model_fields)
    return (isinstance(part, Gate) and part.timed) or any(isinstance(value, Timeseries) for value in values)


def ungated(drive: Drive) -> Drive:
    """The background alone."""
    return Drive(tuple(part for part in drive.parts if isinstance(part, Background)))
