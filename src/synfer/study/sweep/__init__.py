"""Sweeps: many chains, packets and gates, in atomic units, by any number of workers, to the same bytes."""

from synfer.study.sweep.axes import Sobol
from synfer.study.sweep.conduct import conduct
from synfer.study.sweep.estimate import estimate
from synfer.study.sweep.spec import Sweep
from synfer.study.sweep.verb import read, sweep

__all__ = ["Sobol", "Sweep", "conduct", "estimate", "read", "sweep"]
