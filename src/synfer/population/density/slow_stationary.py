"""Stationary densities over (V, w): the fixed point of the operator in `slow_generator`, by `slow_settle`."""

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import NumericalError, UsageError
from .mesh import Lanes, counts, psi_at_faces, reset_split
from .slow_generator import Generator, assemble, goals
from .slow_settle import settle
from .state import State

# Relative change of density and rate at which the state is taken for settled: what remains is some times that.
TOLERANCE = 1e-11


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
        NumericalError: the iterations do not settle: columns too wide for what w does.

    Accuracy: iterations go on until density and rate change by 1e-11 of themselves; what they have not settled is below
    1e-10. Order 1.8 in h, about 2 in dw: the example of the adaptive EIF at (-62, 2) mV has 6.909, 6.895, 6.890, 6.889
    Hz at h = .4, .2, .1, .05 mV (dw = .2), and 6.962, 6.902, 6.887, 6.885 Hz at dw = .5, .25, .125, .0625 mV (h = .2),
    where w has a sd of .79 mV. Some 60 iterations of 20 ns per cell: .05 s for 256 x 128 cells.
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


def solve(generator: Generator, lane: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Density (C, N) of content 1 cell and its spikes by column [1/ms], when nobody is refractory.

    Raises:
        NumericalError: the iterations do not settle.
    """
    columns, n = generator.a.shape
    p = np.empty((columns, n))
    planes, work, lines = np.zeros((4, columns, n)), np.empty((4, n)), np.empty((2, columns))
    steps, change = settle(p, generator, TOLERANCE, planes, work, lines)
    if not change <= TOLERANCE:
        raise NumericalError(
            f"the stationary state of lane {lane} has not settled: after {steps} iterations it still changes by "
            f"{change:.1e} of itself, at most {TOLERANCE:g} is allowed; lower dw to a quarter of the sd of w"
        )
    return p, generator.a[:, -1] * p[:, -1]
