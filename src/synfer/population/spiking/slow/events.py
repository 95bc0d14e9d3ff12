"""Spikes of neurons with a slow variable: each at its own time, w right at that time, and on from V_reset.

Spikes are reported in the scratch, in the order in which they are found; the time loops enter them. In a step
that is cut short by a spike w has relaxed for what came before it, by the trapezoid of its target, rests, and relaxes
for what comes after the release.
"""

import math

import numpy as np

from synfer.population.spiking import tile as vector
from synfer.population.spiking.compiling import inner
from synfer.population.spiking.events import (
    FREE,
    NEVER,
    QUANTA,
    Cell,
    crossing_fraction,
    in_quanta,
    part_step,
    resume_hard,
)
from synfer.population.spiking.normal import normal_pair
from synfer.population.spiking.slow.cell import (
    COUPLING,
    DECAY,
    FOURTH,
    HARD,
    LAMBDA,
    MOST_SPIKES,
    NOISE,
    QUADRATIC,
    SODIUM,
    THIRD,
    VARIANCE,
)
from synfer.population.spiking.slow.leap import shake


@inner
def report(scratch, lane, time):
    """One spike."""
    at = scratch.fired[0]
    scratch.fired_lane[at] = lane
    scratch.fired_time[at] = time
    scratch.fired[0] = at + 1


@inner
def target(x, cell):
    """What w relaxes to at x."""
    return cell.gain * min(np.float64(x), cell.clip) + cell.offset


@inner
def relaxed(w, x, steps, cell):
    """w after so many steps at fixed x; a few may be taken back."""
    return w - (target(x, cell) - w) * math.expm1(-steps * cell.pace)


@inner
def at_spike(middle, x, part, steps, cell):
    """w at a spike that ended `part` of so many steps from x.

    middle: w after half of these steps at x.
    """
    here, top = target(x, cell), target(cell.top, cell)
    gained = part * (0.5 * (here + top) - middle) - 0.5 * (here - middle)
    return middle + steps * cell.pace * gained


@inner
def hold(state, live, tile, lane, time, cell):
    """Jump at a spike and wait."""
    state.w[tile, lane] += cell.jump
    state.release[tile, lane] = in_quanta(time + cell.wait)
    state.x[tile, lane] = cell.reset
    live[tile, lane] = 0.0


