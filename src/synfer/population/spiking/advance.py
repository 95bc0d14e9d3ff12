"""The time loops: one tile at a time, all steps of a segment, state in the first-level cache.

Tiles do not interact, so any split of them among threads gives the same bytes. Each step asks a
tile once whether anything rare happened. Sodium flows are merged across step boundaries,
``half | L | whole | L | ... | L | half`` between two cuts (Strang), which costs one flow per step and is
second order; cuts are at bins, snapshots and kicks.
"""

from typing import NamedTuple

import numpy as np

from synfer.population.spiking import tile as vector
from synfer.population.spiking.compiling import inner, outer
from synfer.population.spiking.events import (
    FREE,
    NEVER,
    QUANTA,
    crossing_fraction,
    enter,
    in_quanta,
    resume_hard,
    resume_sodium,
)


class Schedule(NamedTuple):
    """A segment of the run. Boundary k is the start of step k and the end of step k - 1."""

    hot: np.ndarray  # (steps, 5), see coefficients
    cold: np.ndarray  # (steps, 3)
    cut: np.ndarray  # (steps + 1,) bool
    until: np.ndarray  # (steps,) int64, the next cut boundary after the start of a step
    kick: np.ndarray  # (steps,) of the kernel's type, in units of x
    snapshot: np.ndarray  # (steps + 1,) int64, the number of the snapshot at a boundary, -1 for none
    steps_per_bin: int
    start: int
    stop: int
    first_snapshot: int  # number of the segment's first


