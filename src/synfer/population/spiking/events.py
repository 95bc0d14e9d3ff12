"""What rarely happens to one neuron: a spike, a fraction of a step, the time of a crossing.

Times are in steps from the start of the run. A spike at t_s, known to a fraction of a
step, is released at t_s + t_ref/dt, and the neuron then runs the remaining fraction
of that step by the same exact flows, so t_ref need not be a multiple of dt. Between the two
its lane keeps running and is ignored: masking it would cost every step. Release times are kept
in quanta of 2^-24 step, as integers, so that a run can be cut and continued exactly.
"""

import math
from typing import NamedTuple

import numpy as np

from synfer.population.spiking.compiling import inner
from synfer.population.spiking.normal import next_word, normal_pair, uniform

QUANTA = 2**24
FREE = 2**63 - 1  # release time of a neuron that is not refractory
EMPTY = 2**63 - 2  # and of a lane without a neuron
NEVER = -1.0  # a time of spike


class Lanes(NamedTuple):
    """The state of a population, tile by tile."""

    x: np.ndarray  # (tiles, W), see coefficients.Frame
    release: np.ndarray  # (tiles, W) int64, quanta
    words: np.ndarray  # (tiles, 2 W) uint32, see normal


class Ledger(NamedTuple):
    """Where spikes are entered. `seen` and `tally` hold a lane's latest bin and its count there."""

    count: np.ndarray  # (blocks, bins) int64
    count_sq: np.ndarray  # (blocks, bins) int64
    seen: np.ndarray  # (tiles, W) int32
    tally: np.ndarray  # (tiles, W) int32
    neuron: np.ndarray  # (blocks, room) int32
    time: np.ndarray  # (blocks, room) float64, steps
    written: np.ndarray  # (blocks,) int64, also counts what found no room


class Cell(NamedTuple):
    """The neuron in the coordinate of the kernels."""

    reset: float
    top: float  # V_top
    wait: float  # t_ref / dt
    bridge: bool


@inner
def enter(ledger, block, tile, lane, width, time, bin_):
    """One spike; count_sq becomes the sum over neurons of (spikes in the bin)^2."""
    before = ledger.tally[tile, lane] if ledger.seen[tile, lane] == bin_ else np.int32(0)
    ledger.seen[tile, lane] = bin_
    ledger.tally[tile, lane] = before + 1
    ledger.count[block, bin_] += 1
    ledger.count_sq[block, bin_] += 2 * before + 1
    at = ledger.written[block]
    if at < ledger.time.shape[1]:
        ledger.neuron[block, at] = tile * width + lane
        ledger.time[block, at] = time
    ledger.written[block] = at + 1


@inner
def in_quanta(time):
    """A time in steps as an integer number of quanta."""
    return np.int64(math.floor(time * QUANTA + 0.5))


@inner
def part_step(x, delta, cold):
    """(mean, variance) of the linear part after delta steps from x."""
    lam, drive, variance = cold[0], cold[1], cold[2]
    z = lam * delta
    if abs(z) < 1e-9:
        return x + drive * delta, variance * delta
    decay = -math.expm1(-z)
    return x + (drive / lam - x) * decay, variance * decay * (2.0 - decay) / (2.0 * lam)


@inner
def crossing_fraction(words, pair, pairs, a, b, variance):
    """When a Brownian bridge that crossed did so, as a fraction of its span.

    With a > 0 the initial distance to the threshold and b >= 0 the final one, on either side,
    s/(1 - s) is inverse Gaussian with mean a/b and shape a^2/variance (sampled as Michael, Schucany
    & Haas 1976, in the form without cancellation).
    """
    z, _ = normal_pair(words, pair, pairs, 0.5)
    u = uniform(next_word(words, pair, pairs), 0.5)
    a = max(a, 1e-30)
    b = max(b, 1e-12 * a)
    w = 0.5 * z * z * variance / (a * b)
    mean = a / b
    odds = mean / (1.0 + w + math.sqrt(w * (w + 2.0)))
    if u * (mean + odds) > mean:
        odds = mean * mean / odds
    return odds / (1.0 + odds)


@inner
def resume_hard(words, pair, pairs, t, end, cell, cold):
    """A hard-threshold neuron leaves V_reset at time t: (x at `end`, time of a new spike or NEVER)."""
    delta = end - t
    x, variance = part_step(cell.reset, delta, cold)
    x += math.sqrt(variance) * normal_pair(words, pair, pairs, 0.5)[0]
    if not cell.bridge:
        return x, (end if x >= 0.0 else NEVER)
    variance = max(variance * math.exp(cold[0] * delta), 1e-30)
    u = uniform(next_word(words, pair, pairs), 0.5)
    if x >= 0.0 or u < math.exp(-2.0 * cell.reset * x / variance):
        return x, t + delta * crossing_fraction(words, pair, pairs, -cell.reset, abs(x), variance)
    return x, NEVER


@inner
def resume_sodium(words, pair, pairs, delta, cell, cold):
    """A sodium neuron's x, delta steps after leaving V_reset, half a step of sodium flow being still to come."""
    x = cell.reset - math.log2(1.0 - (delta - 0.5) * 2.0**cell.reset)
    x, variance = part_step(x, delta, cold)
    return x + math.sqrt(variance) * normal_pair(words, pair, pairs, 0.5)[0]
