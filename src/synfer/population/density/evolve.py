"""Time evolution of many densities: tiles of lanes, chunks of steps."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import NumericalError, ParameterError
from ...core.jit import kernel
from .inner import inner
from .mesh import TOP_CAPACITY, Lanes, counts
from .records import FIELDS, IQR, MASS, MEAN, RATE, SD, SPIKES, record_tile
from .state import State, empty_density
from .step import stage_fractions, step_tile
from .tile import WIDTH, Tile, Work, build, delays, group

# Steps whose drive is held in memory at once, at most, and its size in numbers.
CHUNK_STEPS = 512
CHUNK_NUMBERS = 2**23
# Steps in the longest refractory queue.
LONGEST_QUEUE = 10**6
OK, NOT_FINITE = 0, 1

# (mu, sigma, g, gE) and the kicks, see `evolve`.
Inputs = Callable[[int, int], Sequence[Any]]


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


@kernel(no_cfunc_wrapper=True)
def advance_tile(tile, work, drive, kicks, dt, stages, first, every, scratch, out, snapshots, lanes):
    """Run drive.shape[0] steps from step `first`, recording every `every` steps, and node 0, into out[record].

    drive: (steps, stages, 4, W); kicks: (steps, W); snapshots: (records, n, W) or (0, n, W).
    """
    record = 0
    for i in range(-1, drive.shape[0]):
        if i >= 0:
            step_tile(tile, work, drive[i], kicks[i], dt, stages, first + i, lanes)
        elif first > 0:
            continue
        node = first + i + 1
        if node % every == 0:
            record_tile(tile, work, node, dt, scratch, out[record], lanes)
            if snapshots.shape[0] > 0:
                copy_density(work.density[work.current[0]], snapshots[record])
            record += 1


@inner
def copy_density(p, out):
    """out = p."""
    for i in range(p.shape[0]):
        for lane in range(p.shape[1]):
            out[i, lane] = p[i, lane]


class _Run:
    """One tile on its way: arrays, its lanes, its records so far."""

    def __init__(self, lanes: Lanes, members: np.ndarray, dt: float, dtype: Any, initial: State) -> None:
        self.members, self.dt = members, dt
        tile, work = build(lanes, members, dt, dtype)
        self.tile: Tile = tile
        self.work: Work = work
        self.width = tile.h.shape[0]
        self.lanes = (0,) * self.width
        # Padding lanes repeat the last member.
        self.source = np.append(members, np.repeat(members[-1:], self.width - len(members)))
        consecutive = len(members) == self.width and bool(np.all(np.diff(members) == 1))
        self.columns = slice(int(members[0]), int(members[-1]) + 1) if consecutive else self.source
        # Which cells of the tile belong to its lanes.
        self.own = np.arange(tile.psi.shape[0])[:, None] >= tile.bottom[0]
        self.scratch = np.zeros((8, self.width))
        self.alive = np.ones(len(members), bool)
        self._load(initial)

    def _load(self, initial: State) -> None:
        tall, depth = self.own.shape[0], self.work.flux.shape[0]
        self.work.density[0] = np.where(self.own, initial.p[self.source, -tall:].T, 0.0)
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

    def advance(self, chunk: "_Chunk", stages: int, every: int, record_p: bool) -> tuple[np.ndarray, np.ndarray]:
        """Records (nodes, FIELDS, W) and snapshots (nodes or 0, n, W) of the chunk."""
        records = (chunk.first + chunk.steps) // every - chunk.first // every + (chunk.first == 0)
        out = np.zeros((records, FIELDS, self.width))
        n = self.tile.psi.shape[0]
        snapshots = np.zeros((records if record_p else 0, n, self.width), self.tile.psi.dtype)
        drive = np.empty((chunk.steps, stages, 4, self.width))
        for row, values in enumerate(chunk.drive):
            drive[:, :, row] = values[:, :, self.columns]
        kicks = np.ascontiguousarray(chunk.kicks[:, self.columns])
        advance_tile(
            self.tile, self.work, drive, kicks, self.dt, stages, chunk.first, every, self.scratch, out, snapshots,
            self.lanes,
        )  # fmt: skip
        self._mark_failures(out)
        return out, snapshots

    def _mark_failures(self, out: np.ndarray) -> None:
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
        tall, depth, count = self.own.shape[0], self.work.flux.shape[0], len(self.members)
        p = np.where(self.own, self.work.density[self.work.current[0]], np.nan)
        ages = (steps - 1 - np.arange(depth - 1)) % depth
        state.p[self.members, -tall:] = p[:, :count].T
        state.queue[self.members, : depth - 1] = self.work.flux[ages, :, :count].transpose(2, 0, 1)
        state.rate[self.members] = self.work.rate[:count]
        mass[self.members] = self.work.mass[:count]


class _Chunk(NamedTuple):
    """The drive of consecutive steps: four signals (steps, stages, L), kicks (steps, L), all possibly broadcast."""

    first: int
    steps: int
    drive: list[np.ndarray]
    kicks: np.ndarray


def _fetch(inputs: Inputs, first: int, steps: int, stages: int, size: int) -> _Chunk:
    values = list(inputs(first, steps)) if steps > 0 else [0.0] * 4
    drive = [np.broadcast_to(np.asarray(value, float), (steps, stages, size)) for value in values[:4]]
    kicks = 0.0 if len(values) < 5 or values[4] is None else values[4]
    return _Chunk(first, steps, drive, np.broadcast_to(np.asarray(kicks, float), (steps, size)))


def _check(lanes: Lanes, initial: State, n: np.ndarray, dt: float, steps: int, every: int, dtype: Any) -> int:
    """Lanes per tile, when the arguments of `evolve` are in order."""
    width = WIDTH.get(np.dtype(dtype))
    if width is None:
        raise ParameterError(f"dtype = {np.dtype(dtype)} must be float64 or float32")
    if not np.all((lanes.t_ref >= 0) & np.isfinite(lanes.t_ref)):
        raise ParameterError(f"t_ref = {np.min(lanes.t_ref)} ms must be finite and >= 0 ms")
    if not (np.isfinite(dt) and dt > 0):
        raise ParameterError(f"dt = {dt} ms must be finite and > 0 ms")
    if steps < 0 or every < 1:
        raise ParameterError(f"steps = {steps} must be >= 0 and every = {every} must be >= 1")
    if initial.p.shape[0] != len(n) or initial.p.shape[1] < n.max():
        raise ParameterError(
            f"initial.p has shape {initial.p.shape}, the lanes need ({len(n)}, {n.max()}); "
            "use the same lanes, or stationary(lanes, ...)"
        )
    if initial.dt is not None and initial.dt != dt:
        raise ParameterError(f"initial was recorded with dt = {initial.dt} ms, got dt = {dt} ms; use the same dt")
    needed = int(delays(lanes.t_ref, dt)[0].max()) + 1
    if needed > LONGEST_QUEUE:
        raise ParameterError(f"dt = {dt} ms divides t_ref into {needed} steps; at most {LONGEST_QUEUE} are allowed")
    if initial.dt is not None and initial.queue.shape[1] < needed:
        raise ParameterError(f"initial.queue holds {initial.queue.shape[1]} steps, t_ref needs {needed}")
    if not all(np.isfinite(initial.p[i, -n[i] :]).all() for i in range(len(n))):
        raise NumericalError("initial.p is not finite; drop the lanes whose status is not 0")
    return width


def evolve(
    lanes: Lanes,
    inputs: Inputs,
    *,
    steps: int,
    dt: float,
    initial: State,
    scheme: str = "sdirk2",
    dtype: Any = np.float64,
    every: int = 1,
    record_p: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Records:
    """Evolve L densities dp/dt = -dJ/dV + r(t - t_ref) delta(V - V_reset) side by side.

    Args:
        lanes: neurons and meshes of L lanes.
        inputs: inputs(first_step, n_steps) -> (mu, sigma, g, gE) or (mu, sigma, g, gE, kicks). The first four
            broadcast to (n_steps, stages, L): values at (step + stage_fractions(scheme)) dt, in mV, mV, leaks, mV.
            kicks broadcasts to (n_steps, L): voltage shift at the start of the step [mV], or None.
        steps, dt: number and length [ms] of the steps.
        initial: state at the first node, from `stationary` or from an earlier run with the same lanes and dt.
        scheme: "sdirk2", or "backward-euler", whose density is never negative.
        dtype: float64 or float32, of density and solve; probability is summed in float64 anyway.
        every: steps between records. record_p: also record the density.
        progress: called with the number of steps done.

    Returns:
        Records. A lane's numbers do not depend on the other lanes, to the last bit, and a run continued from
        Records.state equals the unbroken one.

    Raises:
        MeshError: a mesh that is too large or does not hold V_reset.
        ParameterError: dt, steps, every or initial out of bounds or not of these lanes.
        NumericalError: initial is not finite.

    Accuracy: second order in h and, with SDIRK2, in dt; probability to rounding (1e-12 in 1e4 steps). LIF-2 under a
    volley (h = dt = .05): spikes per neuron within .012 %, peak within .034 %. Linear response of LIF and EIF-F at
    h = sigma/40: within 3e-4 of the response at 1 Hz at 10 and 100 Hz, the phase of `mesh` above.
    """
    n = counts(lanes)
    size = len(n)
    stages = len(stage_fractions(scheme))
    width = _check(lanes, initial, n, dt, steps, every, dtype)
    short = delays(lanes.t_ref, dt)[0] == 0
    runs = [_Run(lanes, members, dt, dtype, initial) for members in group(n, short, width)]
    nodes = steps // every + 1
    table = np.zeros((FIELDS, size, nodes))
    density = np.full((size, nodes, int(n.max())), np.nan, dtype) if record_p else None
    chunk_steps = max(1, min(CHUNK_STEPS, CHUNK_NUMBERS // (4 * stages * size)))
    for first in range(0, max(steps, 1), chunk_steps):
        chunk = _fetch(inputs, first, min(chunk_steps, steps - first), stages, size)
        node = first // every + 1 if first else 0
        for run in runs:
            out, snapshots = run.advance(chunk, stages, every, record_p)
            _place(run, out, snapshots if record_p else None, node, table, density)
        if progress is not None:
            progress(first + chunk.steps)
    return _collect(runs, table, density, n, steps, dt)


def _place(run: _Run, out: np.ndarray, snapshots: np.ndarray | None, node: int, table: Any, density: Any) -> None:
    """Copy records (nodes, FIELDS, W) of a tile to its lanes' columns from `node` on."""
    end = node + out.shape[0]
    table[:, run.members, node:end] = out[:, :, : len(run.members)].transpose(1, 2, 0)
    if snapshots is not None:
        tall, count = run.own.shape[0], len(run.members)
        p = np.where(run.own[:, :count], snapshots[:, :, :count], np.nan)
        density[run.members, node:end, -tall:] = p.transpose(2, 0, 1)


def _collect(runs: list[_Run], table: np.ndarray, density: Any, n: np.ndarray, steps: int, dt: float) -> Records:
    size = len(n)
    depth = max(run.work.flux.shape[0] for run in runs) - 1
    mass = np.zeros(size)
    state = State(empty_density(size, int(n.max())), np.zeros((size, depth, 2)), np.zeros(size), dt, mass)
    status, fallbacks = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for run in runs:
        run.final(steps, state, mass)
        status[run.members] = np.where(run.alive, OK, NOT_FINITE)
        fallbacks[run.members] = run.work.fallbacks[: len(run.members)]
    return Records(
        rate=table[RATE],
        spikes=table[SPIKES],
        V_mean=table[MEAN],
        V_sd=table[SD],
        V_iqr=table[IQR],
        mass=table[MASS],
        p=density,
        state=state,
        status=status,
        fallbacks=fallbacks,
    )
