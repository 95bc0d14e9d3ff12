"""Chains and networks of populations, as values: who projects to whom, with which synapse.

A projection of weight J [mV per spike, negative if inhibitory] from a population of N neurons, made with
probability p, moves its target by A = N p J per spike and source neuron. A `SynfireChain` is a row of populations;
`SynfireChain.network` spells it out as a `Network`, in which recurrence, partner populations and
crossing chains are further projections.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, model_validator

from synfer.core.errors import did_you_mean
from synfer.core.params import Params, field, tag
from synfer.population.drive import Background, Current, Noise, check_background
from synfer.population.neurons import (
    EIF,
    LIF,
    AdaptiveEIF,
    AdaptiveLIF,
    AdaptiveLinearisedEIF,
    Izhikevich,
    LinearisedEIF,
    Neuron,
)
from synfer.population.synapse import Kernel, check_times

AnyNeuron = Annotated[
    LIF | EIF | LinearisedEIF | AdaptiveLIF | AdaptiveEIF | AdaptiveLinearisedEIF | Izhikevich,
    Field(discriminator="kind"),
]


def _background_kind(value: Any) -> str:
    kind = str(value.get("kind", "noise") if isinstance(value, dict) else getattr(value, "kind", None))
    return {"noise": "Noise", "current": "Current"}.get(kind, kind)


AnyBackground = Annotated[
    Annotated[Noise, tag("Noise")] | Annotated[Current, tag("Current")], Discriminator(_background_kind)
]


def _one_or_many(value: Any) -> str:
    return "many" if isinstance(value, (list, tuple)) else "one"


_Choice = Discriminator(_one_or_many)
NeuronByLayer = Annotated[Annotated[AnyNeuron, tag("one")] | Annotated[tuple[AnyNeuron, ...], tag("many")], _Choice]
NoiseByLayer = Annotated[
    Annotated[AnyBackground, tag("one")] | Annotated[tuple[AnyBackground, ...], tag("many")], _Choice
]
DelayByLayer = Annotated[Annotated[float, tag("one")] | Annotated[tuple[float, ...], tag("many")], _Choice]

PACKET = "packet"
"""The source whose spikes are those of the pulse packet."""
LEAPING = ("exponential", "delta")
"""Kernels that act at once, so that they need a delay."""


class Synapse(Params):
    """The kernel and delay that a chain and a projection share."""

    weight: float = field(unit="mV", symbol="J", doc="delta-equivalent step per spike, negative = inhibitory")
    probability: float = field(1.0, gt=0, le=1, symbol="p", doc="probability of a connection")
    kernel: Kernel = field("alpha", doc="postsynaptic kernel of unit area")
    tau_s: float | None = field(None, unit="ms", gt=0, symbol="τ_s", doc="synaptic decay time")
    tau_r: float | None = field(None, unit="ms", gt=0, symbol="τ_r", doc="synaptic rise time, biexponential only")

    @model_validator(mode="after")
    def _kernel_times(self) -> Self:
        check_times(self.kernel, self.tau_s, self.tau_r)
        if self.tau_s is None and self.kernel != "delta":
            raise ValueError(f"kernel={self.kernel!r} needs tau_s [ms]")
        return self


class Population(Params):
    """N neurons of one kind under one noise; `layer`, from 1, is its place along a chain, where a gate's lag counts."""

    kind: Literal["population"] = "population"
    positional = ("name", "neuron", "noise")
    name: str = field(doc="what projections and gates call it")
    neuron: AnyNeuron = field(doc="the neuron")
    noise: AnyBackground = field(doc="its background: a Noise, or the Current of a neuron without a leak")
    width: int = field(100, ge=1, symbol="N", doc="number of neurons")
    layer: int = field(1, ge=1, doc="place along the chain, for gates with a lag")

    @model_validator(mode="after")
    def _background_of_its_kind(self) -> Self:
        _check_background(self.neuron, self.noise)
        return self


class Projection(Synapse):
    """Synapses from one population to another; the source "packet" stands for the volley that enters."""

    kind: Literal["projection"] = "projection"
    positional = ("source", "target")
    source: str = field(doc="name of a population, or packet")
    target: str = field(doc="name of a population")
    delay: float = field(0.0, unit="ms", ge=0, doc="transmission delay")

    @model_validator(mode="after")
    def _leaping_needs_delay(self) -> Self:
        _check_delay(self.kernel, (self.delay,) if self.source != PACKET else ())
        return self


