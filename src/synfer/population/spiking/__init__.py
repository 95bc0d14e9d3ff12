"""Spiking Monte Carlo of populations: arrays in, arrays out."""

from synfer.population.spiking.coefficients import Inputs, Neuron, frame_of
from synfer.population.spiking.events import Lanes
from synfer.population.spiking.simulate import Run, State, simulate_population, start

__all__ = ["Inputs", "Lanes", "Neuron", "Run", "State", "frame_of", "simulate_population", "start"]
