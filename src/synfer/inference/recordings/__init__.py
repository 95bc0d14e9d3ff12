"""Recordings of cultured neurons: spikes to beliefs, forecasts of plasticity, and what chance would give."""

from synfer.inference.recordings.estimator import ImplicitFreeEnergy
from synfer.inference.recordings.layout import check_responses, responses
from synfer.inference.recordings.recovery import recovery
from synfer.inference.recordings.shift_recovery import shift_recovery
from synfer.inference.recordings.synthetic import synthetic_cultures

__all__ = [
    "ImplicitFreeEnergy",
    "check_responses",
    "recovery",
    "responses",
    "shift_recovery",
    "synthetic_cultures",
]
