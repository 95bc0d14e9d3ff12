"""What results say of a slow variable: its moments in time, and whether its columns held it."""

from typing import Any

import numpy as np

from synfer.core.errors import MeshError
from synfer.population.drive import Drive
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest
from synfer.population.verbs.common import Points
from synfer.population.verbs.densities import One
from synfer.population.verbs.mesh import Cells
from synfer.population.verbs.resting import mesh_error

LOST, SEEN = 1e-3, 1e-6
"""Probabilities in an outermost column that are an error, and worth a warning: what would go on beyond it is held."""


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


def mesh_errors(resolved: list[tuple[Neuron, Drive, Cells]], variables: dict[str, Any]) -> dict[str, Any]:
    """`mesh_error` of runs, at the state they start from; nothing without slow variables."""
    if "w_sd" not in variables:
        return {}
    dims, w_sd = variables["w_sd"]
    errors = [mesh_error(neuron, cells, at_rest(drive)) for neuron, drive, cells in resolved]
    return {"mesh_error": (dims[:-1], np.reshape(errors, w_sd.shape[:-1]))}


def check_edges(points: Points, held: list[tuple[Cells, float]]) -> None:
    """Refuse or warn of slow variables that reach the ends of their columns with the given probabilities.

    Raises:
        MeshError: more than LOST.
    """
    cells, mass = max(held, key=lambda own: own[1])
    if cells.columns is None or not mass > SEEN:
        return
    low, high = cells.columns.low, cells.columns.high
    text = (
        f"the slow variable reaches the ends of its columns, {low:.4g} to {high:.4g} mV, with a probability of "
        f"{mass:.2g}, and what lies beyond is lost; give h=sf.Mesh(w_range="
        f"({low - 0.25 * (high - low):.3g}, {high + 0.5 * (high - low):.3g}))"
    )
    if mass > LOST:
        raise MeshError(text)
    points.warn(text)
