"""The state of L lanes between two steps: enough to continue a run bit for bit."""

from typing import NamedTuple

import numpy as np

from .mesh import Lanes, centres, counts


class State(NamedTuple):
    """Densities and refractory neurons of L lanes at a node.

    Attributes:
        p: density of the non-refractory [1/mV], (L, N), ascending in V and aligned at V_top: a lane of n cells
            fills the last n columns, NaN the others. Values at the cell centres; the integral, 1 minus the
            refractory mass, is h (p_0 + ... + p_{n-2} + TOP_CAPACITY p_{n-1}), see `mesh`.
        queue: flux through V_top [1/ms] in the steps before the node, (L, age, stage), age 0 being the latest step.
            One age stands for a constant past.
        rate: flux through V_top at the node [1/ms], (L,).
        dt: the step the queue was recorded with [ms]; None for a constant past.
        mass: non-refractory probability by account of the fluxes, (L,): the integral of p, free of its rounding in
            float32 runs. None for the integral of p.
    """

    p: np.ndarray
    queue: np.ndarray
    rate: np.ndarray
    dt: float | None = None
    mass: np.ndarray | None = None


def empty_density(size: int, n: int) -> np.ndarray:
    """NaN in (size, n): the density before its lanes are filled in."""
    return np.full((size, n), np.nan)


def voltages(lanes: Lanes) -> np.ndarray:
    """Cell centres [mV] of every lane, (L, N), aligned like State.p."""
    n = counts(lanes)
    tall = int(n.max())
    return np.stack([centres(lanes.V_top[lane], lanes.h[lane], tall) for lane in range(len(n))])
