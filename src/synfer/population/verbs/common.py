"""What all verbs share: arguments checked and spread over points, results labelled and gathered."""

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError, SynferWarning, did_you_mean
from synfer.core.params import plain
from synfer.core.points import broadcast, varying
from synfer.core.results import dataset
from synfer.population import theory
from synfer.population.drive import PulsePacket, as_drive, check_background
from synfer.population.neurons import EIF, Neuron
from synfer.population.signals import largest_leak, lowest_potential, narrowest, steepest

MOST_STEPS = 1e6
"""A refractory period longer than this many steps is refused."""
MOST_BYTES = 8e9
"""A result larger than this is refused before it is computed."""

KEPT_BY = {"p": "evolve", "p_w": "evolve", "p_Vw": "evolve", "spikes": "simulate"}
"""Which verb always has a record that another may lack."""


class Points:
    """The points of one call: a list of checked arguments, and how to label results with them.

    Attributes:
        renamed: what coordinates are called whose own names are those of results.
    """

    renamed: ClassVar[dict[str, str]] = {}

    def __init__(self, **arguments: Any) -> None:
        self.arguments = {name: plain(value) for name, value in arguments.items()}
        self.points, self.many = broadcast(**self.arguments)
        for point in self.points:
            if "neuron" in point:
                point["neuron"] = check_neuron(point["neuron"])
                point["drive"] = as_drive(point["drive"])
                neuron = point["neuron"]
                check_background(point["drive"].background, neuron.background, type(neuron).__name__)
        self.warnings: list[str] = []

    @classmethod
    def of(cls, points: list[dict[str, Any]], warnings: list[str]) -> "Points":
        """These points, which share their list of warnings with others."""
        own = cls.__new__(cls)
        own.points, own.warnings = points, warnings
        return own

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self):
        return iter(self.points)

    def warn(self, text: str) -> None:
        """Issue a SynferWarning once and keep it for the result's attrs."""
        if text not in self.warnings:
            self.warnings.append(text)
            warnings.warn(text, SynferWarning, stacklevel=4)

    def dataset(
        self,
        variables: Mapping[str, tuple[Sequence[str], Any]],
        coords: Mapping[str, tuple[Sequence[str], Any]],
        **provenance: Any,
    ) -> xr.Dataset:
        """Label variables whose leading axis is the point; one point given without a sequence has no such axis."""
        provenance["warnings"] = self.warnings
        if not self.many:
            first = {name: (dims, np.asarray(values)[0]) for name, (dims, values) in variables.items()}
            return dataset(first, coords, **provenance)
        spread = {name: (("point", *dims), values) for name, (dims, values) in variables.items()}
        found = {self.renamed.get(name, name): what for name, what in varying(self.points).items()}
        labels = {
            name: (("point",), what.values, {"units": what.unit or "1", "long_name": what.doc})
            for name, what in found.items()
            if name not in spread
        }
        return dataset(spread, dict(coords) | labels, **provenance)


def check_neuron(neuron: object) -> Neuron:
    """The neuron, or a ParameterError."""
    if not isinstance(neuron, Neuron):
        raise ParameterError(
            f"neuron = {neuron!r} must be a neuron, such as a LIF, an EIF, an AdaptiveEIF or an Izhikevich; "
            "for example sf.EIF.fourcaud2003()"
        )
    return neuron


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """A ParameterError with did-you-mean unless value is one of the allowed texts."""
    if value not in allowed:
        raise ParameterError(f"{name} = {value!r} is unknown{did_you_mean(str(value), allowed)}")


