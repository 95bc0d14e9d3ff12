"""The verbs on chains and networks: evolve, simulate, and propagate, which keeps the packets only."""

from synfer.population.verbs.chains.evolve import evolve_chain
from synfer.population.verbs.chains.propagate import propagate

__all__ = ["evolve_chain", "propagate"]
