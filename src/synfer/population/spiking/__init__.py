"""Spiking Monte Carlo of populations: arrays in, arrays out."""

from synfer.population.spiking.coefficients import Inputs, Neuron, frame_of
from synfer.population.spiking.events import Lanes
from synfer.population.spiking.simulate import WIDTH, Run, State, random_words, simulate_population, start

__all__ = [
    "WIDTH",
    "Inputs",
    "Lanes",
    "Neuron",
    "Run",
    "State",
    "frame_of",
    "random_words",
    "simulate_population",
    "start",
]
