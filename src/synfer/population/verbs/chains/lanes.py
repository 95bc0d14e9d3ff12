"""Cases lowered to lanes, synapses and signals for the density engine."""

from typing import Any, NamedTuple

import numpy as np

from synfer.population import density
from synfer.population.chain import Projection
from synfer.population.drive import Drive
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest, signals
from synfer.population.verbs import mesh
from synfer.population.verbs.chains.case import Case, is_steady, ungated
from synfer.population.verbs.chains.rest import settle
from synfer.population.verbs.common import Points
from synfer.population.verbs.resting import joined, settled


class Lane(NamedTuple):
    """One density: a population, or its quiet twin (no volleys)."""

    neuron: Neuron
    drive: Drive
    volleys: tuple[Any, ...]
    steady: bool
    mesh: mesh.Cells


class Lowered(NamedTuple):
    """A case as lanes.

    Attributes:
        lanes: the populations in order, then the twins, then what is ungated.
        twin: lane of every population's twin, or -1 where its rate is constant.
        synapses: between these lanes.
        initial: state at the start.
    """

    lanes: list[Lane]
    twin: np.ndarray
    synapses: density.Synapses
    initial: density.State

    @property
    def slow(self) -> bool:
        """Whether a population has a slow variable."""
        return any(lane.mesh.columns is not None for lane in self.lanes)


def lower(case: Case, h: Any, points: Points) -> Lowered:
    """The lanes of a case, started from the stationary state of what is sustained."""
    populations = case.network.populations
    meshes = _meshes(case, h, points)
    lanes = [
        Lane(population.neuron, drive, volleys, steady and not volleys, own)
        for population, drive, volleys, steady, own in zip(
            populations, case.drives, case.volleys, case.steady, meshes, strict=True
        )
    ]
    initial, base = _start(case, lanes)
    populations_only = len(lanes)
    origin = list(range(populations_only))
    twin = np.full(populations_only, -1)
    if case.disfacilitation and case.gated and not all(case.steady):
        # A twin that is moved by other twins is a population like any other.
        twin = np.arange(populations_only, 2 * populations_only)
        lanes += [lane._replace(volleys=()) for lane in lanes]
        origin += origin
    else:
        known: dict[tuple, int] = {}
        for i in np.flatnonzero(~np.array(case.steady)):
            lane = lanes[i]
            key = (id(lane.drive), lane.neuron, lane.mesh)
            if key not in known:
                known[key] = len(lanes)
                lanes.append(lane._replace(volleys=()))
                origin.append(int(i))
            twin[i] = known[key]
    state = density.State(initial.p[origin], initial.queue[origin], initial.rate[origin])
    free, state = _free(case, lanes, state)
    return Lowered(lanes, twin, _synapses(case, twin, free, state.rate, base), state)


def _free(case: Case, lanes: list[Lane], state: density.State) -> tuple[np.ndarray, density.State]:
    """With disfacilitation, populations of varying noise are measured against themselves ungated: lanes to append.

    Returns the lane of each population, -1 where its ungated rate is a constant, and the state with theirs.
    """
    lane_of = np.full(len(case.drives), -1)
    if not (case.disfacilitation and case.gated):
        return lane_of, state
    varying = [i for i, drive in enumerate(case.drives) if not is_steady(ungated(drive))]
    if not varying:
        return lane_of, state
    added = [lanes[i]._replace(drive=ungated(case.drives[i]), volleys=(), steady=False) for i in varying]
    lane_of[varying] = len(lanes) + np.arange(len(varying))
    lanes += added
    rest = settled(as_points(added), np.array([at_rest(lane.drive) for lane in added]).T)
    return lane_of, joined([state, rest])


def _meshes(case: Case, h: Any, points: Points) -> list[mesh.Cells]:
    """Mesh of every population: its own, down to where inhibitory projections may push it.

    The columns of a slow variable have room for what the strongest of the excitatory ones may bring.
    """
    down, up = np.zeros(len(case.drives)), np.zeros(len(case.drives))
    for source, target, projection in case.projections():
        down[target] -= min(0.0, case.strength(source, projection))
        up[target] += max(0.0, case.strength(source, projection))
    up += [sum(max(0.0, volley.a * (volley.weight or 0.0)) for volley in volleys) for volleys in case.volleys]
    chosen: dict[tuple, mesh.Cells] = {}
    meshes = []
    given = mesh.as_mesh(h)
    slow = any(population.neuron.slow is not None for population in case.network.populations)
    for population, drive, volleys, lower in zip(
        case.network.populations, case.drives, case.volleys, down, strict=True
    ):
        pushed = tuple(volley for volley in volleys if (volley.weight or 0) < 0)
        key = (id(drive), population.neuron, pushed, lower)
        if key not in chosen:
            # Layers of one-dimensional neurons among others take what concerns them.
            own = given.replace(dw=None, w_range=None) if slow and population.neuron.slow is None else given
            point = {"neuron": population.neuron, "drive": Drive((*drive.parts, *pushed)), "h": own}
            found = mesh.choose(point, points, float(up.max()))
            chosen[key] = found._replace(V_lb=found.V_lb - lower)
        meshes.append(chosen[key])
    return meshes


