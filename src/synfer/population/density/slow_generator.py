"""The semi-discrete operator of a density over (V, w), in the form that the stationary state and the response need.

Column j holds the density p_ij [1/mV] of the neurons with w in it, m_i = 1 (TOP_CAPACITY in the top cell):
    m_i dp_ij/dt = (J_{i-1,j} - J_ij)/h + m_i (G_{i,j-1/2} - G_{i,j+1/2})/dw + reset,
    J/h = a p_i - b p_{i+1}    the Scharfetter-Gummel flux of `sweep` at mu - w_j,
    G/dw = u x face value      u = (target(V_i) - w_face)/(tau dw), none through the outermost faces.
The face value is that of a limited linear reconstruction in w (monotonised central): with d = p_j - p_{j-1},
    s_j = 0 if d_j d_{j+1} <= 0, else sign(d_j) min(2 |d_j|, 2 |d_{j+1}|, |p_{j+1} - p_{j-1}|/2),
p_j + s_j/2 where w grows, p_{j+1} - s_{j+1}/2 where it decays, and a neighbour outside the columns is 0.
For p >= 0 a face value is a share 1 +- s_j/(2 p_j) in [0, 2] of the cell it comes from. So the operator is a
generator with rates >= 0, `rates_along_w`, that depend on p: what is solved with these rates frozen is >= 0.
Reference: van Leer (1977), J. Comput. Phys. 23:276, eq. 66.
"""

from typing import NamedTuple

import numpy as np

from ...core.jit import kernel
from .inner import inner
from .mesh import TOP_CAPACITY, Lanes, Slow, centres, faces, psi_at_faces
from .sweep import BOUND_64, TINY


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
    h, dw, columns = float(lanes.h[lane]), float(slow.dw[lane]), int(slow.columns[lane])
    V = faces(float(lanes.V_top[lane]), h, n)
    w = float(slow.low[lane]) + dw * np.arange(columns + 1)
    pull = (mu + gE) - (1.0 + g) * V + psi_at_faces(lanes, lane, n)
    P = h / sigma**2 * (pull - 0.5 * (w[1:] + w[:-1])[:, None])
    rate = sigma**2 / (float(lanes.tau_m[lane]) * h**2)
    a, b = bernoulli(P)
    a[:, -1], b[:, -1] = 2.0 * bernoulli(0.5 * P[:, -1])[0], 0.0
    u = (goals(lanes, slow, lane, n) - w[:, None]) / (float(slow.tau[lane]) * dw)
    u[0] = u[-1] = 0.0
    leap, part = jump_split(float(slow.jump[lane]) / dw)
    return Generator(rate * a, rate * b, u, int(reset[0]), float(reset[1]), leap, part)


def goals(lanes: Lanes, slow: Slow, lane: int, n: int) -> np.ndarray:
    """What w relaxes to [mV] in one lane's n cells."""
    return np.broadcast_to(slow.target(centres(float(lanes.V_top[lane]), float(lanes.h[lane]), n), lane), (n,))


def jump_split(columns: float) -> tuple[int, float]:
    """A jump of so many columns, which may be a fraction, as whole ones and a share of the next."""
    nearest = round(columns)
    columns = nearest if abs(columns - nearest) < 1e-9 * max(1.0, nearest) else columns
    leap = int(columns)
    return leap, columns - leap


@inner
def limited_slope(below, here, above):
    """Slope of the monotonised-central limiter, per column."""
    d, e = here - below, above - here
    size = min(2.0 * abs(d), 2.0 * abs(e), 0.5 * abs(d + e))
    same = (d > 0.0 and e > 0.0) or (d < 0.0 and e < 0.0)
    return (size if d > 0.0 else -size) if same else 0.0


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
            tilt = 0.5 * limited_slope(below, here, above) / here if here > 0.0 and not upwind else 0.0
            rise[j, i] = max(u[j + 1, i], 0.0) * max(1.0 + tilt, 0.0)
            fall[j, i] = max(-u[j, i], 0.0) * max(1.0 - tilt, 0.0)
        rise[j, n - 1] *= TOP_CAPACITY
        fall[j, n - 1] *= TOP_CAPACITY
