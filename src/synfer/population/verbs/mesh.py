"""The mesh of one density: cells of V and columns of a slow variable, from the parameters of its own point alone."""

import os
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import field_validator, model_validator

from synfer.core.errors import MeshError, ParameterError
from synfer.core.params import Params, field
from synfer.population import density
from synfer.population.density.slow_grid import column_faces
from synfer.population.neurons import Neuron
from synfer.population.signals import furthest, lowest_potential, narrowest
from synfer.population.verbs.columns import ONE, Columns, choose_columns, rests
from synfer.population.verbs.common import MOST_BYTES, Points, check_positive, no_noise, numbers

MOST_CELLS = 200_000
LOWER_SDS = 8.0
FEW_CELLS = 600
"""Cells that the default mesh of a neuron without a leak has at most, unless its noise is weak."""
FEW_SLOW = 5
"""Cells to the sd of the free membrane, at least, beside a slow variable."""
COPIES = 4
"""Arrays of the size of a density over V and w that a run holds."""


class Mesh(Params):
    """The mesh of a density over V and a slow variable w; what is left out follows from the parameters.

    Every h= of a verb takes one, or a number, which is its h.

    Example:
        >>> Mesh(h=0.2, w_range=(-3, 18)).w_range
        (-3.0, 18.0)
    """

    kind: Literal["mesh"] = "mesh"
    positional = ("h", "dw", "w_range")
    h: float | None = field(None, unit="mV", gt=0, symbol="h", doc="cell width of V")
    dw: float | None = field(None, unit="mV", gt=0, symbol="dw", doc="column width of the slow variable")
    w_range: tuple[float, float] | None = field(None, unit="mV", doc="range of the slow variable")

    @field_validator("w_range", mode="before")
    @classmethod
    def _two_numbers(cls, value: Any) -> Any:
        try:
            two = value is None or numbers("w_range", value, "mV").size == 2
        except ParameterError:
            two = False
        if not two:
            raise ValueError(f"w_range = {value!r} must be two finite numbers of mV, (low, high)")
        return value

    @model_validator(mode="after")
    def _range_increases(self) -> Self:
        if self.w_range is not None and self.w_range[0] >= self.w_range[1]:
            low, high = self.w_range
            raise ValueError(f"w_range = ({low:g}, {high:g}) mV must increase; did you mean ({high:g}, {low:g})?")
        return self


class Cells(NamedTuple):
    """The mesh of one density: width of its cells and voltage that they reach down to [mV], and columns of w if any."""

    h: float
    V_lb: float
    columns: Columns | None = None


def choose(point: dict[str, Any], points: Points, pushed: float = 0.0) -> Cells:
    """The mesh of one point: h = min(0.1, sd/20) unless given, V_lb eight sd below all that drives V.

    sd is that of the free membrane, sigma over the root of the largest leak. With a slow variable h is
    min(0.125, sd/16), and V_lb is low enough for the highest w. Without a leak h is min(0.25, sd/8), or what makes
    600 cells if that is wider, but never above sd/5: where the noise is weak there are more cells.

    Args:
        point: neuron, drive, and h: a width, a Mesh, or None.
        points: where warnings go.
        pushed: what synapses move V up by in a volley [mV].

    Raises:
        MeshError: a mesh that cannot resolve the density, or too many cells.
    """
    neuron, drive = point["neuron"], point["drive"]
    given = as_mesh(point["h"])
    sd = narrowest(neuron, drive)
    if sd == 0:
        raise MeshError(no_noise(neuron))
    low, widest = lowest_potential(neuron, drive)
    V_lb, columns = low - LOWER_SDS * widest, None
    if neuron.slow is not None:
        columns = choose_columns(neuron, drive, given.dw, given.w_range, pushed)
        held = columns.high if neuron.background == "noise" else columns.high - columns.low
        lowest, sigma = furthest(drive, down=True)
        mean, spread = neuron.free_membrane(lowest - max(held, 0.0), sigma)
        V_lb = min(V_lb, mean - 2 * spread) if columns.count > 1 else V_lb
    elif given.dw is not None or given.w_range is not None:
        name = "dw" if given.w_range is None else "w_range"
        raise MeshError(f"{name} is for a slow variable, which {type(neuron).__name__} does not have; leave it out")
    default = _default(neuron, sd, neuron.V_top - V_lb)
    h = default if given.h is None else given.h
    _check(neuron, h, V_lb, sd, default, given.h is not None, points)
    return Cells(float(h), float(V_lb), columns)


def as_mesh(h: Any) -> Mesh:
    """The Mesh that the argument h= stands for."""
    return h if isinstance(h, Mesh) else Mesh(None if h is None else check_positive("h", h, "mV"))


