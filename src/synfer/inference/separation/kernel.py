"""Learning of observations that are 0 or 1, a step at a time.

    u_j = sum_i E ln P(o_i | s_j = 1) - E ln P(o_i | s_j = 0) + ln D1_j/D0_j
    s_j = sig(u_j),    a += [o; o-] x [s; s-]
Counts lie as (state, input, value of the state, value of the input), so that what one input says of one state are four
neighbours.
"""

import math

import numpy as np

from synfer.core.jit import kernel

FAR = 1e100
"""Products of ratios are brought to a logarithm before they leave [1/FAR, FAR]."""
SHIFT = 10.0
"""The series of digamma is used from here on: its first neglected term is below 1e-16."""


@kernel
def digamma(x: float) -> float:
    """For x > 0: digamma(x + 1) = digamma(x) + 1/x up to x >= 10, then its asymptotic series."""
    below = 0.0
    while x < SHIFT:
        below += 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return math.log(x) - 0.5 / x - series - below


@kernel
def says_ratio(counts: np.ndarray, o: np.ndarray) -> float:
    """What the inputs say for a state in ratio form; counts (input, 2, 2)."""
    u, product = 0.0, 1.0
    for i in range(o.size):
        on, off = counts[i, 0], counts[i, 1]
        k = 1 - o[i]
        product *= (on[k] * (off[0] + off[1])) / (off[k] * (on[0] + on[1]))
        if product > FAR or product < 1 / FAR:
            u += math.log(product)
            product = 1.0
    return u + math.log(product)


@kernel
def says_digamma(counts: np.ndarray, o: np.ndarray) -> float:
    """What the inputs say for a state in digamma form; counts (input, 2, 2)."""
    u = 0.0
    for i in range(o.size):
        on, off = counts[i, 0], counts[i, 1]
        k = 1 - o[i]
        u += digamma(on[k]) - digamma(on[0] + on[1]) - digamma(off[k]) + digamma(off[0] + off[1])
    return u


@kernel
def learn(o: np.ndarray, counts: np.ndarray, odds: np.ndarray, ratio: bool, s: np.ndarray) -> None:
    """Beliefs s (T, Ns) of inputs o (T, No) of 0 and 1; counts (Ns, No, 2, 2) are updated at every step, in place."""
    for t in range(len(o)):
        for j in range(odds.size):
            u = odds[j] + (says_ratio(counts[j], o[t]) if ratio else says_digamma(counts[j], o[t]))
            e = math.exp(-abs(u))
            more, less = 1 / (1 + e), e / (1 + e)
            x, rest = (more, less) if u >= 0 else (less, more)
            s[t, j] = x
            # [s; 1 - s], as elsewhere: with the rest itself counts would differ from those of `learn_online`.
            rest = 1 - x
            for i in range(o.shape[1]):
                k = 1 - o[t, i]
                counts[j, i, 0, k] += x
                counts[j, i, 1, k] += rest
