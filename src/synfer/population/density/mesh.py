"""Lanes and their meshes: uniform cells of width h below V_top, the absorbing upper face of the last cell.

The last cell counts TOP_CAPACITY = 3/4 of its width: a density p (n cells) integrates to
    h (p_0 + ... + p_{n-2} + 3/4 p_{n-1}).
Its outflow (2 D/h) B(-P/2) p_{n-1}, P = f h/D, reaches over half a cell, so with capacity m its row for the mean
passage time T reads (D/h^2) [B(P) T_{n-2} - (B(P) + 2 B(-P/2)) T_{n-1}] = -m. The exact T of a constant f has
    m(P) = (1/2)/(1 - e^{-P/2}) - 1/(e^P - 1) = 3/4 - P/16 + O(P^2).
With m = 1 every interspike interval is h^2/(8 D) too long, an error of r tau_m (h/sigma)^2 / 8 of the rate r. m(0) is
taken for all P: a capacity that followed the drive would not conserve probability. The price is that a change of the
flux leaves h^2/(8 D) too early: 3 us at tau_m = 10 ms, h = sigma/20, a phase of omega tau_m (h/sigma)^2 / 8 in the
response of the rate (.02 at 1 kHz).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...core.errors import MeshError

# Share of h that the cell below V_top counts in every integral, see above.
TOP_CAPACITY = 0.75
# A lane's cell count is rounded up to a multiple of this, so that equal problems share tiles.
CELL_BLOCK = 8
# Largest mesh: 1e6 cells are 64 MB of work space for a single lane.
MOST_CELLS = 10**6


class Slow(NamedTuple):
    """Slow variables of L densities, each on its own columns.

        tau dw/dt = target(V) - w between spikes, w += jump at a spike; -w joins tau_m dV/dt

    Attributes:
        tau: time constant [ms], (L,).
        jump: at a spike [mV], (L,), >= 0.
        low: lower face of the lowest column [mV], (L,).
        dw: width of the columns [mV], (L,).
        columns: their number, (L,). Column j has its centre at low + (j + 1/2) dw.
        target: target(V, lane) [mV] at voltages V [mV] of one lane.
    """

    tau: np.ndarray
    jump: np.ndarray
    low: np.ndarray
    dw: np.ndarray
    columns: np.ndarray
    target: Callable[[np.ndarray, int], np.ndarray]


class Lanes(NamedTuple):
    """Neurons of L densities, each with its own mesh.

        tau_m dV/dt = (mu + gE) - (1 + g) V + psi(V) - w + sigma sqrt(2 tau_m) xi(t)

    Attributes:
        tau_m: membrane time constant [ms], (L,).
        V_top: voltage at which a spike is counted [mV], (L,): V_cut of an EIF, V_th otherwise.
        V_reset: voltage after the refractory time [mV], (L,).
        t_ref: refractory time [ms], (L,), >= 0.
        h: cell width [mV], (L,).
        V_lb: voltage the mesh must reach down to [mV], (L,).
        psi: psi(V, lane) [mV] at voltages V [mV] of one lane; None for psi = 0.
        slow: slow variables w; None for one-dimensional neurons.
    """

    tau_m: np.ndarray
    V_top: np.ndarray
    V_reset: np.ndarray
    t_ref: np.ndarray
    h: np.ndarray
    V_lb: np.ndarray
    psi: Callable[[np.ndarray, int], np.ndarray] | None = None
    slow: Slow | None = None


def cells(V_top: np.ndarray, V_lb: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Number of cells that reach from V_top down to V_lb or below: a multiple of CELL_BLOCK, two blocks at least."""
    blocks = np.ceil((np.asarray(V_top) - np.asarray(V_lb)) / (np.asarray(h) * CELL_BLOCK) - 1e-9)
    return np.maximum(blocks, 2).astype(np.int64) * CELL_BLOCK


def faces(V_top: float, h: float, n: int) -> np.ndarray:
    """Upper faces of n cells [mV], ascending, the last one V_top."""
    return V_top - h * np.arange(n - 1, -1, -1)


def centres(V_top: float, h: float, n: int) -> np.ndarray:
    """Centres of n cells [mV], ascending."""
    return V_top - h * (np.arange(n - 1, -1, -1) + 0.5)


def counts(lanes: Lanes) -> np.ndarray:
    """Cells of every lane, after checking that the mesh holds the reset point.

    Raises:
        MeshError: h not positive, too many cells, or V_reset outside [lowest centre, highest centre].
    """
    if not np.all(np.asarray(lanes.h) > 0):
        raise MeshError(f"h = {np.min(lanes.h)} mV must be > 0 mV; choose h = min(0.1, sigma / 20)")
    n = cells(lanes.V_top, lanes.V_lb, lanes.h)
    if n.max() > MOST_CELLS:
        lane = int(n.argmax())
        raise MeshError(
            f"h = {lanes.h[lane]:g} mV of lane {lane} gives {n[lane]} cells; at most {MOST_CELLS} are allowed; "
            f"use h >= {(lanes.V_top[lane] - lanes.V_lb[lane]) / MOST_CELLS:.2g} mV"
        )
    high = lanes.V_top - 0.5 * lanes.h
    low = lanes.V_top - (n - 0.5) * lanes.h
    outside = ~((lanes.V_reset >= low) & (lanes.V_reset <= high))
    if np.any(outside):
        lane = int(np.argmax(outside))
        raise MeshError(
            f"V_reset = {lanes.V_reset[lane]:g} mV of lane {lane} must lie in [{low[lane]:g}, {high[lane]:g}] mV, "
            "between the outer centres of the mesh; lower V_lb or reduce h"
        )
    return n


def psi_at_faces(lanes: Lanes, lane: int, n: int) -> np.ndarray:
    """psi [mV] at the upper faces of one lane's n cells."""
    if lanes.psi is None:
        return np.zeros(n)
    return np.broadcast_to(lanes.psi(faces(lanes.V_top[lane], lanes.h[lane], n), lane), (n,))


def reset_split(lanes: Lanes, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower of the two cells around V_reset and the share of the upper one: their mean voltage is V_reset."""
    position = n - 0.5 - (lanes.V_top - lanes.V_reset) / lanes.h
    lower = np.clip(np.floor(position).astype(np.int64), 0, n - 2)
    return lower, np.clip(position - lower, 0.0, 1.0)
