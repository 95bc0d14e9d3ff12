"""What a generative model believes: inference, decisions, free energy by term, and learning by counts."""

from .energy import TERMS, free_energy
from .expectation import expected_log
from .filtering import infer
from .learning import update_counts
from .online import learn_online
from .sampling import choose, draw, sampling_law, uniforms

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
