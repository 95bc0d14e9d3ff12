"""Aberrant inference: displaced priors, mistimed modulation, and what restores them.

Hallucinations and delusions are read as inference from priors that the world does not have, and thresholds as where
networks keep their priors. Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, discussion.
"""

from .choice import CuedChoice
from .conditioning import condition
from .displacement import displace_decisions, displace_states
from .percepts import draw_percepts, percept_rate
from .rescue import counter_shift, rescue

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
