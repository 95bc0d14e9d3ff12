"""Aberrant inference: displaced priors, mistimed modulation, and what restores them.

Hallucinations and delusions are read as inference from priors that the world does not have, and thresholds as where
networks keep their priors. Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, discussion.
"""

from synfer.inference.aberrant.choice import CuedChoice
from synfer.inference.aberrant.conditioning import condition
from synfer.inference.aberrant.displacement import displace_decisions, displace_states
from synfer.inference.aberrant.percepts import draw_percepts, percept_rate
from synfer.inference.aberrant.rescue import counter_shift, rescue

__all__ = [
    "CuedChoice",
    "condition",
    "counter_shift",
    "displace_decisions",
    "displace_states",
    "draw_percepts",
    "percept_rate",
    "rescue",
]
