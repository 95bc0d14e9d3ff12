"""Expected log probabilities under Dirichlet counts of two values."""

from typing import Any, get_args

import numpy as np
from scipy.special import digamma

from synfer.core.checks import check_choice, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.inference.model import Expectation


def expected_log(counts: Any, expectation: Expectation = "digamma") -> np.ndarray:
    """E ln P(pre | post) under counts of (pre, post).

    With counts a of pre = 1 and b of pre = 0 it is digamma(a) - digamma(a + b), exact variational Bayes, or
    ln(a / (a + b)), the logarithm of the mean, with which a neural cost is the free energy exactly.

    Args:
        counts: (2, ...) counts > 0 with the value of pre along the first axis.
        expectation: "digamma" or "ratio".

    Returns:
        Of the shape of counts [nats].

    Raises:
        ParameterError: another shape, counts that are not > 0, or an unknown expectation.

    Accuracy: ratio: a few roundings of it, also where it is near 0. digamma: of digamma(a + b), 1e-14 for a total of
        1e9.

    Example:
        >>> expected_log([3.0, 1.0], "ratio").round(3).tolist()
        [-0.288, -1.386]
    """
    check_choice("expectation", expectation, get_args(Expectation))
    counts = check_numbers("counts", counts)
    if counts.ndim == 0 or len(counts) != 2:
        raise ParameterError(
            f"counts has shape {counts.shape} and must be (2, ...): counts of pre = 1 and pre = 0 along the first axis"
        )
    if not (counts > 0).all():
        raise ParameterError(f"{place('counts', counts, ~(counts > 0))} must be > 0; give what has been seen of it")
    return log_mean(counts, expectation)


def log_mean(counts: np.ndarray, expectation: Expectation) -> np.ndarray:
    """The same of counts that are known to be good, as those of a model are."""
    if expectation == "ratio":
        with np.errstate(over="ignore"):
            against = counts[::-1] / counts
        log = -np.log1p(against)  # where P is near 1, ln P would carry the rounding of 1
        if np.isinf(log).any():
            log = np.where(np.isinf(log), np.log(counts) - np.log(counts[::-1]), log)
        return log
    return digamma(counts) - digamma(counts.sum(0))
