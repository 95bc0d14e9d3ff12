"""The linear response of a population's rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synfer.core.errors import ParameterError
from synfer.population import density, theory
from synfer.population.drive import Drive, Part
from synfer.population.neurons import Neuron
from synfer.population.signals import sustained
from synfer.population.verbs import mesh
from synfer.population.verbs.common import Points, check_memory, membrane, spec_of

PER_CELL = 180
"""Numbers to each cell of V and w that a response takes at its peak: two sparse matrices, and 61 complex vectors."""


def response(
    neuron: Neuron | Sequence[Neuron],
    drive: Drive | Part | Sequence[Drive | Part],
    frequency: ArrayLike,
    *,
    h: float | mesh.Mesh | Sequence[float | mesh.Mesh] | None = None,
) -> xr.Dataset:
    """The susceptibility of the stationary rate to a weak modulation of mu.

    mu + epsilon e^{i w t} gives the rate r + epsilon R(w) e^{i w t}; R is `susceptibility`, and R(0) the slope of the
    rate against mu. It is computed by threshold integration, and for neurons with a slow variable from their density
    over both, linearised at its stationary state.

    Args:
        neuron: Any neuron; a sequence makes points.
        drive: A Noise, or the Current of a neuron without a leak, alone or with sustained gates; a sequence makes
            points.
        frequency: w/(2 pi) [Hz], a number or shape (frequency,), >= 0. Not a point: it is a dimension of its own.
        h: Mesh of neurons with a slow variable, a width [mV] or a Mesh; default as in `stationary`.

    Returns:
        Dataset with complex `susceptibility` [Hz/mV] by `frequency` and the stationary `rate` [Hz]. For a `Current`,
        mu is its I: tau_m = 1 ms turns mV/ms into mV.

    Raises:
        ParameterError: a drive that varies in time, a frequency that is negative or not finite, h for a neuron
            without a slow variable, or a mesh whose response does not fit in memory.
        MeshError: a mesh that cannot resolve the density.

    Accuracy: below 1e-8 of R(0), against independent integrators; with a slow variable, that of the mesh: R(0) is the
    slope of the rate on the same mesh to 1e-6.

    References:
        Richardson, Phys. Rev. E 76:021919 (2007).

    Example:
        >>> import synfer as sf
        >>> r = sf.response(sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3), frequency=[1, 10, 100])
        >>> complex(r.susceptibility.sel(frequency=10)).real.__round__(3)
        2.577
    """
    try:
        frequencies = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    except (TypeError, ValueError):
        raise ParameterError(
            f"frequency = {frequency!r} must be numbers [Hz]; for example frequency=[1, 10, 100]"
        ) from None
    if frequencies.ndim != 1 or frequencies.size == 0 or not np.all(np.isfinite(frequencies) & (frequencies >= 0)):
        raise ParameterError(f"frequency = {frequency!r} must be finite numbers >= 0 Hz, in one dimension")
    points = Points(neuron=neuron, drive=drive, h=h)
    values, rates = [], []
    for point in points:
        rate, susceptibility = (_theory if point["neuron"].slow is None else _density)(point, points, frequencies)
        values.append(susceptibility)
        rates.append(rate)
    variables = {"susceptibility": (("frequency",), values), "rate": ((), rates)}
    coords = {"frequency": (("frequency",), frequencies)}
    return points.dataset(variables, coords, verb="response", spec=spec_of(points, frequency=frequencies), status="ok")


def _theory(point: dict[str, Any], points: Points, frequencies: np.ndarray) -> tuple[float, np.ndarray]:
    """Rate [Hz] and response [Hz/mV] of a one-dimensional neuron."""
    if point["h"] is not None:
        name = type(point["neuron"]).__name__
        raise ParameterError(f"h is the mesh of neurons with a slow variable, which {name} does not have; leave it out")
    neuron = point["neuron"]
    own = membrane(neuron, sustained(point["drive"]))
    rate = theory.threshold_integration(neuron.psi, **own).rate
    return rate, theory.susceptibility(frequencies, neuron.psi, **own)


def _density(point: dict[str, Any], points: Points, frequencies: np.ndarray) -> tuple[float, np.ndarray]:
    """Rate [Hz] and response [Hz/mV] of a neuron with a slow variable."""
    point["mesh"] = mesh.choose(point, points)
    lanes, rest = mesh.lanes([point]), sustained(point["drive"])
    tall, wide = len(mesh.edges(lanes, 0)) - 1, mesh.columns_of(lanes, 0).count
    check_memory(
        f"the response of {tall} cells x {wide} columns", PER_CELL * tall * wide, "raise h or dw, or narrow w_range"
    )
    rate, values = density.slow_susceptibility(lanes, *rest, 2e-3 * np.pi * frequencies)
    return 1e3 * rate, 1e3 * values
