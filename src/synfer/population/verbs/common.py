"""What all verbs share: arguments checked and spread over points, results labelled and gathered."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError, SynferWarning, did_you_mean
from synfer.core.points import broadcast, varying
from synfer.core.results import dataset
from synfer.population.drive import as_drive
from synfer.population.neurons import EIF, Neuron

MOST_BYTES = 8e9
"""A result larger than this is refused before it is computed."""


class Points:
    """The points of one call: a list of checked arguments, and how to label results with them."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.points, self.many = broadcast(**arguments)
        for point in self.points:
            point["neuron"] = check_neuron(point["neuron"])
            point["drive"] = as_drive(point["drive"])
        self.warnings: list[str] = []

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self):
        return iter(self.points)

    def common(self, name: str) -> Any:
        """An argument that must be the same at every point, since it decides the shape of the result."""
        values = [point[name] for point in self.points]
        if any(value != values[0] for value in values):
            raise ParameterError(
                f"{name} must be the same at every point, and got {sorted(set(values))}; run them apart"
            )
        return values[0]

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
        labels = {name: (("point",), values) for name, values in varying(self.points).items() if name not in spread}
        return dataset(spread, dict(coords) | labels, **provenance)


def check_neuron(neuron: object) -> Neuron:
    """The neuron, or a ParameterError."""
    if not isinstance(neuron, Neuron):
        raise ParameterError(
            f"neuron = {neuron!r} must be a LIF, EIF or LinearisedEIF; for example sf.EIF.fourcaud2003()"
        )
    return neuron


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """A ParameterError with did-you-mean unless value is one of the allowed texts."""
    if value not in allowed:
        raise ParameterError(f"{name} = {value!r} is unknown{did_you_mean(str(value), allowed)}")


def check_record(record: str | Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """The names to record, as a tuple."""
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
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


def check_noise(sigma: float) -> None:
    """A ParameterError where a density is asked for without noise."""
    if sigma == 0:
        raise ParameterError("sigma = 0 mV has no density; give a small sigma, for example sigma = 0.1")


def steps_in(name: str, value: float, dt: float, unit: str = "dt") -> int:
    """How many steps dt make up a time, which must be a multiple of it."""
    ratio = value / dt
    steps = round(ratio)
    if steps < 1 or abs(ratio - steps) > 1e-6:
        nearest = f"{max(steps, 1) * dt:.10g}"
        raise ParameterError(
            f"{name} = {value:g} ms must be a multiple of {unit} = {dt:g} ms; did you mean {name} = {nearest}?"
        )
    return steps


def check_memory(what: str, count: float, repair: str) -> None:
    """A ParameterError when `count` float64 numbers would not fit in memory."""
    if count * 8 > MOST_BYTES:
        raise ParameterError(f"{what} would take {count * 8 / 1e9:.3g} GB, at most {MOST_BYTES / 1e9:g} GB; {repair}")


def check_cut(points: Points) -> None:
    """Warn where V_cut is too low for the moments of V."""
    for point in points:
        neuron = point["neuron"]
        if isinstance(neuron, EIF) and neuron.V_cut < neuron.V_T + 8 * neuron.Delta_T:
            points.warn(
                f"V_cut = {neuron.V_cut:g} mV is below V_T + 8 Delta_T = {neuron.V_T + 8 * neuron.Delta_T:g} mV: "
                "moments of V have not converged in V_cut"
            )


def spec_of(points: Points) -> dict[str, Any]:
    """The arguments as they were given, for provenance."""
    return {k: (list(v) if isinstance(v, (tuple, range)) else v) for k, v in points.arguments.items() if v is not None}
