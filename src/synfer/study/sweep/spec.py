"""A sweep as a value: a base, and what varies about it.

    engine = "evolve"            # density, or "simulate": spikes
    window = "evoked"            # options: window, h, dt, t, disfacilitation; of spikes trials, seed, connections

    [chain]                      # a synfire chain; kind = "network" for populations and projections
    neuron = "diesmann1999"      # a preset, or { kind = "lif", tau_m = 10, ... }
    noise = { mu = -61.78725, sigma = 2.8516575 }
    weight = 0.15795
    tau_s = 0.325

    [packet]
    sigma_t = 1.0                # a field that varies may be left out here
    t0 = 10

    [gate]                       # optional; [[gate]] for several
    kind = "inhibition"
    depth = 1

    [axes]                       # a grid: every value with every other; each axis becomes a dimension
    "packet.a" = [40, 60, 80]
    "chain.weight" = { from = 0.1, to = 0.2, steps = 5, scale = "log" }

Instead of [axes]: [points], equally long lists, taken together; or [sobol], with samples, seed and [sobol.ranges].
The same words as Python arguments make the same value.
"""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from synfer.core.errors import ParameterError
from synfer.core.params import Params, field
from synfer.core.points import ARGUMENTS
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Inhibition, PulsePacket, Shunt
from synfer.population.verbs.mesh import Mesh
from synfer.study.folder import StoreError
from synfer.study.sweep import axes as parsing
from synfer.study.sweep import describe, paths
from synfer.study.sweep.axes import Axis, Range, Sobol

AnyChain = Annotated[SynfireChain | Network, Field(discriminator="kind")]
AnyGate = Annotated[Inhibition | Shunt, Field(discriminator="kind")]

OPTIONS = {"evolve": ("window", "h", "dt", "t"), "simulate": ("window", "dt", "t", "trials", "connections", "seed")}
"""What each engine takes besides chain, packet, gate and disfacilitation."""
FIXED = ("trials", "connections")
"""Options that cannot vary."""
STEPS = {"evolve": 0.05, "simulate": 0.02}
"""The step [ms] of each engine where the sweep gives none."""
BELONGS = {"h": "evolve", "trials": "simulate", "connections": "simulate", "seed": "simulate"}


