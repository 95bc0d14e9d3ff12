"""Networks of densities: lanes that move each other, all advanced step by step.

Networks that share no synapse are spread over stacks small enough for the cache, and a stack runs to the end before the
next begins. A network's numbers do not depend on the others, to the last bit.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import ParameterError
from ...core.jit import kernel
from .coupling import CHANGE, MEAN, Edges, Synapses, absorb, initial_states, lower, predict, transmit
from .evolve import CHUNK_NUMBERS, check
from .inner import inner
from .mesh import Lanes, counts
from .records import FIELDS, record_tile
from .run import Records, Table, TileRun, copy_density
from .stack import Stack, stack, tile_at, work_at
from .stage import GAMMA
from .state import State
from .step import stage_fractions, step_tile
from .tile import WIDTH, delays

# What a stack may fill of the second-level cache.
STACK_BYTES = 2**20
# Steps whose signals are held in memory at once: asking for them costs Python, and a stack has few.
CHUNK_STEPS = 4096
# Tiles of a stack at most.
MOST_TILES = 16

# inputs(first_step, n_steps, signals) -> (mu, sigma, g, gE, kicks) of these signals, see `evolve_networks`.
NetworkInputs = Callable[[int, int, np.ndarray], Sequence[Any]]


class NetworkRecords(NamedTuple):
    """The records of the lanes, and their mean flux through V_top in every step [1/ms], (L, steps)."""

    records: Records
    flux: np.ndarray


@inner
def gather(works, history, kicked, flux, step):
    """Mean and change of every lane's flux in a step, into history (depth, lanes, 2); the mean into flux (lanes,).

    A lane that delta synapses kick in every step spikes with the kicks, at the start: its flux at the end, just behind
    one, says nothing. kicked (lanes, 2): whether the mean stands for it in what is transmitted, and in records.
    """
    depth, ring = history.shape[0], works.flux.shape[1]
    width = works.flux.shape[3]
    for tile in range(works.flux.shape[0]):
        for lane in range(width):
            r1, r2 = works.flux[tile, step % ring, 0, lane], works.flux[tile, step % ring, 1, lane]
            mean = (1.0 - GAMMA) * r1 + GAMMA * r2
            at = tile * width + lane
            history[step % depth, at, MEAN] = mean
            history[step % depth, at, CHANGE] = 0.0 if kicked[at, 0] else works.rate[tile, lane] - mean
            if kicked[at, 1]:
                works.rate[tile, lane] = mean
            flux[at] = mean


@kernel(no_cfunc_wrapper=True)
def advance_stack(
    tiles, works, edges, states, history, kicked, signals, kicks, signal, dt, first, every, drive, kick, scratch, flux,
    out, snapshots, lanes,
):  # fmt: skip
    """Run signals.shape[0] steps of all tiles of a stack from step `first`.

    Args:
        tiles, works: of the stack. edges, states (E, 2), history (depth, lanes, 2): synapses, filters, fluxes.
        kicked: (lanes, 2), see `gather`.
        signals: (steps, stages, 4, signals), kicks: (steps, signals); signal: (tiles, W), which of them a lane gets.
        drive: (tiles, stages, 4, W), kick: (tiles, W), scratch: (8, W): work space.
        flux: (steps, lanes), filled. out: (records, tiles, FIELDS, W); snapshots: (records or 0, tiles, n, W).
    """
    stages, count, width = signals.shape[1], signal.shape[0], signal.shape[1]
    record = 0
    for i in range(-1, signals.shape[0]):
        step = first + i
        if i < 0 and first > 0:
            continue
        if i >= 0:
            for k in range(count):
                for lane in range(width):
                    kick[k, lane] = kicks[i, signal[k, lane]]
                    for stage in range(stages):
                        for row in range(4):
                            drive[k, stage, row, lane] = signals[i, stage, row, signal[k, lane]]
            predict(history, step)
            transmit(edges, states, history, step, dt, drive, kick)
            for k in range(count):
                step_tile(tile_at(tiles, k), work_at(works, k), drive[k], kick[k], dt, stages, step, lanes)
            gather(works, history, kicked, flux[i], step)
            absorb(edges, states, history, step)
        if (step + 1) % every == 0 and out.shape[0] > 0:
            for k in range(count):
                record_tile(tile_at(tiles, k), work_at(works, k), step + 1, dt, scratch, out[record, k], lanes)
                if snapshots.shape[0] > 0:
                    copy_density(works.density[k, works.current[k, 0]], snapshots[record, k])
            record += 1


class _StackRun:
    """A stack of tiles that hold some networks, on its way."""

    def __init__(
        self, lanes: Lanes, chosen: np.ndarray, synapses: Synapses, network: np.ndarray, signal: np.ndarray, dt: float,
        dtype: Any, initial: State,
    ) -> None:  # fmt: skip
        n, short = counts(lanes)[chosen], delays(lanes.t_ref[chosen], dt)[0] == 0
        width = WIDTH[np.dtype(dtype)]
        self.dt = dt
        self.stack: Stack = stack(lanes, [chosen[own] for own in _tiles(n, short, width)], dt, dtype)
        self.runs = [TileRun(chosen[own], *self.stack.at(k), initial) for k, own in enumerate(_tiles(n, short, width))]
        position = np.full(len(lanes.h), -1)
        for k, run in enumerate(self.runs):
            position[run.members] = k * width + np.arange(len(run.members))
        own = Synapses(*(column[np.isin(synapses.target, chosen)] for column in synapses))
        self.edges: Edges = lower(own, position, lanes.tau_m, dt)
        self.states = initial_states(own, initial.rate)
        sources = np.concatenate([run.source for run in self.runs])
        depth = int(self.edges.index[:, 3].max(initial=0)) + 3
        hit = own.target[own.tau_decay == 0]
        # What is measured against each other is measured alike: the quiet lanes too, and records in the whole network.
        quiet = own.reference[np.isin(own.source, hit) & (own.reference >= 0)]
        alike = np.isin(network[sources], network[hit])
        self.kicked = np.stack([np.isin(sources, np.concatenate([hit, quiet])), alike], axis=1)
        self.history = np.zeros((depth, len(sources), 2))
        self.history[:, :, MEAN] = initial.rate[sources]
        self.signals, at = np.unique(signal[sources], return_inverse=True)
        self.signal = at.reshape(len(self.runs), width)
        self.scratch = np.zeros((8, width))

    def advance(
        self, inputs: NetworkInputs, first: int, steps: int, stages: int, every: int, table: Table, flux: np.ndarray
    ) -> None:
        """Run some steps, into the table and flux (L, steps of the whole run)."""
        drawn = [np.asarray(values, float) for values in inputs(first, steps, self.signals)]
        size = len(self.signals)
        signals = np.empty((steps, stages, 4, size))
        for row, values in enumerate(drawn[:4]):
            signals[:, :, row] = values
        kicks = np.ascontiguousarray(np.broadcast_to(drawn[4], (steps, size)))
        count, width = self.signal.shape
        nodes = ((first + steps) // every - first // every + (first == 0)) if table.values.shape[2] else 0
        tall = self.stack.tiles.psi.shape[1]
        out = np.zeros((nodes, count, FIELDS, width))
        snapshots = np.zeros((nodes if table.p is not None else 0, count, tall, width), self.stack.tiles.psi.dtype)
        steps_flux = np.zeros((steps, count * width))
        drive, kick = np.zeros((count, stages, 4, width)), np.zeros((count, width))
        advance_stack(
            self.stack.tiles, self.stack.works, self.edges, self.states, self.history, self.kicked, signals, kicks,
            self.signal, self.dt, first, every, drive, kick, self.scratch, steps_flux, out, snapshots,
            self.runs[0].lanes,
        )  # fmt: skip
        node = first // every + 1 if first else 0
        for k, run in enumerate(self.runs):
            run.mark_failures(out[:, k])
            table.place(run, out[:, k], snapshots[:, k], node)
            flux[run.members, first : first + steps] = steps_flux[:, k * width : k * width + len(run.members)].T


def _tiles(n: np.ndarray, short: np.ndarray, width: int) -> list[np.ndarray]:
    """Which of some lanes share a tile; all tiles are full width."""
    tiles = []
    for kind in (False, True):
        chosen = np.flatnonzero(short == kind)
        chosen = chosen[np.argsort(n[chosen], kind="stable")]
        tiles += [chosen[i : i + width] for i in range(0, len(chosen), width)]
    return tiles


def _stacks(network: np.ndarray, n: np.ndarray, width: int, itemsize: int) -> list[np.ndarray]:
    """Lanes of every stack: as many like networks as fill its tiles best within the cache."""
    order = np.argsort(network, kind="stable")
    networks = np.split(order, np.flatnonzero(np.diff(network[order])) + 1)
    # Like networks side by side: by height, then by number of lanes.
    networks.sort(key=lambda own: (int(n[own].max()), len(own)))
    stacks = []
    while networks:
        size, tall = len(networks[0]), int(n[networks[-1]].max())
        # Two densities, psi and the factors b are touched in every step.
        room = max(1, min(MOST_TILES, STACK_BYTES // (4 * tall * width * itemsize)))
        most = max(1, min(len(networks), room * width // size))
        best = max(range(1, most + 1), key=lambda count: (count * size / -(-count * size // width), -count))
        stacks.append(np.concatenate(networks[:best]))
        networks = networks[best:]
    return stacks


def evolve_networks(
    lanes: Lanes,
    synapses: Synapses,
    network: np.ndarray,
    signal: np.ndarray,
    inputs: NetworkInputs,
    *,
    steps: int,
    dt: float,
    initial: State,
    scheme: str = "sdirk2",
    dtype: Any = np.float64,
    every: int = 0,
    record_p: bool = False,
    progress: Callable[[float], None] | None = None,
) -> NetworkRecords:
    """Evolve L densities of which some move others by their fluxes.

    Args:
        lanes: neurons and meshes of L lanes.
        synapses: between lanes of one network.
        network: number of the network of every lane, (L,).
        signal: which signal of `inputs` drives every lane, (L,).
        inputs: inputs(first_step, n_steps, signals) -> (mu, sigma, g, gE, kicks) of the given signals: as the inputs of
            `evolve`, with the last axis over signals.
        steps, dt, initial, scheme, dtype: as for `evolve`.
        every: steps between records; 0 for none. record_p: also record the density.
        progress: called with the fraction done.

    Returns:
        NetworkRecords. A lane's numbers depend on its own network alone, to the last bit.

    Raises:
        MeshError, ParameterError, NumericalError: as `evolve`; ParameterError also for a synapse with k(0) > 0 and a
            delay below dt, or between networks.

    Accuracy: second order in dt with every kernel.
    """
    n = counts(lanes)
    stages = len(stage_fractions(scheme))
    width = check(lanes, initial, n, dt, steps, max(every, 1), dtype)
    if np.any(network[synapses.source] != network[synapses.target]):
        raise ParameterError("a synapse joins two networks; give its lanes the same number")
    table = Table(n, steps // every + 1 if every else 0, dtype, record_p)
    flux = np.empty((len(n), steps))
    chosen = _stacks(network, n, width, np.dtype(dtype).itemsize)
    runs: list[TileRun] = []
    for i, own in enumerate(chosen):
        run = _StackRun(lanes, own, synapses, network, signal, dt, dtype, initial)
        chunk = max(1, min(CHUNK_STEPS, CHUNK_NUMBERS // (4 * stages * len(own))))
        for first in range(0, max(steps, 1), chunk):
            run.advance(inputs, first, min(chunk, steps - first), stages, max(every, 1), table, flux)
            if progress is not None:
                progress((i + min(1.0, (first + chunk) / max(steps, 1))) / len(chosen))
        runs += run.runs
    depth = int(delays(lanes.t_ref, dt)[0].max()) + 1
    return NetworkRecords(table.collect(runs, steps, dt, depth), flux)
