"""The vector loops: what all W lanes of a tile do together.

Arrays are [lane], contiguous, and a state of random words serves the pair of lanes (l, l + W/2),
which take the two normals of one Box-Muller draw. `lanes` is a tuple of W/2 zeros: its length
is a constant to the compiler, which then unrolls and vectorises. Nothing here branches on a lane.
"""

from typing import NamedTuple

import numpy as np

from synfer.population.spiking.compiling import fma, inner, stack_array
from synfer.population.spiking.events import FREE, QUANTA
from synfer.population.spiking.normal import exp2_lane, log2_lane, next_word, normal_pair, uniform


class Scratch(NamedTuple):
    """Work space of one tile."""

    before: np.ndarray  # (W,) x at the start of the step
    marks: np.ndarray  # (W,) uint8
    marks_by_eight: np.ndarray  # the same bytes as uint64
    found: np.ndarray  # (W,) int64, marked lanes


def aligned(shape, dtype):
    """An uninitialised array that starts on a cache line, as vector loads and stores like it."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.empty(size + 64, np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + size].view(dtype).reshape(shape)


def aligned_copy(a):
    """A copy that starts on a cache line."""
    copy = aligned(a.shape, a.dtype)
    copy[...] = a
    return copy


def scratch_for(width, dtype):
    """Scratch for tiles of so many lanes."""
    marks = aligned(width, np.uint8)
    return Scratch(aligned(width, dtype), marks, marks.view(np.uint64), np.empty(width, np.int64))


@inner
def sodium_flow(x, h, low):
    """h steps of sodium flow, x -> x - log2(1 - h 2^x); `low` keeps 2^x a normal number."""
    return x - log2_lane(fma(-h, exp2_lane(max(x, low)), type(x)(1.0)))


@inner
def run_sodium(lanes, x, words, hot, first, last):
    """Steps first..last, each h steps of sodium flow and one of the linear part, until a lane is beyond `top`.

    Returns the last step taken and whether it ended beyond. (The loop over steps is inside so that
    the polynomials' constants are set up once.)
    """
    pairs = len(lanes)
    half, low = x.dtype.type(0.5), x.dtype.type(-100.0)
    noise = stack_array(lanes, half)
    for step in range(first, last + 1):
        k, m, s, h, top = hot[step, 0], hot[step, 1], hot[step, 2], hot[step, 3], hot[step, 4]
        hit = np.int32(0)
        for l in range(pairs):
            noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
        for l in range(2 * pairs):
            y = sodium_flow(x[l], h, low)
            y += fma(-k, y, fma(s, noise[l], m))
            hit |= np.int32(y >= top)
            x[l] = y
        if hit != 0:
            return step, True
    return last, False


@inner
def half_flow(lanes, x):
    """Half a step of sodium flow."""
    half, low = x.dtype.type(0.5), x.dtype.type(-100.0)
    for l in range(2 * len(lanes)):
        x[l] = sodium_flow(x[l], half, low)


@inner
def mark_crossed(lanes, before, x, words, q, marks):
    """Mark the lanes that crossed 0 between `before` and `x`, P = 2^(-q x0 x1) when both are below; is there any?"""
    pairs = len(lanes)
    half = type(q)(0.5)
    hit = np.uint8(0)
    for l in range(pairs):
        u1 = uniform(next_word(words, l, pairs), half)
        u2 = uniform(next_word(words, l, pairs), half)
        x1, x2 = x[l], x[pairs + l]
        c1 = np.uint8(x1 >= 0) | np.uint8(log2_lane(u1) < -q * before[l] * x1)
        c2 = np.uint8(x2 >= 0) | np.uint8(log2_lane(u2) < -q * before[pairs + l] * x2)
        marks[l] = c1
        marks[pairs + l] = c2
        hit |= c1 | c2
    return hit != 0


@inner
def run_linear(lanes, x, words, scratch, hot, first, last, bridge):
    """Steps first..last of the linear part until a lane has crossed 0; the crossed lanes are then marked.

    Returns the last step taken and whether a lane crossed in it. Only when x0 x1 <= `near` could
    one have crossed, at the end of the step or in between.
    """
    pairs = len(lanes)
    half = x.dtype.type(0.5)
    noise, before = stack_array(lanes, half), stack_array(lanes, half)
    for step in range(first, last + 1):
        k, m, s, near = hot[step, 0], hot[step, 1], hot[step, 2], hot[step, 4]
        for l in range(pairs):
            noise[l], noise[pairs + l] = normal_pair(words, l, pairs, half)
        hit = np.int32(0)
        for l in range(2 * pairs):
            y = x[l] + fma(-k, x[l], fma(s, noise[l], m))
            hit |= np.int32(x[l] * y <= near)
            before[l] = x[l]
            x[l] = y
        if hit != 0:
            q = hot[step, 3] if bridge else x.dtype.type(1e30)
            if mark_crossed(lanes, before, x, words, q, scratch.marks):
                for l in range(2 * pairs):
                    scratch.before[l] = before[l]
                return step, True
    return last, False


@inner
def mark_beyond(lanes, x, threshold, marks):
    """Mark the lanes at or beyond a threshold."""
    for l in range(2 * len(lanes)):
        marks[l] = np.uint8(x[l] >= threshold)


@inner
def mark_due(lanes, release, end, marks):
    """Mark the lanes released before `end`."""
    for l in range(2 * len(lanes)):
        marks[l] = np.uint8(release[l] < end)


@inner
def collect(lanes, scratch):
    """The number of marked lanes, which are listed in scratch.found."""
    number = 0
    for eight in range(len(lanes) // 4):
        if scratch.marks_by_eight[eight] != 0:
            for lane in range(8 * eight, 8 * eight + 8):
                scratch.found[number] = lane
                number += scratch.marks[lane]
    return number


@inner
def earliest(lanes, release):
    """The earliest release of a tile; later than any run if none is due."""
    first = np.int64(FREE)
    for l in range(2 * len(lanes)):
        first = min(first, release[l])
    return first


@inner
def shift(lanes, x, kick):
    """Kick a tile."""
    for l in range(2 * len(lanes)):
        x[l] += kick


@inner
def store(lanes, x, release, boundary, row):
    """A snapshot of one tile at a step boundary: x, NaN while refractory."""
    nan, now = x.dtype.type(np.nan), boundary * QUANTA
    for l in range(2 * len(lanes)):
        row[l] = x[l] if release[l] == FREE or release[l] <= now else nan
