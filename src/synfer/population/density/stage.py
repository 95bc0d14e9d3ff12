"""One implicit stage of a tile: coefficients from the drive, sources, elimination, flux through V_top."""

import math

from .inner import inner
from .mesh import TOP_CAPACITY
from .sweep import ALPHA, KAPPA, SLOPE, C, eliminate, eliminate_again
from .vector import fill, fma, load, store

# The diagonal of SDIRK2; its weights are 1 - GAMMA and GAMMA.
GAMMA = 1.0 - 1.0 / math.sqrt(2.0)


@inner
def stage_coefficients(tile, drive, length, out):
    """P = alpha + slope j + kappa psi at face j below V_top, and c = length D / h^2.

    f = [(mu + gE) - (1 + g) V + psi]/tau_m and D = sigma^2/tau_m give P = f h/D = (h/sigma^2) [...].
    """
    for lane in range(tile.h.shape[0]):
        mu, sigma, g, gE = drive[0, lane], drive[1, lane], drive[2, lane], drive[3, lane]
        h = tile.h[lane]
        kappa = h / (sigma * sigma)
        out[ALPHA, lane] = kappa * ((mu + gE) - (1.0 + g) * tile.V_top[lane])
        out[SLOPE, lane] = kappa * ((1.0 + g) * h)
        out[KAPPA, lane] = kappa
        out[C, lane] = length * (sigma * sigma) / (tile.tau_m[lane] * (h * h))


@inner
def same_coefficients(work):
    """Whether every coefficient equals that of the last factorisation; the new ones are remembered."""
    same = True
    for row in range(work.coefficients.shape[0]):
        for lane in range(work.coefficients.shape[1]):
            new = work.coefficients[row, lane]
            if new != work.previous[row, lane]:
                same = False
                work.previous[row, lane] = new
    return same


@inner
def add_source(x, tile, rate, length, lane):
    """Add rate * length of probability to the two cells around V_reset; returns what stood there."""
    row, upper = tile.reset_row[lane], tile.reset_upper[lane]
    density = rate * length / tile.h[lane]
    capacity = TOP_CAPACITY if row + 2 == x.shape[0] else 1.0
    old = x[row, lane], x[row + 1, lane]
    x[row, lane] = x[row, lane] + x.dtype.type(density * (1.0 - upper))
    x[row + 1, lane] = x[row + 1, lane] + x.dtype.type(density * upper / capacity)
    return old


@inner
def reinject(tile, work, u, length, flux, lanes):
    """Rank-one update for t_ref < dt: the flux of the stage re-enters in the stage.

    With rho the flux that a unit of reset flux causes, r = r_0 + (1 - theta) rho r. Needs the factors in work.
    """
    unit = work.unit
    zero = fill(load(work.outflow, 0, lanes), 0.0)
    for i in range(unit.shape[0]):
        store(unit, i, zero)
    for lane in range(len(lanes)):
        add_source(unit, tile, 1.0, length, lane)
    eliminate_again(unit, unit, work.a, work.w, work.outflow, lanes)
    for lane in range(len(lanes)):
        rho = work.outflow[0, lane] * (tile.h[lane] / length)
        back = 1.0 - tile.theta[lane]
        flux[lane] = flux[lane] / (1.0 - back * rho)
        work.outflow[0, lane] = back * flux[lane]
    amount = load(work.outflow, 0, lanes)
    for i in range(u.shape[0]):
        store(u, i, fma(amount, load(unit, i, lanes), load(u, i, lanes)))


@inner
def restore_source(x, tile, work):
    """Take the source that `solve_stage` added to x out again."""
    for lane in range(tile.h.shape[0]):
        row = tile.reset_row[lane]
        x[row, lane], x[row + 1, lane] = work.saved[0, lane], work.saved[1, lane]


@inner
def eliminate_stage(tile, work, x, u, b, drive, length, source, flux, keep, lanes):
    """The forward sweep of a stage under a known source: u and b await the backward sweep.

    Factors are reused when every coefficient of the tile is that of the last stage; they are kept from the second
    such stage on, so that a changing drive pays nothing, or at once with `keep`. Neither changes a bit of the result.
    """
    stage_coefficients(tile, drive, length, work.coefficients)
    same = same_coefficients(work)
    for lane in range(len(lanes)):
        work.saved[0, lane], work.saved[1, lane] = add_source(x, tile, source[lane], length, lane)
    if same and work.factored[0] == 1:
        eliminate_again(x, u, work.a, work.w, work.outflow, lanes)
    else:
        keep = same or keep
        eliminate(
            x, u, b, work.a, work.w, keep, tile.psi, work.coefficients, tile.bottom, tile.ragged,
            work.outflow, lanes,
        )  # fmt: skip
        work.factored[0] = 1 if keep else 0
    for lane in range(len(lanes)):
        flux[lane] = work.outflow[0, lane] * (tile.h[lane] / length)


@inner
def solve_stage(tile, work, x, u, drive, length, source, flux, lanes):
    """Forward half of a stage: u and work.b await the backward sweep, `flux` [1/ms] is what leaves through V_top.

    Args:
        x: right-hand side; the source is added to it. u may be x itself.
        length: gamma dt or dt [ms].
        source: flux into V_reset [1/ms], (W,).
    """
    eliminate_stage(tile, work, x, u, work.b, drive, length, source, flux, tile.instant, lanes)
    if tile.instant:
        reinject(tile, work, u, length, flux, lanes)
    for lane in range(len(lanes)):
        flux[lane] += work.burst[lane]
