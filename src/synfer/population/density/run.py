"""One tile on its way through a run: its state loaded, its records kept, its failures marked, its end saved."""

from typing import Any, NamedTuple

import numpy as np

from .inner import inner
from .mesh import TOP_CAPACITY
from .records import FIELDS, IQR, MASS, MEAN, RATE, SD, SPIKES
from .state import State, empty_density
from .tile import Tile, Work

OK, NOT_FINITE = 0, 1


class SlowRecords(NamedTuple):
    """What `evolve` returns of the slow variable w of 2-D densities.

    Attributes:
        w_mean, w_sd: of the non-refractory neurons [mV], (L, nodes).
        edge_mass: largest probability that the lowest or the highest column held after any step, (L,).
        p_w: density of w [1/mV], (L, nodes, C), columns of a lane first; None unless asked for.
        joint: p(V, w) [1/mV^2], (L, nodes, N, C), rows like State.p; None unless asked for.
    """

    w_mean: np.ndarray
    w_sd: np.ndarray
    edge_mass: np.ndarray
    p_w: np.ndarray | None
    joint: np.ndarray | None


class Records(NamedTuple):
    """What `evolve` returns; nodes are 0, every, 2 every, ... steps.

    Attributes:
        rate: flux through V_top at the node [1/ms], (L, nodes).
        spikes: spikes per neuron since the last node, (L, nodes), to rounding the loss of non-refractory mass.
        V_mean, V_sd, V_iqr: of the non-refractory neurons [mV], (L, nodes).
        mass: probability, refractory neurons included, (L, nodes).
        p: density [1/mV], (L, nodes, N), aligned and to be integrated like State.p (the top cell counts TOP_CAPACITY),
            in the dtype of the run; None unless asked for.
        state: state after the last step.
        status: 0, or 1 for a lane that became non-finite; its values are NaN from there on. (L,)
        fallbacks: steps redone by backward Euler, (L,).
        slow: of 2-D densities; None otherwise.
    """

    rate: np.ndarray
    spikes: np.ndarray
    V_mean: np.ndarray
    V_sd: np.ndarray
    V_iqr: np.ndarray
    mass: np.ndarray
    p: np.ndarray | None
    state: State
    status: np.ndarray
    fallbacks: np.ndarray
    slow: SlowRecords | None = None


@inner
def copy_density(p, out):
    """out = p."""
    for i in range(p.shape[0]):
        for lane in range(p.shape[1]):
            out[i, lane] = p[i, lane]


class TileRun:
    """A tile, its lanes, and whether they are still finite."""

    def __init__(self, members: np.ndarray, tile: Tile, work: Work, initial: State) -> None:
        self.members, self.tile, self.work = members, tile, work
        self.width = tile.h.shape[0]
        self.lanes = (0,) * self.width
        # Padding lanes repeat the last member.
        self.source = np.append(members, np.repeat(members[-1:], self.width - len(members)))
        # Which cells of the tile belong to its lanes.
        self.own = np.arange(tile.psi.shape[0])[:, None] >= tile.bottom[0]
        self.alive = np.ones(len(members), bool)
        self._load(initial)

    def _load(self, initial: State) -> None:
        tall, depth = self.own.shape[0], self.work.flux.shape[0]
        held = min(tall, initial.p.shape[1])
        self.work.density[0, tall - held :] = initial.p[self.source, -held:].T
        self.work.density[0][~self.own] = 0.0
        ages = np.arange(depth - 1)
        past = initial.queue[self.source[:, None], np.minimum(ages, initial.queue.shape[1] - 1)]
        # Step 0 writes slot 0; age a lies a + 1 slots behind it.
        self.work.flux[depth - 1 - ages] = past.transpose(1, 2, 0)
        self.work.rate[:] = initial.rate[self.source]
        # One cell after the other: sum() would group them by the height of the tile.
        content = self.work.density[0].astype(float)
        content[-1] *= TOP_CAPACITY
        integral = np.cumsum(content, axis=0)[-1] * self.tile.h
        self.work.mass[:] = integral if initial.mass is None else initial.mass[self.source]

    def mark_failures(self, out: np.ndarray) -> None:
        """Turn lanes that are no longer finite into NaN, from the first bad record on."""
        p = self.work.density[self.work.current[0]]
        finite = np.isfinite(p[-1]) & np.isfinite(self.work.rate) & np.isfinite(p.sum(axis=0))
        finite &= np.isfinite(out).all(axis=(0, 1))
        for column in np.flatnonzero(~finite):
            good = [bool(np.isfinite(row).all()) for row in out[:, :, column]]
            start = good.index(False) if False in good else len(good)
            out[start:, :, column] = np.nan
            p[:, column] = np.nan
            self.work.rate[column] = np.nan
        self.alive &= finite[: len(self.members)]

    def final(self, steps: int, state: State, mass: np.ndarray) -> None:
        """Write density, queue, rate and mass of the members into these arrays."""
        depth, count = self.work.flux.shape[0], len(self.members)
        p = np.where(self.own, self.work.density[self.work.current[0]], np.nan)
        held = min(p.shape[0], state.p.shape[1])
        kept = min(depth - 1, state.queue.shape[1])
        ages = (steps - 1 - np.arange(kept)) % depth
        state.p[self.members, -held:] = p[-held:, :count].T
        state.queue[self.members, :kept] = self.work.flux[ages, :, :count].transpose(2, 0, 1)
        state.rate[self.members] = self.work.rate[:count]
        mass[self.members] = self.work.mass[:count]


class Table:
    """The records of all lanes: (FIELDS, L, nodes) and, on request, densities (L, nodes, N)."""

    def __init__(self, n: np.ndarray, nodes: int, dtype: Any, record_p: bool) -> None:
        self.n = n
        self.values = np.zeros((FIELDS, len(n), nodes))
        self.p = np.full((len(n), nodes, int(n.max())), np.nan, dtype) if record_p else None

    def place(self, run: TileRun, out: np.ndarray, snapshots: np.ndarray, node: int) -> None:
        """Copy records (nodes, FIELDS, W) and snapshots (nodes, n, W) of a tile to its lanes, from `node` on."""
        end = node + out.shape[0]
        self.values[:, run.members, node:end] = out[:, :, : len(run.members)].transpose(1, 2, 0)
        if self.p is not None:
            count = len(run.members)
            p = np.where(run.own[:, :count], snapshots[:, :, :count], np.nan)
            held = min(p.shape[1], self.p.shape[2])
            self.p[run.members, node:end, -held:] = p[:, -held:].transpose(2, 0, 1)

    def collect(self, runs: list[TileRun], steps: int, dt: float, depth: int) -> Records:
        """The records of the whole run, with its end, when every tile is through; `depth` steps of flux are kept."""
        size, mass = len(self.n), np.zeros(len(self.n))
        state = State(empty_density(size, int(self.n.max())), np.zeros((size, depth, 2)), np.zeros(size), dt, mass)
        status, fallbacks = np.zeros(size, np.int64), np.zeros(size, np.int64)
        for run in runs:
            run.final(steps, state, mass)
            status[run.members] = np.where(run.alive, OK, NOT_FINITE)
            fallbacks[run.members] = run.work.fallbacks[: len(run.members)]
        return Records(
            rate=self.values[RATE],
            spikes=self.values[SPIKES],
            V_mean=self.values[MEAN],
            V_sd=self.values[SD],
            V_iqr=self.values[IQR],
            mass=self.values[MASS],
            p=self.p,
            state=state,
            status=status,
            fallbacks=fallbacks,
        )
