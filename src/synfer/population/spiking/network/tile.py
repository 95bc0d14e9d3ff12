"""The vector loops of a network: one step of all tiles of a population, each lane under its own drive.

Laid out as in `tile`, with a row of drives m per tile; where all neurons of a population receive the same, `spread`
is 0 and all tiles read one row. The loop over tiles is inside so that the polynomials' constants are set up
once; it returns at the first tile in which something rare happens.
"""

import numpy as np

from synfer.population.spiking.compiling import fma, inner, stack_array
from synfer.population.spiking.normal import normal_pair
from synfer.population.spiking.tile import mark_crossed, sodium_flow


@inner(forceinline=True)
def step_linear(lanes, lane_state, due, scratch, drive, row, spread, cells, end, tiles):
    """One step of the linear part of tiles[0] to tiles[1], until lanes crossed 0 or one is due before `end`.

    Args:
        cells: decay, noise, q, near of the step (see coefficients), of the type of x.
        row: the drives of tiles[0].

    Returns:
        The tile and whether lanes of it crossed (they are marked), or (tiles[1], False).
    """
    pairs = len(lanes)
    k, s, q, near = cells
    half = type(k)(0.5)
    noise, before = stack_array(lanes, half), stack_array(lanes, half)
    for tile in range(tiles[0], tiles[1]):
        x, words, m = lane_state.x[tile], lane_state.words[tile], drive[row + spread * (tile - tiles[0])]
        for l in range(pairs):
            noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
        for l in range(2 * pairs):
            noise[l] = fma(s, noise[l], m[l])
        hit = np.int32(0)
        for l in range(2 * pairs):
            y = x[l] + fma(-k, x[l], noise[l])
            hit |= np.int32(x[l] * y <= near)
            before[l] = x[l]
            x[l] = y
        crossed = False
        if hit != 0:
            crossed = mark_crossed(lanes, before, x, words, q, scratch.marks)
            if crossed:
                for l in range(2 * pairs):
                    scratch.before[l] = before[l]
        if crossed or due[tile] < end:
            return tile, crossed
    return tiles[1], False


@inner(forceinline=True)
def step_sodium(lanes, lane_state, due, drive, row, spread, cells, end, tiles):
    """h steps of sodium flow and one of the linear part; arguments and result as for `step_linear`, no lane is marked.

    cells: decay, noise, h, top.
    """
    pairs = len(lanes)
    k, s, h, top = cells
    half, low = type(k)(0.5), type(k)(-100.0)
    noise = stack_array(lanes, half)
    for tile in range(tiles[0], tiles[1]):
        x, words, m = lane_state.x[tile], lane_state.words[tile], drive[row + spread * (tile - tiles[0])]
        for l in range(pairs):
            noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
        for l in range(2 * pairs):
            noise[l] = fma(s, noise[l], m[l])
        hit = np.int32(0)
        for l in range(2 * pairs):
            y = sodium_flow(x[l], h, low)
            y += fma(-k, y, noise[l])
            hit |= np.int32(y >= top)
            x[l] = y
        if hit != 0 or due[tile] < end:
            return tile, hit != 0
    return tiles[1], False


@inner
def add_row(lanes, x, kick):
    """Kick a tile, each lane by its own."""
    for l in range(2 * len(lanes)):
        x[l] += kick[l]