def as_points(lanes: list[Lane]) -> list[dict[str, Any]]:
    """Some lanes as points whose mesh has been chosen."""
    return [{"neuron": lane.neuron, "mesh": lane.mesh} for lane in lanes]


def _start(case: Case, lanes: list[Lane]) -> tuple[density.State, np.ndarray]:
    """The initial state, and the rates [1/ms] that count as quiet in it: those of the state, or the ungated ones."""
    # Layers that are alike rest alike, unless they rest on each other.
    alone = not (case.disfacilitation and case.gated)
    seen: dict[tuple, int] = {}
    like = [seen.setdefault((id(own.drive), own.neuron, own.mesh), i) if alone else i for i, own in enumerate(lanes)]
    unlike, place = np.unique(like, return_inverse=True)
    chosen = as_points([lanes[i] for i in unlike])
    found: list[density.State] = []

    def rates_of(drives: np.ndarray) -> np.ndarray:
        found[:] = [settled(chosen, drives[:, unlike])]
        return found[0].rate[place]

    _, base, _ = settle(case, rates_of)
    state = found[0]
    return density.State(state.p[place], state.queue[place], state.rate[place]), base


def _synapses(case: Case, twin: np.ndarray, free: np.ndarray, rate: np.ndarray, base: np.ndarray) -> density.Synapses:
    """Projections between populations, and between twins where these move each other."""
    projections = case.projections()
    absolute = case.disfacilitation and case.gated
    rows = []
    for source, target, projection in projections:
        reference = int(free[source] if absolute else twin[source])
        quiet = base[source] if reference < 0 else 0.0
        rows.append((source, target, reference, quiet, projection))
        if absolute and twin[source] >= 0:
            rows.append((int(twin[source]), int(twin[target]), reference, quiet, projection))
    strength = {id(projection): case.strength(source, projection) for source, _, projection in projections}
    rise, decay = zip(*(_times(row[4]) for row in rows), strict=True) if rows else ((), ())
    return density.Synapses(
        source=np.array([row[0] for row in rows], np.int64),
        target=np.array([row[1] for row in rows], np.int64),
        reference=np.array([row[2] for row in rows], np.int64),
        quiet=np.array([row[3] for row in rows], float),
        A=np.array([strength[id(row[4])] for row in rows], float),
        tau_rise=np.array(rise, float),
        tau_decay=np.array(decay, float),
        delay=np.array([row[4].delay for row in rows], float),
    )


def _times(projection: Projection) -> tuple[float, float]:
    """Rise and decay [ms] of the cascade of two exponential filters that makes the kernel."""
    decay = projection.tau_s or 0.0
    rise = {"alpha": decay, "biexponential": projection.tau_r or 0.0}
    return rise.get(projection.kernel, 0.0), decay


class Sources:
    """The signals of all lanes of a batch: lanes with the same drive and volleys share one."""

    def __init__(self, dt: float, gamma: float | None) -> None:
        self.dt, self.gamma = dt, gamma
        self.stages = 1 if gamma is None else 2
        self.lanes: list[Lane] = []
        self.known: dict[tuple, int] = {}

    def add(self, lane: Lane) -> int:
        """Number of the lane's signal."""
        key = (id(lane.drive), id(lane.volleys) if lane.volleys else 0, lane.neuron.tau_m)
        if key not in self.known:
            self.known[key] = len(self.lanes)
            self.lanes.append(lane)
        return self.known[key]

    def __call__(self, first: int, steps: int, wanted: np.ndarray) -> list[np.ndarray]:
        """(mu, sigma, g, gE) (steps, stages, signals) and kicks (steps, signals) of some signals."""
        edges = (first + np.arange(steps + 1)) * self.dt
        out = [np.empty((steps, self.stages, len(wanted))) for _ in range(4)] + [np.zeros((steps, len(wanted)))]
        for column, number in enumerate(wanted):
            for target, values in zip(out, self._signals(self.lanes[number], edges), strict=True):
                target[..., column] = values
        return out

    def _signals(self, lane: Lane, edges: np.ndarray) -> Any:
        if lane.steady:
            return (*at_rest(lane.drive), 0.0)
        return signals(Drive(lane.drive.parts + lane.volleys), lane.neuron.tau_m, edges, self.gamma)
