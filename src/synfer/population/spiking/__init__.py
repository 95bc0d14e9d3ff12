"""Spiking Monte Carlo of populations: arrays in, arrays out."""

from synfer.population.spiking.coefficients import Inputs, Neuron, Slow, frame_of
from synfer.population.spiking.events import Lanes
from synfer.population.spiking.network import KERNELS, NetworkRun, Spikes, Synapses, simulate_network
from synfer.population.spiking.simulate import (
    SLOW_COLUMNS,
    WIDTH,
    Run,
    State,
    random_words,
    simulate_population,
    start,
)
from synfer.population.spiking.slow import SlowLanes

__all__ = [
    "KERNELS",
    "SLOW_COLUMNS",
    "WIDTH",
    "Inputs",
    "Lanes",
    "NetworkRun",
    "Neuron",
    "Run",
    "Slow",
    "SlowLanes",
    "Spikes",
    "State",
    "Synapses",
    "frame_of",
    "random_words",
    "simulate_network",
    "simulate_population",
    "start",
]