def check_record(record: str | Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """The names to record, as a tuple; one that another verb keeps is sent there."""
    if not isinstance(record, (str, list, tuple)):
        raise ParameterError(f"record = {record!r} must be names, of {', '.join(allowed)}; for example record=('p',)")
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
        if name in KEPT_BY and name not in allowed:
            raise ParameterError(
                f"record = {name!r} is unknown here: {KEPT_BY[name]} keeps it, and this run {', '.join(allowed)}"
            )
        check_choice("record", name, allowed)
    return names


def check_positive(name: str, value: Any, unit: str) -> float:
    """A finite positive number, or a ParameterError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} = {value!r} must be a number of {unit}") from None
    if not (np.isfinite(number) and number > 0):
        raise ParameterError(f"{name} = {number:g} {unit} must be finite and > 0 {unit}")
    return number


def numbers(name: str, values: Any, unit: str) -> np.ndarray:
    """One-dimensional numbers, at least one, or a ParameterError; a single number is one of them."""
    try:
        text = np.asarray(values).dtype.kind in "USb"
        array = np.empty(0) if text else np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise ParameterError(f"{name} = {values!r} must hold finite numbers of {unit}, at least one")
    return array


def steps_in(name: str, value: float, dt: float, unit: str = "dt") -> int:
    """How many steps dt make up a time, which must be a multiple of it."""
    ratio = value / dt
    if ratio > MOST_STEPS**2:
        raise ParameterError(
            f"{name} = {value:g} ms is {ratio:.3g} steps of {unit} = {dt:g} ms, too many; lower {name}"
        )
    steps = round(ratio)
    if steps < 1 or abs(ratio - steps) > 1e-6:
        nearest = f"{max(steps, 1) * dt:.10g}"
        raise ParameterError(
            f"{name} = {value:g} ms must be a multiple of {unit} = {dt:g} ms; did you mean {name} = {nearest}?"
        )
    return steps


def check_memory(what: str, count: float, repair: str) -> None:
    """A ParameterError when `count` float64 numbers would not fit in memory."""
    if count * 8 > (most := room()):
        raise ParameterError(f"{what} would take {count * 8 / 1e9:.3g} GB, at most {most / 1e9:.3g} GB; {repair}")


def room() -> float:
    """Bytes that a result or a run may take: MOST_BYTES, and no more than most of the machine's memory."""
    return min(MOST_BYTES, 0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def check_precision(dtype: str, neuron: Neuron) -> None:
    """A ParameterError for float32 where small flows along a slow variable would be lost in rounding."""
    if dtype == "float32" and neuron.slow is not None:
        raise ParameterError(
            f"dtype = 'float32' is for densities over V alone, and {type(neuron).__name__} has a slow variable; "
            "leave dtype out"
        )


def check_refractory(neuron: Neuron, dt: float) -> None:
    """A ParameterError where a refractory period is too many steps to remember."""
    if neuron.t_ref / dt > MOST_STEPS:
        raise ParameterError(
            f"t_ref = {neuron.t_ref:g} ms is {neuron.t_ref / dt:.3g} steps of dt = {dt:g} ms, at most {MOST_STEPS:g}; "
            "raise dt or lower t_ref"
        )


class Window(NamedTuple):
    """The time axis of a run [ms]: where it starts, the distance of its nodes or bins, and their number."""

    start: float
    spacing: float
    count: int


def first_step(start: float, dt: float) -> float:
    """The number of the step that begins at `start`, so that a continued run sees the times of an unbroken one."""
    steps = start / dt
    return round(steps) if abs(steps - round(steps)) < 1e-6 else steps


def exact_density(neuron: Neuron, rest: tuple[float, float, float, float]) -> theory.StationaryDensity:
    """The stationary density of a neuron at (mu, sigma, g, gE), by threshold integration."""
    if neuron.slow is not None:
        raise ParameterError(
            f"threshold integration has no slow variable, and {type(neuron).__name__} has one; use its density over "
            "both: stationary(..., method='density') or evolve"
        )
    return theory.threshold_integration(neuron.psi, **membrane(neuron, rest))


def no_noise(neuron: Neuron) -> str:
    """What to say where the drive of a neuron has no noise."""
    name, unit = ("sigma", "mV") if neuron.background == "noise" else ("D", "mV^2/ms")
    return f"{name} = 0 {unit} has no density to resolve; give a small {name}, for example {name} = 0.1"


def membrane(neuron: Neuron, rest: tuple[float, float, float, float]) -> dict[str, float]:
    """A neuron and its constant drive as the keywords of `theory`."""
    mu, sigma, g, gE = rest
    if sigma == 0:
        raise ParameterError(no_noise(neuron))
    own = {"tau_m": neuron.tau_m, "V_top": neuron.V_top, "V_reset": neuron.V_reset, "t_ref": neuron.t_ref}
    return own | {"mu": mu, "sigma": sigma, "g": g, "gE": gE}


def check_kicks(points: Points) -> None:
    """Warn where an instantaneous volley falls between two steps, since it acts at the start of the step."""
    for point in points:
        dt = point["dt"]
        for part in point["drive"].parts:
            if isinstance(part, PulsePacket) and part.kernel == "delta" and part.sigma_t == 0:
                late = part.t0 / dt - np.floor(part.t0 / dt + 1e-6)
                if late > 1e-6:
                    moved = f"{part.t0 - late * dt:.10g}"
                    points.warn(
                        f"the kick at t0 = {part.t0:g} ms acts at {moved} ms, where its step of dt = {dt:g} ms begins"
                    )


def check_step(points: Points) -> None:
    """Refuse or warn of steps too long for the membrane, of time constant tau_m over the largest leak, or for w."""
    for point in points:
        neuron, dt = point["neuron"], point["dt"]
        check_refractory(neuron, dt)
        tau = neuron.tau_m / largest_leak(neuron, point["drive"])
        if dt > tau:
            raise ParameterError(f"dt = {dt:g} ms must be <= the membrane's time constant of {tau:.3g} ms; lower dt")
        if dt > 0.2 * tau:
            points.warn(
                f"dt = {dt:g} ms is coarse for a membrane time constant of {tau:.3g} ms; lower dt to {tau / 10:.2g} ms"
            )
        if neuron.slow is not None and dt > 0.2 * neuron.slow.tau:
            tau = neuron.slow.tau
            points.warn(
                f"dt = {dt:g} ms is coarse for a slow variable of time constant {tau:.3g} ms; lower dt to "
                f"{tau / 10:.2g} ms"
            )


def check_volleys(points: Points) -> None:
    """Warn of a volley that moves V in one step by more than the stepping of a density follows."""
    for point in points:
        neuron, drive, dt = point["neuron"], point["drive"], point["dt"]
        followed = min(1.0, narrowest(neuron, drive))
        for part in drive.parts:
            moved = steepest(part) * dt if isinstance(part, PulsePacket) else 0.0
            if moved > followed > 0:
                points.warn(
                    f"a volley moves V by {moved:.2g} mV in a step of dt = {dt:g} ms, more than {followed:.2g} mV: its "
                    f"response may be off by percents; lower dt below {dt * followed / moved:.2g} ms"
                )


def check_noise_of_step(points: Points) -> None:
    """Warn of steps whose noise jumps over the sodium current: crossings within them are missed."""
    for point in points:
        neuron, drive, dt = point["neuron"], point["drive"], point["dt"]
        if isinstance(neuron, EIF):
            jump = lowest_potential(neuron, drive)[1] * np.sqrt(2 * dt / neuron.tau_m)
            if jump > neuron.Delta_T:
                points.warn(
                    f"the noise of a step, {jump:.2g} mV, exceeds Delta_T = {neuron.Delta_T:g} mV: rates come out a "
                    f"few percent low; lower dt below {dt * (neuron.Delta_T / jump) ** 2:.2g} ms"
                )


def check_cut(points: Points) -> None:
    """Warn where V_cut is too low for the moments of V."""
    for point in points:
        neuron = point["neuron"]
        if isinstance(neuron, EIF) and neuron.V_cut < neuron.V_T + 8 * neuron.Delta_T:
            points.warn(
                f"V_cut = {neuron.V_cut:g} mV is below V_T + 8 Delta_T = {neuron.V_T + 8 * neuron.Delta_T:g} mV: "
                "moments of V have not converged in V_cut"
            )


def spec_of(points: Points, **others: Any) -> dict[str, Any]:
    """The arguments as they were given, for provenance; `others` are those that do not vary between points."""
    arguments = points.arguments | others
    return {k: (list(v) if isinstance(v, (tuple, range)) else v) for k, v in arguments.items() if v is not None}
