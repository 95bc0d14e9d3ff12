"""The verbs: stationary, response (theory), evolve (density), simulate (spikes). Same arguments, same variables."""

from synfer.population.verbs.evolve import evolve
from synfer.population.verbs.response import response
from synfer.population.verbs.simulate import simulate
from synfer.population.verbs.stationary import stationary

__all__ = ["evolve", "response", "simulate", "stationary"]
