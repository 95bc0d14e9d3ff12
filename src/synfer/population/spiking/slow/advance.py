"""The time loop of a population with a slow variable: one tile at a time, all steps of a segment."""

from typing import NamedTuple

import numpy as np

from synfer.population.spiking import tile as vector
from synfer.population.spiking.compiling import outer
from synfer.population.spiking.events import QUANTA, enter
from synfer.population.spiking.slow.cell import DRIVE, MEAN_DECAY
from synfer.population.spiking.slow.events import close_cut, open_cut, settle
from synfer.population.spiking.slow.leap import leap, store_slow


class SlowSchedule(NamedTuple):
    """A segment of the run; as `advance.Schedule`, with the table of `cell`."""

    table: np.ndarray  # (steps, 9)
    cut: np.ndarray  # (steps + 1,) bool
    kick: np.ndarray  # (steps,) in x
    snapshot: np.ndarray  # (steps + 1,) int64
    steps_per_bin: int
    start: int
    stop: int
    first_snapshot: int


@outer
def advance_slow(lanes, working, scratch, rows, schedule, ledger, block, tiles, cell):
    """Advance tiles[0] to tiles[1] from schedule.start to schedule.stop; arguments as of `advance_sodium`.

    Args:
        working: (SlowLanes, live), changed in place.
        rows: (2 snapshots of the segment, tiles W), filled: x, then w.
    """
    state, live = working
    width, seen = 2 * len(lanes), len(rows) // 2
    real = type(scratch.mean_drive[0])
    for tile in range(tiles[0], tiles[1]):
        x, release = state.x[tile], state.release[tile]
        due = vector.earliest(lanes, release)
        for k in range(schedule.start, schedule.stop):
            c = schedule.table[k]
            scratch.mean_drive[:] = real(c[DRIVE] * c[MEAN_DECAY])
            if schedule.cut[k]:
                kicked = schedule.kick[k] != 0
                if kicked:
                    scratch.before[:] = real(schedule.kick[k])
                open_cut(lanes, state, live, tile, scratch, c, cell, k, scratch.before, kicked)
                due = vector.earliest(lanes, release)
            hit = leap(lanes, state, live, tile, scratch, c, scratch.mean_drive, cell)
            late = due < (k + 1) * QUANTA
            if hit or late:
                scratch.drive[:] = c[DRIVE]
                due = settle(lanes, state, live, tile, scratch, hit, late, c, scratch.drive, cell, k)
            if schedule.cut[k + 1]:
                close_cut(lanes, state, tile, scratch, cell, k + 1)
            for i in range(scratch.fired[0]):
                bin_ = k // schedule.steps_per_bin
                enter(ledger, block, tile, scratch.fired_lane[i], width, scratch.fired_time[i], bin_)
            scratch.fired[0] = 0
            if schedule.snapshot[k + 1] >= 0:
                row, own = schedule.snapshot[k + 1] - schedule.first_snapshot, slice(tile * width, (tile + 1) * width)
                vector.store(lanes, x, release, k + 1, rows[row, own])
                store_slow(lanes, state.w[tile], rows[seen + row, own], rows[row, own])
