"""Results that a run can go on from: the end of a run, saved with it and loaded again."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population import density, spiking
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
}


def end_of(initial: Any, verb: str) -> float:
    """The time [ms] at which a result of `verb` ended; a ParameterError for anything else."""
    if not isinstance(initial, xr.Dataset) or initial.attrs.get("verb") != verb:
        raise ParameterError(f"initial must be a result of {verb}; to start from the stationary state leave it out")
    return float(initial.attrs["t_end"])


def save(runs: "list[Run]", size: int) -> dict[str, Any]:
    """The `state_*` variables of a run, one row for each point; cells are aligned at V_top."""
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
    values = (p, edges, queue, rate, dt, mass)
    return {name: (dims, value) for (name, dims), value in zip(VARIABLES.items(), values, strict=True)}


class Start(NamedTuple):
    """The saved states of all points, (points, ...)."""

    p: np.ndarray
    edges: np.ndarray
    queue: np.ndarray
    rate: np.ndarray
    dt: np.ndarray
    mass: np.ndarray

    def state(self, members: list[int], lanes: density.Lanes, dt: float) -> density.State:
        """The engine's state of some points on their new meshes."""
        grids = [mesh.edges(lanes, lane) for lane in range(len(members))]
        p = np.full((len(members), max(len(grid) for grid in grids) - 1), np.nan)
        for lane, member in enumerate(members):
            n = len(grids[lane]) - 1
            moved = mesh.rebin(self.p[member], self.edges[member], grids[lane])
            p[lane, -n:] = moved
        return density.State(p, self.queue[members], self.rate[members], dt, self.mass[members])


def load(initial: xr.Dataset, points: Points) -> Start:
    """The saved states for the points of a new run, whose meshes are extended to hold them.

    Raises:
        ParameterError: another number of points, another spike potential, or another step.
    """
    rows = [
        np.asarray(
            initial[name].transpose("point", ...) if "point" in initial.dims else initial[name].expand_dims("point")
        )
        for name in VARIABLES
    ]
    if len(rows[0]) not in (1, len(points)):
        raise ParameterError(f"initial has {len(rows[0])} points and this run {len(points)}; continue the same points")
    start = Start(*(np.broadcast_to(row, (len(points), *row.shape[1:])) for row in rows))
    for i, point in enumerate(points):
        if not np.isfinite(start.p[i]).all():
            raise ParameterError(f"initial did not stay finite at point {i}; leave that point out")
        if start.edges[i, -1] != point["neuron"].V_top:
            raise ParameterError(
                f"initial ended with a spike potential of {start.edges[i, -1]:g} mV and the neuron has "
                f"{point['neuron'].V_top:g} mV; continue with the same neuron"
            )
        if start.dt[i] != point["dt"]:
            raise ParameterError(
                f"initial ended with dt = {start.dt[i]:g} ms, and got dt = {point['dt']:g} ms; use the same dt"
            )
        h, V_lb = point["mesh"]
        filled = np.flatnonzero(start.p[i])
        lowest = start.edges[i, filled[0]] if filled.size else V_lb
        point["mesh"] = (h, min(V_lb, lowest))
    return start


SPIKING = {
    "state_x": ("tile", "lane"),
    "state_release": ("tile", "lane"),
    "state_words": ("tile", "word"),
    "state_frame": ("origin_unit",),
    "state_dt": (),
}


def save_spiking(states: list[spiking.State]) -> dict[str, Any]:
    """The `state_*` variables of spiking runs: membrane and release time of every lane, and its random state."""
    tiles = max(len(state.lanes.x) for state in states)

    def padded(rows: np.ndarray) -> np.ndarray:
        return np.pad(rows, ((0, tiles - len(rows)), (0, 0)))

    values = (
        np.stack([padded(state.lanes.x.astype(np.float64)) for state in states]),
        np.stack([padded(state.lanes.release) for state in states]),
        np.stack([padded(state.lanes.words) for state in states]),
        np.array([state.frame for state in states]),
        np.array([state.dt for state in states]),
    )
    return {name: (dims, value) for (name, dims), value in zip(SPIKING.items(), values, strict=True)}


def load_spiking(
    initial: xr.Dataset, i: int, size: int, neuron: spiking.Neuron, point: dict[str, Any]
) -> spiking.State:
    """The state of one point, for a run with the same number of neurons, step and arithmetic.

    Raises:
        ParameterError: another number of points or neurons, another neuron, or another step.
    """
    many = "point" in initial.dims
    if many and initial.sizes["point"] != size:
        raise ParameterError(
            f"initial has {initial.sizes['point']} points and this run {size}; continue the same points"
        )
    own = initial.isel(point=i) if many else initial
    n, dt = int(own["n_neurons"]), float(own["state_dt"])
    if n != point["n"] or dt != point["dt"]:
        raise ParameterError(
            f"initial ended with n = {n} and dt = {dt:g} ms, and got n = {point['n']} and dt = {point['dt']:g} ms; "
            "continue with the same"
        )
    frame = spiking.frame_of(neuron, dt)
    if tuple(own["state_frame"].values) != frame:
        raise ParameterError("initial ended with another neuron; continue with the same, or start anew")
    tiles = -(-n // own.sizes["lane"])
    x, release, words = (own[name].values[:tiles] for name in ("state_x", "state_release", "state_words"))
    lanes = spiking.Lanes(x.astype(point["dtype"]), release, words.astype(np.uint32))
    return spiking.State(lanes, frame, dt, n, neuron.V_reset)
