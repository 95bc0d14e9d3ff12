"""From tables of a file to descriptions: [chain], [packet] and [gate] become Params, each error with its place."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from synfer.core.errors import ParameterError, did_you_mean
from synfer.core.params import Params
from synfer.population.chain import Network, Population, Projection, SynfireChain
from synfer.population.drive import Current, Drive, Gate, Inhibition, Noise, PulsePacket, Shunt, Timeseries
from synfer.population.neurons import (
    EIF,
    LIF,
    AdaptiveEIF,
    AdaptiveLIF,
    AdaptiveLinearisedEIF,
    Izhikevich,
    LinearisedEIF,
)
from synfer.population.verbs.mesh import Mesh

NEURONS: dict[str, type[Params]] = {
    "lif": LIF,
    "eif": EIF,
    "linearised_eif": LinearisedEIF,
    "adaptive_lif": AdaptiveLIF,
    "adaptive_eif": AdaptiveEIF,
    "adaptive_linearised_eif": AdaptiveLinearisedEIF,
    "izhikevich": Izhikevich,
}
PRESETS: dict[str, Callable[[], Params]] = {
    "diesmann1999": LIF.diesmann1999,
    "fourcaud2003": EIF.fourcaud2003,
    "adaptive_eif_example": AdaptiveEIF.example,
    "regular_spiking": Izhikevich.regular_spiking,
    "intrinsically_bursting": Izhikevich.intrinsically_bursting,
    "chattering": Izhikevich.chattering,
    "fast_spiking": Izhikevich.fast_spiking,
    "low_threshold_spiking": Izhikevich.low_threshold_spiking,
    "thalamo_cortical": Izhikevich.thalamo_cortical,
    "resonator": Izhikevich.resonator,
}
"""Neurons of the literature, which a file may name instead of spelling them out."""
BACKGROUNDS: dict[str, type[Params]] = {"noise": Noise, "current": Current}
GATES: dict[str, type[Params]] = {"inhibition": Inhibition, "shunt": Shunt}
CHAINS: dict[str, type[Params]] = {"synfire_chain": SynfireChain, "network": Network}

FIELDS = {
    name
    for kinds in (BACKGROUNDS, NEURONS, GATES, CHAINS)
    for kind in (PulsePacket, Population, Projection, *kinds.values())
    for name in kind.model_fields
}
"""Names of all fields that a table may have."""

P = TypeVar("P", bound=Params)


def preset(name: str) -> Params:
    """The neuron of that name.

    Example:
        >>> preset("diesmann1999").t_ref
        1.0
    """
    if name not in PRESETS:
        raise ParameterError(f"there is no neuron {name!r}{did_you_mean(name, PRESETS)}")
    return PRESETS[name]()


def chain(value: Any) -> Any:
    """A table as a chain or a network; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    kind = _of_kind(value, CHAINS, "chain", implied="synfire_chain")
    if kind is SynfireChain:
        parts = {"neuron": _neuron, "noise": _noise}
        return _built(SynfireChain, value, "chain", parts)
    parts = {"populations": _each(_population), "projections": _each(_projection)}
    return _built(Network, value, "chain", parts)


def packet(value: Any) -> Any:
    """A table as a PulsePacket; anything else as it is."""
    return _built(PulsePacket, value, "packet", {}) if isinstance(value, Mapping) else value


def mesh(value: Any) -> Any:
    """A table as a Mesh; anything else as it is."""
    return _built(Mesh, value, "h", {}) if isinstance(value, Mapping) else value


def gates(value: Any) -> Any:
    """A gate, a sum of gates, a table or a list of these, as a tuple of gates; None is none."""
    if value is None:
        return ()
    if isinstance(value, Drive):
        value = value.parts
    several = list(value) if isinstance(value, (list, tuple)) else [value]
    found = tuple(_gate(item, "gate" if len(several) == 1 else f"gate.{i}") for i, item in enumerate(several, 1))
    for item in found:
        if not isinstance(item, Gate):
            raise ParameterError(f"gate = {item!r} must be an Inhibition or a Shunt, or several of them")
    return found


def _gate(value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    return _built(_of_kind(value, GATES, where), value, where, {"depth": _signal, "g": _signal})


def _neuron(value: Any, where: str) -> Any:
    if isinstance(value, str):
        return preset(value)
    if isinstance(value, (list, tuple)):
        return tuple(_neuron(item, f"{where}.{i}") for i, item in enumerate(value, 1))
    return _built(_of_kind(value, NEURONS, where), value, where, {}) if isinstance(value, Mapping) else value


def _noise(value: Any, where: str) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_noise(item, f"{where}.{i}") for i, item in enumerate(value, 1))
    if not isinstance(value, Mapping):
        return value
    signals = {"mu": _signal, "sigma": _signal, "I": _signal, "D": _signal}
    return _built(_of_kind(value, BACKGROUNDS, where, implied="noise"), value, where, signals)


def _signal(value: Any, where: str) -> Any:
    return _built(Timeseries, value, where, {}) if isinstance(value, Mapping) else value


def _population(value: Any, where: str) -> Any:
    return (
        _built(Population, value, where, {"neuron": _neuron, "noise": _noise}) if isinstance(value, Mapping) else value
    )


def _projection(value: Any, where: str) -> Any:
    return _built(Projection, value, where, {}) if isinstance(value, Mapping) else value


def _each(build: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, where: tuple(build(item, f"{where}.{i}") for i, item in enumerate(value, 1))


def _of_kind(
    table: Mapping[str, Any], known: Mapping[str, type[Params]], where: str, implied: str = ""
) -> type[Params]:
    kind = table.get("kind", implied)
    if not kind:
        raise ParameterError(f"[{where}] needs a kind; known: {', '.join(sorted(known))}")
    if kind not in known:
        raise ParameterError(f"[{where}] kind = {kind!r} is unknown{did_you_mean(str(kind), known)}")
    return known[kind]


def _built(cls: type[P], table: Mapping[str, Any], where: str, parts: Mapping[str, Callable[[Any, str], Any]]) -> P:
    """The Params of a table, its tables built before it."""
    fields = {name: parts[name](value, f"{where}.{name}") if name in parts else value for name, value in table.items()}
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    try:
        return cls(**fields)
    except ParameterError as error:
        raise ParameterError(f"[{where}] {error}") from None
