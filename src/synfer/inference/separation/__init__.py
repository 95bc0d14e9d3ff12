"""Blind source separation: models that learn to tell mixed sources apart, and priors read off their beliefs."""

from synfer.inference.separation.model import source_model
from synfer.inference.separation.online import separate, source_correlation
from synfer.inference.separation.residual import residual_prior
from synfer.inference.separation.synapses import synapse_error

__all__ = ["residual_prior", "separate", "source_correlation", "source_model", "synapse_error"]
