"""One time step of a sheet: Strang splitting between the slow variable and the membrane.

    half a step along w | a whole step along V, column by column, with spikes re-entering | half a step along w

Along V every column is a lane under mu - w, stepped as in `step`. A spike of column j re-enters after t_ref at V_reset
in the columns around w_j + jump. For t_ref < dt it re-enters within the stage: with rho_j the flux that a unit of
source causes in column j, r_j = r_j^0 + rho_j (1 - theta) sum_i S_ji r_i, and since no spike climbs down, columns are
solved in turn.
"""

import numpy as np
from numba.extending import overload

from .inner import inner
from .kick import apply_kicks
from .rescue import SUBSTEPS, substep_drive
from .slow_advect import slide
from .slow_layout import CoupledSheets
from .slow_records import look_at_edges
from .stack import tile_at, work_at
from .stage import GAMMA, add_source, eliminate_stage, restore_source
from .step import NEGATIVE, solve_step
from .sweep import LARGEST, LEAST, eliminate_again, substitute, substitute_last
from .vector import fill, fma, load, store


@inner
def climb(sheets, s, column, amount, out):
    """Add flux of a column of a sheet to the columns that its spikes enter, in (T, W); the last holds what would pass
    it."""
    last, width, start = sheets.columns[s] - 1, out.shape[1], sheets.first[s]
    low = min(column + sheets.jump[s], last)
    high = min(low + 1, last)
    out[start + low // width, low % width] += (1.0 - sheets.part[s]) * amount
    out[start + high // width, high % width] += sheets.part[s] * amount


@inner
def clear(x, start, end):
    """Zero these rows."""
    for t in range(start, end):
        for lane in range(x.shape[1]):
            x[t, lane] = 0.0


@inner
def known_sources(sheets, s, slot, stages):
    """Flux into V_reset that is known before the step, by stage, into sheets.source."""
    start, end = sheets.first[s], sheets.first[s + 1]
    depth, width = sheets.ring.shape[1], sheets.ring.shape[3]
    k, theta = sheets.tiles.delay[s, 0], sheets.tiles.theta[s, 0]
    older, newer = (slot - k - 1) % depth, (slot - k) % depth
    for j in range(2):
        source = sheets.source[j]
        clear(source, start, end)
        for column in range(sheets.columns[s]):
            t, lane = start + column // width, column % width
            back = sheets.ring[t, newer, j, lane] if k > 0 else sheets.burst[t, lane]
            climb(sheets, s, column, theta * sheets.ring[t, older, j, lane] + (1.0 - theta) * back, source)
    if stages == 1:
        mean_source(sheets, start, end, sheets.source[0])


@inner
def mean_source(sheets, start, end, out):
    """The mean of the source over the stages."""
    for t in range(start, end):
        for lane in range(out.shape[1]):
            out[t, lane] = (1.0 - GAMMA) * sheets.source[0, t, lane] + GAMMA * sheets.source[1, t, lane]


@inner
def column_drive(sheets, drive, t, stages, out):
    """The drive of every column of a tile: the sheet's, with -w joining mu."""
    for j in range(stages):
        for lane in range(out.shape[2]):
            out[j, 0, lane] = drive[j, 0, 0] - sheets.w[t, lane]
            for row in range(1, 4):
                out[j, row, lane] = drive[j, row, 0]


def step_columns(sheets, s, tile, work, now, drive, dt, stages, slot, lanes):
    """The step along V where no spike comes back within it, tile by tile; returns the flux at the end."""
    n = tile.psi.shape[0]
    peak, end = 0.0, 0.0
    for t in range(sheets.first[s], sheets.first[s + 1]):
        p, u = sheets.density[now, t * n : (t + 1) * n], sheets.density[1 - now, t * n : (t + 1) * n]
        column_drive(sheets, drive, t, stages, sheets.drive)
        for lane in range(len(lanes)):
            work.source[0, lane], work.source[1, lane] = sheets.source[0, t, lane], sheets.source[1, t, lane]
            work.burst[lane] = sheets.burst[t, lane]
            work.fallbacks[lane] = 0
        solve_step(tile, work, p, u, sheets.drive, dt, stages, slot, sheets.peak[s], lanes)
        redone = 0
        for lane in range(len(lanes)):
            sheets.ring[t, slot, 0, lane] = work.flux[slot, 0, lane]
            sheets.ring[t, slot, 1, lane] = work.flux[slot, 1, lane]
            peak = max(peak, work.summary[LARGEST, lane])
            redone = max(redone, work.fallbacks[lane])
            end += work.rate[lane]
        sheets.fallbacks[s] += redone
    sheets.peak[s] = peak
    return end


@inner
def couple(sheets, s, share, flux):
    """Fluxes (T, W) of all columns when a share of the spikes comes back within the stage, and what they bring, into
    `known`."""
    start, end, width = sheets.first[s], sheets.first[s + 1], flux.shape[1]
    last, back = sheets.columns[s] - 1, sheets.known
    clear(back, start, end)
    for column in range(sheets.columns[s]):
        t, lane = start + column // width, column % width
        itself = 0.0
        if min(column + sheets.jump[s], last) == column:
            itself = 1.0 if column == last else 1.0 - sheets.part[s]
        rho = share * sheets.response[t, lane]
        flux[t, lane] = (flux[t, lane] + rho * back[t, lane]) / (1.0 - rho * itself)
        climb(sheets, s, column, flux[t, lane], back)
    for t in range(start, end):
        for lane in range(width):
            back[t, lane] *= share


@inner
def coupled_stage(sheets, s, tile, work, x, u, drive, length, source, flux, restore, lanes):
    """Forward half of a stage of all columns together; u and sheets.b await the backward sweep.

    Args:
        x, u: densities (T n, W) of all sheets; x may be u, and is restored where it is not.
        drive: of the sheet in this stage, (1, 4, 1).
        source: known flux into V_reset, (T, W). flux: of the columns, likewise, filled.
    """
    n, start = tile.psi.shape[0], sheets.first[s]
    for t in range(start, sheets.first[s + 1]):
        rows = slice(t * n, (t + 1) * n)
        column_drive(sheets, drive, t, 1, sheets.drive)
        eliminate_stage(
            tile, work, x[rows], u[rows], sheets.b[rows], sheets.drive[0], length, source[t], flux[t], True, lanes,
        )  # fmt: skip
        unit = sheets.unit[rows]
        zero = fill(load(unit, 0, lanes), 0.0)
        for i in range(n):
            store(unit, i, zero)
        for lane in range(len(lanes)):
            add_source(unit, tile, 1.0, length, lane)
        eliminate_again(unit, unit, work.a, work.w, work.outflow, lanes)
        for lane in range(len(lanes)):
            sheets.response[t, lane] = work.outflow[0, lane] * (tile.h[lane] / length)
        if restore:
            restore_source(x[rows], tile, work)
    couple(sheets, s, 1.0 - tile.theta[0] if tile.delay[0] == 0 else 0.0, flux)
    for t in range(start, sheets.first[s + 1]):
        amount = load(sheets.known, t, lanes)
        for i in range(t * n, (t + 1) * n):
            store(u, i, fma(amount, load(sheets.unit, i, lanes), load(u, i, lanes)))


@inner
def finish_stage(sheets, s, work, n, p, u, last, lanes):
    """Backward half of a stage of all columns; the least and the largest density of the last one."""
    least, largest = 0.0, 0.0
    for t in range(sheets.first[s], sheets.first[s + 1]):
        rows = slice(t * n, (t + 1) * n)
        if not last:
            substitute(u[rows], sheets.b[rows], p[rows], (1.0 - GAMMA) / GAMMA, lanes)
            continue
        substitute_last(u[rows], sheets.b[rows], work.summary, lanes)
        for lane in range(len(lanes)):
            least = min(least, work.summary[LEAST, lane])
            largest = max(largest, work.summary[LARGEST, lane])
    return least, largest


@inner
def copy_rows(x, y, start, end):
    """y = x in these rows."""
    for i in range(start, end):
        for lane in range(x.shape[1]):
            y[i, lane] = x[i, lane]


@inner
def keep_flux(sheets, start, end, slot, j, out):
    """Enter the flux of a stage, with what was kicked over V_top, into the ring; returns its sum."""
    total = 0.0
    for t in range(start, end):
        for lane in range(out.shape[1]):
            sheets.ring[t, slot, j, lane] = out[t, lane] + sheets.burst[t, lane]
            total += sheets.ring[t, slot, j, lane]
    return total


def step_coupled(sheets, s, tile, work, now, drive, dt, stages, slot, lanes):
    """The step along V where spikes come back within it, stage by stage; a step that leaves the sheet negative is
    redone by backward Euler substeps, see `rescue`. Returns the flux at the end."""
    start, end = sheets.first[s], sheets.first[s + 1]
    n = tile.psi.shape[0]
    p, u, x = sheets.density[now], sheets.density[1 - now], sheets.spare
    flux, total, source, late = sheets.flux, sheets.total, sheets.mean_source, sheets.late
    final = 0.0
    # The stages, and then the substeps if they are needed; the solver, long to compile, stands in one place.
    for stage in range(stages + SUBSTEPS):
        redo = stage - stages
        if redo < 0:
            for row in range(4):
                late[0, row, 0] = drive[stage, row, 0]
            before, after, into = (p if stage == 0 else u), u, sheets.source[stage]
            length = GAMMA * dt if stages == 2 else dt
        else:
            if redo == 0:
                copy_rows(p, x, start * n, end * n)
                mean_source(sheets, start, end, source)
                clear(total, start, end)
            substep_drive(drive, redo + 1, late[0])
            before, after, into = x, x, source
            length = dt / SUBSTEPS
        coupled_stage(sheets, s, tile, work, before, after, late, length, into, flux, stage == 0, lanes)
        least, peak = finish_stage(sheets, s, work, n, p, after, stage + 1 >= stages, lanes)
        if redo < 0:
            final = keep_flux(sheets, start, end, slot, stage, flux)
            if stages == 1:
                keep_flux(sheets, start, end, slot, 1, flux)
            if redo == -1:
                sheets.peak[s] = peak
                if stages == 1 or not (least < NEGATIVE * peak and np.isfinite(peak)):
                    return final
        else:
            for t in range(start, end):
                for lane in range(len(lanes)):
                    total[t, lane] += flux[t, lane] / SUBSTEPS
            sheets.peak[s] = peak
    sheets.fallbacks[s] += 1
    copy_rows(x, u, start * n, end * n)
    final = keep_flux(sheets, start, end, slot, 0, flux)
    keep_flux(sheets, start, end, slot, 0, total)
    keep_flux(sheets, start, end, slot, 1, total)
    return final


def step_along_V(sheets, s, tile, work, now, drive, dt, stages, slot, lanes):
    """The step of all columns of a sheet along V; returns the flux at the end [1/ms]."""


@overload(step_along_V)
def _step_along_V(sheets, s, tile, work, now, drive, dt, stages, slot, lanes):
    return step_coupled if sheets.instance_class is CoupledSheets else step_columns


def step_sheet(sheets, s, drive, kick, dt, stages, step, lanes):
    """Advance a sheet by one step; its density, ring, rate, mean, spikes, fallbacks and edge are updated.

    Args:
        drive: mu [mV], sigma [mV], g [leaks], gE [mV] at the stage times, (stages, 4, 1).
        kick: voltage shift at the start of the step [mV], (1,).
    """
    start, end = sheets.first[s], sheets.first[s + 1]
    tile, work = tile_at(sheets.tiles, s), work_at(sheets.works, s)
    n = tile.psi.shape[0]
    slot, now = step % sheets.ring.shape[1], sheets.current[s]
    level, faces, gate = sheets.level[s], sheets.faces[start:end], sheets.gate[start:end]
    for half in range(2):
        for _ in range(sheets.slides[s]):
            slide(sheets.density[now, start * n : end * n], end - start, level, faces, gate, lanes)
        if half == 1:
            break
        for t in range(start, end):
            for lane in range(len(lanes)):
                work.trial[0, lane] = kick[0]
            apply_kicks(tile, work, sheets.density[now, t * n : (t + 1) * n], work.trial[0], dt)
            for lane in range(len(lanes)):
                sheets.burst[t, lane] = work.burst[lane]
        known_sources(sheets, s, slot, stages)
        sheets.rate[s] = step_along_V(sheets, s, tile, work, now, drive, dt, stages, slot, lanes)
        now = 1 - now
    sheets.current[s] = now
    mean = 0.0
    for t in range(start, end):
        for lane in range(len(lanes)):
            mean += (1.0 - GAMMA) * sheets.ring[t, slot, 0, lane] + GAMMA * sheets.ring[t, slot, 1, lane]
    sheets.mean[s] = mean
    sheets.spikes[s] += dt * mean
    look_at_edges(sheets, s, lanes)