@inner
def fire_beyond(lanes, state, live, tile, scratch, cell, threshold, time, flows, ahead):
    """Spikes of the lanes at or beyond `threshold`, as in `advance.fire_sodium`; w is `ahead` of `time` by so much.

    Spans are not taken from times, whose rounding would tell where a run was cut.
    """
    x, release, w = state.x[tile], state.release[tile], state.w[tile]
    vector.mark_beyond(lanes, x, threshold, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        if release[lane] == FREE:
            span = flows * max(0.0, 2.0 ** -np.float64(x[lane]) - 2.0**-cell.top)
            report(scratch, lane, time + span)
            w[lane] = relaxed(w[lane], cell.top, span - ahead, cell)
            hold(state, live, tile, lane, time + span, cell)
        x[lane] = cell.reset


@inner
def release_sodium(lanes, state, live, tile, scratch, c, drive, cell, k):
    """Put back the lanes released before the end of step k; did any reach the top?"""
    x, release, w, words = state.x[tile], state.release[tile], state.w[tile], state.words[tile]
    pairs, end = len(lanes), (k + 1) * QUANTA
    hit = False
    vector.mark_due(lanes, release, end, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        delta = (end - release[lane]) / QUANTA
        v = relaxed(w[lane], cell.reset, 0.5 * delta, cell)
        y = cell.reset - math.log2(1.0 - (delta - 0.5) * 2.0**cell.reset)
        y, variance = part_step(y, delta, (c[LAMBDA], drive[lane] - c[COUPLING] * v, c[VARIANCE]))
        y += math.sqrt(variance) * normal_pair(words, lane % pairs, pairs, 0.5)[0]
        x[lane], w[lane] = y, relaxed(v, y, 0.5 * delta, cell)
        release[lane], live[tile, lane] = FREE, 1.0
        hit |= x[lane] >= c[FOURTH]
    return hit


@inner
def onward_hard(lanes, state, live, tile, lane, scratch, c, drive, cell, time, k):
    """A hard-threshold neuron leaves V_reset at `time` in step k, and perhaps spikes again, and again."""
    x, release, w, words = state.x[tile], state.release[tile], state.w[tile], state.words[tile]
    pairs, plain = len(lanes), Cell(cell.reset, cell.top, cell.wait, cell.bridge)
    for _ in range(MOST_SPIKES):
        begin, delta = in_quanta(time), k + 1.0 - time
        v = relaxed(w[lane], cell.reset, 0.5 * delta, cell)
        cold = (c[LAMBDA], drive[lane] - c[COUPLING] * v, c[VARIANCE])
        x[lane], spike = resume_hard(words, lane % pairs, pairs, time, k + 1.0, plain, cold)
        if spike == NEVER:
            w[lane] = relaxed(v, x[lane], 0.5 * delta, cell)
            release[lane], live[tile, lane] = FREE, 1.0
            return
        report(scratch, lane, spike)
        w[lane] = at_spike(v, cell.reset, (in_quanta(spike) - begin) / (QUANTA * delta), delta, cell)
        hold(state, live, tile, lane, spike, cell)
        if release[lane] >= (k + 1) * QUANTA:
            return
        time = release[lane] / QUANTA
    # It gives up: no number from here on, and no further spikes to report.
    x[lane], release[lane], live[tile, lane] = np.nan, FREE, 1.0


@inner
def settle_hard(lanes, state, live, tile, scratch, crossed, c, drive, cell, k):
    """The spikes of the marked lanes if any `crossed`, then those that wait no longer than step k."""
    x, release, w, words = state.x[tile], state.release[tile], state.w[tile], state.words[tile]
    pairs, end = len(lanes), (k + 1) * QUANTA
    variance = 2.0 / (np.log(2.0) * c[THIRD])  # of the bridge: P = exp(-2 x0 x1 / variance)
    if crossed:
        for i in range(vector.collect(lanes, scratch)):
            lane = scratch.found[i]
            if release[lane] != FREE:
                if x[lane] >= 0:
                    x[lane] = cell.reset
                continue
            part = 1.0
            if cell.bridge:
                a, b = -np.float64(scratch.before[lane]), abs(np.float64(x[lane]))
                part = crossing_fraction(words, lane % pairs, pairs, a, b, variance)
            report(scratch, lane, k + part)
            w[lane] = at_spike(scratch.middle[lane], scratch.before[lane], part, 1.0, cell)
            hold(state, live, tile, lane, k + part, cell)
            if release[lane] < end:
                onward_hard(lanes, state, live, tile, lane, scratch, c, drive, cell, release[lane] / QUANTA, k)
    vector.mark_due(lanes, release, end, scratch.marks)
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        onward_hard(lanes, state, live, tile, lane, scratch, c, drive, cell, release[lane] / QUANTA, k)


@inner
def passage(y, top, alpha, e):
    """Time in which y' = alpha y^2 + e takes y to `top`."""
    span = top - y
    speed = e + alpha * y * top
    if span <= 0.0 or speed <= 0.0:
        return 0.0
    T = span / speed
    z = alpha * e * T * T
    if abs(z) < 1e-8:
        return T * (1.0 - z / 3.0)
    s = math.sqrt(abs(z))
    return T * (math.atan(s) if z > 0.0 else math.atanh(min(s, 1.0 - 1e-16))) / s


@inner
def flow(y, alpha, e):
    """y after y' = alpha y^2 + e for a unit of time, as (numerator, denominator)."""
    z = alpha * e
    P, Q = (z - 105.0) * z + 945.0, (15.0 * z - 420.0) * z + 945.0
    return y * Q + e * P, Q - alpha * y * P


@inner
def settle_quadratic(lanes, state, live, tile, scratch, c, drive, cell, k):
    """The spikes of the marked lanes, after which they go on from V_reset to the end of the step."""
    x, release, w, words = state.x[tile], state.release[tile], state.w[tile], state.words[tile]
    pairs = len(lanes)
    alpha, shift = c[DECAY], c[THIRD]
    top = cell.top + shift
    for i in range(vector.collect(lanes, scratch)):
        lane = scratch.found[i]
        if release[lane] != FREE:
            x[lane] = cell.reset
            continue
        begin, v, past, left = np.float64(scratch.before[lane]), scratch.middle[lane], 0.0, 1.0
        x[lane] = np.nan
        for _ in range(MOST_SPIKES):
            part = min(passage(begin + shift, top, alpha, drive[lane] - c[COUPLING] * v) / left, 1.0)
            report(scratch, lane, k + past + part * left)
            w[lane] = at_spike(v, begin, part, left, cell) + cell.jump
            past += part * left
            begin, left = cell.reset, max(1.0 - past, 1e-12)
            v = relaxed(w[lane], begin, 0.5 * left, cell)
            up, down = flow(begin + shift, alpha * left, (drive[lane] - c[COUPLING] * v) * left)
            if down > 0.0 and up < top * down:
                y = up / down - shift
                w[lane] = relaxed(v, y, 0.5 * left, cell)
                x[lane] = y + c[NOISE] * normal_pair(words, lane % pairs, pairs, 0.5)[0]
                break


@inner
def open_cut(lanes, state, live, tile, scratch, c, cell, k, kick, kicked):
    """What happens where boundary k is cut, before its step: a kick, half a flow to come, half a step's noise."""
    time = float(k)
    if kicked:
        for l in range(2 * len(lanes)):
            state.x[tile, l] += kick[l]
        if cell.kind != QUADRATIC:
            fire_beyond(lanes, state, live, tile, scratch, cell, cell.top, time, 0.0, 0.0)
    if cell.kind == SODIUM:
        half_top = -np.log2(0.5 + 2.0**-cell.top)
        fire_beyond(lanes, state, live, tile, scratch, cell, half_top, time, 1.0, 0.0)
    elif cell.kind == QUADRATIC:
        shake(lanes, state.x[tile], state.words[tile], c[FOURTH])


@inner
def close_cut(lanes, state, tile, scratch, cell, k):
    """What happens where boundary k is cut, after its step: half a flow; spikes of whom noise took to V_top."""
    x, w = state.x[tile], state.w[tile]
    if cell.kind == SODIUM:
        vector.half_flow(lanes, x)
    elif cell.kind == QUADRATIC:
        vector.mark_beyond(lanes, x, cell.top, scratch.marks)
        for i in range(vector.collect(lanes, scratch)):
            lane = scratch.found[i]
            if state.release[tile, lane] == FREE:
                report(scratch, lane, k - 1.0 / QUANTA)  # in the step that ends here
                w[lane] += cell.jump
            x[lane] = cell.reset


@inner
def settle(lanes, state, live, tile, scratch, hit, late, c, drive, cell, k):
    """The spikes of a tile in step k after its leap, and the lanes released in it; the earliest release to come.

    hit: whether the leap found any spike; late: whether a lane is due.
    """
    if cell.kind == HARD:
        settle_hard(lanes, state, live, tile, scratch, hit, c, drive, cell, k)
    elif cell.kind == SODIUM:
        if late:
            hit |= release_sodium(lanes, state, live, tile, scratch, c, drive, cell, k)
        if hit:
            fire_beyond(lanes, state, live, tile, scratch, cell, c[FOURTH], k + 0.5, 1.0, 0.5)
    elif hit:
        settle_quadratic(lanes, state, live, tile, scratch, c, drive, cell, k)
    return vector.earliest(lanes, state.release[tile])
