"""One time step of a tile: SDIRK2 or backward Euler with the refractory queue.

SDIRK2 (gamma = 1 - 1/sqrt 2, stiffly accurate, L-stable; Alexander 1977, SIAM J. Numer. Anal. 14:1006):
    (I - gamma dt L_1) Y_1 = p + gamma dt s_1
    (I - gamma dt L_2) Y_2 = p + (1 - gamma)/gamma (Y_1 - p) + gamma dt s_2,      p <- Y_2
with L_j, s_j at t + gamma dt and t + dt. Exactly dt [(1 - gamma) r_1 + gamma r_2] leaves through V_top in a step, r_j
being the flux of Y_j, so with t_ref = (k + theta) dt the re-entering flux
    s_j(n) = (1 - theta) r_j(n - k) + theta r_j(n - k - 1)
conserves probability for every t_ref and is second order. For k = 0 the first term is the unknown of the same stage:
the stage is solved for the density without it and for a unit of it (rank-one update).
"""

import numpy as np

from ...core.errors import ParameterError, did_you_mean
from .inner import inner
from .kick import apply_kicks
from .rescue import rescue
from .stage import GAMMA, restore_source, solve_stage
from .sweep import LARGEST, LEAST, TOTAL, substitute, substitute_last

# Error of the probability at which a float32 density is scaled: a few units in its last place.
REPAY = 5e-7
FRACTIONS = {"sdirk2": (GAMMA, 1.0), "backward-euler": (1.0,)}
# Least density, relative to the largest, below which a lane's step is redone.
NEGATIVE = -1e-10


def stage_fractions(scheme: str) -> tuple[float, ...]:
    """Times of the stages within a step, in units of dt."""
    if scheme not in FRACTIONS:
        raise ParameterError(f"scheme = {scheme!r} is unknown{did_you_mean(scheme, FRACTIONS)}")
    return FRACTIONS[scheme]


@inner
def delayed_sources(tile, work, slot, stages):
    """Flux into V_reset that is known before the step, by stage, into work.source."""
    depth = work.flux.shape[0]
    for lane in range(tile.h.shape[0]):
        k, theta = tile.delay[lane], tile.theta[lane]
        # depth >= k + 2 slots in a ring.
        older = slot - k - 1 if slot > k else slot - k - 1 + depth
        newer = slot - k if slot >= k else slot - k + depth
        for j in range(2):
            s = theta * work.flux[older, j, lane]
            if k > 0:
                s += (1.0 - theta) * work.flux[newer, j, lane]
            else:
                s += (1.0 - theta) * work.burst[lane]
            work.source[j, lane] = s
        if stages == 1:
            work.source[0, lane] = (1.0 - GAMMA) * work.source[0, lane] + GAMMA * work.source[1, lane]


@inner
def keep_account(tile, work, u, dt, stages, slot):
    """Count the spikes of a step and the probability that should be left.

    In float32 each step rounds the sum of the density by about 1e-8, always the same way under a constant drive. Once
    the error exceeds REPAY the density is scaled back to its account.
    """
    for lane in range(tile.h.shape[0]):
        left = (1.0 - GAMMA) * work.flux[slot, 0, lane] + GAMMA * work.flux[slot, 1, lane]
        back = work.source[0, lane]
        if stages == 2:
            back = (1.0 - GAMMA) * back + GAMMA * work.source[1, lane]
        if tile.instant:
            back += (1.0 - tile.theta[lane]) * (left - work.burst[lane])
        work.spikes[lane] += dt * left
        work.mass[lane] += dt * (back - left)
        if u.itemsize == 4:
            total = work.summary[TOTAL, lane] * tile.h[lane]
            error = abs(work.mass[lane] - total)
            if error > REPAY and error < 0.01 * total:
                factor = u.dtype.type(work.mass[lane] / total)
                for i in range(u.shape[0]):
                    u[i, lane] = u[i, lane] * factor


@inner
def solve_step(tile, work, p, u, drive, dt, stages, slot, peak, lanes):
    """Advance the density of a tile from p to u, once its sources are known.

    Fluxes of the stages through V_top [1/ms] are left in work.flux[slot]. A lane that comes out negative, measured
    against its largest density or `peak`, is redone.
    """
    length = GAMMA * dt if stages == 2 else dt
    for j in range(stages):
        x = p if j == 0 else u
        solve_stage(tile, work, x, u, drive[j], length, work.source[j], work.flux[slot, j], lanes)
        if j == 0:
            restore_source(p, tile, work)
        if j + 1 < stages:
            substitute(u, work.b, p, (1.0 - GAMMA) / GAMMA, lanes)
    substitute_last(u, work.b, work.summary, lanes)
    redo = 0
    for lane in range(len(lanes)):
        if stages == 1:
            work.flux[slot, 1, lane] = work.flux[slot, 0, lane]
        work.rate[lane] = work.flux[slot, 1, lane]
        negative = work.summary[LEAST, lane] < NEGATIVE * max(work.summary[LARGEST, lane], peak)
        work.chosen[lane] = stages == 2 and negative and np.isfinite(work.rate[lane])
        redo += work.chosen[lane]
    if redo > 0:
        rescue(tile, work, p, u, drive, dt, slot, work.chosen, lanes)


@inner
def step_tile(tile, work, drive, kicks, dt, stages, step, lanes):
    """Advance a tile by one step.

    Args:
        tile, work: the tile; work.density, .flux, .rate, .spikes and .fallbacks are updated.
        drive: mu [mV], sigma [mV], g [leaks], gE [mV] at the stage times, (stages, 4, W).
        kicks: voltage shifts at the start of the step [mV], (W,).
        dt: step [ms]. stages: 2 for SDIRK2, 1 for backward Euler. step: its number, >= 0.
        lanes: (0,) * W.

    The fluxes of the stages through V_top [1/ms] are left in work.flux[step % depth].
    """
    slot = step % work.flux.shape[0]
    now = work.current[0]
    p, u = work.density[now], work.density[1 - now]
    apply_kicks(tile, work, p, kicks, dt)
    delayed_sources(tile, work, slot, stages)
    solve_step(tile, work, p, u, drive, dt, stages, slot, 0.0, lanes)
    keep_account(tile, work, u, dt, stages, slot)
    work.current[0] = 1 - now
