"""Expected log probabilities under Dirichlet counts of two values."""

from typing import Any, get_args

import numpy as np
from scipy.special import digamma

from synfer.core.errors import ParameterError, did_you_mean

from ..model import Expectation


def expected_log(counts: Any, expectation: Expectation = "digamma") -> np.ndarray:
    """E ln P(pre | post) under counts of (pre, post).

    With counts a of pre = 1 and b of pre = 0 it is digamma(a) - digamma(a + b), exact variational Bayes, or
    ln(a / (a + b)), the logarithm of the mean, with which a neural cost is the free energy exactly.

    Args:
        counts: (2, ...) counts > 0 with the value of pre along the first axis.
        expectation: "digamma" or "ratio".

    Returns:
        Of the shape of counts [nats].

    Accuracy: digamma: a few roundings of digamma(a + b), 1e-14 for a total of 1e9.

    Example:
        >>> expected_log([3.0, 1.0], "ratio").round(3).tolist()
        [-0.288, -1.386]
    """
    if expectation not in get_args(Expectation):
        raise ParameterError(
            f"expectation = {expectation!r} is not known{did_you_mean(expectation, get_args(Expectation))}"
        )
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim == 0 or len(counts) != 2:
        raise ParameterError(
            f"counts has shape {counts.shape} and must be (2, ...): counts of pre = 1 and pre = 0 along the first axis"
        )
    if expectation == "ratio":
        return np.log(counts / counts.sum(0))
    return digamma(counts) - digamma(counts.sum(0))