class Sweep(Params):
    """Chain, packet and gates, how they are computed, and what varies: axes, points or a Sobol sequence.

    Args:
        chain: A SynfireChain or a Network.
        packet: The PulsePacket that enters.
        gate: None, a gate, or several.
        axes: {path: values} for a grid: each path becomes a dimension, in this order.
        points: {path: values}, equally long, for a list of points.
        sobol: A Sobol, or {"samples": , "seed": , "ranges": {path: {"from": , "to": , "scale": }}}.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.8, 2.85), weight=0.158, tau_s=0.325)
        >>> volley = sf.PulsePacket(a=60, sigma_t=1, t0=10)
        >>> Sweep(chain, volley, axes={"packet.a": {"from": 40, "to": 80, "steps": 3}}).axes[0].values
        (40.0, 60.0, 80.0)
    """

    kind: Literal["sweep"] = "sweep"
    positional = ("chain", "packet")
    engine: Literal["evolve", "simulate"] = field("evolve", doc="density, or spikes")
    chain: AnyChain = field(doc="the chain or network")
    packet: PulsePacket = field(doc="the packet that enters")
    gate: tuple[AnyGate, ...] = field((), doc="the gates")
    disfacilitation: bool = field(False, doc="whether silenced layers also withdraw their spontaneous drive")
    window: Literal["evoked"] | float | None = field(None, unit="ms", doc="window of the packet read-out")
    h: Annotated[float, Field(gt=0)] | Mesh | None = field(None, unit="mV", doc="cell width of the density, or a Mesh")
    dt: float | None = field(None, unit="ms", gt=0, doc="step")
    t: float | None = field(None, unit="ms", gt=0, doc="duration")
    trials: int | None = field(None, ge=1, doc="trials of a simulation")
    connections: Literal["shared", "individual"] | None = field(None, doc="connections of a simulation")
    seed: int | None = field(None, ge=0, lt=2**63, doc="seed of a simulation")
    points_per_unit: int = field(32, ge=1, le=4096, doc="points that are computed, and written, at once")
    axes: tuple[Axis, ...] = field((), doc="the axes of a grid")
    points: tuple[Axis, ...] = field((), doc="the columns of a list of points")
    sobol: Sobol | None = field(None, doc="ranges to fill")

    @field_validator("chain", "packet", "gate", "h", mode="before")
    @classmethod
    def _described(cls, value: Any, info: ValidationInfo) -> Any:
        build = {"chain": describe.chain, "packet": describe.packet, "gate": describe.gates, "h": describe.mesh}
        return build[str(info.field_name)](value)

    @field_validator("disfacilitation", mode="before")
    @classmethod
    def _true_or_false(cls, value: Any) -> Any:
        if not isinstance(value, bool):
            raise ValueError(f"disfacilitation = {value!r} must be true or false")
        return value

    @field_validator("axes", "points", mode="before")
    @classmethod
    def _from_table(cls, value: Any) -> Any:
        return () if value is None else parsing.axes_of(value)

    @field_validator("axes", "points", mode="after")
    @classmethod
    def _of_the_base(cls, value: tuple[Axis, ...], info: ValidationInfo) -> tuple[Axis, ...]:
        if not {"engine", "chain", "packet", "gate", "disfacilitation"} <= set(info.data):
            return value  # the base itself is wrong, which is reported
        base, names = _places(info.data), _names(info.data["chain"])
        return tuple(
            Axis(axis.path, paths.checked(axis.path, paths.look_up(base, axis.path).value, axis.values, names))
            for axis in value
        )

    @field_validator("sobol", mode="before")
    @classmethod
    def _sobol_from_table(cls, value: Any) -> Any:
        return Sobol(**value) if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _one_way_to_vary(self) -> Self:
        given = [name for name in ("axes", "points", "sobol") if getattr(self, name)]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise ValueError(f"a sweep varies by one of axes (a grid), points (a list) or sobol; got {got}")
        varied = self.varied()
        for i, path in enumerate(varied):
            for other in varied[:i]:
                if path == other or path.startswith(f"{other}.") or other.startswith(f"{path}."):
                    raise ValueError(f"{other!r} and {path!r} both set the same field; vary one of them")
        lengths = {axis.path: len(axis.values) for axis in self.points}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"points must be equally long lists; got lengths {lengths}; for a grid use axes")
        return self

    @model_validator(mode="after")
    def _ranges_of_numbers(self) -> Self:
        if self.sobol is None:
            return self
        if not self.sobol.ranges:
            raise ValueError("sobol.ranges is empty; give at least one path")
        for each in self.sobol.ranges:
            base = paths.look_up(self.places(), each.path).value
            if isinstance(base, (bool, int, str)) or each.path.endswith(".layers") or each.path == "chain.neuron":
                raise ValueError(f"{each.path!r} takes no fractions; vary it with axes or points")
            paths.checked(each.path, base, [each.low], _names(self.chain))
        return self

    @model_validator(mode="after")
    def _options_of_the_engine(self) -> Self:
        for name, engine in BELONGS.items():
            if engine != self.engine and getattr(self, name) is not None:
                raise ValueError(f"{name} is for engine = {engine!r}; leave it out, or change engine")
        if isinstance(self.window, float) and self.window <= 0:
            raise ValueError(f"window = {self.window:g} ms must be > 0 ms")
        return self

    @model_validator(mode="after")
    def _whole_steps(self) -> Self:
        """What no point could be computed with is refused here; where dt, t or window vary, it is their points'."""
        varied = self.varied()
        dt = STEPS[self.engine] if self.dt is None else self.dt
        for name in ("t", "window"):
            length = getattr(self, name)
            if isinstance(length, float) and not {"dt", name} & set(varied):
                check_steps(name, length, dt)
        t, fixed = self.t, not {"window", "t"} & set(varied)
        if fixed and t is not None and isinstance(self.window, float) and self.window > t:
            raise ValueError(f"window = {self.window:g} ms is longer than the run, t = {t:g} ms; shorten it")
        return self

    @model_validator(mode="after")
    def _at_its_first_point(self) -> Self:
        """What the base says of a field that varies is of no account, so equal sweeps have equal bytes."""
        ranges = self.sobol.ranges if self.sobol else ()
        first = {axis.path: axis.values[0] for axis in (*self.axes, *self.points)} | {r.path: r.low for r in ranges}
        base = {path.split(".")[0]: getattr(self, path.split(".")[0]) for path in first}
        with suppress(ParameterError):  # a first point that fails is recorded as any other
            self.__dict__.update(paths.replaced(base, first))
        return self

    def varied(self) -> list[str]:
        """The paths that vary."""
        return [each.path for each in (*self.axes, *self.points, *(self.sobol.ranges if self.sobol else ()))]

    def places(self) -> dict[str, paths.Place]:
        """What a path may begin with."""
        return _places({name: getattr(self, name) for name in type(self).model_fields})

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The sweep that a file describes; the module's docstring shows one.

        Raises:
            StoreError: the file cannot be read.
            ParameterError: it is no TOML (with the line), or describes no sweep.
        """
        try:
            table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror or error}; give a TOML file") from error
        except UnicodeDecodeError as error:
            raise ParameterError(f"{path} is no UTF-8 text ({error.reason}); save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise ParameterError(f"{path} is no TOML: {error}; text goes in quotes, paths of axes too") from None
        try:
            return cls(**_with_swept(table))
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from None


def check_steps(name: str, length: float, dt: float) -> None:
    """A ValueError for a time that is no whole number of steps."""
    steps = round(length / dt)
    if steps < 1 or abs(length / dt - steps) > 1e-6:
        nearest = f"{max(steps, 1) * dt:.10g}"
        raise ValueError(
            f"{name} = {length:g} ms must be a multiple of dt = {dt:g} ms; did you mean {name} = {nearest}?"
        )


def _names(chain: SynfireChain | Network) -> tuple[str, ...] | None:
    """What gates call the layers of a network; None for the numbers of a chain."""
    return tuple(population.name for population in chain.populations) if isinstance(chain, Network) else None


def _places(fields: Mapping[str, Any]) -> dict[str, paths.Place]:
    options = [name for name in OPTIONS[fields["engine"]] if name not in FIXED]
    declared = {name: (Sweep.unit(name), Sweep.doc(name)) for name in options}
    found = {name: paths.Place(fields.get(name), "", "") for name in ("chain", "packet", "gate")}
    found["disfacilitation"] = paths.Place(fields["disfacilitation"], "", Sweep.doc("disfacilitation"))
    return found | {n: paths.Place(fields.get(n), *ARGUMENTS.get(n, declared[n])) for n in options}


def _with_swept(table: dict[str, Any]) -> dict[str, Any]:
    """The tables of a file, with the first value of a path that varies where its field was left out."""
    for path, value in _first_values(table):
        *words, last = path.split(".")
        place: Any = table
        for word in words:
            place = place.get(word) if isinstance(place, dict) else None
        if isinstance(place, dict) and last in describe.FIELDS | set(Sweep.model_fields):
            place.setdefault(last, [value] if path == "gate.layers" else value)
    return table


def _first_values(table: dict[str, Any]) -> list[tuple[str, Any]]:
    sobol = table.get("sobol")
    tables = [table.get("axes"), table.get("points"), sobol.get("ranges") if isinstance(sobol, dict) else None]
    found = []
    for path, value in (item for each in tables if isinstance(each, dict) for item in each.items()):
        first = (
            value.get("from") if isinstance(value, dict) else value[0] if isinstance(value, list) and value else None
        )
        if first is not None:
            found.append((path, first))
    return found


__all__ = ["Axis", "Range", "Sobol", "Sweep"]
