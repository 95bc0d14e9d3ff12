"""The vector loops: one step of all W lanes of a tile, at first without their spikes.

Laid out as in `synfer.population.spiking.tile`. Each returns whether any lane may have spiked; what such a lane
needs to be taken back is left in the scratch. `m` is the integrated drive of every lane without w.
"""

import numpy as np

from synfer.population.spiking.compiling import fma, inner, stack_array
from synfer.population.spiking.normal import normal_pair
from synfer.population.spiking.slow.cell import (
    COUPLING,
    DECAY,
    FOURTH,
    HARD,
    MEAN_DECAY,
    NOISE,
    SODIUM,
    THIRD,
)
from synfer.population.spiking.tile import mark_beyond, mark_crossed, sodium_flow

CROSSED = 1e30
"""x of a lane whose parabola has passed V_top."""


@inner(forceinline=True)
def relax(w, x, live, relaxing):
    """Half a step of w at fixed x."""
    half, gain, offset, clip = relaxing
    target = fma(gain, min(np.float64(x), clip), offset)
    return fma(live * half, target - w, w)


@inner
def leap_hard(lanes, x, w, live, words, scratch, c, m, cell):
    """One linear step; lanes that crossed the threshold are marked."""
    pairs = len(lanes)
    real = type(m[0])
    k, s, q, near = real(c[DECAY]), real(c[NOISE]), real(c[THIRD]), real(c[FOURTH])
    coupling, relaxing = c[COUPLING] * c[MEAN_DECAY], (cell.half, cell.gain, cell.offset, cell.clip)
    half = real(0.5)
    noise, before, middle = stack_array(lanes, half), stack_array(lanes, half), stack_array(lanes, 0.5)
    for l in range(pairs):
        noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
    hit = np.int32(0)
    for l in range(2 * pairs):
        v = relax(w[l], x[l], live[l], relaxing)
        y = x[l] + fma(-k, x[l], fma(s, noise[l], m[l] - real(coupling * v)))
        hit |= np.int32(x[l] * y <= near)
        before[l], middle[l] = x[l], v
        x[l], w[l] = y, relax(v, y, live[l], relaxing)
    if hit == 0 or not mark_crossed(lanes, before, x, words, q if cell.bridge else real(1e30), scratch.marks):
        return False
    for l in range(2 * pairs):
        scratch.before[l], scratch.middle[l] = before[l], middle[l]
    return True


@inner
def leap_sodium(lanes, x, w, live, words, scratch, c, m, cell):
    """Sodium flow and one linear step; is a lane so high that the flow to come takes it to V_top?"""
    pairs = len(lanes)
    real = type(m[0])
    k, s, h, top = real(c[DECAY]), real(c[NOISE]), real(c[THIRD]), real(c[FOURTH])
    coupling, relaxing = c[COUPLING] * c[MEAN_DECAY], (cell.half, cell.gain, cell.offset, cell.clip)
    half, low = real(0.5), real(-100.0)
    noise = stack_array(lanes, half)
    for l in range(pairs):
        noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
    hit = np.int32(0)
    for l in range(2 * pairs):
        y = sodium_flow(x[l], h, low)
        v = relax(w[l], y, live[l], relaxing)
        y += fma(-k, y, fma(s, noise[l], m[l] - real(coupling * v)))
        hit |= np.int32(y >= top)
        x[l], w[l] = y, relax(v, y, live[l], relaxing)
    return hit != 0


@inner
def leap_quadratic(lanes, x, w, live, words, scratch, c, m, cell):
    """The flow of the parabola, y -> (y + e T)/(1 - alpha y T), and the noise after it; lanes that spiked are marked.

    T = tan(sqrt z)/sqrt z, z = alpha e, of either sign, as a quotient P/Q (its continued fraction).
    """
    pairs = len(lanes)
    real = type(m[0])
    alpha, s, shift, top = real(c[DECAY]), real(c[NOISE]), real(c[THIRD]), real(cell.top)
    relaxing = (cell.half, cell.gain, cell.offset, cell.clip)
    half, crossed = real(0.5), real(CROSSED)
    noise, before, middle = stack_array(lanes, half), stack_array(lanes, half), stack_array(lanes, 0.5)
    for l in range(pairs):
        noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
    hit = np.int32(0)
    for l in range(2 * pairs):
        v = relax(w[l], x[l], live[l], relaxing)
        y, e = x[l] + shift, m[l] - real(c[COUPLING] * v)
        z = alpha * e
        P = fma(z, z - real(105.0), real(945.0))
        Q = fma(z, fma(real(15.0), z, real(-420.0)), real(945.0))
        up, down = fma(y, Q, e * P), fma(-(alpha * y), P, Q)
        spike = (x[l] >= top) | (down <= 0) | (up >= (top + shift) * down)
        hit |= np.int32(spike)
        before[l], middle[l] = x[l], v
        y = crossed if spike else up / down - shift
        x[l], w[l] = fma(s, noise[l], y), relax(v, y, live[l], relaxing)
    if hit == 0:
        return False
    mark_beyond(lanes, x, real(0.5 * CROSSED), scratch.marks)
    for l in range(2 * pairs):
        scratch.before[l], scratch.middle[l] = before[l], middle[l]
    return True


@inner(forceinline=True)
def leap(lanes, state, live, tile, scratch, c, m, cell):
    """One step of a tile without its spikes; may there be any?"""
    x, w, own, words = state.x[tile], state.w[tile], live[tile], state.words[tile]
    if cell.kind == HARD:
        return leap_hard(lanes, x, w, own, words, scratch, c, m, cell)
    if cell.kind == SODIUM:
        return leap_sodium(lanes, x, w, own, words, scratch, c, m, cell)
    return leap_quadratic(lanes, x, w, own, words, scratch, c, m, cell)


@inner
def shake(lanes, x, words, s):
    """Noise alone."""
    pairs = len(lanes)
    half = x.dtype.type(0.5)
    noise = stack_array(lanes, half)
    for l in range(pairs):
        noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
    for l in range(2 * pairs):
        x[l] = fma(x.dtype.type(s), noise[l], x[l])


@inner
def store_slow(lanes, w, row, seen):
    """w of the lanes of which x has been stored in `seen`; NaN while refractory."""
    for l in range(2 * len(lanes)):
        row[l] = w[l] if seen[l] == seen[l] else seen[l]
