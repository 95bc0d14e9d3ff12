"""Recordings of cultured neurons: spikes to beliefs, forecasts of plasticity, and what chance would give."""

from .estimator import ImplicitFreeEnergy
from .layout import check_responses, responses
from .prior import prior_from_residual
from .synthetic import synthetic_cultures

__all__ = ["ImplicitFreeEnergy", "check_responses", "prior_from_residual", "responses", "synthetic_cultures"]
