"""The verbs: stationary, response (theory), evolve and propagate (density), simulate (spikes)."""

from synfer.population.verbs.chains import propagate
from synfer.population.verbs.evolve import evolve
from synfer.population.verbs.response import response
from synfer.population.verbs.simulate import simulate
from synfer.population.verbs.stationary import stationary

__all__ = ["evolve", "propagate", "response", "simulate", "stationary"]
