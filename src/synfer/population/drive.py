"""What drives a population, as values that add up: noise, currents, volleys, gates.

``rest + volley + Inhibition(depth=2)`` is a `Drive`: a sum of parts with exactly one background, a `Noise` or, for
neurons without a leak, a `Current`. Parts hold numbers, or a `Timeseries` where a number may vary in time; they do
no arithmetic over time.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Discriminator, Field, model_validator

from synfer.core.errors import ParameterError
from synfer.core.params import Array, Params, field, tag
from synfer.population.synapse import Kernel, check_times


class Part(Params):
    """One part of a drive; parts and drives add up to a `Drive`."""

    def __add__(self, other: "Part | Drive") -> "Drive":
        return Drive((self,)) + other


class Timeseries(Part):
    """A signal given at times, linear in between and constant outside.

    As a part of a drive it is a current I(t) in mV of steady passive displacement; as a field
    of another part it has that field's unit.

    Example:
        >>> rest = Noise(mu=Timeseries([0, 100], [-66, -62]), sigma=3)
    """

    kind: Literal["timeseries"] = "timeseries"
    positional: ClassVar[tuple[str, ...]] = ("time", "values")
    time: Array = field(unit="ms", doc="times, strictly increasing")
    values: Array = field(doc="values at these times")
    name: str = field("I", doc="what the signal is called in labels")

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if self.time.ndim != 1 or self.time.shape != self.values.shape or self.time.size == 0:
            raise ValueError(
                "time and values must be one-dimensional and equally long; "
                f"got {self.time.shape} and {self.values.shape}"
            )
        if np.any(np.diff(self.time) <= 0):
            raise ValueError("time must increase strictly; sort it and merge repeated times")
        return self


def _number_or_series(value: Any) -> str:
    return "series" if isinstance(value, (Timeseries, dict)) else "number"


_Series = Annotated[Timeseries, tag("series")]
_Choice = Discriminator(_number_or_series)
Signal = Annotated[Annotated[float, tag("number")] | _Series, _Choice]
"""A number, or a Timeseries of numbers."""
NonNegative = Annotated[Annotated[float, Field(ge=0), tag("number")] | _Series, _Choice]
"""The same, at least 0 at all times."""


def _check_series(name: str, value: float | Timeseries, lowest: float) -> None:
    if isinstance(value, Timeseries) and np.any(value.values < lowest):
        raise ValueError(f"{name} must be >= {lowest:g} at all times; its smallest value is {value.values.min():g}")


class Noise(Part):
    """Gaussian white noise: the free membrane has mean mu and standard deviation sigma.

    Brunel's sigma is sqrt(2) times larger. Either may be a `Timeseries`.
    """

    kind: Literal["noise"] = "noise"
    positional: ClassVar[tuple[str, ...]] = ("mu", "sigma")
    mu: Signal = field(unit="mV", symbol="μ", doc="mean of the free membrane potential, absolute")
    sigma: NonNegative = field(unit="mV", symbol="σ", doc="standard deviation of the free membrane potential")

    @model_validator(mode="after")
    def _sigma_not_negative(self) -> Self:
        _check_series("sigma", self.sigma, 0)
        return self

    @classmethod
    def from_poisson(cls, rates: Any, weights: Any, *, V_rest: float, tau_m: float) -> Self:
        """The diffusion limit of independent Poisson inputs: Campbell's theorem.

            mu = V_rest + tau_m sum_k J_k r_k,    sigma^2 = tau_m sum_k J_k^2 r_k / 2

        Args:
            rates: Input rates [Hz], a number or shape (inputs,), >= 0.
            weights: Jumps of the membrane per spike [mV], broadcast against rates.
            V_rest: Resting potential [mV].
            tau_m: Membrane time constant [ms].
        """
        try:
            r, J = np.broadcast_arrays(np.asarray(rates, dtype=float), np.asarray(weights, dtype=float))
            V_rest, tau_m = float(V_rest), float(tau_m)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"Noise.from_poisson: rates and weights must be numbers that broadcast: {error}"
            ) from None
        if not (np.all(np.isfinite(r)) and np.all(np.isfinite(J)) and np.all(r >= 0)):
            raise ParameterError("Noise.from_poisson: rates must be finite and >= 0 Hz, weights finite [mV]")
        if not tau_m > 0:
            raise ParameterError(f"Noise.from_poisson: tau_m = {tau_m} ms must be > 0 ms")
        per_ms = r / 1000
        return cls(
            mu=V_rest + tau_m * float(np.sum(J * per_ms)), sigma=float(np.sqrt(tau_m * np.sum(J**2 * per_ms) / 2))
        )


class Current(Part):
    """What drives a neuron without a leak: I + sqrt(2 D) xi(t). Either may be a `Timeseries`.

    In units of mV/ms the depth of an Inhibition lowers I, and the g of a Shunt is 1/ms.

    Example:
        >>> Current(I=4, D=1).D
        1.0
    """

    kind: Literal["current"] = "current"
    positional: ClassVar[tuple[str, ...]] = ("I", "D")
    I: Signal = field(unit="mV/ms", symbol="I", doc="mean current")
    D: NonNegative = field(unit="mV^2/ms", symbol="D", doc="intensity of the noise: V spreads as sqrt(2 D t)")

    @model_validator(mode="after")
    def _D_not_negative(self) -> Self:
        _check_series("D", self.D, 0)
        return self


Background = Noise | Current
"""What a population rests in."""


def check_background(background: Background, needed: str, neuron: str) -> None:
    """A ParameterError unless the background is of the kind, "noise" or "current", that a neuron needs."""
    if background.kind != needed:
        repair = (
            "give a Noise, for example sf.Noise(mu=-65, sigma=3)"
            if needed == "noise"
            else "which has no leak; give a Current, for example sf.Current(I=3, D=1)"
        )
        raise ParameterError(
            f"{background!r} cannot drive an {neuron} neuron{':' if needed == 'noise' else ','} {repair}"
        )


class PulsePacket(Part):
    """A volley of `a` spikes, Gaussian in time. A neuron needs weight and tau_s; a chain brings its own.

    Each spike is worth a step of `weight` mV, filtered by a kernel of unit area. kernel="delta" with
    sigma_t = 0 is an instantaneous kick of a * weight mV.
    """

    kind: Literal["pulse_packet"] = "pulse_packet"
    a: float = field(unit="spikes", ge=0, symbol="a", doc="number of spikes")
    sigma_t: float = field(unit="ms", ge=0, symbol="σ_t", doc="standard deviation of spike times")
    t0: float = field(unit="ms", symbol="t_0", doc="centre of the volley")
    weight: float | None = field(None, unit="mV", symbol="J", doc="delta-equivalent step per spike")
    kernel: Kernel = field("alpha", doc="postsynaptic kernel")
    tau_s: float | None = field(None, unit="ms", gt=0, symbol="τ_s", doc="synaptic decay time")
    tau_r: float | None = field(None, unit="ms", gt=0, symbol="τ_r", doc="synaptic rise time, biexponential only")

    @model_validator(mode="after")
    def _kernel_times(self) -> Self:
        check_times(self.kernel, self.tau_s, self.tau_r)
        return self


class Gate(Part):
    """A part that acts while on <= t < off; without on and off it is sustained."""

    on: float | None = field(None, unit="ms", symbol="t_on", doc="start; none = sustained")
    off: float | None = field(None, unit="ms", symbol="t_off", doc="end; none = to the end of the run")
    lag: float = field(0.0, unit="ms", doc="delay per layer of a chain, so that a gate can travel")
    layers: tuple[int | str, ...] | None = field(None, doc="layers of a chain it acts on; none = all")

    @property
    def timed(self) -> bool:
        """Whether the gate starts or ends within a run."""
        return self.on is not None

    def at(self, name: int | str, layer: int) -> Self | None:
        """The gate as population `name` in this layer of a chain meets it, lag spent; None where it does not act."""
        if self.layers is not None and name not in self.layers:
            return None
        late = self.lag * (layer - 1)
        moved: dict[str, Any] = {end: t + late for end in ("on", "off") if (t := getattr(self, end)) is not None}
        for name in type(self).model_fields:
            if isinstance(series := getattr(self, name), Timeseries):
                moved[name] = series.replace(time=series.time + late)
        return self.replace(lag=0.0, layers=None, **moved)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.on is None and self.off is not None:
            raise ValueError(f"off = {self.off} ms needs on; give on=0 for a gate from the start")
        if self.on is not None and self.off is not None and self.off <= self.on:
            raise ValueError(f"off = {self.off} ms must be > on = {self.on} ms: the gate ends before it begins")
        varies = any(isinstance(getattr(self, name), Timeseries) for name in type(self).model_fields)
        if self.lag != 0 and self.on is None and not varies:
            raise ValueError(f"lag = {self.lag} ms has no effect on a sustained gate; give on=, or leave lag out")
        if self.layers == ():
            raise ValueError("layers is empty; name at least one, or leave it out for all layers")
        return self


class Inhibition(Gate):
    """An inhibitory current: it steps to -depth, and V follows with tau_m. (Without a leak, depth is in mV/ms.)

    depth is the steady passive displacement in mV, positive = hyperpolarising (1 mV is 10 pA at 10 nS).
    """

    kind: Literal["inhibition"] = "inhibition"
    positional: ClassVar[tuple[str, ...]] = ("depth",)
    depth: NonNegative = field(unit="mV", symbol="d", doc="steady passive hyperpolarisation")

    @model_validator(mode="after")
    def _depth_not_negative(self) -> Self:
        _check_series("depth", self.depth, 0)
        return self


class Shunt(Gate):
    """A conductance g(t), in units of the leak, with reversal potential E_rev; it does not change the noise D."""

    kind: Literal["shunt"] = "shunt"
    g: NonNegative = field(symbol="g", doc="conductance in units of the leak")
    E_rev: float = field(unit="mV", symbol="E_rev", doc="reversal potential")

    @model_validator(mode="after")
    def _g_not_negative(self) -> Self:
        _check_series("g", self.g, 0)
        return self


AnyPart = Annotated[Noise | Current | PulsePacket | Inhibition | Shunt | Timeseries, Field(discriminator="kind")]


_SUM_REPAIRS = {"Noise": "add up mu, and sigma in squares, by hand", "Current": "add up I and D by hand"}
_ONE_REPAIR = "a Noise drives a neuron with a leak, a Current one without; leave the other out"


class Drive(Params):
    """A sum of parts. A population needs exactly one `Noise` or `Current` in it."""

    kind: Literal["drive"] = "drive"
    positional: ClassVar[tuple[str, ...]] = ("parts",)
    parts: tuple[AnyPart, ...] = field(doc="the parts, in the order of the sum")

    @model_validator(mode="after")
    def _one_background(self) -> Self:
        found = [type(part).__name__ for part in self.parts if isinstance(part, Background)]
        if len(found) > 1:
            repair = _ONE_REPAIR if len(set(found)) > 1 else _SUM_REPAIRS[found[0]]
            raise ValueError(f"parts hold {' and '.join(found)}, a sum takes exactly one of them; {repair}")
        return self

    def __add__(self, other: "Part | Drive") -> "Drive":
        if isinstance(other, Drive):
            return Drive(self.parts + other.parts)
        return Drive((*self.parts, other)) if isinstance(other, Part) else NotImplemented

    @property
    def background(self) -> Background:
        """The drive's Noise or Current; a ParameterError if it has none."""
        for part in self.parts:
            if isinstance(part, Background):
                return part
        raise ParameterError(
            "the drive has no Noise; add one, for example sf.Noise(mu=-65, sigma=3), or a Current if it has no leak"
        )


def as_drive(drive: object) -> Drive:
    """A part or a sum of parts as a Drive with exactly one Noise or Current."""
    if isinstance(drive, Part):
        drive = Drive((drive,))
    if not isinstance(drive, Drive):
        raise ParameterError(
            f"drive = {drive!r} must be a Noise or a sum of parts; for example sf.Noise(mu=-65, sigma=3)"
        )
    _ = drive.background
    for part in drive.parts:
        if isinstance(part, Gate) and (part.lag != 0 or part.layers is not None):
            name = "layers" if part.layers is not None else "lag"
            raise ParameterError(f"{name} of {part!r} is for the gate= of a chain; a population has one layer")
    return drive
