"""Results that a run can go on from: the end of a run, saved with it and loaded again."""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population import density, spiking
from synfer.population.neurons import Neuron
from synfer.population.verbs import mesh
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


def end_of(initial: Any, verb: str) -> float:
    """The time [ms] at which a result of `verb` ended; a ParameterError for anything else."""
    if not isinstance(initial, xr.Dataset) or initial.attrs.get("verb") != verb:
        raise ParameterError(f"initial must be a result of {verb}; to start from the stationary state leave it out")
    return float(initial.attrs["t_end"])


def save(runs: "list[Run]", points: Points) -> dict[str, Any]:
    """The `state_*` variables of a run, one row for each point; cells are aligned at V_top."""
    size = len(points)
    cells = max(run.records.state.p.shape[1] for run in runs)
    ages = max(run.records.state.queue.shape[1] for run in runs)
    p, edges = np.zeros((size, cells)), np.zeros((size, cells + 1))
    queue, rate, dt, mass = np.zeros((size, ages, 2)), np.zeros(size), np.zeros(size), np.zeros(size)
    for members, lanes, records in runs:
        state = records.state
        for lane, member in enumerate(members):
            own = mesh.edges(lanes, lane)
            p[member, cells - len(own) + 1 :] = state.p[lane, -(len(own) - 1) :]
            edges[member] = own[-1] - lanes.h[lane] * np.arange(cells, -1, -1)
            queue[member, : state.queue.shape[1]] = state.queue[lane]
            rate[member], dt[member], mass[member] = state.rate[lane], state.dt, np.asarray(state.mass)[lane]
    neurons = np.array([point["neuron"].spec() for point in points])
    values = (p, edges, queue, rate, dt, mass, neurons)
    return {name: (dims, value) for (name, dims), value in zip(VARIABLES.items(), values, strict=True)}


class Start(NamedTuple):
    """The saved states of all points, (points, ...)."""

    p: np.ndarray
    edges: np.ndarray
    queue: np.ndarray
    rate: np.ndarray
    dt: np.ndarray
    mass: np.ndarray
    neuron: np.ndarray

    def state(self, members: list[int], lanes: density.Lanes, dt: float) -> density.State:
        """The engine's state of some points on their new meshes."""
        grids = [mesh.edges(lanes, lane) for lane in range(len(members))]
        p = np.full((len(members), max(len(grid) for grid in grids) - 1), np.nan)
        for lane, member in enumerate(members):
            n = len(grids[lane]) - 1
            p[lane, -n:] = self._moved(member, grids[lane])
        return density.State(p, self.queue[members], self.rate[members], dt, self.mass[members])

    def _moved(self, member: int, grid: np.ndarray) -> np.ndarray:
        """The density of one point on another grid; on its own, untouched."""
        p, own = self.p[member], self.edges[member]
        if math.isclose(own[-1] - own[-2], grid[-1] - grid[-2], rel_tol=1e-12):
            return mesh.rebin(p, own, grid)
        return mesh.by_mass(mesh.rebin(mesh.by_mass(p), own, grid), back=True)


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
    start = Start(*_rows(initial, VARIABLES, points))
    for i, point in enumerate(points):
        if not np.isfinite(start.p[i]).all():
            raise ParameterError(f"initial did not stay finite at point {i}; leave that point out")
        if start.edges.shape[1] != start.p.shape[1] + 1 or start.p[i].min() < -1e-6 * start.p[i].max():
            raise ParameterError("initial's state_p and state_edges are not those of a run; pass the result whole")
        _check_same(start.neuron[i], start.dt[i], point)
        h, V_lb = point["mesh"]
        filled = np.flatnonzero(start.p[i])
        lowest = start.edges[i, filled[0]] if filled.size else V_lb
        point["mesh"] = (h, min(V_lb, lowest))
    return start


SPIKING = {
    "state_x": ("tile", "lane"),
    "state_release": ("tile", "lane"),
    "state_words": ("tile", "word"),
    "state_dt": (),
    "state_neuron": (),
}


def save_spiking(states: list[spiking.State], points: Points) -> dict[str, Any]:
    """The `state_*` variables of spiking runs: membrane and release time of every lane, and its random state."""
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
    return {name: (dims, value) for (name, dims), value in zip(SPIKING.items(), values, strict=True)}


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
        frame = spiking.frame_of(engine(point["neuron"]), point["dt"])
        states.append(spiking.State(lanes, frame, point["dt"], point["n"], point["neuron"].V_reset))
    return states


def _check_same(neuron: Any, dt: float, point: dict[str, Any]) -> None:
    """A ParameterError unless a point goes on with the neuron and step that it ended with."""
    if str(neuron) != point["neuron"].spec():
        raise ParameterError(f"initial ended with another neuron than {point['neuron']}; continue with the same")
    if dt != point["dt"]:
        raise ParameterError(f"initial ended with dt = {dt:g} ms, and got dt = {point['dt']:g} ms; use the same dt")
