"""Stationary densities over (V, w): the fixed point of the operator in `slow_generator`, by `slow_settle`."""

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import UsageError
from .mesh import Lanes, counts, psi_at_faces, reset_split
from .slow_generator import assemble
from .slow_grid import goals
from .slow_settle import solve
from .state import State


def slow_stationary(lanes: Lanes, mu: ArrayLike, sigma: ArrayLike, g: ArrayLike = 0.0, gE: ArrayLike = 0.0) -> State:
    """Stationary density over (V, w), rate and refractory queue of every lane under a constant drive.

    The fixed point of the operator in `slow_generator`, spikes returning to V_reset with the jump. Equal lanes are
    solved once.

    Args:
        lanes: neurons and meshes of L lanes, with slow variables.
        mu, sigma, gE: mean input, noise and shunt current [mV]; g: shunt [leaks]; each broadcasts to (L,).

    Returns:
        State with p (L, N, C) [1/mV], NaN outside a lane's own cells and columns, its integral 1 - r t_ref; the rate
        [1/ms]; a constant flux history by column, (L, 1, 2, C), 0 outside a lane's own.

    Raises:
        MeshError: as `counts`.
        NumericalError: the iterations do not settle, as where columns are far narrower than w needs.

    Accuracy: iterations go on until eight of them change density and rate by less than 1e-11 of themselves. Order 1.8
    in h, 2 in dw: the example of the adaptive EIF at (-62, 2) mV has 6.906, 6.891, 6.887, 6.886 Hz at h = .4, .2, .1,
    .05 mV (dw = .2), and 6.980, 6.899, 6.886, 6.885 Hz at dw = .5, .25, .125, .0625 mV (h = .2), where w has a sd of
    .79 mV. Some 50 iterations of 20 ns per cell, .05 s for 256 x 128 cells; up to ten times as many where neurons spike
    in step, on the tenth of the cells that they hold.
    """
    n, slow = counts(lanes), lanes.slow
    if slow is None:
        raise UsageError("the lanes have no slow variable; use stationary(lanes, ...)")
    size, widest = len(n), int(np.max(slow.columns))
    lower, upper = reset_split(lanes, n)
    drive = np.stack([np.broadcast_to(np.asarray(x, float), (size,)) for x in (mu, sigma, g, gE)], axis=1)
    density = np.full((size, int(n.max()), widest), np.nan)
    queue, rate = np.zeros((size, 1, 2, widest)), np.zeros(size)
    solved: dict[tuple, int] = {}
    for lane in range(size):
        columns = int(slow.columns[lane])
        psi, goal = psi_at_faces(lanes, lane, int(n[lane])), goals(lanes, slow, lane, int(n[lane]))
        numbers = [*(x[lane] for x in lanes[:6]), *(x[lane] for x in slow[:5]), *drive[lane]]
        twin = solved.setdefault((*numbers, psi.tobytes(), goal.tobytes()), lane)
        if twin < lane:
            density[lane], queue[lane], rate[lane] = density[twin], queue[twin], rate[twin]
            continue
        generator = assemble(lanes, slow, lane, int(n[lane]), drive[lane], (lower[lane], upper[lane]))
        p, spikes = solve(generator, lane)
        scale = 1.0 + spikes.sum() * lanes.t_ref[lane]
        density[lane, -n[lane] :, :columns] = p.T / (lanes.h[lane] * scale)
        queue[lane, :, :, :columns], rate[lane] = spikes / scale, spikes.sum() / scale
    return State(p=density, queue=queue, rate=rate, dt=None)
