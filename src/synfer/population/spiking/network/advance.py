"""The time loop of a network: all populations a step, then the next step, one trial at a time.

Trials share nothing, so any split of them among threads gives the same bytes. Sodium flows are merged across step
boundaries as in `advance`; the cuts, at which half a flow ends and half a flow begins, are those of the run
and of kicks. A population that delta synapses reach is cut at every step, since any may bring one.
"""

from typing import NamedTuple

import numpy as np

from synfer.population.spiking import tile as vector
from synfer.population.spiking.compiling import inner, outer
from synfer.population.spiking.events import (
    FREE,
    NEVER,
    QUANTA,
    Cell,
    Lanes,
    crossing_fraction,
    in_quanta,
    resume_hard,
    resume_sodium,
)
from synfer.population.spiking.network import tile as network
from synfer.population.spiking.network.input import Log, Received, individual_input, shared_input

FAULTS = ("ok", "not_finite", "too_fast")
"""Status of a trial; too_fast: more than two spikes per neuron and step."""
NOT_FINITE, TOO_FAST = 1, 2


class Populations(NamedTuple):
    """What the neurons of all trials have in common; the tiles of a trial's populations follow one another."""

    first: np.ndarray  # (P + 1,) int64, tiles
    sodium: np.ndarray  # (P,) bool
    individual: np.ndarray  # (P,) bool, whether neurons of it receive different inputs
    reset: np.ndarray  # (P,) in x, as `top`
    top: np.ndarray  # (P,)
    wait: np.ndarray  # (P,) t_ref / dt
    table: np.ndarray  # (P, steps, 8) decay, noise, (h, top) or (q, near), lambda, drive, variance, mean decay
    kick: np.ndarray  # (P, steps) in x
    cut: np.ndarray  # (P, steps + 1) bool


class Running(NamedTuple):
    """A trial on its way; what is not of `populations` is changed in place."""

    populations: Populations
    state: Lanes  # of all populations
    due: np.ndarray  # (tiles,) int64, the earliest release of each
    scratch: vector.Scratch
    received: Received
    log: Log
    count: np.ndarray  # (P, bins) int64 spikes
    steps_per_bin: int


