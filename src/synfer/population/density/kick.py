"""Instantaneous voltage shifts: the density moves by A, what passes V_top spikes at once.

With A = (m + phi) h, the upper share of every cell lands m + 1 cells higher, the rest m cells higher. The share comes
from the cubic through the cumulated density at the four faces around the cell, kept between 0 and the cell's content:
probability is conserved, nothing turns negative, and many small kicks spread the density by O(h^3) where a linear
share would spread it by A h mV^2. Mass pushed below the mesh stays in its lowest cell.
The shares are those of the point values; what moves is content, TOP_CAPACITY p h in the top cell, p h in the others. A
density that does not vanish at V_top after the kick fills the top cell with p / TOP_CAPACITY until the next solve: no
neuron spikes before it has crossed.
"""

import math

import numpy as np

from .inner import inner
from .mesh import TOP_CAPACITY


@inner
def lower_share(below, here, above, t):
    """Content of the lower part t in [0, 1] of a cell, from its own content and its neighbours'."""
    w_below = t * (t - 1.0) * (t - 2.0) / 6.0
    w_above = (t + 1.0) * t * (t - 1.0) / 6.0
    w_here = w_above - (t + 1.0) * t * (t - 2.0) / 2.0
    share = w_below * below + w_here * here + w_above * above
    return min(max(share, min(here, 0.0)), max(here, 0.0))


@inner
def shift_column(p, first, lane, shift):
    """Shift p[first:, lane] up by `shift` cells (down if negative); returns what passed the top, in units of p."""
    n = p.shape[0] - first
    old = np.empty(n)
    for i in range(n):
        old[i] = p[first + i, lane]
        p[first + i, lane] = 0.0
    bounded = min(max(shift, -(n + 2.0)), n + 2.0)
    m = math.floor(bounded)
    t = 1.0 - (bounded - m)
    passed = 0.0
    for i in range(n):
        # Beyond the absorbing face the density continues as an odd function: it vanishes at V_top.
        above = old[i + 1] if i + 1 < n else -old[i]
        below = old[i - 1] if i > 0 else 0.0
        lower = lower_share(below, old[i], above, t)
        capacity = TOP_CAPACITY if i == n - 1 else 1.0
        for part, target in ((capacity * lower, i + m), (capacity * (old[i] - lower), i + m + 1)):
            if target >= n:
                passed += part
            else:
                room = TOP_CAPACITY if target == n - 1 else 1.0
                p[first + max(target, 0), lane] += p.dtype.type(part / room)
    return passed


@inner
def apply_kicks(tile, work, p, kicks, dt):
    """Shift every lane's density by kicks [mV]; work.burst gets the flux [1/ms] of those that spiked.

    A kick that is not finite makes the lane so.
    """
    for lane in range(kicks.shape[0]):
        A = kicks[lane]
        work.burst[lane] = 0.0
        if A == 0.0:
            continue
        first = int(tile.bottom[0, lane])
        if not np.isfinite(A):
            p[first, lane] = np.nan
            continue
        passed = shift_column(p, first, lane, A / tile.h[lane])
        work.burst[lane] = passed * tile.h[lane] / dt
