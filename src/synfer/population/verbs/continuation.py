"""Results that a run can go on from: the end of a run, saved with it and loaded again."""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import MeshError, ParameterError
from synfer.population import density, spiking
from synfer.population.neurons import Neuron
from synfer.population.verbs import mesh
from synfer.population.verbs.columns import ONE, Columns
from synfer.population.verbs.common import Points

if TYPE_CHECKING:
    from synfer.population.verbs.evolve import Run

VARIABLES = {
    "state_p": ("cell",),
    "state_edges": ("edge",),
    "state_queue": ("age", "stage"),
    "state_rate": (),
    "state_dt": (),
    "state_mass": (),
    "state_neuron": (),
}
SLOW = {"state_w0": (), "state_dw": (), "state_columns": ()}
"""What is saved besides where a point has a slow variable; densities and fluxes then have columns."""

KEPT = 1e-6
"""Probability that may lie beyond the columns in which a run goes on."""


def end_of(initial: Any, verb: str) -> float:
    """The time [ms] at which a result of `verb` ended; a ParameterError for anything else."""
    if not isinstance(initial, xr.Dataset) or initial.attrs.get("verb") != verb:
        raise ParameterError(f"initial must be a result of {verb}; to start from the stationary state leave it out")
    return float(initial.attrs["t_end"])


def save(runs: "list[Run]", points: Points) -> dict[str, Any]:
    """The `state_*` variables of a run, one row for each point; cells are aligned at V_top, columns at the lowest."""
    size = len(points)
    states = [run.records.state for run in runs]
    cells, ages = max(state.p.shape[1] for state in states), max(state.queue.shape[1] for state in states)
    slow = any(state.p.ndim == 3 for state in states)
    wide = (max(state.p.shape[2] if state.p.ndim == 3 else 1 for state in states),) if slow else ()
    p, edges = np.zeros((size, cells, *wide)), np.zeros((size, cells + 1))
    queue, rate, dt, mass = np.zeros((size, ages, 2, *wide)), np.zeros(size), np.zeros(size), np.zeros(size)
    for members, lanes, records in runs:
        state = records.state
        for lane, member in enumerate(members):
            own = mesh.edges(lanes, lane)
            kept = (slice(len(mesh.column_edges(lanes, lane)) - 1),) if slow else ()
            values, past = state.p[lane, -(len(own) - 1) :], state.queue[lane]
            if slow and state.p.ndim == 2:
                values, past = values[..., None], past[..., None]
            p[(member, slice(cells - len(own) + 1, None), *kept)] = values[(slice(None), *kept)]
            edges[member] = own[-1] - lanes.h[lane] * np.arange(cells, -1, -1)
            queue[(member, slice(past.shape[0]), slice(None), *kept)] = past[(slice(None), slice(None), *kept)]
            rate[member], dt[member] = state.rate[lane], state.dt
            mass[member] = 0.0 if state.mass is None else np.asarray(state.mass)[lane]
    neurons = np.array([point["neuron"].spec() for point in points])
    values = (p, edges, queue, rate, dt, mass, neurons)
    saved: dict[str, Any] = {name: (dims, value) for (name, dims), value in zip(VARIABLES.items(), values, strict=True)}
    if not slow:
        return saved
    for name in ("state_p", "state_queue"):
        saved[name] = (*saved[name][0], "column"), saved[name][1]
    columns = np.array([point["mesh"].columns or ONE for point in points], dtype=float).T
    return saved | {name: (dims, value) for (name, dims), value in zip(SLOW.items(), columns, strict=True)}


