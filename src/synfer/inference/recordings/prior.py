"""The prior D that responses imply: what is left of logit x when the evidence of the inputs is taken away.

A neuron that infers answers x = sig(evidence + logit D), with the evidence of synapses that learn,
    sum_i o_i ln(W1_i / W0_i) + (1 - o_i) ln((1 - W1_i) / (1 - W0_i)),
so that logit x - evidence is logit D, whatever the inputs were: the residual estimator. The mean of x is biased to 1/2.
Where the counts behind the synapses are known it is exact (`separation.residual_prior`). Of a recording they are not,
and start, prior and plasticity are fitted to the responses at once (`implied_prior`).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from synfer.core.errors import ParameterError

START_SD = 0.25
"""Of synapses about 1/2 before learning, as a weak prior: inputs that always come together share what they explain."""
LEAST = 1e-6
"""Distance that probabilities behind synapses keep from 0 and 1."""
ITERATIONS = 60


class Implied(NamedTuple):
    """logit D, and the plasticity (1: that of the counts), with the influence (session, 2) of each session on both."""

    logit_D: float
    plasticity: float
    influence: np.ndarray


def implied_prior(y: np.ndarray, o: np.ndarray, n: np.ndarray, insensitivity: float) -> Implied:
    """logit D and plasticity of one ensemble, by maximum quasi-likelihood of responses between 0 and 1 on average.

    Unknown are logit D, the synapses a at the start (W1 = a, W0 = 1 - a) and the plasticity k, with which the counts of
    a session, W1 = (lambda a + k sum y o) / (lambda + k sum y), grow from session to session.

    Args:
        y: (S, T) responses, 1/2 at the base; single ones may lie beyond [0, 1].
        o: (S, T, No) inputs.
        n: (S,) steps of each session; y and o are 0 beyond.

    Raises:
        ParameterError: the responses do not determine it.
    """
    used = np.arange(y.shape[1]) < n[:, None]
    of = o.astype(np.float64)
    past = _past(y, of, n)
    inputs = of.shape[2]
    beta = np.r_[0.0, np.full(inputs, 0.5), 0.5]
    ridge = np.diag(np.r_[0.0, np.full(inputs, START_SD**-2), 0.0])
    centre = np.r_[0.0, np.full(inputs, 0.5), 0.0]
    for _ in range(ITERATIONS):
        u, X = _potential(beta, of, past, insensitivity)
        p = expit(u)
        score = (np.swapaxes(X, 1, 2) @ ((y - p) * used)[..., None])[..., 0]
        information = np.swapaxes(X, 1, 2) @ (X * (p * (1 - p) * used)[..., None])
        whole = information.sum(0) + ridge
        try:
            step = np.linalg.solve(whole, score.sum(0) - ridge @ (beta - centre))
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        most = np.max(abs(step) / np.r_[1.0, np.full(inputs, 0.05), 0.5])
        beta = beta + step / max(1.0, most)
        beta[1:-1] = beta[1:-1].clip(0.01, 0.99)
        if abs(beta[0]) > 20:
            break
        if abs(step).max() < 1e-8:
            return Implied(float(beta[0]), float(beta[-1]), _influence(whole, information, score))
    raise ParameterError(
        f"responses of {y.sum() / n.sum():.3g} on the average, where base is 1/2, do not determine a prior; give the "
        f"base of the culture's own control"
    )


def _influence(whole: np.ndarray, information: np.ndarray, score: np.ndarray) -> np.ndarray:
    """(S, 2) what logit D and plasticity would lose without a session; all the others tell what they are then."""
    try:
        return np.linalg.solve(whole - information, score[..., None])[:, [0, -1], 0]
    except np.linalg.LinAlgError:
        raise ParameterError(
            f"{len(score)} sessions do not determine a prior and its error: without one of them the others tell no "
            f"plasticity; raise learn_sessions"
        ) from None


class _Past(NamedTuple):
    """What x and 1 - x have seen before each session: sums of both with o (half, S, No), and alone (half, S)."""

    both: np.ndarray
    alone: np.ndarray


def _past(y: np.ndarray, o: np.ndarray, n: np.ndarray) -> _Past:
    xo = (y[:, None] @ o)[:, 0]
    both, alone = np.stack([xo, o.sum(1) - xo]), np.stack([y.sum(1), n - y.sum(1)])
    return _Past(*(np.concatenate([np.zeros_like(v[:, :1]), np.cumsum(v, 1)[:, :-1]], axis=1) for v in (both, alone)))


def _potential(beta: np.ndarray, o: np.ndarray, past: _Past, insensitivity: float) -> tuple[np.ndarray, np.ndarray]:
    """u (S, T) and its derivative (S, T, No + 2) by logit D, the synapses at the start, and the plasticity."""
    start, k = np.stack([beta[1:-1], 1 - beta[1:-1]])[:, None], beta[-1]
    home = insensitivity + k * past.alone[..., None]
    W = ((insensitivity * start + k * past.both) / home).clip(LEAST, 1 - LEAST)
    on, off = np.log(W[0] / W[1]), np.log((1 - W[0]) / (1 - W[1]))
    u = beta[0] + (o @ (on - off)[..., None])[..., 0] + off.sum(1)[:, None]
    by_start = np.stack([insensitivity / home[0], -insensitivity / home[1]])
    by_k = (past.both - W * past.alone[..., None]) / home
    X = np.empty((*o.shape[:2], o.shape[2] + 2))
    X[..., 0] = 1
    (on_a, off_a), (on_k, off_k) = (
        (d[0] / W[0] - d[1] / W[1], d[1] / (1 - W[1]) - d[0] / (1 - W[0])) for d in (by_start, by_k)
    )
    X[..., 1:-1] = o * (on_a - off_a)[:, None] + off_a[:, None]
    X[..., -1] = (o @ (on_k - off_k)[..., None])[..., 0] + off_k.sum(1)[:, None]
    return u, X
