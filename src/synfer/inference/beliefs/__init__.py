"""What a generative model believes: inference, decisions, free energy by term, and learning by counts."""

from synfer.inference.beliefs.energy import TERMS, free_energy
from synfer.inference.beliefs.expectation import expected_log
from synfer.inference.beliefs.filtering import infer
from synfer.inference.beliefs.learning import update_counts
from synfer.inference.beliefs.online import learn_online
from synfer.inference.beliefs.sampling import choose, draw, sampling_law, uniforms

__all__ = [
    "TERMS",
    "choose",
    "draw",
    "expected_log",
    "free_energy",
    "infer",
    "learn_online",
    "sampling_law",
    "uniforms",
    "update_counts",
]
