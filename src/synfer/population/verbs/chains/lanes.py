"""Cases lowered to lanes, synapses and signals for the density engine."""

from typing import Any, NamedTuple

import numpy as np

from synfer.population import density
from synfer.population.chain import Projection
from synfer.population.drive import Drive
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest, signals
from synfer.population.verbs import mesh
from synfer.population.verbs.chains.case import Case
from synfer.population.verbs.chains.rest import settle
from synfer.population.verbs.common import Points


class Lane(NamedTuple):
    """One density: a population, or its quiet twin (no volleys)."""

    neuron: Neuron
    drive: Drive
    volleys: tuple[Any, ...]
    steady: bool
    mesh: tuple[float, float]


class Lowered(NamedTuple):
    """A case as lanes.

    Attributes:
        lanes: the populations in order, then the twins.
        twin: lane of every population's twin, or -1 where its rate is constant.
        synapses: between these lanes.
        initial: state at the start. shift: constant input [mV] in that state from silenced or excited neighbours.
    """

    lanes: list[Lane]
    twin: np.ndarray
    synapses: density.Synapses
    initial: density.State


def lower(case: Case, h: float | None, points: Points) -> Lowered:
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
    twin = np.full(len(lanes), -1)
    if case.disfacilitation and case.gated and not all(case.steady):
        # A twin that is moved by other twins is a population like any other.
        twin = np.arange(len(lanes), 2 * len(lanes))
        lanes += [lane._replace(volleys=()) for lane in lanes]
    else:
        known: dict[tuple, int] = {}
        for i, lane in enumerate(lanes[: len(populations)]):
            if not case.steady[i]:
                key = (id(lane.drive), lane.neuron, lane.mesh)
                if key not in known:
                    known[key] = len(lanes)
                    lanes.append(lane._replace(volleys=()))
                twin[i] = known[key]
    origin = list(range(len(populations))) + [
        int(np.flatnonzero(twin == i)[0]) for i in range(len(populations), len(lanes))
    ]
    rows = np.array(origin)
    state = density.State(initial.p[rows], initial.queue[rows], initial.rate[rows])
    return Lowered(lanes, twin, _synapses(case, twin, state.rate, base), state)


def _meshes(case: Case, h: float | None, points: Points) -> list[tuple[float, float]]:
    """Mesh of every population: its own, down to where inhibitory projections may push it."""
    down = np.zeros(len(case.drives))
    for source, target, projection in case.projections():
        down[target] -= min(0.0, case.strength(source, projection))
    chosen: dict[tuple, tuple[float, float]] = {}
    meshes = []
    for population, drive, volleys, lower in zip(
        case.network.populations, case.drives, case.volleys, down, strict=True
    ):
        pushed = tuple(volley for volley in volleys if (volley.weight or 0) < 0)
        key = (id(drive), population.neuron, pushed, lower)
        if key not in chosen:
            point = {"neuron": population.neuron, "drive": Drive((*drive.parts, *pushed)), "h": h}
            width, V_lb = mesh.choose(point, points)
            chosen[key] = width, V_lb - lower
        meshes.append(chosen[key])
    return meshes


def engine_lanes(lanes: list[Lane]) -> density.Lanes:
    """The engine's view of some lanes."""
    return mesh.lanes([{"neuron": lane.neuron, "mesh": lane.mesh} for lane in lanes])


def _start(case: Case, lanes: list[Lane]) -> tuple[density.State, np.ndarray]:
    """The initial state, and the rates [1/ms] that count as quiet in it: those of the state, or the ungated ones."""
    engine = engine_lanes(lanes)
    rest, base, _ = settle(case, lambda drives: density.stationary(engine, *drives).rate)
    return density.stationary(engine, *rest), base


def _synapses(case: Case, twin: np.ndarray, rate: np.ndarray, base: np.ndarray) -> density.Synapses:
    """Projections between populations, and between twins where these move each other."""
    projections = case.projections()
    absolute = case.disfacilitation and case.gated
    rows = []
    for source, target, projection in projections:
        reference = -1 if absolute else int(twin[source])
        quiet = base[source] if absolute or reference < 0 else 0.0
        rows.append((source, target, reference, quiet, projection))
        if absolute and twin[source] >= 0:
            rows.append((int(twin[source]), int(twin[target]), -1, base[source], projection))
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