def _default(neuron: Neuron, sd: float, span: float) -> float:
    """The width of cells [mV] over a range of V, where none is asked for."""
    if neuron.slow is None or rests(neuron):
        return min(0.1, sd / 20)
    if neuron.background == "noise":
        return min(0.125, sd / 16)
    return max(min(0.25, sd / 8), min(span / FEW_CELLS, sd / FEW_SLOW))


def _check(neuron: Neuron, h: float, V_lb: float, sigma: float, default: float, given: bool, points: Points) -> None:
    if h > sigma / 2:
        raise MeshError(
            f"h = {h:g} mV cannot resolve sigma = {sigma:g} mV of the free membrane; did you mean h = {default:g}?"
        )
    few = 10 if neuron.slow is None else FEW_SLOW
    if sigma < few * h * (1 - 1e-9):
        points.warn(
            f"sigma = {sigma:g} mV of the free membrane is below {few} h = {few * h:g} mV: the density is coarsely "
            f"resolved; lower h to {default:.3g}"
        )
    cells, noise = (neuron.V_top - V_lb) / h, "sigma" if neuron.background == "noise" else "D"
    if not given and (not np.isfinite(cells) or cells > MOST_CELLS):
        raise MeshError(
            f"sigma = {sigma:g} mV of the free membrane calls for cells of {h:g} mV, and V is driven down to "
            f"{V_lb:g} mV: {cells:.3g} cells, at most {MOST_CELLS}; raise {noise}, weaken what drives V down, or give h"
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


def lanes(chosen: list[dict[str, Any]]) -> density.Lanes:
    """The engine's view of some points whose `mesh` has been chosen.

    Raises:
        MeshError: densities over V and w that do not fit in memory together.
    """
    neurons = [point["neuron"] for point in chosen]
    cells: list[Cells] = [point["mesh"] for point in chosen]

    def column(values: Any) -> np.ndarray:
        return np.array(list(values), dtype=np.float64)

    own = density.Lanes(
        tau_m=column(n.tau_m for n in neurons),
        V_top=column(n.V_top for n in neurons),
        V_reset=column(n.V_reset for n in neurons),
        t_ref=column(n.t_ref for n in neurons),
        h=column(mesh.h for mesh in cells),
        V_lb=column(mesh.V_lb for mesh in cells),
        psi=lambda V, lane: neurons[lane].psi(V),
    )
    if all(mesh.columns is None for mesh in cells):
        return own
    columns = [mesh.columns or ONE for mesh in cells]
    _check_memory(own, columns)
    return own._replace(
        slow=density.Slow(
            tau=column(n.slow.tau if n.slow else 1.0 for n in neurons),
            jump=column(n.slow.jump if n.slow else 0.0 for n in neurons),
            low=column(c.low for c in columns),
            dw=column(c.dw for c in columns),
            columns=np.array([c.count for c in columns], np.int64),
            target=lambda V, lane: neurons[lane].slow_target(V) if neurons[lane].slow else np.zeros_like(V),
        )
    )


def _check_memory(own: density.Lanes, columns: list[Columns]) -> None:
    cells = density.cells(own.V_top, own.V_lb, own.h)
    tall, wide = int(cells.max()), max(c.count for c in columns)
    size = tall * wide * len(columns) * 8 * COPIES
    room = min(MOST_BYTES, 0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    if size > room:
        raise MeshError(
            f"{len(columns)} densities of up to {tall} cells x {wide} columns take {size / 1e9:.3g} GB, at most "
            f"{room / 1e9:.3g} GB; raise h or dw, narrow w_range, or run fewer points at once"
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


def columns_of(lanes: density.Lanes, lane: int) -> Columns:
    """The columns of one lane; one that holds w = 0 where there is no slow variable."""
    slow = lanes.slow
    return ONE if slow is None else Columns(float(slow.low[lane]), float(slow.dw[lane]), int(slow.columns[lane]))


def column_edges(lanes: density.Lanes, lane: int) -> np.ndarray:
    """Faces of the columns of w [mV] of one lane, ascending."""
    return ONE.low + ONE.dw * np.arange(2) if lanes.slow is None else column_faces(lanes.slow, lane)


def common_columns(meshes: list[density.Lanes]) -> np.ndarray:
    """Faces [mV] of the one grid that holds the columns of all lanes: the lowest end, the finest dw, the highest."""
    every = [column_edges(lanes, lane) for lanes in meshes for lane in range(len(lanes.h))]
    many = [own for own in every if len(own) > 2] or every
    finest = min(many, key=lambda own: own[1] - own[0])
    if all(np.array_equal(own, finest) for own in every):
        return finest
    low, dw = min(own[0] for own in every), finest[1] - finest[0]
    return low + dw * np.arange(np.ceil((max(own[-1] for own in every) - low) / dw - 1e-9) + 1)


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
