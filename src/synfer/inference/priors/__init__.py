"""Priors of agents, estimated from what they did: frequencies, maximum likelihood, and how well both recover them."""

from synfer.inference.priors.estimate import decision_frequency, estimate_prior
from synfer.inference.priors.recovery import prior_recovery

__all__ = ["decision_frequency", "estimate_prior", "prior_recovery"]
