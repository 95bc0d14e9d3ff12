"""What is recorded of a density: rate, moments, quartiles, probability, all lanes of a tile at once.

Moments take p as its values at the cell centres (the discrete stationary state of a linear neuron is the Gaussian at
the centres, exactly), without Sheppard's h^2/12. The cumulated density is linear inside a cell.
"""

import numpy as np

from .inner import inner
from .mesh import TOP_CAPACITY
from .stage import GAMMA
from .vector import choose, fill, fma, load, store, widen

# Rows of a record.
RATE, SPIKES, MEAN, SD, IQR, MASS = 0, 1, 2, 3, 4, 5
FIELDS = 6


@inner
def refractory_mass(tile, work, step, lane, dt):
    """Probability of being refractory at the node before `step`: the flux that has not yet re-entered."""
    depth = work.flux.shape[0]
    k = tile.delay[lane]
    mass = 0.0
    slot = step % depth
    for age in range(1, k + 2):
        slot = slot - 1 if slot > 0 else depth - 1
        left = (1.0 - GAMMA) * work.flux[slot, 0, lane] + GAMMA * work.flux[slot, 1, lane]
        mass += dt * left * (tile.theta[lane] if age == k + 1 else 1.0)
    return mass


@inner
def integrals(p, out, lanes):
    """out[0:3] = sum p, sum p x, sum p x^2 with x the distance of the centre below V_top in cells.

    The top cell counts TOP_CAPACITY.
    """
    n = p.shape[0]
    zero = fill(load(out, 0, lanes), 0.0)
    m0, m1, m2 = zero, zero, zero
    for i in range(n):
        q = widen(load(p, i, lanes))
        if i == n - 1:
            q = q * fill(q, TOP_CAPACITY)
        x = fill(q, n - 0.5 - i)
        qx = q * x
        m0, m1, m2 = m0 + q, m1 + qx, fma(qx, x, m2)
    store(out, 0, m0)
    store(out, 1, m1)
    store(out, 2, m2)


@inner
def quartiles(p, out, lanes):
    """out[3:7] = depth below V_top, in cells, down to which the density cumulated from below stays within a quarter
    of out[0], and that density; the same for three quarters."""
    n = p.shape[0]
    total = load(out, 0, lanes)
    low, high = total * fill(total, 0.25), total * fill(total, 0.75)
    cumulated = fill(total, 0.0)
    deep_low, deep_high, at_low, at_high = fill(total, n), fill(total, n), cumulated, cumulated
    for i in range(n - 1):
        cumulated = cumulated + widen(load(p, i, lanes))
        depth = fill(total, n - 1 - i)
        deep_low, at_low = choose(low, cumulated, deep_low, depth), choose(low, cumulated, at_low, cumulated)
        deep_high, at_high = choose(high, cumulated, deep_high, depth), choose(high, cumulated, at_high, cumulated)
    store(out, 3, deep_low)
    store(out, 4, at_low)
    store(out, 5, deep_high)
    store(out, 6, at_high)


@inner
def position(p, depth, lane, rest):
    """Depth below V_top, in cells, of the point in the cell below `depth` cells that holds `rest` under it."""
    content = p[p.shape[0] - depth, lane] * (TOP_CAPACITY if depth == 1 else 1.0)
    return depth - rest / content


@inner
def record_tile(tile, work, step, dt, scratch, out, lanes):
    """Write the record (FIELDS, W) of the node before `step` and restart the spike count."""
    p = work.density[work.current[0]]
    integrals(p, scratch, lanes)
    quartiles(p, scratch, lanes)
    for lane in range(len(lanes)):
        h, total = tile.h[lane], scratch[0, lane]
        x = scratch[1, lane] / total
        variance = scratch[2, lane] / total - x * x
        out[RATE, lane] = work.rate[lane]
        out[SPIKES, lane] = work.spikes[lane]
        out[MEAN, lane] = tile.V_top[lane] - h * x
        out[SD, lane] = h * np.sqrt(max(variance, 0.0))
        if np.isfinite(total):
            q25 = position(p, int(scratch[3, lane]), lane, 0.25 * total - scratch[4, lane])
            q75 = position(p, int(scratch[5, lane]), lane, 0.75 * total - scratch[6, lane])
            out[IQR, lane] = h * (q25 - q75)
        else:
            out[IQR, lane] = np.nan
        out[MASS, lane] = total * h + refractory_mass(tile, work, step, lane, dt)
        work.spikes[lane] = 0.0
