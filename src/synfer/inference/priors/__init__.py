"""Priors of agents, estimated from what they did: frequencies, maximum likelihood, and how well both recover them."""

from .estimate import decision_frequency, estimate_prior
from .recovery import prior_recovery

__all__ = ["decision_frequency", "estimate_prior", "prior_recovery"]