@inner
def enter(run, p, neuron, time, k):
    """One spike, found in step k."""
    if not (time >= k and time <= k + 2.0):
        run.log.fault[p] = NOT_FINITE
        return
    at = run.log.written[p] - run.log.dropped[p]
    if at == run.log.time.shape[1]:
        run.log.fault[p] = TOO_FAST
        return
    run.log.time[p, at] = time
    run.log.neuron[p, at] = neuron
    run.log.written[p] += 1
    run.count[p, min(np.int64(time) // run.steps_per_bin, run.count.shape[1] - 1)] += 1


@inner
def fire_at(lanes, at, tile, run, cell, threshold, time, flows):
    """Enter the spikes of the lanes at or beyond `threshold` and hold them (see `advance.fire_sodium`)."""
    p, k = at
    x, release = run.state.x[tile], run.state.release[tile]
    vector.mark_beyond(lanes, x, threshold, run.scratch.marks)
    for i in range(vector.collect(lanes, run.scratch)):
        lane = run.scratch.found[i]
        if release[lane] == FREE:
            spike = time + flows * max(0.0, 2.0 ** -np.float64(x[lane]) - 2.0**-cell.top)
            enter(run, p, (tile - run.populations.first[p]) * len(x) + lane, spike, k)
            release[lane] = in_quanta(spike + cell.wait)
        x[lane] = cell.reset
    return vector.earliest(lanes, release)


@inner
def release_sodium(lanes, tile, run, cell, k, coefficients, drive, top):
    """Put back the lanes of a tile released before the end of step k; did any reach the top?"""
    x, release, words = run.state.x[tile], run.state.release[tile], run.state.words[tile]
    pairs, end = len(lanes), (k + 1) * QUANTA
    hit = False
    vector.mark_due(lanes, release, end, run.scratch.marks)
    for i in range(vector.collect(lanes, run.scratch)):
        lane = run.scratch.found[i]
        cold = (coefficients[4], drive[lane], coefficients[6])
        x[lane] = resume_sodium(words, lane % pairs, pairs, (end - release[lane]) / QUANTA, cell, cold)
        release[lane] = FREE
        hit |= x[lane] >= top
    return hit


@inner(forceinline=True)
def advance_sodium(lanes, at, run, cell, kicked):
    """A population with a sodium term goes through step k."""
    p, k = at
    tiles = (run.populations.first[p], run.populations.first[p + 1])
    spread = np.int64(run.populations.individual[p])
    if run.populations.cut[p, k]:
        half_top = -np.log2(0.5 + 2.0**-cell.top)
        for tile in range(tiles[0], tiles[1]):
            if kicked:
                network.add_row(lanes, run.state.x[tile], run.received.kick[tiles[0] + spread * (tile - tiles[0])])
                fire_at(lanes, at, tile, run, cell, cell.top, float(k), 0.0)
            run.due[tile] = fire_at(lanes, at, tile, run, cell, half_top, float(k), 1.0)
    c = run.populations.table[p, k]
    real = type(run.received.kick[0, 0])
    cells = (real(c[0]), real(c[1]), real(c[2]), real(c[3]))
    top, end, tile = np.float64(cells[3]), (k + 1) * QUANTA, tiles[0]
    while tile < tiles[1]:
        row = tiles[0] + spread * (tile - tiles[0])
        tile, hit = network.step_sodium(
            lanes, run.state, run.due, run.received.mean_drive, row, spread, cells, end, (tile, tiles[1])
        )
        if tile < tiles[1]:
            if run.due[tile] < end:
                drive = run.received.drive[tiles[0] + spread * (tile - tiles[0])]
                hit |= release_sodium(lanes, tile, run, cell, k, c, drive, top)
                run.due[tile] = vector.earliest(lanes, run.state.release[tile])
            if hit:
                run.due[tile] = fire_at(lanes, at, tile, run, cell, top, k + 0.5, 1.0)
            tile += 1
    if run.populations.cut[p, k + 1]:
        for tile in range(tiles[0], tiles[1]):
            vector.half_flow(lanes, run.state.x[tile])


@inner
def spike_hard(lanes, at, tile, lane, run, cell, time, cold):
    """Enter a spike of step k and those that follow within the step, then hold or free the lane."""
    p, k = at
    x, release, words = run.state.x[tile], run.state.release[tile], run.state.words[tile]
    pairs = len(lanes)
    while time != NEVER:
        enter(run, p, (tile - run.populations.first[p]) * len(x) + lane, time, k)
        until = in_quanta(time + cell.wait)
        release[lane] = until
        if until >= (k + 1) * QUANTA or run.log.fault[p] != 0:
            x[lane] = cell.reset
            return
        x[lane], time = resume_hard(words, lane % pairs, pairs, until / QUANTA, k + 1.0, cell, cold)
        release[lane] = FREE


@inner
def settle_hard(lanes, at, tile, crossed, run, drive, cell):
    """Enter the spikes of the marked lanes if any `crossed`, then put back those whose wait ends in step k."""
    p, k = at
    x, release, words = run.state.x[tile], run.state.release[tile], run.state.words[tile]
    pairs, end = len(lanes), (k + 1) * QUANTA
    c = run.populations.table[p, k]
    variance = 2.0 / (np.log(2.0) * c[2])  # of the bridge: P = exp(-2 x0 x1 / variance)
    for waiting in range(2):
        if waiting:
            vector.mark_due(lanes, release, end, run.scratch.marks)
        elif not crossed:
            continue
        for i in range(vector.collect(lanes, run.scratch)):
            lane = run.scratch.found[i]
            cold = (c[4], drive[lane], c[6])
            if waiting:
                x[lane], time = resume_hard(words, lane % pairs, pairs, release[lane] / QUANTA, k + 1.0, cell, cold)
                release[lane] = FREE
            elif release[lane] != FREE:
                if x[lane] >= 0:
                    x[lane] = cell.reset
                continue
            else:
                a, b = -np.float64(run.scratch.before[lane]), abs(np.float64(x[lane]))
                time = k + crossing_fraction(words, lane % pairs, pairs, a, b, variance)
            spike_hard(lanes, at, tile, lane, run, cell, time, cold)
    return vector.earliest(lanes, release)


@inner(forceinline=True)
def advance_hard(lanes, at, run, cell, kicked):
    """A population with a hard threshold goes through step k."""
    p, k = at
    tiles = (run.populations.first[p], run.populations.first[p + 1])
    spread = np.int64(run.populations.individual[p])
    if kicked:
        for tile in range(tiles[0], tiles[1]):
            network.add_row(lanes, run.state.x[tile], run.received.kick[tiles[0] + spread * (tile - tiles[0])])
            run.due[tile] = fire_at(lanes, at, tile, run, cell, 0.0, float(k), 0.0)
    c = run.populations.table[p, k]
    real = type(run.received.kick[0, 0])
    cells = (real(c[0]), real(c[1]), real(c[2]), real(c[3]))
    end, tile = (k + 1) * QUANTA, tiles[0]
    while tile < tiles[1]:
        row = tiles[0] + spread * (tile - tiles[0])
        tile, crossed = network.step_linear(
            lanes, run.state, run.due, run.scratch, run.received.mean_drive, row, spread, cells, end, (tile, tiles[1])
        )
        if tile < tiles[1]:
            drive = run.received.drive[tiles[0] + spread * (tile - tiles[0])]
            run.due[tile] = settle_hard(lanes, at, tile, crossed, run, drive, cell)
            tile += 1


@inner(forceinline=True)
def receive(lanes, at, run, links, wiring):
    """Fill the rows of `received` that population p reads in step k; is there any kick?"""
    p, k = at
    c, width = run.populations.table[p, k], 2 * len(lanes)
    first = run.populations.first[p]
    rows = (run.populations.first[p + 1] if run.populations.individual[p] else first + 1) - first
    drive = run.received.drive[first : first + rows].reshape(rows * width)
    mean_drive = run.received.mean_drive[first : first + rows].reshape(rows * width)
    kick = run.received.kick[first : first + rows].reshape(rows * width)
    common, jump = shared_input(links, run.log, run.received, p, k)
    common += c[5]
    jump += run.populations.kick[p, k]
    drive[:] = common
    kicked = jump != 0.0
    if kicked or run.populations.individual[p]:
        kick[:] = jump
    if run.populations.individual[p]:
        kicked |= individual_input(links, wiring, run.log, run.received, p, k, drive, kick)
    real, factor = type(mean_drive[0]), c[7]
    for l in range(rows * width):
        mean_drive[l] = real(drive[l] * factor)
    return kicked


@outer
def advance_network(lanes, run, links, wiring, span, room):
    """Advance one trial from step span[0] to span[1], or until a log has no room for a step; the step reached.

    Args:
        lanes: tuple of W/2 zeros.
        run: changed in place.
        room: (P,) int64 places of a log that a step may need.
    """
    digits = run.log.end.shape[1] - 1
    for k in range(span[0], span[1]):
        for p in range(len(room)):
            if run.log.written[p] - run.log.dropped[p] + room[p] > run.log.time.shape[1]:
                return k
        for p in range(len(room)):
            at = (p, k)
            cell = Cell(run.populations.reset[p], run.populations.top[p], run.populations.wait[p], True)
            kicked = receive(lanes, at, run, links, wiring)
            if run.populations.sodium[p]:
                advance_sodium(lanes, at, run, cell, kicked)
            else:
                advance_hard(lanes, at, run, cell, kicked)
            run.log.end[p, k & digits] = run.log.written[p]
            if run.log.fault[p] != 0:
                return k
    return span[1]
