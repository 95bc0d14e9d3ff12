"""Canonical neural networks: activity, the cost that it descends, and synapses that descend it too.

Rate neurons whose activity and plasticity follow one neural cost L; L is the free energy of the generative model that
the network holds implicitly (`synfer.inference.equivalence`). Nothing here uses the arithmetic of
`synfer.inference.beliefs`, so that their agreement is evidence.
"""

from synfer.inference.network.activity import activity
from synfer.inference.network.adapt import adapt
from synfer.inference.network.canonical import CanonicalNetwork
from synfer.inference.network.cost import neural_cost
from synfer.inference.network.modulation import Neuromodulator
from synfer.inference.network.plasticity import hebbian_gradient, plasticity
from synfer.inference.network.traces import EligibilityTrace

__all__ = [
    "CanonicalNetwork",
    "EligibilityTrace",
    "Neuromodulator",
    "activity",
    "adapt",
    "hebbian_gradient",
    "neural_cost",
    "plasticity",
]
