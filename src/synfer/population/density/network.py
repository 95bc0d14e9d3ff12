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
from .members import fluxes, record_member, stand_in, step_member
from .mesh import Lanes, counts
from .records import FIELDS
from .run import Records, Table, TileRun
from .slow_run import Asked, SheetOutput, SheetsRun, SheetTable
from .stack import Stack, stack
from .state import State
from .step import stage_fractions
from .tile import WIDTH, delays

# What a stack may fill of the second-level cache.
STACK_BYTES = 2**20
# Steps whose signals are held in memory at once: asking for them costs Python, and a stack has few.
CHUNK_STEPS = 4096
# Densities over (V, w) that a chunk records at most.
SNAPSHOTS = 64
# Tiles of a stack at most.
MOST_TILES = 16

# inputs(first_step, n_steps, signals) -> (mu, sigma, g, gE, kicks) of these signals, see `evolve_networks`.
NetworkInputs = Callable[[int, int, np.ndarray], Sequence[Any]]


class NetworkRecords(NamedTuple):
    """The records of the lanes, and their mean flux through V_top in every step [1/ms], (L, steps)."""

    records: Records
    flux: np.ndarray


@inner
def gather(stack, history, kicked, flux, step):
    """Mean and change of every lane's flux in a step, into history (depth, lanes, 2); the mean into flux (lanes,).

    A lane that delta synapses kick in every step spikes with the kicks, at the start: its flux at the end, just behind
    one, says nothing. kicked (tiles, lanes of a tile, 2): whether the mean stands for it in what is transmitted, and
    in records.
    """
    depth, width = history.shape[0], kicked.shape[1]
    for k in range(kicked.shape[0]):
        for lane in range(width):
            mean, end = fluxes(stack, k, lane, step)
            at = k * width + lane
            history[step % depth, at, MEAN] = mean
            history[step % depth, at, CHANGE] = 0.0 if kicked[k, lane, 0] else end - mean
            if kicked[k, lane, 1]:
                stand_in(stack, k, lane, mean)
            flux[at] = mean


