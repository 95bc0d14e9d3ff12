"""The linear response of a population's rate."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synfer.core.errors import ParameterError
from synfer.population import theory
from synfer.population.drive import Drive, Part
from synfer.population.neurons import Neuron
from synfer.population.signals import sustained
from synfer.population.verbs.common import Points, membrane, spec_of


def response(
    neuron: Neuron | Sequence[Neuron], drive: Drive | Part | Sequence[Drive | Part], frequency: ArrayLike
) -> xr.Dataset:
    """The susceptibility of the stationary rate to a weak modulation of mu.

    mu + epsilon e^{i w t} gives the rate r + epsilon R(w) e^{i w t}; R is `susceptibility`, computed by threshold
    integration. R(0) is the slope of the rate against mu.

    Args:
        neuron: LIF, EIF or LinearisedEIF; a sequence makes points.
        drive: A Noise, alone or with sustained gates; a sequence makes points.
        frequency: w/(2 pi) [Hz], a number or shape (frequency,), >= 0. Not a point: it is a dimension of its own.

    Returns:
        Dataset with complex `susceptibility` [Hz/mV] by `frequency` and the stationary `rate` [Hz].

    Raises:
        ParameterError: a drive that varies in time, or a frequency that is negative or not finite.

    Accuracy: below 1e-8 of R(0), against independent integrators.

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
    points = Points(neuron=neuron, drive=drive)
    values, rates = [], []
    for point in points:
        cell = point["neuron"]
        own = membrane(cell, sustained(point["drive"]))
        values.append(theory.susceptibility(frequencies, cell.psi, **own))
        rates.append(theory.threshold_integration(cell.psi, **own).rate)
    variables = {"susceptibility": (("frequency",), values), "rate": ((), rates)}
    coords = {"frequency": (("frequency",), frequencies)}
    return points.dataset(variables, coords, verb="response", spec=spec_of(points, frequency=frequencies), status="ok")
