"""Fokker-Planck densities in lanes, over V or over V and a slow variable: arrays in, arrays out."""

from .coupling import Synapses
from .evolve import Inputs, evolve
from .mesh import TOP_CAPACITY, Lanes, Slow, cells, centres, counts, faces
from .network import NetworkRecords, evolve_networks
from .run import NOT_FINITE, OK, Records
from .slow_response import slow_susceptibility
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
    "NetworkRecords",
    "Records",
    "Slow",
    "State",
    "Synapses",
    "cells",
    "centres",
    "counts",
    "evolve",
    "evolve_networks",
    "faces",
    "slow_susceptibility",
    "stage_fractions",
    "stationary",
    "step_tile",
    "voltages",
]
