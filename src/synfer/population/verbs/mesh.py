"""The mesh of one density: cell width and lower end, from the parameters of its own point alone."""

from typing import Any

import numpy as np

from synfer.core.errors import MeshError
from synfer.population import density
from synfer.population.signals import lowest_potential, narrowest
from synfer.population.verbs.common import Points, check_positive

MOST_CELLS = 200_000
LOWER_SDS = 8.0


def choose(point: dict[str, Any], points: Points) -> tuple[float, float]:
    """(h, V_lb) [mV] of one point: h = min(0.1, sd/20) unless given, V_lb eight sd below all that drives V.

    sd is that of the free membrane, sigma over the root of the largest leak.

    Raises:
        MeshError: a mesh that cannot resolve the density, or too many cells.
    """
    neuron, drive = point["neuron"], point["drive"]
    sigma = narrowest(neuron, drive)
    if sigma == 0:
        raise MeshError("sigma = 0 mV has no density to resolve; give a small sigma, for example sigma = 0.1")
    h = min(0.1, sigma / 20) if point["h"] is None else check_positive("h", point["h"], "mV")
    if h > sigma / 2:
        better = min(0.1, sigma / 20)
        raise MeshError(
            f"h = {h:g} mV cannot resolve sigma = {sigma:g} mV of the free membrane; did you mean h = {better:g}?"
        )
    if sigma < 10 * h:
        points.warn(
            f"sigma = {sigma:g} mV of the free membrane is below 10 h = {10 * h:g} mV: the density is coarsely resolved"
        )
    low, sd = lowest_potential(neuron, drive)
    V_lb = low - LOWER_SDS * sd
    cells = (neuron.V_top - V_lb) / h
    if point["h"] is None and (not np.isfinite(cells) or cells > MOST_CELLS):
        raise MeshError(
            f"sigma = {sigma:g} mV of the free membrane calls for cells of {h:g} mV, and V is driven down to "
            f"{V_lb:g} mV: {cells:.3g} cells, at most {MOST_CELLS}; raise sigma, weaken what drives V down, or give h"
        )
    if not np.isfinite(cells) or cells > MOST_CELLS:
        raise MeshError(
            f"h = {h:g} mV needs {cells:.3g} cells from {V_lb:g} to {neuron.V_top:g} mV, at most {MOST_CELLS}; "
            f"did you mean h = {(neuron.V_top - V_lb) / 2000:.2g}?"
        )
    if neuron.V_top - neuron.V_reset < 4 * h:
        raise MeshError(
            f"h = {h:g} mV is too wide for {neuron.V_top - neuron.V_reset:g} mV between reset and spike; lower h"
        )
    return h, V_lb


def lanes(chosen: list[dict[str, Any]]) -> density.Lanes:
    """The engine's view of some points whose `mesh` has been chosen."""
    neurons = [point["neuron"] for point in chosen]

    def column(values: Any) -> np.ndarray:
        return np.array(list(values), dtype=np.float64)

    return density.Lanes(
        tau_m=column(n.tau_m for n in neurons),
        V_top=column(n.V_top for n in neurons),
        V_reset=column(n.V_reset for n in neurons),
        t_ref=column(n.t_ref for n in neurons),
        h=column(point["mesh"][0] for point in chosen),
        V_lb=column(point["mesh"][1] for point in chosen),
        psi=lambda V, lane: neurons[lane].psi(V),
    )


def edges(lanes: density.Lanes, lane: int) -> np.ndarray:
    """Cell edges [mV] of one lane, ascending."""
    h, V_top = float(lanes.h[lane]), float(lanes.V_top[lane])
    n = int(density.cells(lanes.V_top[lane], lanes.V_lb[lane], lanes.h[lane]))
    return V_top - h * np.arange(n, -1, -1)


def by_mass(p: np.ndarray, back: bool = False) -> np.ndarray:
    """Densities (..., cells) whose plain sum times h is the probability: the top cell counts TOP_CAPACITY of itself.

    The engine's top value is that at the centre of its cell; `back` returns to it.
    """
    scaled = p.copy()
    scaled[..., -1] *= 1 / density.TOP_CAPACITY if back else density.TOP_CAPACITY
    return scaled


def common(meshes: list[density.Lanes]) -> np.ndarray:
    """Edges [mV] of the one grid that holds all lanes: the highest top, the finest h, the lowest end."""
    all_edges = [edges(lanes, lane) for lanes in meshes for lane in range(len(lanes.h))]
    h = min(float(lanes.h.min()) for lanes in meshes)
    return uniform(max(e[-1] for e in all_edges), min(e[0] for e in all_edges), h)


def uniform(V_top: float, low: float, h: float) -> np.ndarray:
    """Points of a grid of width h [mV], ascending to V_top, from `low` or just below."""
    return V_top - h * np.arange(np.ceil((V_top - low) / h - 1e-9), -1, -1)


def rebin(p: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Densities (..., cells) moved from old to new edges, conserving probability: linear in the CDF.

    Grids that coincide from the top down only gain or lose empty cells, and keep every bit.
    """
    common = min(len(old), len(new))
    surplus = len(old) - common
    if np.array_equal(old[-common:], new[-common:]) and not p[..., :surplus].any():
        missing = np.zeros((*p.shape[:-1], len(new) - common), p.dtype)
        return np.concatenate([missing, p[..., surplus:]], axis=-1)
    cumulated = np.concatenate([np.zeros((*p.shape[:-1], 1)), np.cumsum(p * np.diff(old), axis=-1)], axis=-1)
    cell = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
    inside = np.clip((new - old[cell]) / (old[cell + 1] - old[cell]), 0.0, 1.0)
    at_new = cumulated[..., cell] + inside * (cumulated[..., cell + 1] - cumulated[..., cell])
    return np.diff(at_new, axis=-1) / np.diff(new)
