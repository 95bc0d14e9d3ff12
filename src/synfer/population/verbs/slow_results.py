"""What results say of a slow variable: its moments in time, and whether its columns held it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from synfer.population.drive import Drive
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest
from synfer.population.verbs.columns import ONE
from synfer.population.verbs.common import Points
from synfer.population.verbs.densities import One
from synfer.population.verbs.mesh import Cells
from synfer.population.verbs.resting import mesh_error

LOST, SEEN = 1e-3, 1e-6
"""Probabilities in an outermost column that are an error, and worth a warning: what would go on beyond it is held."""
End = tuple[Cells, float]
"""The mesh of a density, and the largest probability in an outermost column of it."""
Resolved = tuple[Neuron, Drive, Cells]
"""A density: its neuron, what drives it, and its mesh."""


def slow_moments(each: list[One], dims: tuple[str, ...], shape: tuple[int, ...]) -> dict[str, Any]:
    """w_mean, w_sd (dims) and edge_mass of some densities, whose leading axes are `shape`; nothing without slow ones.

    A neuron that has none has its w at 0.
    """
    if all(one.records.slow is None for one in each):
        return {}
    nodes = shape[-1]
    table = {name: np.zeros((len(each), nodes)) for name in ("w_mean", "w_sd")}
    edge = np.zeros(len(each))
    for i, one in enumerate(each):
        if one.records.slow is not None:
            for name, values in table.items():
                values[i] = getattr(one.records.slow, name)[one.lane]
            edge[i] = one.records.slow.edge_mass[one.lane]
    variables: dict[str, Any] = {name: (dims, values.reshape(shape)) for name, values in table.items()}
    return variables | {"edge_mass": (dims[:-1], edge.reshape(shape[:-1]))}


def mesh_errors(resolved: Sequence[Resolved]) -> np.ndarray:
    """The `mesh_error` of some densities, at the state that they start from."""
    return np.array([mesh_error(neuron, cells, at_rest(drive)) for neuron, drive, cells in resolved])


def lost(points: Points, held: Sequence[Sequence[End]]) -> list[str]:
    """Why the densities of points cannot be kept: what does not fit in columns; empty where it fits.

    Warns of the worst of those that nearly lost some. held: of every point, the ends of its densities.
    """
    worst = [max((end for end in ends if end[1] > SEEN), key=lambda end: end[1], default=None) for ends in held]
    why = ["" if end is None or end[1] <= LOST else beyond(*end) + wider(end[0]) for end in worst]
    kept = [end for end, text in zip(worst, why, strict=True) if end is not None and not text]
    if kept:
        end = max(kept, key=lambda own: own[1])
        points.warn(beyond(*end) + wider(end[0]))
    return why


def beyond(cells: Cells, mass: float) -> str:
    """Where a slow variable has reached the ends of its columns."""
    columns = cells.columns or ONE
    return (
        f"the slow variable reaches the ends of its columns, {columns.low:.4g} to {columns.high:.4g} mV, with a "
        f"probability of {mass:.2g}, and what lies beyond is lost"
    )


def wider(cells: Cells) -> str:
    """The repair: a range with room at either end."""
    low, high = (cells.columns or ONE).low, (cells.columns or ONE).high
    return f"; give h=sf.Mesh(w_range=({low - 0.25 * (high - low):.3g}, {high + 0.5 * (high - low):.3g}))"
