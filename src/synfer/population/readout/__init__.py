"""Pure functions on arrays: dispersion of a density, and the volley in a population's rate."""

from synfer.population.readout.density import (
    Dispersion,
    dispersion,
    iqr,
    moments,
    quantile,
    stable_point,
    unstable_point,
)
from synfer.population.readout.packet import DEAD, EDGE, SURVIVES, Packet, packet

__all__ = [
    "DEAD",
    "EDGE",
    "SURVIVES",
    "Dispersion",
    "Packet",
    "dispersion",
    "iqr",
    "moments",
    "packet",
    "quantile",
    "stable_point",
    "unstable_point",
]
