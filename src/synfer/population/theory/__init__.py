"""Exact theory of one-dimensional neurons: plain numbers and arrays in, plain arrays out; mV, ms, Hz."""

from synfer.population.theory.backward_equation import PassageMoments, first_passage_moments
from synfer.population.theory.first_passage import lif_cv, mean_passage, passage_transform
from synfer.population.theory.linear_response import lif_susceptibility, susceptibility
from synfer.population.theory.mean_adaptation import MeanAdaptation, mean_adaptation
from synfer.population.theory.ornstein_uhlenbeck import ou_moments, ou_moments_smooth
from synfer.population.theory.siegert import siegert, siegert_slope
from synfer.population.theory.slow_adaptation import SlowAdaptation, slow_adaptation
from synfer.population.theory.threshold_integration import StationaryDensity, threshold_integration

__all__ = [
    "MeanAdaptation",
    "PassageMoments",
    "SlowAdaptation",
    "StationaryDensity",
    "first_passage_moments",
    "lif_cv",
    "lif_susceptibility",
    "mean_adaptation",
    "mean_passage",
    "ou_moments",
    "ou_moments_smooth",
    "passage_transform",
    "siegert",
    "siegert_slope",
    "slow_adaptation",
    "susceptibility",
    "threshold_integration",
]
