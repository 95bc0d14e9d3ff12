"""Beliefs of one step, a row of numbers each: states, the law of decisions, and what both cost.

    u = (W_A o + h_A) + (W_B s_{t-1} + h_B) + ln D1 - ln D0,      s = sig(u)
    z = W_C s_{t-1} + h_C + ln E1 - ln E0,                        q_d = sig(z)
Costs of a row are LIKELIHOOD, TRANSITION, PRIOR and ENTROPY of s, and of the decisions that follow it
q.(ln q - ln E) and q.lnC^T s. Logarithms of sigmoids come from u and z:
s.ln s + s-.ln s- = s u - ln(1 + e^u).
"""

import math

import numpy as np

from synfer.core.jit import kernel
from synfer.inference.agent.exponential import decay
from synfer.inference.agent.weights import Mapping, Prior
from synfer.inference.beliefs.sampling import CEILING

LIKELIHOOD, TRANSITION, PRIOR, ENTROPY, SURPLUS, ADVICE = range(6)
COSTS = 6
"""Columns of costs; SURPLUS is q.(ln q - ln E), ADVICE is q.lnC^T s."""
CHUNK = 512
"""Factors in (1, 2] that are multiplied before a logarithm is taken of them: 2^512 is still a number."""


@kernel
def accumulate(x: np.ndarray, W: np.ndarray, out: np.ndarray) -> None:
    """out += x W, in an order of additions that depends on nothing but the shape; eight rows at a time."""
    n, m = W.shape
    i = 0
    while i + 8 <= n:
        x0, x1, x2, x3, x4, x5, x6, x7 = x[i], x[i + 1], x[i + 2], x[i + 3], x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        w0, w1, w2, w3, w4, w5, w6, w7 = W[i], W[i + 1], W[i + 2], W[i + 3], W[i + 4], W[i + 5], W[i + 6], W[i + 7]
        for j in range(m):
            out[j] += (
                x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j] + x4 * w4[j] + x5 * w5[j] + x6 * w6[j] + x7 * w7[j]
            )
        i += 8
    while i < n:
        xi, wi = x[i], W[i]
        for j in range(m):
            out[j] += xi * wi[j]
        i += 1


@kernel
def dot(x: np.ndarray, y: np.ndarray) -> float:
    """x.y by four sums, which need not wait for one another."""
    a, b, c, d, n = 0.0, 0.0, 0.0, 0.0, x.size - x.size % 4
    for j in range(0, n, 4):
        a += x[j] * y[j]
        b += x[j + 1] * y[j + 1]
        c += x[j + 2] * y[j + 2]
        d += x[j + 3] * y[j + 3]
    for j in range(n, x.size):
        a += x[j] * y[j]
    return (a + b) + (c + d)


@kernel
def softplus(u: np.ndarray, e: np.ndarray) -> float:
    """sum ln(1 + e^u), given e = e^-|u|; four products of factors in (1, 2], with one logarithm for many of them."""
    total, a, b, c, d, n = 0.0, 1.0, 1.0, 1.0, 1.0, u.size - u.size % 4
    for start in range(0, n, CHUNK):
        for j in range(start, min(start + CHUNK, n), 4):
            a *= 1 + e[j]
            b *= 1 + e[j + 1]
            c *= 1 + e[j + 2]
            d *= 1 + e[j + 3]
        total += math.log((a * b) * (c * d))
        a, b, c, d = 1.0, 1.0, 1.0, 1.0
    for j in range(n, u.size):
        total += math.log(1 + e[j])
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for j in range(0, n, 4):
        a += max(u[j], 0.0)
        b += max(u[j + 1], 0.0)
        c += max(u[j + 2], 0.0)
        d += max(u[j + 3], 0.0)
    for j in range(n, u.size):
        a += max(u[j], 0.0)
    return total + (a + b) + (c + d)


@kernel
def says(x: np.ndarray, given: Mapping, out: np.ndarray) -> float:
    """What x says about each post, into `out`; returns x.r + k."""
    for i in range(out.size):  # to assign whole arrays takes numba seconds more to compile
        out[i] = given.h[i]
    accumulate(x, given.W, out)
    return given.k + dot(x, given.r)


@kernel
def believe(
    seen: np.ndarray, seen_base: float, past: np.ndarray, past_base: float, D: Prior, s: np.ndarray, cost: np.ndarray,
    scratch: np.ndarray,
) -> None:  # fmt: skip
    """States from what the observation and the past say, into `s`; their costs into `cost`. scratch is (2, Ns)."""
    n = s.size
    u, e = scratch[0, :n], scratch[1, :n]
    for j in range(n):
        u[j] = seen[j] + past[j] + D.difference[j]
    sigmoids(u, e, s)
    cost[LIKELIHOOD] = -dot(s, seen) - seen_base
    cost[TRANSITION] = -dot(s, past) - past_base
    cost[PRIOR] = -dot(s, D.difference) - D.base
    cost[ENTROPY] = dot(s, u) - softplus(u, e)


@kernel
def decide(
    said: np.ndarray, base: float, E: Prior, cumulative: np.ndarray, cost: np.ndarray, scratch: np.ndarray
) -> None:
    """The law of decisions as its cumulative sum; `said` is what states say about each. scratch is (3, Nd).

    p ~ 1 / (e^-z + 1e-6 (1 + e^-z)), multiplied above and below by e^z where z < 0.
    """
    n = said.size
    z, e, q = scratch[0, :n], scratch[1, :n], scratch[2, :n]
    for k in range(n):
        z[k] = said[k] + E.difference[k]
    sigmoids(z, e, q)
    for k in range(n):
        below = z[k] < 0
        cumulative[k] = (e[k] if below else 1.0) / ((1.0 if below else e[k]) + CEILING * (1 + e[k]))
    total = 0.0
    for k in range(n):
        total += cumulative[k]
        cumulative[k] = total
    advice = dot(q, said)
    cost[SURPLUS], cost[ADVICE] = advice - softplus(z, e) - E.base, advice + base
    if not total > 1e-280:  # all of them next to impossible: p ~ e^(z - max z)
        peak, total = np.max(z), 0.0
        for k in range(n):
            total += decay(z[k] - peak)
            cumulative[k] = total


@kernel
def sigmoids(u: np.ndarray, e: np.ndarray, s: np.ndarray) -> None:
    """e = e^-|u| and s = sig(u)."""
    for j in range(u.size):
        e[j] = decay(-abs(u[j]))
    for j in range(u.size):
        s[j] = (e[j] if u[j] < 0 else 1.0) / (1 + e[j])


@kernel
def pick(cumulative: np.ndarray, u: float) -> int:
    """The first decision at which the cumulative sum passes u in [0, 1) of its end."""
    aim = u * cumulative[-1]
    low, high = 0, cumulative.size - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > aim:
            high = middle
        else:
            low = middle + 1
    return low