class Start(NamedTuple):
    """The saved states of all points, (points, ...); with slow variables, the columns of each."""

    p: np.ndarray
    edges: np.ndarray
    queue: np.ndarray
    rate: np.ndarray
    dt: np.ndarray
    mass: np.ndarray
    neuron: np.ndarray
    columns: list[Columns] | None

    def state(self, members: list[int], lanes: density.Lanes, dt: float) -> density.State:
        """The engine's state of some points on their new meshes."""
        grids = [mesh.edges(lanes, lane) for lane in range(len(members))]
        tall = max(len(grid) for grid in grids) - 1
        if lanes.slow is not None:
            return self._with_columns(members, lanes, grids, dt)
        p, flat = np.full((len(members), tall), np.nan), () if self.columns is None else (0,)
        for lane, member in enumerate(members):
            n = len(grids[lane]) - 1
            p[lane, -n:] = self._moved(member, grids[lane], self.p[(member, slice(None), *flat)])
        queue = self.queue[(members, slice(None), slice(None), *flat)]
        return density.State(p, queue, self.rate[members], dt, self.mass[members])

    def _with_columns(
        self, members: list[int], lanes: density.Lanes, grids: list[np.ndarray], dt: float
    ) -> density.State:
        tall, wide = max(len(grid) for grid in grids) - 1, int(np.max(lanes.slow.columns)) if lanes.slow else 1
        p = np.full((len(members), tall, wide), np.nan)
        queue = np.zeros((len(members), *self.queue.shape[1:3], wide))
        for lane, (member, grid) in enumerate(zip(members, grids, strict=True)):
            saved, own = (self.columns or [ONE])[member], mesh.columns_of(lanes, lane)
            rows = self.p[member, :, : saved.count] if self.columns else self.p[member, :, None]
            flux = self.queue[member, ..., : saved.count] if self.columns else self.queue[member, ..., None]
            moved = self._moved(member, grid, rows.T).T
            p[lane, 1 - len(grid) :, : own.count] = held = _on_columns(moved, saved, own)
            if held.sum() < (1 - KEPT) * moved.sum():
                raise MeshError(
                    f"columns from {own.low:.4g} to {own.high:.4g} mV do not hold the slow variable that initial ended "
                    f"with; leave w_range out, or let it reach from {saved.low:.4g} to {saved.high:.4g} mV"
                )
            queue[lane, ..., : own.count] = _on_columns(flux, saved, own)
        return density.State(p, queue, self.rate[members], dt)

    def _moved(self, member: int, grid: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Densities (..., cells) of one point on another grid; on its own, untouched."""
        own = self.edges[member]
        if math.isclose(own[-1] - own[-2], grid[-1] - grid[-2], rel_tol=1e-12):
            return mesh.rebin(p, own, grid)
        return mesh.by_mass(mesh.rebin(mesh.by_mass(p), own, grid), back=True)


def _on_columns(values: np.ndarray, old: Columns, new: Columns) -> np.ndarray:
    """What columns hold (..., columns), moved to others: untouched where they coincide, else linear in its sum."""
    first = round((old.low - new.low) / new.dw)
    if old.dw == new.dw and first >= 0 and abs(new.low + first * new.dw - old.low) < 1e-9 * new.dw:
        held = min(old.count, new.count - first)
        out = np.zeros((*values.shape[:-1], new.count))
        out[..., first : first + held] = values[..., :held]
        return out
    edges = [own.low + own.dw * np.arange(own.count + 1) for own in (old, new)]
    return mesh.rebin(values, *edges) * (new.dw / old.dw)


def _extended(old: Columns, new: Columns) -> Columns:
    """Columns that reach as far as both, as wide as the old ones and in step with them."""
    below = max(0, int(np.ceil((old.low - new.low) / old.dw - 1e-9)))
    above = max(0, int(np.ceil((new.high - old.high) / old.dw - 1e-9)))
    return Columns(old.low - below * old.dw, old.dw, below + old.count + above)


def _rows(initial: xr.Dataset, names: Iterable[str], points: Points) -> list[np.ndarray]:
    """The saved variables with one row for each point; one saved point serves all."""
    names = list(names)
    if missing := [name for name in names if name not in initial]:
        raise ParameterError(f"initial lacks {', '.join(missing)}, which a run goes on from; pass the result whole")
    saved = initial if "point" in initial.dims else initial.expand_dims("point")
    if saved.sizes["point"] not in (1, len(points)):
        size = saved.sizes["point"]
        raise ParameterError(f"initial has {size} points and this run {len(points)}; continue the same points")
    columns = [np.asarray(saved[name].transpose("point", ...)) for name in names]
    return [np.broadcast_to(column, (len(points), *column.shape[1:])) for column in columns]


def load(initial: xr.Dataset, points: Points) -> Start:
    """The saved states for the points of a new run, whose meshes are extended to hold them.

    Raises:
        ParameterError: another number of points, another neuron, or another step.
    """
    columns = None
    if "state_columns" in initial:
        low, dw, count = _rows(initial, SLOW, points)
        columns = [Columns(float(low[i]), float(dw[i]), int(count[i])) for i in range(len(points))]
    start = Start._make([*_rows(initial, VARIABLES, points), columns])
    for i, point in enumerate(points):
        if not np.isfinite(start.p[i]).all():
            raise ParameterError(f"initial failed at point {i}, see its status; leave that point out")
        if start.edges.shape[1] != start.p.shape[1] + 1 or start.p[i].min() < -1e-6 * start.p[i].max():
            raise ParameterError("initial's state_p and state_edges are not those of a run; pass the result whole")
        _check_same(start.neuron[i], start.dt[i], point)
        own: mesh.Cells = point["mesh"]
        filled = np.flatnonzero(start.p[i] if columns is None else start.p[i].any(axis=1))
        lowest = start.edges[i, filled[0]] if filled.size else own.V_lb
        point["mesh"] = own = own._replace(V_lb=min(own.V_lb, lowest))
        asked = mesh.as_mesh(point["h"])
        if columns and own.columns and own.columns.count > 1 and asked.dw is None and asked.w_range is None:
            point["mesh"] = own._replace(columns=_extended(columns[i], own.columns))
    return start


SPIKING = {
    "state_x": ("tile", "lane"),
    "state_release": ("tile", "lane"),
    "state_words": ("tile", "word"),
    "state_dt": (),
    "state_neuron": (),
}


def save_spiking(states: list[spiking.State], points: Points) -> dict[str, Any]:
    """The `state_*` variables of spiking runs: membrane and release time of every lane, its random state, and w."""
    tiles = max(len(state.lanes.x) for state in states)

    def padded(rows: np.ndarray) -> np.ndarray:
        return np.pad(rows, ((0, tiles - len(rows)), (0, 0)))

    values = (
        np.stack([padded(state.lanes.x.astype(np.float64)) for state in states]),
        np.stack([padded(state.lanes.release) for state in states]),
        np.stack([padded(state.lanes.words) for state in states]),
        np.array([state.dt for state in states]),
        np.array([point["neuron"].spec() for point in points]),
    )
    saved = {name: (dims, value) for (name, dims), value in zip(SPIKING.items(), values, strict=True)}
    if any(state.is_slow for state in states):
        w = [getattr(state.lanes, "w", np.zeros(state.lanes.x.shape)) for state in states]
        saved["state_w"] = (("tile", "lane"), np.stack([padded(rows) for rows in w]))
    return saved


def load_spiking(
    initial: xr.Dataset, points: Points, engine: Callable[[Neuron], spiking.Neuron]
) -> list[spiking.State]:
    """The saved state of every point, for a run with the same neurons and step.

    Raises:
        ParameterError: another number of points or neurons, another neuron or step, or one state for several points
            that would all go on with the same random numbers.
    """
    names = [*SPIKING, "n_neurons"]
    x, release, words, dt, neuron, n = _rows(initial, names, points)
    (w,) = _rows(initial, ["state_w"], points) if any(point["neuron"].slow for point in points) else (x,)
    if initial.sizes.get("point", 1) < len(points) and len({point["seed"] for point in points} - {None}) < len(points):
        raise ParameterError("one state goes on as several points; give each its own seed, or they are copies")
    if x.shape[-1] != spiking.WIDTH or words.shape[-1] != 2 * spiking.WIDTH or np.any(n > x.shape[1] * x.shape[2]):
        raise ParameterError("initial's state_* are not those of a run; pass the result whole")
    states = []
    for i, point in enumerate(points):
        _check_same(neuron[i], dt[i], point)
        if n[i] != point["n"]:
            raise ParameterError(f"initial ended with n = {n[i]} and got n = {point['n']}; continue with the same")
        tiles = -(-int(n[i]) // x.shape[-1])
        lanes = spiking.Lanes(
            x[i, :tiles].astype(point["dtype"]), release[i, :tiles], words[i, :tiles].astype(np.uint32)
        )
        if point["neuron"].slow is not None:
            lanes = spiking.SlowLanes(*lanes, w[i, :tiles])
        frame = spiking.frame_of(engine(point["neuron"]), point["dt"])
        states.append(spiking.State(lanes, frame, point["dt"], point["n"], point["neuron"].V_reset))
    return states


def _check_same(neuron: Any, dt: float, point: dict[str, Any]) -> None:
    """A ParameterError unless a point goes on with the neuron and step that it ended with."""
    if str(neuron) != point["neuron"].spec():
        raise ParameterError(f"initial ended with another neuron than {point['neuron']}; continue with the same")
    if dt != point["dt"]:
        raise ParameterError(f"initial ended with dt = {dt:g} ms, and got dt = {point['dt']:g} ms; use the same dt")
