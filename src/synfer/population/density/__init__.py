"""One-dimensional Fokker-Planck densities in lanes: arrays in, arrays out."""

from .evolve import NOT_FINITE, OK, Inputs, Records, evolve
from .mesh import TOP_CAPACITY, Lanes, cells, centres, counts, faces
from .state import State, voltages
from .stationary import stationary
from .step import GAMMA, stage_fractions, step_tile

__all__ = [
    "GAMMA",
    "NOT_FINITE",
    "OK",
    "TOP_CAPACITY",
    "Inputs",
    "Lanes",
    "Records",
    "State",
    "cells",
    "centres",
    "counts",
    "evolve",
    "faces",
    "stage_fractions",
    "stationary",
    "step_tile",
    "voltages",
]
