"""The semi-discrete operator of a density over (V, w), in the form that the stationary state and the response need.

Column j holds the density p_ij [1/mV] of the neurons with w in it, m_i = 1 (TOP_CAPACITY in the top cell):
    m_i dp_ij/dt = (J_{i-1,j} - J_ij)/h + m_i (G_{i,j-1/2} - G_{i,j+1/2})/dw + reset,
    J/h = a p_i - b p_{i+1}    the Scharfetter-Gummel flux of `sweep` at mu - w_j,
    G/dw = u x face value      u = (target(V_i) - w_face)/(tau dw), none through the outermost faces.
The face value is p_j + s_j/2 where w grows and p_{j+1} - s_{j+1}/2 where it decays, s the slopes of `slow_slope`:
for p >= 0 a share 1 +- s_j/(2 p_j) in [.25, 1.75] of the cell it comes from. So the operator is a generator with rates
>= 0, `rates_along_w`, that depend on p: what is solved with these rates frozen is >= 0.
"""

from typing import NamedTuple

import numpy as np

from ...core.jit import kernel
from .mesh import TOP_CAPACITY, Lanes, Slow, faces, psi_at_faces
from .slow_grid import column_faces, goals, jump_split
from .slow_slope import double_slope
from .sweep import BOUND_64, TINY

# The least density [cells] that can be divided by.
TINIEST = 1e-300


class Generator(NamedTuple):
    """One density's operator; every coefficient in 1/ms, arrays [column][cell] with V ascending."""

    a: np.ndarray  # (C, N) J/h per p below the face; the last cell's is the outflow through V_top
    b: np.ndarray  # (C, N) J/h per p above the face; 0 in the last cell
    u: np.ndarray  # (C + 1, N) velocity of w at the faces between columns, over dw; 0 at the outermost
    lower: int  # lower of the two cells around V_reset
    upper: float  # share of the upper one
    leap: int  # whole columns of a jump
    part: float  # and the rest, a share of the next one


def bernoulli(P: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """B(-P) and B(P), with the bounds on the exponent of `sweep`."""
    P = P + TINY
    bounded = np.clip(P, -BOUND_64, BOUND_64)
    ratio = P / np.expm1(bounded)
    return ratio * np.exp(bounded), ratio


def assemble(lanes: Lanes, slow: Slow, lane: int, n: int, drive: np.ndarray, reset: tuple[int, float]) -> Generator:
    """The operator of one lane of n cells at (mu, sigma, g, gE), with its `reset_split`."""
    mu, sigma, g, gE = drive
    h, dw = float(lanes.h[lane]), float(slow.dw[lane])
    V = faces(float(lanes.V_top[lane]), h, n)
    w = column_faces(slow, lane)
    pull = (mu + gE) - (1.0 + g) * V + psi_at_faces(lanes, lane, n)
    P = h / sigma**2 * (pull - 0.5 * (w[1:] + w[:-1])[:, None])
    rate = sigma**2 / (float(lanes.tau_m[lane]) * h**2)
    a, b = bernoulli(P)
    a[:, -1], b[:, -1] = 2.0 * bernoulli(0.5 * P[:, -1])[0], 0.0
    u = (goals(lanes, slow, lane, n) - w[:, None]) / (float(slow.tau[lane]) * dw)
    u[0] = u[-1] = 0.0
    leap, part = jump_split(slow, lane)
    return Generator(rate * a, rate * b, u, int(reset[0]), float(reset[1]), leap, part)


@kernel(no_cfunc_wrapper=True)
def rates_along_w(p, u, rise, fall, upwind):
    """Rates [1/ms] from every cell into the column above (rise) and below (fall), per p: capacities are in them.

    With `upwind`, those of the first order, without slopes.
    """
    columns, n = p.shape
    for j in range(columns):
        for i in range(n):
            here = p[j, i]
            below = p[j - 1, i] if j > 0 else 0.0
            above = p[j + 1, i] if j < columns - 1 else 0.0
            tilt = 0.25 * double_slope(below, here, above, 0.0) / here if here > TINIEST and not upwind else 0.0
            capacity = TOP_CAPACITY if i == n - 1 else 1.0
            rise[j, i] = capacity * max(u[j + 1, i], 0.0) * (1.0 + tilt)
            fall[j, i] = capacity * max(-u[j, i], 0.0) * (1.0 - tilt)