class Network(Params):
    """Populations and the projections between them; the packet enters by projections from "packet".

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), noise=sf.Noise(-61.8, 2.85), weight=0.158, tau_s=0.325)
        >>> loop = sf.Projection("10", "1", weight=0.158, tau_s=0.325, delay=1)
        >>> len(chain.network().joined(projections=[loop]).projections)
        11
    """

    kind: Literal["network"] = "network"
    positional = ("populations", "projections")
    populations: tuple[Population, ...] = field(doc="the populations")
    projections: tuple[Projection, ...] = field(doc="the projections")

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [population.name for population in self.populations]
        if not names:
            raise ValueError("populations is empty; give at least one")
        for name in names:
            if names.count(name) > 1 or name == PACKET:
                taken = "is the packet's" if name == PACKET else f"is used {names.count(name)} times"
                raise ValueError(f"populations: the name {name!r} {taken}; names must differ")
        for projection in self.projections:
            for end, known in ((projection.source, [*names, PACKET]), (projection.target, names)):
                if end not in known:
                    raise ValueError(f"projections: there is no population {end!r}{did_you_mean(end, known)}")
        return self

    def joined(self, populations: Sequence[Population] = (), projections: Sequence[Projection] = ()) -> "Network":
        """This network with further populations and projections."""
        return Network((*self.populations, *populations), (*self.projections, *projections))

    def population(self, name: str) -> Population:
        """The population of that name."""
        return next(population for population in self.populations if population.name == name)


class SynfireChain(Synapse):
    """A feed-forward chain of layers of `width` neurons; the packet enters layer 1 through the same synapse.

        I_l(t) = tau_m A (k * (r_{l-1} - quiet))(t - delay),    A = width * probability * weight

    What counts as quiet is the switch `disfacilitation` of the verbs. neuron, noise and delay may be
    given by layer; delay[i] leads from layer i + 1 to layer i + 2, so there is one fewer.

    Example:
        >>> import synfer as sf
        >>> sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.8, 2.85), weight=0.15795, tau_s=0.325).A
        15.795
    """

    kind: Literal["synfire_chain"] = "synfire_chain"
    positional = ("neuron", "noise")
    neuron: NeuronByLayer = field(doc="the neuron, or one for each layer")
    noise: NoiseByLayer = field(doc="background of each layer: a Noise, or the Current of neurons without a leak")
    layers: int = field(10, ge=1, doc="number of layers")
    width: int = field(100, ge=1, symbol="N", doc="neurons per layer")
    delay: DelayByLayer = field(0.0, unit="ms", doc="transmission delay between layers")

    @model_validator(mode="after")
    def _by_layer(self) -> Self:
        for name, length in (("neuron", self.layers), ("noise", self.layers), ("delay", self.layers - 1)):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != length:
                raise ValueError(f"{name} has {len(value)} entries, layers = {self.layers} needs {length}; or give one")
        for i in range(self.layers):
            _check_background(at(self.neuron, i), at(self.noise, i))
        delays = self.delay if isinstance(self.delay, tuple) else (self.delay,) * (self.layers - 1)
        if any(delay < 0 for delay in delays):
            raise ValueError(f"delay = {min(delays)} ms must be >= 0 ms")
        _check_delay(self.kernel, delays)
        return self

    @property
    def A(self) -> float:
        """width * probability * weight [mV]: what a layer firing once per neuron moves the next one by."""
        return self.width * self.probability * self.weight

    def network(self, prefix: str = "") -> Network:
        """The chain as populations "1", "2", ... and projections; with a prefix to the names, to join several."""

        names = [f"{prefix}{i + 1}" for i in range(self.layers)]
        populations = [
            Population(name, at(self.neuron, i), at(self.noise, i), width=self.width, layer=i + 1)
            for i, name in enumerate(names)
        ]
        synapse = {name: getattr(self, name) for name in Synapse.model_fields}
        entry = Projection(PACKET, names[0], **synapse)
        projections = [
            Projection(source, target, delay=at(self.delay, i), **synapse)
            for i, (source, target) in enumerate(pairwise(names))
        ]
        return Network(tuple(populations), (entry, *projections))


def at(by_layer: Any, i: int) -> Any:
    """What a chain has in its layer i, from 0, of a field given once or by layer."""
    return by_layer[i] if isinstance(by_layer, tuple) else by_layer


def _check_background(neuron: Neuron, background: Background) -> None:
    check_background(background, neuron.background, type(neuron).__name__)


def _check_delay(kernel: str, delays: Sequence[float]) -> None:
    if kernel in LEAPING and any(delay <= 0 for delay in delays):
        raise ValueError(f"kernel={kernel!r} acts at once and needs a delay of at least the step dt; give delay=1.5")
