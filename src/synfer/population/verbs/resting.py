"""Densities at rest, side by side. Those over V and w, which take a second each, are remembered."""

from functools import lru_cache
from typing import Any

import numpy as np

from synfer.core.errors import NumericalError
from synfer.population import density
from synfer.population.neurons import Neuron
from synfer.population.verbs import mesh
from synfer.population.verbs.columns import Columns

ONE_DIMENSIONAL = 0.3
"""Relative error of a stationary rate over (h/sd)^2 of the free membrane, see `density.stationary`."""
KEPT = 64
"""States over V and w that are remembered: a chain asks for that of its layers again and again."""


def settled(chosen: list[dict[str, Any]], drives: np.ndarray) -> density.State:
    """Stationary states of some points whose `mesh` has been chosen, under mu, sigma, g, gE, (4, points).

    Where one of them has a slow variable, all have columns.
    """
    if all(point["mesh"].columns is None for point in chosen):
        return density.stationary(mesh.lanes(chosen), *drives)
    each = zip(chosen, drives.T.tolist(), strict=True)
    return joined([_remembered(point["neuron"], point["mesh"], *drive) for point, drive in each])


@lru_cache(maxsize=KEPT)
def _remembered(neuron: Neuron, cells: mesh.Cells, mu: float, sigma: float, g: float, gE: float) -> density.State:
    """One stationary state over columns; a single column is a one-dimensional neuron."""
    lanes = mesh.lanes([{"neuron": neuron, "mesh": cells}])
    if cells.columns is not None and cells.columns.count > 1:
        return density.stationary(lanes, mu, sigma, g, gE)
    return _in_column(density.stationary(lanes._replace(slow=None), mu, sigma, g, gE))


@lru_cache(maxsize=1024)
def mesh_error(neuron: Neuron, cells: mesh.Cells, drive: tuple[float, float, float, float]) -> float:
    """Estimated relative error of the stationary rate on a mesh, under mu, sigma, g, gE; at most 1.

    Half of what cells twice as wide change, as V_reset moves in its cell, and the larger of what columns twice as wide
    change and a third of what columns four times as wide do: the order in dw falls from 2 to 1 where w settles to less
    than some columns. It then matters where these stand, so both are put in two places, a column apart.
    1 where wider columns have no such state. ONE_DIMENSIONAL (h/sd)^2 without a slow variable.

    Accuracy: 1.4 times what narrower columns change, or more, in six neurons on columns of 1 to .03 mV; 1.5 to 6 times
    it, by where the columns stand, for Izhikevich's regular spiking neuron under Current(4, .01) with dw .2, where w
    rests within a twentieth of a column.
    """
    columns = cells.columns
    if columns is None or columns.count < 2:
        _, sd = neuron.free_membrane(drive[0], drive[1] / (1 + drive[2]) ** 0.5)
        return float(ONE_DIMENSIONAL * (cells.h / sd) ** 2)
    wider = [_wider(columns, times, by) for times in (2, 4) for by in (0, 1)]
    others = [cells._replace(h=2 * cells.h), *(cells._replace(columns=wide) for wide in wider)]
    try:
        fine, *rough = (float(_remembered(neuron, own, *drive).rate[0]) for own in (cells, *others))
    except NumericalError:
        return 1.0
    if fine <= 0:
        return 0.0
    in_h, *in_dw = (abs(rate - fine) / fine for rate in rough)
    return min(1.0, in_h / 2 + max(*in_dw[:2], *(change / 3 for change in in_dw[2:])))


def _wider(columns: Columns, times: int, by: int) -> Columns:
    """Columns so many times as wide that begin so many columns lower."""
    return Columns(columns.low - by * columns.dw, times * columns.dw, -(-(columns.count + by) // times))


def _in_column(state: density.State) -> density.State:
    """States of one-dimensional neurons as a single column each."""
    return state._replace(p=state.p[..., None], queue=state.queue[..., None])


def joined(states: list[density.State]) -> density.State:
    """States side by side; densities are aligned at the top, and at the lowest column."""
    if len({state.p.ndim for state in states}) > 1:
        states = [state if state.p.ndim == 3 else _in_column(state) for state in states]
    shapes = [state.p.shape[1:] for state in states]
    largest = [max(sizes) for sizes in zip(*shapes, strict=True)]
    p, queue = [], []
    for state, shape in zip(states, shapes, strict=True):
        missing = [size - own for size, own in zip(largest, shape, strict=True)]
        sides = [(0, 0), (missing[0], 0), *((0, more) for more in missing[1:])]
        p.append(np.pad(state.p, sides, constant_values=np.nan))
        queue.append(np.pad(state.queue, [(0, 0), (0, 0), (0, 0), *sides[2:]]))
    return density.State(np.concatenate(p), np.concatenate(queue), np.concatenate([state.rate for state in states]))
