"""The slope along w of a density within a column: central, and bounded by the density itself.

With p_j the density in column j, 0 outside the columns,
    s_j = (p_{j+1} - p_{j-1})/2 between -3/2 p_j and 3/2 p_j,    p_j - s_j/2 and p_j + s_j/2 at the faces.
Between steep tails the slope is linear in p, at peaks too, so that a density narrower than two columns keeps its place
and width. Faces hold between a quarter of p_j and 7/4: what leaves a column is positive, less than it holds, and never
cut off, which lets stationary states settle. Everything that moves along w takes its slopes from here.
References: Fromm (1968), J. Comput. Phys. 3:176; Hundsdorfer et al. (1995), J. Comput. Phys. 117:35 (positivity).
"""

import numpy as np

from .inner import inner
from .vector import choose


@inner
def double_slope(below, here, above, zero):
    """2 s, of numbers or of vectors of them."""
    most = here + here + here
    rise = above - below
    rise = choose(most, rise, most, rise)
    return choose(rise, zero - most, zero - most, rise)


def slope_factors(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The derivatives of s at p (C, N) by p in the column below, in the column itself, and in the one above."""
    q = np.pad(p, ((1, 1), (0, 0)))
    rise = q[2:] - q[:-2]
    held = abs(rise) > 3.0 * p
    return -0.5 * ~held, 1.5 * np.sign(rise) * held, 0.5 * ~held