@inner
def fire_sodium(lanes, tile, state, scratch, ledger, block, cell, threshold, time, flows, bin_):
    """Enter the spikes of the lanes at or beyond `threshold` and hold them.

    A flow that starts at `time` meets V_top when 2^-x has fallen to 2^-top; without one
    (flows = 0.0) the spikes are at `time`.
    """
    x, release = state.x[tile], state.release[tile]
    vector.mark_beyond(lanes, x, threshold, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        if release[lane] == FREE:
            spike = time + flows * max(0.0, 2.0 ** -np.float64(x[lane]) - 2.0**-cell.top)
            enter(ledger, block, tile, lane, len(x), spike, bin_)
            release[lane] = in_quanta(spike + cell.wait)
        x[lane] = cell.reset
    return vector.earliest(lanes, release)


@inner
def release_sodium(lanes, tile, state, scratch, cell, k, schedule):
    """Put back the lanes of a tile released before the end of step k; did any reach the top?"""
    x, release, words = state.x[tile], state.release[tile], state.words[tile]
    pairs, end = len(lanes), (k + 1) * QUANTA
    hit = False
    vector.mark_due(lanes, release, end, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        delta = (end - release[lane]) / QUANTA
        x[lane] = resume_sodium(words, lane % pairs, pairs, delta, cell, schedule.cold[k])
        release[lane] = FREE
        hit |= x[lane] >= schedule.hot[k, 4]
    return hit


@outer
def advance_sodium(lanes, state, scratch, rows, schedule, ledger, block, tiles, cell):
    """Advance tiles[0] to tiles[1] of a population with a sodium term from schedule.start to schedule.stop.

    Args:
        lanes: tuple of W/2 zeros.
        state: Lanes, changed in place.
        scratch: tile.Scratch, one per thread.
        rows: (snapshots of the segment, tiles W), filled.
        block: row of the ledger.
    """
    width = 2 * len(lanes)
    half_top = -np.log2(0.5 + 2.0**-cell.top)
    for tile in range(tiles[0], tiles[1]):
        x, release, words = state.x[tile], state.release[tile], state.words[tile]
        due = vector.earliest(lanes, release)
        k = schedule.start
        while k < schedule.stop:
            bin_ = k // schedule.steps_per_bin
            if schedule.cut[k]:
                if schedule.kick[k] != 0:
                    vector.shift(lanes, x, schedule.kick[k])
                    fire_sodium(lanes, tile, state, scratch, ledger, block, cell, cell.top, float(k), 0.0, bin_)
                due = fire_sodium(lanes, tile, state, scratch, ledger, block, cell, half_top, float(k), 1.0, bin_)
            last = min(schedule.until[k] - 1, due // QUANTA)
            k, hit = vector.run_sodium(lanes, x, words, schedule.hot, k, max(last, k))
            if due < (k + 1) * QUANTA:
                hit |= release_sodium(lanes, tile, state, scratch, cell, k, schedule)
                due = vector.earliest(lanes, release)
            if hit:
                top = np.float64(schedule.hot[k, 4])
                due = fire_sodium(lanes, tile, state, scratch, ledger, block, cell, top, k + 0.5, 1.0, bin_)
            k += 1
            if schedule.cut[k]:
                vector.half_flow(lanes, x)
                if schedule.snapshot[k] >= 0:
                    row = schedule.snapshot[k] - schedule.first_snapshot
                    vector.store(lanes, x, release, k, rows[row, tile * width : (tile + 1) * width])


@inner
def spike_hard(lanes, tile, lane, state, ledger, block, cell, time, k, cold, bin_):
    """Enter a spike of step k and those that follow within the step, then hold or free the lane."""
    x, release, words = state.x[tile], state.release[tile], state.words[tile]
    pairs = len(lanes)
    while time != NEVER:
        enter(ledger, block, tile, lane, len(x), time, bin_)
        until = in_quanta(time + cell.wait)
        release[lane] = until
        if until >= (k + 1) * QUANTA:
            x[lane] = cell.reset
            return
        x[lane], time = resume_hard(words, lane % pairs, pairs, until / QUANTA, k + 1.0, cell, cold)
        release[lane] = FREE


@inner
def release_hard(lanes, tile, state, scratch, ledger, block, cell, k, cold, bin_):
    """Put back the lanes of a tile whose refractory time ends in step k."""
    x, release, words = state.x[tile], state.release[tile], state.words[tile]
    pairs = len(lanes)
    vector.mark_due(lanes, release, (k + 1) * QUANTA, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        x[lane], time = resume_hard(words, lane % pairs, pairs, release[lane] / QUANTA, k + 1.0, cell, cold)
        release[lane] = FREE
        spike_hard(lanes, tile, lane, state, ledger, block, cell, time, k, cold, bin_)
    return vector.earliest(lanes, release)


@inner
def fire_hard(lanes, tile, state, scratch, ledger, block, cell, k, schedule, bin_):
    """Enter the spikes of the marked lanes of a tile, which crossed in step k, each at its own time."""
    x, release, words = state.x[tile], state.release[tile], state.words[tile]
    pairs = len(lanes)
    variance = 2.0 / (np.log(2.0) * schedule.hot[k, 3])  # of the bridge: P = exp(-2 x0 x1 / variance)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        if release[lane] == FREE:
            time = k + 1.0
            if cell.bridge:
                a, b = -np.float64(scratch.before[lane]), abs(np.float64(x[lane]))
                time = k + crossing_fraction(words, lane % pairs, pairs, a, b, variance)
            spike_hard(lanes, tile, lane, state, ledger, block, cell, time, k, schedule.cold[k], bin_)
        elif x[lane] >= 0:
            x[lane] = cell.reset
    return vector.earliest(lanes, release)


@inner
def kick_hard(lanes, tile, state, ledger, block, cell, k, kick, bin_):
    """Shift a tile at the start of step k; whoever reaches the threshold spikes there and then."""
    x, release = state.x[tile], state.release[tile]
    vector.shift(lanes, x, kick)
    for lane in range(len(x)):
        if x[lane] >= 0:
            if release[lane] == FREE:
                enter(ledger, block, tile, lane, len(x), float(k), bin_)
                release[lane] = in_quanta(k + cell.wait)
            x[lane] = cell.reset
    return vector.earliest(lanes, release)


@outer
def advance_hard(lanes, state, scratch, rows, schedule, ledger, block, tiles, cell):
    """Advance tiles with a hard threshold; arguments as for `advance_sodium`."""
    width = 2 * len(lanes)
    for tile in range(tiles[0], tiles[1]):
        x, release, words = state.x[tile], state.release[tile], state.words[tile]
        due = vector.earliest(lanes, release)
        k = schedule.start
        while k < schedule.stop:
            bin_ = k // schedule.steps_per_bin
            if schedule.kick[k] != 0:
                due = kick_hard(lanes, tile, state, ledger, block, cell, k, schedule.kick[k], bin_)
            last = min(schedule.until[k] - 1, due // QUANTA)
            k, hit = vector.run_linear(lanes, x, words, scratch, schedule.hot, k, max(last, k), cell.bridge)
            if hit:
                due = fire_hard(lanes, tile, state, scratch, ledger, block, cell, k, schedule, bin_)
            if due < (k + 1) * QUANTA:
                due = release_hard(lanes, tile, state, scratch, ledger, block, cell, k, schedule.cold[k], bin_)
            k += 1
            if schedule.snapshot[k] >= 0:
                row = schedule.snapshot[k] - schedule.first_snapshot
                vector.store(lanes, x, release, k, rows[row, tile * width : (tile + 1) * width])