@kernel(no_cfunc_wrapper=True)
def advance_stack(
    stack, edges, states, history, kicked, signals, kicks, signal, dt, first, every, drive, kick, scratch, flux,
    output, lanes,
):  # fmt: skip
    """Run signals.shape[0] steps of all densities of a stack from step `first`.

    Args:
        stack: Stack or Sheets. edges, states (E, 2), history (depth, lanes, 2): synapses, filters, fluxes.
        kicked: (tiles, lanes of a tile, 2), see `gather`.
        signals: (steps, stages, 4, signals), kicks: (steps, signals); signal: (tiles, lanes of a tile), which of them
            a lane gets.
        drive: (tiles, stages, 4, lanes of a tile), kick: (tiles, lanes of a tile), scratch: work space.
        flux: (steps, lanes), filled. output: TileOutput or SheetOutput, with a row for every node.
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
                step_member(stack, k, drive[k], kick[k], dt, stages, step, lanes)
            gather(stack, history, kicked, flux[i], step)
            absorb(edges, states, history, step)
        if (step + 1) % every == 0 and output.values.shape[0] > 0:
            for k in range(count):
                record_member(stack, k, step + 1, dt, scratch, output, record, lanes)
            record += 1


class TileOutput(NamedTuple):
    """Records (nodes, tiles, FIELDS, W) and densities (nodes or 0, tiles, n, W) of the tiles of a stack."""

    values: np.ndarray
    p: np.ndarray


class _Tiles:
    """One-dimensional lanes as the tiles of a stack."""

    def __init__(self, lanes: Lanes, chosen: np.ndarray, dt: float, dtype: Any, initial: State) -> None:
        n, short = counts(lanes)[chosen], delays(lanes.t_ref[chosen], dt)[0] == 0
        self.width = WIDTH[np.dtype(dtype)]
        members = [chosen[own] for own in _tiles(n, short, self.width)]
        self.stack: Stack = stack(lanes, members, dt, dtype)
        self.runs = [TileRun(own, *self.stack.at(k), initial) for k, own in enumerate(members)]
        self.sources = np.stack([run.source for run in self.runs])
        self.lanes = (0,) * self.width
        self.scratch = np.zeros((8, self.width))

    def output(self, nodes: int, asked: Asked) -> TileOutput:
        psi = self.stack.tiles.psi
        return TileOutput(
            np.zeros((nodes, len(psi), FIELDS, self.width)),
            np.zeros((nodes if asked.p else 0, *psi.shape), psi.dtype),
        )

    def place(self, table: Table, output: TileOutput, node: int) -> None:
        for k, run in enumerate(self.runs):
            run.mark_failures(output.values[:, k])
            table.place(run, output.values[:, k], output.p[:, k], node)


class _Sheets(SheetsRun):
    """Two-dimensional lanes as the sheets of a stack."""

    def __init__(self, lanes: Lanes, chosen: np.ndarray, dt: float, dtype: Any, initial: State) -> None:
        super().__init__(lanes, chosen, dt, initial)
        self.runs = [self]
        self.sources = chosen[:, None]
        self.lanes = (0,) * self.width
        masses = np.zeros((int(np.diff(self.stack.first).max()), self.width))
        self.scratch = np.zeros((self.tall, 1)), masses, np.zeros((7, 1))

    def place(self, table: SheetTable, output: SheetOutput, node: int) -> None:
        self.mark_failures(output)
        table.place(self, output, node)


class _StackRun:
    """A stack that holds some networks, on its way."""

    def __init__(
        self, body: Any, lanes: Lanes, chosen: np.ndarray, synapses: Synapses, network: np.ndarray, signal: np.ndarray,
        dt: float, initial: State,
    ) -> None:  # fmt: skip
        self.body, self.dt = body, dt
        sources = body.sources.ravel()
        position = np.full(len(lanes.h), -1)
        # A lane that pads a tile repeats its last member, which keeps the first of its places.
        position[sources[::-1]] = np.arange(len(sources))[::-1]
        own = Synapses(*(column[np.isin(synapses.target, chosen)] for column in synapses))
        self.edges: Edges = lower(own, position, lanes.tau_m, dt)
        self.states = initial_states(own, initial.rate)
        depth = int(self.edges.index[:, 3].max(initial=0)) + 3
        hit = own.target[own.tau_decay == 0]
        # What is measured against each other is measured alike: the quiet lanes too, and records in the whole network.
        quiet = own.reference[np.isin(own.source, hit) & (own.reference >= 0)]
        alike = np.isin(network[sources], network[hit])
        kicked = np.stack([np.isin(sources, np.concatenate([hit, quiet])), alike], axis=1)
        self.kicked = kicked.reshape(*body.sources.shape, 2)
        self.history = np.zeros((depth, len(sources), 2))
        self.history[:, :, MEAN] = initial.rate[sources]
        self.signals, at = np.unique(signal[sources], return_inverse=True)
        self.signal = at.reshape(body.sources.shape)
        self.first_of = position

    def advance(
        self, inputs: NetworkInputs, first: int, steps: int, stages: int, every: int, table: Any, asked: Asked,
        flux: np.ndarray,
    ) -> None:  # fmt: skip
        """Run some steps, into the table and flux (L, steps of the whole run)."""
        drawn = [np.asarray(values, float) for values in inputs(first, steps, self.signals)]
        size = len(self.signals)
        signals = np.empty((steps, stages, 4, size))
        for row, values in enumerate(drawn[:4]):
            signals[:, :, row] = values
        kicks = np.ascontiguousarray(np.broadcast_to(drawn[4], (steps, size)))
        count, width = self.signal.shape
        nodes = ((first + steps) // every - first // every + (first == 0)) if table.values.shape[2] else 0
        output = self.body.output(nodes, asked)
        steps_flux = np.zeros((steps, count * width))
        drive, kick = np.zeros((count, stages, 4, width)), np.zeros((count, width))
        advance_stack(
            self.body.stack, self.edges, self.states, self.history, self.kicked, signals, kicks, self.signal, self.dt,
            first, every, drive, kick, self.body.scratch, steps_flux, output, self.body.lanes,
        )  # fmt: skip
        self.body.place(table, output, first // every + 1 if first else 0)
        members = np.flatnonzero(self.first_of >= 0)
        flux[members, first : first + steps] = steps_flux[:, self.first_of[members]].T


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
    record_w: bool = False,
    record_joint: bool = False,
    progress: Callable[[float], None] | None = None,
) -> NetworkRecords:
    """Evolve L densities of which some move others by their fluxes.

    Args:
        lanes: neurons and meshes of L lanes, all with a slow variable or none.
        synapses: between lanes of one network.
        network: number of the network of every lane, (L,).
        signal: which signal of `inputs` drives every lane, (L,).
        inputs: inputs(first_step, n_steps, signals) -> (mu, sigma, g, gE, kicks) of the given signals: as the inputs of
            `evolve`, with the last axis over signals.
        steps, dt, initial, scheme, dtype: as for `evolve`.
        every: steps between records; 0 for none. record_p: also record the density in V; record_w, record_joint: of
            2-D lanes that in w, and in both.
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
    if lanes.slow is None and (record_w or record_joint):
        raise ParameterError("record_w and record_joint need lanes with a slow variable; leave them out")
    if np.any(network[synapses.source] != network[synapses.target]):
        raise ParameterError("a synapse joins two networks; give its lanes the same number")
    nodes, asked = steps // every + 1 if every else 0, Asked(record_p, record_w, record_joint)
    table = Table(n, nodes, dtype, record_p) if lanes.slow is None else SheetTable(lanes, nodes, asked)
    flux = np.empty((len(n), steps))
    chosen = _stacks(network, n, width, np.dtype(dtype).itemsize) if lanes.slow is None else _apart(network)
    runs: list[Any] = []
    for i, own in enumerate(chosen):
        body = (_Tiles if lanes.slow is None else _Sheets)(lanes, own, dt, dtype, initial)
        run = _StackRun(body, lanes, own, synapses, network, signal, dt, initial)
        chunk = max(1, min(CHUNK_STEPS, CHUNK_NUMBERS // (4 * stages * len(own))))
        if asked.joint or asked.w:
            chunk = min(chunk, max(1, every) * SNAPSHOTS)
        for first in range(0, max(steps, 1), chunk):
            run.advance(inputs, first, min(chunk, steps - first), stages, max(every, 1), table, asked, flux)
            if progress is not None:
                progress((i + min(1.0, (first + chunk) / max(steps, 1))) / len(chosen))
        runs += body.runs
    depth = int(delays(lanes.t_ref, dt)[0].max()) + 1
    return NetworkRecords(table.collect(runs, steps, dt, depth), flux)


def _apart(network: np.ndarray) -> list[np.ndarray]:
    """A stack for every network."""
    return [np.flatnonzero(network == number) for number in np.unique(network)]
