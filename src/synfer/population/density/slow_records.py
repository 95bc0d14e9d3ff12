"""What is recorded of a sheet: as of a density in V, with the moments and the margins of the slow variable."""

import numpy as np

from .inner import inner
from .mesh import TOP_CAPACITY
from .records import FIELDS, IQR, MASS, MEAN, RATE, SD, SPIKES, integrals, position, quartiles
from .stage import GAMMA
from .vector import fill, load, store

# Further rows of a record.
W_MEAN, W_SD = FIELDS, FIELDS + 1
SHEET_FIELDS = FIELDS + 2


@inner
def column_masses(sheets, s, n, out, lanes):
    """Probability over h of every column, (tiles, W)."""
    start = sheets.first[s]
    p = sheets.density[sheets.current[s]]
    for t in range(start, sheets.first[s + 1]):
        top = load(p, (t + 1) * n - 1, lanes)
        total = top * fill(top, TOP_CAPACITY)
        for i in range(t * n, (t + 1) * n - 1):
            total = total + load(p, i, lanes)
        store(out, t - start, total)


@inner
def look_at_edges(sheets, s, lanes):
    """Remember the largest probability seen in the lowest or the highest column of a sheet."""
    n, last, width = sheets.tiles.psi.shape[1], sheets.columns[s] - 1, len(lanes)
    if last == 0:
        return
    p = sheets.density[sheets.current[s]]
    low, high = 0.0, 0.0
    for i in range(n):
        capacity = TOP_CAPACITY if i == n - 1 else 1.0
        low += capacity * p[sheets.first[s] * n + i, 0]
        high += capacity * p[(sheets.first[s] + last // width) * n + i, last % width]
    sheets.edge[s] = max(sheets.edge[s], max(low, high) * sheets.tiles.h[s, 0])


@inner
def marginal(sheets, s, out, lanes):
    """The density in V of all columns together, (n, 1)."""
    n = out.shape[0]
    p = sheets.density[sheets.current[s]]
    for i in range(n):
        row = fill(load(p, i, lanes), 0.0)
        for t in range(sheets.first[s], sheets.first[s + 1]):
            row = row + load(p, t * n + i, lanes)
        store(sheets.known, 0, row)
        out[i, 0] = 0.0
        for lane in range(len(lanes)):
            out[i, 0] += sheets.known[0, lane]


@inner
def waiting(sheets, s, step, dt):
    """Probability of being refractory at the node before `step`."""
    depth, k, theta = sheets.ring.shape[1], sheets.tiles.delay[s, 0], sheets.tiles.theta[s, 0]
    mass = 0.0
    for age in range(1, k + 2):
        slot = (step - age) % depth
        share = theta if age == k + 1 else 1.0
        for t in range(sheets.first[s], sheets.first[s + 1]):
            for lane in range(sheets.ring.shape[3]):
                left = (1.0 - GAMMA) * sheets.ring[t, slot, 0, lane] + GAMMA * sheets.ring[t, slot, 1, lane]
                mass += dt * left * share
    return mass


def record_sheet(sheets, s, step, dt, margins, output, record, lanes):
    """Write row `record` of the output, the node before `step`, and restart the spike count."""
    out, (p, masses, scratch) = output.values[record, s], margins
    h, V_top = sheets.tiles.h[s, 0], sheets.tiles.V_top[s, 0]
    marginal(sheets, s, p, lanes)
    column_masses(sheets, s, p.shape[0], masses, lanes)
    integrals(p, scratch, (0,))
    quartiles(p, scratch, (0,))
    total = scratch[0, 0]
    x = scratch[1, 0] / total
    out[RATE], out[SPIKES] = sheets.rate[s], sheets.spikes[s]
    out[MEAN] = V_top - h * x
    out[SD] = h * np.sqrt(max(scratch[2, 0] / total - x * x, 0.0))
    out[IQR] = np.nan
    if np.isfinite(total):
        q25 = position(p, int(scratch[3, 0]), 0, 0.25 * total - scratch[4, 0])
        q75 = position(p, int(scratch[5, 0]), 0, 0.75 * total - scratch[6, 0])
        out[IQR] = h * (q25 - q75)
    out[MASS] = total * h + waiting(sheets, s, step, dt)
    first, second = 0.0, 0.0
    base = sheets.w[sheets.first[s], 0]
    for t in range(sheets.first[s + 1] - sheets.first[s]):
        for lane in range(len(lanes)):
            y = sheets.w[sheets.first[s] + t, lane] - base
            first += masses[t, lane] * y
            second += masses[t, lane] * y * y
    y = first / total
    out[W_MEAN] = base + y
    out[W_SD] = np.sqrt(max(second / total - y * y, 0.0))
    sheets.spikes[s] = 0.0
    if output.p.shape[0] > 0 or output.masses.shape[0] > 0 or output.joint.shape[0] > 0:
        copy_sheet(sheets, s, p, masses, output, record, lanes)


@inner
def copy_sheet(sheets, s, p, masses, output, record, lanes):
    """Copy the margins and the density of a sheet to the output where these are asked for."""
    density = sheets.density[sheets.current[s]]
    n, start = p.shape[0], sheets.first[s]
    for i in range(n if output.p.shape[0] > 0 else 0):
        output.p[record, s, i] = p[i, 0]
    for t in range(sheets.first[s + 1] - start):
        for lane in range(len(lanes)):
            column = t * len(lanes) + lane
            if output.masses.shape[0] > 0:
                output.masses[record, s, column] = masses[t, lane]
            for i in range(n if output.joint.shape[0] > 0 else 0):
                output.joint[record, s, i, column] = density[(start + t) * n + i, lane]
