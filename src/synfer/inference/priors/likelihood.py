"""Maximum likelihood of priors over decisions.

    ln L = sum_t ln p_t(k_t),   p_t(k) ~ sum_{j in k} w(alpha_tj + beta_g),   w(z) = 1 / (e^-z + 1e-6 (1 + e^-z)),
    beta_g = ln E_g - ln(1 - E_g),   E_g = S_g / n_g
for G groups g of n_g decisions, which share S_g, sum 1; what is seen, k, is a decision or all of one group.
With v = d ln w / dz = 1 - 1e-6 w and V_k its mean over what is seen as k, the score is sum_t (V_k - sum_k p_k V_k) and
the Fisher information sum_t Cov(V). Newton's steps in theta, S = softmax(theta), use it: ln L is concave where w = e^z.
Where learning has driven z far above 14, w is 1e6 whatever E is, and what is decided then does not tell E.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synfer.core.errors import NumericalError
from synfer.core.jit import kernel
from synfer.inference.beliefs.sampling import CEILING
from synfer.inference.priors.replay import Classes, Statistics

LEAST = -600.0
"""Log odds of the likeliest decision below which weights are scaled, so as not to vanish."""
STEPS = 200
UNKNOWN = "what was seen does not tell it; fit to all trials from the first on, to more agents, or by='action'"
GAIN = 1e-10
"""ln L [nats] that one more step would gain, at which to stop: a distance of 1e-5 standard errors."""


class Fit(NamedTuple):
    """S (G,) sums of E over groups, their covariance (G, G), and the greatest ln L."""

    S: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


@kernel
def look(
    alpha: np.ndarray, seen: np.ndarray, size: np.ndarray, kind: np.ndarray, group: np.ndarray, beta: np.ndarray,
    score: np.ndarray, fisher: np.ndarray,
) -> float:  # fmt: skip
    """ln L of one trial; adds to the score (G,) and to the information (G, G), both for beta.

    alpha (n, J); seen (n, K); size and kind (J,), how many decisions a class has and as what it is seen; group (K,).
    """
    n, J = alpha.shape
    K, G = group.size, beta.size
    p, v, mean = np.empty(K), np.empty(K), np.empty(G)
    total = 0.0
    for i in range(n):
        times = 0.0
        for k in range(K):
            times += seen[i, k]
        if times == 0:
            continue
        shift = -np.inf
        for j in range(J):
            shift = max(shift, alpha[i, j] + beta[group[kind[j]]])
        shift = shift if shift < LEAST else 0.0
        p[:], v[:], mean[:] = 0, 0, 0
        whole = 0.0
        for j in range(J):
            k = kind[j]
            z = alpha[i, j] + beta[group[k]]
            if z < 0:
                e = math.exp(z)
                level = 1 / (1 + CEILING * (1 + e))
                w, slope = (e if shift == 0 else math.exp(z - shift)) * level, 1 - CEILING * e * level
            else:
                e = math.exp(-z)
                w = 1 / (e + CEILING * (1 + e))
                slope = 1 - CEILING * w
            p[k] += size[j] * w
            v[k] += size[j] * w * slope
            whole += size[j] * w
        for k in range(K):
            v[k] = v[k] / p[k] if p[k] > 0 else 1.0
            p[k] /= whole
            if seen[i, k] > 0:
                total += seen[i, k] * math.log(p[k])
            score[group[k]] += seen[i, k] * v[k]
            mean[group[k]] += p[k] * v[k]
            fisher[group[k], group[k]] += times * p[k] * v[k] * v[k]
        for g in range(G):
            score[g] -= times * mean[g]
            for h in range(G):
                fisher[g, h] -= times * mean[g] * mean[h]
    return total


def fit(statistics: Sequence[Statistics], classes: Classes, group: np.ndarray, members: np.ndarray) -> Fit:
    """The sums of E over groups that make what was seen most likely.

    Args:
        statistics: Of trials of agents that share E.
        classes: Of their decisions.
        group: (K,) the group of whatever can be seen.
        members: (G,) decisions in each group.

    Raises:
        NumericalError: no maximum after STEPS.
    """
    G = members.size
    # The first trial that there is has the least bias; half a decision more, as not all may be in it.
    theta = np.log(np.bincount(group, statistics[0].seen.sum(0), G) + 0.5)
    level, score, fisher = _at(theta, statistics, classes, group, members)
    for _ in range(STEPS):
        step = np.linalg.solve(fisher + _gauge(fisher), score)
        expected = score @ step
        if expected < GAIN:
            S = _softmax(theta)
            J = np.diag(S) - np.outer(S, S)
            return Fit(S, J @ np.linalg.inv(fisher + _gauge(fisher)) @ J, level)
        size = min(1.0, 3 / np.abs(step).max())
        while True:
            trial = _at(theta + size * step, statistics, classes, group, members)
            if trial[0] >= level + 1e-4 * size * expected or size * expected < GAIN:
                break
            size /= 2
        theta = theta + size * step
        level, score, fisher = trial
    raise NumericalError(
        f"the likelihood of E has no maximum after {STEPS} steps, at {_softmax(theta).round(6).tolist()}; {UNKNOWN}"
    )


def _softmax(theta: np.ndarray) -> np.ndarray:
    e = np.exp(theta - theta.max())
    return e / e.sum()


def _gauge(fisher: np.ndarray) -> np.ndarray:
    """What makes the information regular along theta + constant, which changes nothing."""
    return np.full(fisher.shape, np.trace(fisher) / len(fisher) ** 2)


def _at(
    theta: np.ndarray, statistics: Sequence[Statistics], classes: Classes, group: np.ndarray, members: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """ln L, its score and information for theta."""
    S = _softmax(theta)
    E = S / members
    beta = np.log(E) - np.log1p(-E)
    score, fisher = np.zeros(S.size), np.zeros((S.size, S.size))
    level = 0.0
    for own in statistics:
        level += look(own.alpha, own.seen, classes.size, classes.seen, group, beta, score, fisher)
    A = (np.eye(S.size) - S) / (1 - E)[:, None]  # d beta / d theta
    return level, A.T @ score, A.T @ fisher @ A
