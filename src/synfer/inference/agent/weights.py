"""What counts say about a post-synaptic value, as weights: the constants of one trial.

With l = E ln P(pre | post), what pre = [x; x-] says for post_j = 1 against 0 is
    sum_i x_i (l_11 - l_10) + x-_i (l_01 - l_00) = sum_i x_i W_ij + h_j    where x- = 1 - x,
and what it says for post = 0 in all, sum_j sum_i x_i l_10 + x-_i l_00 = x.r + k, is needed for free energies alone.
Counts are [value of pre, pre, value of post, post]; index 0 along an axis of values is value 1.
"""

import math
from typing import NamedTuple

import numpy as np

from synfer.core.jit import kernel


class Mapping(NamedTuple):
    """One mapping (A, B or C): W (pre, post), h (post,), r (pre,), k; what the first pair says, first (post,), base."""

    W: np.ndarray
    h: np.ndarray
    r: np.ndarray
    k: float
    first: np.ndarray
    base: float


class Prior(NamedTuple):
    """A prior: ln of its weights of 1 against 0, difference (n,), and the sum of ln of those of 0, base."""

    difference: np.ndarray
    base: float


class Weights(NamedTuple):
    """Everything that one trial computes with."""

    A: Mapping
    B: Mapping
    C: Mapping
    D: Prior
    E: Prior


@kernel
def psi(x: float) -> float:
    """Digamma of x > 0: recurrence up to 10, then the asymptotic series; 1e-15 of its largest term."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return shift + math.log(x) - 0.5 / x - series


@kernel
def mapping(counts: np.ndarray, digamma: bool, one: np.ndarray, zero: np.ndarray) -> Mapping:
    """Weights of counts [value of pre, pre, value of post, post]; `one` and `zero` are the first pair."""
    n_pre, n_post = counts.shape[1], counts.shape[3]
    W, h, r = np.empty((n_pre, n_post)), np.zeros(n_post), np.empty(n_pre)
    first, base, k = np.zeros(n_post), 0.0, 0.0
    for i in range(n_pre):
        of_one, of_zero = 0.0, 0.0
        for j in range(n_post):
            n11, n01, n10, n00 = counts[0, i, 0, j], counts[1, i, 0, j], counts[0, i, 1, j], counts[1, i, 1, j]
            if digamma:
                t1, t0 = psi(n11 + n01), psi(n10 + n00)
                l11, l01, l10, l00 = psi(n11) - t1, psi(n01) - t1, psi(n10) - t0, psi(n00) - t0
            else:
                t1, t0 = 1 / (n11 + n01), 1 / (n10 + n00)
                l11, l01, l10, l00 = math.log(n11 * t1), math.log(n01 * t1), math.log(n10 * t0), math.log(n00 * t0)
            by_one, by_zero = l11 - l10, l01 - l00
            W[i, j] = by_one - by_zero
            h[j] += by_zero
            first[j] += one[i] * by_one + zero[i] * by_zero
            of_one += l10
            of_zero += l00
        r[i] = of_one - of_zero
        k += of_zero
        base += one[i] * of_one + zero[i] * of_zero
    return Mapping(W, h, r, k, first, base)


@kernel
def no_mapping(n_pre: int, n_post: int) -> Mapping:
    """Of a model in which post does not depend on pre."""
    return Mapping(np.zeros((n_pre, n_post)), np.zeros(n_post), np.zeros(n_pre), 0.0, np.zeros(n_post), 0.0)
