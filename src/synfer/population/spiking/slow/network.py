"""The time loop of a network in which neurons have a slow variable: one trial at a time, as `network.advance`.

Populations of neurons without one take part with a w that rests at 0.
"""

from typing import NamedTuple

import numpy as np

from synfer.population.spiking import tile as vector
from synfer.population.spiking.compiling import inner, outer
from synfer.population.spiking.events import QUANTA
from synfer.population.spiking.network.advance import enter, receive
from synfer.population.spiking.network.input import Log, Received
from synfer.population.spiking.slow.cell import SlowCell, SlowLanes, SlowScratch
from synfer.population.spiking.slow.events import close_cut, open_cut, settle
from synfer.population.spiking.slow.leap import leap


class SlowPopulations(NamedTuple):
    """What the neurons of all trials have in common; the tiles of a trial's populations follow one another."""

    first: np.ndarray  # (P + 1,) int64, tiles
    individual: np.ndarray  # (P,) bool, whether neurons of it receive different inputs
    cells: np.ndarray  # (P, fields of SlowCell) float64
    table: np.ndarray  # (P, steps, 9), see `cell`
    kick: np.ndarray  # (P, steps) in x
    cut: np.ndarray  # (P, steps + 1) bool


class SlowRunning(NamedTuple):
    """A trial on its way; what is not of `populations` is changed in place."""

    populations: SlowPopulations
    state: SlowLanes  # of all populations
    live: np.ndarray  # (tiles, W)
    due: np.ndarray  # (tiles,) int64, the earliest release of each
    scratch: SlowScratch
    received: Received
    log: Log
    count: np.ndarray  # (P, bins) int64 spikes
    steps_per_bin: int


@inner
def cell_at(cells, p):
    """The neuron of a population."""
    a = cells[p]
    return SlowCell(int(a[0]), a[1], a[2], a[3], a[4] != 0, a[5], a[6], a[7], a[8], a[9], a[10])


@inner
def step_tile(lanes, run, p, k, tile, row, kicked, cell):
    """A tile of population p goes through step k under the drives of `row`."""
    state, live, scratch = run.state, run.live, run.scratch
    c = run.populations.table[p, k]
    if run.populations.cut[p, k]:
        open_cut(lanes, state, live, tile, scratch, c, cell, k, run.received.kick[row], kicked)
        run.due[tile] = vector.earliest(lanes, state.release[tile])
    hit = leap(lanes, state, live, tile, scratch, c, run.received.mean_drive[row], cell)
    late = run.due[tile] < (k + 1) * QUANTA
    if hit or late:
        run.due[tile] = settle(lanes, state, live, tile, scratch, hit, late, c, run.received.drive[row], cell, k)
    if run.populations.cut[p, k + 1]:
        close_cut(lanes, state, tile, scratch, cell, k + 1)
    neuron = (tile - run.populations.first[p]) * 2 * len(lanes)
    for i in range(scratch.fired[0]):
        enter(run, p, neuron + scratch.fired_lane[i], scratch.fired_time[i], k)
    scratch.fired[0] = 0


@outer
def advance_slow_network(lanes, run, links, wiring, span, room):
    """Advance one trial from step span[0] to span[1]; arguments and result as of `advance_network`."""
    digits = run.log.end.shape[1] - 1
    for k in range(span[0], span[1]):
        for p in range(len(room)):
            if run.log.written[p] - run.log.dropped[p] + room[p] > run.log.time.shape[1]:
                return k
        for p in range(len(room)):
            cell = cell_at(run.populations.cells, p)
            kicked = receive(lanes, (p, k), run, links, wiring)
            first, spread = run.populations.first[p], np.int64(run.populations.individual[p])
            for tile in range(first, run.populations.first[p + 1]):
                step_tile(lanes, run, p, k, tile, first + spread * (tile - first), kicked, cell)
            run.log.end[p, k & digits] = run.log.written[p]
            if run.log.fault[p] != 0:
                return k
    return span[1]
