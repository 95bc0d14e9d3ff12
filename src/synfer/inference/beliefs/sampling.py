"""Drawing one decision of many from beliefs.

    p_k ~ q_k / (1 - q_k + 1e-6)
which, q_k being a probability of its own, is the softmax of the log odds z where z < 14, and levels off above. In terms
of z, p_k ~ 1 / (e^-z + 1e-6 (1 + e^-z)), which neither overflows nor rounds.
"""

from typing import Any, get_args

import numpy as np

from synfer.core.checks import check_choice, check_count, check_numbers, place
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.seeds import Stream, check_legacy_seed, generator

CEILING = 1e-6
"""Decisions are drawn by p ~ q / (1 - q + CEILING)."""


def sampling_law(q_d: Any = None, *, log_odds: Any = None) -> np.ndarray:
    """Probabilities with which one of the decisions along the last axis is taken.

    Args:
        q_d: (..., Nd) posterior expectations in [0, 1]; or
        log_odds: (..., Nd) their log odds z = ln d~_1 - ln d~_0 [nats], which are more exact.

    Returns:
        (..., Nd), sum 1.

    Accuracy: from log_odds 1e-12 relative for abs(z) <= 200; from q_d 1e-10, as q_d near 1 is itself rounded.

    Example:
        >>> sampling_law([0.5, 0.75]).round(3).tolist()
        [0.25, 0.75]
    """
    if (q_d is None) == (log_odds is None):
        raise ParameterError("give either q_d or log_odds of the decisions, and not both")
    if log_odds is None:
        q = check_numbers("q_d", q_d, finite=False)
        _refuse("q_d", q, ~((q >= 0) & (q <= 1)), "in [0, 1]")
        weights = q / (1 - q + CEILING)
    else:
        z = check_numbers("log_odds", log_odds, finite=False)
        _refuse("log_odds", z, ~np.isfinite(z), "finite")
        # Multiplied above and below by e^z where z < 0, and above by what makes the largest 1 where all of them are.
        low = np.minimum(z, 0)
        scale = low.max(axis=-1, keepdims=True)
        weights = np.exp(low - scale) / (np.exp(low - z) * (1 + CEILING) + CEILING * np.exp(low))
    total = weights.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        raise NumericalError("q_d is 0 for all decisions of a step: none of them can be taken; give log_odds instead")
    return weights / total


def uniforms(seed: int, steps: int, trial: int = 0) -> np.ndarray:
    """(T,) uniform numbers in [0, 1) for the decisions at t = 1..T: each depends on (seed, trial, t) alone.

    Example:
        >>> bool((uniforms(1, 100)[:10] == uniforms(1, 10)).all())
        True
    """
    trial = check_count("trial", trial, 0)
    return generator(seed, "decisions", str(trial)).random(check_count("steps", steps, 0))


def choose(law: Any, u: Any) -> np.ndarray:
    """The decision at which the cumulative sum of a law (..., Nd) passes u (...) in [0, 1)."""
    cumulative = np.cumsum(np.asarray(law, dtype=np.float64), axis=-1)
    passed = cumulative <= np.asarray(u)[..., None] * cumulative[..., -1:]
    return np.minimum(passed.sum(axis=-1), cumulative.shape[-1] - 1)


def draw(q_d: Any = None, *, log_odds: Any = None, stream: Stream = "modern", trial: int = 0, seed: int) -> np.ndarray:
    """One decision for every step, of decisions of which one is taken.

    Args:
        q_d: (T + 1, Nd) posteriors; or
        log_odds: (T + 1, Nd) of `infer`. Row 0 is before the first step, where nothing is decided.
        stream: "modern": one uniform number for every (seed, trial, t), `uniforms`. "legacy": the draws of
            `numpy.random.RandomState(seed).multinomial(1, law)`, step by step, as published results have them.
        trial: Of the modern stream.
        seed: Integer; the legacy one below 2^32.

    Returns:
        (T + 1, Nd) one-hot decisions; row 0 is 0.

    Example:
        >>> draw([[0.5, 0.5], [0.9, 0.1], [0.9, 0.1]], seed=1).sum(axis=1).tolist()
        [0.0, 1.0, 1.0]
    """
    check_choice("stream", stream, get_args(Stream))
    trial = check_count("trial", trial, 0)
    law = sampling_law(_decided("q_d", q_d), log_odds=_decided("log_odds", log_odds))
    d = np.zeros((len(law) + 1, law.shape[1]))
    if stream == "modern":
        d[np.arange(1, len(d)), choose(law, uniforms(seed, len(law), trial))] = 1
    else:
        if trial:
            raise ParameterError(f"trial = {trial} belongs to the modern stream; the legacy one has the seed alone")
        state = np.random.RandomState(check_legacy_seed(seed))
        for t, own in enumerate(law, start=1):
            d[t] = state.multinomial(1, own)
    return d


def _decided(name: str, value: Any) -> np.ndarray | None:
    """Rows t = 1..T of beliefs about decisions; None stays."""
    if value is None:
        return None
    array = check_numbers(name, value, finite=False)
    if array.ndim != 2 or len(array) < 2:
        raise ParameterError(f"{name} has shape {array.shape} and must be (T + 1, Nd) with T >= 1, as from infer")
    return array[1:]


def _refuse(name: str, array: np.ndarray, wrong: np.ndarray, allowed: str) -> None:
    if array.ndim == 0 or not array.shape[-1]:
        raise ParameterError(
            f"{name} has shape {array.shape} and must be (..., Nd), with decisions along the last axis"
        )
    if wrong.any():
        raise ParameterError(f"{place(name, array, wrong)} must be {allowed}")
